// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "columnar/key_codec.h"
#include "runtime/operators/aggregate_set.h"
#include "runtime/operators/map_steps.h"
#include "state/row_buffer.h"
#include "state/value_table.h"

namespace thalweg::runtime {
namespace {

using columnar::ColumnPtr;
using state::SlotId;

std::vector<const proto::AggregateCall*> CallsOf(const proto::LocalAggregateStep& step) {
  std::vector<const proto::AggregateCall*> calls;
  for (const proto::AggregateCall& call : step.calls()) {
    calls.push_back(&call);
  }
  return calls;
}

/// The groups of a batch lie in a table that lives as long as the batch and is in no snapshot.
class LocalAggregate final : public MapStep {
 public:
  LocalAggregate(const proto::LocalAggregateStep& step,
                 const columnar::Schema& input,
                 columnar::SchemaPtr output)
      : key_columns_(step.keys().begin(), step.keys().end()),
        output_(std::move(output)),
        encoder_(KeyTypes(step, input)),
        aggregates_(CallsOf(step),
                    input,
                    {.operator_id = {}, .keys = {}, .retracts = step.input_retracts()}),
        layout_(aggregates_.fields()) {
    aggregates_.Place(layout_);
    CHECK(!aggregates_.has_counted_values());  // Such calls were refused with the plan.
    for (const std::uint32_t key : step.keys()) {
      spec_.keys.push_back(input.field(key));
    }
    spec_.name = "groups";
    spec_.values = aggregates_.fields();
    context_.range = {0, 1};
    context_.key_group_count = 1;
  }

  StatusOr<StepResult> Process(const columnar::Batch& input, Output& output) override {
    if (input.empty()) {
      return StepResult::kDone;
    }
    state::ValueTable table(context_, spec_);
    encoder_.Encode(input, key_columns_, &keys_);
    slots_.resize(input.row_count());
    CHECK(table.Resolve(keys_, slots_) == state::Residency::kReady);
    first_.clear();
    table.TouchFirst(slots_, &first_);
    values_.resize(slots_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      values_[i] = table.value(slots_[i]);
    }
    RETURN_IF_ERROR(aggregates_.Accumulate(input, {values_, {}, &table.strings()}));
    std::vector<const std::uint8_t*> groups;
    for (const std::uint32_t row : first_) {
      groups.push_back(values_[row]);
    }
    std::vector<ColumnPtr> columns;
    for (const std::uint32_t key : key_columns_) {
      columns.push_back(columnar::Gather(input.column(key), first_));
    }
    for (std::size_t field = 0; field < layout_.field_count(); ++field) {
      ASSIGN_OR_RETURN(ColumnPtr column, state::GatherField(layout_, field, groups));
      columns.push_back(std::move(column));
    }
    output.Emit(columnar::Batch(output_, std::move(columns), groups.size()));
    return StepResult::kDone;
  }

 private:
  static std::vector<columnar::DataType> KeyTypes(const proto::LocalAggregateStep& step,
                                                  const columnar::Schema& input) {
    std::vector<columnar::DataType> types;
    for (const std::uint32_t key : step.keys()) {
      types.push_back(input.type(key));
    }
    return types;
  }

  const std::vector<std::uint32_t> key_columns_;
  const columnar::SchemaPtr output_;
  const columnar::KeyEncoder encoder_;
  AggregateSet aggregates_;
  const state::RowLayout layout_;
  state::TableSpec spec_;
  state::TableContext context_;

  // Kept for their memory.
  columnar::EncodedKeys keys_;
  std::vector<SlotId> slots_;
  std::vector<std::uint32_t> first_;
  std::vector<std::uint8_t*> values_;
};

}  // namespace

std::unique_ptr<MapStep> MakeLocalAggregate(const proto::LocalAggregateStep& step,
                                            const columnar::Schema& input,
                                            columnar::SchemaPtr output) {
  return std::make_unique<LocalAggregate>(step, input, std::move(output));
}

}  // namespace thalweg::runtime
