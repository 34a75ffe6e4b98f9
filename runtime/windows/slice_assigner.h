// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_WINDOWS_SLICE_ASSIGNER_H_
#define THALWEG_RUNTIME_WINDOWS_SLICE_ASSIGNER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "columnar/batch.h"
#include "columnar/type.h"
#include "runtime/windows/fired_watermarks.h"

namespace thalweg::runtime {

/// The rows of a batch by the slice of time that they belong to, late ones left out.
struct SlicedRows {
  struct Slice {
    EventMillis end = 0;              // Exclusive.
    std::vector<std::uint32_t> rows;  // Ascending; unused when all_rows.
  };
  std::vector<Slice> slices;  // The first slice_count are in use, by end.
  std::size_t slice_count = 0;
  bool all_rows = false;  // There is one slice, and it has every row.
  std::uint64_t late_count = 0;
};

/// What was known about time when a batch came.
struct EventTimeContext {
  EventMillis watermark = kMinWatermark;           // Before the batch.
  const FiredWatermarks* fired = nullptr;          // From before a restore.
  std::span<const std::uint64_t> key_hashes = {};  // Of the rows.
  std::uint32_t key_group_count = 0;
};

/// Deals rows to slices [start, start + size) of event time, and decides for each row against the
/// marks before it whether its slice has fired: when the watermark is at least its end - 1 ms.
class SliceAssigner {
 public:
  /// `size` at least 1 ms; slices begin at `offset` + any multiple of `size`.
  SliceAssigner(const columnar::DataType& time, Milliseconds size, Milliseconds offset);

  /// The end of the slice of a time, both in milliseconds.
  EventMillis SliceEndOf(EventMillis time) const;
  Milliseconds size() const { return Milliseconds(size_); }

  /// Replaces `out`; its memory is used again. kInvalidArgument: a time is NULL.
  Status Assign(const columnar::Batch& batch,
                std::uint32_t time_column,
                const EventTimeContext& context,
                SlicedRows* out) const;

 private:
  void AssignEach(const columnar::Column& times,
                  std::span<const columnar::WatermarkMark> marks,
                  const EventTimeContext& context,
                  SlicedRows* out) const;

  const columnar::DataType time_;
  const std::int64_t size_;
  const std::int64_t offset_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_WINDOWS_SLICE_ASSIGNER_H_
