// SPDX-License-Identifier: Apache-2.0
#include "state/row_buffer.h"

#include <string_view>
#include <utility>

#include "base/check.h"
#include "columnar/column_builder.h"
#include "columnar/int128.h"
#include "columnar/row_codec.h"

namespace thalweg::state {
namespace {

using columnar::Column;
using columnar::ColumnPtr;
using columnar::Physical;

// Where rows of a column go: row i of the target is row row(i) of the column.
struct Source {
  const Column& column;
  std::span<const std::uint32_t> rows;
  bool all;

  std::size_t row(std::size_t i) const { return (all ? i : rows[i]) * column.stride(); }
};

bool IsNullAt(const Source& source, std::size_t stored_row) {
  const std::uint8_t* const validity = source.column.validity();
  return validity != nullptr && !columnar::bitmap::Get(validity, stored_row);
}

struct Target {
  std::uint8_t* bytes;
  std::size_t stride;
  std::size_t count;

  std::uint8_t* row(std::size_t i) const { return bytes + i * stride; }
};

template <class T>
void SetFixed(const Target& target, const FieldPlace& place, const Source& source) {
  const std::span<const T> values = source.column.Values<T>();
  for (std::size_t i = 0; i < target.count; ++i) {
    StoreField<T>(target.row(i), place, values[source.row(i)]);
  }
}

void SetStrings(const Target& target, const FieldPlace& place, const Source& source) {
  const auto values = source.column.Values<columnar::StringRef>();
  for (std::size_t i = 0; i < target.count; ++i) {
    const columnar::StringRef& ref = values[source.row(i)];
    StringField(target.row(i), place) = StateString::Of(source.column.View(ref));
  }
}

void SetValidBits(const Target& target, const FieldPlace& place, const Source& source) {
  if (place.valid_mask == 0) {
    return;
  }
  if (source.column.validity() == nullptr) {
    for (std::size_t i = 0; i < target.count; ++i) {
      target.row(i)[place.valid_byte] |= place.valid_mask;
    }
    return;
  }
  for (std::size_t i = 0; i < target.count; ++i) {
    SetValid(target.row(i), place, !IsNullAt(source, source.row(i)));
  }
}

template <class T>
ColumnPtr GatherFixed(const columnar::DataType& type,
                      const FieldPlace& place,
                      std::span<const std::uint8_t* const> values) {
  columnar::ColumnBuilder builder(type, values.size());
  T* const out = builder.MutableValues<T>().data();
  const std::size_t offset = place.offset;
  for (std::size_t i = 0; i < values.size(); ++i) {
    out[i] = LoadFixed<T>(values[i] + offset);
  }
  if (place.valid_mask != 0) {
    const std::size_t valid_byte = place.valid_byte;
    const std::uint8_t valid_mask = place.valid_mask;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if ((values[i][valid_byte] & valid_mask) == 0) [[unlikely]] {
        builder.SetNull(i);
      }
    }
  }
  builder.SetLength(values.size());
  return builder.Finish();
}

ColumnPtr GatherStrings(const columnar::DataType& type,
                        const FieldPlace& place,
                        std::span<const std::uint8_t* const> values) {
  columnar::ColumnBuilder builder(type, values.size());
  for (const std::uint8_t* value : values) {
    if (IsValid(value, place)) {
      builder.AppendString(StringField(value, place).view());
    } else {
      builder.AppendNull();
    }
  }
  return builder.Finish();
}

StatusOr<ColumnPtr> GatherNested(const columnar::DataType& type,
                                 const FieldPlace& place,
                                 std::span<const std::uint8_t* const> values) {
  // A row that was never written holds no bytes: it is NULL, or the type's initial value.
  const columnar::RowCodec codec({type.Nullable()});
  columnar::ByteRows initial;
  codec.Encode(std::vector<ColumnPtr>{Column::Nulls(type.Nullable(), 1)}, 1, &initial);
  std::vector<std::string_view> rows;
  rows.reserve(values.size());
  for (const std::uint8_t* value : values) {
    const StateString& field = StringField(value, place);
    rows.push_back(field.length == 0 ? initial[0] : field.view());
  }
  ASSIGN_OR_RETURN(std::vector<ColumnPtr> columns, codec.Decode(rows));
  return std::move(columns[0]);
}

bool IsNested(const columnar::DataType& type) {
  return type.physical() == Physical::kRow || type.physical() == Physical::kList;
}

}  // namespace

