// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <utility>
#include <vector>

#include "runtime/expr/cast.h"
#include "runtime/expr/nested_column.h"

namespace thalweg::runtime {
namespace {

using columnar::Buffer;
using columnar::Column;
using columnar::ColumnPtr;
using columnar::DataType;
using columnar::TypeKind;
namespace bitmap = columnar::bitmap;

columnar::BufferPtr CopyOfValidity(const Column& column) {
  if (!column.MayHaveNulls()) {
    return nullptr;
  }
  columnar::MutableBufferPtr copy = Buffer::Allocate(bitmap::BytesFor(column.length()));
  std::memcpy(copy->mutable_data(), column.validity(), copy->size());
  return copy;
}

struct ChildCast {
  Kernel kernel;
  DataType type;
};

Status CastRow(const std::vector<ChildCast>& casts, KernelFrame& frame) {
  const ColumnPtr row = columnar::Flatten(frame.argument_ptr(0));
  Column::Parts parts;
  parts.validity = CopyOfValidity(*row);
  for (std::size_t i = 0; i < casts.size(); ++i) {
    ASSIGN_OR_RETURN(ColumnPtr child,
                     ApplyCast(casts[i].kernel, row->child(i), casts[i].type, frame.context()));
    parts.children.push_back(columnar::WithType(columnar::Flatten(child), casts[i].type));
  }
  frame.SetResult(Column::Flat(frame.result_type(), row->length(), std::move(parts)));
  return OkStatus();
}

Status CastList(const ChildCast& cast, KernelFrame& frame) {
  const ColumnPtr list = columnar::Flatten(frame.argument_ptr(0));
  const auto offsets = list->Offsets();
  const std::uint32_t first = offsets.front();
  const ColumnPtr used = columnar::Slice(list->child(0), first, offsets.back() - first);
  ASSIGN_OR_RETURN(ColumnPtr elements, ApplyCast(cast.kernel, used, cast.type, frame.context()));
  std::vector<std::uint32_t> moved(offsets.begin(), offsets.end());
  for (std::uint32_t& offset : moved) {
    offset -= first;
  }
  frame.SetResult(
      MakeLists(frame.result_type(), moved, std::move(elements), CopyOfValidity(*list)));
  return OkStatus();
}

}  // namespace

bool CanCastNested(const DataType& from, const DataType& to) {
  if (from.kind() != to.kind() || from.kind() < TypeKind::kRow ||
      from.fields().size() != to.fields().size()) {
    return false;
  }
  for (std::size_t i = 0; i < from.fields().size(); ++i) {
    if (!CanCast(from.fields()[i].type, to.fields()[i].type)) {
      return false;
    }
  }
  return true;
}

Kernel BindNestedCast(const DataType& from, const DataType& to, OnBadValue bad) {
  std::vector<ChildCast> casts;
  const std::vector<DataType> from_types = from.ChildTypes();
  const std::vector<DataType> to_types = to.ChildTypes();
  for (std::size_t i = 0; i < from_types.size(); ++i) {
    casts.push_back({BindCast(from_types[i], to_types[i], bad), to_types[i]});
  }
  if (from.kind() == TypeKind::kRow) {
    return [casts](KernelFrame& frame) { return CastRow(casts, frame); };
  }
  return [cast = casts[0]](KernelFrame& frame) { return CastList(cast, frame); };
}

}  // namespace thalweg::runtime
