// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/window_aggregate.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/counters.h"
#include "columnar/column_builder.h"
#include "columnar/datum.h"
#include "columnar/key_codec.h"
#include "runtime/operators/aggregate_set.h"
#include "runtime/operators/key_bytes.h"
#include "runtime/plan/output_schema.h"
#include "runtime/windows/fired_watermarks.h"
#include "runtime/windows/slice_assigner.h"
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

// Rows that are taken through all passes together: their groups stay in the nearest cache.
constexpr std::size_t kBlockRows = 256;

std::vector<const proto::AggregateCall*> CallsOf(const proto::WindowAggregateStep& step) {
  std::vector<const proto::AggregateCall*> calls;
  for (const proto::AggregateCall& call : step.calls()) {
    calls.push_back(&call);
  }
  return calls;
}

std::vector<columnar::Field> KeysOf(const proto::WindowAggregateStep& step,
                                    const columnar::Schema& input) {
  std::vector<columnar::Field> keys;
  for (const std::uint32_t key : step.keys()) {
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

/// Two things can be under way at once: a batch that waits for spilled rows, and a firing that
/// waits for room. The batch goes first.
///
/// After a restore with another parallelism a task may own key groups of which some have fired a
/// slice and some have not. Then the slice waits until event time has come there again; what is
/// late is decided by each row's key group.
class WindowAggregate final : public KeyedStep {
 public:
  WindowAggregate(const proto::Step& step, const StepContext& context, columnar::SchemaPtr output)
      : step_(step.window_aggregate()),
        operator_id_(step.operator_id()),
        input_schema_(context.inputs[0]),
        output_(std::move(output)),
        keys_(KeysOf(step_, *input_schema_)),
        assigner_(input_schema_->type(step_.time_column()),
                  Milliseconds(WindowOf(step_).size_millis()),
                  Milliseconds(WindowOf(step_).offset_millis())),
        aggregates_(CallsOf(step_),
                    *input_schema_,
                    {.operator_id = operator_id_, .keys = keys_, .sliced = true}),
        decoder_(TypesOf(keys_)),
        key_stride_(columnar::KeyEncoder(TypesOf(keys_)).fixed_stride()),
        key_group_count_(context.key_group_count),
        fired_(context.key_groups),
        late_rows_(context.metrics == nullptr ? nullptr
                                              : &context.metrics->AddCounter("late_rows_dropped")) {
  }

  Status Declare(state::TaskState& state) override {
    table_ = &state.AddSlicedTable({.operator_id = operator_id_,
                                    .name = "windows",
                                    .keys = keys_,
                                    .sub_keys = {},
                                    .values = aggregates_.fields()});
    aggregates_.Place(table_->layout());
    aggregates_.Declare(state);
    return OkStatus();
  }

  StatusOr<StepResult> Open(state::TaskState& state) override {
    RETURN_IF_ERROR(fired_.Restore(state.operator_state().Get(operator_id_, kFiredList)));
    due_ = fired_.least();
    firing_ = true;
    return GoOn(nullptr);
  }

  StatusOr<StepResult> Process(const KeyedInput& input, Output& output) override {
    input_.emplace(input);
    const EventTimeContext context{.watermark = watermark_,
                                   .fired = &fired_,
                                   .key_hashes = input.keys.hashes,
                                   .key_group_count = key_group_count_};
    RETURN_IF_ERROR(assigner_.Assign(input.batch, step_.time_column(), context, &sliced_));
    if (late_rows_ != nullptr && sliced_.late_count > 0) {
      late_rows_->Add(sliced_.late_count);
    }
    if (!input.batch.marks().empty()) {
      watermark_ = std::max(watermark_, input.batch.marks().back().watermark);
    }
    next_slice_ = 0;
    prepared_ = false;
    StatusOr<bool> absorbed = Absorb();
    RETURN_IF_ERROR(absorbed.status());
    (void)output;
    return !*absorbed ? StepResult::kParked : firing_ ? StepResult::kFiring : StepResult::kDone;
  }

  StatusOr<StepResult> OnWatermark(EventMillis watermark, Output& output) override {
    watermark_ = std::max(watermark_, watermark);
    due_ = std::max(due_, watermark_);
    firing_ = true;
    return GoOn(&output);
  }

  StatusOr<StepResult> Continue(Output& output) override { return GoOn(&output); }

  Status BeforeFreeze(state::TaskState& state) override {
    fired_.Raise(watermark_);
    state.operator_state().Set(operator_id_, kFiredList, fired_.ToEntries());
    return OkStatus();
  }

 private:
  static bool HasFired(EventMillis slice_end, EventMillis watermark) {
    return watermark >= slice_end - 1;
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

  /// Adds the rows of the batch to their slices; false: spilled rows are being read.
  StatusOr<bool> Absorb() {
    if (!prepared_ && !Prepare()) {
      return false;
    }
    for (; next_slice_ < sliced_.slice_count; ++next_slice_) {
      const SlicedRows::Slice& slice = sliced_.slices[next_slice_];
      ASSIGN_OR_RETURN(const bool added, AddRows(slice));
      if (!added) {
        return false;
      }
    }
    input_.reset();
    return true;
  }

  bool Prepare() {
    if (aggregates_.has_counted_values() && sliced_.slice_count > 0) {
      if (aggregates_.Resolve(input_->keys) == Residency::kParked) {
        return false;
      }
      aggregates_.Encode(input_->batch, SliceColumn());
    }
    prepared_ = true;
    return true;
  }

  /// The slice of each row; late rows have none, and are not looked at.
  ColumnPtr SliceColumn() const {
    const std::size_t count = input_->batch.row_count();
    if (sliced_.all_rows) {
      return Column::Constant(
          DataType::BigInt().NotNull(), count, columnar::Datum(sliced_.slices[0].end));
    }
    columnar::ColumnBuilder builder(DataType::BigInt().NotNull(), count);
    builder.Reserve(count);
    const auto ends = builder.MutableValues<std::int64_t>();
    for (std::size_t i = 0; i < sliced_.slice_count; ++i) {
      for (const std::uint32_t row : sliced_.slices[i].rows) {
        ends[row] = sliced_.slices[i].end;
      }
    }
    builder.SetLength(count);
    return builder.Finish();
  }

  StatusOr<bool> AddRows(const SlicedRows::Slice& slice) {
    state::ValueTable& table = table_->Slice(slice.end);
    const bool all = sliced_.all_rows;
    const std::size_t count = all ? input_->batch.row_count() : slice.rows.size();
    // What may park must be all or nothing.
    const bool whole = table.may_park() || aggregates_.has_counted_values();
    const std::size_t block = whole ? count : kBlockRows;
    for (std::size_t begin = 0; begin < count; begin += block) {
      const std::size_t size = std::min(block, count - begin);
      const std::span<const std::uint32_t> rows =
          all ? std::span<const std::uint32_t>()
              : std::span<const std::uint32_t>(slice.rows).subspan(begin, size);
      slots_.resize(size);
      values_.resize(size);
      const Residency residency =
          table.Resolve(input_->keys,
                        slots_,
                        all ? state::RowSelection::Range(begin, size) : state::RowSelection(rows));
      if (residency == Residency::kParked) {
        return false;
      }
      table.Touch(slots_, values_);
      RETURN_IF_ERROR(aggregates_.Accumulate(
          input_->batch,
          {.values = values_, .rows = rows, .strings = &table.strings(), .first = begin}));
    }
    return true;
  }

  // ---- Giving results out.

  /// Slice after slice, a batch at a time, up to due_.
  StatusOr<StepResult> Fire(Output* output) {
    while (true) {
      const std::optional<std::int64_t> slice = table_->first_slice();
      if (!slice.has_value() || !HasFired(*slice, due_)) {
        firing_ = false;
        return StepResult::kDone;
      }
      if (output == nullptr || !output->HasRoom()) {
        return StepResult::kFiring;
      }
      // Given rows stay given until they are emitted, should their counted values be spilled.
      if (!given_) {
        const ScanResult result = table_->Scan(*slice, columnar::kMaxBatchRows, &given_slots_);
        if (result == ScanResult::kParked) {
          return StepResult::kParked;
        }
        if (result == ScanResult::kEnd) {
          table_->Drop(*slice);
          continue;
        }
        given_ = true;
      }
      state::ValueTable& table = *table_->FindSlice(*slice);
      if (!ForgetCountedValues(table, *slice)) {
        return StepResult::kParked;
      }
      RETURN_IF_ERROR(Emit(table, *slice, *output));
      given_ = false;
    }
  }

  bool ForgetCountedValues(const state::ValueTable& table, std::int64_t slice) {
    if (!aggregates_.has_counted_values()) {
      return true;
    }
    CollectKeys(table);
    EncodedKeysOf(given_keys_, key_stride_, &encoded_keys_);
    return aggregates_.DropSlice(encoded_keys_, slice) == Residency::kReady;
  }

  void CollectKeys(const state::ValueTable& table) {
    given_keys_.resize(given_slots_.size());
    for (std::size_t i = 0; i < given_slots_.size(); ++i) {
      given_keys_[i] = table.key(given_slots_[i]);
    }
  }

  Status Emit(const state::ValueTable& table, std::int64_t slice, Output& output) {
    const std::size_t count = given_slots_.size();
    CollectKeys(table);
    ASSIGN_OR_RETURN(std::vector<ColumnPtr> columns, decoder_.Decode(given_keys_));
    given_values_.resize(count);
    const state::RowPages::View values = table.values();
    for (std::size_t i = 0; i < count; ++i) {
      given_values_[i] = values.row(given_slots_[i]);
    }
    ASSIGN_OR_RETURN(const std::vector<ColumnPtr> results, aggregates_.Emit(given_values_, {}));
    columns.insert(columns.end(), results.begin(), results.end());
    const EventMillis bounds[] = {slice - assigner_.size().count(), slice, slice - 1};
    for (const EventMillis bound : bounds) {
      const DataType& type = output_->type(columns.size());
      columns.push_back(
          Column::Constant(type, count, columnar::Datum(columnar::FromEventMillis(type, bound))));
    }
    output.Emit(columnar::Batch(output_, std::move(columns), count));
    return OkStatus();
  }

  const proto::WindowAggregateStep step_;
  const OperatorId operator_id_;
  const columnar::SchemaPtr input_schema_;
  const columnar::SchemaPtr output_;
  const std::vector<columnar::Field> keys_;
  const SliceAssigner assigner_;
  AggregateSet aggregates_;
  const columnar::KeyDecoder decoder_;
  const std::size_t key_stride_;
  const std::uint32_t key_group_count_;
  state::SlicedTable* table_ = nullptr;

  EventMillis watermark_ = kMinWatermark;
  FiredWatermarks fired_;
  Counter* const late_rows_;

  // The batch at hand.
  std::optional<KeyedInput> input_;
  SlicedRows sliced_;
  bool prepared_ = false;
  std::size_t next_slice_ = 0;
  std::vector<SlotId> slots_;
  std::vector<std::uint8_t*> values_;

  // The firing.
  bool firing_ = false;
  EventMillis due_ = kMinWatermark;  // Slices up to here are given out.
  bool given_ = false;               // given_slots_ are not emitted yet.
  std::vector<SlotId> given_slots_;
  std::vector<std::string_view> given_keys_;
  std::vector<const std::uint8_t*> given_values_;
  columnar::EncodedKeys encoded_keys_;
};

}  // namespace

std::unique_ptr<KeyedStep> MakeWindowAggregate(const proto::Step& step,
                                               const StepContext& context,
                                               columnar::SchemaPtr output) {
  return std::make_unique<WindowAggregate>(step, context, std::move(output));
}

}  // namespace thalweg::runtime
