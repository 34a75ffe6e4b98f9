// SPDX-License-Identifier: Apache-2.0
#include "columnar/key_words.h"

#include <bit>

#include "columnar/int128.h"
#include "columnar/value_bytes.h"

// Inlined, so that the length, a constant, picks the right branch at compile time.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace thalweg::columnar::key_words {
namespace {

constexpr std::size_t kColumnsMax = 64;  // One null bit each in one word.

/// Words of one value; 0: of variable size.
std::size_t WordsOf(Physical physical) {
  switch (physical) {
    case Physical::kString:
    case Physical::kRow:
    case Physical::kList:
      return 0;
    case Physical::kInt128:
      return 2;
    default:
      return 1;
  }
}

template <class Items, class PhysicalOf>
std::size_t Stride(const Items& items, PhysicalOf physical_of) {
  if (items.size() > kColumnsMax) {
    return 0;
  }
  std::size_t stride = 1;
  for (const auto& item : items) {
    const std::size_t words = WordsOf(physical_of(item));
    if (words == 0) {
      return 0;
    }
    stride += words;
  }
  return stride;
}

/// Where the words of one column go: every `stride` words, from `words` on.
struct Target {
  std::uint64_t* words;
  std::size_t stride;
  std::size_t begin;
  std::size_t count;
};

template <class T>
std::uint64_t WordOf(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::bit_cast<std::uint64_t>(value_bytes::Canonical(static_cast<double>(value)));
  } else {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
  }
}

template <class T>
void WriteWords(const Column& column, const Target& to) {
  const T* values = column.Values<T>().data();
  if (column.IsConstant()) {
    for (std::size_t i = 0; i < to.count; ++i) {
      to.words[i * to.stride] = WordOf(values[0]);
    }
    return;
  }
  for (std::size_t i = 0; i < to.count; ++i) {
    to.words[i * to.stride] = WordOf(values[to.begin + i]);
  }
}

void WriteWordPairs(const Column& column, const Target& to) {
  const Int128* values = column.Values<Int128>().data();
  for (std::size_t i = 0; i < to.count; ++i) {
    const auto value = static_cast<UInt128>(values[(to.begin + i) * column.stride()]);
    to.words[i * to.stride] = static_cast<std::uint64_t>(value);
    to.words[i * to.stride + 1] = static_cast<std::uint64_t>(value >> 64);
  }
}

void WriteValues(const Column& column, const Target& to) {
  switch (column.physical()) {
    case Physical::kBool:
      return WriteWords<std::uint8_t>(column, to);
    case Physical::kInt8:
      return WriteWords<std::int8_t>(column, to);
    case Physical::kInt16:
      return WriteWords<std::int16_t>(column, to);
    case Physical::kInt32:
      return WriteWords<std::int32_t>(column, to);
    case Physical::kInt64:
      return WriteWords<std::int64_t>(column, to);
    case Physical::kFloat:
      return WriteWords<float>(column, to);
    case Physical::kDouble:
      return WriteWords<double>(column, to);
    default:
      return WriteWordPairs(column, to);
  }
}

template <std::size_t kStride>
void HashFixed(const std::uint64_t* words, std::size_t count, std::uint64_t* hashes) {
  for (std::size_t i = 0; i < count; ++i) {
    hashes[i] = XXH3_64bits(words + i * kStride, kStride * sizeof(std::uint64_t));
  }
}

}  // namespace

std::size_t StrideOf(std::span<const DataType> types) {
  return Stride(types, [](const DataType& type) { return type.physical(); });
}

std::size_t StrideOf(std::span<const Column* const> columns) {
  return Stride(columns, [](const Column* column) { return column->physical(); });
}

void Write(std::span<const Column* const> columns,
           std::size_t begin,
           std::size_t count,
           std::uint64_t* words) {
  const std::size_t stride = StrideOf(columns);
  std::uint64_t* nulls = words + stride - 1;
  for (std::size_t i = 0; i < count; ++i) {
    nulls[i * stride] = 0;
  }
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const Column& column = *columns[c];
    const std::size_t width = WordsOf(column.physical());
    WriteValues(column, {.words = words, .stride = stride, .begin = begin, .count = count});
    if (column.MayHaveNulls()) {
      for (std::size_t i = 0; i < count; ++i) {
        if (column.IsNull(begin + i)) {
          nulls[i * stride] |= std::uint64_t{1} << c;
          words[i * stride] = 0;
          words[i * stride + width - 1] = 0;
        }
      }
    }
    words += width;
  }
}

void Hash(const std::uint64_t* words,
          std::size_t stride,
          std::size_t count,
          std::uint64_t* hashes) {
  switch (stride) {
    case 2:
      return HashFixed<2>(words, count, hashes);
    case 3:
      return HashFixed<3>(words, count, hashes);
    case 4:
      return HashFixed<4>(words, count, hashes);
    default:
      for (std::size_t i = 0; i < count; ++i) {
        hashes[i] = XXH3_64bits(words + i * stride, stride * sizeof(std::uint64_t));
      }
  }
}

}  // namespace thalweg::columnar::key_words
