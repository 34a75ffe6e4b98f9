// SPDX-License-Identifier: Apache-2.0
#include "columnar/column_builder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "columnar/bitmap.h"
#include "columnar/datum.h"

namespace thalweg::columnar {
namespace {

constexpr std::size_t kCapacityMin = 16;

template <class T>
void GatherInto(const Column& column, std::span<const std::uint32_t> rows, std::uint8_t* to) {
  const std::span<const T> in = column.Values<T>();
  T* out = reinterpret_cast<T*>(to);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out[i] = in[rows[i]];
  }
}

/// Writes `value` of `width` bytes `count` times.
void FillValues(const std::uint8_t* value, std::size_t width, std::size_t count, std::uint8_t* to) {
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(to + i * width, value, width);
  }
}

}  // namespace

ColumnBuilder::ColumnBuilder(DataType type, std::size_t reserve)
    : type_(std::move(type)), physical_(type_.physical()), width_(WidthOf(physical_)) {
  for (DataType& child : type_.ChildTypes()) {
    children_.emplace_back(std::move(child), physical_ == Physical::kRow ? reserve : 0);
  }
  Reserve(reserve);
}

ColumnBuilder::ColumnBuilder(ColumnBuilder&&) noexcept = default;
ColumnBuilder& ColumnBuilder::operator=(ColumnBuilder&&) noexcept = default;
ColumnBuilder::~ColumnBuilder() = default;

void ColumnBuilder::Grow(std::size_t rows) {
  const std::size_t first = capacity_ == 0 ? next_capacity_ : 0;
  const std::size_t capacity = std::max({rows, capacity_ * 2, first, kCapacityMin});
  if (width_ > 0) {
    const std::size_t head = physical_ == Physical::kList ? sizeof(std::uint32_t) : 0;
    MutableBufferPtr values = Buffer::Allocate(head + capacity * width_);
    if (values_ != nullptr) {
      std::memcpy(values->mutable_data(), values_->data(), head + length_ * width_);
    } else if (head > 0) {
      std::memset(values->mutable_data(), 0, head);
    }
    values_ = std::move(values);
    data_ = values_->mutable_data() + head;
  }
  if (validity_ != nullptr) {
    MutableBufferPtr validity = Buffer::Allocate(bitmap::BytesFor(capacity));
    std::memset(validity->mutable_data(), 0xFF, validity->size());
    std::memcpy(validity->mutable_data(), validity_->data(), bitmap::BytesFor(capacity_));
    // The last copied byte may end with bits that stood for no row.
    bitmap::Fill(validity->mutable_data(), capacity_, capacity - capacity_, true);
    validity_ = std::move(validity);
  }
  capacity_ = capacity;
}

void ColumnBuilder::EnsureValidity() {
  if (validity_ == nullptr) {
    validity_ = Buffer::Allocate(bitmap::BytesFor(capacity_));
    std::memset(validity_->mutable_data(), 0xFF, validity_->size());
  }
}

void ColumnBuilder::SetNull(std::size_t row) {
  DCHECK_LT(row, capacity_);
  EnsureValidity();
  bitmap::Clear(validity_->mutable_data(), row);
  if (physical_ == Physical::kList) {
    std::uint32_t* end = reinterpret_cast<std::uint32_t*>(data_) + row;
    *end = *(end - 1);
  } else if (width_ > 0) {
    std::memset(data_ + row * width_, 0, width_);
  }
}

void ColumnBuilder::SetValid(std::size_t row) {
  if (validity_ != nullptr) {
    bitmap::Set(validity_->mutable_data(), row);
  }
}

void ColumnBuilder::AppendNull() {
  Reserve(length_ + 1);
  SetNull(length_);
  if (physical_ == Physical::kRow) {
    for (ColumnBuilder& child : children_) {
      child.AppendNull();
    }
  }
  ++length_;
}

void ColumnBuilder::AppendNulls(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    AppendNull();
  }
}

