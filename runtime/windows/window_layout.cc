// SPDX-License-Identifier: Apache-2.0
#include "runtime/windows/window_layout.h"

#include <numeric>

namespace thalweg::runtime {
namespace {

/// The greatest value that is `offset` plus a multiple of `step` and not above `value`.
EventMillis FloorTo(EventMillis value, EventMillis step, EventMillis offset) {
  const EventMillis remainder = (value - offset) % step;
  return value - remainder - (remainder < 0 ? step : 0);
}

}  // namespace

WindowLayout::WindowLayout(const proto::WindowSpec& window)
    : kind_(window.kind()),
      size_(window.size_millis()),
      interval_(kind_ == proto::WINDOW_TUMBLE ? size_ : window.slide_millis()),
      offset_(window.offset_millis()),
      slice_size_(std::gcd(size_, interval_)) {}

EventMillis WindowLayout::SliceEndOf(EventMillis time) const {
  return FloorTo(time, slice_size_, offset_) + slice_size_;
}

EventMillis WindowLayout::FirstWindowEnd(EventMillis slice_end) const {
  if (kind_ != proto::WINDOW_HOP) {
    return slice_end;
  }
  return FloorTo(slice_end - 1, interval_, offset_ + size_) + interval_;
}

EventMillis WindowLayout::LastWindowEnd(EventMillis slice_end) const {
  const EventMillis start = slice_end - slice_size_;
  return FloorTo(start, kind_ == proto::WINDOW_HOP ? interval_ : size_, offset_) + size_;
}

EventMillis WindowLayout::FirstUnfired(EventMillis slice_end, EventMillis watermark) const {
  const EventMillis first = FirstWindowEnd(slice_end);
  if (first - 1 > watermark) {
    return first;
  }
  // At least watermark + 2.
  return first + ((watermark + 1 - first) / interval_ + 1) * interval_;
}

EventMillis WindowLayout::StartOf(EventMillis window_end) const {
  return kind_ == proto::WINDOW_CUMULATE ? FloorTo(window_end - 1, size_, offset_)
                                         : window_end - size_;
}

}  // namespace thalweg::runtime
