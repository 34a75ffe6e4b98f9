// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_BATCH_BUILDER_H_
#define THALWEG_COLUMNAR_BATCH_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "columnar/batch.h"
#include "columnar/column_builder.h"
#include "columnar/datum.h"

namespace thalweg::columnar {

/// Collects rows into a batch. Not thread-safe; empty and usable again after Finish().
///
/// Whoever writes through column(i) calls CommitRows() afterwards; the Append functions do so
/// themselves.
class BatchBuilder {
 public:
  explicit BatchBuilder(SchemaPtr schema, std::size_t reserve = 0);

  const SchemaPtr& schema() const { return schema_; }
  /// Committed rows.
  std::size_t row_count() const { return row_count_; }
  bool empty() const { return row_count_ == 0 && marks_.empty(); }
  ColumnBuilder& column(std::size_t i) { return columns_[i]; }

  /// `count` more rows are complete in all columns, all of one kind.
  void CommitRows(std::size_t count, ChangeKind kind = ChangeKind::kInsert);
  /// One row, a value per column.
  void AppendRow(std::span<const Datum> values, ChangeKind kind = ChangeKind::kInsert);
  void AppendRow(std::initializer_list<Datum> values, ChangeKind kind = ChangeKind::kInsert);
  /// Rows of a batch of the same types, with their change kinds and without marks.
  void AppendRows(const Batch& batch, std::span<const std::uint32_t> rows);
  void AppendRange(const Batch& batch, std::size_t begin, std::size_t count);
  /// A mark before the next row. One that is not ahead of the last mark adds nothing.
  void AddMark(EventMillis watermark);

  Batch Finish();

 private:
  SchemaPtr schema_;
  std::vector<ColumnBuilder> columns_;
  std::size_t row_count_ = 0;
  std::vector<ChangeKind> kinds_;  // Empty while all rows are inserts.
  std::vector<WatermarkMark> marks_;
};

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_BATCH_BUILDER_H_
