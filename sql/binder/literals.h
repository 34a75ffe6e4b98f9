// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_SQL_BINDER_LITERALS_H_
#define THALWEG_SQL_BINDER_LITERALS_H_

#include <string_view>

#include "base/status.h"
#include "sql/expression/expression.h"
#include "sql/parser/ast.h"

// Constants as written to typed constants. Errors have no place.
namespace thalweg::sql {

/// INT, BIGINT or DECIMAL(p, 0), whichever is the smallest that fits; DECIMAL with a point; DOUBLE
/// with an exponent.
StatusOr<ExprPtr> BindNumber(std::string_view text, SourceSpan span);
/// CHAR of its length; the empty text is a VARCHAR.
ExprPtr BindText(std::string_view text, SourceSpan span);
ExprPtr BindBytes(std::string_view bytes, SourceSpan span);
StatusOr<ExprPtr> BindDate(std::string_view text, SourceSpan span);
StatusOr<ExprPtr> BindTime(std::string_view text, SourceSpan span);
StatusOr<ExprPtr> BindTimestamp(std::string_view text, SourceSpan span);
StatusOr<ExprPtr> BindInterval(const ast::IntervalLiteral& interval, SourceSpan span);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_BINDER_LITERALS_H_
