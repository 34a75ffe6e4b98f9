// SPDX-License-Identifier: Apache-2.0
//
// Calls of functions, those with a syntax of their own among them, and what may follow a call.
#include <array>
#include <string>
#include <utility>

#include "sql/parser/parser_impl.h"

namespace thalweg::sql {
namespace {

using ast::ExpressionPtr;

std::string UpperOf(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return upper;
}

/// What EXTRACT, FLOOR, TIMESTAMPADD and the like know; the usual ones first, as messages list
/// them.
constexpr auto kUnits = std::to_array<std::string_view>({
    "YEAR",    "QUARTER",     "MONTH",       "WEEK",       "DAY",        "HOUR",    "MINUTE",
    "SECOND",  "MILLISECOND", "MICROSECOND", "NANOSECOND", "MILLENNIUM", "CENTURY", "DECADE",
    "ISOYEAR", "DOW",         "ISODOW",      "DOY",        "EPOCH",
});

}  // namespace

StatusOr<ExpressionPtr> Parser::ParseCall(ast::QualifiedName function) {
  const SourceSpan begin = function.span;
  Advance();
  ast::Call call;
  call.function = std::move(function);
  const bool plain = call.function.parts.size() == 1 && !call.function.parts[0].quoted;
  const std::string name = plain ? UpperOf(call.function.parts[0].name) : "";
  if (name == "DESCRIPTOR") {
    return ParseDescriptor(begin);
  }
  ASSIGN_OR_RETURN(const bool special, ParseSpecialArguments(name, call));
  if (!special) {
    RETURN_IF_ERROR(ParseArguments(call));
  }
  RETURN_IF_ERROR(Expect(")"));
  RETURN_IF_ERROR(ParseCallClauses(call));
  return Make(std::move(call), begin);
}

/// Whether the function has a syntax of its own; then its arguments are parsed.
StatusOr<bool> Parser::ParseSpecialArguments(std::string_view function, ast::Call& call) {
  static constexpr std::pair<std::string_view, Status (Parser::*)(ast::Call&)> kSpecial[] = {
      {"EXTRACT", &Parser::ParseExtract},
      {"TRIM", &Parser::ParseTrim},
      {"POSITION", &Parser::ParsePosition},
      {"SUBSTRING", &Parser::ParseSubstring},
      {"OVERLAY", &Parser::ParseOverlay},
      {"FLOOR", &Parser::ParseRounding},
      {"CEIL", &Parser::ParseRounding},
      {"CEILING", &Parser::ParseRounding},
      {"TIMESTAMPADD", &Parser::ParseTimestampArithmetic},
      {"TIMESTAMPDIFF", &Parser::ParseTimestampArithmetic},
      {"JSON_OBJECT", &Parser::ParseJsonObject},
      {"JSON_OBJECTAGG", &Parser::ParseJsonObject},
      {"JSON_ARRAY", &Parser::ParseJsonArray},
      {"JSON_ARRAYAGG", &Parser::ParseJsonArray},
  };
  for (const auto& [name, parse] : kSpecial) {
    if (name == function) {
      RETURN_IF_ERROR((this->*parse)(call));
      return true;
    }
  }
  if (function == "JSON_VALUE" || function == "JSON_QUERY" || function == "JSON_EXISTS") {
    RETURN_IF_ERROR(ParseJsonPathCall(function, call));
    return true;
  }
  return false;
}

Status Parser::ParseArguments(ast::Call& call) {
  if (Is(Peek(), ")")) {
    return OkStatus();
  }
  call.distinct = Accept("DISTINCT");
  if (!call.distinct && Is(Peek(), "ALL")) {
    Advance();
  }
  do {
    ASSIGN_OR_RETURN(ast::Argument argument, ParseArgument());
    call.arguments.push_back(std::move(argument));
  } while (Accept(","));
  if (Accept("ORDER")) {
    RETURN_IF_ERROR(Expect("BY"));
    ASSIGN_OR_RETURN(call.order_by, ParseOrderItems());
  }
  return OkStatus();
}

StatusOr<ast::Argument> Parser::ParseArgument() {
  ast::Argument argument;
  if (AtName() && Follows(1, "=>")) {
    ASSIGN_OR_RETURN(argument.name, ExpectName("the name of an argument"));
    Advance();
  }
  if (Is(Peek(), "TABLE") || (Is(Peek(), "(") && Follows(1, "TABLE"))) {
    ASSIGN_OR_RETURN(argument.value, ParseTableArgument());
  } else {
    ASSIGN_OR_RETURN(argument.value, ParseExpression());
  }
  return argument;
}

Status Parser::AddArgument(ast::Call& call) {
  ASSIGN_OR_RETURN(ExpressionPtr value, ParseExpression());
  call.arguments.push_back({.name = std::nullopt, .value = std::move(value)});
  return OkStatus();
}

/// A unit of time; SQL_TSI_DAY is an old spelling of DAY.
StatusOr<ExpressionPtr> Parser::ParseUnitSymbol() {
  static constexpr std::string_view kOldPrefix = "SQL_TSI_";
  const SourceSpan begin = Peek().span;
  std::string_view word = Peek().kind == TokenKind::kWord ? Peek().text : std::string_view();
  if (word.substr(0, kOldPrefix.size()) == kOldPrefix) {
    word.remove_prefix(kOldPrefix.size());
  }
  for (const std::string_view unit : kUnits) {
    Want(unit);
    if (word == unit) {
      Advance();
      return Make(ast::Symbol{.text = std::string(unit)}, begin);
    }
  }
  return Unexpected();
}

Status Parser::ParseExtract(ast::Call& call) {
  ASSIGN_OR_RETURN(ExpressionPtr unit, ParseUnitSymbol());
  call.arguments.push_back({.name = std::nullopt, .value = std::move(unit)});
  RETURN_IF_ERROR(Expect("FROM"));
  return AddArgument(call);
}

/// TRIM([BOTH | LEADING | TRAILING] [characters] FROM text), TRIM(text).
Status Parser::ParseTrim(ast::Call& call) {
  const SourceSpan begin = Peek().span;
  std::string side;
  for (const std::string_view each : {"BOTH", "LEADING", "TRAILING"}) {
    if (side.empty() && Is(Peek(), each) && !Follows(1, ")") && !Follows(1, ",") &&
        !Follows(1, ".")) {
      side = each;
      Advance();
    }
  }
  ExpressionPtr characters;
  if (!Is(Peek(), "FROM")) {
    ASSIGN_OR_RETURN(characters, ParseExpression());
    if (side.empty() && !At("FROM")) {
      call.arguments.push_back({.name = std::nullopt, .value = std::move(characters)});
      return OkStatus();
    }
  } else {
    ASSIGN_OR_RETURN(characters, Make(ast::StringLiteral{.value = " "}, begin));
  }
  RETURN_IF_ERROR(Expect("FROM"));
  ASSIGN_OR_RETURN(ExpressionPtr symbol,
                   Make(ast::Symbol{.text = side.empty() ? "BOTH" : side}, begin));
  call.arguments.push_back({.name = std::nullopt, .value = std::move(symbol)});
  call.arguments.push_back({.name = std::nullopt, .value = std::move(characters)});
  return AddArgument(call);
}

/// POSITION(a IN b); IN is no predicate here.
Status Parser::ParsePosition(ast::Call& call) {
  ASSIGN_OR_RETURN(ExpressionPtr needle, ParseOperators(Precedence::kAdditive));
  call.arguments.push_back({.name = std::nullopt, .value = std::move(needle)});
  RETURN_IF_ERROR(Expect("IN"));
  return AddArgument(call);
}

Status Parser::ParseSubstring(ast::Call& call) {
  RETURN_IF_ERROR(AddArgument(call));
  if (Accept("FROM")) {
    RETURN_IF_ERROR(AddArgument(call));
    return Accept("FOR") ? AddArgument(call) : OkStatus();
  }
  while (Accept(",")) {
    RETURN_IF_ERROR(AddArgument(call));
  }
  return OkStatus();
}

Status Parser::ParseOverlay(ast::Call& call) {
  RETURN_IF_ERROR(AddArgument(call));
  RETURN_IF_ERROR(Expect("PLACING"));
  RETURN_IF_ERROR(AddArgument(call));
  RETURN_IF_ERROR(Expect("FROM"));
  RETURN_IF_ERROR(AddArgument(call));
  return Accept("FOR") ? AddArgument(call) : OkStatus();
}

/// FLOOR(x), FLOOR(x TO unit).
Status Parser::ParseRounding(ast::Call& call) {
  RETURN_IF_ERROR(AddArgument(call));
  if (Accept("TO")) {
    ASSIGN_OR_RETURN(ExpressionPtr unit, ParseUnitSymbol());
    call.arguments.push_back({.name = std::nullopt, .value = std::move(unit)});
  }
  return OkStatus();
}

Status Parser::ParseTimestampArithmetic(ast::Call& call) {
  ASSIGN_OR_RETURN(ExpressionPtr unit, ParseUnitSymbol());
  call.arguments.push_back({.name = std::nullopt, .value = std::move(unit)});
  RETURN_IF_ERROR(Expect(","));
  RETURN_IF_ERROR(AddArgument(call));
  RETURN_IF_ERROR(Expect(","));
  return AddArgument(call);
}

/// TABLE t, TABLE (query), each with PARTITION BY and ORDER BY; also in parentheses.
StatusOr<ExpressionPtr> Parser::ParseTableArgument() {
  const SourceSpan begin = Peek().span;
  const bool parenthesized = Accept("(");
  Advance();
  ast::TableArgument table;
  if (Accept("(")) {
    if (AtName()) {
      ASSIGN_OR_RETURN(table.table, ExpectQualifiedName("a table"));
    } else {
      ASSIGN_OR_RETURN(table.query, ParseQuery());
    }
    RETURN_IF_ERROR(Expect(")"));
  } else {
    ASSIGN_OR_RETURN(table.table, ExpectQualifiedName("a table"));
  }
  // Without parentheses it is one: behind a comma stands the next argument of the call.
  if (Accept("PARTITION")) {
    RETURN_IF_ERROR(Expect("BY"));
    const bool several = Accept("(");
    do {
      ASSIGN_OR_RETURN(ExpressionPtr key, ParseExpression());
      table.partition_by.push_back(std::move(key));
    } while (several && Accept(","));
    RETURN_IF_ERROR(several ? Expect(")") : OkStatus());
  }
  if (Accept("ORDER")) {
    RETURN_IF_ERROR(Expect("BY"));
    const bool several = Accept("(");
    do {
      ASSIGN_OR_RETURN(ast::OrderItem item, ParseOrderItem());
      table.order_by.push_back(std::move(item));
    } while (several && Accept(","));
    RETURN_IF_ERROR(several ? Expect(")") : OkStatus());
  }
  if (parenthesized) {
    RETURN_IF_ERROR(Expect(")"));
  }
  return Make(std::move(table), begin);
}

StatusOr<ExpressionPtr> Parser::ParseDescriptor(SourceSpan begin) {
  ast::Descriptor descriptor;
  do {
    ASSIGN_OR_RETURN(ast::Identifier column, ExpectName("a column"));
    descriptor.columns.push_back(std::move(column));
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  return Make(std::move(descriptor), begin);
}

Status Parser::ParseCallClauses(ast::Call& call) {
  if (Accept({"WITHIN", "GROUP"})) {
    RETURN_IF_ERROR(Expect({"(", "ORDER", "BY"}));
    ASSIGN_OR_RETURN(call.within_group, ParseOrderItems());
    RETURN_IF_ERROR(Expect(")"));
  }
  if (Is(Peek(), "FILTER") && Follows(1, "(")) {
    Advance();
    RETURN_IF_ERROR(Expect({"(", "WHERE"}));
    ASSIGN_OR_RETURN(call.filter, ParseExpression());
    RETURN_IF_ERROR(Expect(")"));
  }
  if (Accept({"RESPECT", "NULLS"})) {
    call.nulls = ast::NullTreatment::kRespect;
  } else if (Accept({"IGNORE", "NULLS"})) {
    call.nulls = ast::NullTreatment::kIgnore;
  }
  if (Accept("OVER")) {
    ASSIGN_OR_RETURN(call.over, ParseOver());
  }
  return OkStatus();
}

StatusOr<ast::WindowSpec> Parser::ParseOver() {
  if (Is(Peek(), "(")) {
    return ParseWindowSpec();
  }
  const SourceSpan begin = Peek().span;
  ast::WindowSpec window;
  Want("(");
  ASSIGN_OR_RETURN(window.base, ExpectName("the name of a window"));
  window.bare = true;
  window.span = begin;
  return window;
}

StatusOr<ast::WindowSpec> Parser::ParseWindowSpec() {
  const SourceSpan begin = Peek().span;
  RETURN_IF_ERROR(Expect("("));
  ast::WindowSpec window;
  if (AtName() && !(Is(Peek(), "PARTITION") && Follows(1, "BY")) &&
      !(Is(Peek(), "ROWS") || Is(Peek(), "RANGE"))) {
    ASSIGN_OR_RETURN(window.base, ExpectName("the name of a window"));
  }
  if (Accept("PARTITION")) {
    RETURN_IF_ERROR(Expect("BY"));
    ASSIGN_OR_RETURN(window.partition_by, ParseExpressionList());
  }
  if (Accept("ORDER")) {
    RETURN_IF_ERROR(Expect("BY"));
    ASSIGN_OR_RETURN(window.order_by, ParseOrderItems());
  }
  if (At("ROWS") || At("RANGE")) {
    ASSIGN_OR_RETURN(window.frame, ParseFrame());
  }
  RETURN_IF_ERROR(Expect(")"));
  window.span = SpanFrom(begin);
  return window;
}

StatusOr<ast::Frame> Parser::ParseFrame() {
  const SourceSpan begin = Peek().span;
  ast::Frame frame;
  frame.unit = Is(Peek(), "ROWS") ? ast::FrameUnit::kRows : ast::FrameUnit::kRange;
  Advance();
  if (Accept("BETWEEN")) {
    ASSIGN_OR_RETURN(frame.start, ParseFrameBound());
    RETURN_IF_ERROR(Expect("AND"));
    ASSIGN_OR_RETURN(frame.end, ParseFrameBound());
  } else {
    ASSIGN_OR_RETURN(frame.start, ParseFrameBound());
    frame.end.span = frame.start.span;
  }
  if (Is(Peek(), "EXCLUDE")) {
    return Unsupported(Peek().span, "EXCLUDE in a window frame");
  }
  frame.span = SpanFrom(begin);
  return frame;
}

StatusOr<ast::FrameBound> Parser::ParseFrameBound() {
  const SourceSpan begin = Peek().span;
  ast::FrameBound bound;
  if (Accept({"CURRENT", "ROW"})) {
    bound.kind = ast::FrameBoundKind::kCurrentRow;
  } else if (Accept("UNBOUNDED")) {
    const bool following = At("FOLLOWING");
    RETURN_IF_ERROR(following ? Expect("FOLLOWING") : Expect("PRECEDING"));
    bound.kind = following ? ast::FrameBoundKind::kUnboundedFollowing
                           : ast::FrameBoundKind::kUnboundedPreceding;
  } else {
    ASSIGN_OR_RETURN(bound.offset, ParseOperators(Precedence::kAdditive));
    const bool following = At("FOLLOWING");
    RETURN_IF_ERROR(following ? Expect("FOLLOWING") : Expect("PRECEDING"));
    bound.kind = following ? ast::FrameBoundKind::kFollowing : ast::FrameBoundKind::kPreceding;
  }
  bound.span = SpanFrom(begin);
  return bound;
}

}  // namespace thalweg::sql
