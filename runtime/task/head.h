// SPDX-License-Identifier: Apache-2.0
//
// Where a chain's input comes from: a gate, an enumerator of splits, or a reader of splits.
#ifndef THALWEG_RUNTIME_TASK_HEAD_H_
#define THALWEG_RUNTIME_TASK_HEAD_H_

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "runtime/channel/gate.h"
#include "runtime/connector/source.h"
#include "runtime/task/slot.h"
#include "runtime/task/step_driver.h"

namespace thalweg::runtime {

/// Used by one chain, on its lane.
class Head {
 public:
  virtual ~Head() = default;

  /// Takes the next input into `out`, or a barrier into barrier(). False: there is nothing.
  /// REQUIRES: `out` is empty and no barrier waits. kToBarrier: only what lies before a barrier
  /// that is queued.
  virtual StatusOr<bool> Pull(GateMode mode, SliceTime now, Slot& out) = 0;
  virtual bool HasQueuedBarrier() const = 0;

  /// The barrier that is to pass the chain next.
  const std::optional<Barrier>& barrier() const { return barrier_; }
  /// It has passed.
  virtual void PassBarrier() { barrier_.reset(); }
  /// For a chain without inputs: a barrier starts here. Others ignore it.
  virtual void Trigger(const Barrier& /*barrier*/) {}
  /// The checkpoint is lost: a barrier of it that has not passed never will.
  virtual void Abort(CheckpointId checkpoint);
  /// Checkpoints that can never pass any more, since the last call.
  virtual std::vector<CheckpointId> TakeLost() { return {}; }
  virtual Microseconds alignment_time() const { return Microseconds(0); }

  /// The connector's part of a checkpoint; at a barrier.
  virtual StateEntries Snapshot() { return {}; }
  /// Once, before the first Pull() of a restored task.
  virtual Status Restore(std::span<const proto::OperatorStateEntry> /*entries*/) {
    return OkStatus();
  }
  virtual std::optional<MonoTime> WakeAt() const { return std::nullopt; }

 protected:
  std::optional<Barrier> barrier_;
};

/// Set by a connector's `wake`, which may outlive the connector's part; taken by its head.
using WakeFlag = std::shared_ptr<bool>;

std::unique_ptr<Head> MakeGateHead(Gate gate);
/// Its chain's first slot gets rows of SplitSchema() (runtime/plan/plan.h).
std::unique_ptr<Head> MakeEnumeratorHead(std::unique_ptr<Enumerator> enumerator, WakeFlag woken);
/// `splits` has the channels from the enumerator. `side` is the reader's output of dead letters,
/// which outlives the head; null: none.
std::unique_ptr<Head> MakeReaderHead(Gate splits,
                                     std::unique_ptr<Reader> reader,
                                     WakeFlag woken,
                                     const Output* side = nullptr);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TASK_HEAD_H_
