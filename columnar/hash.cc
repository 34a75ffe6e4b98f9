// SPDX-License-Identifier: Apache-2.0
#include "columnar/hash.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "columnar/batch.h"
#include "columnar/key_codec.h"
#include "columnar/key_words.h"
#include "columnar/value_bytes.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace thalweg::columnar {
namespace {

/// A key of one string column, which is so common that it gets its bytes on the stack.
void HashStrings(const Column& column, std::span<std::uint64_t> out) {
  constexpr std::size_t kHeadMax = 6;  // Byte that tells NULL, and the length.
  constexpr std::size_t kStackSize = 256;
  char stack[kStackSize];
  std::string heap;
  const StringRef* refs = column.Values<StringRef>().data();
  const std::uint64_t null_hash = HashKeyBytes(std::string_view("\0", 1));
  for (std::size_t row = 0; row < out.size(); ++row) {
    if (column.IsNull(row)) {
      out[row] = null_hash;
      continue;
    }
    const StringRef& ref = refs[row * column.stride()];
    char* bytes = stack;
    if (ref.length > kStackSize - kHeadMax) {
      heap.resize(ref.length + kHeadMax);
      bytes = heap.data();
    }
    bytes[0] = 1;
    const char* end = value_bytes::WriteString(column, ref, bytes + 1);
    out[row] = XXH3_64bits(bytes, static_cast<std::size_t>(end - bytes));
  }
}

/// A key of one integer column without nulls: its two words never see memory.
void HashIntegers(const Column& column, std::span<std::uint64_t> out) {
  const std::int64_t* values = column.Values<std::int64_t>().data();
  for (std::size_t row = 0; row < out.size(); ++row) {
    const std::int64_t key[2] = {values[row], 0};
    out[row] = XXH3_64bits(key, sizeof(key));
  }
}

/// Keys of the fixed form, a block at a time.
void HashWords(std::span<const Column* const> columns,
               std::size_t stride,
               std::span<std::uint64_t> out) {
  constexpr std::size_t kBlockWords = 1024;
  std::uint64_t words[kBlockWords];
  const std::size_t block_rows = kBlockWords / stride;
  for (std::size_t begin = 0; begin < out.size(); begin += block_rows) {
    const std::size_t count = std::min(block_rows, out.size() - begin);
    key_words::Write(columns, begin, count, words);
    key_words::Hash(words, stride, count, out.data() + begin);
  }
}

}  // namespace

std::uint64_t HashKeyBytes(std::string_view encoded_key) {
  return XXH3_64bits(encoded_key.data(), encoded_key.size());
}

void HashKeys(const Batch& batch,
              std::span<const std::uint32_t> key_columns,
              std::span<std::uint64_t> out) {
  CHECK_EQ(out.size(), batch.row_count());
  std::vector<const Column*> columns;
  std::vector<DataType> types;
  for (const std::uint32_t column : key_columns) {
    columns.push_back(batch.column(column).get());
    types.push_back(columns.back()->type());
  }
  const std::size_t stride = key_words::StrideOf(columns);
  const bool all_constant =
      std::ranges::all_of(columns, [](const Column* column) { return column->IsConstant(); });
  if (all_constant && out.size() > 1) {
    HashKeys(batch.Slice(0, 1), key_columns, out.first(1));
    std::ranges::fill(out, out[0]);
  } else if (columns.size() == 1 && columns[0]->physical() == Physical::kInt64 &&
             !columns[0]->IsConstant() && !columns[0]->MayHaveNulls()) {
    HashIntegers(*columns[0], out);
  } else if (stride > 0) {
    HashWords(columns, stride, out);
  } else if (columns.size() == 1 && columns[0]->physical() == Physical::kString) {
    HashStrings(*columns[0], out);
  } else {
    EncodedKeys keys;
    KeyEncoder(std::move(types)).Encode(batch, key_columns, &keys);
    std::ranges::copy(keys.hashes, out.begin());
  }
}

}  // namespace thalweg::columnar
