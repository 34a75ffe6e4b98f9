// SPDX-License-Identifier: Apache-2.0
//
// SELECT and what stands around it: WITH, set operators, VALUES, ORDER BY, LIMIT.
#include <string>
#include <utility>

#include "sql/parser/keywords.h"
#include "sql/parser/parser_impl.h"

namespace thalweg::sql {

using ast::ExpressionPtr;
using ast::QueryPtr;

StatusOr<std::vector<ast::Identifier>> Parser::ParseNameList(std::string_view what) {
  RETURN_IF_ERROR(Expect("("));
  std::vector<ast::Identifier> names;
  do {
    ASSIGN_OR_RETURN(ast::Identifier name, ExpectName(what));
    names.push_back(std::move(name));
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  return names;
}

StatusOr<QueryPtr> Parser::ParseQuery() {
  const Level level(*this);
  RETURN_IF_ERROR(level.Check());
  const SourceSpan begin = Peek().span;
  ASSIGN_OR_RETURN(ast::Query query, ParseWith());
  ASSIGN_OR_RETURN(query.body, ParseQueryBody());
  return ParseTail(std::move(query), begin);
}

/// Goes on behind a query in parentheses that turned out to be the first of a larger one.
StatusOr<QueryPtr> Parser::ContinueQuery(QueryPtr first, SourceSpan begin) {
  ast::Query query;
  ASSIGN_OR_RETURN(query.body, ContinueBody(std::move(first), begin));
  return ParseTail(std::move(query), begin);
}

StatusOr<ast::Query> Parser::ParseWith() {
  ast::Query query;
  if (!Accept("WITH")) {
    return query;
  }
  if (Is(Peek(), "RECURSIVE") && Peek(1).kind != TokenKind::kSymbol && !Follows(1, "AS")) {
    return Unsupported(Peek().span, "WITH RECURSIVE");
  }
  do {
    ast::CommonTable table;
    ASSIGN_OR_RETURN(table.name, ExpectName("a name for the query"));
    if (Is(Peek(), "(")) {
      ASSIGN_OR_RETURN(table.columns, ParseNameList("a column name"));
    }
    RETURN_IF_ERROR(Expect({"AS", "("}));
    ASSIGN_OR_RETURN(table.query, ParseQuery());
    RETURN_IF_ERROR(Expect(")"));
    query.with.push_back(std::move(table));
  } while (Accept(","));
  return query;
}

/// ORDER BY, LIMIT, OFFSET and FETCH. `query.body` is a QueryPtr, which is unwrapped when it has no
/// clauses of its own.
StatusOr<QueryPtr> Parser::ParseTail(ast::Query query, SourceSpan begin) {
  if (Accept("ORDER")) {
    RETURN_IF_ERROR(Expect("BY"));
    ASSIGN_OR_RETURN(query.order_by, ParseOrderItems());
  }
  if (Accept("LIMIT") && !Accept("ALL")) {
    ASSIGN_OR_RETURN(query.limit, ParseExpression());
    if (Accept(",")) {  // LIMIT offset, count.
      query.offset = std::move(query.limit);
      ASSIGN_OR_RETURN(query.limit, ParseExpression());
    }
  }
  if (query.offset == nullptr && Accept("OFFSET")) {
    ASSIGN_OR_RETURN(query.offset, ParseExpression());
    if (!Accept("ROWS")) {
      Accept("ROW");
    }
  }
  if (query.limit == nullptr && Accept("FETCH")) {
    RETURN_IF_ERROR(At("FIRST") ? Expect("FIRST") : Expect("NEXT"));
    ASSIGN_OR_RETURN(query.limit, ParseExpression());
    RETURN_IF_ERROR(At("ROW") ? Expect("ROW") : Expect("ROWS"));
    RETURN_IF_ERROR(Expect("ONLY"));
  }
  const QueryPtr body = std::get<QueryPtr>(query.body);
  const bool outer_clauses = !query.with.empty() || !query.order_by.empty() ||
                             query.limit != nullptr || query.offset != nullptr;
  if (!outer_clauses) {
    return body;
  }
  const bool inner_clauses = !body->with.empty() || !body->order_by.empty() ||
                             body->limit != nullptr || body->offset != nullptr;
  if (!inner_clauses) {
    query.body = body->body;
  }
  return Make(std::move(query), begin);
}

StatusOr<QueryPtr> Parser::ParseQueryBody() {
  const SourceSpan begin = Peek().span;
  ASSIGN_OR_RETURN(QueryPtr first, ParseQueryTerm());
  return ContinueBody(std::move(first), begin);
}

/// UNION and EXCEPT from left to right; INTERSECT binds tighter.
StatusOr<QueryPtr> Parser::ContinueBody(QueryPtr first, SourceSpan begin) {
  ASSIGN_OR_RETURN(QueryPtr left, ContinueIntersections(std::move(first), begin));
  while (At("UNION") || At("EXCEPT")) {
    const ast::SetOperator op =
        Is(Peek(), "UNION") ? ast::SetOperator::kUnion : ast::SetOperator::kExcept;
    ASSIGN_OR_RETURN(left, ParseSetOperator(std::move(left), op, begin));
  }
  return left;
}

StatusOr<QueryPtr> Parser::ParseIntersections() {
  const SourceSpan begin = Peek().span;
  ASSIGN_OR_RETURN(QueryPtr first, ParseQueryTerm());
  return ContinueIntersections(std::move(first), begin);
}

StatusOr<QueryPtr> Parser::ContinueIntersections(QueryPtr first, SourceSpan begin) {
  QueryPtr left = std::move(first);
  while (At("INTERSECT")) {
    ASSIGN_OR_RETURN(left, ParseSetOperator(std::move(left), ast::SetOperator::kIntersect, begin));
  }
  return left;
}

StatusOr<QueryPtr> Parser::ParseSetOperator(QueryPtr left, ast::SetOperator op, SourceSpan begin) {
  ast::SetOperation operation;
  operation.op = op;
  operation.left = std::move(left);
  operation.op_span = Peek().span;
  Advance();
  operation.all = Accept("ALL");
  if (!operation.all) {
    Accept("DISTINCT");
  }
  if (op == ast::SetOperator::kIntersect) {
    ASSIGN_OR_RETURN(operation.right, ParseQueryTerm());
  } else {
    ASSIGN_OR_RETURN(operation.right, ParseIntersections());
  }
  ast::Query query;
  query.body = std::move(operation);
  return Make(std::move(query), begin);
}

StatusOr<QueryPtr> Parser::ParseQueryTerm() {
  if (At("SELECT")) {
    return ParseSelect();
  }
  if (At("VALUES")) {
    return ParseValues();
  }
  if (Is(Peek(), "TABLE")) {
    return ParseTableStatement();
  }
  if (Accept("(")) {
    ASSIGN_OR_RETURN(QueryPtr query, ParseQuery());
    RETURN_IF_ERROR(Expect(")"));
    return query;
  }
  return Unexpected();
}

StatusOr<QueryPtr> Parser::ParseValues() {
  const SourceSpan begin = Peek().span;
  Advance();
  ast::Values values;
  do {
    ASSIGN_OR_RETURN(ExpressionPtr row, ParseExpression());
    if (const auto* fields = row->As<ast::RowConstructor>()) {
      values.rows.push_back(fields->fields);
    } else {
      values.rows.push_back({std::move(row)});
    }
  } while (Accept(","));
  ast::Query query;
  query.body = std::move(values);
  return Make(std::move(query), begin);
}

/// TABLE t: SELECT * FROM t.
StatusOr<QueryPtr> Parser::ParseTableStatement() {
  const SourceSpan begin = Peek().span;
  Advance();
  ast::Select select;
  ASSIGN_OR_RETURN(ExpressionPtr star, Make(ast::Star{}, begin));
  select.items.push_back({.expression = std::move(star), .alias = std::nullopt});
  const SourceSpan table_begin = Peek().span;
  ast::NamedTable table;
  ASSIGN_OR_RETURN(table.name, ExpectQualifiedName("a table"));
  ast::TableReference from;
  from.node = std::move(table);
  ASSIGN_OR_RETURN(select.from, Make(std::move(from), table_begin));
  ast::Query query;
  query.body = std::move(select);
  return Make(std::move(query), begin);
}

StatusOr<QueryPtr> Parser::ParseSelect() {
  const SourceSpan begin = Peek().span;
  Advance();
  ast::Select select;
  ASSIGN_OR_RETURN(select.hints, ParseHints());
  select.distinct = Accept("DISTINCT");
  if (!select.distinct) {
    Accept("ALL");
  }
  do {
    ASSIGN_OR_RETURN(ast::SelectItem item, ParseSelectItem());
    select.items.push_back(std::move(item));
  } while (Accept(","));
  RETURN_IF_ERROR(ParseSelectClauses(select));
  ast::Query query;
  query.body = std::move(select);
  return Make(std::move(query), begin);
}

Status Parser::ParseSelectClauses(ast::Select& select) {
  if (Accept("FROM")) {
    ASSIGN_OR_RETURN(select.from, ParseFrom());
  }
  if (Accept("WHERE")) {
    ASSIGN_OR_RETURN(select.where, ParseExpression());
  }
  if (Accept("GROUP")) {
    RETURN_IF_ERROR(Expect("BY"));
    do {
      ASSIGN_OR_RETURN(ast::GroupingElement element, ParseGroupingElement());
      select.group_by.push_back(std::move(element));
    } while (Accept(","));
  }
  if (Accept("HAVING")) {
    ASSIGN_OR_RETURN(select.having, ParseExpression());
  }
  if (Accept("WINDOW")) {
    do {
      ast::NamedWindow window;
      ASSIGN_OR_RETURN(window.name, ExpectName("the name of a window"));
      RETURN_IF_ERROR(Expect("AS"));
      ASSIGN_OR_RETURN(window.spec, ParseWindowSpec());
      select.windows.push_back(std::move(window));
    } while (Accept(","));
  }
  if (Accept("QUALIFY")) {
    ASSIGN_OR_RETURN(select.qualify, ParseExpression());
  }
  return OkStatus();
}

StatusOr<ast::SelectItem> Parser::ParseSelectItem() {
  ast::SelectItem item;
  ASSIGN_OR_RETURN(item.expression, ParseExpression());
  if (Accept("AS")) {
    ASSIGN_OR_RETURN(item.alias, ExpectName("a name for the column"));
  } else if (AtName() && !(Peek().kind == TokenKind::kWord && EndsItem(Peek().text))) {
    ASSIGN_OR_RETURN(item.alias, ExpectName("a name for the column"));
  }
  return item;
}

StatusOr<ast::GroupingElement> Parser::ParseGroupingElement() {
  using Kind = ast::GroupingElement::Kind;
  const Level level(*this);
  RETURN_IF_ERROR(level.Check());
  const SourceSpan begin = Peek().span;
  if (Is(Peek(), "ROLLUP") && Follows(1, "(")) {
    return ParseGroupingList(Kind::kRollup);
  }
  if (Is(Peek(), "CUBE") && Follows(1, "(")) {
    return ParseGroupingList(Kind::kCube);
  }
  if (Is(Peek(), "GROUPING") && Follows(1, "SETS")) {
    Advance();
    return ParseGroupingList(Kind::kGroupingSets);
  }
  ast::GroupingElement element;
  if (Is(Peek(), "(") && Follows(1, ")")) {
    Advance();
    Advance();
  } else {
    ASSIGN_OR_RETURN(ExpressionPtr expression, ParseExpression());
    const auto* row = expression->As<ast::RowConstructor>();
    if (row != nullptr && !row->keyword) {
      element.expressions = row->fields;
    } else {
      element.expressions.push_back(std::move(expression));
    }
  }
  element.span = SpanFrom(begin);
  return element;
}

/// ROLLUP (...), CUBE (...), SETS (...).
StatusOr<ast::GroupingElement> Parser::ParseGroupingList(ast::GroupingElement::Kind kind) {
  const SourceSpan begin = Peek().span;
  Advance();
  ast::GroupingElement element;
  element.kind = kind;
  RETURN_IF_ERROR(Expect("("));
  do {
    ASSIGN_OR_RETURN(ast::GroupingElement child, ParseGroupingElement());
    element.elements.push_back(std::move(child));
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  element.span = SpanFrom(begin);
  return element;
}

/// [/*+ NAME(...), ... */]
StatusOr<std::vector<ast::Hint>> Parser::ParseHints() {
  std::vector<ast::Hint> hints;
  if (!Is(Peek(), "/*+")) {
    return hints;
  }
  Advance();
  do {
    const SourceSpan begin = Peek().span;
    ast::Hint hint;
    ASSIGN_OR_RETURN(hint.name, ExpectName("a hint"));
    if (Accept("(")) {
      do {
        ASSIGN_OR_RETURN(ast::HintOption option, ParseHintOption());
        hint.options.push_back(std::move(option));
      } while (Accept(","));
      RETURN_IF_ERROR(Expect(")"));
    }
    hint.span = SpanFrom(begin);
    hints.push_back(std::move(hint));
    Accept(",");
  } while (!Is(Peek(), "*/") && !AtEnd());
  RETURN_IF_ERROR(Expect("*/"));
  return hints;
}

/// 'key' = 'value', key = value, or one of them alone.
StatusOr<ast::HintOption> Parser::ParseHintOption() {
  const SourceSpan begin = Peek().span;
  const auto entry = [this]() -> StatusOr<std::string> {
    const TokenKind kind = Peek().kind;
    if (kind == TokenKind::kString || kind == TokenKind::kNumber) {
      std::string text = Peek().text;
      Advance();
      return text;
    }
    ASSIGN_OR_RETURN(const ast::QualifiedName name, ExpectQualifiedName("an option"));
    return std::string(source().Slice(name.span));
  };
  ast::HintOption option;
  ASSIGN_OR_RETURN(option.key, entry());
  if (Accept("=")) {
    ASSIGN_OR_RETURN(option.value, entry());
  }
  option.span = SpanFrom(begin);
  return option;
}

}  // namespace thalweg::sql
