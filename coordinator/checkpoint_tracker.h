// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_CHECKPOINT_TRACKER_H_
#define THALWEG_COORDINATOR_CHECKPOINT_TRACKER_H_

// When to take checkpoints of a job, and what has become of each.
//
//   due ──▶ triggered ──all acks──▶ persisting ──manifest durable──▶ completed
//               │
//               └──declined, timeout, overtaken, attempt over──▶ aborted: the job goes on
//
// Pure: steps are carried out by the caller, and their outcome is the next event. A checkpoint that
// is persisting cannot be aborted any more: whether its manifest has become durable is for the log
// to say.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "coordinator/checkpoint_stats.h"
#include "proto/checkpoint.pb.h"
#include "proto/plan.pb.h"

namespace thalweg::coordinator {

struct CheckpointOptions {
  std::optional<Milliseconds> interval{1000};  // From start to start; absent: none by time.
  Milliseconds timeout{600'000};  // After this the checkpoint is aborted; the job goes on.
  std::uint32_t in_flight_max = 1;
  Milliseconds min_pause{0};  // From the end of one to the start of the next.
};

/// Fills in the defaults. kInvalidArgument names the field, its value and its bound.
StatusOr<CheckpointOptions> CheckpointOptionsFrom(const proto::CheckpointOptions& options);

struct TriggerStep {
  CheckpointId id;
  proto::CheckpointKind kind = proto::CHECKPOINT_PERIODIC;
};
struct AbortStep {
  CheckpointId id;
  std::string reason;
};
struct PersistStep {
  CheckpointId id;
  proto::CheckpointKind kind = proto::CHECKPOINT_PERIODIC;
  std::map<TaskId, proto::TaskSnapshot> snapshots;
};
using CheckpointStep = std::variant<TriggerStep, AbortStep, PersistStep>;

class CheckpointTracker {
 public:
  explicit CheckpointTracker(const CheckpointOptions& options) : options_(options) {}

  void set_options(const CheckpointOptions& options) { options_ = options; }

  /// An attempt runs with these tasks: the first checkpoint is due one interval later. Ids rise
  /// from above `newest_durable` and are never used twice by one tracker.
  void Start(std::set<TaskId> tasks, CheckpointId newest_durable, MonoTime now);

  /// The attempt is over: nothing is due any more, and what was triggered is lost.
  void Halt(MonoTime now);

  /// Asks for a last checkpoint at once: final, stop or drain. No periodic one follows; when it is
  /// aborted it is tried again. The first request wins.
  void RequestLast(proto::CheckpointKind kind);

  /// Triggers what is due and aborts what took too long.
  std::vector<CheckpointStep> OnTick(MonoTime now);

  /// Folds in a task's snapshot. A repeat, and one of an aborted checkpoint, is ignored.
  std::vector<CheckpointStep> OnAck(CheckpointId id,
                                    const proto::TaskSnapshot& snapshot,
                                    MonoTime now);
  std::vector<CheckpointStep> OnDeclined(CheckpointId id, const std::string& reason, MonoTime now);

  /// The manifest is durable.
  void OnDurable(CheckpointId id, MonoTime now);

  /// When OnTick() has something to do next.
  std::optional<MonoTime> WakeAt() const;

  /// The oldest checkpoint that may still become durable.
  std::optional<CheckpointId> OldestPending() const;

  CheckpointId last_triggered() const { return last_triggered_; }
  const CheckpointStats& stats() const { return stats_; }

 private:
  struct Pending {
    proto::CheckpointKind kind = proto::CHECKPOINT_PERIODIC;
    MonoTime started;
    std::set<TaskId> waiting_for;
    std::map<TaskId, proto::TaskSnapshot> snapshots;
    std::uint64_t bytes = 0;
    bool persisting = false;
  };

  std::optional<MonoTime> NextTrigger() const;
  TriggerStep Trigger(MonoTime now);
  AbortStep Abort(CheckpointId id, std::string reason, MonoTime now);
  PersistStep Persist(CheckpointId id);

  CheckpointOptions options_;
  bool running_ = false;
  std::set<TaskId> tasks_;
  MonoTime base_;  // The start of the attempt, or of the newest checkpoint in it.
  std::optional<MonoTime> last_ended_;
  std::optional<proto::CheckpointKind> last_wanted_;
  CheckpointId last_triggered_;
  std::map<CheckpointId, Pending> pending_;
  CheckpointStats stats_;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_CHECKPOINT_TRACKER_H_
