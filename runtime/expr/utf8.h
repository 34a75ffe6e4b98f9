// SPDX-License-Identifier: Apache-2.0
//
// Steps over code points of UTF-8. Bytes that are no UTF-8 count as one character each or belong to
// the one before; nothing reads outside of the text.
#ifndef THALWEG_RUNTIME_EXPR_UTF8_H_
#define THALWEG_RUNTIME_EXPR_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg::runtime::utf8 {

inline bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// The start of the next character. REQUIRES: at < text.size().
inline std::size_t Next(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && IsContinuation(text[at])) {
    ++at;
  }
  return at;
}

/// The start of the character before `at`. REQUIRES: at > 0.
inline std::size_t Previous(std::string_view text, std::size_t at) {
  --at;
  while (at > 0 && IsContinuation(text[at])) {
    --at;
  }
  return at;
}

/// The number of characters.
inline std::int64_t Count(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) {
    count += static_cast<std::int64_t>(!IsContinuation(c));
  }
  return count;
}

/// Where character number `count` from `at` on starts; text.size() when there are not so many.
inline std::size_t Skip(std::string_view text, std::size_t at, std::int64_t count) {
  for (; count > 0 && at < text.size(); --count) {
    at = Next(text, at);
  }
  return at;
}

/// The code point at `*at`, which moves behind it; -1 for bytes that are none. REQUIRES: *at <
/// text.size().
inline std::int32_t Decode(std::string_view text, std::size_t* at) {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t begin = *at;
  *at = Next(text, begin);
  const unsigned first = byte(begin);
  const std::size_t size = *at - begin;
  if (first < 0x80) {
    return size == 1 ? static_cast<std::int32_t>(first) : -1;
  }
  const std::size_t wanted = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 0;
  if (size != wanted) {
    return -1;
  }
  unsigned value = first & (0x7FU >> wanted);
  for (std::size_t i = 1; i < size; ++i) {
    value = (value << 6U) | (byte(begin + i) & 0x3FU);
  }
  return static_cast<std::int32_t>(value);
}

/// Appends a code point, which is a valid one.
inline void Append(std::int32_t code_point, std::string* out) {
  const auto value = static_cast<unsigned>(code_point);
  const auto put = [out](unsigned byte) { out->push_back(static_cast<char>(byte)); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0U | (value >> 6U));
    put(0x80U | (value & 0x3FU));
  } else if (value < 0x10000) {
    put(0xE0U | (value >> 12U));
    put(0x80U | ((value >> 6U) & 0x3FU));
    put(0x80U | (value & 0x3FU));
  } else {
    put(0xF0U | (value >> 18U));
    put(0x80U | ((value >> 12U) & 0x3FU));
    put(0x80U | ((value >> 6U) & 0x3FU));
    put(0x80U | (value & 0x3FU));
  }
}

}  // namespace thalweg::runtime::utf8

#endif  // THALWEG_RUNTIME_EXPR_UTF8_H_
