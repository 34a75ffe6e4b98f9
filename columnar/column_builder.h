// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_COLUMN_BUILDER_H_
#define THALWEG_COLUMNAR_COLUMN_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "columnar/column.h"

namespace thalweg::columnar {

/// Builds one flat column. Not thread-safe; empty and usable again after Finish().
///
/// Two ways to write: the Append functions, or in bulk: Reserve(rows), write through
/// MutableValues() (all zero at first), SetNull() where needed, then SetLength(). In bulk mode a
/// row is committed only by SetLength(), so a half-written row is given up by not counting it; its
/// null bits must then be set back by SetValid().
class ColumnBuilder {
 public:
  explicit ColumnBuilder(DataType type, std::size_t reserve = 0);
  ColumnBuilder(ColumnBuilder&&) noexcept;
  ColumnBuilder& operator=(ColumnBuilder&&) noexcept;
  ~ColumnBuilder();

  const DataType& type() const { return type_; }
  Physical physical() const { return physical_; }
  std::size_t length() const { return length_; }
  /// Makes room for `rows` rows in all, counted from row 0.
  void Reserve(std::size_t rows) {
    if (rows > capacity_) {
      Grow(rows);
    }
  }

  /// T as for Column::Values(), for physical types of fixed width.
  template <class T>
  void Append(T value) {
    DCHECK_EQ(sizeof(T), width_);
    Reserve(length_ + 1);
    MutableValues<T>()[length_++] = value;
  }
  void AppendString(std::string_view text) { Append(heap_.Add(text)); }
  void AppendNull();
  void AppendNulls(std::size_t count);
  /// `value` must be of the alternative that Datum documents for type().
  void AppendDatum(const Datum& value);

  /// One row of a column of the same physical type; the bytes of strings are copied.
  void AppendFrom(const Column& column, std::size_t row);
  /// Rows of a column of the same physical type; heaps are shared, so these are for many rows.
  void AppendRows(const Column& column, std::span<const std::uint32_t> rows);
  void AppendRange(const Column& column, std::size_t begin, std::size_t count);

  /// kRow: counts one row; every child must have got its value. kList: the elements appended to
  /// child(0) since the last call become one list.
  void AppendParent();
  ColumnBuilder& child(std::size_t i) { return children_[i]; }
  std::size_t child_count() const { return children_.size(); }

  /// Capacity for which Reserve() asked, or more. Invalid after the next growth.
  template <class T>
  std::span<T> MutableValues() {
    DCHECK_EQ(sizeof(T), width_);
    return {reinterpret_cast<T*>(data_), capacity_};
  }
  StringHeap& heap() { return heap_; }
  /// Also zeroes the value. REQUIRES: row < the reserved capacity.
  void SetNull(std::size_t row);
  void SetValid(std::size_t row);
  /// Bulk mode: rows [0, length) are written.
  void SetLength(std::size_t length) {
    DCHECK_LE(length, capacity_);
    length_ = length;
  }

  ColumnPtr Finish();

 private:
  void Grow(std::size_t rows);
  void EnsureValidity();
  /// Null bits of `column` for the rows [begin, begin + count), written behind length_.
  void CopyValidity(const Column& column, std::size_t begin, std::size_t count);
  void AppendConstant(const Column& column, std::size_t count);
  void AppendLists(const Column& column, std::size_t begin, std::size_t count);
  /// Makes the long ones of `count` views behind length_ refer to the adopted heaps of `column`.
  void RebaseHeaps(const Column& column, std::size_t count);

  DataType type_;
  Physical physical_;
  std::size_t width_;  // Of one value; 0 for rows.
  std::size_t length_ = 0;
  std::size_t capacity_ = 0;
  std::size_t next_capacity_ = 0;  // Of the first growth: the last column's length.
  std::uint8_t* data_ = nullptr;   // Into values_; for lists one behind its start.
  MutableBufferPtr values_;
  MutableBufferPtr validity_;  // All ones up to capacity_ when made; null while nothing is null.
  StringHeap heap_;
  std::vector<ColumnBuilder> children_;
};

/// A flat column of `values`, for tests and literals.
ColumnPtr ColumnOf(DataType type, std::span<const Datum> values);
ColumnPtr ColumnOf(DataType type, std::initializer_list<Datum> values);

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_COLUMN_BUILDER_H_
