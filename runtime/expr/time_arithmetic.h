// SPDX-License-Identifier: Apache-2.0
//
// What + - * / mean for times and intervals.
#ifndef THALWEG_RUNTIME_EXPR_TIME_ARITHMETIC_H_
#define THALWEG_RUNTIME_EXPR_TIME_ARITHMETIC_H_

#include <optional>
#include <span>

#include "runtime/expr/function_registry.h"

namespace thalweg::runtime {

/// `op` is one of + - * /. nullopt: no time or interval is among the arguments. kInvalidArgument:
/// the two do not go together.
std::optional<StatusOr<CallTypes>> TimeOperatorTypes(char op,
                                                     std::span<const columnar::DataType> arguments);

/// REQUIRES: TimeOperatorTypes() gave these types.
Kernel BindTimeOperator(char op, const CallTypes& types);

/// FLOOR and CEIL of a time TO a unit, the constant second argument.
StatusOr<CallTypes> TimeRoundingTypes(std::span<const columnar::DataType> arguments);
StatusOr<Kernel> BindTimeRounding(const BindInput& input, bool up);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_TIME_ARITHMETIC_H_
