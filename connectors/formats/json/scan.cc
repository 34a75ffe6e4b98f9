// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/json/scan.h"

#include <algorithm>
#include <array>

namespace thalweg::connectors::json {
namespace {

/// The value of a hexadecimal digit, or -1.
int HexDigit(char c) {
  if (IsDigit(c)) {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Four hexadecimal digits, or -1. Stops at the first other byte, so never reads past a newline.
int HexFour(const char* p) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = HexDigit(p[i]);
    if (digit < 0) {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

bool IsHighSurrogate(int unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}
bool IsLowSurrogate(int unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

char* AppendUtf8(std::uint32_t code, char* out) {
  const auto put = [&out](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
  return out;
}

/// What a backslash and a byte stand for; 0: no such escape, or \\u.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  for (const char same : {'"', '\\', '/'}) {
    table[static_cast<unsigned char>(same)] = same;
  }
  table['b'] = '\b';
  table['f'] = '\f';
  table['n'] = '\n';
  table['r'] = '\r';
  table['t'] = '\t';
  return table;
}();

char UnescapeOne(char c) {
  return kEscapes[static_cast<unsigned char>(c)];
}

/// Checks the escape at the backslash `p`.
const char* ScanEscape(const char* p, Problem& problem) {
  if (UnescapeOne(p[1]) != 0) {
    return p + 2;
  }
  if (p[1] != 'u') {
    return problem.Syntax(p, "an unknown escape in a string");
  }
  const int unit = HexFour(p + 2);
  if (unit < 0) {
    return problem.Syntax(p, "\\u is not followed by four hexadecimal digits");
  }
  if (IsHighSurrogate(unit) && p[6] == '\\' && p[7] == 'u' && IsLowSurrogate(HexFour(p + 8))) {
    return p + 12;
  }
  if (IsHighSurrogate(unit) || IsLowSurrogate(unit)) {
    return problem.Syntax(p, "half of a surrogate pair stands alone");
  }
  return p + 6;
}

/// The code point of the checked \\u at `p`, and of its second half.
const char* UnescapeUnit(const char* p, char** out) {
  const int unit = HexFour(p + 2);
  auto code = static_cast<std::uint32_t>(unit);
  p += 6;
  if (IsHighSurrogate(unit)) {
    const auto low = static_cast<std::uint32_t>(HexFour(p + 2));
    code = 0x10000U + ((code - 0xd800U) << 10) + (low - 0xdc00U);
    p += 6;
  }
  *out = AppendUtf8(code, *out);
  return p;
}

/// A bit for each of 16 bytes that is a quote, a backslash or a control character.
std::uint32_t Stops(__m128i bytes) {
  const __m128i found =
      _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                   _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(found));
}

const char* FindStop(const char* p) {
  for (;; p += 16) {
    const std::uint32_t stops = Stops(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    if (stops != 0) {
      return p + std::countr_zero(stops);
    }
  }
}

/// What is wrong with a byte that ends a string without being its quote.
const char* BadStop(const char* p, Problem& problem) {
  return problem.Syntax(
      p, *p == '\n' ? "the line ends inside a string" : "a control character in a string");
}

const char* SkipDigits(const char* p) {
  while (IsDigit(*p)) {
    ++p;
  }
  return p;
}

/// Elements of an array from behind its bracket, or of an object from behind its brace.
const char* SkipContainer(const char* p, bool object, int depth, Problem& problem) {
  const char close = object ? '}' : ']';
  if (depth >= kMaxDepth) {
    return problem.Syntax(p, "values are nested too deeply");
  }
  p = SkipBlanks(p);
  if (*p == close) {
    return p + 1;
  }
  while (true) {
    if (object) {
      StringToken key;
      if (*p != '"') {
        return problem.Syntax(p, "a key in quotes was expected");
      }
      if ((p = ScanString(p + 1, key, problem)) == nullptr) {
        return nullptr;
      }
      p = SkipBlanks(p);
      if (*p != ':') {
        return problem.Syntax(p, "':' was expected");
      }
      p = SkipBlanks(p + 1);
    }
    if ((p = SkipValue(p, depth + 1, problem)) == nullptr) {
      return nullptr;
    }
    p = SkipBlanks(p);
    if (*p == close) {
      return p + 1;
    }
    if (*p != ',') {
      return problem.Syntax(p, object ? "',' or '}' was expected" : "',' or ']' was expected");
    }
    p = SkipBlanks(p + 1);
  }
}

}  // namespace

const char* ScanStringSlow(const char* begin,
                           const char* stop,
                           StringToken& token,
                           Problem& problem) {
  bool escaped = false;
  const char* p = FindStop(stop);
  while (*p != '"') {
    if (*p != '\\') {
      return BadStop(p, problem);
    }
    escaped = true;
    if ((p = ScanEscape(p, problem)) == nullptr) {
      return nullptr;
    }
    p = FindStop(p);
  }
  token = {begin, p, escaped};
  return IsUtf8(token.raw()) ? p + 1 : problem.Syntax(begin, "a string is not UTF-8");
}

const char* UnescapeShort(
    const char* begin, const char* stop, char* out, std::size_t* size, Problem& problem) {
  char* const start = out;
  char* const limit = out + kShortText;
  if (stop - begin > static_cast<std::ptrdiff_t>(kShortText)) {
    return nullptr;
  }
  std::memcpy(out, begin, static_cast<std::size_t>(stop - begin));
  out += stop - begin;
  const char* p = stop;
  int not_ascii = 0;
  while (out <= limit) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
    not_ascii |= _mm_movemask_epi8(bytes);  // Of a few bytes too many; then they are checked.
    const std::uint32_t stops = Stops(bytes);
    const int plain = stops == 0 ? 16 : std::countr_zero(stops);
    p += plain;
    out += plain;
    if (stops == 0) {
      continue;
    }
    if (*p == '"') {
      *size = static_cast<std::size_t>(out - start);
      const bool good = not_ascii == 0 || IsUtf8({start, *size});
      return good ? p + 1 : problem.Syntax(begin, "a string is not UTF-8");
    }
    if (*p != '\\') {
      return BadStop(p, problem);
    }
    if (const char plain_escape = UnescapeOne(p[1]); plain_escape != 0) {
      *out++ = plain_escape;
      p += 2;
    } else if (ScanEscape(p, problem) == nullptr) {
      return nullptr;
    } else {
      p = UnescapeUnit(p, &out);
    }
  }
  return nullptr;
}

std::size_t Unescape(const StringToken& token, char* out) {
  const char* const start = out;
  for (const char* p = token.begin; p < token.end;) {
    // What is plain goes over 16 bytes at a time: 15 too many are written again or cut off.
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
    const auto escapes =
        static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    const std::ptrdiff_t plain =
        std::min<std::ptrdiff_t>(escapes == 0 ? 16 : std::countr_zero(escapes), token.end - p);
    p += plain;
    out += plain;
    if (plain == 16 || p == token.end) {
      continue;
    }
    if (p[1] != 'u') {
      *out++ = UnescapeOne(p[1]);
      p += 2;
    } else {
      p = UnescapeUnit(p, &out);
    }
  }
  return static_cast<std::size_t>(out - start);
}

const char* ScanNumber(const char* p, bool* integer, Problem& problem) {
  const char* const begin = p;
  *integer = true;
  p += *p == '-' ? 1 : 0;
  if (!IsDigit(*p)) {
    return problem.Syntax(begin, "a value was expected");
  }
  if (*p == '0' && IsDigit(p[1])) {
    return problem.Syntax(begin, "a number begins with a needless 0");
  }
  p = SkipDigits(p);
  if (*p == '.') {
    *integer = false;
    if (!IsDigit(*++p)) {
      return problem.Syntax(begin, "a number has no digit behind its point");
    }
    p = SkipDigits(p);
  }
  if (*p == 'e' || *p == 'E') {
    *integer = false;
    ++p;
    p += *p == '-' || *p == '+' ? 1 : 0;
    if (!IsDigit(*p)) {
      return problem.Syntax(begin, "a number has no digit in its exponent");
    }
    p = SkipDigits(p);
  }
  return p;
}

const char* SkipValue(const char* p, int depth, Problem& problem) {
  switch (*p) {
    case '"': {
      StringToken token;
      return ScanString(p + 1, token, problem);
    }
    case '{':
      return SkipContainer(p + 1, /*object=*/true, depth, problem);
    case '[':
      return SkipContainer(p + 1, /*object=*/false, depth, problem);
    case 't':
      return IsTrue(p) ? p + 4 : problem.Syntax(p, "a value was expected");
    case 'f':
      return IsFalse(p) ? p + 5 : problem.Syntax(p, "a value was expected");
    case 'n':
      return IsNull(p) ? p + 4 : problem.Syntax(p, "a value was expected");
    default: {
      bool integer;
      return ScanNumber(p, &integer, problem);
    }
  }
}

}  // namespace thalweg::connectors::json
