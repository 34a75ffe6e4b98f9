// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "columnar/column_builder.h"
#include "runtime/operators/map_steps.h"
#include "runtime/windows/window_layout.h"

namespace thalweg::runtime {
namespace {

using columnar::Batch;
using columnar::ColumnPtr;
using columnar::DataType;

/// A row stands as often behind itself as it has windows, so that no mark comes between.
class WindowTable final : public MapStep {
 public:
  WindowTable(const proto::WindowTableStep& step,
              const columnar::Schema& input,
              columnar::SchemaPtr output)
      : time_column_(step.time_column()),
        time_(input.type(step.time_column())),
        layout_(step.window()),
        output_(std::move(output)) {}

  StatusOr<StepResult> Process(const Batch& input, Output& output) override {
    if (input.empty()) {
      return StepResult::kDone;
    }
    const columnar::Column& times = *input.column(time_column_);
    if (times.MayHaveNulls() && times.CountNulls() > 0) {
      return InvalidArgument("The event time of a row is NULL, so it belongs to no window");
    }
    input_ = input;
    next_row_ = 0;
    next_end_.reset();
    return Continue(output);
  }

  StatusOr<StepResult> Continue(Output& output) override {
    while (Fill()) {
      if (!rows_.empty()) {
        output.Emit(TakeRows());
        if (!output.HasRoom()) {
          return next_row_ < input_.row_count() ? StepResult::kMore : Finish();
        }
      }
    }
    return Finish();
  }

 private:
  StepResult Finish() {
    input_ = Batch();
    return StepResult::kDone;
  }

  /// The next rows and their windows, up to a whole batch. False: there are none left.
  bool Fill() {
    rows_.clear();
    ends_.clear();
    if (next_row_ == input_.row_count()) {
      return false;
    }
    const columnar::Column& times = *input_.column(time_column_);
    const auto values = times.Values<std::int64_t>();
    for (; next_row_ < input_.row_count(); ++next_row_, next_end_.reset()) {
      const EventMillis time = columnar::ToEventMillis(time_, values[next_row_ * times.stride()]);
      const EventMillis slice = layout_.SliceEndOf(time);
      const EventMillis last = layout_.LastWindowEnd(slice);
      EventMillis end = next_end_.value_or(layout_.FirstWindowEnd(slice));
      for (; end <= last; end += layout_.interval()) {
        if (rows_.size() == columnar::kMaxBatchRows) {
          next_end_ = end;
          return true;
        }
        rows_.push_back(static_cast<std::uint32_t>(next_row_));
        ends_.push_back(end);
      }
    }
    return true;
  }

  Batch TakeRows() const {
    std::vector<ColumnPtr> columns;
    for (const ColumnPtr& column : input_.columns()) {
      columns.push_back(columnar::Gather(column, rows_));
    }
    columns.push_back(Times(columns.size(), [&](EventMillis end) { return layout_.StartOf(end); }));
    columns.push_back(Times(columns.size(), [](EventMillis end) { return end; }));
    columns.push_back(Times(columns.size(), [](EventMillis end) { return end - 1; }));
    Batch batch(output_, std::move(columns), rows_.size());
    if (!input_.change_kinds().empty()) {
      std::vector<columnar::ChangeKind> kinds;
      for (const std::uint32_t row : rows_) {
        kinds.push_back(input_.change_kinds()[row]);
      }
      batch = batch.WithChangeKinds(kinds);
    }
    return batch.WithMarks(Marks());
  }

  /// A mark stays before the first copy of the first row that stands here and that it was before.
  std::vector<columnar::WatermarkMark> Marks() const {
    std::vector<columnar::WatermarkMark> marks;
    for (const columnar::WatermarkMark& mark : input_.marks()) {
      const auto place = std::lower_bound(rows_.begin(), rows_.end(), mark.row);
      const auto row = static_cast<std::uint32_t>(place - rows_.begin());
      if (row == rows_.size()) {
        break;  // With a later part, or behind the batch as a watermark.
      }
      if (!marks.empty() && marks.back().row == row) {
        marks.back().watermark = mark.watermark;
      } else {
        marks.push_back({.row = row, .watermark = mark.watermark});
      }
    }
    return marks;
  }

  template <class Bound>
  ColumnPtr Times(std::size_t column, Bound bound) const {
    const DataType& type = output_->type(column);
    columnar::ColumnBuilder builder(type, ends_.size());
    for (const EventMillis end : ends_) {
      builder.Append(columnar::FromEventMillis(type, bound(end)));
    }
    return builder.Finish();
  }

  const std::uint32_t time_column_;
  const DataType time_;
  const WindowLayout layout_;
  const columnar::SchemaPtr output_;

  Batch input_;
  std::size_t next_row_ = 0;
  std::optional<EventMillis> next_end_;  // Of next_row_, when it is torn apart.
  std::vector<std::uint32_t> rows_;
  std::vector<EventMillis> ends_;
};

}  // namespace

std::unique_ptr<MapStep> MakeWindowTable(const proto::WindowTableStep& step,
                                         const columnar::Schema& input,
                                         columnar::SchemaPtr output) {
  return std::make_unique<WindowTable>(step, input, std::move(output));
}

}  // namespace thalweg::runtime
