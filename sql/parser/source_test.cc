// SPDX-License-Identifier: Apache-2.0
#include "sql/parser/source.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::sql {
namespace {

SourceText Text(std::string text) {
  return {.name = "job.sql", .text = std::move(text)};
}

TEST(SourceTest, CountsLinesAndCharactersFromOne) {
  const SourceText source = Text("SELECT\n  'é' x\n");
  EXPECT_EQ(Locate(source, 0), (LineColumn{1, 1}));
  EXPECT_EQ(Locate(source, 7), (LineColumn{2, 1}));
  EXPECT_EQ(Locate(source, 14), (LineColumn{2, 7}));  // Behind the two bytes of one character.
  EXPECT_EQ(Locate(source, 1000), (LineColumn{3, 1}));
}

TEST(SourceTest, ShowsTheLineWithACaretUnderTheSpan) {
  const SourceText source = Text("SELECT 'é',\n\torign FROM flights");
  const Status status = ErrorAt(source, {.offset = 14, .length = 5}, "No such column.");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(status),
            "job.sql:2:2: No such column.\n"
            "  2 |  orign FROM flights\n"
            "    |  ^^^^^");
}

TEST(SourceTest, ShowsOneCaretAtTheEndOfTheText) {
  const SourceText source = {.name = "", .text = "SELECT"};
  EXPECT_EQ(MessageOf(ErrorAt(source, {.offset = 6, .length = 0}, "Too short.")),
            "1:7: Too short.\n"
            "  1 | SELECT\n"
            "    |       ^");
}

TEST(SourceTest, EndsTheCaretWithItsLine) {
  const SourceText source = Text("a (\nb\n)");
  EXPECT_EQ(MessageOf(ErrorAt(source, {.offset = 2, .length = 5}, "Open.")),
            "job.sql:1:3: Open.\n"
            "  1 | a (\n"
            "    |   ^");
}

TEST(SourceTest, CutsLongLinesAroundTheSpan) {
  const SourceText source = Text(std::string(500, 'a') + "bad" + std::string(500, 'c'));
  const std::string message(MessageOf(ErrorAt(source, {.offset = 500, .length = 3}, "Bad.")));
  EXPECT_THAT(message, testing::HasSubstr("1 | ..." + std::string(40, 'a') + "badccc"));
  EXPECT_THAT(message, testing::EndsWith("| " + std::string(43, ' ') + "^^^"));
  EXPECT_LT(message.size(), 400U);
}

TEST(SourceTest, SaysWhatIsNotSupported) {
  const Status status = UnsupportedAt(Text("PIVOT"), {.offset = 0, .length = 5}, "PIVOT");
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(MessageOf(status)),
              testing::StartsWith("job.sql:1:1: PIVOT is not supported."));
}

}  // namespace
}  // namespace thalweg::sql
