// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/aggregate_set.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "columnar/type_proto.h"
#include "runtime/plan/output_schema.h"
#include "state/row_buffer.h"

namespace thalweg::runtime {

using columnar::Batch;
using columnar::Column;
using columnar::ColumnPtr;
using columnar::DataType;
using state::Residency;

struct AggregateSet::Call {
  std::unique_ptr<Aggregate> aggregate;  // Null: COUNT(*), or an extreme of counted values.
  std::int32_t argument = -1;            // Input column.
  std::int32_t filter = -1;              // Input column.
  Counted* counted = nullptr;            // DISTINCT, or retracting MIN and MAX.
  bool greatest = false;                 // Of such an extreme.
  std::size_t first_field = 0;
};

struct AggregateSet::Counted {
  CountedValues values;
  std::uint32_t argument;
  std::int32_t filter;
};

/// Memory behind a GroupedRows that is a part of another.
struct AggregateSet::Scratch {
  std::vector<std::uint8_t*> values;
  std::vector<std::uint32_t> rows;

  void Clear() {
    values.clear();
    rows.clear();
  }
  void Add(const GroupedRows& from, std::size_t i) {
    values.push_back(from.values[i]);
    rows.push_back(static_cast<std::uint32_t>(from.row(i)));
  }
  GroupedRows View(state::StringSlabs* strings) const {
    // No rows at all would read as all rows, but then there are no values either.
    return {.values = values, .rows = rows, .strings = strings};
  }
};

AggregateSet::AggregateSet(std::span<const proto::AggregateCall* const> calls,
                           const columnar::Schema& input,
                           AggregateSetOptions options)
    : options_(std::move(options)),
      fields_({{"rows", DataType::BigInt().NotNull()}}),
      added_scratch_(std::make_unique<Scratch>()),
      retracted_scratch_(std::make_unique<Scratch>()),
      narrow_scratch_(std::make_unique<Scratch>()),
      distinct_scratch_(std::make_unique<Scratch>()) {
  for (const proto::AggregateCall* call : calls) {
    AddCall(*call, input);
  }
}

AggregateSet::~AggregateSet() = default;

void AggregateSet::AddCall(const proto::AggregateCall& call, const columnar::Schema& input) {
  const AggregateFunction* function = FindAggregate(call.function());
  CHECK(function != nullptr);
  Call bound;
  bound.filter = call.filter();
  AggregateShape shape{.arguments = {},
                       .result = *columnar::TypeFromProto(call.type()),
                       .retracts = options_.retracts};
  shape.arguments = *ArgumentTypesOf(call, input);
  if (!call.arguments().empty()) {
    bound.argument = static_cast<std::int32_t>(call.arguments(0));
    shape.sees_all_rows = bound.filter < 0 && !shape.arguments[0].nullable();
  }
  const bool is_extreme = call.function() == "MIN" || call.function() == "MAX";
  const bool counts_all = CountsAllRows(call, shape.arguments);
  if (counts_all) {
    counts_rows_ = true;
  } else {
    bound.aggregate = function->bind(shape);
  }
  // DISTINCT makes no difference to MIN and MAX.
  if ((call.distinct() && !is_extreme) || (!counts_all && bound.aggregate == nullptr)) {
    bound.counted = &CountedFor(call.arguments(0), bound.filter, input);
    bound.greatest = call.function() == "MAX";
  }
  bound.first_field = fields_.size();
  if (bound.aggregate != nullptr) {
    for (const columnar::Field& field : bound.aggregate->fields()) {
      fields_.push_back({std::to_string(calls_.size()) + "." + field.name, field.type});
    }
  }
  calls_.push_back(std::move(bound));
}

AggregateSet::Counted& AggregateSet::CountedFor(std::uint32_t argument,
                                                std::int32_t filter,
                                                const columnar::Schema& input) {
  for (const std::unique_ptr<Counted>& counted : counted_) {
    if (counted->argument == argument && counted->filter == filter) {
      return *counted;
    }
  }
  CountedValuesSpec spec{.operator_id = options_.operator_id,
                         .name = "values" + std::to_string(counted_.size()),
                         .keys = options_.keys,
                         .value = input.type(argument),
                         .sliced = options_.sliced,
                         .ttl = options_.ttl};
  counted_.push_back(std::make_unique<Counted>(
      Counted{.values = CountedValues(std::move(spec)), .argument = argument, .filter = filter}));
  return *counted_.back();
}

void AggregateSet::Declare(state::TaskState& state) {
  for (const std::unique_ptr<Counted>& counted : counted_) {
    counted->values.Declare(state);
  }
}

void AggregateSet::Place(const state::RowLayout& layout) {
  layout_ = &layout;
  row_count_offset_ = layout.place(0).offset;
  for (const Call& call : calls_) {
    if (call.aggregate != nullptr) {
      call.aggregate->Place(layout, call.first_field);
    }
  }
}

Residency AggregateSet::Resolve(const columnar::EncodedKeys& keys) {
  for (const std::unique_ptr<Counted>& counted : counted_) {
    if (counted->values.Resolve(keys) == Residency::kParked) {
      return Residency::kParked;
    }
  }
  return Residency::kReady;
}

void AggregateSet::Encode(const Batch& batch, const ColumnPtr& slices) {
  for (const std::unique_ptr<Counted>& counted : counted_) {
    counted->values.Encode(batch.column(counted->argument), slices);
  }
}

Residency AggregateSet::DropSlice(const columnar::EncodedKeys& keys, std::int64_t slice) {
  for (const std::unique_ptr<Counted>& counted : counted_) {
    if (counted->values.DropSlice(keys, slice) == Residency::kParked) {
      return Residency::kParked;
    }
  }
  return Residency::kReady;
}

Status AggregateSet::Split(const Batch& batch, const GroupedRows& rows) {
  added_ = rows;
  retracted_ = {};
  const auto kinds = batch.change_kinds();
  if (kinds.empty()) {
    return OkStatus();
  }
  added_scratch_->Clear();
  retracted_scratch_->Clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool adds = columnar::IsAddition(kinds[rows.row(i)]);
    (adds ? added_scratch_ : retracted_scratch_)->Add(rows, i);
  }
  if (!options_.retracts && !retracted_scratch_->rows.empty()) {
    return InvalidArgument(
        "The aggregate got a row that is taken back (-U or -D), but the plan "
        "says that its input only adds rows");
  }
  added_ = added_scratch_->View(rows.strings);
  retracted_ = retracted_scratch_->View(rows.strings);
  return OkStatus();
}

