// SPDX-License-Identifier: Apache-2.0
#include "sql/parser/lexer.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> TextsOf(std::string text) {
  const SourceText source = {.name = "", .text = std::move(text)};
  const auto tokens = Tokenize(source);
  EXPECT_TRUE(tokens.ok()) << tokens.status();
  std::vector<std::string> texts;
  for (std::size_t i = 0; tokens.ok() && i + 1 < tokens->size(); ++i) {
    texts.push_back((*tokens)[i].text);
  }
  return texts;
}

std::string ErrorOf(std::string text) {
  const SourceText source = {.name = "", .text = std::move(text)};
  const auto tokens = Tokenize(source);
  EXPECT_FALSE(tokens.ok());
  return std::string(MessageOf(tokens.status()));
}

TEST(LexerTest, WritesWordsInUpperCaseAndKeepsQuotedNames) {
  EXPECT_THAT(TextsOf("select `Sel``ect` größe_1$"), ElementsAre("SELECT", "Sel`ect", "GRößE_1$"));
}

TEST(LexerTest, DropsComments) {
  EXPECT_THAT(TextsOf("a -- b\n/* c\n */d--"), ElementsAre("A", "D"));
  EXPECT_THAT(TextsOf("2*/* two */3"), ElementsAre("2", "*", "3"));
}

TEST(LexerTest, KeepsHints) {
  EXPECT_THAT(TextsOf("t /*+ A('b') */ */"),
              ElementsAre("T", "/*+", "A", "(", "b", ")", "*/", "*", "/"));
}

TEST(LexerTest, TakesTheLongestSymbol) {
  EXPECT_THAT(TextsOf("a<=b<>c!=d=>e||f"),
              ElementsAre("A", "<=", "B", "<>", "C", "<>", "D", "=>", "E", "||", "F"));
}

TEST(LexerTest, ReadsNumbers) {
  EXPECT_THAT(TextsOf("1 1.5 .5 1. 1e10 1.5E-3 a[1].b"),
              ElementsAre("1", "1.5", ".5", "1.", "1e10", "1.5E-3", "A", "[", "1", "]", ".", "B"));
  EXPECT_THAT(ErrorOf("SELECT 1abc"), HasSubstr("A name cannot begin with a digit"));
}

TEST(LexerTest, ReadsStrings) {
  EXPECT_THAT(TextsOf("'it''s' '' 'a\nb'"), ElementsAre("it's", "", "a\nb"));
  EXPECT_THAT(TextsOf("E'a\\n\\'\\\\\\x41\\u00e9\\101' e''"),
              ElementsAre("a\n'\\A\xC3\xA9"
                          "A",
                          ""));
  EXPECT_THAT(TextsOf("X'00fF' x''"), ElementsAre(std::string("\0\xFF", 2), ""));
}

TEST(LexerTest, SaysWhatIsWrongWithAString) {
  EXPECT_THAT(ErrorOf("'abc"), HasSubstr("1:1: The quote is not closed"));
  EXPECT_THAT(ErrorOf("`abc"), HasSubstr("another ` is missing"));
  EXPECT_THAT(ErrorOf("``"), HasSubstr("A name cannot be empty"));
  EXPECT_THAT(ErrorOf("X'0'"), HasSubstr("even number"));
  EXPECT_THAT(ErrorOf("X'0g'"), HasSubstr("hexadecimal digits only"));
  EXPECT_THAT(ErrorOf("E'\\q'"), HasSubstr("1:3: An unknown escape"));
  EXPECT_THAT(ErrorOf("E'\\uD800'"), HasSubstr("not a character of Unicode"));
  EXPECT_THAT(ErrorOf("E'\\u00'"), HasSubstr("needs 4 hexadecimal digits"));
  EXPECT_THAT(ErrorOf("E'\\"), HasSubstr("An unknown escape"));
}

TEST(LexerTest, SaysWhatHasNoMeaning) {
  EXPECT_THAT(ErrorOf("SELECT \"a\""), HasSubstr("a name is written in back-quotes"));
  EXPECT_THAT(ErrorOf("SELECT a ^ b"), HasSubstr("1:10: '^' has no meaning here."));
  EXPECT_THAT(ErrorOf("a /* b"), HasSubstr("1:3: This comment is not closed"));
}

TEST(LexerTest, RefusesWhatIsNotUtf8) {
  for (const char* bytes :
       {"\xFF", "a\x80", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC3"}) {
    EXPECT_THAT(ErrorOf(bytes), HasSubstr("The text is not UTF-8")) << bytes;
  }
  EXPECT_THAT(ErrorOf(std::string("a\0b", 3)), HasSubstr("byte 0x00 cannot stand here"));
}

TEST(LexerTest, SkipsAByteOrderMark) {
  EXPECT_THAT(TextsOf("\xEF\xBB\xBF"), IsEmpty());
}

}  // namespace
}  // namespace thalweg::sql
