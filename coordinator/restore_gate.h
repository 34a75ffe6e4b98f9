// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_RESTORE_GATE_H_
#define THALWEG_COORDINATOR_RESTORE_GATE_H_

// Holds back complete() after a restore.
//
// A restored sink first settles what the checkpoint left pending. New output must not become
// visible before that, or it would stand before older output. So the first complete() waits until
// every task with a sink has settled; tasks run meanwhile.

#include <optional>
#include <set>
#include <utility>

#include "base/ids.h"
#include "base/mutation.h"

namespace thalweg::coordinator {

class RestoreGate {
 public:
  /// Starts waiting for these tasks; with none the gate is open. What was held is forgotten.
  void Close(std::set<TaskId> sinks) {
    waiting_for_ = std::move(sinks);
    held_ = std::nullopt;
  }

  bool is_open() const { return waiting_for_.empty() || Mutated(Mutation::kRestoreGateOff); }

  /// Keeps the complete() of a durable checkpoint back. A later one stands for the earlier ones.
  void Hold(CheckpointId id) { held_ = id; }

  /// A task has settled; a repeat is ignored. True: the gate has just opened.
  bool OnReplayed(TaskId task) { return waiting_for_.erase(task) > 0 && waiting_for_.empty(); }

  /// What was held, once.
  std::optional<CheckpointId> TakeHeld() { return std::exchange(held_, std::nullopt); }

 private:
  std::set<TaskId> waiting_for_;
  std::optional<CheckpointId> held_;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_RESTORE_GATE_H_
