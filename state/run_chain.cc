// SPDX-License-Identifier: Apache-2.0
#include "state/run_chain.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"

namespace thalweg::state {
namespace {

constexpr std::size_t kMergeCount = 8;
// Bases smaller than this are not worth a thought about their size.
constexpr std::uint64_t kSmallBase = 16 * 1024;

// Two runs are of one tier when the sizes differ less than about eightfold.
int Tier(std::uint64_t size) {
  return static_cast<int>(std::bit_width(size / 1024)) / 3;
}

bool SameRun(const proto::RunRef& a, const proto::RunRef& b) {
  return a.file() == b.file() && a.checksum() == b.checksum() && a.size() == b.size() &&
         a.first_key_group() == b.first_key_group();
}

}  // namespace

std::optional<MergeRange> PickMergeRange(std::span<const std::uint64_t> sizes) {
  if (sizes.size() < 2) {
    return std::nullopt;
  }
  std::uint64_t later = 0;
  for (const std::uint64_t size : sizes.subspan(1)) {
    later += size;
  }
  if (later > std::max(sizes[0], kSmallBase)) {
    return MergeRange{0, sizes.size()};
  }
  for (int tier = 0; tier <= 64 / 3; ++tier) {
    // Neighbours of this tier and below, enough of them of this one.
    std::size_t begin = 1;
    std::size_t of_tier = 0;
    for (std::size_t i = 1; i <= sizes.size(); ++i) {
      if (i == sizes.size() || Tier(sizes[i]) > tier) {
        if (of_tier >= kMergeCount) {
          return MergeRange{begin, i};
        }
        begin = i + 1;
        of_tier = 0;
      } else if (Tier(sizes[i]) == tier) {
        ++of_tier;
      }
    }
  }
  return std::nullopt;
}

void RunChain::Restore(std::vector<proto::RunRef> runs) {
  CHECK(durable_.empty() && pending_.empty());
  durable_ = std::move(runs);
}

void RunChain::OnFrozen(CheckpointId checkpoint, std::uint32_t epoch, bool is_base) {
  CHECK(pending_.empty() || pending_.back().epoch < epoch);
  Pending& pending = pending_.emplace_back();
  pending.checkpoint = checkpoint;
  pending.epoch = epoch;
  pending.is_base = is_base;
}

void RunChain::OnWritten(std::uint32_t epoch, std::optional<proto::RunRef> run) {
  for (Pending& pending : pending_) {
    if (pending.epoch == epoch) {
      pending.is_written = true;
      pending.run = std::move(run);
      return;
    }
  }
}

void RunChain::OnWriteFailed(std::uint32_t epoch) {
  for (Pending& pending : pending_) {
    pending.failed = pending.failed || pending.epoch == epoch;
  }
}

StatusOr<std::vector<proto::RunRef>> RunChain::RunsOf(std::uint32_t epoch) const {
  std::vector<proto::RunRef> runs = durable_;
  for (const Pending& pending : pending_) {
    if (pending.epoch > epoch) {
      break;
    }
    if (pending.failed || !pending.is_written) {
      return Aborted("A run of this or of an earlier checkpoint could not be written.");
    }
    if (pending.is_base) {
      runs.clear();
    }
    if (pending.run) {
      runs.push_back(*pending.run);
    }
    if (pending.epoch == epoch) {
      return runs;
    }
  }
  return Aborted("The checkpoint was aborted while its run was being written.");
}

std::optional<std::uint32_t> RunChain::OnDurable(CheckpointId checkpoint) {
  const auto found = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& p) {
    return p.checkpoint == checkpoint;
  });
  if (found == pending_.end() || !found->is_written) {
    return std::nullopt;
  }
  const std::uint32_t epoch = found->epoch;
  for (auto pending = pending_.begin(); pending <= found; ++pending) {
    if (pending->is_base) {
      durable_.clear();
    }
    if (pending->run) {
      durable_.push_back(*std::move(pending->run));
    }
  }
  pending_.erase(pending_.begin(), found + 1);
  return epoch;
}

RunChain::Dropped RunChain::OnAborted(CheckpointId checkpoint) {
  for (Pending& pending : pending_) {
    pending.is_aborted = pending.is_aborted || pending.checkpoint == checkpoint;
  }
  Dropped dropped;
  while (!pending_.empty() && pending_.back().is_aborted) {
    dropped.epochs.push_back(pending_.back().epoch);
    dropped.lost_base = dropped.lost_base || pending_.back().is_base;
    pending_.pop_back();
  }
  return dropped;
}

std::optional<RunChain::Merge> RunChain::PickMerge() const {
  std::vector<std::uint64_t> sizes;
  for (const proto::RunRef& run : durable_) {
    sizes.push_back(run.size());
  }
  const std::optional<MergeRange> range = PickMergeRange(sizes);
  if (!range) {
    return std::nullopt;
  }
  Merge merge;
  merge.runs.assign(durable_.begin() + static_cast<std::ptrdiff_t>(range->begin),
                    durable_.begin() + static_cast<std::ptrdiff_t>(range->end));
  merge.from_oldest = range->begin == 0;
  return merge;
}

void RunChain::OnMerged(const Merge& merge, std::optional<proto::RunRef> merged) {
  const auto found =
      std::search(durable_.begin(), durable_.end(), merge.runs.begin(), merge.runs.end(), SameRun);
  if (found == durable_.end() || (merge.from_oldest && found != durable_.begin())) {
    return;
  }
  const auto rest = durable_.erase(found, found + static_cast<std::ptrdiff_t>(merge.runs.size()));
  if (merged) {
    durable_.insert(rest, *std::move(merged));
  }
}

}  // namespace thalweg::state
