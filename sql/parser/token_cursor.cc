// SPDX-License-Identifier: Apache-2.0
#include "sql/parser/token_cursor.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/config.h"
#include "sql/parser/keywords.h"

namespace thalweg::sql {
namespace {

/// Most alternatives that a message lists.
constexpr std::size_t kMaxListed = 8;

/// Shorter words resemble too many keywords.
constexpr std::size_t kShortestSlip = 3;
/// Most bytes of a token that a message repeats.
constexpr std::size_t kMaxRepeated = 40;

bool IsKeyword(std::string_view wanted) {
  return !wanted.empty() && wanted[0] >= 'A' && wanted[0] <= 'Z';
}

std::string Shown(std::string_view wanted) {
  const bool is_symbol = !IsKeyword(wanted) && wanted.find(' ') == std::string_view::npos;
  return is_symbol ? fmt::format("'{}'", wanted) : std::string(wanted);
}

/// The first line of a token, not too much of it, and whole characters.
std::string_view Repeated(std::string_view token) {
  std::size_t length = std::min({token.size(), token.find('\n'), kMaxRepeated});
  while (length > 0 && length < token.size() &&
         (static_cast<unsigned char>(token[length]) & 0xC0U) == 0x80U) {
    --length;
  }
  return token.substr(0, length);
}

}  // namespace

bool Is(const Token& token, std::string_view word) {
  return (token.kind == TokenKind::kWord || token.kind == TokenKind::kSymbol) && token.text == word;
}

void TokenCursor::Advance() {
  if (at_ + 1 < tokens_.size()) {
    ++at_;
  }
  wanted_.clear();
}

bool TokenCursor::Follows(std::size_t ahead, std::string_view word) const {
  return Is(Peek(ahead), word);
}

bool TokenCursor::At(std::string_view word) {
  wanted_.push_back(word);
  return Follows(0, word);
}

bool TokenCursor::At(std::initializer_list<std::string_view> words) {
  wanted_.push_back(*words.begin());
  std::size_t ahead = 0;
  return std::all_of(
      words.begin(), words.end(), [&](std::string_view word) { return Follows(ahead++, word); });
}

bool TokenCursor::Accept(std::string_view word) {
  if (!At(word)) {
    return false;
  }
  Advance();
  return true;
}

bool TokenCursor::Accept(std::initializer_list<std::string_view> words) {
  if (!At(words)) {
    return false;
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    Advance();
  }
  return true;
}

Status TokenCursor::Expect(std::string_view word) {
  return Accept(word) ? OkStatus() : Unexpected();
}

Status TokenCursor::Expect(std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    RETURN_IF_ERROR(Expect(word));
  }
  return OkStatus();
}

bool TokenCursor::AtString() {
  Want("a string in quotes");
  return Peek().kind == TokenKind::kString;
}

bool TokenCursor::AtName() const {
  const Token& token = Peek();
  return token.kind == TokenKind::kQuotedName ||
         (token.kind == TokenKind::kWord && !IsReserved(token.text));
}

ast::Identifier TokenCursor::TakeName() {
  const Token& token = Peek();
  const bool quoted = token.kind == TokenKind::kQuotedName;
  ast::Identifier name = {.name = quoted ? token.text : std::string(source_.Slice(token.span)),
                          .quoted = quoted,
                          .span = token.span};
  Advance();
  return name;
}

StatusOr<ast::Identifier> TokenCursor::ExpectName(std::string_view what) {
  if (AtName()) {
    return TakeName();
  }
  Want(what);
  if (Peek().kind == TokenKind::kWord && Suggestion().empty()) {
    return Error(Peek().span,
                 fmt::format("Expected {}, found the keyword {}. A name that is a keyword is "
                             "written in back-quotes: `{}`.",
                             what,
                             Peek().text,
                             source_.Slice(Peek().span)));
  }
  return Unexpected();
}

