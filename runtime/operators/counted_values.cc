// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/counted_values.h"

#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "columnar/batch.h"
#include "columnar/column_builder.h"
#include "columnar/datum.h"
#include "state/task_state.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnPtr;
using columnar::DataType;
using state::Residency;
using state::SlotId;

std::vector<columnar::Field> SubKeyFields(const CountedValuesSpec& spec) {
  std::vector<columnar::Field> fields;
  if (spec.sliced) {
    fields.push_back({"slice", DataType::BigInt().NotNull()});
  }
  fields.push_back({"value", spec.value});
  return fields;
}

columnar::OrderedCodec MakeCodec(const std::vector<columnar::Field>& fields) {
  std::vector<columnar::OrderedColumn> columns;
  for (const columnar::Field& field : fields) {
    columns.push_back({field.type});
  }
  StatusOr<columnar::OrderedCodec> codec = columnar::OrderedCodec::Make(std::move(columns));
  CHECK_OK(codec);  // Arguments without an order were refused with the plan.
  return *std::move(codec);
}

/// The only field of a value, at offset 0.
std::int64_t CountOf(const std::uint8_t* value) {
  return LoadFixed<std::int64_t>(value);
}

}  // namespace

CountedValues::CountedValues(CountedValuesSpec spec)
    : spec_(std::move(spec)),
      encoded_(columnar::Schema::Make(SubKeyFields(spec_))),
      codec_(MakeCodec(encoded_->fields())) {}

void CountedValues::Declare(state::TaskState& state) {
  table_ = &state.AddOrderedTable({.operator_id = spec_.operator_id,
                                   .name = spec_.name,
                                   .keys = spec_.keys,
                                   .sub_keys = encoded_->fields(),
                                   .values = {{"count", DataType::BigInt().NotNull()}},
                                   .ttl = spec_.ttl});
}

Residency CountedValues::Resolve(const columnar::EncodedKeys& keys) {
  slots_.resize(keys.count);
  return table_->Resolve(keys, slots_);
}

void CountedValues::Encode(const ColumnPtr& values, const ColumnPtr& slices) {
  std::vector<ColumnPtr> columns;
  std::vector<std::uint32_t> order;
  if (spec_.sliced) {
    columns.push_back(slices);
    order.push_back(0);
  }
  order.push_back(static_cast<std::uint32_t>(columns.size()));
  columns.push_back(values);
  codec_.Encode(columnar::Batch(encoded_, std::move(columns)), order, &sub_keys_);
}

void CountedValues::Add(const GroupedRows& rows, std::vector<std::uint32_t>* fresh) {
  fresh->clear();
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    const std::size_t row = rows.row(i);
    bool created = false;
    std::uint8_t* const value = table_->Edit(slots_[row], sub_keys_[row], &created);
    StoreFixed(value, CountOf(value) + 1);
    if (created) {
      fresh->push_back(i);
    }
  }
}

void CountedValues::Remove(const GroupedRows& rows, std::vector<std::uint32_t>* gone) {
  gone->clear();
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    const std::size_t row = rows.row(i);
    const std::uint8_t* const found = table_->Lookup(slots_[row], sub_keys_[row]);
    if (found == nullptr) {
      continue;
    }
    const std::int64_t left = CountOf(found) - 1;
    if (left > 0) {
      StoreFixed(table_->Edit(slots_[row], sub_keys_[row]), left);
    } else {
      table_->Erase(slots_[row], sub_keys_[row]);
      gone->push_back(i);
    }
  }
}

StatusOr<ColumnPtr> CountedValues::Extremes(std::span<const std::uint32_t> rows,
                                            bool greatest) const {
  std::vector<std::string_view> found;
  std::vector<std::uint32_t> origin(rows.size());
  bool missing = false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const SlotId slot = slots_[rows[i]];
    const auto row = greatest ? table_->Last(slot) : table_->First(slot);
    missing |= !row.has_value();
    origin[i] = static_cast<std::uint32_t>(found.size());
    if (row.has_value()) {
      found.push_back(row->sub_key);
    }
  }
  ASSIGN_OR_RETURN(std::vector<ColumnPtr> decoded, codec_.Decode(found));
  if (!missing) {
    return std::move(decoded[0]);
  }
  columnar::ColumnBuilder builder(spec_.value.Nullable(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t next = i + 1 < rows.size() ? origin[i + 1] : found.size();
    if (next > origin[i]) {
      builder.AppendFrom(*decoded[0], origin[i]);
    } else {
      builder.AppendNull();
    }
  }
  return builder.Finish();
}

Residency CountedValues::DropSlice(const columnar::EncodedKeys& keys, std::int64_t slice) {
  std::vector<SlotId> slots(keys.count);
  if (table_->Find(keys, slots) == Residency::kParked) {
    return Residency::kParked;
  }
  // Sub-keys begin with the slice: this one's end where those of the next one could begin.
  const ColumnPtr bounds = columnar::ColumnOf(DataType::BigInt().NotNull(),
                                              {columnar::Datum(slice), columnar::Datum(slice + 1)});
  const columnar::SchemaPtr schema = columnar::Schema::Make({encoded_->field(0)});
  StatusOr<columnar::OrderedCodec> prefix = columnar::OrderedCodec::Make({{schema->type(0)}});
  CHECK_OK(prefix);
  columnar::ByteRows encoded;
  const std::uint32_t first = 0;
  prefix->Encode(columnar::Batch(schema, {bounds}), {&first, 1}, &encoded);
  for (const SlotId slot : slots) {
    if (slot != state::kNoSlot) {
      table_->EraseRange(slot, {.begin = encoded[0], .end = encoded[1]});
    }
  }
  return Residency::kReady;
}

}  // namespace thalweg::runtime
