// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_BASE_CHECKSUM_H_
#define THALWEG_BASE_CHECKSUM_H_

#include <cstdint>
#include <string_view>

namespace thalweg {

/// XXH3-64 with seed 0: what guards stored bytes against tearing and flipped bits (docs/adr/0001).
/// Part of every format on disk: it never changes under a format's version.
std::uint64_t Checksum(std::string_view bytes);

}  // namespace thalweg

#endif  // THALWEG_BASE_CHECKSUM_H_
