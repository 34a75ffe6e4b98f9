// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_COLUMN_H_
#define THALWEG_COLUMNAR_COLUMN_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "columnar/bitmap.h"
#include "columnar/buffer.h"
#include "columnar/string_ref.h"
#include "columnar/type.h"

namespace thalweg::columnar {

class Column;
class Datum;
using ColumnPtr = std::shared_ptr<const Column>;

/// The values of one column of a batch: immutable, shared between batches and threads.
///
/// Encodings: flat, one stored value per row; or constant, one stored value for all rows. Kernels
/// take both: `Values<T>()[row * stride()]` reads either. Values under a null are zero (strings
/// empty, lists empty, children of a null row null or zero).
class Column {
 public:
  /// What a column is made of; `validity` is null when no value is null.
  struct Parts {
    BufferPtr validity;
    BufferPtr values;  // Strings: StringRef; lists: length + 1 offsets; rows: none.
    HeapSetPtr heaps;  // Strings only; null when all are short.
    std::vector<ColumnPtr> children;
  };

  /// CHECKs that buffers are long enough and children of the right type and length. It does not
  /// look at values: string views and list offsets must be right already.
  static ColumnPtr Flat(DataType type, std::size_t length, Parts parts);
  /// A constant column; `parts` describe the one stored value.
  static ColumnPtr Constant(DataType type, std::size_t length, Parts parts);
  static ColumnPtr Constant(DataType type, std::size_t length, const Datum& value);
  static ColumnPtr Nulls(DataType type, std::size_t length);

  const DataType& type() const { return type_; }
  Physical physical() const { return physical_; }
  std::size_t length() const { return length_; }
  bool IsConstant() const { return stride_ == 0; }
  /// 1 when flat, 0 when constant.
  std::size_t stride() const { return stride_; }
  /// Values stored: length() when flat, 1 when constant.
  std::size_t stored_length() const { return IsConstant() ? 1 : length_; }

  /// True when a null is possible; false guarantees that there is none.
  bool MayHaveNulls() const { return validity_ != nullptr; }
  bool IsNull(std::size_t row) const {
    return validity_ != nullptr && !bitmap::Get(validity_, row * stride_);
  }
  /// Bitmap over the stored values (1 = valid), or nullptr when none is null.
  const std::uint8_t* validity() const { return validity_; }
  /// Nulls among all length() rows.
  std::size_t CountNulls() const;

  /// The stored values. T must be of the physical type's width (std::uint8_t for kBool, StringRef
  /// for kString). At least 64 further bytes are readable.
  template <class T>
  std::span<const T> Values() const {
    DCHECK_EQ(sizeof(T), WidthOf(physical_));
    return {reinterpret_cast<const T*>(values_), stored_length()};
  }

  /// The stored values as bytes; null for kRow.
  const std::uint8_t* values_bytes() const { return values_; }

  /// kString; the view lives as long as the column.
  std::string_view StringAt(std::size_t row) const {
    return View(Values<StringRef>()[row * stride_]);
  }
  std::string_view View(const StringRef& ref) const {
    return ref.is_inline() ? std::string_view(ref.bytes, ref.length) : parts_.heaps->View(ref);
  }
  const HeapSetPtr& heaps() const { return parts_.heaps; }

  /// kList: stored_length() + 1 offsets into child(0). The first need not be 0.
  std::span<const std::uint32_t> Offsets() const {
    DCHECK(physical_ == Physical::kList);
    return {reinterpret_cast<const std::uint32_t*>(values_), stored_length() + 1};
  }
  std::span<const ColumnPtr> children() const { return parts_.children; }
  const ColumnPtr& child(std::size_t i) const { return parts_.children[i]; }

  /// Memory of the buffers and heaps that this column refers to; shared ones count in full.
  std::size_t ReferencedBytes() const;

 private:
  friend ColumnPtr Slice(const ColumnPtr& column, std::size_t begin, std::size_t count);
  friend ColumnPtr WithType(const ColumnPtr& column, DataType type);
  friend ColumnPtr WithLength(const ColumnPtr& column, std::size_t length);
  friend ColumnPtr CompactHeaps(const ColumnPtr& column);

  Column(DataType type, std::size_t length, std::size_t stride, Parts parts);

  DataType type_;
  Physical physical_;
  std::size_t length_;
  std::size_t stride_;
  Parts parts_;
  // Into the buffers of parts_; behind their start for slices.
  const std::uint8_t* values_;
  const std::uint8_t* validity_;
};

/// The same values with one stored value per row; `column` itself when it is flat already.
ColumnPtr Flatten(const ColumnPtr& column);

/// Rows `indices` in that order; repeats are fine. Fixed-width values are copied, heaps shared.
ColumnPtr Gather(const ColumnPtr& column, std::span<const std::uint32_t> indices);

/// Rows [begin, begin + count). Shares the values.
ColumnPtr Slice(const ColumnPtr& column, std::size_t begin, std::size_t count);

/// All rows of `columns` (at least one, of one physical type) behind each other. Heaps are shared.
ColumnPtr Concat(std::span<const ColumnPtr> columns);

/// The same values under another type of the same physical layout, such as another nullability.
ColumnPtr WithType(const ColumnPtr& column, DataType type);

/// A constant column with another length. REQUIRES: column->IsConstant().
ColumnPtr WithLength(const ColumnPtr& column, std::size_t length);

/// Copies the strings that are in use into one new heap when the old ones are many (more than 16)
/// or mostly unused (over 64 KiB, less than half used); else returns `column`.
ColumnPtr CompactHeaps(const ColumnPtr& column);

/// SQL-blind equality of all values; NULL equals NULL, NaN equals NaN, -0.0 equals 0.0. Encodings
/// and nullability do not matter.
bool Equal(const Column& a, const Column& b);

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_COLUMN_H_
