// SPDX-License-Identifier: Apache-2.0
//
// ARRAY, MAP and ROW made of values, and their parts taken out again.
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/expr/function_registry.h"
#include "runtime/expr/nested_column.h"
#include "runtime/expr/type_rules.h"
#include "runtime/expr/value_order.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnPtr;
using columnar::DataType;
using columnar::TypeKind;
namespace bitmap = columnar::bitmap;

StatusOr<DataType> CommonOf(const std::vector<DataType>& types, const char* what) {
  const auto common = CommonType(types);
  if (!common.has_value()) {
    return InvalidArgument(std::string("the ") + what + " have no common type");
  }
  return *common;
}

StatusOr<CallTypes> ArrayTypes(std::span<const DataType> arguments, const DataType& wanted) {
  if (arguments.empty()) {
    return wanted.kind() == TypeKind::kArray
               ? StatusOr<CallTypes>(CallTypes{{}, wanted.NotNull()})
               : InvalidArgument("an empty array needs the type of its elements");
  }
  ASSIGN_OR_RETURN(const DataType element,
                   CommonOf({arguments.begin(), arguments.end()}, "elements"));
  CallTypes types{{}, DataType::Array(element).NotNull()};
  for (const DataType& argument : arguments) {
    types.arguments.push_back(element.WithNullable(argument.nullable()));
  }
  return types;
}

/// Arguments first, first + step, ... behind each other.
ColumnPtr Stack(const KernelFrame& frame,
                std::size_t first,
                std::size_t step,
                const DataType& type) {
  std::vector<ColumnPtr> columns;
  for (std::size_t i = first; i < frame.argument_count(); i += step) {
    columns.push_back(columnar::WithType(columnar::Flatten(frame.argument_ptr(i)), type));
  }
  return columns.empty() ? Column::Nulls(type.Nullable(), 0) : columnar::Concat(columns);
}

Status MakeArray(KernelFrame& frame) {
  const std::size_t rows = frame.row_count();
  const std::size_t size = frame.argument_count();
  const DataType element = frame.result_type().ChildTypes()[0];
  std::vector<std::uint32_t> offsets;
  std::vector<std::uint32_t> indices;
  offsets.push_back(0);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < size; ++i) {
      indices.push_back(static_cast<std::uint32_t>(i * rows + row));
    }
    offsets.push_back(static_cast<std::uint32_t>(indices.size()));
  }
  const ColumnPtr elements = columnar::Gather(Stack(frame, 0, 1, element), indices);
  frame.SetResult(MakeLists(frame.result_type(), offsets, elements, nullptr));
  return OkStatus();
}

StatusOr<CallTypes> MapTypes(std::span<const DataType> arguments, const DataType& wanted) {
  if (arguments.size() % 2 != 0) {
    return InvalidArgument("it needs pairs of key and value");
  }
  if (arguments.empty()) {
    return wanted.kind() == TypeKind::kMap
               ? StatusOr<CallTypes>(CallTypes{{}, wanted.NotNull()})
               : InvalidArgument("an empty map needs the types of its keys and values");
  }
  std::vector<DataType> keys;
  std::vector<DataType> values;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    keys.push_back(arguments[i]);
    values.push_back(arguments[i + 1]);
  }
  ASSIGN_OR_RETURN(const DataType key, CommonOf(keys, "keys"));
  ASSIGN_OR_RETURN(const DataType value, CommonOf(values, "values"));
  CallTypes types{{}, DataType::Map(key, value).NotNull()};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    types.arguments.push_back((i % 2 == 0 ? key : value).WithNullable(arguments[i].nullable()));
  }
  return types;
}

