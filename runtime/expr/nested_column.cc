// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/nested_column.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace thalweg::runtime {

using columnar::Buffer;
using columnar::Column;
using columnar::ColumnPtr;
using columnar::DataType;
using columnar::Physical;
namespace bitmap = columnar::bitmap;

columnar::MutableBufferPtr AllOnes(std::size_t count) {
  columnar::MutableBufferPtr bits = Buffer::Allocate(bitmap::BytesFor(count));
  std::memset(bits->mutable_data(), 0xFF, bits->size());
  return bits;
}

ColumnPtr WithNulls(const ColumnPtr& column, const std::uint8_t* valid) {
  const std::size_t count = column->length();
  const ColumnPtr flat = columnar::Flatten(column);
  const DataType type = flat->type().Nullable();
  if (flat->physical() == Physical::kList) {
    // An empty list under each NULL: offsets have to move.
    const std::array<ColumnPtr, 2> parts = {columnar::WithType(flat, type), Column::Nulls(type, 1)};
    std::vector<std::uint32_t> indices(count);
    for (std::uint32_t row = 0; row < count; ++row) {
      indices[row] = bitmap::Get(valid, row) ? row : static_cast<std::uint32_t>(count);
    }
    return columnar::Gather(columnar::Concat(parts), indices);
  }
  columnar::MutableBufferPtr validity = AllOnes(count);
  bitmap::And(validity->data(), valid, count, validity->mutable_data());
  if (flat->validity() != nullptr) {
    bitmap::And(validity->data(), flat->validity(), count, validity->mutable_data());
  }
  Column::Parts parts;
  const std::size_t width = columnar::WidthOf(flat->physical());
  if (width > 0) {
    columnar::MutableBufferPtr values = Buffer::Allocate(count * width);
    std::memcpy(values->mutable_data(), flat->values_bytes(), count * width);
    for (std::size_t row = 0; row < count; ++row) {
      if (!bitmap::Get(valid, row)) {
        std::memset(values->mutable_data() + row * width, 0, width);
      }
    }
    parts.values = std::move(values);
    parts.heaps = flat->heaps();
  }
  for (std::size_t i = 0; i < flat->children().size(); ++i) {
    // A field that may not be NULL has zeros under a NULL row.
    const DataType& field = flat->child(i)->type();
    parts.children.push_back(columnar::WithType(WithNulls(flat->child(i), valid), field));
  }
  parts.validity = std::move(validity);
  return Column::Flat(type, count, std::move(parts));
}

ColumnPtr GatherOrNull(const ColumnPtr& column,
                       std::span<const std::uint32_t> indices,
                       const DataType& type) {
  const std::size_t count = indices.size();
  if (column->length() == 0) {
    return Column::Nulls(type.Nullable(), count);
  }
  columnar::MutableBufferPtr valid;
  std::vector<std::uint32_t> safe(indices.begin(), indices.end());
  for (std::size_t i = 0; i < count; ++i) {
    if (safe[i] == kNoRow) {
      if (valid == nullptr) {
        valid = AllOnes(count);
      }
      bitmap::Clear(valid->mutable_data(), i);
      safe[i] = 0;
    }
  }
  ColumnPtr gathered = columnar::Gather(column, safe);
  if (valid != nullptr) {
    gathered = WithNulls(gathered, valid->data());
  }
  return columnar::WithType(gathered, type);
}

ColumnPtr MakeLists(const DataType& type,
                    std::span<const std::uint32_t> offsets,
                    ColumnPtr elements,
                    columnar::BufferPtr valid) {
  columnar::MutableBufferPtr values = Buffer::Allocate(offsets.size_bytes());
  std::memcpy(values->mutable_data(), offsets.data(), offsets.size_bytes());
  Column::Parts parts;
  parts.validity = std::move(valid);
  parts.values = std::move(values);
  parts.children = {columnar::WithType(columnar::Flatten(elements), type.ChildTypes()[0])};
  return Column::Flat(type, offsets.size() - 1, std::move(parts));
}

ColumnPtr MakeEntries(const DataType& map_type, const ColumnPtr& keys, const ColumnPtr& values) {
  const DataType entry = map_type.ChildTypes()[0];
  const std::vector<DataType> types = entry.ChildTypes();
  Column::Parts parts;
  parts.children = {columnar::WithType(columnar::Flatten(keys), types[0]),
                    columnar::WithType(columnar::Flatten(values), types[1])};
  return Column::Flat(entry, keys->length(), std::move(parts));
}

}  // namespace thalweg::runtime
