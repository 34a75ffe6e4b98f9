// SPDX-License-Identifier: Apache-2.0
#include "columnar/column.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "columnar/column_builder.h"
#include "columnar/datum.h"
#include "columnar/int128.h"

namespace thalweg::columnar {
namespace {

constexpr std::size_t kHeapsMax = 16;
constexpr std::size_t kSparseHeapBytesMin = 64 << 10;

void CheckParts(const DataType& type, std::size_t stored, const Column::Parts& parts) {
  const Physical physical = type.physical();
  const std::size_t values = stored + (physical == Physical::kList ? 1 : 0);
  if (const std::size_t needed = values * WidthOf(physical); needed > 0) {
    CHECK(parts.values != nullptr);
    CHECK_LE(needed, parts.values->size());
  }
  if (parts.validity != nullptr) {
    CHECK_LE(bitmap::BytesFor(stored), parts.validity->size());
  }
  const std::vector<DataType> child_types = type.ChildTypes();
  CHECK_EQ(parts.children.size(), child_types.size());
  for (std::size_t i = 0; i < child_types.size(); ++i) {
    CHECK_EQ(parts.children[i]->physical(), child_types[i].physical());
    if (physical == Physical::kRow) {
      CHECK_EQ(parts.children[i]->length(), stored);
    }
  }
}

template <class T>
BufferPtr GatherValues(const Column& column, std::span<const std::uint32_t> indices) {
  const std::span<const T> in = column.Values<T>();
  MutableBufferPtr buffer = Buffer::Allocate(indices.size() * sizeof(T));
  T* out = buffer->mutable_as<T>();
  for (std::size_t i = 0; i < indices.size(); ++i) {
    DCHECK_LT(indices[i], in.size());
    out[i] = in[indices[i]];
  }
  return buffer;
}

BufferPtr GatherWidth(const Column& column, std::span<const std::uint32_t> indices) {
  switch (WidthOf(column.physical())) {
    case 1:
      return GatherValues<std::uint8_t>(column, indices);
    case 2:
      return GatherValues<std::uint16_t>(column, indices);
    case 4:
      return GatherValues<std::uint32_t>(column, indices);
    case 8:
      return GatherValues<std::uint64_t>(column, indices);
    case 16:
      return GatherValues<StringRef>(column, indices);
    default:
      return nullptr;
  }
}

BufferPtr GatherValidity(const Column& column, std::span<const std::uint32_t> indices) {
  const std::uint8_t* in = column.validity();
  if (in == nullptr) {
    return nullptr;
  }
  MutableBufferPtr buffer = Buffer::Allocate(bitmap::BytesFor(indices.size()));
  std::uint8_t* out = buffer->mutable_data();
  for (std::size_t i = 0; i < indices.size(); i += 8) {
    const std::size_t count = std::min<std::size_t>(8, indices.size() - i);
    unsigned byte = 0;
    for (std::size_t bit = 0; bit < count; ++bit) {
      byte |= static_cast<unsigned>(bitmap::Get(in, indices[i + bit])) << bit;
    }
    out[i / 8] = static_cast<std::uint8_t>(byte);
  }
  return buffer;
}

void GatherLists(const Column& column,
                 std::span<const std::uint32_t> indices,
                 Column::Parts* parts) {
  const auto in = column.Offsets();
  MutableBufferPtr buffer = Buffer::Allocate((indices.size() + 1) * sizeof(std::uint32_t));
  auto* out = buffer->mutable_as<std::uint32_t>();
  std::vector<std::uint32_t> elements;
  out[0] = 0;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    for (std::uint32_t element = in [indices[i]]; element < in[indices[i] + 1]; ++element) {
      elements.push_back(element);
    }
    out[i + 1] = static_cast<std::uint32_t>(elements.size());
  }
  parts->values = std::move(buffer);
  parts->children = {Gather(column.child(0), elements)};
}

/// Bytes of the long strings of `column`.
std::size_t UsedHeapBytes(const Column& column) {
  std::size_t used = 0;
  for (const StringRef& ref : column.Values<StringRef>()) {
    used += ref.is_inline() ? 0 : ref.length;
  }
  return used;
}

template <class T>
bool EqualValues(const Column& a, std::size_t a_row, const Column& b, std::size_t b_row) {
  const T x = a.Values<T>()[a_row * a.stride()];
  const T y = b.Values<T>()[b_row * b.stride()];
  if constexpr (std::is_floating_point_v<T>) {
    return x == y || (std::isnan(x) && std::isnan(y));
  } else {
    return x == y;
  }
}

bool EqualAt(const Column& a, std::size_t a_row, const Column& b, std::size_t b_row);

bool EqualLists(const Column& a, std::size_t a_row, const Column& b, std::size_t b_row) {
  const std::uint32_t* x = &a.Offsets()[a_row * a.stride()];
  const std::uint32_t* y = &b.Offsets()[b_row * b.stride()];
  if (x[1] - x[0] != y[1] - y[0]) {
    return false;
  }
  for (std::uint32_t i = 0; i < x[1] - x[0]; ++i) {
    if (!EqualAt(*a.child(0), x[0] + i, *b.child(0), y[0] + i)) {
      return false;
    }
  }
  return true;
}

bool EqualAt(const Column& a, std::size_t a_row, const Column& b, std::size_t b_row) {
  if (a.IsNull(a_row) || b.IsNull(b_row)) {
    return a.IsNull(a_row) && b.IsNull(b_row);
  }
  switch (a.physical()) {
    case Physical::kBool:
    case Physical::kInt8:
      return EqualValues<std::uint8_t>(a, a_row, b, b_row);
    case Physical::kInt16:
      return EqualValues<std::uint16_t>(a, a_row, b, b_row);
    case Physical::kInt32:
      return EqualValues<std::uint32_t>(a, a_row, b, b_row);
    case Physical::kInt64:
      return EqualValues<std::uint64_t>(a, a_row, b, b_row);
    case Physical::kInt128:
      return EqualValues<Int128>(a, a_row, b, b_row);
    case Physical::kFloat:
      return EqualValues<float>(a, a_row, b, b_row);
    case Physical::kDouble:
      return EqualValues<double>(a, a_row, b, b_row);
    case Physical::kString:
      return a.StringAt(a_row) == b.StringAt(b_row);
    case Physical::kList:
      return EqualLists(a, a_row, b, b_row);
    case Physical::kRow:
      break;
  }
  for (std::size_t i = 0; i < a.children().size(); ++i) {
    if (!EqualAt(*a.child(i), a_row * a.stride(), *b.child(i), b_row * b.stride())) {
      return false;
    }
  }
  return true;
}

}  // namespace

