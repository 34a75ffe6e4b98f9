// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_WINDOWS_WINDOW_LAYOUT_H_
#define THALWEG_RUNTIME_WINDOWS_WINDOW_LAYOUT_H_

#include "base/time.h"
#include "proto/plan.pb.h"

namespace thalweg::runtime {

/// Where windows lie on the line of time, and the slices that they are made of: time is cut at
/// every place where a window may begin or end, so that rows are added once, to their slice, and
/// not to each window.
///
///   HOP size 6, slide 4    |--------w1--------|
///                                     |--------w2--------|
///   slices of 2            |--|--|--|--|--|--|--|--|--|--|
class WindowLayout {
 public:
  /// REQUIRES: a spec that was checked with the plan.
  explicit WindowLayout(const proto::WindowSpec& window);

  EventMillis slice_size() const { return slice_size_; }
  /// The end of the slice of a time.
  EventMillis SliceEndOf(EventMillis time) const;

  // Windows of which a slice is a part: those that end at First, First + interval() and so on up to
  // Last. There is none when Last is before First: windows need not cover all of time.
  EventMillis FirstWindowEnd(EventMillis slice_end) const;
  EventMillis LastWindowEnd(EventMillis slice_end) const;
  EventMillis interval() const { return interval_; }
  /// The first of them whose end is behind `watermark` + 1: it has not fired.
  EventMillis FirstUnfired(EventMillis slice_end, EventMillis watermark) const;

  EventMillis StartOf(EventMillis window_end) const;

 private:
  proto::WindowKind kind_;
  EventMillis size_;
  EventMillis interval_;  // From window end to window end.
  EventMillis offset_;
  EventMillis slice_size_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_WINDOWS_WINDOW_LAYOUT_H_