void ColumnBuilder::AppendParent() {
  if (physical_ == Physical::kList) {
    Append(static_cast<std::uint32_t>(children_[0].length()));
    return;
  }
  CHECK_EQ(physical_, Physical::kRow);
  Reserve(length_ + 1);
  ++length_;
}

void ColumnBuilder::AppendDatum(const Datum& value) {
  if (value.is_null()) {
    AppendNull();
    return;
  }
  switch (physical_) {
    case Physical::kBool:
      return Append<std::uint8_t>(value.boolean() ? 1 : 0);
    case Physical::kInt8:
      return Append(static_cast<std::int8_t>(value.integer()));
    case Physical::kInt16:
      return Append(static_cast<std::int16_t>(value.integer()));
    case Physical::kInt32:
      return Append(static_cast<std::int32_t>(value.integer()));
    case Physical::kInt64:
      return Append(value.integer());
    case Physical::kInt128:
      return Append(value.int128());
    case Physical::kFloat:
      return Append(static_cast<float>(value.real()));
    case Physical::kDouble:
      return Append(value.real());
    case Physical::kString:
      return AppendString(value.text());
    case Physical::kList:
      for (const Datum& element : value.list()) {
        children_[0].AppendDatum(element);
      }
      return AppendParent();
    case Physical::kRow:
      CHECK_EQ(value.list().size(), children_.size());
      for (std::size_t i = 0; i < children_.size(); ++i) {
        children_[i].AppendDatum(value.list()[i]);
      }
      return AppendParent();
  }
}

void ColumnBuilder::AppendFrom(const Column& column, std::size_t row) {
  if (physical_ != Physical::kString) {
    AppendRange(column, row, 1);
  } else if (column.IsNull(row)) {
    AppendNull();
  } else {
    AppendString(column.StringAt(row));
  }
}

void ColumnBuilder::CopyValidity(const Column& column, std::size_t begin, std::size_t count) {
  if (column.validity() != nullptr) {
    EnsureValidity();
    bitmap::Copy(column.validity(), begin, count, validity_->mutable_data(), length_);
  }
}

void ColumnBuilder::RebaseHeaps(const Column& column, std::size_t count) {
  if (physical_ != Physical::kString || column.heaps() == nullptr) {
    return;
  }
  const std::uint32_t base = heap_.Adopt(column.heaps());
  if (base == 0) {
    return;
  }
  StringRef* refs = reinterpret_cast<StringRef*>(data_) + length_;
  for (std::size_t i = 0; i < count; ++i) {
    if (!refs[i].is_inline()) {
      refs[i].set_heap(refs[i].heap() + base);
    }
  }
}

void ColumnBuilder::AppendRows(const Column& column, std::span<const std::uint32_t> rows) {
  DCHECK_EQ(column.physical(), physical_);
  if (column.IsConstant()) {
    AppendConstant(column, rows.size());
    return;
  }
  if (physical_ == Physical::kList) {
    for (const std::uint32_t row : rows) {
      AppendRange(column, row, 1);
    }
    return;
  }
  Reserve(length_ + rows.size());
  std::uint8_t* to = data_ + length_ * width_;
  switch (width_) {
    case 1:
      GatherInto<std::uint8_t>(column, rows, to);
      break;
    case 2:
      GatherInto<std::uint16_t>(column, rows, to);
      break;
    case 4:
      GatherInto<std::uint32_t>(column, rows, to);
      break;
    case 8:
      GatherInto<std::uint64_t>(column, rows, to);
      break;
    case 16:
      GatherInto<StringRef>(column, rows, to);
      break;
    default:
      for (std::size_t i = 0; i < children_.size(); ++i) {
        children_[i].AppendRows(*column.child(i), rows);
      }
  }
  RebaseHeaps(column, rows.size());
  if (column.validity() != nullptr) {
    EnsureValidity();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      bitmap::Put(validity_->mutable_data(), length_ + i, bitmap::Get(column.validity(), rows[i]));
    }
  }
  length_ += rows.size();
}

