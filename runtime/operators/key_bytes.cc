// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/key_bytes.h"

#include <cstring>

#include "base/check.h"
#include "columnar/hash.h"

namespace thalweg::runtime {

void EncodedKeysOf(std::span<const std::string_view> keys,
                   std::size_t fixed_stride,
                   columnar::EncodedKeys* out) {
  out->count = keys.size();
  out->fixed_stride = fixed_stride;
  out->hashes.resize(keys.size());
  out->words.resize(keys.size() * fixed_stride / 8);
  out->rows.offsets.assign(1, 0);
  out->rows.bytes.clear();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    out->hashes[i] = columnar::HashKeyBytes(keys[i]);
    if (fixed_stride == 0) {
      out->rows.bytes.append(keys[i]);
      out->rows.offsets.push_back(static_cast<std::uint32_t>(out->rows.bytes.size()));
    } else {
      DCHECK_EQ(keys[i].size(), fixed_stride);
      std::memcpy(out->words.data() + i * fixed_stride / 8, keys[i].data(), fixed_stride);
    }
  }
}

}  // namespace thalweg::runtime
