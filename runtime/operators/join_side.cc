// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/join_side.h"

#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "state/task_state.h"

namespace thalweg::runtime {
namespace {

using columnar::Batch;
using columnar::ColumnPtr;
using state::SlotId;

// Fields of a counted row.
constexpr std::size_t kCopies = 0;
constexpr std::size_t kMatches = 1;

}  // namespace

JoinSide::JoinSide(Options options)
    : options_(std::move(options)), codec_(options_.schema->Types()) {}

std::vector<columnar::Field> JoinSide::key_fields() const {
  std::vector<columnar::Field> keys;
  for (const std::uint32_t key : options_.keys) {
    keys.push_back(options_.schema->field(key));
  }
  return keys;
}

void JoinSide::Declare(state::TaskState& state, const OperatorId& operator_id, std::string name) {
  state::TableSpec spec{.operator_id = operator_id,
                        .name = std::move(name),
                        .keys = key_fields(),
                        .sub_keys = {},
                        .values = options_.schema->fields(),
                        .ttl = options_.ttl};
  if (options_.counted) {
    spec.name += " counted";
    spec.sub_keys = std::move(spec.values);
    spec.values = {{"copies", columnar::DataType::BigInt().NotNull()},
                   {"matches", columnar::DataType::BigInt().NotNull()}};
  }
  table_ = &state.AddOrderedTable(spec);
}

bool JoinSide::CanMatch(const Batch& batch, std::size_t row) const {
  for (std::size_t i = 0; i < options_.keys.size(); ++i) {
    const bool null_safe = !options_.null_safe.empty() && options_.null_safe[i];
    if (!null_safe && batch.column(options_.keys[i])->IsNull(row)) {
      return false;
    }
  }
  return true;
}

void JoinSide::Add(const Batch& batch,
                   std::span<const std::uint32_t> rows,
                   std::span<const SlotId> slots,
                   std::span<const std::int64_t> matches) {
  if (rows.empty()) {
    return;
  }
  if (!options_.counted) {
    FillBuffer(batch, rows);
    table_->Append(slots, buffer_);
    return;
  }
  Encode(batch, rows);
  const auto& layout = table_->layout();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::uint8_t* const value = table_->Edit(slots[i], encoded_[i]);
    state::StoreField(value, layout.place(kCopies), CopiesOf(value) + 1);
    // The same for all copies.
    state::StoreField(value, layout.place(kMatches), matches[rows[i]]);
  }
}

void JoinSide::Remove(const Batch& batch,
                      std::span<const std::uint32_t> rows,
                      std::span<const SlotId> slots) {
  if (rows.empty()) {
    return;
  }
  if (!options_.counted) {
    FillBuffer(batch, rows);
    found_.resize(rows.size());
    table_->EraseEqual(slots, buffer_, found_);
    return;
  }
  Encode(batch, rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint8_t* const found = table_->Lookup(slots[i], encoded_[i]);
    if (found == nullptr) {
      continue;
    }
    const std::int64_t left = CopiesOf(found) - 1;
    if (left > 0) {
      state::StoreField(table_->Edit(slots[i], encoded_[i]), table_->layout().place(kCopies), left);
    } else {
      table_->Erase(slots[i], encoded_[i]);
    }
  }
}

StatusOr<std::vector<ColumnPtr>> JoinSide::Columns(const state::OrderedRows& rows) const {
  if (options_.counted) {
    return ColumnsOf(rows.sub_keys);
  }
  std::vector<ColumnPtr> columns;
  for (std::size_t i = 0; i < width(); ++i) {
    ASSIGN_OR_RETURN(ColumnPtr column, state::GatherField(table_->layout(), i, rows.values));
    columns.push_back(std::move(column));
  }
  return columns;
}

StatusOr<std::vector<ColumnPtr>> JoinSide::ColumnsOf(
    std::span<const std::string_view> sub_keys) const {
  return codec_.Decode(sub_keys);
}

std::int64_t JoinSide::CopiesOf(const std::uint8_t* value) const {
  return options_.counted ? state::LoadField<std::int64_t>(value, table_->layout().place(kCopies))
                          : 1;
}

std::int64_t JoinSide::MatchesOf(const std::uint8_t* value) const {
  DCHECK(options_.counted);
  return state::LoadField<std::int64_t>(value, table_->layout().place(kMatches));
}

void JoinSide::AddMatches(SlotId slot, std::string_view sub_key, std::int64_t more) {
  std::uint8_t* const value = table_->Edit(slot, sub_key);
  state::StoreField(value, table_->layout().place(kMatches), MatchesOf(value) + more);
}

void JoinSide::FillBuffer(const Batch& batch, std::span<const std::uint32_t> rows) {
  buffer_.Reset(table_->layout(), rows.size());
  for (std::size_t i = 0; i < batch.column_count(); ++i) {
    buffer_.SetColumn(i, batch.column(i), rows);
  }
}

void JoinSide::Encode(const Batch& batch, std::span<const std::uint32_t> rows) {
  std::vector<ColumnPtr> columns;
  for (const ColumnPtr& column : batch.columns()) {
    columns.push_back(columnar::Gather(column, rows));
  }
  codec_.Encode(columns, rows.size(), &encoded_);
}

}  // namespace thalweg::runtime
