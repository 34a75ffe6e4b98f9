// SPDX-License-Identifier: Apache-2.0
//
// One parallel instance of a chain of steps, with its state and its part of checkpoints.
//
//   kNew ──> kRestoring ──state restored, steps open──> kRunning
//    │            │                                        │
//    └────────────┴──────────────── fails ─────────────────┴──> kFailed: does nothing any more
//
// A task that has seen the end of its input stays in kRunning: barriers still pass.
#ifndef THALWEG_RUNTIME_TASK_TASK_H_
#define THALWEG_RUNTIME_TASK_TASK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "base/executor.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "proto/checkpoint.pb.h"
#include "runtime/channel/item.h"
#include "runtime/connector/sink.h"
#include "runtime/task/chain.h"
#include "runtime/task/snapshot_assembly.h"
#include "runtime/task/task_inbox.h"
#include "runtime/task/task_listener.h"

namespace thalweg::state {
class TaskState;
}  // namespace thalweg::state

namespace thalweg::runtime {

/// What one slice of work achieved. The lane decides from this alone whether to run the task again.
enum class Progress {
  kMoved,  // Input or output moved: run again soon.
  kIdle,   // Nothing can move until an input, a credit, a mail or a timer wakes the task.
  kDone,   // The task has failed: Run() must not be called again.
};

/// How a task spends its time. In microseconds; the three add up to the task's life.
struct TaskMetrics {
  explicit TaskMetrics(MetricGroup& group);

  Counter& busy;
  Counter& idle;     // Nothing to do.
  Counter& blocked;  // Something to do, and no room at the outputs: back pressure.
  Histogram& pause;  // Of each checkpoint.
};

/// What a task is made of. BuildTask() (task_builder.h) fills it from a plan, tests by hand.
struct TaskParts {
  TaskId id;
  std::shared_ptr<TaskInbox> inbox;
  std::shared_ptr<TaskExecutor> executor;   // Late works keep it alive.
  std::unique_ptr<state::TaskState> state;  // Tables are declared.
  WakeFlag spill_read;                      // Set by the state's `wake`.
  std::unique_ptr<Chain> chain;
  OperatorId head_operator;                   // Whose entries the head's connector has; or empty.
  OperatorId sink_operator;                   // The same of the sink.
  std::vector<proto::TaskSnapshot> restores;  // Of the tasks whose work this one takes over.
  CheckpointId restored;                      // Which checkpoint those belong to; 0: none.
  TaskListener* listener = nullptr;           // Outlives the task.
  const Clock* clock = nullptr;               // To measure pauses; outlives the task.
  std::unique_ptr<TaskMetrics> metrics;       // Null: nobody looks.
};

/// All calls on the task's lane; none blocks. Destroying it has no side effects: late replies of
/// executors do not reach it, and what it wrote for checkpoints stays for whoever owns those.
class Task final : private SinkListener {
 public:
  explicit Task(TaskParts parts);
  ~Task() override;

  TaskId id() const { return parts_.id; }
  const std::shared_ptr<TaskInbox>& inbox() const { return parts_.inbox; }

  /// Runs the mails that wait, then moves batches until nothing can move or the slice is over.
  Progress Run(MonoTime now, WallTime wall);
  /// When the slice that Run() began was over; for the metrics.
  void EndSlice(MonoTime now);
  /// When to run although nobody wakes the task.
  std::optional<MonoTime> WakeAt() const { return wake_at_; }

  // From mails. A repeat, or a checkpoint that is not newer than the last one, changes nothing.

  /// For a task without inputs: the barrier starts here. Others ignore it.
  void TriggerCheckpoint(CheckpointId checkpoint, proto::CheckpointKind kind);
  /// The checkpoint is durable: state forgets older ones, the sink makes its output visible.
  void CompleteCheckpoint(CheckpointId checkpoint);
  /// The checkpoint is lost: what it took goes into the next one.
  void AbortCheckpoint(CheckpointId checkpoint);

 private:
  enum class Phase { kNew, kRestoring, kRunning, kFailed };

  void RunMails();
  void Fail(const Status& status);

  // The beginning.
  void Start();
  Status Open();
  StateEntries TakeEntries(const OperatorId& op);

  // Moving.
  StatusOr<Progress> RunSlice();
  void ReportLost();

  // Checkpoints.
  Status TakeSnapshot();
  void OnSnapshotPart(CheckpointId checkpoint, StatusOr<SnapshotPart> part);

  // SinkListener.
  void OnCommitted(CheckpointId checkpoint) override;
  void OnReplayed() override;
  void OnFailed(Status status) override;

  TaskParts parts_;
  Phase phase_ = Phase::kNew;
  SliceTime now_;  // Of the current slice, or of the last one.
  std::optional<MonoTime> wake_at_;
  bool end_reported_ = false;

  SnapshotAssembly assembly_;
  std::set<CheckpointId> undecided_;  // Taken, and neither complete nor aborted.
  CheckpointId newest_taken_{0};

  // For the metrics.
  MonoTime slice_start_;
  std::optional<MonoTime> rest_start_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TASK_TASK_H_
