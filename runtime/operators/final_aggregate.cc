// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/final_aggregate.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "columnar/column_builder.h"
#include "columnar/hash.h"
#include "runtime/operators/aggregate_set.h"
#include "runtime/operators/final_keys.h"
#include "runtime/operators/key_bytes.h"
#include "state/sliced_table.h"
#include "state/task_state.h"

namespace thalweg::runtime {
namespace {

using columnar::ColumnPtr;
using state::Residency;
using state::ScanResult;
using state::SlotId;

constexpr char kGivenList[] = "given";

std::vector<const proto::AggregateCall*> CallsOf(const proto::AggregateStep& step) {
  std::vector<const proto::AggregateCall*> calls;
  for (const proto::AggregateCall& call : step.calls()) {
    calls.push_back(&call);
  }
  return calls;
}

std::vector<columnar::Field> KeysOf(const proto::AggregateStep& step,
                                    const columnar::Schema& input) {
  std::vector<columnar::Field> keys;
  for (const std::uint32_t key : step.keys()) {
    keys.push_back(input.field(key));
  }
  return keys;
}

std::vector<columnar::DataType> TypesOf(const std::vector<columnar::Field>& fields) {
  std::vector<columnar::DataType> types;
  for (const columnar::Field& field : fields) {
    types.push_back(field.type);
  }
  return types;
}

/// A window that is as long as the input: its groups are one slice.
class FinalAggregate final : public KeyedStep {
 public:
  FinalAggregate(const proto::Step& step, const StepContext& context, columnar::SchemaPtr output)
      : step_(step.aggregate()),
        operator_id_(step.operator_id()),
        output_(std::move(output)),
        keys_(KeysOf(step_, *context.inputs[0])),
        aggregates_(
            CallsOf(step_),
            *context.inputs[0],
            {.operator_id = operator_id_, .keys = keys_, .retracts = step_.input_retracts()}),
        encoder_(TypesOf(keys_)),
        decoder_(TypesOf(keys_)),
        key_groups_(context.key_groups),
        key_group_count_(context.key_group_count) {}

  Status Declare(state::TaskState& state) override {
    table_ = &state.AddSlicedTable({.operator_id = operator_id_,
                                    .name = "final groups",
                                    .keys = keys_,
                                    .sub_keys = {},
                                    .values = aggregates_.fields()});
    aggregates_.Place(table_->layout());
    aggregates_.Declare(state);
    return OkStatus();
  }

  StatusOr<StepResult> Open(state::TaskState& state) override {
    given_all_ = !state.operator_state().Get(operator_id_, kGivenList).empty();
    return StepResult::kDone;
  }

  StatusOr<StepResult> Process(const KeyedInput& input, Output& output) override {
    if (input.batch.empty()) {
      return StepResult::kDone;
    }
    input_.emplace(input);
    return Continue(output);
  }

  StatusOr<StepResult> Continue(Output& output) override {
    if (input_.has_value()) {
      ASSIGN_OR_RETURN(const bool added, AddRows());
      if (!added) {
        return StepResult::kParked;
      }
      input_.reset();
    }
    return firing_ ? Give(output) : StepResult::kDone;
  }

  StatusOr<StepResult> OnWatermark(EventMillis watermark, Output& output) override {
    if (watermark != kMaxWatermark || given_all_) {
      return StepResult::kDone;
    }
    firing_ = true;
    if (keys_.empty() && !table_->first_slice().has_value()) {
      AddEmptyGroup();
    }
    return Give(output);
  }

  Status BeforeFreeze(state::TaskState& state) override {
    if (given_all_) {
      proto::OperatorStateEntry entry;
      entry.set_version(1);
      entry.set_redistribution(proto::REDISTRIBUTE_TO_ALL);
      state.operator_state().Set(operator_id_, kGivenList, {std::move(entry)});
    }
    return OkStatus();
  }

 private:
  /// False: spilled rows are being read.
  StatusOr<bool> AddRows() {
    const columnar::Batch& batch = input_->batch;
    state::ValueTable& table = table_->Slice(kFinalSlice);
    slots_.resize(batch.row_count());
    if (table.Resolve(input_->keys, slots_) == Residency::kParked ||
        aggregates_.Resolve(input_->keys) == Residency::kParked) {
      return false;
    }
    table.Touch(slots_);
    values_.resize(slots_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      values_[i] = table.value(slots_[i]);
    }
    const GroupedRows rows{values_, {}, &table.strings()};
    if (step_.merges_partials()) {
      RETURN_IF_ERROR(aggregates_.MergeColumns(batch, keys_.size(), rows));
    } else {
      aggregates_.Encode(batch, nullptr);
      RETURN_IF_ERROR(aggregates_.Accumulate(batch, rows));
    }
    return true;
  }

