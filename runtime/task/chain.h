// SPDX-License-Identifier: Apache-2.0
//
// Moves batches through the steps of a task, one move at a time:
//
//   head ──> slot ──> step ──> slot ──> step ──> slot ──> tail
//
// A slot holds one batch. The deepest part that can move does, so that a batch leaves the chain
// before the next one enters, and a full channel at the end stops the head after at most one batch
// per slot. A barrier passes the chain as a whole, when nothing is on its way that no state
// remembers; a firing, whose cursor is state, lets it by.
#ifndef THALWEG_RUNTIME_TASK_CHAIN_H_
#define THALWEG_RUNTIME_TASK_CHAIN_H_

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/counters.h"
#include "base/status.h"
#include "runtime/task/head.h"
#include "runtime/task/slot.h"
#include "runtime/task/step_driver.h"
#include "runtime/task/tail.h"

namespace thalweg::runtime {

using StepPart = std::variant<std::unique_ptr<MapStep>, std::unique_ptr<EventTimeStep>, KeyedPart>;

struct ChainParts {
  std::unique_ptr<Head> head;
  std::vector<StepPart> steps;  // In the order of the rows.
  std::unique_ptr<Tail> tail;
  /// Rows that the head and each step emit, one more than steps; empty or null entries: not
  /// counted. They outlive the chain.
  std::vector<Counter*> rows;
};

/// What one call of Move() achieved.
enum class ChainMove {
  kMoved,    // Something moved.
  kBarrier,  // head().barrier() may pass: take the snapshot, then call PassBarrier().
  kIdle,     // Nothing can move now.
};

/// Used by one task, on its lane.
class Chain {
 public:
  explicit Chain(ChainParts parts);

  /// Opens the steps; once, after the restore.
  Status Open(state::TaskState& state, SliceTime now);

  StatusOr<ChainMove> Move(SliceTime now);
  void PassBarrier();
  Status BeforeFreeze(state::TaskState& state);

  Head& head() { return *parts_.head; }
  Sink* sink() { return parts_.tail->sink(); }
  /// Spilled rows have come.
  void Unpark();
  std::optional<MonoTime> WakeAt(SliceTime now) const;

  /// The end has left the chain.
  bool ended() const { return ended_; }
  /// Slots of tables are in use between two calls.
  bool HoldsSlots() const;
  /// The last kIdle was for want of room at the outputs.
  bool blocked() const { return blocked_; }

 private:
  StatusOr<bool> MoveDeepest(SliceTime now);
  StatusOr<bool> MoveTail();
  StatusOr<bool> Fire(SliceTime now);
  StatusOr<bool> Pull(SliceTime now);
  bool IsFiring() const;
  bool BarrierMayPass();

  ChainParts parts_;
  std::vector<std::unique_ptr<Slot>> slots_;  // slots_[i] lies before step i, the last the tail.
  std::vector<std::unique_ptr<StepDriver>> drivers_;
  bool ended_ = false;
  bool blocked_ = false;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TASK_CHAIN_H_