/// Of equal keys the last one counts.
Status MakeMap(KernelFrame& frame) {
  const std::size_t rows = frame.row_count();
  const std::size_t size = frame.argument_count() / 2;
  const std::vector<DataType> types = frame.result_type().ChildTypes()[0].ChildTypes();
  const ColumnPtr all_keys = Stack(frame, 0, 2, types[0]);
  const ColumnPtr all_values = Stack(frame, 1, 2, types[1]);
  std::vector<std::uint32_t> offsets;
  std::vector<std::uint32_t> indices;
  offsets.push_back(0);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < size; ++i) {
      bool replaced = false;
      for (std::size_t later = i + 1; later < size && !replaced; ++later) {
        replaced = EqualValues(*all_keys, i * rows + row, *all_keys, later * rows + row);
      }
      if (!replaced) {
        indices.push_back(static_cast<std::uint32_t>(i * rows + row));
      }
    }
    offsets.push_back(static_cast<std::uint32_t>(indices.size()));
  }
  const ColumnPtr entries = MakeEntries(frame.result_type(),
                                        columnar::Gather(all_keys, indices),
                                        columnar::Gather(all_values, indices));
  frame.SetResult(MakeLists(frame.result_type(), offsets, entries, nullptr));
  return OkStatus();
}

StatusOr<CallTypes> RowTypes(std::span<const DataType> arguments, const DataType& wanted) {
  const bool named = wanted.kind() == TypeKind::kRow && wanted.fields().size() == arguments.size();
  std::vector<columnar::Field> fields;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    fields.push_back({named ? wanted.fields()[i].name : "EXPR$" + std::to_string(i), arguments[i]});
  }
  return CallTypes{{arguments.begin(), arguments.end()}, DataType::Row(fields).NotNull()};
}

Status MakeRow(KernelFrame& frame) {
  Column::Parts parts;
  const std::vector<DataType> types = frame.result_type().ChildTypes();
  for (std::size_t i = 0; i < frame.argument_count(); ++i) {
    parts.children.push_back(
        columnar::WithType(columnar::Flatten(frame.argument_ptr(i)), types[i]));
  }
  frame.SetResult(Column::Flat(frame.result_type(), frame.row_count(), std::move(parts)));
  return OkStatus();
}

/// Type rules see no constants: the type that the plan gives the call tells which field is meant,
/// and binding checks it.
StatusOr<CallTypes> FieldTypes(std::span<const DataType> arguments, const DataType& wanted) {
  if (arguments[0].kind() != TypeKind::kRow || arguments[1].kind() != TypeKind::kInt) {
    return InvalidArgument("it takes a ROW and the constant INT index of a field");
  }
  return CallTypes{{arguments[0], arguments[1]},
                   wanted.WithNullable(wanted.nullable() || arguments[0].nullable())};
}

/// Whether every NULL of the row is a NULL of the field too.
bool CoversNulls(const Column& row, const Column& field) {
  if (!row.MayHaveNulls()) {
    return true;
  }
  for (std::size_t i = 0; i < row.length(); ++i) {
    if (row.IsNull(i) && !field.IsNull(i)) {
      return false;
    }
  }
  return true;
}

StatusOr<Kernel> BindField(const BindInput& input) {
  if (input.constants[1] == nullptr || input.constants[1]->IsNull(0)) {
    return InvalidArgument("The index of a field must be constant");
  }
  const std::int32_t index = input.constants[1]->Values<std::int32_t>()[0];
  const std::vector<columnar::Field>& fields = input.types.arguments[0].fields();
  if (index < 0 || static_cast<std::size_t>(index) >= fields.size()) {
    return InvalidArgument("The row has " + std::to_string(fields.size()) +
                           " fields, none with index " + std::to_string(index));
  }
  const auto at = static_cast<std::size_t>(index);
  if (!SameType(fields[at].type, input.types.result)) {
    return InvalidArgument("Field " + fields[at].name + " is " + fields[at].type.ToString() +
                           ", but the plan takes it for " + input.types.result.ToString());
  }
  return Kernel([at](KernelFrame& frame) {
    const ColumnPtr row = columnar::Flatten(frame.argument_ptr(0));
    ColumnPtr field = row->child(at);
    if (!CoversNulls(*row, *field)) {
      field = WithNulls(field, row->validity());
    }
    frame.SetResult(columnar::WithType(field, frame.result_type()));
    return OkStatus();
  });
}