void RowBuffer::Reset(const RowLayout& layout, std::size_t count) {
  layout_ = &layout;
  stride_ = layout.size();
  count_ = count;
  bytes_.assign(count * stride_, 0);
  nested_.clear();
}

void RowBuffer::SetColumn(std::size_t field, const ColumnPtr& column) {
  CHECK_EQ(column->length(), count_);
  SetFrom(field, column, {}, true);
}

void RowBuffer::SetColumn(std::size_t field,
                          const ColumnPtr& column,
                          std::span<const std::uint32_t> rows) {
  CHECK_EQ(rows.size(), count_);
  SetFrom(field, column, rows, false);
}

void RowBuffer::SetFrom(std::size_t field,
                        const ColumnPtr& column,
                        std::span<const std::uint32_t> rows,
                        bool all) {
  const FieldPlace& place = layout_->place(field);
  const Target target{bytes_.data(), stride_, count_};
  const Source source{*column, rows, all};
  SetValidBits(target, place, source);
  if (IsNested(layout_->fields()[field].type)) {
    SetNested(field, column, rows, all);
    return;
  }
  switch (place.width) {
    case 1:
      return SetFixed<std::uint8_t>(target, place, source);
    case 2:
      return SetFixed<std::uint16_t>(target, place, source);
    case 4:
      return SetFixed<std::uint32_t>(target, place, source);
    case 8:
      return SetFixed<std::uint64_t>(target, place, source);
    default:
      return place.physical == Physical::kString
                 ? SetStrings(target, place, source)
                 : SetFixed<columnar::Int128>(target, place, source);
  }
}

void RowBuffer::SetNested(std::size_t field,
                          const ColumnPtr& column,
                          std::span<const std::uint32_t> rows,
                          bool all) {
  const FieldPlace& place = layout_->place(field);
  columnar::ByteRows& encoded = nested_.emplace_back();
  columnar::RowCodec({layout_->fields()[field].type.Nullable()})
      .Encode(std::vector<ColumnPtr>{column}, column->length(), &encoded);
  for (std::size_t i = 0; i < count_; ++i) {
    const std::size_t from = all ? i : rows[i];
    StringField(row(i), place) =
        StateString::Of(column->IsNull(from) ? std::string_view() : encoded[from]);
  }
}

StatusOr<ColumnPtr> GatherField(const RowLayout& layout,
                                std::size_t field,
                                std::span<const std::uint8_t* const> values) {
  const columnar::DataType& type = layout.fields()[field].type;
  const FieldPlace& place = layout.place(field);
  if (IsNested(type)) {
    return GatherNested(type, place, values);
  }
  switch (place.width) {
    case 1:
      return GatherFixed<std::uint8_t>(type, place, values);
    case 2:
      return GatherFixed<std::uint16_t>(type, place, values);
    case 4:
      return GatherFixed<std::uint32_t>(type, place, values);
    case 8:
      return GatherFixed<std::uint64_t>(type, place, values);
    default:
      return place.physical == Physical::kString
                 ? GatherStrings(type, place, values)
                 : GatherFixed<columnar::Int128>(type, place, values);
  }
}

bool EqualValues(const RowLayout& layout, const std::uint8_t* a, const std::uint8_t* b) {
  if (layout.string_offsets().empty()) {
    return std::memcmp(a, b, layout.size()) == 0;
  }
  std::uint32_t compared = 0;
  for (const std::uint32_t offset : layout.string_offsets()) {
    const auto* const left = reinterpret_cast<const StateString*>(a + offset);
    const auto* const right = reinterpret_cast<const StateString*>(b + offset);
    if (std::memcmp(a + compared, b + compared, offset - compared) != 0 ||
        left->view() != right->view()) {
      return false;
    }
    compared = offset + sizeof(StateString);
  }
  return std::memcmp(a + compared, b + compared, layout.size() - compared) == 0;
}

}  // namespace thalweg::state
