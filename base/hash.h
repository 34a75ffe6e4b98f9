// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_BASE_HASH_H_
#define THALWEG_BASE_HASH_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thalweg {

/// XXH3-64 with seed 0. The same on every machine and for ever: key groups are taken from it.
std::uint64_t Hash64(std::string_view bytes);

/// For hash maps with std::string keys that are looked up by view, together with std::equal_to<>.
/// (Abseil's own transparent hash takes its own string_view type.)
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return Hash64(text); }
};

}  // namespace thalweg

#endif  // THALWEG_BASE_HASH_H_