StatusOr<CallTypes> ItemTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (arguments[0].kind() == TypeKind::kArray && arguments[1].IsInteger()) {
    return CallTypes{{arguments[0], DataType::BigInt().WithNullable(arguments[1].nullable())},
                     arguments[0].fields()[0].type.Nullable()};
  }
  if (arguments[0].kind() == TypeKind::kMap) {
    const DataType& key = arguments[0].fields()[0].type;
    const std::vector<DataType> both = {key, arguments[1]};
    const auto common = CommonType(both);
    if (common.has_value() && SameType(*common, key)) {
      return CallTypes{{arguments[0], key.WithNullable(arguments[1].nullable())},
                       arguments[0].fields()[1].type.Nullable()};
    }
  }
  return InvalidArgument("it takes an ARRAY and an integer, or a MAP and one of its keys");
}

Status ArrayItem(KernelFrame& frame) {
  const Column& array = frame.argument(0);
  const auto offsets = array.Offsets();
  const Column& index = frame.argument(1);
  const std::int64_t* values = index.Values<std::int64_t>().data();
  std::vector<std::uint32_t> indices(frame.row_count(), kNoRow);
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    const std::size_t list = row * array.stride();
    const std::int64_t at = values[row * index.stride()];
    const std::int64_t size = offsets[list + 1] - offsets[list];
    if (frame.IsLive(row) && at >= 1 && at <= size) {
      indices[row] = offsets[list] + static_cast<std::uint32_t>(at - 1);
    }
  }
  frame.SetResult(GatherOrNull(array.child(0), indices, frame.result_type()));
  return OkStatus();
}

Status MapItem(KernelFrame& frame) {
  const Column& map = frame.argument(0);
  const auto offsets = map.Offsets();
  const Column& entries = *map.child(0);
  std::vector<std::uint32_t> indices(frame.row_count(), kNoRow);
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    const std::size_t list = row * map.stride();
    for (std::uint32_t i = offsets[list]; i < offsets[list + 1] && frame.IsLive(row); ++i) {
      if (EqualValues(*entries.child(0), i, frame.argument(1), row)) {
        indices[row] = i;
        break;
      }
    }
  }
  frame.SetResult(GatherOrNull(entries.child(1), indices, frame.result_type()));
  return OkStatus();
}

StatusOr<Kernel> BindItem(const BindInput& input) {
  if (input.types.arguments[0].kind() == TypeKind::kMap) {
    return Kernel(MapItem);
  }
  const ColumnPtr& index = input.constants[1];
  if (index != nullptr && !index->IsNull(0) && index->Values<std::int64_t>()[0] < 1) {
    return InvalidArgument("The elements of an array are counted from 1");
  }
  return Kernel(ArrayItem);
}

}  // namespace

std::span<const ScalarFunction> NestedFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"ARRAY",
       "ARRAY[value, ...]",
       "An array of the values.",
       0,
       kAnyNumber,
       NullRule::kOwn,
       Evaluation::kStrict,
       ArrayTypes,
       [](const BindInput& /*input*/) -> StatusOr<Kernel> { return Kernel(MakeArray); }},
      {"MAP",
       "MAP[key, value, ...]",
       "A map of the pairs; of equal keys the last one counts.",
       0,
       kAnyNumber,
       NullRule::kOwn,
       Evaluation::kStrict,
       MapTypes,
       [](const BindInput& /*input*/) -> StatusOr<Kernel> { return Kernel(MakeMap); }},
      {"ROW",
       "ROW(value, ...)",
       "A row of the values.",
       1,
       kAnyNumber,
       NullRule::kOwn,
       Evaluation::kStrict,
       RowTypes,
       [](const BindInput& /*input*/) -> StatusOr<Kernel> { return Kernel(MakeRow); }},
      {"FIELD",
       "row.field",
       "A field of a row; NULL when the row is.",
       2,
       2,
       NullRule::kOwn,
       Evaluation::kStrict,
       FieldTypes,
       BindField},
      {"ITEM",
       "array[index], map[key]",
       "An element, counted from 1, or the value of a key; NULL when there is none.",
       2,
       2,
       NullRule::kPropagate,
       Evaluation::kStrict,
       ItemTypes,
       BindItem},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
