// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_ROW_CODEC_H_
#define THALWEG_COLUMNAR_ROW_CODEC_H_

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
class ColumnBuilder;

namespace value_bytes {
struct Target;
}  // namespace value_bytes

/// Rows as compact bytes without a description of their types, for values in state.
///
/// A row is a bitmap of nulls, the columns of fixed width at fixed places (zero when NULL), then
/// the others in order: varint length and bytes, nested values likewise. Equal rows have equal
/// bytes, except that -0.0, 0.0 and NaNs are kept as they are. Immutable; may be shared between
/// threads.
class RowCodec {
 public:
  explicit RowCodec(std::vector<DataType> types);

  const std::vector<DataType>& types() const { return types_; }
  /// Bytes of every row when all columns are of fixed width, else 0.
  std::size_t fixed_size() const { return variable_.empty() ? head_size_ : 0; }

  /// All rows of `batch`; its columns must be of types() but for nullability. Previous content of
  /// `out` is replaced; its memory is reused.
  void Encode(const Batch& batch, ByteRows* out) const;
  void Encode(std::span<const ColumnPtr> columns, std::size_t row_count, ByteRows* out) const;

  /// One column per type. kDataLoss: bytes that Encode() has not written; rows come from outside
  /// the process and may be anything.
  StatusOr<std::vector<ColumnPtr>> Decode(std::span<const std::string_view> rows) const;

 private:
  struct FixedColumn {
    std::uint32_t column;
    std::uint32_t offset;
    std::uint32_t width;
  };

  void EncodeBlock(std::span<const ColumnPtr> columns, const value_bytes::Target& to) const;
  void WriteNulls(std::span<const ColumnPtr> columns, const value_bytes::Target& to) const;
  Status CheckHeads(std::span<const std::string_view> rows) const;
  void DecodeFixed(std::span<const std::string_view> rows,
                   std::size_t begin,
                   std::vector<ColumnBuilder>& builders) const;
  Status DecodeVariable(std::span<const std::string_view> rows,
                        std::vector<ColumnBuilder>& builders) const;

  std::vector<DataType> types_;
  std::vector<FixedColumn> fixed_;
  std::vector<std::uint32_t> variable_;
  std::size_t head_size_;  // Null bitmap and fixed columns.
};

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_ROW_CODEC_H_
