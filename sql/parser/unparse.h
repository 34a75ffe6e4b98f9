// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_SQL_PARSER_UNPARSE_H_
#define THALWEG_SQL_PARSER_UNPARSE_H_

#include <string>
#include <string_view>

#include "sql/parser/ast.h"

namespace thalweg::sql {

/// An expression as SQL that parses to the same tree: one line, keywords in upper case, names
/// quoted where they must be, parentheses where precedence needs them. Sub-queries are whole.
std::string ToSql(const ast::Expression& expression);
std::string ToSql(const ast::Query& query);
std::string ToSql(const ast::QualifiedName& name);
std::string ToSql(const ast::Identifier& name);

/// `name` as an identifier: as it is when it can be written so, else in back-quotes.
std::string QuoteIdentifier(std::string_view name);
/// 'text' with its quotes doubled.
std::string QuoteString(std::string_view text);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PARSER_UNPARSE_H_
