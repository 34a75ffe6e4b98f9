// SPDX-License-Identifier: Apache-2.0
//
// A driver plays one step of a chain: it takes from the slot before the step, calls the step as its
// contract says (runtime/operators/step.h), and lets marks leave behind the rows that they follow.
#ifndef THALWEG_RUNTIME_TASK_STEP_DRIVER_H_
#define THALWEG_RUNTIME_TASK_STEP_DRIVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "columnar/key_codec.h"
#include "runtime/channel/gate.h"
#include "runtime/operators/step.h"
#include "runtime/task/slot.h"

namespace thalweg::runtime {

/// One reading of the clocks, for a whole slice.
struct SliceTime {
  MonoTime mono;
  WallTime wall;
};

/// What a step still has to do.
struct StepSituation {
  bool blocks_barrier = false;  // Output or marks are left that no state remembers.
  bool firing = false;          // Output is left that state remembers.
  bool holds_slots = false;     // Slots of its tables are in use: no row may leave memory.
};

/// Used by one chain, which owns the slots.
class StepDriver {
 public:
  virtual ~StepDriver() = default;

  /// Once, after the restore and before anything else.
  virtual Status Open(state::TaskState& state, SliceTime now) = 0;

  /// Whether Take() may be called with what is in front. `absorb`: the step is firing, and takes
  /// input without output to let a barrier come nearer.
  virtual bool CanTake(SlotItem front, bool absorb) const = 0;
  virtual Status Take(GateItem item, SliceTime now) = 0;

  /// Goes on with what the step owes before it takes more: the rest of an output, parked work whose
  /// rows have come, timers that are due. False: nothing of that can move now.
  virtual StatusOr<bool> Work(SliceTime now) = 0;
  /// One step of a firing; false: there is none, or the output has no room.
  virtual StatusOr<bool> Fire(SliceTime now) = 0;

  virtual StepSituation situation() const = 0;
  /// Spilled rows have come: parked work may be tried again.
  virtual void Unpark() {}
  virtual std::optional<MonoTime> WakeAt(SliceTime /*now*/) const { return std::nullopt; }
  virtual Status BeforeFreeze(state::TaskState& state) = 0;
};

/// A keyed step with the columns of its key, by input.
struct KeyedPart {
  std::unique_ptr<KeyedStep> step;
  std::vector<std::vector<std::uint32_t>> key_columns;
  std::vector<columnar::KeyEncoder> encoders;
};

/// `out` outlives the driver.
std::unique_ptr<StepDriver> MakeMapDriver(std::unique_ptr<MapStep> step, Slot& out);
std::unique_ptr<StepDriver> MakeEventTimeDriver(std::unique_ptr<EventTimeStep> step, Slot& out);
std::unique_ptr<StepDriver> MakeKeyedDriver(KeyedPart part, Slot& out);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TASK_STEP_DRIVER_H_
