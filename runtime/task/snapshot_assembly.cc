// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/snapshot_assembly.h"

#include <utility>

#include "base/check.h"

namespace thalweg::runtime {

void SnapshotAssembly::Begin(CheckpointId checkpoint,
                             proto::TaskSnapshot first,
                             std::size_t part_count,
                             SnapshotTimings timings) {
  CHECK(part_count > 0 && !open_.contains(checkpoint));
  Open& open = open_[checkpoint];
  open.snapshot = std::move(first);
  open.missing = part_count;
  open.timings = timings;
}

void SnapshotAssembly::EndPause(CheckpointId checkpoint, Microseconds pause, MonoTime now) {
  // A part that failed at once has dropped it already.
  if (const auto found = open_.find(checkpoint); found != open_.end()) {
    found->second.timings.pause = pause;
    found->second.background_start = now;
  }
}

std::optional<SnapshotAssembly::Finished> SnapshotAssembly::Add(CheckpointId checkpoint,
                                                                SnapshotPart part,
                                                                MonoTime now) {
  const auto found = open_.find(checkpoint);
  if (found == open_.end()) {
    return std::nullopt;
  }
  Open& open = found->second;
  open.snapshot.MergeFrom(part);
  if (--open.missing > 0) {
    return std::nullopt;
  }
  open.timings.background = now - open.background_start;
  Finished finished{.snapshot = std::move(open.snapshot), .timings = open.timings};
  open_.erase(found);
  return finished;
}

}  // namespace thalweg::runtime
