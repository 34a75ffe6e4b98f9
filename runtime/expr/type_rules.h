// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_TYPE_RULES_H_
#define THALWEG_RUNTIME_EXPR_TYPE_RULES_H_

#include <cstdint>
#include <optional>
#include <span>

#include "columnar/decimal.h"
#include "columnar/type.h"

// What the type rules of functions have in common.
namespace thalweg::runtime {

bool IsNumeric(const columnar::DataType& type);

/// The same type but for nullability.
bool SameType(const columnar::DataType& a, const columnar::DataType& b);

bool AnyNullable(std::span<const columnar::DataType> types);

/// An integer type's range as a decimal: INT is DECIMAL(10, 0). REQUIRES: integer or DECIMAL.
columnar::DecimalSpec DecimalSpecOf(const columnar::DataType& type);

/// What ROUND and TRUNCATE make of a DECIMAL when so many digits behind the point are left. The
/// type of such a call, where `digits` is constant, is this one.
columnar::DataType RoundedDecimal(const columnar::DataType& type, std::int64_t digits);

/// The type that values of all these types are cast to where they meet: in a comparison, in the
/// branches of CASE. Nullable when one of them is. nullopt: there is none.
std::optional<columnar::DataType> CommonType(std::span<const columnar::DataType> types);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_TYPE_RULES_H_
