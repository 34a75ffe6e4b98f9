// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/deduplicate.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "columnar/datum.h"
#include "runtime/operators/changelog_batch.h"
#include "runtime/operators/final_keys.h"
#include "state/row_buffer.h"
#include "state/sliced_table.h"
#include "state/task_state.h"
#include "state/value_table.h"

namespace thalweg::runtime {
namespace {

using columnar::ChangeKind;
using columnar::ColumnPtr;
using state::Residency;
using state::ScanResult;
using state::SlotId;

/// The first row by arrival is never looked at again: only that the key was there is kept. Else the
/// row itself is kept, in a value table or, where only final rows leave, in its one slice.
class Deduplicate final : public KeyedStep {
 public:
  Deduplicate(const proto::Step& step, const StepContext& context, columnar::SchemaPtr output)
      : step_(step.deduplicate()),
        operator_id_(step.operator_id()),
        input_schema_(context.inputs[0]),
        output_(std::move(output)),
        first_stays_(step_.processing_time() && !step_.keep_last()),
        at_end_(step_.emit_at_end() && !first_stays_) {}

  Status Declare(state::TaskState& state) override {
    state::TableSpec spec;
    spec.operator_id = operator_id_;
    spec.name = "rows";
    for (const std::uint32_t key : step_.keys()) {
      spec.keys.push_back(input_schema_->field(key));
    }
    spec.values = {{"", columnar::DataType::Boolean().NotNull()}};  // No column has this name.
    if (!first_stays_) {
      const auto& fields = input_schema_->fields();
      spec.values.insert(spec.values.end(), fields.begin(), fields.end());
    }
    spec.ttl = Milliseconds(at_end_ ? 0 : step_.state_ttl_millis());
    if (at_end_) {
      final_ = &state.AddSlicedTable(spec);
    } else {
      table_ = &state.AddValueTable(spec);
    }
    return OkStatus();
  }

  StatusOr<StepResult> Open(state::TaskState& /*state*/) override { return StepResult::kDone; }

  StatusOr<StepResult> Process(const KeyedInput& input, Output& output) override {
    if (input.batch.empty()) {
      return StepResult::kDone;
    }
    for (const ChangeKind kind : input.batch.change_kinds()) {
      if (!columnar::IsAddition(kind)) {
        return InvalidArgument(
            "Keeping the first or last row got a row that is taken back (-U or -D), but the plan "
            "says that its input only adds rows");
      }
    }
    if (at_end_) {
      table_ = &final_->Slice(kFinalSlice);
    }
    input_.emplace(input);
    applied_ = false;
    return Continue(output);
  }

  StatusOr<StepResult> Continue(Output& output) override {
    if (!input_.has_value()) {
      return firing_ ? GiveFinal(output) : StepResult::kDone;
    }
    if (!applied_) {
      slots_.resize(input_->batch.row_count());
      if (table_->Resolve(input_->keys, slots_) == Residency::kParked) {
        return StepResult::kParked;
      }
      RETURN_IF_ERROR(Apply());
      applied_ = true;
    }
    while (!changes_.empty()) {
      if (!output.HasRoom()) {
        return StepResult::kMore;
      }
      output.Emit(changes_.Next(output_));
    }
    changes_.Clear();
    input_.reset();
    return StepResult::kDone;
  }

  StatusOr<StepResult> OnWatermark(EventMillis watermark, Output& output) override {
    if (!at_end_ || watermark != kMaxWatermark) {
      return StepResult::kDone;
    }
    firing_ = true;
    return GiveFinal(output);
  }

 private:
  static constexpr std::size_t kSeen = 0;  // Field; the row's columns stand behind it.

  bool IsSeen(SlotId slot) const {
    return state::LoadField<std::uint8_t>(table_->value(slot), table_->layout().place(kSeen)) != 0;
  }

  Status Apply() {
    RETURN_IF_ERROR(ChooseRows());
    if (winners_.empty()) {
      return OkStatus();
    }
    std::vector<SlotId> slots;
    std::vector<ChangelogBatch::Change> changes;
    for (std::uint32_t i = 0; i < winners_.size(); ++i) {
      slots.push_back(slots_[winners_[i]]);
      if (!IsSeen(slots.back())) {
        changes.push_back({i, ChangeKind::kInsert, false});
        continue;
      }
      if (step_.needs_update_before()) {
        changes.push_back({i, ChangeKind::kUpdateBefore, true});
      }
      changes.push_back({i, ChangeKind::kUpdateAfter, false});
    }
    std::vector<ColumnPtr> before;
    if (step_.needs_update_before() && !first_stays_ && !at_end_) {
      ASSIGN_OR_RETURN(before, RowsOf(slots));
    }
    Write(slots);
    if (!at_end_) {
      std::vector<ColumnPtr> after;
      for (const ColumnPtr& column : input_->batch.columns()) {
        after.push_back(columnar::Gather(column, winners_));
      }
      changes_.Set({}, std::move(before), std::move(after), std::move(changes));
    }
    return OkStatus();
  }