Column::Column(DataType type, std::size_t length, std::size_t stride, Parts parts)
    : type_(std::move(type)),
      physical_(type_.physical()),
      length_(length),
      stride_(stride),
      parts_(std::move(parts)),
      values_(parts_.values == nullptr ? nullptr : parts_.values->data()),
      validity_(parts_.validity == nullptr ? nullptr : parts_.validity->data()) {}

ColumnPtr Column::Flat(DataType type, std::size_t length, Parts parts) {
  CheckParts(type, length, parts);
  return ColumnPtr(new Column(std::move(type), length, 1, std::move(parts)));
}

ColumnPtr Column::Constant(DataType type, std::size_t length, Parts parts) {
  CheckParts(type, 1, parts);
  return ColumnPtr(new Column(std::move(type), length, 0, std::move(parts)));
}

ColumnPtr Column::Constant(DataType type, std::size_t length, const Datum& value) {
  ColumnBuilder builder(type, 1);
  builder.AppendDatum(value);
  return ColumnPtr(new Column(std::move(type), length, 0, builder.Finish()->parts_));
}

ColumnPtr Column::Nulls(DataType type, std::size_t length) {
  return Constant(std::move(type), length, Datum());
}

std::size_t Column::CountNulls() const {
  if (validity_ == nullptr) {
    return 0;
  }
  if (IsConstant()) {
    return IsNull(0) ? length_ : 0;
  }
  return length_ - bitmap::CountOnes(validity_, length_);
}

std::size_t Column::ReferencedBytes() const {
  std::size_t bytes = 0;
  for (const BufferPtr* buffer : {&parts_.validity, &parts_.values}) {
    bytes += *buffer == nullptr ? 0 : (*buffer)->size();
  }
  bytes += parts_.heaps == nullptr ? 0 : parts_.heaps->bytes();
  for (const ColumnPtr& child : parts_.children) {
    bytes += child->ReferencedBytes();
  }
  return bytes;
}

ColumnPtr Flatten(const ColumnPtr& column) {
  if (!column->IsConstant()) {
    return column;
  }
  ColumnBuilder builder(column->type(), column->length());
  builder.AppendRange(*column, 0, column->length());
  return builder.Finish();
}

