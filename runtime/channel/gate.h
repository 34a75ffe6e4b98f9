// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_CHANNEL_GATE_H_
#define THALWEG_RUNTIME_CHANNEL_GATE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "runtime/channel/barrier_aligner.h"
#include "runtime/channel/channel.h"
#include "runtime/channel/watermark_combiner.h"

namespace thalweg::runtime {

struct GateChannel {
  std::unique_ptr<ChannelReader> reader;
  std::uint32_t input = 0;  // Of the vertex: 0, or 1 for the right side of a join.
};

/// What a gate hands on: a batch of one input, or a mark of all of them.
struct GateItem {
  Item item;
  std::uint32_t input = 0;  // Of a batch.
};

/// How much a reader of a gate wants.
enum class GateMode {
  kAll,
  kToBarrier,  // Only what lies before a barrier that is queued already.
};

/// All channels of a task as one stream.
///
/// Channels take turns and none is preferred, but for alignment: one that has delivered its barrier
/// waits for the others. Event time is combined row by row: the marks of a batch that is handed on
/// tell the task's watermark, not the channel's. A Barrier comes out when its checkpoint is reached
/// on all channels, an Idle when all are idle, an End when all have ended (after kMaxWatermark).
/// Used on one lane.
class Gate {
 public:
  /// REQUIRES: at least one channel.
  explicit Gate(std::vector<GateChannel> channels);

  /// The next item, if one can be read. After a Barrier the caller finishes that checkpoint's work
  /// before it reads on. `now` is only for alignment_time().
  std::optional<GateItem> Read(GateMode mode, MonoTime now);

  /// Whether a barrier waits in a channel that may be read.
  bool HasQueuedBarrier() const;

  /// The checkpoint is lost: its barriers are swallowed and an alignment for it ends.
  void Abort(CheckpointId checkpoint) { aligner_.Abort(checkpoint); }

  /// Checkpoints that a newer barrier has cut off since the last call.
  std::vector<CheckpointId> TakeLost() { return std::exchange(lost_, {}); }

  /// From the first barrier to the last, of the barrier that came out last.
  Microseconds alignment_time() const { return alignment_time_; }
  bool aligning() const { return aligner_.aligning(); }

 private:
  std::optional<GateItem> TakeReady();
  void Handle(std::size_t channel, Item item, MonoTime now);
  void HandleBatch(std::size_t channel, columnar::Batch batch);
  void Apply(const BarrierAligner::Outcome& outcome, MonoTime now);
  void Push(std::optional<EventMillis> risen);
  void PushIdle();

  std::vector<GateChannel> channels_;
  BarrierAligner aligner_;
  WatermarkCombiner watermarks_;
  std::deque<GateItem> ready_;  // What the last item that was read gave: at most three.
  std::size_t next_ = 0;        // Whose turn it is.
  bool idle_ = false;           // Idle was handed on, and no batch or watermark since.
  std::vector<CheckpointId> lost_;
  MonoTime alignment_start_;
  Microseconds alignment_time_{0};
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CHANNEL_GATE_H_
