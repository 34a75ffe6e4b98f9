// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel/watermark_combiner.h"

#include <algorithm>

#include "base/check.h"

namespace thalweg::runtime {

WatermarkCombiner::WatermarkCombiner(std::size_t channel_count) : channels_(channel_count) {
  CHECK_GT(channel_count, 0);
}

std::optional<EventMillis> WatermarkCombiner::OnWatermark(std::size_t index,
                                                          EventMillis watermark) {
  OnActive(index);
  Channel& channel = channels_[index];
  const EventMillis before = channel.watermark;
  if (watermark <= before) {
    return std::nullopt;
  }
  channel.watermark = watermark;
  if (!channel.caught_up) {
    channel.caught_up = watermark >= combined_;
    return channel.caught_up ? Raise() : std::nullopt;
  }
  // Only the last of the channels that hold the combined watermark back can make it rise.
  return before <= combined_ ? Raise() : std::nullopt;
}

std::optional<EventMillis> WatermarkCombiner::OnIdle(std::size_t index) {
  Channel& channel = channels_[index];
  if (channel.idle || channel.ended) {
    return std::nullopt;
  }
  channel.idle = true;
  ++idle_count_;
  return Raise();
}

void WatermarkCombiner::OnActive(std::size_t index) {
  Channel& channel = channels_[index];
  if (channel.idle) {
    channel.idle = false;
    --idle_count_;
    channel.caught_up = channel.watermark >= combined_;
  }
}

std::optional<EventMillis> WatermarkCombiner::OnEnd(std::size_t index) {
  Channel& channel = channels_[index];
  CHECK(!channel.ended);
  if (channel.idle) {
    channel.idle = false;
    --idle_count_;
  }
  channel.ended = true;
  ++ended_count_;
  return Raise();
}

std::optional<EventMillis> WatermarkCombiner::Raise() {
  EventMillis least = kMaxWatermark;
  EventMillis greatest = kMinWatermark;
  bool counted = false;
  for (const Channel& channel : channels_) {
    if (channel.Counts()) {
      least = std::min(least, channel.watermark);
      counted = true;
    }
    if (!channel.ended) {
      greatest = std::max(greatest, channel.watermark);
    }
  }
  if (!counted && !AllEnded()) {
    if (!AllIdle()) {
      return std::nullopt;  // Those that are not idle have yet to catch up.
    }
    least = greatest;
  }
  if (least <= combined_) {
    return std::nullopt;
  }
  combined_ = least;
  return combined_;
}

}  // namespace thalweg::runtime