/// The rows whose filter is TRUE and whose argument is not NULL.
GroupedRows AggregateSet::Narrow(const Batch& batch,
                                 const GroupedRows& rows,
                                 std::int32_t argument,
                                 std::int32_t filter,
                                 Scratch* scratch) const {
  const Column* values =
      argument < 0 ? nullptr : batch.column(static_cast<std::size_t>(argument)).get();
  const Column* condition =
      filter < 0 ? nullptr : batch.column(static_cast<std::size_t>(filter)).get();
  const bool may_be_null = values != nullptr && values->MayHaveNulls();
  if (!may_be_null && condition == nullptr) {
    return rows;
  }
  scratch->Clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t row = rows.row(i);
    const bool null = may_be_null && values->IsNull(row);
    // A NULL condition is stored as FALSE.
    const bool passes =
        condition == nullptr || condition->Values<std::uint8_t>()[row * condition->stride()] != 0;
    if (!null && passes) {
      scratch->Add(rows, i);
    }
  }
  return scratch->View(rows.strings);
}

Status AggregateSet::AccumulatePlain(const Batch& batch, const Call& call) {
  const Column* argument =
      call.argument < 0 ? nullptr : batch.column(static_cast<std::size_t>(call.argument)).get();
  if (added_.size() > 0) {
    RETURN_IF_ERROR(call.aggregate->Accumulate(
        argument, Narrow(batch, added_, call.argument, call.filter, narrow_scratch_.get())));
  }
  if (retracted_.size() > 0) {
    RETURN_IF_ERROR(call.aggregate->Retract(
        argument, Narrow(batch, retracted_, call.argument, call.filter, narrow_scratch_.get())));
  }
  return OkStatus();
}

