// SPDX-License-Identifier: Apache-2.0
//
// One parallel instance of a chain of steps, with its state and its part of checkpoints.
//
//   kStarting ──state restored, steps open──> kRunning
//       │                                        │
//       └──────────────── fails ─────────────────┴──> kFailed: does nothing any more
//
// A task that has seen the end of its input stays in kRunning: barriers still pass.
#ifndef THALWEG_RUNTIME_TASK_TASK_H_
#define THALWEG_RUNTIME_TASK_TASK_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "proto/checkpoint.pb.h"
#include "runtime/channel/item.h"
#include "runtime/connector/sink.h"
#include "runtime/task/task_inbox.h"
#include "runtime/task/task_listener.h"

namespace thalweg::state {
class TaskState;
}  // namespace thalweg::state

namespace thalweg::runtime {

class Chain;
struct TaskMetrics;

/// What one slice of work achieved. The lane decides from this alone whether to run the task again.
enum class Progress {
  kMoved,  // Input or output moved: run again soon.
  kIdle,   // Nothing can move until an input, a credit, a mail or a timer wakes the task.
  kDone,   // The task has failed: Run() must not be called again.
};

/// What a task is made of. TaskBuilder (task_builder.h) fills it from a plan, tests by hand.
struct TaskParts {
  TaskId id;
  KeyGroupRange key_groups;
  std::shared_ptr<TaskInbox> inbox;
  std::shared_ptr<TaskExecutor> executor;   // Late works keep it alive.
  std::unique_ptr<state::TaskState> state;  // Null: no step of the chain remembers anything.
  std::unique_ptr<Chain> chain;
  std::vector<proto::TaskSnapshot> restores;  // Of the tasks whose work this one takes over.
  CheckpointId restored;                      // Which checkpoint those belong to; 0: none.
  TaskListener* listener = nullptr;           // Outlives the task.
  const Clock* clock = nullptr;               // To measure pauses; outlives the task.
  TaskMetrics* metrics = nullptr;             // May be null; outlives the task.
};

/// All calls on the task's lane; none blocks. Destroying it has no side effects: late replies of
/// executors do not reach it, and what it wrote for checkpoints stays for whoever owns those.
class Task final {
 public:
  explicit Task(TaskParts parts);
  ~Task();

  TaskId id() const { return parts_.id; }
  const std::shared_ptr<TaskInbox>& inbox() const { return parts_.inbox; }
  TaskMetrics* metrics() const { return parts_.metrics; }

  /// Runs the mails that wait, then moves batches until nothing can move or the slice is over.
  Progress Run(MonoTime now, WallTime wall);
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
  class Running;

  void Fail(const Status& status);

  TaskParts parts_;
  std::unique_ptr<Running> running_;  // Null once the task has failed.
  std::optional<MonoTime> wake_at_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TASK_TASK_H_