  /// For each key that gets another row, in the order of first appearance: the row of the batch.
  Status ChooseRows() {
    winners_.clear();
    index_.clear();
    const columnar::Column* const times =
        step_.processing_time() ? nullptr : input_->batch.column(step_.time_column()).get();
    if (times != nullptr && times->MayHaveNulls() && times->CountNulls() > 0) {
      return InvalidArgument(
          "The event time of a row is NULL, so it is neither the first nor the last of its key");
    }
    for (std::uint32_t row = 0; row < slots_.size(); ++row) {
      const auto [place, is_new] = index_.try_emplace(slots_[row], kNoWinner);
      if (place->second == kNoWinner) {
        if (!IsSeen(slots_[row]) || (!first_stays_ && BeatsKept(row, times))) {
          place->second = winners_.size();
          winners_.push_back(row);
        }
      } else if (!first_stays_ &&
                 Beats(TimeAt(times, row), TimeAt(times, winners_[place->second]))) {
        winners_[place->second] = row;
      }
    }
    return OkStatus();
  }

  static std::int64_t TimeAt(const columnar::Column* times, std::uint32_t row) {
    return times == nullptr ? 0 : times->Values<std::int64_t>()[row * times->stride()];
  }

  /// By arrival all times are equal: the last stays.
  bool Beats(std::int64_t time, std::int64_t kept) const {
    return step_.keep_last() ? time >= kept : time < kept;
  }

  bool BeatsKept(std::uint32_t row, const columnar::Column* times) const {
    if (times == nullptr) {
      return step_.keep_last();
    }
    const state::FieldPlace& place = table_->layout().place(kSeen + 1 + step_.time_column());
    return Beats(TimeAt(times, row),
                 state::LoadField<std::int64_t>(table_->value(slots_[row]), place));
  }

  StatusOr<std::vector<ColumnPtr>> RowsOf(std::span<const SlotId> slots) {
    std::vector<const std::uint8_t*> values;
    for (const SlotId slot : slots) {
      values.push_back(table_->value(slot));
    }
    std::vector<ColumnPtr> columns;
    for (std::size_t i = 0; i < input_schema_->size(); ++i) {
      ASSIGN_OR_RETURN(ColumnPtr column,
                       state::GatherField(table_->layout(), kSeen + 1 + i, values));
      columns.push_back(std::move(column));
    }
    return columns;
  }

  void Write(std::span<const SlotId> slots) {
    buffer_.Reset(table_->layout(), slots.size());
    buffer_.SetColumn(
        kSeen,
        columnar::Column::Constant(
            columnar::DataType::Boolean().NotNull(), slots.size(), columnar::Datum(true)));
    if (!first_stays_) {
      for (std::size_t i = 0; i < input_schema_->size(); ++i) {
        buffer_.SetColumn(kSeen + 1 + i, input_->batch.column(i), winners_);
      }
    }
    table_->Write(slots, buffer_);
  }

  StatusOr<StepResult> GiveFinal(Output& output) {
    while (true) {
      if (!output.HasRoom()) {
        return StepResult::kFiring;
      }
      const ScanResult result = final_->Scan(kFinalSlice, columnar::kMaxBatchRows, &slots_);
      if (result == ScanResult::kParked) {
        return StepResult::kParked;
      }
      if (result == ScanResult::kEnd) {
        final_->Drop(kFinalSlice);
        firing_ = false;
        return StepResult::kDone;
      }
      table_ = final_->FindSlice(kFinalSlice);
      ASSIGN_OR_RETURN(std::vector<ColumnPtr> columns, RowsOf(slots_));
      output.Emit(columnar::Batch(output_, std::move(columns), slots_.size()));
    }
  }

  static constexpr std::size_t kNoWinner = static_cast<std::size_t>(-1);

  const proto::DeduplicateStep step_;
  const OperatorId operator_id_;
  const columnar::SchemaPtr input_schema_;
  const columnar::SchemaPtr output_;
  const bool first_stays_;  // Nothing that comes later matters.
  const bool at_end_;
  state::ValueTable* table_ = nullptr;
  state::SlicedTable* final_ = nullptr;  // With at_end_: table_ is its slice.
  bool firing_ = false;

  // The batch at hand.
  std::optional<KeyedInput> input_;
  bool applied_ = false;
  std::vector<SlotId> slots_;
  std::vector<std::uint32_t> winners_;
  std::unordered_map<SlotId, std::size_t> index_;  // Into winners_.
  ChangelogBatch changes_;
  state::RowBuffer buffer_;
};

}  // namespace

std::unique_ptr<KeyedStep> MakeDeduplicate(const proto::Step& step,
                                           const StepContext& context,
                                           columnar::SchemaPtr output) {
  return std::make_unique<Deduplicate>(step, context, std::move(output));
}

}  // namespace thalweg::runtime
