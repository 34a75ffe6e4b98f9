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

// Rows are written and read in blocks whose bytes stay in the first-level caches, as every column
// passes over them once.
constexpr std::size_t kBlockRows = 128;

using value_bytes::Target;

/// Calls `with` with a value of the unsigned type of `width` bytes.
template <class With>
void WithWidth(std::size_t width, With with) {
  switch (width) {
    case 1:
      return with(std::uint8_t{});
    case 2:
      return with(std::uint16_t{});
    case 4:
      return with(std::uint32_t{});
    case 8:
      return with(std::uint64_t{});
    default:
      return with(Int128{});
  }
}

/// Stores one value per row `offset` bytes behind its cursor.
void WriteFixedColumn(const Column& column, std::uint32_t offset, const Target& to) {
  WithWidth(WidthOf(column.physical()), [&](auto example) {
    using T = decltype(example);
    const T* values = reinterpret_cast<const T*>(column.values_bytes());
    for (std::size_t i = 0; i < to.cursors.size(); ++i) {
      StoreFixed(to.bytes + to.cursors[i] + offset, values[(to.begin + i) * column.stride()]);
    }
  });
}

/// Loads the values of rows that become the rows from `begin` on of `out`.
void ReadFixedColumn(std::span<const std::string_view> rows,
                     std::uint32_t offset,
                     std::size_t begin,
                     ColumnBuilder* out) {
  WithWidth(WidthOf(out->physical()), [&](auto example) {
    using T = decltype(example);
    const std::span<T> values = out->MutableValues<T>().subspan(begin);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      values[row] = LoadFixed<T>(rows[row].data() + offset);
    }
  });
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
  const auto sizes =
      value_bytes::StartSizes(row_count, static_cast<std::uint32_t>(head_size_), out);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    CHECK_EQ(columns[c]->physical(), types_[c].physical());
  }
  for (const std::uint32_t c : variable_) {
    value_bytes::AddSizes(kForm, value_bytes::Nulls::kAbsent, *columns[c], sizes);
  }
  const auto cursors = value_bytes::StartBytes(out);
  for (std::size_t begin = 0; begin < row_count; begin += kBlockRows) {
    const std::size_t count = std::min(kBlockRows, row_count - begin);
    EncodeBlock(columns, {out->bytes.data(), cursors.subspan(begin, count), begin});
  }
}

void RowCodec::EncodeBlock(std::span<const ColumnPtr> columns, const Target& to) const {
  for (const std::uint32_t cursor : to.cursors) {
    std::memset(to.bytes + cursor, 0, bitmap::BytesFor(types_.size()));
  }
  for (const FixedColumn& fixed : fixed_) {
    WriteFixedColumn(*columns[fixed.column], fixed.offset, to);
  }
  WriteNulls(columns, to);
  for (std::uint32_t& cursor : to.cursors) {
    cursor += static_cast<std::uint32_t>(head_size_);
  }
  for (const std::uint32_t c : variable_) {
    value_bytes::WriteColumn(kForm, value_bytes::Nulls::kAbsent, *columns[c], to);
  }
}

void RowCodec::WriteNulls(std::span<const ColumnPtr> columns, const Target& to) const {
  const auto for_nulls = [&to](const Column& column, auto write) {
    for (std::size_t i = 0; column.MayHaveNulls() && i < to.cursors.size(); ++i) {
      if (column.IsNull(to.begin + i)) {
        write(to.bytes + to.cursors[i]);
      }
    }
  };
  for (std::size_t c = 0; c < columns.size(); ++c) {
    for_nulls(*columns[c],
              [c](char* row) { bitmap::Set(reinterpret_cast<std::uint8_t*>(row), c); });
  }
  // Whatever a kernel left under a null, equal rows have equal bytes.
  for (const FixedColumn& fixed : fixed_) {
    for_nulls(*columns[fixed.column],
              [&fixed](char* row) { std::memset(row + fixed.offset, 0, fixed.width); });
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

Status RowCodec::DecodeVariable(std::span<const std::string_view> rows,
                                std::vector<ColumnBuilder>& builders) const {
  for (const std::string_view row : rows) {
    ByteReader reader(row.substr(head_size_));
    for (const std::uint32_t c : variable_) {
      ColumnBuilder& builder = builders[c];
      if (IsNull(row, c)) {
        builder.AppendNull();
      } else if (builder.physical() == Physical::kString) {
        std::string_view text;
        if (!value_bytes::ReadString(reader, &text)) {
          return Damaged(row.size());
        }
        builder.AppendString(text);
      } else if (!value_bytes::Read(kForm, reader, &builder)) {
        return Damaged(row.size());
      }
    }
    if (!reader.empty()) {
      return Damaged(row.size());
    }
  }
  return OkStatus();
}

void RowCodec::DecodeFixed(std::span<const std::string_view> rows,
                           std::size_t begin,
                           std::vector<ColumnBuilder>& builders) const {
  for (const FixedColumn& fixed : fixed_) {
    ColumnBuilder& builder = builders[fixed.column];
    ReadFixedColumn(rows, fixed.offset, begin, &builder);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (IsNull(rows[row], fixed.column)) {
        builder.SetNull(begin + row);
      }
    }
    builder.SetLength(begin + rows.size());
  }
}

StatusOr<std::vector<ColumnPtr>> RowCodec::Decode(std::span<const std::string_view> rows) const {
  std::vector<ColumnBuilder> builders;
  builders.reserve(types_.size());
  for (const DataType& type : types_) {
    builders.emplace_back(type, rows.size());
  }
  for (std::size_t begin = 0; begin < rows.size(); begin += kBlockRows) {
    const auto block = rows.subspan(begin, std::min(kBlockRows, rows.size() - begin));
    RETURN_IF_ERROR(CheckHeads(block));
    DecodeFixed(block, begin, builders);
    if (!variable_.empty()) {
      RETURN_IF_ERROR(DecodeVariable(block, builders));
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
