// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_ROW_BUFFER_H_
#define THALWEG_STATE_ROW_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "base/status.h"
#include "columnar/byte_rows.h"
#include "columnar/column.h"
#include "state/row_layout.h"

namespace thalweg::state {

/// Row values built outside a table, column by column, to be put in as a whole or compared with.
/// Long strings are borrowed from the columns, which must outlive the buffer's use.
///
///   buffer.Reset(layout, batch.row_count());
///   for (...) buffer.SetColumn(field, *batch.column(i));
///   table.Append(slots, buffer);
class RowBuffer {
 public:
  /// `count` initial rows (all zero). Keeps its memory. `layout` must outlive the buffer's use.
  void Reset(const RowLayout& layout, std::size_t count);

  /// Sets a field of all rows from `column`, of the field's type but for nullability (a NULL in a
  /// NOT NULL field is a bug of the caller) and as long as the buffer.
  void SetColumn(std::size_t field, const columnar::ColumnPtr& column);
  /// The same, row i from row rows[i] of `column`.
  void SetColumn(std::size_t field,
                 const columnar::ColumnPtr& column,
                 std::span<const std::uint32_t> rows);

  const RowLayout& layout() const { return *layout_; }
  std::size_t count() const { return count_; }
  std::uint8_t* row(std::size_t i) { return bytes_.data() + i * stride_; }
  const std::uint8_t* row(std::size_t i) const { return bytes_.data() + i * stride_; }

 private:
  void SetFrom(std::size_t field,
               const columnar::ColumnPtr& column,
               std::span<const std::uint32_t> rows,
               bool all);
  void SetNested(std::size_t field,
                 const columnar::ColumnPtr& column,
                 std::span<const std::uint32_t> rows,
                 bool all);

  const RowLayout* layout_ = nullptr;
  std::size_t stride_ = 0;
  std::size_t count_ = 0;
  std::vector<std::uint8_t> bytes_;
  std::deque<columnar::ByteRows> nested_;  // Encoded nested values that rows borrow.
};

/// A column of field `field` of the given row values (pointers to values, in the order of the
/// result). Strings are copied. kDataLoss: a nested value whose bytes are damaged.
StatusOr<columnar::ColumnPtr> GatherField(const RowLayout& layout,
                                          std::size_t field,
                                          std::span<const std::uint8_t* const> values);

/// Equality of row values by content, wherever their long strings lie.
bool EqualValues(const RowLayout& layout, const std::uint8_t* a, const std::uint8_t* b);

}  // namespace thalweg::state

#endif  // THALWEG_STATE_ROW_BUFFER_H_
