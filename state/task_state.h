// SPDX-License-Identifier: Apache-2.0
//
// All that one task remembers, and how it survives.
//
//   declare tables ──> Restore() ──> work on tables ⇄ Advance()
//                                        │ barrier N
//                                        ▼
//                                    Freeze(N) ... run written off-thread ... done(snapshot)
//                                        │
//                       OnDurable(N): its rows are safe      OnAborted(N): its changes join the
//                       next
#ifndef THALWEG_STATE_TASK_STATE_H_
#define THALWEG_STATE_TASK_STATE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/executor.h"
#include "base/function.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "proto/checkpoint.pb.h"
#include "state/operator_state.h"
#include "state/ordered_table.h"
#include "state/sliced_table.h"
#include "state/table_spec.h"
#include "state/timer_table.h"
#include "state/value_table.h"
#include "storage/store.h"

namespace thalweg::state {

class MemoryBudget;
class SpillFactory;

/// What a task's state needs from its surroundings; all references outlive it.
struct TaskStateOptions {
  TaskId task;
  KeyGroupRange range;
  std::uint32_t key_group_count = 0;
  /// Where runs are written and read. `run_prefix` is a key prefix that no other attempt of any
  /// task uses; run files are `<run_prefix>/<number>.sst`.
  storage::DirectoryStore* store = nullptr;
  std::string run_prefix;
  BlockingExecutor* executor = nullptr;
  Mailbox* mailbox = nullptr;      // The task's own.
  MemoryBudget* budget = nullptr;  // Shared with other tasks. Null: without limit.
  SpillFactory* spill = nullptr;   // Null: everything stays in memory whatever the budget says.
  UniqueFunction<void()> wake;     // Called on the task's thread when parked rows have come.
  std::size_t inline_run_max = 16 * 1024;     // Runs up to this size travel inside the ack.
  std::size_t copy_at_once_rows = 32 * 1024;  // Dirty sets up to this are copied in Freeze().
  std::size_t eager_restore_max = 256 << 20;  // Restores up to this many bytes go to memory.
};

/// One owner at a time: a helper thread while it is being restored, then the task's thread.
/// Tables live as long as the state.
class TaskState {
 public:
  explicit TaskState(TaskStateOptions options);
  ~TaskState();

  /// Declares a table; before Restore(). CHECKs that (operator, name) is new.
  ValueTable& AddValueTable(const TableSpec& spec);
  SlicedTable& AddSlicedTable(const TableSpec& spec);
  OrderedTable& AddOrderedTable(const TableSpec& spec);
  TimerTable& AddTimerTable(const TableSpec& spec);
  OperatorState& operator_state();
  const TaskStateOptions& options() const;

  /// Takes over the state of older tasks: all those of the same vertex, whatever their ranges.
  /// Reads their runs, newest wins, and keeps what belongs to the own range. Without old tasks
  /// there is nothing to do. Blocks: call it from an executor's thread before the first use.
  ///
  /// kDataLoss: a run is damaged or missing; the message names it. kInvalidArgument: a table or
  /// list changed in a way that cannot be matched; the message names it.
  Status Restore(std::span<const proto::TaskSnapshot* const> old_tasks);

  /// Takes the state as of now into checkpoint N. Fast, whatever has changed. `done` gets the
  /// task's snapshot, with everything it names durable, by a mail; or an error: then this
  /// checkpoint is lost and will be reported by OnAborted(). Checkpoint ids rise.
  void Freeze(CheckpointId checkpoint, UniqueFunction<void(StatusOr<proto::TaskSnapshot>)> done);
  /// The checkpoint's manifest is durable. Older ones that were not reported are decided by it.
  void OnDurable(CheckpointId checkpoint);
  /// The checkpoint will never be complete. May also come for one that this task has not seen.
  void OnAborted(CheckpointId checkpoint);

  /// Does a bounded share of what waits: copying frozen rows, freeing dead ones, TTL, evicting,
  /// starting merges. Called once per slice of the task, also when it has nothing else to do.
  /// `slots_held`: a step still uses slots (it is not at kDone), so no row may leave memory.
  /// True: work is left that needs no outside event; call again soon.
  bool Advance(WallTime now, bool slots_held);

  /// The first error of background work; the task must fail with it.
  Status status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_TASK_STATE_H_
