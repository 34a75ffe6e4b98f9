// SPDX-License-Identifier: Apache-2.0
#include "sql/parser/lexer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace thalweg::sql {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
/// Letters outside ASCII are bytes above 0x7F.
bool StartsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool ContinuesWord(char c) {
  return StartsWord(c) || IsDigit(c) || c == '$';
}
char UpperOf(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
int HexValue(char c) {
  if (IsDigit(c)) {
    return c - '0';
  }
  const char upper = UpperOf(c);
  return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

/// Bytes of the well-formed UTF-8 character at `at`; 0 when there is none.
std::size_t CharacterLength(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF) {
    return follows(1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool too_high = first == 0xF4 && byte(1) >= 0x90;
    return follows(1) && follows(2) && follows(3) && !overlong && !too_high ? 4 : 0;
  }
  return 0;
}

void AppendUtf8(std::uint32_t code, std::string& out) {
  const auto trail = [&](int shift) {
    out += static_cast<char>(0x80U | ((code >> shift) & 0x3FU));
  };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | (code >> 6));
    trail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | (code >> 12));
    trail(6);
    trail(0);
  } else {
    out += static_cast<char>(0xF0U | (code >> 18));
    trail(12);
    trail(6);
    trail(0);
  }
}

/// The longest that fits is taken, so longer ones come first.
constexpr std::array<std::string_view, 30> kSymbols = {
    "/*+", "<=", ">=", "<>", "!=", "||", "=>", "*/", "{-", "-}", "(", ")", "[", "]", "{",
    "}",   ",",  ";",  ".",  "+",  "-",  "*",  "/",  "%",  "=",  "<", ">", ":", "?", "|"};

class Lexer {
 public:
  explicit Lexer(const SourceText& source) : source_(source), text_(source.text) {}

  StatusOr<std::vector<Token>> Run() {
    RETURN_IF_ERROR(CheckEncoding());
    while (true) {
      RETURN_IF_ERROR(SkipBlanks());
      if (at_ == text_.size()) {
        break;
      }
      RETURN_IF_ERROR(Next());
    }
    Add(TokenKind::kEnd, at_, "");
    return std::move(tokens_);
  }

 private:
  char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool Follows(std::string_view what) const { return text_.substr(at_, what.size()) == what; }

  SourceSpan SpanFrom(std::size_t begin) const {
    return {.offset = static_cast<std::uint32_t>(begin),
            .length = static_cast<std::uint32_t>(at_ - begin)};
  }
  Status Error(std::size_t begin, std::string_view message) const {
    return ErrorAt(source_, SpanFrom(begin), message);
  }
  void Add(TokenKind kind, std::size_t begin, std::string text) {
    tokens_.push_back({.kind = kind, .span = SpanFrom(begin), .text = std::move(text)});
  }

  Status CheckEncoding() {
    for (std::size_t i = 0; i < text_.size();) {
      const std::size_t length = CharacterLength(text_, i);
      if (length == 0 || text_[i] == '\0') {
        at_ = i + 1;
        return Error(i,
                     fmt::format("The text is not UTF-8: byte 0x{:02x} cannot stand here.",
                                 static_cast<unsigned char>(text_[i])));
      }
      i += length;
    }
    return OkStatus();
  }

  Status SkipBlanks() {
    while (at_ < text_.size()) {
      if (IsSpace(Peek()) || Follows("\xEF\xBB\xBF")) {
        at_ += IsSpace(Peek()) ? 1 : 3;
      } else if (Follows("--")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (Follows("/*") && !Follows("/*+")) {
        const std::size_t begin = at_;
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) {
          at_ += 2;
          return Error(begin, "This comment is not closed: '*/' is missing.");
        }
        at_ = end + 2;
      } else {
        break;
      }
    }
    return OkStatus();
  }

