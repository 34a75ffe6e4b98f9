// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/shared_windows.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/counters.h"
#include "columnar/datum.h"
#include "columnar/key_codec.h"
#include "runtime/operators/aggregate_set.h"
#include "runtime/operators/key_bytes.h"
#include "runtime/plan/output_schema.h"
#include "runtime/plan/plan.h"
#include "runtime/windows/fired_watermarks.h"
#include "runtime/windows/window_assigner.h"
#include "runtime/windows/window_layout.h"
#include "state/sliced_table.h"
#include "state/task_state.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnPtr;
using columnar::DataType;
using state::Residency;
using state::ScanResult;
using state::SlotId;

constexpr char kFiredList[] = "fired";
/// Batches of groups that are merged at a stretch; then a barrier may pass.
constexpr int kMergesAtOnce = 16;

std::vector<const proto::AggregateCall*> CallsOf(const proto::WindowAggregateStep& step) {
  std::vector<const proto::AggregateCall*> calls;
  for (const proto::AggregateCall& call : step.calls()) {
    calls.push_back(&call);
  }
  return calls;
}

std::vector<columnar::Field> KeysOf(const proto::Step& step, const columnar::Schema& input) {
  std::vector<columnar::Field> keys;
  for (const std::uint32_t key : KeyColumnsOf(step, 0)) {
    keys.push_back(input.field(key));
  }
  return keys;
}

std::vector<DataType> TypesOf(const std::vector<columnar::Field>& fields) {
  std::vector<DataType> types;
  for (const columnar::Field& field : fields) {
    types.push_back(field.type);
  }
  return types;
}

WindowAssigner AssignerOf(const proto::WindowAggregateStep& step, const columnar::Schema& input) {
  if (step.attached()) {
    return WindowAssigner(input.type(step.window_end_column()));
  }
  // Of processing time there is one time for all rows.
  const DataType type =
      step.processing_time() ? DataType::TimestampLtz(3) : input.type(step.time_column());
  return WindowAssigner(type, WindowLayout(WindowOf(step)));
}

/// How rows come to their windows.
enum class Way {
  kSingle,  // A slice is a window: tumbling and attached ones.
  kMerge,   // A closed slice is merged into the windows that it is a part of.
  kCarry,   // A window that has fired is merged into the next of its cycle: cumulating ones.
  kEach,    // Rows are added to each window: counted values cannot be merged.
};

/// As in WindowAggregate, a batch that waits for spilled rows and a firing that waits for room can
/// be under way at once; the batch goes first. In the order of time, a slice is merged before the
/// window fires that ends with it.
class SharedWindows final : public KeyedStep {
 public:
  SharedWindows(const proto::Step& step, const StepContext& context, columnar::SchemaPtr output)
      : step_(step.window_aggregate()),
        operator_id_(step.operator_id()),
        input_schema_(context.inputs[0]),
        output_(std::move(output)),
        keys_(KeysOf(step, *input_schema_)),
        layout_(step_.attached() ? proto::WindowSpec() : WindowOf(step_)),
        assigner_(AssignerOf(step_, *input_schema_)),
        aggregates_(CallsOf(step_),
                    *input_schema_,
                    {.operator_id = operator_id_, .keys = keys_, .sliced = true}),
        way_(WayOf()),
        decoder_(TypesOf(keys_)),
        key_stride_(columnar::KeyEncoder(TypesOf(keys_)).fixed_stride()),
        key_group_count_(context.key_group_count),
        fired_(context.key_groups),
        late_rows_(context.metrics == nullptr ? nullptr
                                              : &context.metrics->AddCounter("late_rows_dropped")) {
  }

  Status Declare(state::TaskState& state) override {
    state::TableSpec spec{.operator_id = operator_id_,
                          .name = "windows",
                          .keys = keys_,
                          .sub_keys = {},
                          .values = aggregates_.fields()};
    windows_ = &state.AddSlicedTable(spec);
    if (way_ == Way::kMerge) {
      spec.name = "slices";
      slices_ = &state.AddSlicedTable(spec);
    }
    aggregates_.Place(windows_->layout());
    aggregates_.Declare(state);
    return OkStatus();
  }

  StatusOr<StepResult> Open(state::TaskState& state) override {
    RETURN_IF_ERROR(fired_.Restore(state.operator_state().Get(operator_id_, kFiredList)));
    if (step_.processing_time()) {
      return StepResult::kDone;  // The clock goes on everywhere.
    }
    due_ = fired_.least();
    firing_ = true;
    return GoOn(nullptr);
  }

