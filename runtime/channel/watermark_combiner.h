// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_CHANNEL_WATERMARK_COMBINER_H_
#define THALWEG_RUNTIME_CHANNEL_WATERMARK_COMBINER_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "base/time.h"

namespace thalweg::runtime {

/// The event time of a task with several channels: the least watermark of those that count. A
/// channel that is idle or has ended does not count. One that comes back behind the combined
/// watermark does not count until it has caught up: nobody waits for rows that are late anyway.
/// Pure.
///
/// The combined watermark never falls; functions return it when it has risen.
class WatermarkCombiner {
 public:
  explicit WatermarkCombiner(std::size_t channel_count);

  std::optional<EventMillis> OnWatermark(std::size_t channel, EventMillis watermark);
  /// When the last channel becomes idle, the greatest watermark of all is what holds.
  std::optional<EventMillis> OnIdle(std::size_t channel);
  /// A batch has come: the channel is not idle any more.
  void OnActive(std::size_t channel);
  /// kMaxWatermark when it was the last one.
  std::optional<EventMillis> OnEnd(std::size_t channel);

  EventMillis combined() const { return combined_; }
  /// There are channels that have not ended, and they are all idle.
  bool AllIdle() const { return ended_count_ < channels_.size() && live_count() == idle_count_; }
  bool AllEnded() const { return ended_count_ == channels_.size(); }

 private:
  struct Channel {
    EventMillis watermark = kMinWatermark;
    bool idle = false;
    bool ended = false;
    bool caught_up = true;

    bool Counts() const { return !idle && !ended && caught_up; }
  };

  std::size_t live_count() const { return channels_.size() - ended_count_; }
  std::optional<EventMillis> Raise();

  std::vector<Channel> channels_;
  std::size_t idle_count_ = 0;  // Of channels that have not ended.
  std::size_t ended_count_ = 0;
  EventMillis combined_ = kMinWatermark;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CHANNEL_WATERMARK_COMBINER_H_
