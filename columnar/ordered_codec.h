// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_ORDERED_CODEC_H_
#define THALWEG_COLUMNAR_ORDERED_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/byte_rows.h"
#include "columnar/column.h"
#include "columnar/type.h"

namespace thalweg::columnar {

class Batch;

/// One column of an ORDER BY.
struct OrderedColumn {
  DataType type;
  bool descending = false;
  bool nulls_first = true;  // Of the result, whichever the direction.
};

/// Bytes whose order by memcmp is the order of the rows, self-delimiting, decodable; sub-keys of
/// ordered tables. -0.0 equals 0.0 and NaN is the greatest number; strings order by bytes; rows and
/// arrays element by element, their inner nulls first. Immutable; may be shared between threads.
class OrderedCodec {
 public:
  /// kInvalidArgument: MAP has no order.
  static StatusOr<OrderedCodec> Make(std::vector<OrderedColumn> columns);

  std::size_t column_count() const { return columns_.size(); }

  /// Columns `order_columns` of `batch` must be of the types given to Make(). Previous content of
  /// `out` is replaced; its memory is reused.
  void Encode(const Batch& batch,
              std::span<const std::uint32_t> order_columns,
              ByteRows* out) const;

  /// One column per OrderedColumn. kDataLoss: bytes that Encode() has not written.
  StatusOr<std::vector<ColumnPtr>> Decode(std::span<const std::string_view> rows) const;

 private:
  explicit OrderedCodec(std::vector<OrderedColumn> columns) : columns_(std::move(columns)) {}

  std::vector<OrderedColumn> columns_;
};

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_ORDERED_CODEC_H_