ColumnPtr Gather(const ColumnPtr& column, std::span<const std::uint32_t> indices) {
  if (column->IsConstant()) {
    return WithLength(column, indices.size());
  }
  Column::Parts parts;
  parts.validity = GatherValidity(*column, indices);
  if (column->physical() == Physical::kList) {
    GatherLists(*column, indices, &parts);
  } else {
    parts.values = GatherWidth(*column, indices);
    parts.heaps = column->heaps();
    for (const ColumnPtr& child : column->children()) {
      parts.children.push_back(Gather(child, indices));
    }
  }
  return Column::Flat(column->type(), indices.size(), std::move(parts));
}

ColumnPtr Slice(const ColumnPtr& column, std::size_t begin, std::size_t count) {
  CHECK_LE(begin + count, column->length());
  if (count == column->length()) {
    return column;
  }
  if (column->IsConstant()) {
    return WithLength(column, count);
  }
  Column::Parts parts = column->parts_;
  const std::uint8_t* validity = column->validity_;
  if (validity != nullptr && begin % 8 != 0) {
    MutableBufferPtr bits = Buffer::AllocateZeroed(bitmap::BytesFor(count));
    bitmap::Copy(validity, begin, count, bits->mutable_data(), 0);
    validity = bits->data();
    parts.validity = std::move(bits);
  } else if (validity != nullptr) {
    validity += begin / 8;
  }
  if (column->physical() == Physical::kRow) {
    for (ColumnPtr& child : parts.children) {
      child = Slice(child, begin, count);
    }
  }
  auto* slice = new Column(column->type(), count, 1, std::move(parts));
  if (column->values_ != nullptr) {
    slice->values_ = column->values_ + begin * WidthOf(column->physical());
  }
  slice->validity_ = validity;
  return ColumnPtr(slice);
}

ColumnPtr Concat(std::span<const ColumnPtr> columns) {
  CHECK(!columns.empty());
  if (columns.size() == 1) {
    return columns[0];
  }
  std::size_t length = 0;
  for (const ColumnPtr& column : columns) {
    length += column->length();
  }
  ColumnBuilder builder(columns[0]->type(), length);
  for (const ColumnPtr& column : columns) {
    builder.AppendRange(*column, 0, column->length());
  }
  return builder.Finish();
}

ColumnPtr WithType(const ColumnPtr& column, DataType type) {
  CHECK_EQ(type.physical(), column->physical());
  CHECK_EQ(type.ChildTypes().size(), column->children().size());
  if (type == column->type()) {
    return column;
  }
  auto* typed = new Column(*column);
  typed->type_ = std::move(type);
  return ColumnPtr(typed);
}

ColumnPtr WithLength(const ColumnPtr& column, std::size_t length) {
  CHECK(column->IsConstant());
  if (length == column->length()) {
    return column;
  }
  auto* resized = new Column(*column);
  resized->length_ = length;
  return ColumnPtr(resized);
}

ColumnPtr CompactHeaps(const ColumnPtr& column) {
  if (!column->parts_.children.empty()) {
    Column::Parts parts = column->parts_;
    std::ranges::transform(parts.children, parts.children.begin(), CompactHeaps);
    if (parts.children == column->parts_.children) {
      return column;
    }
    auto* compact = new Column(*column);
    compact->parts_ = std::move(parts);
    return ColumnPtr(compact);
  }
  if (column->physical() != Physical::kString || column->heaps() == nullptr) {
    return column;
  }
  const HeapSet& heaps = *column->heaps();
  const bool sparse =
      heaps.bytes() > kSparseHeapBytesMin && UsedHeapBytes(*column) < heaps.bytes() / 2;
  if (heaps.size() <= kHeapsMax && !sparse) {
    return column;
  }
  ColumnBuilder builder(column->type(), column->stored_length());
  for (std::size_t row = 0; row < column->stored_length(); ++row) {
    builder.AppendFrom(*column, row);
  }
  ColumnPtr compact = builder.Finish();
  if (!column->IsConstant()) {
    return compact;
  }
  return Column::Constant(column->type(), column->length(), DatumAt(*compact, 0));
}

bool Equal(const Column& a, const Column& b) {
  if (a.physical() != b.physical() || a.length() != b.length() ||
      a.children().size() != b.children().size()) {
    return false;
  }
  for (std::size_t row = 0; row < a.length(); ++row) {
    if (!EqualAt(a, row, b, row)) {
      return false;
    }
  }
  return true;
}

}  // namespace thalweg::columnar
