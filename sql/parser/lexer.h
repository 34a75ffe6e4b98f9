// SPDX-License-Identifier: Apache-2.0
//
// SQL text to tokens. Comments are dropped, but for hints.
#ifndef THALWEG_SQL_PARSER_LEXER_H_
#define THALWEG_SQL_PARSER_LEXER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "sql/parser/source.h"

namespace thalweg::sql {

enum class TokenKind : std::uint8_t {
  kWord,        // select, x1: a keyword or a name.
  kQuotedName,  // `x y`.
  kString,      // 'it''s', E'a\n'.
  kBinary,      // X'0aff'.
  kNumber,      // 12, 1.5, .5, 1e-3.
  kSymbol,      // Operators, brackets, and the ends of a hint.
  kEnd,         // Behind the last token.
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  SourceSpan span;
  /// kWord: in upper case. kQuotedName, kString, kBinary: the value. Others: as written.
  std::string text;
};

/// All tokens, then one kEnd. Errors as of ParseScript.
StatusOr<std::vector<Token>> Tokenize(const SourceText& source);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PARSER_LEXER_H_
