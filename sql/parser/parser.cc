// SPDX-License-Identifier: Apache-2.0
#include "sql/parser/parser.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "sql/parser/ast_children.h"
#include "sql/parser/lexer.h"
#include "sql/parser/parser_impl.h"

namespace thalweg::sql {
namespace {

/// 1 + the height of the highest child.
template <class Node>
std::uint32_t HeightOf(const Node& node) {
  std::uint32_t highest = 0;
  const auto see = [&highest](const auto& child) { highest = std::max(highest, child.height); };
  ast::ChildWalk(see, see, see).Of(node);
  return highest + 1;
}

StatusOr<Parser> Open(const SourcePtr& source) {
  if (source->text.size() > kMaxScriptBytes) {
    return ResourceExhausted(fmt::format("{}{}The SQL text has {} bytes; the limit is {}.",
                                         source->name,
                                         source->name.empty() ? "" : ": ",
                                         source->text.size(),
                                         kMaxScriptBytes));
  }
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(*source));
  return Parser(source, std::move(tokens));
}

}  // namespace

Status Parser::Level::Check() const {
  if (parser_.nesting_ <= kMaxNesting) {
    return OkStatus();
  }
  const Status at =
      parser_.Error(parser_.Peek().span, fmt::format("This nests more than {} deep.", kMaxNesting));
  return ResourceExhausted(MessageOf(at));
}

Status Parser::TooHigh(SourceSpan span) const {
  const Status at = Error({span.offset, 0},
                          fmt::format("This expression has more than {} levels; "
                                      "parentheses can make a long chain of operators lower.",
                                      kMaxTreeHeight));
  return ResourceExhausted(MessageOf(at));
}

StatusOr<ast::ExpressionPtr> Parser::Make(ast::Expression::Node node, SourceSpan begin) {
  auto made = std::make_shared<ast::Expression>();
  made->node = std::move(node);
  made->span = SpanFrom(begin);
  made->height = HeightOf(*made);
  if (made->height > kMaxTreeHeight) {
    return TooHigh(made->span);
  }
  return made;
}

StatusOr<ast::QueryPtr> Parser::Make(ast::Query query, SourceSpan begin) {
  auto made = std::make_shared<ast::Query>(std::move(query));
  made->span = SpanFrom(begin);
  made->height = HeightOf(*made);
  if (made->height > kMaxTreeHeight) {
    return TooHigh(made->span);
  }
  return made;
}

StatusOr<ast::TableReferencePtr> Parser::Make(ast::TableReference table, SourceSpan begin) {
  auto made = std::make_shared<ast::TableReference>(std::move(table));
  made->span = SpanFrom(begin);
  made->height = HeightOf(*made);
  if (made->height > kMaxTreeHeight) {
    return TooHigh(made->span);
  }
  return made;
}

StatusOr<ast::QueryPtr> Parser::WholeQuery() {
  ASSIGN_OR_RETURN(ast::QueryPtr query, ParseQuery());
  return AtEnd() ? StatusOr<ast::QueryPtr>(std::move(query)) : Unexpected();
}

StatusOr<ast::ExpressionPtr> Parser::WholeExpression() {
  ASSIGN_OR_RETURN(ast::ExpressionPtr expression, ParseExpression());
  return AtEnd() ? StatusOr<ast::ExpressionPtr>(std::move(expression)) : Unexpected();
}

StatusOr<columnar::DataType> Parser::WholeType() {
  ASSIGN_OR_RETURN(columnar::DataType type, ParseType());
  return AtEnd() ? StatusOr<columnar::DataType>(std::move(type)) : Unexpected();
}

StatusOr<std::vector<ast::Statement>> ParseScript(std::string_view name, std::string_view text) {
  const auto source = std::make_shared<const SourceText>(
      SourceText{.name = std::string(name), .text = std::string(text)});
  ASSIGN_OR_RETURN(Parser parser, Open(source));
  return parser.Script();
}

StatusOr<ast::QueryPtr> ParseQuery(const SourcePtr& source) {
  ASSIGN_OR_RETURN(Parser parser, Open(source));
  return parser.WholeQuery();
}

StatusOr<ast::ExpressionPtr> ParseExpression(const SourcePtr& source) {
  ASSIGN_OR_RETURN(Parser parser, Open(source));
  return parser.WholeExpression();
}

StatusOr<columnar::DataType> ParseType(std::string_view text) {
  const auto source =
      std::make_shared<const SourceText>(SourceText{.name = "", .text = std::string(text)});
  ASSIGN_OR_RETURN(Parser parser, Open(source));
  return parser.WholeType();
}

}  // namespace thalweg::sql