  StatusOr<StepResult> Process(const KeyedInput& input, Output& /*output*/) override {
    input_.emplace(input);
    now_ = std::max(now_, input.now);
    RETURN_IF_ERROR(Deal());
    if (!input.batch.marks().empty() && !step_.processing_time()) {
      watermark_ = std::max(watermark_, input.batch.marks().back().watermark);
    }
    next_part_ = 0;
    resolved_ = false;
    ASSIGN_OR_RETURN(const bool absorbed, Absorb());
    return !absorbed ? StepResult::kParked : firing_ ? StepResult::kFiring : StepResult::kDone;
  }

  StatusOr<StepResult> OnWatermark(EventMillis watermark, Output& output) override {
    if (step_.processing_time() && watermark != kMaxWatermark) {
      return StepResult::kDone;
    }
    watermark_ = std::max(watermark_, watermark);
    due_ = std::max(due_, watermark_);
    firing_ = true;
    return GoOn(&output);
  }

  StatusOr<StepResult> OnTime(WallTime now, Output& output) override {
    now_ = std::max(now_, now);
    // A window is over when its end has come, and not in its last millisecond, in which rows may
    // still arrive.
    due_ = std::max(due_, now_.time_since_epoch().count() - 1);
    firing_ = true;
    return GoOn(&output);
  }

  std::optional<WallTime> WakeAt() const override {
    if (!step_.processing_time() || firing_) {
      return std::nullopt;
    }
    const EventMillis first = std::min(FirstOf(slices_), FirstOf(windows_));
    return first == kMaxWatermark ? std::nullopt : std::optional(WallTime(Milliseconds(first)));
  }

  StatusOr<StepResult> Continue(Output& output) override { return GoOn(&output); }

  Status BeforeFreeze(state::TaskState& state) override {
    if (!step_.processing_time()) {
      fired_.Raise(watermark_);
    }
    state.operator_state().Set(operator_id_, kFiredList, fired_.ToEntries());
    return OkStatus();
  }

 private:
  static bool HasFired(EventMillis end, EventMillis watermark) { return watermark >= end - 1; }

  Way WayOf() const {
    if (step_.attached() || WindowOf(step_).kind() == proto::WINDOW_TUMBLE) {
      return Way::kSingle;
    }
    if (aggregates_.has_counted_values()) {
      return Way::kEach;
    }
    return WindowOf(step_).kind() == proto::WINDOW_HOP ? Way::kMerge : Way::kCarry;
  }

  /// `output` is null while there can be none.
  StatusOr<StepResult> GoOn(Output* output) {
    if (input_.has_value()) {
      ASSIGN_OR_RETURN(const bool absorbed, Absorb());
      if (!absorbed) {
        return StepResult::kParked;
      }
    }
    return firing_ ? Fire(output) : StepResult::kDone;
  }

  // ---- Taking rows in.

  /// Rows of the batch that go to one slice of one table.
  struct Part {
    state::SlicedTable* table;
    EventMillis end;
    std::vector<std::uint32_t> rows;
  };

