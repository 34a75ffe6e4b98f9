// SPDX-License-Identifier: Apache-2.0
//
// Digits into numbers, eight at a time.
#ifndef THALWEG_CONNECTORS_FORMATS_JSON_INTEGER_H_
#define THALWEG_CONNECTORS_FORMATS_JSON_INTEGER_H_

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/coding.h"

namespace thalweg::connectors::json {

/// How many of the eight bytes at the low end of `word` are digits before the first other byte.
inline int CountDigits(std::uint64_t word) {
  // A byte is a digit iff its high half is 3 and adding 6 does not carry into that half.
  const std::uint64_t others =
      ((word & 0xf0f0f0f0f0f0f0f0) ^ 0x3030303030303030) |
      (((word + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) ^ 0x3030303030303030);
  return others == 0 ? 8 : std::countr_zero(others) / 8;
}

/// The number that the first `count` (0 to 8) digits at the low end of `word` spell.
inline std::uint64_t EightDigits(std::uint64_t word, int count) {
  if (count == 0) {
    return 0;
  }
  word = (word & 0x0f0f0f0f0f0f0f0f) << (64 - 8 * count);  // Zeroes in front.
  word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ff;
  word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffff;
  return (word * 10000 + (word >> 32)) & 0xffffffff;
}

inline constexpr std::uint64_t kPowersOfTen[] = {
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};

/// Reads an integer of up to 16 digits; returns the place behind it, or nullptr when there is
/// anything unusual: no digit, a needless 0, more digits, a fraction or an exponent.
[[gnu::always_inline]] inline const char* ReadShortInteger(const char* p, std::int64_t* value) {
  const bool negative = *p == '-';
  p += negative ? 1 : 0;
  const std::uint64_t first = LoadFixed<std::uint64_t>(p);
  int count = CountDigits(first);
  std::uint64_t number = EightDigits(first, count);
  if (count == 0 || (*p == '0' && count > 1)) {
    return nullptr;
  }
  p += count;
  if (count == 8) {
    const std::uint64_t second = LoadFixed<std::uint64_t>(p);
    count = CountDigits(second);
    number = number * kPowersOfTen[count] + EightDigits(second, count);
    p += count;
    if (count == 8 && static_cast<unsigned char>(*p - '0') < 10) {
      return nullptr;
    }
  }
  if (*p == '.' || (*p | 0x20) == 'e') {
    return nullptr;
  }
  *value = negative ? -static_cast<std::int64_t>(number) : static_cast<std::int64_t>(number);
  return p;
}

}  // namespace thalweg::connectors::json

#endif  // THALWEG_CONNECTORS_FORMATS_JSON_INTEGER_H_
