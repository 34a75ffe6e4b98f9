// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_BATCH_H_
#define THALWEG_COLUMNAR_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "columnar/column.h"
#include "columnar/type.h"

namespace thalweg::columnar {

/// Rows of one batch at most; enough to hide cache misses, few enough to stay in L2.
inline constexpr std::size_t kMaxBatchRows = 8192;

/// What a row does to the table that a changelog describes. The values are on the wire.
enum class ChangeKind : std::uint8_t {
  kInsert = 0,
  kUpdateBefore = 1,
  kUpdateAfter = 2,
  kDelete = 3
};

/// Whether a row of this kind adds to the table (+I, +U) rather than takes away (-U, -D).
constexpr bool IsAddition(ChangeKind kind) {
  return kind == ChangeKind::kInsert || kind == ChangeKind::kUpdateAfter;
}
/// "+I", "-U", "+U" or "-D".
const char* ToString(ChangeKind kind);

/// The watermark holds from before row `row` on; row == row_count() means after the last row.
struct WatermarkMark {
  std::uint32_t row = 0;
  EventMillis watermark = 0;

  friend bool operator==(const WatermarkMark&, const WatermarkMark&) = default;
};

/// Rows as columns, immutable once emitted. A value class; copies share everything.
///
/// Marks are ordered by row with strictly growing watermarks, at most one per row. A batch with
/// marks may have no rows at all; no batch has more than kMaxBatchRows.
class Batch {
 public:
  /// No columns, no rows.
  Batch();
  /// CHECKs that the columns fit the schema's types (but for nullability) and `row_count`.
  Batch(SchemaPtr schema, std::vector<ColumnPtr> columns, std::size_t row_count);
  /// The row count is that of the first column. REQUIRES: at least one column.
  Batch(SchemaPtr schema, std::vector<ColumnPtr> columns);

  const SchemaPtr& schema() const { return parts_->schema; }
  std::size_t row_count() const { return parts_->row_count; }
  bool empty() const { return parts_->row_count == 0; }
  std::size_t column_count() const { return parts_->columns.size(); }
  const ColumnPtr& column(std::size_t i) const { return parts_->columns[i]; }
  std::span<const ColumnPtr> columns() const { return parts_->columns; }
  /// One per row, or empty: all rows are inserts.
  std::span<const ChangeKind> change_kinds() const {
    if (parts_->kinds == nullptr) {
      return {};
    }
    return {parts_->kinds->as<ChangeKind>() + parts_->kinds_begin, parts_->row_count};
  }
  ChangeKind change_kind(std::size_t row) const {
    return parts_->kinds == nullptr ? ChangeKind::kInsert : change_kinds()[row];
  }
  std::span<const WatermarkMark> marks() const { return parts_->marks; }

  /// The rows `selection`, which must ascend when the batch has marks. A mark stays before the
  /// first selected row that it was before, so no row overtakes a watermark or falls behind one.
  Batch Take(std::span<const std::uint32_t> selection) const;
  /// Rows [begin, begin + count), with the marks before each of them; a mark behind the last row
  /// belongs to the slice that ends the batch.
  Batch Slice(std::size_t begin, std::size_t count) const;

  /// Other columns for the same rows; change kinds and marks stay.
  Batch WithColumns(SchemaPtr schema, std::vector<ColumnPtr> columns) const;
  /// Replaces the marks; CHECKs their order.
  Batch WithMarks(std::vector<WatermarkMark> marks) const;
  /// Replaces the change kinds; empty means all inserts.
  Batch WithChangeKinds(std::span<const ChangeKind> kinds) const;
  /// `kinds` holds one byte per row; null means all inserts.
  Batch WithChangeKinds(BufferPtr kinds) const;

  /// See CompactHeaps() in column.h.
  Batch CompactHeaps() const;
  /// See Column::ReferencedBytes().
  std::size_t ReferencedBytes() const;
  /// One line per row and mark, for tests and messages; not SQL.
  std::string ToString() const;

 private:
  struct Parts {
    SchemaPtr schema;
    std::vector<ColumnPtr> columns = {};
    std::size_t row_count = 0;
    BufferPtr kinds = nullptr;
    std::size_t kinds_begin = 0;
    std::vector<WatermarkMark> marks = {};
  };
  explicit Batch(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

  std::shared_ptr<const Parts> parts_;
};

/// All rows of `batches` (at least one, one schema, at most kMaxBatchRows in all) in order.
Batch Concat(std::span<const Batch> batches);

/// Equal rows, change kinds and marks. Encodings do not matter.
bool Equal(const Batch& a, const Batch& b);

/// Marks for the rows `selection` (ascending) of a batch with `marks`: Take()'s rule.
std::vector<WatermarkMark> RemapMarks(std::span<const WatermarkMark> marks,
                                      std::span<const std::uint32_t> selection);

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_BATCH_H_
