// SPDX-License-Identifier: Apache-2.0
//
// SQL text to syntax tree. Pure functions; safe from any thread.
//
//   ASSIGN_OR_RETURN(const std::vector<ast::Statement> script, ParseScript("job.sql", text));
#ifndef THALWEG_SQL_PARSER_PARSER_H_
#define THALWEG_SQL_PARSER_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/type.h"
#include "sql/parser/ast.h"

namespace thalweg::sql {

/// Longest text of one script, in bytes.
inline constexpr std::size_t kMaxScriptBytes = std::size_t{16} << 20;
/// Deepest nesting of parentheses, sub-queries, CASE and types. Each level costs stack.
inline constexpr int kMaxNesting = 200;
/// Deepest nesting of ROW, ARRAY and MAP. Plans take 32; the rest is for ARRAY behind a type.
inline constexpr int kMaxTypeNesting = 24;
/// Highest syntax tree: a chain such as a + b + c + ... is as high as it is long. A walk over a
/// tree may recurse this deep.
inline constexpr std::uint32_t kMaxTreeHeight = 1'000;

/// Statements separated by `;`; the last one may go without. `name` is what messages call the
/// text, such as the path of its file.
///
/// kInvalidArgument: the text is not of the dialect; the message has line, column, the line itself
/// with a caret, what was expected, and the keyword that a misspelled word most likely meant.
/// kUnimplemented: it is, but this engine does not do it. kResourceExhausted: a limit above.
StatusOr<std::vector<ast::Statement>> ParseScript(std::string_view name, std::string_view text);

/// One query without `;`, such as the text of a view.
StatusOr<ast::QueryPtr> ParseQuery(const SourcePtr& source);

/// One expression; the whole text.
StatusOr<ast::ExpressionPtr> ParseExpression(const SourcePtr& source);

/// A type as in DDL: "ROW<id BIGINT NOT NULL, tags ARRAY<STRING>>".
StatusOr<columnar::DataType> ParseType(std::string_view text);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PARSER_PARSER_H_
