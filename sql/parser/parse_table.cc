// SPDX-License-Identifier: Apache-2.0
//
// What stands in FROM.
#include <string>
#include <utility>

#include "sql/parser/keywords.h"
#include "sql/parser/parser_impl.h"

namespace thalweg::sql {

using ast::ExpressionPtr;
using ast::TableReferencePtr;

/// Tables and joins separated by commas.
StatusOr<TableReferencePtr> Parser::ParseFrom() {
  const SourceSpan begin = Peek().span;
  ASSIGN_OR_RETURN(TableReferencePtr left, ParseJoins());
  while (At(",")) {
    ast::Join join;
    join.kind = ast::JoinKind::kComma;
    join.left = std::move(left);
    join.join_span = Peek().span;
    Advance();
    ASSIGN_OR_RETURN(join.right, ParseJoins());
    ast::TableReference table;
    table.node = std::move(join);
    ASSIGN_OR_RETURN(left, Make(std::move(table), begin));
  }
  return left;
}

StatusOr<TableReferencePtr> Parser::ParseJoins() {
  const SourceSpan begin = Peek().span;
  ASSIGN_OR_RETURN(TableReferencePtr left, ParseTable());
  return ContinueJoins(std::move(left), begin);
}

StatusOr<TableReferencePtr> Parser::ContinueJoins(TableReferencePtr left, SourceSpan begin) {
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<JoinWords> words, ParseJoinWords());
    if (!words) {
      return left;
    }
    ast::Join join;
    join.kind = words->kind;
    join.natural = words->natural;
    join.left = std::move(left);
    join.join_span = words->span;
    ASSIGN_OR_RETURN(join.right, ParseTable());
    if (join.kind != ast::JoinKind::kCross && !join.natural) {
      RETURN_IF_ERROR(ParseJoinCondition(join));
    }
    ast::TableReference table;
    table.node = std::move(join);
    ASSIGN_OR_RETURN(left, Make(std::move(table), begin));
  }
}

StatusOr<std::optional<Parser::JoinWords>> Parser::ParseJoinWords() {
  const SourceSpan begin = Peek().span;
  JoinWords words;
  words.natural = Accept("NATURAL");
  if (!words.natural && Accept("CROSS")) {
    if (Is(Peek(), "APPLY")) {
      return Unsupported(SpanFrom(begin), "CROSS APPLY");
    }
    words.kind = ast::JoinKind::kCross;
    RETURN_IF_ERROR(Expect("JOIN"));
  } else if (Accept("INNER")) {
    RETURN_IF_ERROR(Expect("JOIN"));
  } else if (At("LEFT") || At("RIGHT") || At("FULL")) {
    words.kind = Is(Peek(), "LEFT")    ? ast::JoinKind::kLeft
                 : Is(Peek(), "RIGHT") ? ast::JoinKind::kRight
                                       : ast::JoinKind::kFull;
    Advance();
    Accept("OUTER");
    RETURN_IF_ERROR(Expect("JOIN"));
  } else if (words.natural) {
    RETURN_IF_ERROR(Expect("JOIN"));
  } else if (!Accept("JOIN")) {
    return std::optional<JoinWords>();
  }
  words.span = SpanFrom(begin);
  return std::optional<JoinWords>(words);
}

Status Parser::ParseJoinCondition(ast::Join& join) {
  if (Accept("ON")) {
    ASSIGN_OR_RETURN(join.on, ParseExpression());
    return OkStatus();
  }
  if (Accept("USING")) {
    ASSIGN_OR_RETURN(join.using_columns, ParseNameList("a column name"));
    return OkStatus();
  }
  return Unexpected();
}

StatusOr<TableReferencePtr> Parser::ParseTable() {
  const Level level(*this);
  RETURN_IF_ERROR(level.Check());
  const bool lateral = Accept("LATERAL");
  if (Is(Peek(), "(")) {
    return ParseParenthesizedTable(lateral);
  }
  if (Is(Peek(), "UNNEST") && Follows(1, "(")) {
    return ParseUnnest();
  }
  if (Is(Peek(), "TABLE") && Follows(1, "(")) {
    return ParseTableFunction(lateral);
  }
  if (lateral) {
    Want("TABLE(f(...))");
    Want("a query in parentheses");
    return Unexpected();
  }
  return ParseNamedTable();
}