  /// The one group of an aggregate without keys, where its key falls to this task.
  void AddEmptyGroup() {
    const columnar::ColumnPtr one = columnar::Column::Nulls(columnar::DataType::BigInt(), 1);
    const columnar::Batch row(
        columnar::Schema::Make({{"one", columnar::DataType::BigInt()}}), {one}, 1);
    encoder_.Encode(row, {}, &given_keys_encoded_);
    if (key_groups_.Contains(
            columnar::KeyGroupOf(given_keys_encoded_.hashes[0], key_group_count_))) {
      slots_.resize(1);
      CHECK(table_->Slice(kFinalSlice).Resolve(given_keys_encoded_, slots_) == Residency::kReady);
      table_->Slice(kFinalSlice).Touch(slots_);
    }
  }

  StatusOr<StepResult> Give(Output& output) {
    while (true) {
      if (!output.HasRoom()) {
        return given_ ? StepResult::kMore : StepResult::kFiring;
      }
      if (!given_) {
        const ScanResult result = table_->Scan(kFinalSlice, columnar::kMaxBatchRows, &slots_);
        if (result == ScanResult::kParked) {
          return StepResult::kParked;
        }
        if (result == ScanResult::kEnd) {
          table_->Drop(kFinalSlice);
          firing_ = false;
          given_all_ = true;
          return StepResult::kDone;
        }
        given_ = true;
      }
      const state::ValueTable& table = *table_->FindSlice(kFinalSlice);
      std::vector<std::string_view> keys;
      for (const SlotId slot : slots_) {
        keys.push_back(table.key(slot));
      }
      if (aggregates_.has_counted_values()) {
        EncodedKeysOf(keys, encoder_.fixed_stride(), &given_keys_encoded_);
        if (aggregates_.Resolve(given_keys_encoded_) == Residency::kParked) {
          return StepResult::kParked;
        }
      }
      RETURN_IF_ERROR(Emit(table, keys, output));
      given_ = false;
    }
  }

  /// The groups that have not lost all their rows.
  Status Emit(const state::ValueTable& table,
              std::span<const std::string_view> keys,
              Output& output) {
    std::vector<std::string_view> live_keys;
    std::vector<const std::uint8_t*> values;
    std::vector<std::uint32_t> rows;
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
      const std::uint8_t* const value = table.value(slots_[i]);
      if (keys_.empty() || aggregates_.RowCount(value) > 0) {
        live_keys.push_back(keys[i]);
        values.push_back(value);
        rows.push_back(i);
      }
    }
    if (values.empty()) {
      return OkStatus();
    }
    ASSIGN_OR_RETURN(std::vector<ColumnPtr> columns, decoder_.Decode(live_keys));
    ASSIGN_OR_RETURN(std::vector<ColumnPtr> results, aggregates_.Emit(values, rows));
    columns.insert(columns.end(), results.begin(), results.end());
    output.Emit(columnar::Batch(output_, std::move(columns), values.size()));
    return OkStatus();
  }

  const proto::AggregateStep step_;
  const OperatorId operator_id_;
  const columnar::SchemaPtr output_;
  const std::vector<columnar::Field> keys_;
  AggregateSet aggregates_;
  const columnar::KeyEncoder encoder_;
  const columnar::KeyDecoder decoder_;
  const KeyGroupRange key_groups_;
  const std::uint32_t key_group_count_;
  state::SlicedTable* table_ = nullptr;

  std::optional<KeyedInput> input_;
  std::vector<SlotId> slots_;
  std::vector<std::uint8_t*> values_;

  bool firing_ = false;
  bool given_ = false;      // slots_ are not emitted yet.
  bool given_all_ = false;  // Part of the state.
  columnar::EncodedKeys given_keys_encoded_;
};

}  // namespace

std::unique_ptr<KeyedStep> MakeFinalAggregate(const proto::Step& step,
                                              const StepContext& context,
                                              columnar::SchemaPtr output) {
  return std::make_unique<FinalAggregate>(step, context, std::move(output));
}

}  // namespace thalweg::runtime
