// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_SLOT_H_
#define THALWEG_STATE_SLOT_H_

#include <cstdint>

namespace thalweg::state {

/// Where a key's row lies in its table. Stable from the Resolve() that gave it until the next
/// TaskState::Advance() that may evict; the same for every row of a batch with that key.
using SlotId = std::uint32_t;

inline constexpr SlotId kNoSlot = 0xFFFFFFFF;

/// Whether what was asked for is in memory.
enum class Residency {
  kReady,   // The answer is complete.
  kParked,  // Spilled rows are being read. Ask again, with the same arguments, after the task's
            // wake-up; what was filled in so far means nothing.
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_SLOT_H_
