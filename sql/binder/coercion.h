// SPDX-License-Identifier: Apache-2.0
//
// Where values of different types meet: implicit casts, types of NULL.
#ifndef THALWEG_SQL_BINDER_COERCION_H_
#define THALWEG_SQL_BINDER_COERCION_H_

#include <optional>
#include <string>

#include "base/status.h"
#include "columnar/type.h"
#include "sql/expression/expression.h"

namespace thalweg::sql {

/// The call with the registry's result type. A NULL without a type takes one that the function
/// accepts; text that is compared with something else is read as that. `wanted` is for functions
/// whose result type is declared, such as CAST. Errors have no place.
StatusOr<ExprPtr> MakeTypedCall(const std::string& function,
                                ExprList arguments,
                                SourceSpan span,
                                const std::optional<columnar::DataType>& wanted = std::nullopt);

/// Whether a value may go into a column of another type without a CAST: no digits are lost that
/// the type system knows of. (Text may be cut, decimals may overflow to an error.)
bool CanAssign(const columnar::DataType& from, const columnar::DataType& to);

/// The type that all branches of a set operation or of VALUES come to. nullopt: there is none.
std::optional<columnar::DataType> CommonColumnType(const ExprList& values);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_BINDER_COERCION_H_
