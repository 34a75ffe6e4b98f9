// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_KEY_BYTES_H_
#define THALWEG_RUNTIME_OPERATORS_KEY_BYTES_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "columnar/key_codec.h"

namespace thalweg::runtime {

/// Keys that a table gave back, as KeyEncoder would have encoded them. `fixed_stride` as
/// KeyEncoder::fixed_stride() of their types. Replaces `out`.
void EncodedKeysOf(std::span<const std::string_view> keys,
                   std::size_t fixed_stride,
                   columnar::EncodedKeys* out);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_KEY_BYTES_H_
