// SPDX-License-Identifier: Apache-2.0
//
// Operators and predicates.
#include <optional>
#include <utility>

#include "sql/parser/parser_impl.h"

namespace thalweg::sql {
namespace {

using ast::ExpressionPtr;
using ast::Operator;

/// Symbols only: the words are predicates and chains.
std::optional<Operator> BinaryOperator(const Token& token) {
  static constexpr std::pair<std::string_view, Operator> kOperators[] = {
      {"+", Operator::kAdd},
      {"-", Operator::kSubtract},
      {"*", Operator::kMultiply},
      {"/", Operator::kDivide},
      {"%", Operator::kModulo},
      {"||", Operator::kConcat},
      {"=", Operator::kEqual},
      {"<>", Operator::kNotEqual},
      {"<", Operator::kLess},
      {"<=", Operator::kLessOrEqual},
      {">", Operator::kGreater},
      {">=", Operator::kGreaterOrEqual},
  };
  if (token.kind == TokenKind::kSymbol) {
    for (const auto& [symbol, op] : kOperators) {
      if (token.text == symbol) {
        return op;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

Precedence PrecedenceOf(Operator op) {
  switch (op) {
    case Operator::kOr:
      return Precedence::kOr;
    case Operator::kAnd:
      return Precedence::kAnd;
    case Operator::kNot:
      return Precedence::kNot;
    case Operator::kEqual:
    case Operator::kNotEqual:
    case Operator::kLess:
    case Operator::kLessOrEqual:
    case Operator::kGreater:
    case Operator::kGreaterOrEqual:
    case Operator::kIsDistinctFrom:
    case Operator::kIsNotDistinctFrom:
    case Operator::kOverlaps:
      return Precedence::kComparison;
    case Operator::kAdd:
    case Operator::kSubtract:
      return Precedence::kAdditive;
    case Operator::kMultiply:
    case Operator::kDivide:
    case Operator::kModulo:
    case Operator::kConcat:
      return Precedence::kMultiplicative;
    case Operator::kNegate:
    case Operator::kPlus:
      return Precedence::kUnary;
    default:
      return Precedence::kIs;
  }
}

StatusOr<ExpressionPtr> Parser::ParseExpression() {
  const Level level(*this);
  RETURN_IF_ERROR(level.Check());
  return ParseOperators(Precedence::kLowest);
}

StatusOr<ExpressionPtr> Parser::ParseOperators(Precedence least) {
  ASSIGN_OR_RETURN(ExpressionPtr left, ParsePrefix());
  while (true) {
    if (const auto op = BinaryOperator(Peek())) {
      if (PrecedenceOf(*op) < least) {
        return left;
      }
      ASSIGN_OR_RETURN(left, ParseBinary(std::move(left), *op));
    } else if (least <= Precedence::kOr && At("OR")) {
      ASSIGN_OR_RETURN(left, ParseChain(std::move(left), Operator::kOr));
    } else if (least <= Precedence::kAnd && At("AND")) {
      ASSIGN_OR_RETURN(left, ParseChain(std::move(left), Operator::kAnd));
    } else if (least <= Precedence::kIs && At("IS")) {
      ASSIGN_OR_RETURN(left, ParseIs(std::move(left)));
    } else if (least <= Precedence::kComparison) {
      ASSIGN_OR_RETURN(ExpressionPtr predicate, ParsePredicate(left));
      if (predicate == nullptr) {
        Want("an operator");
        return left;
      }
      left = std::move(predicate);
    } else {
      return left;
    }
  }
}

StatusOr<ExpressionPtr> Parser::ParsePrefix() {
  const SourceSpan begin = Peek().span;
  if (Is(Peek(), "-") || Is(Peek(), "+")) {
    return ParseSigned();
  }
  if (!Is(Peek(), "NOT")) {
    return ParsePostfix();
  }
  const Level level(*this);
  RETURN_IF_ERROR(level.Check());
  Advance();
  ASSIGN_OR_RETURN(ExpressionPtr operand, ParseOperators(Precedence::kNot));
  return Make(ast::Operation{.op = Operator::kNot, .operands = {operand}, .op_span = begin}, begin);
}

StatusOr<ExpressionPtr> Parser::ParseSigned() {
  const Level level(*this);
  RETURN_IF_ERROR(level.Check());
  const SourceSpan begin = Peek().span;
  const bool negative = Is(Peek(), "-");
  Advance();
  // The sign is a part of the number: -9223372036854775808 is a BIGINT, 9223372036854775808 is not.
  if (negative && Peek().kind == TokenKind::kNumber) {
    std::string text = '-' + Peek().text;
    Advance();
    return Make(ast::NumberLiteral{.text = std::move(text)}, begin);
  }
  ASSIGN_OR_RETURN(ExpressionPtr operand, ParsePrefix());
  return Make(ast::Operation{.op = negative ? Operator::kNegate : Operator::kPlus,
                             .operands = {std::move(operand)},
                             .op_span = begin},
              begin);
}

StatusOr<ExpressionPtr> Parser::ParseBinary(ExpressionPtr left, Operator op) {
  const SourceSpan op_span = Peek().span;
  Advance();
  if (PrecedenceOf(op) == Precedence::kComparison && (At("ANY") || At("ALL") || At("SOME")) &&
      Follows(1, "(")) {
    return Unsupported(Peek().span, "A comparison with ANY, SOME or ALL");
  }
  if (Is(Peek(), "=") && op == Operator::kEqual) {
    return Error(Cover(op_span, Peek().span), "Equality is written with one '='.");
  }
  ASSIGN_OR_RETURN(ExpressionPtr right, ParseOperators(Above(PrecedenceOf(op))));
  const SourceSpan begin = left->span;
  return Make(
      ast::Operation{.op = op, .operands = {std::move(left), std::move(right)}, .op_span = op_span},
      begin);
}

StatusOr<ExpressionPtr> Parser::ParseChain(ExpressionPtr left, Operator op) {
  ast::Operation chain = {.op = op, .operands = {left}, .op_span = Peek().span};
  while (Accept(TextOf(op))) {
    ASSIGN_OR_RETURN(ExpressionPtr right, ParseOperators(Above(PrecedenceOf(op))));
    chain.operands.push_back(std::move(right));
  }
  return Make(std::move(chain), left->span);
}

std::optional<Operator> Parser::AcceptIsPredicate(bool negated) {
  const auto pick = [&](Operator plain, Operator with_not) { return negated ? with_not : plain; };
  if (Accept("NULL")) {
    return pick(Operator::kIsNull, Operator::kIsNotNull);
  }
  if (Accept("TRUE")) {
    return pick(Operator::kIsTrue, Operator::kIsNotTrue);
  }
  if (Accept("FALSE")) {
    return pick(Operator::kIsFalse, Operator::kIsNotFalse);
  }
  if (Accept("UNKNOWN")) {
    return pick(Operator::kIsUnknown, Operator::kIsNotUnknown);
  }
  if (!Accept("JSON")) {
    return std::nullopt;
  }
  if (Accept("OBJECT")) {
    return pick(Operator::kIsJsonObject, Operator::kIsNotJsonObject);
  }
  if (Accept("ARRAY")) {
    return pick(Operator::kIsJsonArray, Operator::kIsNotJsonArray);
  }
  if (Accept("SCALAR")) {
    return pick(Operator::kIsJsonScalar, Operator::kIsNotJsonScalar);
  }
  Accept("VALUE");
  return pick(Operator::kIsJson, Operator::kIsNotJson);
}

StatusOr<ExpressionPtr> Parser::ParseIs(ExpressionPtr operand) {
  const SourceSpan is_span = Peek().span;
  const SourceSpan begin = operand->span;
  Advance();
  const bool negated = Accept("NOT");
  if (Accept({"DISTINCT", "FROM"})) {
    const SourceSpan op_span = SpanFrom(is_span);
    ASSIGN_OR_RETURN(ExpressionPtr right, ParseOperators(Precedence::kAdditive));
    return Make(
        ast::Operation{.op = negated ? Operator::kIsNotDistinctFrom : Operator::kIsDistinctFrom,
                       .operands = {std::move(operand), std::move(right)},
                       .op_span = op_span},
        begin);
  }
  const std::optional<Operator> op = AcceptIsPredicate(negated);
  if (!op) {
    return Unexpected();
  }
  return Make(
      ast::Operation{.op = *op, .operands = {std::move(operand)}, .op_span = SpanFrom(is_span)},
      begin);
}

/// Null when no predicate stands here.
StatusOr<ExpressionPtr> Parser::ParsePredicate(ExpressionPtr operand) {
  const bool negated = Is(Peek(), "NOT") && (Follows(1, "BETWEEN") || Follows(1, "IN") ||
                                             Follows(1, "LIKE") || Follows(1, "SIMILAR"));
  if (negated) {
    Advance();
  }
  if (Is(Peek(), "BETWEEN")) {
    return ParseBetween(std::move(operand), negated);
  }
  if (Is(Peek(), "IN")) {
    return ParseIn(std::move(operand), negated);
  }
  if (Is(Peek(), "LIKE") || (Is(Peek(), "SIMILAR") && Follows(1, "TO"))) {
    return ParseLike(std::move(operand), negated);
  }
  if (operand->As<ast::RowConstructor>() != nullptr && Is(Peek(), "OVERLAPS")) {
    return ParseBinary(std::move(operand), Operator::kOverlaps);
  }
  return ExpressionPtr();
}

StatusOr<ExpressionPtr> Parser::ParseBetween(ExpressionPtr operand, bool negated) {
  const SourceSpan begin = operand->span;
  Advance();
  ast::Between between;
  between.operand = std::move(operand);
  between.negated = negated;
  between.symmetric = Accept("SYMMETRIC");
  Accept("ASYMMETRIC");
  ASSIGN_OR_RETURN(between.low, ParseOperators(Precedence::kAdditive));
  RETURN_IF_ERROR(Expect("AND"));
  ASSIGN_OR_RETURN(between.high, ParseOperators(Precedence::kAdditive));
  return Make(std::move(between), begin);
}

StatusOr<ExpressionPtr> Parser::ParseIn(ExpressionPtr operand, bool negated) {
  const Level level(*this);
  RETURN_IF_ERROR(level.Check());
  const SourceSpan begin = operand->span;
  Advance();
  ast::In in;
  in.operand = std::move(operand);
  in.negated = negated;
  RETURN_IF_ERROR(Expect("("));
  if (AtQuery()) {
    ASSIGN_OR_RETURN(in.query, ParseQuery());
  } else {
    ASSIGN_OR_RETURN(in.list, ParseExpressionList());
    const auto* only = in.list.size() == 1 ? in.list[0]->As<ast::ScalarQuery>() : nullptr;
    if (only != nullptr) {  // IN ((SELECT ...)), IN ((SELECT ...) UNION ...).
      ASSIGN_OR_RETURN(in.query, ContinueQuery(only->query, in.list[0]->span));
      in.list.clear();
    }
  }
  RETURN_IF_ERROR(Expect(")"));
  return Make(std::move(in), begin);
}

StatusOr<ExpressionPtr> Parser::ParseLike(ExpressionPtr operand, bool negated) {
  const SourceSpan begin = operand->span;
  ast::Like like;
  like.operand = std::move(operand);
  like.negated = negated;
  if (Accept({"SIMILAR", "TO"})) {
    like.kind = ast::PatternKind::kSimilarTo;
  } else {
    Advance();
  }
  ASSIGN_OR_RETURN(like.pattern, ParseOperators(Precedence::kAdditive));
  if (Accept("ESCAPE")) {
    ASSIGN_OR_RETURN(like.escape, ParseOperators(Precedence::kAdditive));
  }
  return Make(std::move(like), begin);
}

StatusOr<std::vector<ExpressionPtr>> Parser::ParseExpressionList() {
  std::vector<ExpressionPtr> list;
  do {
    ASSIGN_OR_RETURN(ExpressionPtr each, ParseExpression());
    list.push_back(std::move(each));
  } while (Accept(","));
  return list;
}

StatusOr<ast::OrderItem> Parser::ParseOrderItem() {
  const SourceSpan begin = Peek().span;
  ast::OrderItem item;
  ASSIGN_OR_RETURN(item.expression, ParseExpression());
  if (Accept("DESC")) {
    item.direction = ast::SortDirection::kDescending;
  } else {
    Accept("ASC");
  }
  if (Accept("NULLS")) {
    item.nulls = At("LAST") ? ast::NullOrder::kLast : ast::NullOrder::kFirst;
    RETURN_IF_ERROR(item.nulls == ast::NullOrder::kLast ? Expect("LAST") : Expect("FIRST"));
  }
  item.span = SpanFrom(begin);
  return item;
}

StatusOr<std::vector<ast::OrderItem>> Parser::ParseOrderItems() {
  std::vector<ast::OrderItem> items;
  do {
    ASSIGN_OR_RETURN(ast::OrderItem item, ParseOrderItem());
    items.push_back(std::move(item));
  } while (Accept(","));
  return items;
}

}  // namespace thalweg::sql
