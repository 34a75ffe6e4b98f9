// SPDX-License-Identifier: Apache-2.0
//
// The whole syntax tree of the dialect. A tree knows the text that it was made from: every node
// has its span there, and every Statement the text itself.
#ifndef THALWEG_SQL_PARSER_AST_H_
#define THALWEG_SQL_PARSER_AST_H_

#include "sql/parser/ast_expression.h"  // IWYU pragma: export
#include "sql/parser/ast_query.h"       // IWYU pragma: export
#include "sql/parser/ast_statement.h"   // IWYU pragma: export
#include "sql/parser/source.h"          // IWYU pragma: export

#endif  // THALWEG_SQL_PARSER_AST_H_
