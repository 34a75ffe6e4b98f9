// SPDX-License-Identifier: Apache-2.0
//
// What operators stand between: literals, names, parentheses, constructors, CASE, CAST.
#include <array>
#include <string>
#include <utility>

#include "sql/parser/keywords.h"
#include "sql/parser/parser_impl.h"

namespace thalweg::sql {
namespace {

using ast::ExpressionPtr;

/// Functions of the standard that are written without parentheses.
constexpr std::array<std::string_view, 5> kWithoutParentheses = {
    "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"};

}  // namespace

bool Parser::AtQuery() {
  return At("SELECT") || At("WITH") || At("VALUES") || (Is(Peek(), "TABLE") && !Follows(1, "("));
}

bool Parser::AtSetOperator() {
  return At("UNION") || At("EXCEPT") || At("INTERSECT");
}

StatusOr<ExpressionPtr> Parser::ParsePostfix() {
  const SourceSpan begin = Peek().span;
  ASSIGN_OR_RETURN(ExpressionPtr value, ParsePrimary());
  while (true) {
    if (Is(Peek(), "[")) {
      Advance();
      ASSIGN_OR_RETURN(ExpressionPtr index, ParseExpression());
      RETURN_IF_ERROR(Expect("]"));
      ASSIGN_OR_RETURN(
          value,
          Make(ast::ElementAt{.collection = std::move(value), .index = std::move(index)}, begin));
    } else if (Is(Peek(), ".") && value->As<ast::Star>() == nullptr) {
      Advance();
      ASSIGN_OR_RETURN(ast::Identifier field, ExpectAnyWord("the name of a field"));
      ASSIGN_OR_RETURN(
          value, Make(ast::FieldAccess{.row = std::move(value), .field = std::move(field)}, begin));
    } else {
      return value;
    }
  }
}

StatusOr<ExpressionPtr> Parser::ParsePrimary() {
  const Token& token = Peek();
  const SourceSpan begin = token.span;
  switch (token.kind) {
    case TokenKind::kNumber: {
      ast::NumberLiteral literal = {.text = token.text};
      Advance();
      return Make(std::move(literal), begin);
    }
    case TokenKind::kString: {
      ast::StringLiteral literal = {.value = token.text};
      Advance();
      return Make(std::move(literal), begin);
    }
    case TokenKind::kBinary: {
      ast::BinaryLiteral literal = {.bytes = token.text};
      Advance();
      return Make(std::move(literal), begin);
    }
    case TokenKind::kWord:
      return ParseWord();
    case TokenKind::kQuotedName:
      return ParseNameOrCall();
    case TokenKind::kSymbol:
      if (token.text == "(") {
        return ParseParenthesized();
      }
      if (token.text == "*") {
        Advance();
        return Make(ast::Star{}, begin);
      }
      if (token.text == "?") {
        return Unsupported(begin, "A parameter, '?',");
      }
      break;
    case TokenKind::kEnd:
      break;
  }
  Want("an expression");
  return Unexpected();
}

StatusOr<ExpressionPtr> Parser::ParseWord() {
  const Token& token = Peek();
  const std::string& word = token.text;
  const SourceSpan begin = token.span;
  const bool string_follows = Peek(1).kind == TokenKind::kString;
  if (word == "NULL") {
    Advance();
    return Make(ast::NullLiteral{}, begin);
  }
  if (word == "TRUE" || word == "FALSE") {
    const bool value = word == "TRUE";
    Advance();
    return Make(ast::BooleanLiteral{.value = value}, begin);
  }
  if (string_follows && (word == "DATE" || word == "TIME" || word == "TIMESTAMP")) {
    const std::string kind = word;
    Advance();
    std::string text = Peek().text;
    Advance();
    if (kind == "DATE") {
      return Make(ast::DateLiteral{.text = std::move(text)}, begin);
    }
    if (kind == "TIME") {
      return Make(ast::TimeLiteral{.text = std::move(text)}, begin);
    }
    return Make(ast::TimestampLiteral{.text = std::move(text)}, begin);
  }
  if (word == "INTERVAL" && (string_follows || Follows(1, "-") || Follows(1, "+"))) {
    return ParseInterval();
  }
  if (word == "INTERVAL" && (Follows(1, "(") || Peek(1).kind == TokenKind::kNumber)) {
    return Error(Cover(begin, Peek(1).span),
                 "An interval is written with its number in quotes: INTERVAL '5' MINUTE.");
  }
  if (word == "CASE") {
    return ParseCase();
  }
  if ((word == "CAST" || word == "TRY_CAST") && Follows(1, "(")) {
    return ParseCast(/*safe=*/word == "TRY_CAST");
  }
  if (word == "EXISTS") {
    return ParseExists();
  }
  if (word == "ROW" && Follows(1, "(")) {
    return ParseRow();
  }
  if ((word == "ARRAY" || word == "MAP") && Follows(1, "[")) {
    return ParseBracketed(/*map=*/word == "MAP");
  }
  if ((word == "ARRAY" || word == "MAP" || word == "MULTISET") && Follows(1, "(") &&
      (Follows(2, "SELECT") || Follows(2, "WITH") || Follows(2, "VALUES"))) {
    return Unsupported(begin, word + " over a query");
  }
  if (word == "NEXT" && Follows(1, "VALUE") && Follows(2, "FOR")) {
    return Unsupported(begin, "A sequence");
  }
  for (const std::string_view function : kWithoutParentheses) {
    if (word == function && !Follows(1, "(") && !Follows(1, ".")) {
      ast::Call call;
      ASSIGN_OR_RETURN(call.function, ExpectQualifiedName("a function"));
      call.parenthesized = false;
      return Make(std::move(call), begin);
    }
  }
  const bool function_too = (word == "LEFT" || word == "RIGHT") && Follows(1, "(");
  if (IsReserved(word) && !function_too) {
    Want("an expression");
    return Unexpected();
  }
  return ParseNameOrCall();
}

StatusOr<ExpressionPtr> Parser::ParseNameOrCall() {
  const SourceSpan begin = Peek().span;
  ast::QualifiedName name;
  while (true) {
    ASSIGN_OR_RETURN(ast::Identifier part, ExpectAnyWord("a name"));
    name.parts.push_back(std::move(part));
    name.span = SpanFrom(begin);
    if (!Is(Peek(), ".")) {
      break;
    }
    if (Follows(1, "*")) {
      Advance();
      Advance();
      return Make(ast::Star{.qualifier = std::move(name)}, begin);
    }
    Advance();
  }
  if (Is(Peek(), "(")) {
    return ParseCall(std::move(name));
  }
  return Make(ast::ColumnName{.name = std::move(name)}, begin);
}

StatusOr<ExpressionPtr> Parser::ParseScalarQuery(SourceSpan begin) {
  ASSIGN_OR_RETURN(ast::QueryPtr query, ParseQuery());
  RETURN_IF_ERROR(Expect(")"));
  return Make(ast::ScalarQuery{.query = std::move(query)}, begin);
}

/// (query), (expression), (a, b).
StatusOr<ExpressionPtr> Parser::ParseParenthesized() {
  const Level level(*this);
  RETURN_IF_ERROR(level.Check());
  const SourceSpan begin = Peek().span;
  Advance();
  if (AtQuery()) {
    return ParseScalarQuery(begin);
  }
  ASSIGN_OR_RETURN(std::vector<ExpressionPtr> fields, ParseExpressionList());
  const bool alone = fields.size() == 1;
  if (const auto* query = alone ? fields[0]->As<ast::ScalarQuery>() : nullptr) {
    if (!Is(Peek(), ")")) {  // ((SELECT ...) UNION ...).
      ASSIGN_OR_RETURN(ast::QueryPtr whole, ContinueQuery(query->query, fields[0]->span));
      RETURN_IF_ERROR(Expect(")"));
      return Make(ast::ScalarQuery{.query = std::move(whole)}, begin);
    }
  }
  RETURN_IF_ERROR(Expect(")"));
  if (!alone) {
    return Make(ast::RowConstructor{.fields = std::move(fields), .keyword = false}, begin);
  }
  // The parentheses belong to the expression: what is built upon it begins with them.
  auto whole = std::make_shared<ast::Expression>(*fields[0]);
  whole->span = SpanFrom(begin);
  return whole;
}

StatusOr<ExpressionPtr> Parser::ParseCase() {
  const Level level(*this);
  RETURN_IF_ERROR(level.Check());
  const SourceSpan begin = Peek().span;
  Advance();
  ast::Case node;
  if (!At("WHEN")) {
    ASSIGN_OR_RETURN(node.operand, ParseExpression());
  }
  while (Accept("WHEN")) {
    ast::CaseBranch branch;
    ASSIGN_OR_RETURN(branch.when, ParseExpression());
    if (node.operand != nullptr && At(",")) {
      return Unsupported(Peek().span, "More than one value behind WHEN");
    }
    RETURN_IF_ERROR(Expect("THEN"));
    ASSIGN_OR_RETURN(branch.then, ParseExpression());
    node.branches.push_back(std::move(branch));
  }
  if (node.branches.empty()) {
    return Unexpected();
  }
  if (Accept("ELSE")) {
    ASSIGN_OR_RETURN(node.otherwise, ParseExpression());
  }
  RETURN_IF_ERROR(Expect("END"));
  return Make(std::move(node), begin);
}

StatusOr<ExpressionPtr> Parser::ParseCast(bool safe) {
  const SourceSpan begin = Peek().span;
  Advance();
  Advance();
  ASSIGN_OR_RETURN(ExpressionPtr operand, ParseExpression());
  RETURN_IF_ERROR(Expect("AS"));
  const SourceSpan type_begin = Peek().span;
  ASSIGN_OR_RETURN(columnar::DataType type, ParseType());
  const SourceSpan type_span = SpanFrom(type_begin);
  RETURN_IF_ERROR(Expect(")"));
  return Make(ast::Cast{.operand = std::move(operand),
                        .type = std::move(type),
                        .type_span = type_span,
                        .safe = safe},
              begin);
}

StatusOr<ExpressionPtr> Parser::ParseExists() {
  const SourceSpan begin = Peek().span;
  Advance();
  RETURN_IF_ERROR(Expect("("));
  ASSIGN_OR_RETURN(ast::QueryPtr query, ParseQuery());
  RETURN_IF_ERROR(Expect(")"));
  return Make(ast::Exists{.query = std::move(query)}, begin);
}

StatusOr<ast::TimeUnit> Parser::ParseIntervalUnit() {
  static constexpr ast::TimeUnit kUnits[] = {ast::TimeUnit::kYear,
                                             ast::TimeUnit::kQuarter,
                                             ast::TimeUnit::kMonth,
                                             ast::TimeUnit::kWeek,
                                             ast::TimeUnit::kDay,
                                             ast::TimeUnit::kHour,
                                             ast::TimeUnit::kMinute,
                                             ast::TimeUnit::kSecond};
  for (const ast::TimeUnit unit : kUnits) {
    if (!Accept(TextOf(unit))) {
      continue;
    }
    // DAY(3), SECOND(3, 2): digits, which bound nothing here.
    if (Accept("(")) {
      RETURN_IF_ERROR(ExpectInteger("a number of digits", 10).status());
      if (unit == ast::TimeUnit::kSecond && Accept(",")) {
        RETURN_IF_ERROR(ExpectInteger("a number of digits", 9).status());
      }
      RETURN_IF_ERROR(Expect(")"));
    }
    return unit;
  }
  return Unexpected();
}

StatusOr<ExpressionPtr> Parser::ParseInterval() {
  const SourceSpan begin = Peek().span;
  Advance();
  ast::IntervalLiteral literal;
  literal.negative = Accept("-");
  if (!literal.negative) {
    Accept("+");
  }
  ASSIGN_OR_RETURN(literal.text, ExpectString("a number in quotes, as INTERVAL '5' MINUTE"));
  ASSIGN_OR_RETURN(literal.from, ParseIntervalUnit());
  if (Accept("TO")) {
    ASSIGN_OR_RETURN(literal.to, ParseIntervalUnit());
  }
  return Make(std::move(literal), begin);
}

/// ARRAY[...] and MAP[...].
StatusOr<ExpressionPtr> Parser::ParseBracketed(bool map) {
  const SourceSpan begin = Peek().span;
  Advance();
  Advance();
  std::vector<ExpressionPtr> elements;
  if (!Is(Peek(), "]")) {
    ASSIGN_OR_RETURN(elements, ParseExpressionList());
  }
  RETURN_IF_ERROR(Expect("]"));
  if (!map) {
    return Make(ast::ArrayConstructor{.elements = std::move(elements)}, begin);
  }
  if (elements.size() % 2 != 0) {
    return Error(SpanFrom(begin), "MAP[...] takes keys and values in turn; a value is missing.");
  }
  return Make(ast::MapConstructor{.entries = std::move(elements)}, begin);
}

StatusOr<ExpressionPtr> Parser::ParseRow() {
  const SourceSpan begin = Peek().span;
  Advance();
  Advance();
  ASSIGN_OR_RETURN(std::vector<ExpressionPtr> fields, ParseExpressionList());
  RETURN_IF_ERROR(Expect(")"));
  return Make(ast::RowConstructor{.fields = std::move(fields)}, begin);
}

}  // namespace thalweg::sql
