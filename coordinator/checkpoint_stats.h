// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_CHECKPOINT_STATS_H_
#define THALWEG_COORDINATOR_CHECKPOINT_STATS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "proto/checkpoint.pb.h"

namespace thalweg::coordinator {

/// Checkpoints that CheckpointStats remembers one by one.
inline constexpr std::size_t kCheckpointHistory = 10;

/// One checkpoint that has ended, well or not.
struct CheckpointSummary {
  CheckpointId id;
  proto::CheckpointKind kind = proto::CHECKPOINT_PERIODIC;
  bool completed = false;
  std::string failure;       // Why it was aborted.
  Microseconds duration{0};  // From the trigger to the durable manifest or the abort.
  std::uint64_t bytes = 0;   // Of all runs and files that its snapshots name, old ones included.
};

/// What users ask about a job's checkpoints. Counts are of this leader's term.
struct CheckpointStats {
  std::uint64_t completed = 0;
  std::uint64_t aborted = 0;
  std::deque<CheckpointSummary> history;  // Oldest first, at most kCheckpointHistory.

  void Add(CheckpointSummary summary) {
    ++(summary.completed ? completed : aborted);
    history.push_back(std::move(summary));
    if (history.size() > kCheckpointHistory) {
      history.pop_front();
    }
  }
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_CHECKPOINT_STATS_H_
