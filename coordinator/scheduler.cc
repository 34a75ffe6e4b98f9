// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <tuple>

#include "base/check.h"

namespace thalweg::coordinator {
namespace {

/// What a worker may get, and what it would like to keep.
struct Share {
  WorkerId worker;
  std::uint32_t free = 0;
  std::uint32_t held = 0;   // Slots of this job that it had last.
  std::uint32_t quota = 0;  // Slots of this job that it gets now.
};

std::vector<Share> SharesOf(const std::map<WorkerId, std::uint32_t>& free_slots,
                            std::uint32_t slot_count,
                            const Placement& previous) {
  std::vector<Share> shares;
  for (const auto& [worker, free] : free_slots) {
    if (free == 0) {
      continue;
    }
    const auto kept =
        previous.begin() + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(previous.size()),
                                                    static_cast<std::ptrdiff_t>(slot_count));
    const auto held = std::count(previous.begin(), kept, worker);
    shares.push_back({.worker = worker, .free = free, .held = static_cast<std::uint32_t>(held)});
  }
  return shares;
}

/// Deals one slot after the other to the worker with the fewest; among equals to one that can keep
/// what it had, then to the one with the most room, then to the first by name.
void DealQuotas(std::vector<Share>& shares, std::uint32_t slot_count) {
  for (std::uint32_t dealt = 0; dealt < slot_count; ++dealt) {
    Share* best = nullptr;
    const auto rank = [](const Share& share) {
      return std::tuple(share.quota, share.held <= share.quota, ~(share.free - share.quota));
    };
    for (Share& share : shares) {
      if (share.quota < share.free && (best == nullptr || rank(share) < rank(*best))) {
        best = &share;
      }
    }
    CHECK(best != nullptr);
    ++best->quota;
  }
}

}  // namespace

PlaceResult Place(std::uint32_t slot_count,
                  const std::map<WorkerId, std::uint32_t>& free_slots,
                  const Placement& previous) {
  std::vector<Share> shares = SharesOf(free_slots, slot_count, previous);
  const std::uint32_t free =
      std::accumulate(shares.begin(), shares.end(), std::uint32_t{0}, [](auto sum, const Share& s) {
        return sum + s.free;
      });
  if (free < slot_count) {
    return {.placement = {}, .missing_slots = slot_count - free};
  }
  DealQuotas(shares, slot_count);

  Placement placement(slot_count);
  std::vector<bool> placed(slot_count, false);
  for (std::uint32_t slot = 0; slot < slot_count && slot < previous.size(); ++slot) {
    const auto share = std::find_if(shares.begin(), shares.end(), [&](const Share& s) {
      return s.worker == previous[slot] && s.quota > 0;
    });
    if (share != shares.end()) {
      --share->quota;
      placement[slot] = share->worker;
      placed[slot] = true;
    }
  }
  // Low slots hold more tasks than high ones when vertices differ in width, so what is left is
  // dealt round robin.
  std::size_t next = 0;
  for (std::uint32_t slot = 0; slot < slot_count; ++slot) {
    if (placed[slot]) {
      continue;
    }
    while (shares[next].quota == 0) {
      next = (next + 1) % shares.size();
    }
    --shares[next].quota;
    placement[slot] = shares[next].worker;
    next = (next + 1) % shares.size();
  }
  return {.placement = std::move(placement), .missing_slots = 0};
}

}  // namespace thalweg::coordinator
