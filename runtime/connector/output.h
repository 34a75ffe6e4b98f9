// SPDX-License-Identifier: Apache-2.0
//
// Where the rows of a step, a source or a reader go.
//
// An output takes at most one batch per channel and then has no room until the receiver took
// something. Nobody blocks: who produces asks HasRoom() before each batch and keeps a cursor where
// it stopped.
#ifndef THALWEG_RUNTIME_CONNECTOR_OUTPUT_H_
#define THALWEG_RUNTIME_CONNECTOR_OUTPUT_H_

#include "base/time.h"
#include "columnar/batch.h"

namespace thalweg::runtime {

/// The receiving end of whoever produces rows. Used by one task on its lane.
class Output {
 public:
  virtual ~Output() = default;

  /// Whether Emit() may be called now. Stays true until the next Emit() of this task.
  virtual bool HasRoom() const = 0;

  /// Takes a batch of 1 to kMaxBatchRows rows with its marks. REQUIRES: HasRoom().
  virtual void Emit(columnar::Batch batch) = 0;

  /// Says that no row below `watermark` (milliseconds, floored) follows. Needs no room: a later one
  /// replaces an earlier one that has not left yet. A watermark that does not rise is ignored.
  virtual void EmitWatermark(EventMillis watermark) = 0;

  /// Says that nothing is expected for a while: until the next Emit() or EmitWatermark() this
  /// output holds back nobody's combined watermark. Needs no room.
  virtual void EmitIdle() {}
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CONNECTOR_OUTPUT_H_
