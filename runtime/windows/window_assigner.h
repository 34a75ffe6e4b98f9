// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_WINDOWS_WINDOW_ASSIGNER_H_
#define THALWEG_RUNTIME_WINDOWS_WINDOW_ASSIGNER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "columnar/batch.h"
#include "columnar/type.h"
#include "runtime/windows/slice_assigner.h"
#include "runtime/windows/window_layout.h"

namespace thalweg::runtime {

/// The rows of a batch by slice, for windows that share slices.
struct AssignedRows {
  struct Slice {
    EventMillis end = 0;
    std::vector<std::uint32_t> rows;  // Ascending.
  };
  /// A row whose slice has been given to its windows, of which some have not fired.
  struct Belated {
    std::uint32_t row;
    EventMillis slice_end;
    EventMillis watermark;  // What had fired when the row came.
  };
  std::vector<Slice> slices;  // By end.
  std::vector<Belated> belated;
  std::uint64_t late_count = 0;  // All windows of these have fired.

  void Add(EventMillis end, std::uint32_t row);
};

/// Decides for each row against the marks before it, as SliceAssigner does for windows that are one
/// slice each.
class WindowAssigner {
 public:
  /// Windows in which rows lie by their time.
  WindowAssigner(const columnar::DataType& time, WindowLayout layout)
      : time_(time), layout_(layout) {}
  /// Rows say themselves where their window ends.
  explicit WindowAssigner(const columnar::DataType& window_end) : time_(window_end) {}

  /// Replaces `out`. kInvalidArgument: a time is NULL.
  Status Assign(const columnar::Batch& batch,
                std::uint32_t time_column,
                const EventTimeContext& context,
                AssignedRows* out) const;

 private:
  const columnar::DataType time_;
  const std::optional<WindowLayout> layout_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_WINDOWS_WINDOW_ASSIGNER_H_
