// SPDX-License-Identifier: Apache-2.0
#include "columnar/batch_builder.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace thalweg::columnar {

BatchBuilder::BatchBuilder(SchemaPtr schema, std::size_t reserve) : schema_(std::move(schema)) {
  columns_.reserve(schema_->size());
  for (const Field& field : schema_->fields()) {
    columns_.emplace_back(field.type, reserve);
  }
}

void BatchBuilder::CommitRows(std::size_t count, ChangeKind kind) {
  if (kind != ChangeKind::kInsert || !kinds_.empty()) {
    kinds_.resize(row_count_, ChangeKind::kInsert);
    kinds_.resize(row_count_ + count, kind);
  }
  row_count_ += count;
}

void BatchBuilder::AppendRow(std::span<const Datum> values, ChangeKind kind) {
  CHECK_EQ(values.size(), columns_.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    columns_[i].AppendDatum(values[i]);
  }
  CommitRows(1, kind);
}

void BatchBuilder::AppendRow(std::initializer_list<Datum> values, ChangeKind kind) {
  AppendRow(std::span<const Datum>(values.begin(), values.size()), kind);
}

void BatchBuilder::AppendRows(const Batch& batch, std::span<const std::uint32_t> rows) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    columns_[i].AppendRows(*batch.column(i), rows);
  }
  const std::size_t begin = row_count_;
  CommitRows(rows.size());
  if (const auto kinds = batch.change_kinds(); !kinds.empty()) {
    kinds_.resize(row_count_, ChangeKind::kInsert);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      kinds_[begin + i] = kinds[rows[i]];
    }
  }
}

void BatchBuilder::AppendRange(const Batch& batch, std::size_t begin, std::size_t count) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    columns_[i].AppendRange(*batch.column(i), begin, count);
  }
  const std::size_t first = row_count_;
  CommitRows(count);
  if (const auto kinds = batch.change_kinds(); !kinds.empty()) {
    kinds_.resize(row_count_, ChangeKind::kInsert);
    std::ranges::copy(kinds.subspan(begin, count), kinds_.begin() + static_cast<long>(first));
  }
}

void BatchBuilder::AddMark(EventMillis watermark) {
  if (!marks_.empty() && watermark <= marks_.back().watermark) {
    return;
  }
  const auto row = static_cast<std::uint32_t>(row_count_);
  if (!marks_.empty() && marks_.back().row == row) {
    marks_.back().watermark = watermark;
  } else {
    marks_.push_back({row, watermark});
  }
}

Batch BatchBuilder::Finish() {
  std::vector<ColumnPtr> columns;
  columns.reserve(columns_.size());
  for (ColumnBuilder& column : columns_) {
    columns.push_back(column.Finish());
  }
  Batch batch(schema_, std::move(columns), std::exchange(row_count_, 0));
  if (!kinds_.empty()) {
    batch = batch.WithChangeKinds(std::span<const ChangeKind>(kinds_));
    kinds_.clear();
  }
  return marks_.empty() ? batch : batch.WithMarks(std::exchange(marks_, {}));
}

}  // namespace thalweg::columnar
