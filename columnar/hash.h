// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_HASH_H_
#define THALWEG_COLUMNAR_HASH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/ids.h"

namespace thalweg::columnar {

class Batch;

/// Names the canonical key bytes and the hash over them in manifests: XXH3-64, seed 0, over what
/// KeyEncoder writes. A change of either needs another number, as it moves keys between key groups.
inline constexpr std::uint32_t kHashAlgorithm = 1;

/// The hash of one encoded key.
std::uint64_t HashKeyBytes(std::string_view encoded_key);

/// out[row] = hash of the key columns of each row, the same as KeyEncoder gives, without keeping
/// the bytes. `out` has row_count() entries. Repeatable for ever: key groups depend on it.
void HashKeys(const Batch& batch,
              std::span<const std::uint32_t> key_columns,
              std::span<std::uint64_t> out);

/// Chosen by the upper 16 bits. REQUIRES: 1 <= key_group_count <= 65,536.
inline KeyGroup KeyGroupOf(std::uint64_t hash, std::uint32_t key_group_count) {
  return KeyGroup(static_cast<std::uint32_t>(((hash >> 48) * key_group_count) >> 16));
}

/// What a table keeps of a hash: the upper 32 bits, which still tell the key group. A bucket must
/// come from these re-multiplied, never from the raw bits: keys of one group share the upper ones.
inline std::uint32_t StoredHash(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

inline KeyGroup KeyGroupOfStored(std::uint32_t stored_hash, std::uint32_t key_group_count) {
  return KeyGroupOf(static_cast<std::uint64_t>(stored_hash) << 32, key_group_count);
}

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_HASH_H_
