// SPDX-License-Identifier: Apache-2.0
//
// The roles that a step of a chain can play. A step is told of one thing at a time and never
// blocks: when the output has no room it keeps a cursor and goes on in Continue().
//
//   batch ──> Process ──> kDone                         next input, or a barrier
//                │  ▲
//         kMore  ▼  │ output has room                   neither input nor barrier until kDone
//              Continue
//   watermark ──> OnWatermark ──> kFiring ──> Continue  a barrier may pass: the cursor is in state
//                             └─> kDone                 now the driver lets the watermark leave
#ifndef THALWEG_RUNTIME_OPERATORS_STEP_H_
#define THALWEG_RUNTIME_OPERATORS_STEP_H_

#include <optional>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "columnar/batch.h"
#include "columnar/key_codec.h"
#include "runtime/connector/output.h"

namespace thalweg::state {
class TaskState;
}  // namespace thalweg::state

namespace thalweg::runtime {

/// What a step has left to do after a call.
enum class StepResult {
  kDone,    // All output of this call is delivered.
  kMore,    // The output is full. Continue() must come to kDone before the next input and before a
            // barrier.
  kFiring,  // Output is left, but the cursor is part of state: a barrier may pass before the next
            // Continue(). No slots are kept between the calls.
  kParked,  // Spilled state is being read. Continue() when it has come; neither input nor barrier
            // before kDone.
};

/// One batch in, any number of batches out. No state, no timers. Marks of the input travel with its
/// rows.
class MapStep {
 public:
  virtual ~MapStep() = default;
  /// The time of the calls that follow, for expressions that ask the clock.
  virtual void OnSlice(WallTime /*now*/) {}
  /// Takes one batch; kDone or kMore. REQUIRES: output.HasRoom().
  virtual StatusOr<StepResult> Process(const columnar::Batch& input, Output& output) = 0;
  /// Goes on where the last call stopped. REQUIRES: output.HasRoom().
  virtual StatusOr<StepResult> Continue(Output& /*output*/) { return StepResult::kDone; }
};

/// Gives rows their event time: marks in batches, watermarks and idleness between them. It has
/// operator state and timers, but no keys. Of the watermarks of its input the driver forwards only
/// kMaxWatermark; marks of the input are replaced.
class EventTimeStep {
 public:
  virtual ~EventTimeStep() = default;

  /// Called once, after the restore and before any input.
  virtual Status Open(state::TaskState& state, MonoTime now) = 0;

  /// Emits the rows with their marks; always kDone. REQUIRES: output.HasRoom().
  virtual StatusOr<StepResult> Process(const columnar::Batch& input,
                                       MonoTime now,
                                       Output& output) = 0;

  /// Called when WakeAt() is due; needs no room: only watermarks and idleness are emitted.
  virtual void OnTime(MonoTime now, Output& output) = 0;
  virtual std::optional<MonoTime> WakeAt() const = 0;

  /// Writes what it remembers into operator state. Called at a barrier, just before the state is
  /// frozen.
  virtual Status BeforeFreeze(state::TaskState& state) = 0;
};

/// A batch for a keyed step: rows, and the encoded key of each row.
struct KeyedInput {
  const columnar::Batch& batch;
  const columnar::EncodedKeys& keys;
  std::uint32_t input = 0;  // Which input of the step: 0, or 1 for the right side of a join.
  WallTime now = {};        // Processing time.
};

/// A step over keyed state. Its keys lie in the key groups of the task: the edge before it hashed
/// on them.
class KeyedStep {
 public:
  virtual ~KeyedStep() = default;

  /// Declares the tables. Called once, before the state is restored.
  virtual Status Declare(state::TaskState& state) = 0;

  /// Called once, after the restore and before any input. kFiring: a restored firing goes on.
  virtual StatusOr<StepResult> Open(state::TaskState& state) = 0;

  /// Takes one batch. Marks in it decide lateness: they are those of the step's combined event
  /// time, which the driver made of the marks and watermarks of all channels. Firing follows in
  /// OnWatermark(). REQUIRES:
  /// output.HasRoom(), except while the step is firing: then it must take the input without output,
  /// and says kFiring, as it still is (or kParked, and kFiring from Continue()).
  virtual StatusOr<StepResult> Process(const KeyedInput& input, Output& output) = 0;

  /// Goes on where the last call stopped. REQUIRES: output.HasRoom() unless the step was parked.
  virtual StatusOr<StepResult> Continue(Output& output) = 0;

  /// Event time has come to `watermark` on all inputs. The driver forwards it once the step is
  /// done.
  virtual StatusOr<StepResult> OnWatermark(EventMillis /*watermark*/, Output& /*output*/) {
    return StepResult::kDone;
  }

  /// Processing time has come to `now`; called when WakeAt() is due.
  virtual StatusOr<StepResult> OnTime(WallTime /*now*/, Output& /*output*/) {
    return StepResult::kDone;
  }
  virtual std::optional<WallTime> WakeAt() const { return std::nullopt; }

  /// Writes what is not in tables (cursors, watermarks that fired) into operator state. Called at a
  /// barrier, just before the state is frozen.
  virtual Status BeforeFreeze(state::TaskState& /*state*/) { return OkStatus(); }
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_STEP_H_
