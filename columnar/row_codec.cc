// SPDX-License-Identifier: Apache-2.0
#include "columnar/row_codec.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "columnar/batch.h"
#include "columnar/column_builder.h"
#include "columnar/int128.h"
#include "columnar/value_bytes.h"

namespace thalweg::columnar {
namespace {

constexpr auto kForm = value_bytes::Form::kPlain;

bool IsFixed(const DataType& type) {
  const Physical physical = type.physical();
  return physical != Physical::kString && physical != Physical::kList && physical != Physical::kRow;
}

/// Stores one value per row at heads[row] + offset.
template <class T>
void WriteFixed(const Column& column,
                std::uint32_t offset,
                std::span<const std::uint32_t> heads,
                char* bytes) {
  const T* values = reinterpret_cast<const T*>(column.values_bytes());
  for (std::size_t row = 0; row < heads.size(); ++row) {
    StoreFixed(bytes + heads[row] + offset, values[row * column.stride()]);
  }
}

void WriteFixedColumn(const Column& column,
                      std::uint32_t offset,
                      std::span<const std::uint32_t> heads,
                      char* bytes) {
  switch (WidthOf(column.physical())) {
    case 1:
      return WriteFixed<std::uint8_t>(column, offset, heads, bytes);
    case 2:
      return WriteFixed<std::uint16_t>(column, offset, heads, bytes);
    case 4:
      return WriteFixed<std::uint32_t>(column, offset, heads, bytes);
    case 8:
      return WriteFixed<std::uint64_t>(column, offset, heads, bytes);
    default:
      return WriteFixed<Int128>(column, offset, heads, bytes);
  }
}

template <class T>
void ReadFixed(std::span<const std::string_view> rows, std::uint32_t offset, ColumnBuilder* out) {
  const std::span<T> values = out->MutableValues<T>();
  for (std::size_t row = 0; row < rows.size(); ++row) {
    values[row] = LoadFixed<T>(rows[row].data() + offset);
  }
}

void ReadFixedColumn(std::span<const std::string_view> rows,
                     std::uint32_t offset,
                     ColumnBuilder* out) {
  switch (WidthOf(out->type().physical())) {
    case 1:
      return ReadFixed<std::uint8_t>(rows, offset, out);
    case 2:
      return ReadFixed<std::uint16_t>(rows, offset, out);
    case 4:
      return ReadFixed<std::uint32_t>(rows, offset, out);
    case 8:
      return ReadFixed<std::uint64_t>(rows, offset, out);
    default:
      return ReadFixed<Int128>(rows, offset, out);
  }
}

bool IsNull(std::string_view row, std::size_t column) {
  return bitmap::Get(reinterpret_cast<const std::uint8_t*>(row.data()), column);
}

Status Damaged(std::size_t size) {
  return DataLoss("A stored row of " + std::to_string(size) + " bytes does not fit its types");
}

}  // namespace

RowCodec::RowCodec(std::vector<DataType> types)
    : types_(std::move(types)), head_size_(bitmap::BytesFor(types_.size())) {
  for (std::uint32_t i = 0; i < types_.size(); ++i) {
    if (!IsFixed(types_[i])) {
      variable_.push_back(i);
      continue;
    }
    const auto width = static_cast<std::uint32_t>(WidthOf(types_[i].physical()));
    fixed_.push_back({i, static_cast<std::uint32_t>(head_size_), width});
    head_size_ += width;
  }
}

void RowCodec::Encode(const Batch& batch, ByteRows* out) const {
  Encode(batch.columns(), batch.row_count(), out);
}

void RowCodec::Encode(std::span<const ColumnPtr> columns,
                      std::size_t row_count,
                      ByteRows* out) const {
  CHECK_EQ(columns.size(), types_.size());
  std::uint32_t* sizes =
      value_bytes::StartSizes(row_count, static_cast<std::uint32_t>(head_size_), out);
  for (const std::uint32_t c : variable_) {
    const Column& column = *columns[c];
    CHECK_EQ(column.physical(), types_[c].physical());
    for (std::size_t row = 0; row < row_count; ++row) {
      if (!column.IsNull(row)) {
        sizes[row] +=
            static_cast<std::uint32_t>(value_bytes::SizeOf(kForm, column, row * column.stride()));
      }
    }
  }
  std::uint32_t* cursors = value_bytes::StartBytes(out);
  char* bytes = out->bytes.data();
  const std::span<const std::uint32_t> heads(cursors, row_count);
  for (const std::uint32_t head : heads) {
    std::memset(bytes + head, 0, bitmap::BytesFor(types_.size()));
  }
  for (const FixedColumn& fixed : fixed_) {
    CHECK_EQ(columns[fixed.column]->physical(), types_[fixed.column].physical());
    WriteFixedColumn(*columns[fixed.column], fixed.offset, heads, bytes);
  }
  WriteNulls(columns, heads, bytes);
  for (std::uint32_t& cursor : std::span(cursors, row_count)) {
    cursor += static_cast<std::uint32_t>(head_size_);
  }
  for (const std::uint32_t c : variable_) {
    const Column& column = *columns[c];
    for (std::size_t row = 0; row < row_count; ++row) {
      if (!column.IsNull(row)) {
        const char* end =
            value_bytes::Write(kForm, column, row * column.stride(), bytes + cursors[row]);
        cursors[row] = static_cast<std::uint32_t>(end - bytes);
      }
    }
  }
}

void RowCodec::WriteNulls(std::span<const ColumnPtr> columns,
                          std::span<const std::uint32_t> heads,
                          char* bytes) const {
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (!columns[c]->MayHaveNulls()) {
      continue;
    }
    for (std::size_t row = 0; row < heads.size(); ++row) {
      if (columns[c]->IsNull(row)) {
        bitmap::Set(reinterpret_cast<std::uint8_t*>(bytes + heads[row]), c);
      }
    }
  }
  // Whatever a kernel left under a null, equal rows have equal bytes.
  for (const FixedColumn& fixed : fixed_) {
    if (!columns[fixed.column]->MayHaveNulls()) {
      continue;
    }
    for (std::size_t row = 0; row < heads.size(); ++row) {
      if (columns[fixed.column]->IsNull(row)) {
        std::memset(bytes + heads[row] + fixed.offset, 0, fixed.width);
      }
    }
  }
}

