// SPDX-License-Identifier: Apache-2.0
//
// MATCH_RECOGNIZE.
#include <string>
#include <utility>

#include "sql/parser/parser_impl.h"

namespace thalweg::sql {
namespace {

using ast::RowPattern;

/// Most repetitions that a quantifier may ask for.
constexpr std::int64_t kMaxRepetitions = 1'000'000;

}  // namespace

StatusOr<ast::TableReferencePtr> Parser::ParseMatchRecognize(ast::TableReferencePtr input,
                                                             SourceSpan begin) {
  Advance();
  ast::MatchRecognize match;
  match.input = std::move(input);
  RETURN_IF_ERROR(Expect("("));
  if (Accept("PARTITION")) {
    RETURN_IF_ERROR(Expect("BY"));
    ASSIGN_OR_RETURN(match.partition_by, ParseExpressionList());
  }
  if (Accept("ORDER")) {
    RETURN_IF_ERROR(Expect("BY"));
    ASSIGN_OR_RETURN(match.order_by, ParseOrderItems());
  }
  RETURN_IF_ERROR(ParseMeasures(match));
  RETURN_IF_ERROR(ParseRowsPerMatch(match));
  RETURN_IF_ERROR(ParseAfterMatch(match));
  RETURN_IF_ERROR(Expect({"PATTERN", "("}));
  ASSIGN_OR_RETURN(match.pattern, ParsePatternAlternatives());
  RETURN_IF_ERROR(Expect(")"));
  if (Accept("WITHIN")) {
    ASSIGN_OR_RETURN(match.within, ParseExpression());
  }
  if (Is(Peek(), "SUBSET")) {
    return Unsupported(Peek().span, "SUBSET in MATCH_RECOGNIZE");
  }
  RETURN_IF_ERROR(Expect("DEFINE"));
  do {
    ast::PatternDefinition definition;
    ASSIGN_OR_RETURN(definition.variable, ExpectName("a pattern variable"));
    RETURN_IF_ERROR(Expect("AS"));
    ASSIGN_OR_RETURN(definition.condition, ParseExpression());
    match.definitions.push_back(std::move(definition));
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  ast::TableReference table;
  table.node = std::move(match);
  RETURN_IF_ERROR(ParseAlias(table));
  return Make(std::move(table), begin);
}

Status Parser::ParseMeasures(ast::MatchRecognize& match) {
  if (!Accept("MEASURES")) {
    return OkStatus();
  }
  do {
    if ((Is(Peek(), "FINAL") || Is(Peek(), "RUNNING")) && Peek(1).kind == TokenKind::kWord) {
      return Unsupported(Peek().span, Peek().text + " in MEASURES");
    }
    ast::Measure measure;
    ASSIGN_OR_RETURN(measure.expression, ParseExpression());
    RETURN_IF_ERROR(Expect("AS"));
    ASSIGN_OR_RETURN(measure.name, ExpectName("a name for the column"));
    match.measures.push_back(std::move(measure));
  } while (Accept(","));
  return OkStatus();
}

Status Parser::ParseRowsPerMatch(ast::MatchRecognize& match) {
  match.all_rows = Accept("ALL");
  if (match.all_rows) {
    return Expect({"ROWS", "PER", "MATCH"});
  }
  return Accept("ONE") ? Expect({"ROW", "PER", "MATCH"}) : OkStatus();
}

Status Parser::ParseAfterMatch(ast::MatchRecognize& match) {
  if (!Accept("AFTER")) {
    return OkStatus();
  }
  RETURN_IF_ERROR(Expect({"MATCH", "SKIP"}));
  if (Accept("PAST")) {
    match.after_match = ast::AfterMatch::kPastLastRow;
    return Expect({"LAST", "ROW"});
  }
  RETURN_IF_ERROR(Expect("TO"));
  if (Accept({"NEXT", "ROW"})) {
    match.after_match = ast::AfterMatch::kNextRow;
    return OkStatus();
  }
  match.after_match = ast::AfterMatch::kToLast;
  if (Accept("FIRST")) {
    match.after_match = ast::AfterMatch::kToFirst;
  } else {
    Accept("LAST");
  }
  ASSIGN_OR_RETURN(match.skip_to, ExpectName("a pattern variable"));
  return OkStatus();
}

/// sequence | sequence ...
StatusOr<RowPattern> Parser::ParsePatternAlternatives() {
  const Level level(*this);
  RETURN_IF_ERROR(level.Check());
  const SourceSpan begin = Peek().span;
  RowPattern pattern;
  pattern.kind = RowPattern::Kind::kAlternatives;
  do {
    ASSIGN_OR_RETURN(RowPattern sequence, ParsePatternSequence());
    pattern.children.push_back(std::move(sequence));
  } while (Accept("|"));
  if (pattern.children.size() == 1) {
    RowPattern only = std::move(pattern.children[0]);
    return only;
  }
  pattern.span = SpanFrom(begin);
  return pattern;
}

StatusOr<RowPattern> Parser::ParsePatternSequence() {
  const SourceSpan begin = Peek().span;
  RowPattern pattern;
  pattern.kind = RowPattern::Kind::kSequence;
  do {
    ASSIGN_OR_RETURN(RowPattern element, ParsePatternElement());
    pattern.children.push_back(std::move(element));
  } while (!Is(Peek(), ")") && !Is(Peek(), "|") && !AtEnd());
  if (pattern.children.size() == 1) {
    RowPattern only = std::move(pattern.children[0]);
    return only;
  }
  pattern.span = SpanFrom(begin);
  return pattern;
}

StatusOr<RowPattern> Parser::ParsePatternElement() {
  if (Is(Peek(), "{-")) {
    return Unsupported(Peek().span, "An exclusion, {- ... -},");
  }
  if (Is(Peek(), "PERMUTE") && Follows(1, "(")) {
    return Unsupported(Peek().span, "PERMUTE");
  }
  if (Accept("(")) {
    ASSIGN_OR_RETURN(RowPattern inner, ParsePatternAlternatives());
    RETURN_IF_ERROR(Expect(")"));
    return ParseQuantifier(std::move(inner));
  }
  RowPattern variable;
  variable.span = Peek().span;
  ASSIGN_OR_RETURN(variable.variable, ExpectName("a pattern variable"));
  return ParseQuantifier(std::move(variable));
}

/// [* | + | ? | {n} | {n,} | {n,m} | {,m}] [?]
StatusOr<RowPattern> Parser::ParseQuantifier(RowPattern element) {
  RowPattern repeat;
  repeat.kind = RowPattern::Kind::kRepeat;
  const SourceSpan begin = element.span;
  if (Accept("*")) {
    repeat.min = 0;
  } else if (Accept("+")) {
    repeat.min = 1;
  } else if (Accept("?")) {
    repeat.min = 0;
    repeat.max = 1;
  } else if (Accept("{")) {
    repeat.min = 0;
    if (Peek().kind == TokenKind::kNumber) {
      ASSIGN_OR_RETURN(const auto least, ExpectInteger("a number of rows", kMaxRepetitions));
      repeat.min = static_cast<std::uint32_t>(least);
      repeat.max = repeat.min;
    }
    if (Accept(",")) {
      repeat.max.reset();
      if (Peek().kind == TokenKind::kNumber) {
        const SourceSpan span = Peek().span;
        ASSIGN_OR_RETURN(const auto most, ExpectInteger("a number of rows", kMaxRepetitions));
        repeat.max = static_cast<std::uint32_t>(most);
        if (*repeat.max < repeat.min) {
          return Error(span, "The upper bound lies below the lower one.");
        }
      }
    }
    RETURN_IF_ERROR(Expect("}"));
  } else {
    return element;
  }
  repeat.reluctant = Accept("?");
  repeat.span = SpanFrom(begin);
  repeat.children.push_back(std::move(element));
  return repeat;
}

}  // namespace thalweg::sql
