// SPDX-License-Identifier: Apache-2.0
#include "base/running_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace thalweg {

struct RunningHash::State {
  XXH3_state_t hash;
};

RunningHash::RunningHash() : state_(std::make_unique<State>()) {
  XXH3_64bits_reset(&state_->hash);
}
RunningHash::~RunningHash() = default;

void RunningHash::Add(std::string_view bytes) {
  XXH3_64bits_update(&state_->hash, bytes.data(), bytes.size());
}

std::uint64_t RunningHash::Digest() const {
  return XXH3_64bits_digest(&state_->hash);
}

}  // namespace thalweg