  /// Makes the parts of the batch.
  Status Deal() {
    parts_.clear();
    const columnar::Batch& batch = input_->batch;
    if (batch.empty()) {
      return OkStatus();
    }
    if (step_.processing_time() && !step_.attached()) {
      assigned_ = {};
      const EventMillis end = layout_.SliceEndOf(now_.time_since_epoch().count());
      if (layout_.LastWindowEnd(end) >= layout_.FirstWindowEnd(end)) {
        assigned_.slices.push_back({.end = end, .rows = {}});
        for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
          assigned_.slices[0].rows.push_back(row);
        }
      }
    } else {
      RETURN_IF_ERROR(Assign(batch));
    }
    for (AssignedRows::Slice& slice : assigned_.slices) {
      if (way_ == Way::kEach) {
        for (const std::uint32_t row : slice.rows) {
          AddToEach(row, slice.end, layout_.FirstWindowEnd(slice.end));
        }
      } else {
        parts_.push_back({.table = way_ == Way::kMerge ? slices_ : windows_,
                          .end = slice.end,
                          .rows = std::move(slice.rows)});
      }
    }
    for (const AssignedRows::Belated& row : assigned_.belated) {
      const EventMillis first = layout_.FirstUnfired(row.slice_end, row.watermark);
      if (way_ == Way::kCarry) {
        PartOf(first).push_back(row.row);
      } else {
        AddToEach(row.row, row.slice_end, first);
      }
    }
    return OkStatus();
  }

  Status Assign(const columnar::Batch& batch) {
    if (step_.attached()) {
      const Column& starts = *batch.column(step_.window_start_column());
      if (starts.MayHaveNulls() && starts.CountNulls() > 0) {
        return InvalidArgument("The window of a row begins at NULL, so it is no window");
      }
    }
    const EventTimeContext context{.watermark = watermark_,
                                   .fired = &fired_,
                                   .key_hashes = input_->keys.hashes,
                                   .key_group_count = key_group_count_};
    RETURN_IF_ERROR(
        assigner_.Assign(batch,
                         step_.attached() ? step_.window_end_column() : step_.time_column(),
                         context,
                         &assigned_));
    if (late_rows_ != nullptr && assigned_.late_count > 0) {
      late_rows_->Add(assigned_.late_count);
    }
    return OkStatus();
  }

  /// The part of a window; its rows ascend only within what was added by one pass.
  std::vector<std::uint32_t>& PartOf(EventMillis window_end) {
    for (Part& part : parts_) {
      if (part.table == windows_ && part.end == window_end) {
        return part.rows;
      }
    }
    parts_.push_back({.table = windows_, .end = window_end, .rows = {}});
    return parts_.back().rows;
  }

  void AddToEach(std::uint32_t row, EventMillis slice_end, EventMillis first) {
    for (EventMillis end = first; end <= layout_.LastWindowEnd(slice_end);
         end += layout_.interval()) {
      PartOf(end).push_back(row);
    }
  }

  /// Adds the parts to their slices; false: spilled rows are being read.
  StatusOr<bool> Absorb() {
    if (!resolved_ && !parts_.empty()) {
      if (aggregates_.has_counted_values() &&
          aggregates_.Resolve(input_->keys) == Residency::kParked) {
        return false;
      }
      resolved_ = true;
    }
    for (; next_part_ < parts_.size(); ++next_part_) {
      ASSIGN_OR_RETURN(const bool added, AddRows(parts_[next_part_]));
      if (!added) {
        return false;
      }
    }
    input_.reset();
    return true;
  }

  StatusOr<bool> AddRows(const Part& part) {
    state::ValueTable& table = part.table->Slice(part.end);
    const std::span<const std::uint32_t> rows(part.rows);
    slots_.resize(rows.size());
    if (table.Resolve(input_->keys, slots_, state::RowSelection(rows)) == Residency::kParked) {
      return false;
    }
    if (aggregates_.has_counted_values()) {
      aggregates_.Encode(
          input_->batch,
          Column::Constant(
              DataType::BigInt().NotNull(), input_->batch.row_count(), columnar::Datum(part.end)));
    }
    table.Touch(slots_);
    values_.resize(slots_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      values_[i] = table.value(slots_[i]);
    }
    RETURN_IF_ERROR(aggregates_.Accumulate(input_->batch, {values_, rows, &table.strings()}));
    return true;
  }

  // ---- Merging and giving out.

  /// The first slice of a table; kMaxWatermark: there is none.
  static EventMillis FirstOf(const state::SlicedTable* table) {
    return table == nullptr ? kMaxWatermark : table->first_slice().value_or(kMaxWatermark);
  }

  /// What is due in the order of time, a batch at a time.
  StatusOr<StepResult> Fire(Output* output) {
    int merges = 0;
    while (true) {
      const EventMillis slice = FirstOf(slices_);
      const EventMillis next = std::min(slice, FirstOf(windows_));
      if (next == kMaxWatermark || !HasFired(next, due_)) {
        firing_ = false;
        return StepResult::kDone;
      }
      if (slice == next) {
        ASSIGN_OR_RETURN(const bool merged, MergeSlice(next));
        if (!merged) {
          return StepResult::kParked;
        }
        if (++merges == kMergesAtOnce) {
          return StepResult::kFiring;
        }
        continue;
      }
      if (output == nullptr || !output->HasRoom()) {
        return StepResult::kFiring;
      }
      ASSIGN_OR_RETURN(const bool given, GiveWindow(next, *output));
      if (!given) {
        return StepResult::kParked;
      }
    }
  }

  /// The next groups of a table's slice into given_slots_; false: spilled ones are being read. None
  /// are left: drops the slice, and given_ stays false.
  bool TakeGroups(state::SlicedTable& table, EventMillis end) {
    if (given_) {
      return true;
    }
    const ScanResult result = table.Scan(end, columnar::kMaxBatchRows, &given_slots_);
    if (result == ScanResult::kParked) {
      return false;
    }
    if (result == ScanResult::kEnd) {
      table.Drop(end);
      return true;
    }
    const state::ValueTable& rows = *table.FindSlice(end);
    given_keys_.clear();
    given_values_.clear();
    for (const SlotId slot : given_slots_) {
      given_keys_.push_back(rows.key(slot));
      given_values_.push_back(rows.value(slot));
    }
    EncodedKeysOf(given_keys_, key_stride_, &encoded_keys_);
    given_ = true;
    next_window_ = layout_.FirstWindowEnd(end);
    return true;
  }

  /// A batch of groups of a closed slice into all windows that it is a part of: none of them has
  /// fired yet.
  StatusOr<bool> MergeSlice(EventMillis slice_end) {
    if (!TakeGroups(*slices_, slice_end)) {
      return false;
    }
    for (; given_ && next_window_ <= layout_.LastWindowEnd(slice_end);
         next_window_ += layout_.interval()) {
      ASSIGN_OR_RETURN(const bool merged, MergeInto(next_window_));
      if (!merged) {
        return false;
      }
    }
    given_ = false;
    return true;
  }

  /// The given groups into a window; false: spilled ones are being read.
  StatusOr<bool> MergeInto(EventMillis window_end) {
    state::ValueTable& table = windows_->Slice(window_end);
    slots_.resize(encoded_keys_.count);
    if (table.Resolve(encoded_keys_, slots_) == Residency::kParked) {
      return false;
    }
    table.Touch(slots_);
    values_.resize(slots_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      values_[i] = table.value(slots_[i]);
    }
    RETURN_IF_ERROR(aggregates_.Merge(values_, given_values_, table.strings()));
    return true;
  }

  /// A batch of groups of a window; false: spilled rows are being read.
  StatusOr<bool> GiveWindow(EventMillis end, Output& output) {
    if (!TakeGroups(*windows_, end)) {
      return false;
    }
    if (!given_) {
      return true;
    }
    if (way_ == Way::kCarry && next_window_ == end) {
      if (end < layout_.LastWindowEnd(end)) {
        ASSIGN_OR_RETURN(const bool carried, MergeInto(end + layout_.interval()));
        if (!carried) {
          return false;
        }
      }
      next_window_ += layout_.interval();
    }
    if (aggregates_.has_counted_values() &&
        aggregates_.DropSlice(encoded_keys_, end) == Residency::kParked) {
      return false;
    }
    RETURN_IF_ERROR(Emit(end, output));
    given_ = false;
    return true;
  }

  Status Emit(EventMillis end, Output& output) {
    const std::size_t count = given_slots_.size();
    ASSIGN_OR_RETURN(std::vector<ColumnPtr> columns, decoder_.Decode(given_keys_));
    ColumnPtr start;
    if (step_.attached()) {  // The last part of the key.
      start = std::move(columns.back());
      columns.pop_back();
    }
    ASSIGN_OR_RETURN(const std::vector<ColumnPtr> results, aggregates_.Emit(given_values_, {}));
    columns.insert(columns.end(), results.begin(), results.end());
    const EventMillis bounds[] = {step_.attached() ? 0 : layout_.StartOf(end), end, end - 1};
    for (const EventMillis bound : bounds) {
      const DataType& type = output_->type(columns.size());
      if (start != nullptr) {
        columns.push_back(columnar::WithType(std::exchange(start, nullptr), type));
      } else {
        columns.push_back(
            Column::Constant(type, count, columnar::Datum(columnar::FromEventMillis(type, bound))));
      }
    }
    output.Emit(columnar::Batch(output_, std::move(columns), count));
    return OkStatus();
  }

  const proto::WindowAggregateStep step_;
  const OperatorId operator_id_;
  const columnar::SchemaPtr input_schema_;
  const columnar::SchemaPtr output_;
  const std::vector<columnar::Field> keys_;  // Of the tables: with window_start where attached.
  const WindowLayout layout_;
  const WindowAssigner assigner_;
  AggregateSet aggregates_;
  const Way way_;
  const columnar::KeyDecoder decoder_;
  const std::size_t key_stride_;
  const std::uint32_t key_group_count_;
  state::SlicedTable* windows_ = nullptr;  // By window end.
  state::SlicedTable* slices_ = nullptr;   // With kMerge: rows whose slice is not over.

  EventMillis watermark_ = kMinWatermark;
  WallTime now_;
  FiredWatermarks fired_;
  Counter* const late_rows_;

  // The batch at hand.
  std::optional<KeyedInput> input_;
  AssignedRows assigned_;
  std::vector<Part> parts_;
  bool resolved_ = false;
  std::size_t next_part_ = 0;
  std::vector<SlotId> slots_;
  std::vector<std::uint8_t*> values_;

  // The firing.
  bool firing_ = false;
  EventMillis due_ = kMinWatermark;
  bool given_ = false;           // given_slots_ are not done with yet.
  EventMillis next_window_ = 0;  // Into which they are to be merged next.
  std::vector<SlotId> given_slots_;
  std::vector<std::string_view> given_keys_;
  std::vector<const std::uint8_t*> given_values_;
  columnar::EncodedKeys encoded_keys_;
};

}  // namespace

std::unique_ptr<KeyedStep> MakeSharedWindows(const proto::Step& step,
                                             const StepContext& context,
                                             columnar::SchemaPtr output) {
  return std::make_unique<SharedWindows>(step, context, std::move(output));
}

}  // namespace thalweg::runtime
