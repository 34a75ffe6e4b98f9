// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_KEY_WORDS_H_
#define THALWEG_COLUMNAR_KEY_WORDS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "columnar/column.h"

// The fixed form of keys (see key_codec.h), shared by the codec and the hash. Not for use outside
// of this folder.
namespace thalweg::columnar::key_words {

/// Words of one key of these types, or 0 when keys have the variable form.
std::size_t StrideOf(std::span<const DataType> types);
std::size_t StrideOf(std::span<const Column* const> columns);

/// Writes the keys of rows [begin, begin + count), StrideOf() words each.
void Write(std::span<const Column* const> columns,
           std::size_t begin,
           std::size_t count,
           std::uint64_t* words);

/// hashes[i] = HashKeyBytes() of the i-th key.
void Hash(const std::uint64_t* words, std::size_t stride, std::size_t count, std::uint64_t* hashes);

}  // namespace thalweg::columnar::key_words

#endif  // THALWEG_COLUMNAR_KEY_WORDS_H_
