// SPDX-License-Identifier: Apache-2.0
#include "runtime/windows/window_assigner.h"

#include <algorithm>

#include "columnar/hash.h"

namespace thalweg::runtime {
namespace {

bool HasFired(EventMillis end, EventMillis watermark) {
  return watermark >= end - 1;
}

}  // namespace

void AssignedRows::Add(EventMillis end, std::uint32_t row) {
  const auto place = std::lower_bound(
      slices.begin(), slices.end(), end, [](const Slice& slice, EventMillis wanted) {
        return slice.end < wanted;
      });
  if (place != slices.end() && place->end == end) {
    place->rows.push_back(row);
  } else {
    slices.insert(place, {.end = end, .rows = {row}});
  }
}

Status WindowAssigner::Assign(const columnar::Batch& batch,
                              std::uint32_t time_column,
                              const EventTimeContext& context,
                              AssignedRows* out) const {
  out->slices.clear();
  out->belated.clear();
  out->late_count = 0;
  if (batch.empty()) {
    return OkStatus();
  }
  const columnar::Column& times = *batch.column(time_column);
  if (times.MayHaveNulls() && times.CountNulls() > 0) {
    return InvalidArgument("The event time of a row is NULL, so it belongs to no window");
  }
  const std::int64_t* values = times.Values<std::int64_t>().data();
  const auto marks = batch.marks();
  EventMillis watermark = context.watermark;
  std::size_t next_mark = 0;
  for (std::uint32_t row = 0; row < times.length(); ++row) {
    while (next_mark < marks.size() && marks[next_mark].row <= row) {
      watermark = std::max(watermark, marks[next_mark++].watermark);
    }
    const EventMillis time = columnar::ToEventMillis(time_, values[row * times.stride()]);
    const EventMillis end = layout_.has_value() ? layout_->SliceEndOf(time) : time;
    const EventMillis last = layout_.has_value() ? layout_->LastWindowEnd(end) : end;
    if (layout_.has_value() && last < layout_->FirstWindowEnd(end)) {
      continue;  // Between two windows.
    }
    EventMillis fired = watermark;
    if (HasFired(end, context.fired->greatest())) {
      const KeyGroup group = columnar::KeyGroupOf(context.key_hashes[row], context.key_group_count);
      fired = std::max(fired, context.fired->Of(group));
    }
    if (!HasFired(end, fired)) {
      out->Add(end, row);
    } else if (HasFired(last, fired)) {
      ++out->late_count;
    } else {
      out->belated.push_back({.row = row, .slice_end = end, .watermark = fired});
    }
  }
  return OkStatus();
}

}  // namespace thalweg::runtime