/// Rows are added before others are taken back, so a count never falls below what it ends with.
Status AggregateSet::AccumulateCounted(const Batch& batch, Counted& counted) {
  const Column& argument = *batch.column(counted.argument);
  for (const bool adds : {true, false}) {
    const GroupedRows& all = adds ? added_ : retracted_;
    if (all.size() == 0) {
      continue;
    }
    const GroupedRows rows = Narrow(batch,
                                    all,
                                    static_cast<std::int32_t>(counted.argument),
                                    counted.filter,
                                    narrow_scratch_.get());
    if (adds) {
      counted.values.Add(rows, &positions_);
    } else {
      counted.values.Remove(rows, &positions_);
    }
    distinct_scratch_->Clear();
    for (const std::uint32_t position : positions_) {
      distinct_scratch_->Add(rows, position);
    }
    const GroupedRows distinct = distinct_scratch_->View(rows.strings);
    for (const Call& call : calls_) {
      if (call.counted == &counted && call.aggregate != nullptr) {
        RETURN_IF_ERROR(adds ? call.aggregate->Accumulate(&argument, distinct)
                             : call.aggregate->Retract(&argument, distinct));
      }
    }
  }
  return OkStatus();
}

Status AggregateSet::Accumulate(const Batch& batch, const GroupedRows& rows) {
  RETURN_IF_ERROR(Split(batch, rows));
  const std::size_t offset = row_count_offset_;
  for (std::uint8_t* value : added_.values) {
    StoreFixed(value + offset, LoadFixed<std::int64_t>(value + offset) + 1);
  }
  for (std::uint8_t* value : retracted_.values) {
    StoreFixed(value + offset, LoadFixed<std::int64_t>(value + offset) - 1);
  }
  for (const Call& call : calls_) {
    if (call.aggregate != nullptr && call.counted == nullptr) {
      RETURN_IF_ERROR(AccumulatePlain(batch, call));
    }
  }
  for (const std::unique_ptr<Counted>& counted : counted_) {
    RETURN_IF_ERROR(AccumulateCounted(batch, *counted));
  }
  return OkStatus();
}

Status AggregateSet::Merge(std::span<std::uint8_t* const> values,
                           std::span<const std::uint8_t* const> from,
                           state::StringSlabs& strings) const {
  DCHECK(counted_.empty());
  const std::size_t offset = layout_->place(0).offset;
  for (std::size_t i = 0; i < values.size(); ++i) {
    StoreFixed(
        values[i] + offset,
        LoadFixed<std::int64_t>(values[i] + offset) + LoadFixed<std::int64_t>(from[i] + offset));
  }
  for (const Call& call : calls_) {
    if (call.aggregate != nullptr) {
      RETURN_IF_ERROR(call.aggregate->Merge(values, from, strings));
    }
  }
  return OkStatus();
}

Status AggregateSet::MergeColumns(const Batch& batch,
                                  std::size_t first_column,
                                  const GroupedRows& rows) {
  partials_.Reset(*layout_, rows.size());
  std::vector<const std::uint8_t*> from(rows.size());
  std::vector<std::uint32_t> picked(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    from[i] = partials_.row(i);
    picked[i] = static_cast<std::uint32_t>(rows.row(i));
  }
  for (std::size_t field = 0; field < fields_.size(); ++field) {
    partials_.SetColumn(field, batch.column(first_column + field), picked);
  }
  return Merge(rows.values, from, *rows.strings);
}

StatusOr<std::vector<ColumnPtr>> AggregateSet::Emit(std::span<const std::uint8_t* const> values,
                                                    std::span<const std::uint32_t> rows) const {
  std::vector<ColumnPtr> columns;
  columns.reserve(calls_.size());
  for (const Call& call : calls_) {
    StatusOr<ColumnPtr> column;
    if (call.aggregate != nullptr) {
      column = call.aggregate->Emit(values);
    } else if (call.counted != nullptr) {
      column = call.counted->values.Extremes(rows, call.greatest);
    } else {
      column = state::GatherField(*layout_, 0, values);
    }
    RETURN_IF_ERROR(column.status());
    columns.push_back(*std::move(column));
  }
  return columns;
}

}  // namespace thalweg::runtime
