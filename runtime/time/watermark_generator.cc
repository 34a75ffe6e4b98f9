// SPDX-License-Identifier: Apache-2.0
#include "runtime/time/watermark_generator.h"

#include <algorithm>

namespace thalweg::runtime {

using columnar::Column;

WatermarkGenerator::WatermarkGenerator(const columnar::DataType& time, Options options)
    : time_(time), options_(options) {
  SetThreshold();
}

void WatermarkGenerator::Restore(const Position& position) {
  position_ = position;
  SetThreshold();
}

EventMillis WatermarkGenerator::WatermarkOf(std::int64_t time) const {
  return columnar::ToEventMillis(time_, time) - options_.delay.count();
}

void WatermarkGenerator::SetThreshold() {
  const EventMillis last = position_.emitted == kMinWatermark ? 0 : position_.emitted;
  threshold_ = columnar::FromEventMillis(
      time_, last + options_.interval.count() + options_.delay.count() + 1);
}

Status WatermarkGenerator::Observe(const Column& times,
                                   std::vector<columnar::WatermarkMark>* marks) {
  marks->clear();
  const std::size_t count = times.length();
  if (count == 0) {
    return OkStatus();
  }
  if (times.MayHaveNulls() && times.CountNulls() > 0) {
    return InvalidArgument(
        "The event time of a row is NULL; it must have a value, or be given one "
        "before the watermark is defined");
  }
  const std::int64_t* values = times.Values<std::int64_t>().data();
  const std::size_t stored = times.stored_length();
  const std::int64_t greatest = *std::max_element(values, values + stored);
  if (greatest >= threshold_) {
    for (std::size_t row = 0; row < stored; ++row) {
      if (values[row] >= threshold_) {
        position_.highest = position_.emitted = WatermarkOf(values[row]);
        marks->push_back({static_cast<std::uint32_t>(row + 1), position_.emitted});
        SetThreshold();
      }
    }
  }
  position_.highest = std::max(position_.highest, WatermarkOf(greatest));
  return OkStatus();
}

}  // namespace thalweg::runtime