/// (query), (query UNION query), (table JOIN table ...).
StatusOr<TableReferencePtr> Parser::ParseParenthesizedTable(bool lateral) {
  const SourceSpan begin = Peek().span;
  Advance();
  ast::TableReference table;
  if (AtQuery()) {
    ast::DerivedTable derived = {.query = nullptr, .lateral = lateral};
    ASSIGN_OR_RETURN(derived.query, ParseQuery());
    RETURN_IF_ERROR(Expect(")"));
    table.node = std::move(derived);
    return FinishTable(std::move(table), begin);
  }
  const SourceSpan inner_begin = Peek().span;
  ASSIGN_OR_RETURN(TableReferencePtr inner, ParseTable());
  const auto* first = inner->As<ast::DerivedTable>();
  const bool is_query = first != nullptr && !inner->alias &&
                        (AtSetOperator() || At("ORDER") || At("LIMIT") || Is(Peek(), ")"));
  if (is_query) {  // ((SELECT ...) UNION ...).
    ast::DerivedTable derived = {.query = nullptr, .lateral = lateral};
    ASSIGN_OR_RETURN(derived.query, ContinueQuery(first->query, inner_begin));
    RETURN_IF_ERROR(Expect(")"));
    table.node = std::move(derived);
    return FinishTable(std::move(table), begin);
  }
  ASSIGN_OR_RETURN(inner, ContinueJoins(std::move(inner), inner_begin));
  RETURN_IF_ERROR(Expect(")"));
  table = *inner;
  return FinishTable(std::move(table), begin);
}

StatusOr<TableReferencePtr> Parser::ParseNamedTable() {
  const SourceSpan begin = Peek().span;
  ast::NamedTable named;
  ASSIGN_OR_RETURN(named.name, ExpectQualifiedName("a table"));
  if (Is(Peek(), "(")) {
    ASSIGN_OR_RETURN(ExpressionPtr call, ParseCall(std::move(named.name)));
    if (call->As<ast::Call>() == nullptr) {
      return Error(call->span, "This is no table and no function.");
    }
    ast::TableReference table;
    table.node = ast::TableFunction{.call = std::move(call), .lateral = false};
    return FinishTable(std::move(table), begin);
  }
  ASSIGN_OR_RETURN(named.hints, ParseHints());
  if (Is(Peek(), "FOR")) {
    Advance();
    RETURN_IF_ERROR(Expect({"SYSTEM_TIME", "AS", "OF"}));
    ASSIGN_OR_RETURN(named.system_time, ParseOperators(Precedence::kAdditive));
  }
  ast::TableReference table;
  table.node = std::move(named);
  return FinishTable(std::move(table), begin);
}

/// TABLE(f(...))
StatusOr<TableReferencePtr> Parser::ParseTableFunction(bool lateral) {
  const SourceSpan begin = Peek().span;
  Advance();
  Advance();
  ast::TableFunction function = {.call = nullptr, .lateral = lateral};
  const SourceSpan call_begin = Peek().span;
  ASSIGN_OR_RETURN(function.call, ParseExpression());
  if (function.call->As<ast::Call>() == nullptr) {
    return Error(SpanFrom(call_begin), "TABLE(...) takes a call of a function, such as TUMBLE.");
  }
  RETURN_IF_ERROR(Expect(")"));
  ast::TableReference table;
  table.node = std::move(function);
  return FinishTable(std::move(table), begin);
}

StatusOr<TableReferencePtr> Parser::ParseUnnest() {
  const SourceSpan begin = Peek().span;
  Advance();
  Advance();
  ast::Unnest unnest;
  ASSIGN_OR_RETURN(unnest.collections, ParseExpressionList());
  RETURN_IF_ERROR(Expect(")"));
  unnest.with_ordinality = Accept({"WITH", "ORDINALITY"});
  ast::TableReference table;
  table.node = std::move(unnest);
  return FinishTable(std::move(table), begin);
}

Status Parser::ParseAlias(ast::TableReference& table) {
  const bool named = Accept("AS");
  if (!named && !(AtName() && !(Peek().kind == TokenKind::kWord && EndsItem(Peek().text)))) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(table.alias, ExpectName("a name for the table"));
  if (Is(Peek(), "(")) {
    ASSIGN_OR_RETURN(table.columns, ParseNameList("a column name"));
  }
  return OkStatus();
}

StatusOr<TableReferencePtr> Parser::FinishTable(ast::TableReference table, SourceSpan begin) {
  if (!table.alias) {
    RETURN_IF_ERROR(ParseAlias(table));
  }
  for (const std::string_view word : {"TABLESAMPLE", "PIVOT", "UNPIVOT"}) {
    if (Is(Peek(), word)) {
      return Unsupported(Peek().span, word);
    }
  }
  ASSIGN_OR_RETURN(TableReferencePtr whole, Make(std::move(table), begin));
  if (At("MATCH_RECOGNIZE")) {
    return ParseMatchRecognize(std::move(whole), begin);
  }
  return whole;
}

}  // namespace thalweg::sql
