// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_RUN_CHAIN_H_
#define THALWEG_STATE_RUN_CHAIN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "proto/checkpoint.pb.h"

namespace thalweg::state {

/// Which runs make up a task's state, oldest first, while several checkpoints may be under way.
/// Decides only; no I/O.
///
/// Each freeze has an epoch and at most one run. The snapshot of an epoch names all runs up to its
/// own. So the run of a checkpoint that was aborted stays as long as a later one that is still
/// undecided names it; when none does, the epoch is dropped and its changes must join the next
/// freeze.
class RunChain {
 public:
  /// The runs that a restored task begins with.
  void Restore(std::vector<proto::RunRef> runs);

  /// A freeze took `epoch`, higher than all before. `is_base`: its run holds everything.
  void OnFrozen(CheckpointId checkpoint, std::uint32_t epoch, bool is_base);
  /// The run of an epoch is durable; null: nothing had changed. An epoch that is unknown (dropped
  /// meanwhile) is ignored.
  void OnWritten(std::uint32_t epoch, std::optional<proto::RunRef> run);
  void OnWriteFailed(std::uint32_t epoch);

  /// The runs of the epoch's snapshot. kAborted: one of them could not be written, or the epoch was
  /// dropped.
  StatusOr<std::vector<proto::RunRef>> RunsOf(std::uint32_t epoch) const;

  /// The newest epoch that is durable now; absent when the checkpoint is unknown or
  /// this task has not taken part in it.
  std::optional<std::uint32_t> OnDurable(CheckpointId checkpoint);
  struct Dropped {
    std::vector<std::uint32_t> epochs;
    bool lost_base = false;  // One of them was a base: the next freeze must be one again.
  };
  Dropped OnAborted(CheckpointId checkpoint);

  /// Consecutive durable runs that should become one.
  struct Merge {
    std::vector<proto::RunRef> runs;  // Oldest first.
    bool from_oldest = false;         // No older run is left: tombstones are not needed.
  };
  std::optional<Merge> PickMerge() const;
  /// Puts `merged` in the place of the runs; ignored when they are not there any more.
  void OnMerged(const Merge& merge, std::optional<proto::RunRef> merged);

  bool has_pending() const { return !pending_.empty(); }

 private:
  struct Pending {
    CheckpointId checkpoint;
    std::uint32_t epoch = 0;
    bool is_base = false;
    bool is_written = false;
    bool failed = false;
    bool is_aborted = false;
    std::optional<proto::RunRef> run;
  };

  std::vector<proto::RunRef> durable_;
  std::vector<Pending> pending_;  // By epoch.
};

/// Which of the runs with these sizes, oldest first, should be merged: [begin, end) with at least
/// two, or nothing. Each byte is rewritten once per eightfold growth of what it is merged into, and
/// the whole when the later runs outgrow the first.
struct MergeRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};
std::optional<MergeRange> PickMergeRange(std::span<const std::uint64_t> sizes);

}  // namespace thalweg::state

#endif  // THALWEG_STATE_RUN_CHAIN_H_
