// SPDX-License-Identifier: Apache-2.0
#include "columnar/bitmap.h"

#include <bit>
#include <cstring>

#include "base/coding.h"

namespace thalweg::columnar::bitmap {

std::size_t CountOnes(const std::uint8_t* bits, std::size_t count) {
  std::size_t ones = 0;
  std::size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    ones += static_cast<std::size_t>(std::popcount(LoadFixed<std::uint64_t>(bits + i / 8)));
  }
  for (; i + 8 <= count; i += 8) {
    ones += static_cast<std::size_t>(std::popcount(bits[i / 8]));
  }
  for (; i < count; ++i) {
    ones += Get(bits, i) ? 1 : 0;
  }
  return ones;
}

void Fill(std::uint8_t* bits, std::size_t begin, std::size_t count, bool value) {
  const std::size_t end = begin + count;
  std::size_t i = begin;
  for (; i < end && i % 8 != 0; ++i) {
    Put(bits, i, value);
  }
  if (const std::size_t bytes = (end - i) / 8; bytes > 0) {
    std::memset(bits + i / 8, value ? 0xFF : 0, bytes);
    i += bytes * 8;
  }
  for (; i < end; ++i) {
    Put(bits, i, value);
  }
}

void Copy(const std::uint8_t* from,
          std::size_t from_begin,
          std::size_t count,
          std::uint8_t* to,
          std::size_t to_begin) {
  std::size_t i = 0;
  for (; i < count && (to_begin + i) % 8 != 0; ++i) {
    Put(to, to_begin + i, Get(from, from_begin + i));
  }
  const std::size_t bytes = (count - i) / 8;
  const std::size_t shift = (from_begin + i) % 8;
  const std::uint8_t* source = from + (from_begin + i) / 8;
  std::uint8_t* target = to + (to_begin + i) / 8;
  if (shift == 0) {
    if (bytes > 0) {
      std::memcpy(target, source, bytes);
    }
  } else {
    for (std::size_t byte = 0; byte < bytes; ++byte) {
      const unsigned pair = source[byte] | static_cast<unsigned>(source[byte + 1]) << 8;
      target[byte] = static_cast<std::uint8_t>(pair >> shift);
    }
  }
  for (i += bytes * 8; i < count; ++i) {
    Put(to, to_begin + i, Get(from, from_begin + i));
  }
}

void And(const std::uint8_t* a, const std::uint8_t* b, std::size_t count, std::uint8_t* out) {
  for (std::size_t byte = 0; byte < BytesFor(count); ++byte) {
    out[byte] = a[byte] & b[byte];
  }
}

}  // namespace thalweg::columnar::bitmap