StatusOr<ast::Identifier> TokenCursor::ExpectAnyWord(std::string_view what) {
  if (Peek().kind == TokenKind::kWord || Peek().kind == TokenKind::kQuotedName) {
    return TakeName();
  }
  Want(what);
  return Unexpected();
}

StatusOr<ast::QualifiedName> TokenCursor::ExpectQualifiedName(std::string_view what) {
  const SourceSpan begin = Peek().span;
  ast::QualifiedName name;
  ASSIGN_OR_RETURN(ast::Identifier first, ExpectName(what));
  name.parts.push_back(std::move(first));
  while (Accept(".")) {
    ASSIGN_OR_RETURN(ast::Identifier part, ExpectAnyWord("a name"));
    name.parts.push_back(std::move(part));
  }
  name.span = SpanFrom(begin);
  return name;
}

StatusOr<std::string> TokenCursor::ExpectString(std::string_view what) {
  if (Peek().kind != TokenKind::kString) {
    Want(what);
    return Unexpected();
  }
  std::string text = Peek().text;
  Advance();
  return text;
}

StatusOr<std::int64_t> TokenCursor::ExpectInteger(std::string_view what, std::int64_t max) {
  const Token& token = Peek();
  if (token.kind != TokenKind::kNumber) {
    Want(what);
    return Unexpected();
  }
  std::int64_t value = 0;
  const char* const end = token.text.data() + token.text.size();
  const auto [stopped, error] = std::from_chars(token.text.data(), end, value);
  if (error != std::errc() || stopped != end || value > max) {
    return Error(token.span, fmt::format("Expected {} from 0 to {}.", what, max));
  }
  Advance();
  return value;
}

SourceSpan TokenCursor::SpanFrom(SourceSpan begin) const {
  return at_ == 0 || Previous().span.end() < begin.offset ? SourceSpan{begin.offset, 0}
                                                          : Cover(begin, Previous().span);
}

/// Which of the wanted keywords the word here was meant to be; or, where a misspelled keyword has
/// been taken as an alias (SELECT a FORM t), the word before.
std::string TokenCursor::Suggestion() const {
  std::vector<std::string_view> keywords;
  std::copy_if(wanted_.begin(), wanted_.end(), std::back_inserter(keywords), IsKeyword);
  const auto nearest = [&](const Token& token) {
    return token.kind == TokenKind::kWord && token.text.size() >= kShortestSlip
               ? NearestWord(token.text, keywords)
               : std::string_view();
  };
  if (const std::string_view here = nearest(Peek()); !here.empty() && here != Peek().text) {
    return fmt::format(" Did you mean {}?", here);
  }
  if (at_ > 0 && !IsReserved(Previous().text)) {
    const std::string_view before = nearest(Previous());
    if (!before.empty() && before != Previous().text) {
      return fmt::format(
          " Did you mean {} instead of '{}'?", before, source_.Slice(Previous().span));
    }
  }
  return "";
}

Status TokenCursor::Unexpected() const {
  std::vector<std::string_view> wanted;
  for (const std::string_view each : wanted_) {
    if (std::find(wanted.begin(), wanted.end(), each) == wanted.end()) {
      wanted.push_back(each);
    }
  }
  const std::string_view here = source_.Slice(Peek().span);
  std::string list;
  for (std::size_t i = 0; i < std::min(wanted.size(), kMaxListed); ++i) {
    const bool last = i + 1 == std::min(wanted.size(), kMaxListed);
    list += (i == 0 ? "" : last && wanted.size() <= kMaxListed ? " or " : ", ") + Shown(wanted[i]);
  }
  if (wanted.size() > kMaxListed) {
    list += ", ...";
  }
  const std::string found = AtEnd() ? "the end of the text" : fmt::format("'{}'", Repeated(here));
  const std::string message = list.empty() ? fmt::format("{} cannot stand here.", found)
                                           : fmt::format("Expected {}, found {}.", list, found);
  return Error(Peek().span, message + Suggestion());
}

}  // namespace thalweg::sql
