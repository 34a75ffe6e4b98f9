// SPDX-License-Identifier: Apache-2.0
#include "runtime/windows/slice_assigner.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "columnar/hash.h"

namespace thalweg::runtime {
namespace {

using columnar::Batch;
using columnar::Column;

bool HasFired(EventMillis slice_end, EventMillis watermark) {
  return watermark >= slice_end - 1;
}

/// The least and the greatest value. Four of each on the way, as one comparison would have to wait
/// for the one before it. REQUIRES: values is not empty.
std::pair<std::int64_t, std::int64_t> Extremes(std::span<const std::int64_t> values) {
  constexpr std::size_t kLanes = 4;
  std::int64_t least[kLanes];
  std::int64_t greatest[kLanes];
  std::fill_n(least, kLanes, values[0]);
  std::fill_n(greatest, kLanes, values[0]);
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      least[lane] = std::min(least[lane], values[i + lane]);
      greatest[lane] = std::max(greatest[lane], values[i + lane]);
    }
  }
  for (; i < values.size(); ++i) {
    least[0] = std::min(least[0], values[i]);
    greatest[0] = std::max(greatest[0], values[i]);
  }
  return {*std::min_element(least, least + kLanes), *std::max_element(greatest, greatest + kLanes)};
}

SlicedRows::Slice& SliceFor(EventMillis end, SlicedRows* out) {
  for (std::size_t i = 0; i < out->slice_count; ++i) {
    if (out->slices[i].end == end) {
      return out->slices[i];
    }
  }
  if (out->slice_count == out->slices.size()) {
    out->slices.emplace_back();
  }
  SlicedRows::Slice& slice = out->slices[out->slice_count++];
  slice.end = end;
  slice.rows.clear();
  return slice;
}

}  // namespace

SliceAssigner::SliceAssigner(const columnar::DataType& time, Milliseconds size, Milliseconds offset)
    : time_(time), size_(size.count()), offset_(offset.count()) {
  CHECK_GT(size_, 0);
}

EventMillis SliceAssigner::SliceEndOf(EventMillis time) const {
  const EventMillis remainder = (time - offset_) % size_;
  return time - remainder + (remainder < 0 ? 0 : size_);
}

Status SliceAssigner::Assign(const Batch& batch,
                             std::uint32_t time_column,
                             const EventTimeContext& context,
                             SlicedRows* out) const {
  out->slice_count = 0;
  out->late_count = 0;
  out->all_rows = false;
  if (batch.empty()) {
    return OkStatus();
  }
  const Column& times = *batch.column(time_column);
  if (times.MayHaveNulls() && times.CountNulls() > 0) {
    return InvalidArgument("The event time of a row is NULL, so it belongs to no window");
  }
  const auto [least, greatest] = Extremes(times.Values<std::int64_t>());
  const EventMillis first = SliceEndOf(columnar::ToEventMillis(time_, least));
  const EventMillis last = SliceEndOf(columnar::ToEventMillis(time_, greatest));
  const EventMillis latest_mark =
      batch.marks().empty() ? context.watermark : batch.marks().back().watermark;
  const EventMillis fired = std::max({context.watermark, latest_mark, context.fired->greatest()});
  if (first == last && !HasFired(first, fired)) {
    SliceFor(first, out);
    out->all_rows = true;
    return OkStatus();
  }
  AssignEach(times, batch.marks(), context, out);
  std::sort(out->slices.begin(),
            out->slices.begin() + static_cast<std::ptrdiff_t>(out->slice_count),
            [](const SlicedRows::Slice& a, const SlicedRows::Slice& b) { return a.end < b.end; });
  return OkStatus();
}

void SliceAssigner::AssignEach(const Column& times,
                               std::span<const columnar::WatermarkMark> marks,
                               const EventTimeContext& context,
                               SlicedRows* out) const {
  const std::int64_t* values = times.Values<std::int64_t>().data();
  const std::size_t stride = times.stride();
  EventMillis watermark = context.watermark;
  std::size_t next_mark = 0;
  // Neighbours mostly share a slice: its bounds in the time's own units save a division per row.
  std::int64_t begin_value = 0;
  std::int64_t end_value = 0;
  SlicedRows::Slice* slice = nullptr;
  EventMillis end = 0;
  for (std::uint32_t row = 0; row < times.length(); ++row) {
    while (next_mark < marks.size() && marks[next_mark].row <= row) {
      watermark = std::max(watermark, marks[next_mark++].watermark);
    }
    const std::int64_t value = values[row * stride];
    if (value < begin_value || value >= end_value) {
      end = SliceEndOf(columnar::ToEventMillis(time_, value));
      begin_value = columnar::FromEventMillis(time_, end - size_);
      end_value = columnar::FromEventMillis(time_, end);
      slice = nullptr;
    }
    bool late = HasFired(end, watermark);
    if (!late && HasFired(end, context.fired->greatest())) {
      const KeyGroup group = columnar::KeyGroupOf(context.key_hashes[row], context.key_group_count);
      late = HasFired(end, context.fired->Of(group));
    }
    if (late) {
      ++out->late_count;
      continue;
    }
    if (slice == nullptr) {
      slice = &SliceFor(end, out);
    }
    slice->rows.push_back(row);
  }
}

}  // namespace thalweg::runtime