void ColumnBuilder::AppendRange(const Column& column, std::size_t begin, std::size_t count) {
  DCHECK_EQ(column.physical(), physical_);
  if (column.IsConstant()) {
    AppendConstant(column, count);
    return;
  }
  Reserve(length_ + count);
  if (physical_ == Physical::kList) {
    AppendLists(column, begin, count);
  } else if (width_ > 0 && count > 0) {
    std::memcpy(data_ + length_ * width_, column.values_bytes() + begin * width_, count * width_);
    RebaseHeaps(column, count);
  }
  if (physical_ == Physical::kRow) {
    for (std::size_t i = 0; i < children_.size(); ++i) {
      children_[i].AppendRange(*column.child(i), begin, count);
    }
  }
  CopyValidity(column, begin, count);
  length_ += count;
}

void ColumnBuilder::AppendLists(const Column& column, std::size_t begin, std::size_t count) {
  const auto in = column.Offsets();
  const auto base = static_cast<std::uint32_t>(children_[0].length());
  children_[0].AppendRange(*column.child(0), in[begin], in[begin + count] - in[begin]);
  auto* out = reinterpret_cast<std::uint32_t*>(data_) + length_;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = base + in[begin + i + 1] - in[begin];
  }
}

void ColumnBuilder::AppendConstant(const Column& column, std::size_t count) {
  if (count == 0) {
    return;
  }
  if (column.IsNull(0)) {
    AppendNulls(count);
    return;
  }
  Reserve(length_ + count);
  if (physical_ == Physical::kList) {
    for (std::size_t i = 0; i < count; ++i) {
      AppendLists(column, 0, 1);
      ++length_;
    }
    return;
  }
  if (physical_ == Physical::kString) {
    StringRef ref = column.Values<StringRef>()[0];
    if (!ref.is_inline()) {
      ref = heap_.Add(column.StringAt(0));
    }
    std::fill_n(reinterpret_cast<StringRef*>(data_) + length_, count, ref);
  } else if (width_ > 0) {
    FillValues(column.values_bytes(), width_, count, data_ + length_ * width_);
  }
  for (std::size_t i = 0; i < children_.size(); ++i) {
    // The child of a constant row holds one value, which need not be a constant itself.
    for (std::size_t copy = 0; copy < count; ++copy) {
      children_[i].AppendRange(*column.child(i), 0, 1);
    }
  }
  length_ += count;
}

ColumnPtr ColumnBuilder::Finish() {
  Column::Parts parts;
  if (validity_ != nullptr && bitmap::CountOnes(validity_->data(), length_) < length_) {
    validity_->Shrink(bitmap::BytesFor(length_));
    parts.validity = std::move(validity_);
  }
  if (physical_ == Physical::kList && values_ == nullptr) {
    Grow(1);
  }
  if (width_ > 0) {
    if (values_ == nullptr) {
      values_ = Buffer::Allocate(0);
    }
    const std::size_t head = physical_ == Physical::kList ? sizeof(std::uint32_t) : 0;
    values_->Shrink(head + length_ * width_);
    parts.values = std::move(values_);
  }
  parts.heaps = heap_.Finish();
  for (ColumnBuilder& child : children_) {
    parts.children.push_back(child.Finish());
  }
  const std::size_t length = std::exchange(length_, 0);
  next_capacity_ = length;
  capacity_ = 0;
  data_ = nullptr;
  values_ = nullptr;
  validity_ = nullptr;
  return Column::Flat(type_, length, std::move(parts));
}

ColumnPtr ColumnOf(DataType type, std::span<const Datum> values) {
  ColumnBuilder builder(std::move(type), values.size());
  for (const Datum& value : values) {
    builder.AppendDatum(value);
  }
  return builder.Finish();
}

ColumnPtr ColumnOf(DataType type, std::initializer_list<Datum> values) {
  return ColumnOf(std::move(type), std::span<const Datum>(values.begin(), values.size()));
}

}  // namespace thalweg::columnar
