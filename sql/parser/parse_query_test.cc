// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/parser/ast_children.h"
#include "sql/parser/parser.h"

namespace thalweg::sql {
namespace {

using testing::SizeIs;

ast::ExpressionPtr Parse(std::string text) {
  const auto source =
      std::make_shared<const SourceText>(SourceText{.name = "", .text = std::move(text)});
  auto parsed = ParseExpression(source);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? *parsed : std::make_shared<const ast::Expression>();
}

ast::Select SelectOf(const std::string& text) {
  const auto script = ParseScript("", text);
  EXPECT_TRUE(script.ok()) << script.status();
  return script.ok() ? *script->at(0).As<ast::QueryStatement>()->query->As<ast::Select>()
                     : ast::Select();
}

TEST(ParseQueryTest, GivesEveryNodeItsPlace) {
  const ast::ExpressionPtr sum = Parse(" a.b + (c * 2) ");
  EXPECT_EQ(sum->span, (SourceSpan{1, 13}));
  const auto* operation = sum->As<ast::Operation>();
  ASSERT_NE(operation, nullptr);
  EXPECT_EQ(operation->op_span, (SourceSpan{5, 1}));
  EXPECT_EQ(operation->operands[0]->span, (SourceSpan{1, 3}));
  EXPECT_EQ(operation->operands[1]->span, (SourceSpan{7, 7}));
  EXPECT_EQ(operation->operands[1]->As<ast::Operation>()->operands[0]->span, (SourceSpan{8, 1}));
}

TEST(ParseQueryTest, KeepsALongChainOfOrFlat) {
  std::string text = "a = 0";
  for (int i = 1; i < 5000; ++i) {
    text += " OR a = " + std::to_string(i);
  }
  const ast::ExpressionPtr chain = Parse(text);
  EXPECT_THAT(chain->As<ast::Operation>()->operands, SizeIs(5000));
  EXPECT_EQ(chain->height, 3U);
}

TEST(ParseQueryTest, KnowsHeights) {
  EXPECT_EQ(Parse("a")->height, 1U);
  EXPECT_EQ(Parse("a + b + c")->height, 3U);
  EXPECT_EQ(Parse("a + (b + c)")->height, 3U);
  EXPECT_EQ(Parse("a IN (SELECT b + 1 FROM t)")->height, 4U);
}

TEST(ParseQueryTest, MakesASignPartOfItsNumber) {
  EXPECT_EQ(Parse("-9223372036854775808")->As<ast::NumberLiteral>()->text, "-9223372036854775808");
  EXPECT_NE(Parse("- a")->As<ast::Operation>(), nullptr);
  EXPECT_EQ(Parse("a - 1")->As<ast::Operation>()->op, ast::Operator::kSubtract);
}

TEST(ParseQueryTest, TakesUnreservedKeywordsAsNames) {
  const ast::Select select = SelectOf(
      "SELECT day, `value`, final AS num, year(d) AS `year`, state, date, timestamp, offset, "
      "interval FROM minute key");
  EXPECT_THAT(select.items, SizeIs(9));
  EXPECT_EQ(select.items[8].expression->As<ast::ColumnName>()->name.last().name, "interval");
  EXPECT_EQ(select.from->alias->name, "key");
}

TEST(ParseQueryTest, DoesNotTakeAClauseAsAlias) {
  const ast::Select select = SelectOf("SELECT a FROM t OFFSET 3 ROWS");
  EXPECT_FALSE(select.from->alias.has_value());
}

TEST(ParseQueryTest, KeepsTheCaseOfNamesAndFunctions) {
  const ast::ExpressionPtr call = Parse("Lower(`Name`)");
  EXPECT_EQ(call->As<ast::Call>()->function.last().name, "Lower");
  const auto& name = call->As<ast::Call>()->arguments[0].value->As<ast::ColumnName>()->name;
  EXPECT_EQ(name.last().name, "Name");
  EXPECT_TRUE(name.last().quoted);
}

TEST(ParseQueryTest, ReadsTypes) {
  const std::pair<std::string, std::string> types[] = {
      {"int", "INT"},
      {"integer not null", "INT NOT NULL"},
      {"varchar", "STRING"},
      {"varchar(7)", "VARCHAR(7)"},
      {"char", "CHAR(1)"},
      {"varbinary", "BYTES"},
      {"decimal", "DECIMAL(10, 0)"},
      {"numeric(5)", "DECIMAL(5, 0)"},
      {"dec(38,38)", "DECIMAL(38, 38)"},
      {"double precision", "DOUBLE"},
      {"time", "TIME(0)"},
      {"timestamp", "TIMESTAMP(6)"},
      {"timestamp(3) without time zone", "TIMESTAMP(3)"},
      {"timestamp(9) with local time zone", "TIMESTAMP_LTZ(9)"},
      {"timestamp_ltz(3)", "TIMESTAMP_LTZ(3)"},
      {"interval day to second(3)", "INTERVAL DAY(2) TO SECOND(3)"},
      {"interval month", "INTERVAL YEAR(2) TO MONTH"},
      {"row<a int 'comment', `b c` map<string, array<bigint not null>>>",
       "ROW<`a` INT, `b c` MAP<STRING, ARRAY<BIGINT NOT NULL>>>"},
      {"row(a int)", "ROW<`a` INT>"},
      {"int array", "ARRAY<INT>"},
  };
  for (const auto& [text, expected] : types) {
    const auto type = ParseType(text);
    ASSERT_TRUE(type.ok()) << type.status();
    EXPECT_EQ(type->ToString(), expected);
  }
}

TEST(ParseQueryTest, RefusesTypesThatDoNotExist) {
  for (const char* text : {"decimal(0)",
                           "decimal(39)",
                           "decimal(5, 6)",
                           "timestamp(10)",
                           "char(0)",
                           "varchar(99999999999)",
                           "row<a int, a string>",
                           "map<int>",
                           "array",
                           "txt",
                           "int int"}) {
    EXPECT_EQ(ParseType(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
  for (const char* text : {"multiset<int>", "raw('a', 'b')", "timestamp with time zone"}) {
    EXPECT_EQ(ParseType(text).status().code(), StatusCode::kUnimplemented) << text;
  }
}

TEST(ParseQueryTest, ReadsTheSpecialFormsAsCalls) {
  const ast::ExpressionPtr trim = Parse("TRIM(TRAILING 'x' FROM y)");
  const auto& arguments = trim->As<ast::Call>()->arguments;
  ASSERT_THAT(arguments, SizeIs(3));
  EXPECT_EQ(arguments[0].value->As<ast::Symbol>()->text, "TRAILING");
  EXPECT_EQ(arguments[1].value->As<ast::StringLiteral>()->value, "x");
  const ast::ExpressionPtr json = Parse("JSON_VALUE(a, '$' DEFAULT 1 + 1 ON EMPTY)");
  EXPECT_EQ(json->As<ast::Call>()->json->on_empty->fallback, ast::JsonFallback::kDefault);
  EXPECT_FALSE(json->As<ast::Call>()->json->on_error.has_value());
}

TEST(ParseQueryTest, ShowsChildrenOfEveryKind) {
  int expressions = 0;
  int queries = 0;
  ast::ForEachChild(
      *Parse("COUNT(DISTINCT a) FILTER (WHERE b) OVER (PARTITION BY c ORDER BY d)"),
      [&](const ast::Expression&) { ++expressions; },
      [&](const ast::Query&) { ++queries; });
  ast::ForEachChild(
      *Parse("a IN (SELECT 1)"),
      [&](const ast::Expression&) { ++expressions; },
      [&](const ast::Query&) { ++queries; });
  EXPECT_EQ(expressions, 5);
  EXPECT_EQ(queries, 1);
}

}  // namespace
}  // namespace thalweg::sql
