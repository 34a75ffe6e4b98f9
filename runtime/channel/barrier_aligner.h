// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_CHANNEL_BARRIER_ALIGNER_H_
#define THALWEG_RUNTIME_CHANNEL_BARRIER_ALIGNER_H_

#include <cstddef>
#include <optional>
#include <set>
#include <vector>

#include "runtime/channel/item.h"

namespace thalweg::runtime {

/// Decides when a task with several channels has reached a checkpoint, and which channels may be
/// read meanwhile. Pure.
///
///   none ──first barrier N──> aligning N ──last barrier N──> none, N is reached
///                              │      │
///                     Abort(N) │      │ barrier M > N on a channel that still owed N:
///                              ▼      ▼ N was lost there
///                             none   aligning M
///
/// A channel that has ended owes no barrier: its part of every later checkpoint is known. Barriers
/// of a checkpoint that is reached, lost, aborted or older than one that is are swallowed.
class BarrierAligner {
 public:
  explicit BarrierAligner(std::size_t channel_count);

  struct Outcome {
    std::optional<Barrier> reached;    // All channels have delivered this barrier.
    std::optional<CheckpointId> lost;  // The alignment that a newer barrier has cut off.
  };

  Outcome OnBarrier(std::size_t channel, const Barrier& barrier);
  Outcome OnEnd(std::size_t channel);
  /// The checkpoint will not complete, whether its barriers have come or not. May be repeated.
  void Abort(CheckpointId checkpoint);

  /// Whether the channel has delivered its barrier and must wait for the others.
  bool IsBlocked(std::size_t channel) const { return channels_[channel].delivered; }
  bool aligning() const { return current_.has_value(); }

 private:
  struct Channel {
    bool delivered = false;
    bool ended = false;
  };

  Outcome Reached();
  void Release();

  std::vector<Channel> channels_;
  std::optional<Barrier> current_;
  std::size_t owed_ = 0;            // Channels that neither delivered nor ended.
  CheckpointId newest_{0};          // Of all barriers that were not swallowed.
  std::set<CheckpointId> aborted_;  // Newer than newest_.
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CHANNEL_BARRIER_ALIGNER_H_