Status RowCodec::CheckHeads(std::span<const std::string_view> rows) const {
  for (const std::string_view row : rows) {
    if (row.size() < head_size_ || (variable_.empty() && row.size() != head_size_)) {
      return Damaged(row.size());
    }
    for (const FixedColumn& fixed : fixed_) {
      if (types_[fixed.column].physical() == Physical::kBool &&
          LoadFixed<std::uint8_t>(row.data() + fixed.offset) > 1) {
        return Damaged(row.size());
      }
    }
    const std::size_t unused = bitmap::BytesFor(types_.size()) * 8 - types_.size();
    if (unused > 0) {
      const auto last = static_cast<std::uint8_t>(row[bitmap::BytesFor(types_.size()) - 1]);
      if (last >> (8 - unused) != 0) {
        return Damaged(row.size());
      }
    }
  }
  return OkStatus();
}

StatusOr<std::vector<ColumnPtr>> RowCodec::Decode(std::span<const std::string_view> rows) const {
  RETURN_IF_ERROR(CheckHeads(rows));
  std::vector<ColumnBuilder> builders;
  builders.reserve(types_.size());
  for (const DataType& type : types_) {
    builders.emplace_back(type, rows.size());
  }
  for (const FixedColumn& fixed : fixed_) {
    ColumnBuilder& builder = builders[fixed.column];
    ReadFixedColumn(rows, fixed.offset, &builder);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (IsNull(rows[row], fixed.column)) {
        builder.SetNull(row);
      }
    }
    builder.SetLength(rows.size());
  }
  if (!variable_.empty()) {
    for (const std::string_view row : rows) {
      ByteReader reader(row.substr(head_size_));
      for (const std::uint32_t c : variable_) {
        if (IsNull(row, c)) {
          builders[c].AppendNull();
        } else if (!value_bytes::Read(kForm, reader, &builders[c])) {
          return Damaged(row.size());
        }
      }
      if (!reader.empty()) {
        return Damaged(row.size());
      }
    }
  }
  std::vector<ColumnPtr> columns;
  columns.reserve(builders.size());
  for (ColumnBuilder& builder : builders) {
    columns.push_back(builder.Finish());
  }
  return columns;
}

}  // namespace thalweg::columnar
