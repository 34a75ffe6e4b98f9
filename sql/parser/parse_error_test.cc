// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/parser/parser.h"

namespace thalweg::sql {
namespace {

using testing::HasSubstr;

Status Refused(const std::string& text) {
  const Status status = ParseScript("job.sql", text).status();
  EXPECT_FALSE(status.ok()) << text;
  return status;
}

std::string Message(const std::string& text) {
  const Status status = Refused(text);
  return std::string(MessageOf(status));
}

TEST(ParseErrorTest, ShowsLineColumnAndCaret) {
  EXPECT_EQ(
      Message("SELECT a,\n  b c d\nFROM t"),
      "job.sql:2:7: Expected ',', FROM, WHERE, GROUP, HAVING, WINDOW, QUALIFY, INTERSECT, ..., "
      "found 'd'.\n"
      "  2 |   b c d\n"
      "    |       ^");
}

TEST(ParseErrorTest, ListsWhatWasExpected) {
  EXPECT_THAT(Message("CREATE TABLE t (a INT"), HasSubstr("found the end of the text."));
  EXPECT_THAT(Message("DROP TABLE IF t"), HasSubstr("Expected EXISTS, found 't'."));
  EXPECT_THAT(Message("SELECT CAST(a AS INT"), HasSubstr("')'"));
  EXPECT_THAT(Message("SELECT * FROM a JOIN b"), HasSubstr("ON or USING"));
}

TEST(ParseErrorTest, SuggestsTheKeywordThatWasMeant) {
  EXPECT_THAT(Message("SELCT a FROM t"), HasSubstr("Did you mean SELECT?"));
  EXPECT_THAT(Message("SELECT a FORM t"), HasSubstr("Did you mean FROM instead of 'FORM'?"));
  EXPECT_THAT(Message("SELECT a FROM t WEHRE a = 1"),
              HasSubstr("Did you mean WHERE instead of 'WEHRE'?"));
  EXPECT_THAT(Message("SELECT a FROM t GROUP BUY a"), HasSubstr("Did you mean BY?"));
  EXPECT_THAT(Message("SELECT a FROM t ODER BY a"),
              HasSubstr("Did you mean ORDER instead of 'ODER'?"));
  EXPECT_THAT(Message("INSRT INTO t SELECT 1"), HasSubstr("Did you mean INSERT?"));
  EXPECT_THAT(Message("CREATE TABEL t (a INT)"), HasSubstr("Did you mean TABLE?"));
  EXPECT_THAT(Message("CREATE TABLE t (a BIGNT)"), HasSubstr("Did you mean BIGINT?"));
  EXPECT_THAT(Message("SELECT INTERVAL '1' DAYS"), HasSubstr("Did you mean DAY?"));
  EXPECT_THAT(Message("SHOW TABELS"), HasSubstr("Did you mean TABLES?"));
}

TEST(ParseErrorTest, ExplainsCommonMistakes) {
  EXPECT_THAT(Message("SELECT a AS order FROM t"), HasSubstr("back-quotes: `order`"));
  EXPECT_THAT(Message("SELECT \"a\" FROM t"), HasSubstr("back-quotes"));
  EXPECT_THAT(Message("SET parallelism.default = 2"), HasSubstr("SET 'key' = 'value'"));
  EXPECT_THAT(Message("SET 'a' = 2"), HasSubstr("in quotes too"));
  EXPECT_THAT(Message("SELECT a == b"), HasSubstr("one '='"));
  EXPECT_THAT(Message("SELECT INTERVAL 5 MINUTE"), HasSubstr("INTERVAL '5' MINUTE"));
  EXPECT_THAT(Message("SELECT MAP['a']"), HasSubstr("a value is missing"));
  EXPECT_THAT(Message("CREATE TABLE t (a INT, WATERMARK FOR a AS a, WATERMARK FOR a AS a)"),
              HasSubstr("this is its second"));
  EXPECT_THAT(Message("EXECUTE STATEMENT SET BEGIN END"), HasSubstr("at least one INSERT"));
  EXPECT_THAT(Message("EXPLAIN CREATE TABLE t (a INT)"), HasSubstr("Expected"));
}

TEST(ParseErrorTest, RefusesLeftovers) {
  for (const char* text : {"SELECT 1)",
                           "SELECT 1 SELECT 2",
                           "SELECT a FROM",
                           "SELECT FROM t",
                           "SELECT (1, )",
                           "CASE WHEN",
                           "INSERT INTO t",
                           "SELECT a FROM t WHERE",
                           "VALUES"}) {
    EXPECT_EQ(Refused(text).code(), StatusCode::kInvalidArgument) << text;
  }
}

TEST(ParseErrorTest, LimitsNesting) {
  const auto nested = [](int depth) {
    return "SELECT " + std::string(depth, '(') + "1" + std::string(depth, ')');
  };
  EXPECT_TRUE(ParseScript("", nested(90)).ok());
  const Status status = Refused(nested(10'000));
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("nests more than 200 deep"));
  std::string text = "SELECT ";
  for (const char* piece : {"NOT ",
                            "- ",
                            "CASE ",
                            "f(",
                            "ARRAY[",
                            "a IN (",
                            "(SELECT ",
                            "EXISTS (SELECT ",
                            "CAST(",
                            "a[",
                            "SUM(a) FILTER (WHERE "}) {
    std::string deep = text;
    for (int i = 0; i < 10'000; ++i) {
      deep += piece;
    }
    EXPECT_EQ(Refused(deep).code(), StatusCode::kResourceExhausted) << piece;
  }
  std::string tables = "SELECT * FROM ";
  std::string queries;
  std::string rollups = "SELECT 1 FROM t GROUP BY ";
  std::string types = "SELECT CAST(a AS ";
  for (int i = 0; i < 10'000; ++i) {
    tables += "(";
    queries += "(";
    rollups += "ROLLUP(";
    types += "ARRAY<";
  }
  EXPECT_EQ(Refused(tables).code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(Refused(queries).code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(Refused(rollups).code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(Message(types), HasSubstr("Types nest more than 24 deep."));
}

TEST(ParseErrorTest, LimitsTheHeightOfTheTree) {
  std::string text = "SELECT 1";
  for (int i = 0; i < 900; ++i) {
    text += " + 1";
  }
  EXPECT_TRUE(ParseScript("", text).ok());
  for (int i = 0; i < 200; ++i) {
    text += " + 1";
  }
  EXPECT_EQ(Refused(text).code(), StatusCode::kResourceExhausted);
  std::string joins = "SELECT * FROM a";
  for (int i = 0; i < 2'000; ++i) {
    joins += ", a";
  }
  EXPECT_EQ(Refused(joins).code(), StatusCode::kResourceExhausted);
}

TEST(ParseErrorTest, LimitsTheText) {
  EXPECT_EQ(Refused(std::string(kMaxScriptBytes + 1, ' ')).code(), StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace thalweg::sql
