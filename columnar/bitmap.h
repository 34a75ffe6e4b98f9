// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_BITMAP_H_
#define THALWEG_COLUMNAR_BITMAP_H_

#include <cstddef>
#include <cstdint>

// Bits in bytes, least significant first, as in Arrow's validity bitmaps: 1 means valid.
namespace thalweg::columnar::bitmap {

constexpr std::size_t BytesFor(std::size_t bits) {
  return (bits + 7) / 8;
}

inline bool Get(const std::uint8_t* bits, std::size_t i) {
  return (bits[i / 8] >> (i % 8)) & 1;
}

inline void Set(std::uint8_t* bits, std::size_t i) {
  bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | (1U << (i % 8)));
}

inline void Clear(std::uint8_t* bits, std::size_t i) {
  bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] & ~(1U << (i % 8)));
}

inline void Put(std::uint8_t* bits, std::size_t i, bool value) {
  const unsigned byte = bits[i / 8] & ~(1U << (i % 8));
  bits[i / 8] = static_cast<std::uint8_t>(byte | (static_cast<unsigned>(value) << (i % 8)));
}

/// Number of ones among the first `count` bits.
std::size_t CountOnes(const std::uint8_t* bits, std::size_t count);

/// Sets bits [begin, begin + count) to `value`.
void Fill(std::uint8_t* bits, std::size_t begin, std::size_t count, bool value);

/// Copies bits [from_begin, from_begin + count) to [to_begin, ...). The two must not overlap.
void Copy(const std::uint8_t* from,
          std::size_t from_begin,
          std::size_t count,
          std::uint8_t* to,
          std::size_t to_begin);

/// out = a AND b over `count` bits, whole bytes. `out` may be `a` or `b`.
void And(const std::uint8_t* a, const std::uint8_t* b, std::size_t count, std::uint8_t* out);

}  // namespace thalweg::columnar::bitmap

#endif  // THALWEG_COLUMNAR_BITMAP_H_
