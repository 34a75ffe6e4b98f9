// SPDX-License-Identifier: Apache-2.0
//
// Tokens of JSON in a line of text.
//
// All text here ends with a newline and is followed by 64 readable bytes. A newline is no blank and
// no part of any token, so every scan stops at it, and no function needs to be told of an end. Each
// returns the place behind what it read, or nullptr after it has noted the trouble.
#ifndef THALWEG_CONNECTORS_FORMATS_JSON_SCAN_H_
#define THALWEG_CONNECTORS_FORMATS_JSON_SCAN_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <emmintrin.h>

#include "connectors/formats/records/utf8.h"

namespace thalweg::connectors::json {

struct Node;

/// The first trouble in a line.
struct Problem {
  const char* at = nullptr;
  const char* reason = nullptr;  // Static text.
  const Node* node = nullptr;    // The field, where there is one.
  bool syntax = false;           // No JSON; else a value that does not fit its field.

  /// Notes trouble and returns the nullptr that says so.
  const char* Syntax(const char* where, const char* why) {
    *this = {where, why, nullptr, true};
    return nullptr;
  }
  const char* Misfit(const char* where, const char* why, const Node& field) {
    *this = {where, why, &field, false};
    return nullptr;
  }
};

/// Nesting of values that are read or skipped, so that hostile input cannot exhaust the stack.
inline constexpr int kMaxDepth = 256;

inline bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

inline const char* SkipBlanks(const char* p) {
  while (IsBlank(*p)) {
    ++p;
  }
  return p;
}

inline bool IsDigit(char c) {
  return static_cast<unsigned char>(c - '0') < 10;
}

/// The first byte that is a quote, a backslash, a control character or not ASCII.
inline const char* FindSpecial(const char* p) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i blank = _mm_set1_epi8(' ');
  for (;; p += 32) {
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16));
    // Signed comparison: bytes from 0x80 on are less than a blank too.
    const __m128i in_a =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(a, quote), _mm_cmpeq_epi8(a, backslash)),
                     _mm_cmplt_epi8(a, blank));
    const __m128i in_b =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(b, quote), _mm_cmpeq_epi8(b, backslash)),
                     _mm_cmplt_epi8(b, blank));
    const std::uint32_t mask = static_cast<std::uint32_t>(_mm_movemask_epi8(in_a)) |
                               static_cast<std::uint32_t>(_mm_movemask_epi8(in_b)) << 16;
    if (mask != 0) {
      return p + std::countr_zero(mask);
    }
  }
}

/// A string as it stands between its quotes. Escapes and UTF-8 have been checked.
struct StringToken {
  const char* begin = nullptr;
  const char* end = nullptr;
  bool escaped = false;

  std::string_view raw() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};

/// Goes on at `stop`, the first special byte that is not the closing quote.
const char* ScanStringSlow(const char* begin,
                           const char* stop,
                           StringToken& token,
                           Problem& problem);

/// `p` is behind the opening quote.
inline const char* ScanString(const char* p, StringToken& token, Problem& problem) {
  const char* stop = FindSpecial(p);
  if (*stop == '"') [[likely]] {
    token = {p, stop, false};
    return stop + 1;
  }
  return ScanStringSlow(p, stop, token, problem);
}

/// As ScanStringSlow() and Unescape() in one go, for strings of up to kShortText bytes: `out` has
/// room for so many and 32 more. nullptr without trouble noted: the string is longer.
inline constexpr std::size_t kShortText = 2048;
const char* UnescapeShort(
    const char* begin, const char* stop, char* out, std::size_t* size, Problem& problem);

/// Writes the text that an escaped token stands for, at most raw().size() bytes, and up to 16 more
/// bytes of no meaning; returns its size.
std::size_t Unescape(const StringToken& token, char* out);

/// A number by JSON's grammar, beginning with '-' or a digit. `*integer`: no fraction, no exponent.
const char* ScanNumber(const char* p, bool* integer, Problem& problem);

/// "true", "false" or "null": compares 4 bytes, or 5.
inline bool IsTrue(const char* p) {
  return std::memcmp(p, "true", 4) == 0;
}
inline bool IsFalse(const char* p) {
  return std::memcmp(p, "false", 5) == 0;
}
inline bool IsNull(const char* p) {
  return std::memcmp(p, "null", 4) == 0;
}

/// Any value, checked to its last byte. `p` is at its first byte, no blank. `depth` is how many
/// values it lies in.
const char* SkipValue(const char* p, int depth, Problem& problem);

}  // namespace thalweg::connectors::json

#endif  // THALWEG_CONNECTORS_FORMATS_JSON_SCAN_H_