  Status Next() {
    const char c = Peek();
    const bool quote_follows = Peek(1) == '\'';
    if ((c == 'X' || c == 'x') && quote_follows) {
      return Binary();
    }
    if ((c == 'E' || c == 'e') && quote_follows) {
      return EscapedString();
    }
    if (StartsWord(c)) {
      Word();
      return OkStatus();
    }
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)) && !AfterName())) {
      return Number();
    }
    if (c == '\'') {
      return Quoted('\'', TokenKind::kString);
    }
    if (c == '`') {
      return Quoted('`', TokenKind::kQuotedName);
    }
    return Symbol();
  }

  /// In `t.1` the point is no part of a number, so that the message names the `1`.
  bool AfterName() const {
    if (tokens_.empty() || tokens_.back().span.end() != at_) {
      return false;
    }
    const Token& last = tokens_.back();
    return last.kind == TokenKind::kWord || last.kind == TokenKind::kQuotedName ||
           last.text == ")" || last.text == "]";
  }

  void Word() {
    const std::size_t begin = at_;
    std::string upper;
    while (at_ < text_.size() && ContinuesWord(Peek())) {
      upper += UpperOf(Peek());
      ++at_;
    }
    Add(TokenKind::kWord, begin, std::move(upper));
  }

  Status Number() {
    const std::size_t begin = at_;
    const auto digits = [&] {
      while (IsDigit(Peek())) {
        ++at_;
      }
    };
    digits();
    if (Peek() == '.') {
      ++at_;
      digits();
    }
    if (UpperOf(Peek()) == 'E') {
      const std::size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
      if (IsDigit(Peek(1 + sign))) {
        at_ += 1 + sign;
        digits();
      }
    }
    if (ContinuesWord(Peek())) {
      while (ContinuesWord(Peek())) {
        ++at_;
      }
      return Error(begin,
                   "A name cannot begin with a digit, nor a number end with a letter. A name of "
                   "this kind is written in back-quotes.");
    }
    Add(TokenKind::kNumber, begin, std::string(text_.substr(begin, at_ - begin)));
    return OkStatus();
  }

  Status Unclosed(std::size_t begin, char quote) {
    at_ = begin + 1;
    return Error(begin, fmt::format("The quote is not closed: another {} is missing.", quote));
  }

  Status Quoted(char quote, TokenKind kind) {
    const std::size_t begin = at_;
    std::string value;
    ++at_;
    while (true) {
      const std::size_t close = text_.find(quote, at_);
      if (close == std::string_view::npos) {
        return Unclosed(begin, quote);
      }
      value += text_.substr(at_, close - at_);
      at_ = close + 1;
      if (Peek() != quote) {
        break;
      }
      value += quote;  // Doubled: one of it.
      ++at_;
    }
    if (kind == TokenKind::kQuotedName && value.empty()) {
      return Error(begin, "A name cannot be empty.");
    }
    Add(kind, begin, std::move(value));
    return OkStatus();
  }

  Status Binary() {
    const std::size_t begin = at_;
    const std::size_t close = text_.find('\'', at_ + 2);
    if (close == std::string_view::npos) {
      return Unclosed(begin + 1, '\'');
    }
    const std::string_view digits = text_.substr(at_ + 2, close - at_ - 2);
    at_ = close + 1;
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
      const int high = HexValue(digits[i]);
      const int low = HexValue(digits[i + 1]);
      if (high < 0 || low < 0) {
        return Error(begin, "X'...' holds hexadecimal digits only.");
      }
      bytes += static_cast<char>(high * 16 + low);
    }
    if (digits.size() % 2 != 0) {
      return Error(begin, "X'...' needs an even number of hexadecimal digits.");
    }
    Add(TokenKind::kBinary, begin, std::move(bytes));
    return OkStatus();
  }

  /// E'...': C's escapes.
  Status EscapedString() {
    const std::size_t begin = at_;
    std::string value;
    at_ += 2;
    while (true) {
      if (at_ == text_.size()) {
        return Unclosed(begin + 1, '\'');
      }
      const char c = Peek();
      ++at_;
      if (c == '\'') {
        if (Peek() != '\'') {
          break;
        }
        ++at_;
        value += c;
      } else if (c == '\\') {
        RETURN_IF_ERROR(Escape(value));
      } else {
        value += c;
      }
    }
    Add(TokenKind::kString, begin, std::move(value));
    return OkStatus();
  }

  /// Behind a backslash.
  Status Escape(std::string& value) {
    static constexpr std::string_view kLetters = "bfnrt";
    static constexpr std::string_view kMeanings = "\b\f\n\r\t";
    const std::size_t begin = at_ - 1;
    const char c = Peek();
    ++at_;
    if (const std::size_t i = kLetters.find(c); c != '\0' && i != std::string_view::npos) {
      value += kMeanings[i];
      return OkStatus();
    }
    if (c == '\\' || c == '\'' || c == '"') {
      value += c;
      return OkStatus();
    }
    if (c == 'u' || c == 'U') {
      return CodeEscape(begin, /*base=*/16, /*digits=*/c == 'u' ? 4 : 8, value);
    }
    if (c == 'x') {
      return CodeEscape(begin, 16, HexValue(Peek(1)) >= 0 ? 2 : 1, value);
    }
    if (c >= '0' && c <= '7') {
      --at_;
      int digits = 1;
      while (digits < 3 && Peek(digits) >= '0' && Peek(digits) <= '7') {
        ++digits;
      }
      return CodeEscape(begin, 8, digits, value);
    }
    at_ = std::min(at_, text_.size());
    return Error(begin, "An unknown escape. A backslash itself is written '\\\\' in E'...'.");
  }

  Status CodeEscape(std::size_t begin, int base, int digits, std::string& value) {
    std::uint64_t code = 0;
    for (int i = 0; i < digits; ++i) {
      const int digit = HexValue(Peek());
      if (digit < 0) {
        return Error(begin, fmt::format("This escape needs {} hexadecimal digits.", digits));
      }
      code = code * base + digit;
      ++at_;
    }
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
      return Error(begin, "This escape is not a character of Unicode.");
    }
    AppendUtf8(static_cast<std::uint32_t>(code), value);
    return OkStatus();
  }

  Status Symbol() {
    const std::size_t begin = at_;
    for (const std::string_view symbol : kSymbols) {
      // Outside of a hint `*/` is a product and a comment: 2*/* two */3.
      if (!Follows(symbol) || (symbol == "*/" && !in_hint_)) {
        continue;
      }
      at_ += symbol.size();
      in_hint_ = symbol == "/*+" || (in_hint_ && symbol != "*/");
      Add(TokenKind::kSymbol, begin, std::string(symbol == "!=" ? "<>" : symbol));
      return OkStatus();
    }
    const std::size_t length = CharacterLength(text_, at_);
    at_ += length;
    if (text_[begin] == '"') {
      return Error(begin,
                   "Double quotes have no meaning here: a name is written in back-quotes (`name`), "
                   "a string in single quotes ('text').");
    }
    return Error(begin, fmt::format("'{}' has no meaning here.", text_.substr(begin, length)));
  }

  const SourceText& source_;
  const std::string_view text_;
  std::size_t at_ = 0;
  bool in_hint_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

StatusOr<std::vector<Token>> Tokenize(const SourceText& source) {
  return Lexer(source).Run();
}

}  // namespace thalweg::sql
