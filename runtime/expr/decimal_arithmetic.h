// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_DECIMAL_ARITHMETIC_H_
#define THALWEG_RUNTIME_EXPR_DECIMAL_ARITHMETIC_H_

#include <span>

#include "columnar/type.h"
#include "runtime/expr/function_registry.h"

namespace thalweg::runtime {

enum class DecimalOperator { kAdd, kSubtract, kMultiply, kDivide, kModulo };

/// Arguments are integers and decimals; integers become decimals, scales stay. The result is
/// nullable: what has more than 38 digits is NULL.
CallTypes DecimalCallTypes(DecimalOperator op, std::span<const columnar::DataType> arguments);

/// The kernel for types as DecimalCallTypes() gave them.
Kernel BindDecimal(DecimalOperator op, const CallTypes& types);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_DECIMAL_ARITHMETIC_H_
