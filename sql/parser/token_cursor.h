// SPDX-License-Identifier: Apache-2.0
//
// A place in a list of tokens: looking, taking, and the message when the wrong one stands there.
// Every look by At() and Accept() is remembered until the cursor moves, so that a message can say
// what would have been right.
#ifndef THALWEG_SQL_PARSER_TOKEN_CURSOR_H_
#define THALWEG_SQL_PARSER_TOKEN_CURSOR_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "sql/parser/ast.h"
#include "sql/parser/lexer.h"
#include "sql/parser/source.h"

namespace thalweg::sql {

class TokenCursor {
 public:
  TokenCursor(const SourceText& source, std::vector<Token> tokens)
      : source_(source), tokens_(std::move(tokens)) {}

  const Token& Peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  /// The token before, or the first one.
  const Token& Previous() const { return tokens_[at_ == 0 ? 0 : at_ - 1]; }
  void Advance();
  bool AtEnd() const { return Peek().kind == TokenKind::kEnd; }

  /// Whether keywords or symbols stand here, one behind the other. The first one is remembered as
  /// expected.
  bool At(std::string_view word);
  bool At(std::initializer_list<std::string_view> words);
  /// The same `ahead` tokens from here, and nothing is remembered.
  bool Follows(std::size_t ahead, std::string_view word) const;

  /// Takes them if all stand here.
  bool Accept(std::string_view word);
  bool Accept(std::initializer_list<std::string_view> words);
  Status Expect(std::string_view word);
  Status Expect(std::initializer_list<std::string_view> words);

  /// Remembers something else than a keyword as expected here: "a name".
  void Want(std::string_view what) { wanted_.push_back(what); }

  bool AtString();
  bool AtName() const;  // A quoted name, or a word that is not reserved.

  /// `what` names it in the message: "a column name".
  StatusOr<ast::Identifier> ExpectName(std::string_view what);
  /// As ExpectName, and reserved words too: for places where nothing else can stand.
  StatusOr<ast::Identifier> ExpectAnyWord(std::string_view what);
  /// a.b.c
  StatusOr<ast::QualifiedName> ExpectQualifiedName(std::string_view what);
  StatusOr<std::string> ExpectString(std::string_view what);
  /// A whole number without sign, at most `max`.
  StatusOr<std::int64_t> ExpectInteger(std::string_view what, std::int64_t max);

  /// From `begin`'s first byte to the end of the last token taken.
  SourceSpan SpanFrom(SourceSpan begin) const;

  /// "Expected FROM or ',', found 'FORM'. Did you mean FROM?"
  Status Unexpected() const;
  Status Error(SourceSpan span, std::string_view message) const {
    return ErrorAt(source_, span, message);
  }
  Status Unsupported(SourceSpan span, std::string_view what) const {
    return UnsupportedAt(source_, span, what);
  }
  const SourceText& source() const { return source_; }

 private:
  ast::Identifier TakeName();
  std::string Suggestion() const;

  const SourceText& source_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::vector<std::string_view> wanted_;  // Since the last Advance(); points to constants.
};

/// Whether a token is this keyword (upper case) or symbol.
bool Is(const Token& token, std::string_view word);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PARSER_TOKEN_CURSOR_H_
