// SPDX-License-Identifier: Apache-2.0
//
// Functions of arrays. Most only choose elements: they list, row by row, which ones of their
// arguments the result has, and all are gathered at once. Elements are equal as values are in
// value_order.h: NULL equals NULL.
#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
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
using columnar::StringRef;
using columnar::TypeKind;
namespace bitmap = columnar::bitmap;

/// Elements of all arguments in one column, with the place of each argument in it.
class Elements {
 public:
  /// Arguments [0, count), which are arrays.
  Elements(const KernelFrame& frame, std::size_t count, const DataType& element) {
    std::vector<ColumnPtr> parts;
    std::uint32_t base = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const ColumnPtr flat = columnar::Flatten(frame.argument_ptr(i));
      const ColumnPtr part = flat->child(0);
      arguments_.push_back({flat, base, true});
      base += static_cast<std::uint32_t>(part->length());
      parts.push_back(columnar::WithType(columnar::Flatten(part), element.Nullable()));
    }
    all_ = columnar::Concat(parts);
  }
  /// Argument 0, an array, and argument 1, a single element.
  static Elements WithValue(const KernelFrame& frame, const DataType& element) {
    return Elements(frame, element);
  }

  const Column& all() const { return *all_; }
  const ColumnPtr& all_ptr() const { return all_; }
  std::pair<std::uint32_t, std::uint32_t> Range(std::size_t argument, std::size_t row) const {
    const Argument& a = arguments_[argument];
    if (!a.list) {
      const auto at = a.base + static_cast<std::uint32_t>(row);
      return {at, at + 1};
    }
    const auto offsets = a.column->Offsets();
    return {a.base + offsets[row], a.base + offsets[row + 1]};
  }

 private:
  struct Argument {
    ColumnPtr column;
    std::uint32_t base;
    bool list;
  };

  Elements(const KernelFrame& frame, const DataType& element) {
    const ColumnPtr array = columnar::Flatten(frame.argument_ptr(0));
    const ColumnPtr value = columnar::Flatten(frame.argument_ptr(1));
    const std::vector<ColumnPtr> parts = {
        columnar::WithType(columnar::Flatten(array->child(0)), element.Nullable()),
        columnar::WithType(value, element.Nullable())};
    arguments_.push_back({array, 0, true});
    arguments_.push_back({value, static_cast<std::uint32_t>(array->child(0)->length()), false});
    all_ = columnar::Concat(parts);
  }

  std::vector<Argument> arguments_;
  ColumnPtr all_;
};

/// Lists under construction.
class ListWriter {
 public:
  explicit ListWriter(KernelFrame& frame) : frame_(frame) { offsets_.push_back(0); }

  void Add(std::uint32_t element) { indices_.push_back(element); }
  void AddRange(std::pair<std::uint32_t, std::uint32_t> range) {
    for (std::uint32_t i = range.first; i < range.second; ++i) {
      indices_.push_back(i);
    }
  }
  std::vector<std::uint32_t>& indices() { return indices_; }
  std::size_t row_begin() const { return offsets_.back(); }
  void EndRow(bool is_null) {
    if (is_null) {
      indices_.resize(offsets_.back());
      if (valid_ == nullptr) {
        valid_ = AllOnes(frame_.row_count());
      }
      bitmap::Clear(valid_->mutable_data(), offsets_.size() - 1);
    }
    offsets_.push_back(static_cast<std::uint32_t>(indices_.size()));
  }
  void Finish(const ColumnPtr& elements) {
    const DataType& type = frame_.result_type();
    const ColumnPtr gathered = elements->length() == 0
                                   ? Column::Nulls(type.ChildTypes()[0].Nullable(), 0)
                                   : columnar::Gather(elements, indices_);
    frame_.SetResult(MakeLists(type, offsets_, gathered, std::move(valid_)));
  }

 private:
  KernelFrame& frame_;
  std::vector<std::uint32_t> offsets_;
  std::vector<std::uint32_t> indices_;
  columnar::MutableBufferPtr valid_;
};

/// A set of elements of one column.
class ElementSet {
 public:
  explicit ElementSet(const Column& column) : column_(column) {}
  void Clear() { by_hash_.clear(); }
  bool Contains(std::uint32_t element) const {
    const auto [begin, end] = by_hash_.equal_range(HashValue(column_, element));
    return std::any_of(begin, end, [&](const auto& entry) {
      return EqualValues(column_, entry.second, column_, element);
    });
  }
  /// False when it was there.
  bool Insert(std::uint32_t element) {
    if (Contains(element)) {
      return false;
    }
    by_hash_.emplace(HashValue(column_, element), element);
    return true;
  }

 private:
  const Column& column_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> by_hash_;
};

DataType ElementOf(const DataType& array) {
  return array.ChildTypes()[0];
}

Status NotArrays() {
  return InvalidArgument("it takes arrays whose elements have a common type");
}

/// All arguments are arrays of a common type.
StatusOr<CallTypes> ArraysTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  for (const DataType& argument : arguments) {
    if (argument.kind() != TypeKind::kArray) {
      return NotArrays();
    }
  }
  const auto common = CommonType(arguments);
  if (!common.has_value()) {
    return NotArrays();
  }
  CallTypes types{{}, *common};
  for (const DataType& argument : arguments) {
    types.arguments.push_back(common->WithNullable(argument.nullable()));
  }
  return types;
}

/// (array, value) that have a common element type; `result` is made from the array's type.
StatusOr<CallTypes> ArrayAndValue(std::span<const DataType> arguments) {
  if (arguments[0].kind() != TypeKind::kArray) {
    return InvalidArgument("the first must be an array");
  }
  const std::vector<DataType> both = {ElementOf(arguments[0]), arguments[1]};
  const auto common = CommonType(both);
  if (!common.has_value()) {
    return InvalidArgument("the value has no common type with the elements");
  }
  const DataType array = DataType::Array(common->WithNullable(both[0].nullable()))
                             .WithNullable(arguments[0].nullable());
  return CallTypes{{array, common->WithNullable(arguments[1].nullable())},
                   DataType::Array(*common).WithNullable(arguments[0].nullable())};
}

StatusOr<CallTypes> AppendTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  return ArrayAndValue(arguments);
}
StatusOr<CallTypes> RemoveTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  ASSIGN_OR_RETURN(CallTypes types, ArrayAndValue(arguments));
  types.result = types.arguments[0];
  return types;
}
StatusOr<CallTypes> ContainsTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  ASSIGN_OR_RETURN(CallTypes types, ArrayAndValue(arguments));
  types.result = DataType::Boolean().WithNullable(arguments[0].nullable());
  return types;
}
StatusOr<CallTypes> PositionTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  ASSIGN_OR_RETURN(CallTypes types, ArrayAndValue(arguments));
  types.result = DataType::Int().WithNullable(AnyNullable(arguments));
  return types;
}
StatusOr<CallTypes> ElementTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (arguments[0].kind() != TypeKind::kArray) {
    return InvalidArgument("it takes an array");
  }
  return CallTypes{{arguments[0]}, ElementOf(arguments[0]).Nullable()};
}
StatusOr<CallTypes> SizeTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (arguments[0].physical() != columnar::Physical::kList) {
    return InvalidArgument("it takes an array or a map");
  }
  return CallTypes{{arguments[0]}, DataType::Int().WithNullable(arguments[0].nullable())};
}

StatusOr<Kernel> BindSize(const BindInput& /*input*/) {
  return Kernel([](KernelFrame& frame) {
    const Column& list = frame.argument(0);
    const auto offsets = list.Offsets();
    auto* out = frame.Out<std::int32_t>();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      const std::size_t at = row * list.stride();
      out[row] = static_cast<std::int32_t>(offsets[at + 1] - offsets[at]);
    }
    return OkStatus();
  });
}

/// One element of each array, or none: `choose` gives its index or kNoRow.
template <class Choose>
Kernel ChooseOne(Choose choose) {
  return [choose](KernelFrame& frame) -> Status {
    const Elements elements(frame, 1, frame.result_type());
    std::vector<std::uint32_t> chosen(frame.row_count(), kNoRow);
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      if (frame.IsLive(row)) {
        ASSIGN_OR_RETURN(chosen[row], choose(frame, elements, row));
      }
    }
    frame.SetResult(GatherOrNull(elements.all_ptr(), chosen, frame.result_type()));
    return OkStatus();
  };
}

StatusOr<Kernel> BindElement(const BindInput& /*input*/) {
  return ChooseOne([](const KernelFrame& frame,
                      const Elements& elements,
                      std::size_t row) -> StatusOr<std::uint32_t> {
    const auto [begin, end] = elements.Range(0, row);
    if (end - begin > 1) {
      return frame.Fail(row, "ELEMENT takes an array of one element at most");
    }
    return begin == end ? kNoRow : begin;
  });
}

template <int sign>
StatusOr<Kernel> BindExtreme(const BindInput& input) {
  if (input.types.result.physical() >= columnar::Physical::kRow) {
    return InvalidArgument("ROW, ARRAY and MAP have no order");
  }
  return ChooseOne([](const KernelFrame&,
                      const Elements& elements,
                      std::size_t row) -> StatusOr<std::uint32_t> {
    const auto [begin, end] = elements.Range(0, row);
    std::uint32_t best = kNoRow;
    for (std::uint32_t i = begin; i < end; ++i) {
      if (!elements.all().IsNull(i) &&
          (best == kNoRow || CompareValues(elements.all(), i, elements.all(), best) * sign > 0)) {
        best = i;
      }
    }
    return best;
  });
}

/// Where the value stands in the array: `store` is told the place from 0, or kNoRow.
template <class Store>
Kernel FindValue(Store store) {
  return [store](KernelFrame& frame) {
    const Elements elements = Elements::WithValue(frame, frame.argument(1).type());
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      const auto [begin, end] = elements.Range(0, row);
      const std::uint32_t value = elements.Range(1, row).first;
      std::uint32_t found = kNoRow;
      for (std::uint32_t i = begin; i < end && found == kNoRow; ++i) {
        found = EqualValues(elements.all(), i, elements.all(), value) ? i - begin : kNoRow;
      }
      store(frame, row, found);
    }
    return OkStatus();
  };
}

StatusOr<Kernel> BindContains(const BindInput& /*input*/) {
  return FindValue([](KernelFrame& frame, std::size_t row, std::uint32_t found) {
    frame.Out<std::uint8_t>()[row] = found != kNoRow;
    if (frame.argument(0).IsNull(row)) {
      frame.Out<std::uint8_t>()[row] = 0;
      frame.SetNull(row);
    }
  });
}

StatusOr<Kernel> BindPosition(const BindInput& /*input*/) {
  return FindValue([](KernelFrame& frame, std::size_t row, std::uint32_t found) {
    frame.Out<std::int32_t>()[row] = found == kNoRow ? 0 : static_cast<std::int32_t>(found + 1);
  });
}

/// A list for each row: `write` adds its elements.
template <class Write>
Kernel WriteLists(std::size_t arrays, Write write) {
  return [arrays, write](KernelFrame& frame) {
    const Elements elements(
        frame, arrays == 0 ? frame.argument_count() : arrays, ElementOf(frame.result_type()));
    ListWriter writer(frame);
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      if (frame.IsLive(row)) {
        write(frame, elements, row, writer);
      }
      writer.EndRow(!frame.IsLive(row));
    }
    writer.Finish(elements.all_ptr());
    return OkStatus();
  };
}

/// The same for an array and a value; only the array decides about NULL.
template <class Write>
Kernel WriteWithValue(Write write) {
  return [write](KernelFrame& frame) {
    const Elements elements = Elements::WithValue(frame, ElementOf(frame.result_type()));
    ListWriter writer(frame);
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      write(elements, row, writer);
      writer.EndRow(frame.argument(0).IsNull(row));
    }
    writer.Finish(elements.all_ptr());
    return OkStatus();
  };
}

StatusOr<Kernel> BindAppend(const BindInput& /*input*/) {
  return WriteWithValue([](const Elements& elements, std::size_t row, ListWriter& writer) {
    writer.AddRange(elements.Range(0, row));
    writer.AddRange(elements.Range(1, row));
  });
}
StatusOr<Kernel> BindPrepend(const BindInput& /*input*/) {
  return WriteWithValue([](const Elements& elements, std::size_t row, ListWriter& writer) {
    writer.AddRange(elements.Range(1, row));
    writer.AddRange(elements.Range(0, row));
  });
}
StatusOr<Kernel> BindRemove(const BindInput& /*input*/) {
  return WriteWithValue([](const Elements& elements, std::size_t row, ListWriter& writer) {
    const auto [begin, end] = elements.Range(0, row);
    const std::uint32_t value = elements.Range(1, row).first;
    for (std::uint32_t i = begin; i < end; ++i) {
      if (!EqualValues(elements.all(), i, elements.all(), value)) {
        writer.Add(i);
      }
    }
  });
}

using WriteRow = void (*)(const KernelFrame&, const Elements&, std::size_t, ListWriter&);

void WriteReverse(const KernelFrame&,
                  const Elements& elements,
                  std::size_t row,
                  ListWriter& writer) {
  const auto [begin, end] = elements.Range(0, row);
  for (std::uint32_t i = end; i > begin; --i) {
    writer.Add(i - 1);
  }
}

/// Of all arguments, each value once.
void WriteUnion(const KernelFrame& frame,
                const Elements& elements,
                std::size_t row,
                ListWriter& writer) {
  ElementSet seen(elements.all());
  for (std::size_t argument = 0; argument < frame.argument_count(); ++argument) {
    const auto [begin, end] = elements.Range(argument, row);
    for (std::uint32_t i = begin; i < end; ++i) {
      if (seen.Insert(i)) {
        writer.Add(i);
      }
    }
  }
}

void WriteConcat(const KernelFrame& frame,
                 const Elements& elements,
                 std::size_t row,
                 ListWriter& writer) {
  for (std::size_t argument = 0; argument < frame.argument_count(); ++argument) {
    writer.AddRange(elements.Range(argument, row));
  }
}

/// Values of the first that the second has, or has not, each once.
template <bool in_both>
void WriteCommon(const KernelFrame&,
                 const Elements& elements,
                 std::size_t row,
                 ListWriter& writer) {
  ElementSet other(elements.all());
  ElementSet seen(elements.all());
  const auto [other_begin, other_end] = elements.Range(1, row);
  for (std::uint32_t i = other_begin; i < other_end; ++i) {
    other.Insert(i);
  }
  const auto [begin, end] = elements.Range(0, row);
  for (std::uint32_t i = begin; i < end; ++i) {
    if (other.Contains(i) == in_both && seen.Insert(i)) {
      writer.Add(i);
    }
  }
}

template <WriteRow write>
StatusOr<Kernel> BindLists(const BindInput& /*input*/) {
  return WriteLists(0, write);
}

StatusOr<CallTypes> SliceTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  CallTypes types{{arguments[0]}, arguments[0].WithNullable(AnyNullable(arguments))};
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (!arguments[i].IsInteger()) {
      return InvalidArgument("start and end must be integers");
    }
    types.arguments.push_back(DataType::BigInt().WithNullable(arguments[i].nullable()));
  }
  if (arguments[0].kind() != TypeKind::kArray) {
    return InvalidArgument("the first must be an array");
  }
  return types;
}

/// From 1; a negative place counts from the end, 0 is the first.
std::int64_t PlaceOf(const Column& column, std::size_t row, std::int64_t size) {
  const std::int64_t place = column.Values<std::int64_t>()[row * column.stride()];
  return place < 0 ? size + 1 + place : std::max<std::int64_t>(place, 1);
}

StatusOr<Kernel> BindSlice(const BindInput& /*input*/) {
  return WriteLists(
      1,
      [](const KernelFrame& frame, const Elements& elements, std::size_t row, ListWriter& writer) {
        const auto [begin, end] = elements.Range(0, row);
        const std::int64_t size = end - begin;
        const std::int64_t first = std::max<std::int64_t>(PlaceOf(frame.argument(1), row, size), 1);
        const std::int64_t last = frame.argument_count() < 3
                                      ? size
                                      : std::min(PlaceOf(frame.argument(2), row, size), size);
        for (std::int64_t place = first; place <= last; ++place) {
          writer.Add(begin + static_cast<std::uint32_t>(place - 1));
        }
      });
}

StatusOr<CallTypes> SortTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (arguments[0].kind() != TypeKind::kArray) {
    return InvalidArgument("the first must be an array");
  }
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i].kind() != TypeKind::kBoolean) {
      return InvalidArgument("whether to ascend and whether NULLs come first must be BOOLEANs");
    }
  }
  return CallTypes{{arguments.begin(), arguments.end()},
                   arguments[0].WithNullable(AnyNullable(arguments))};
}

StatusOr<Kernel> BindSort(const BindInput& /*input*/) {
  return WriteLists(
      1,
      [](const KernelFrame& frame, const Elements& elements, std::size_t row, ListWriter& writer) {
        const auto flag = [&](std::size_t argument, bool otherwise) {
          if (frame.argument_count() <= argument) {
            return otherwise;
          }
          const Column& column = frame.argument(argument);
          return column.Values<std::uint8_t>()[row * column.stride()] != 0;
        };
        const bool ascending = flag(1, true);
        const bool nulls_first = flag(2, ascending);
        const Column& all = elements.all();
        const std::size_t first = writer.row_begin();
        writer.AddRange(elements.Range(0, row));
        std::stable_sort(writer.indices().begin() + static_cast<std::ptrdiff_t>(first),
                         writer.indices().end(),
                         [&](std::uint32_t a, std::uint32_t b) {
                           if (all.IsNull(a) || all.IsNull(b)) {
                             return nulls_first ? all.IsNull(a) && !all.IsNull(b)
                                                : !all.IsNull(a) && all.IsNull(b);
                           }
                           const int order = CompareValues(all, a, all, b);
                           return ascending ? order < 0 : order > 0;
                         });
      });
}

StatusOr<CallTypes> JoinTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (arguments[0].kind() != TypeKind::kArray || !ElementOf(arguments[0]).IsCharacter()) {
    return InvalidArgument("the first must be an array of texts");
  }
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (!arguments[i].IsCharacter()) {
      return InvalidArgument("delimiter and replacement must be texts");
    }
  }
  return CallTypes{{arguments.begin(), arguments.end()},
                   DataType::String().WithNullable(AnyNullable(arguments))};
}

StatusOr<Kernel> BindJoin(const BindInput& /*input*/) {
  return Kernel([](KernelFrame& frame) {
    const Elements elements(frame, 1, DataType::String());
    auto* out = frame.Out<StringRef>();
    std::string text;
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      text.clear();
      const auto [begin, end] = frame.IsLive(row) ? elements.Range(0, row)
                                                  : std::pair<std::uint32_t, std::uint32_t>(0, 0);
      bool first = true;
      for (std::uint32_t i = begin; i < end; ++i) {
        const bool is_null = elements.all().IsNull(i);
        if (is_null && frame.argument_count() < 3) {
          continue;
        }
        text.append(first ? std::string_view() : frame.argument(1).StringAt(row));
        text.append(is_null ? frame.argument(2).StringAt(row) : elements.all().StringAt(i));
        first = false;
      }
      out[row] = frame.heap().Add(text);
    }
    return OkStatus();
  });
}

constexpr ScalarFunction Array(std::string_view name,
                               std::string_view signature,
                               std::string_view documentation,
                               std::uint32_t min_arguments,
                               std::uint32_t max_arguments,
                               TypeRule types,
                               Binder bind,
                               NullRule null_rule = NullRule::kPropagate) {
  return {name,
          signature,
          documentation,
          min_arguments,
          max_arguments,
          null_rule,
          Evaluation::kStrict,
          types,
          bind};
}

}  // namespace

std::span<const ScalarFunction> ArrayFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      Array("CARDINALITY",
            "CARDINALITY(array)",
            "The number of elements of an array, or of entries of a map.",
            1,
            1,
            SizeTypes,
            BindSize),
      Array("ELEMENT",
            "ELEMENT(array)",
            "The only element; NULL when there is none, an error when there are more.",
            1,
            1,
            ElementTypes,
            BindElement),
      Array("ARRAY_CONTAINS",
            "ARRAY_CONTAINS(array, value)",
            "Whether the value, which may be NULL, is among the elements.",
            2,
            2,
            ContainsTypes,
            BindContains,
            NullRule::kOwn),
      Array("ARRAY_POSITION",
            "ARRAY_POSITION(array, value)",
            "Where the value stands first, counted from 1; 0: nowhere.",
            2,
            2,
            PositionTypes,
            BindPosition),
      Array("ARRAY_APPEND",
            "ARRAY_APPEND(array, value)",
            "The array with the value behind it.",
            2,
            2,
            AppendTypes,
            BindAppend,
            NullRule::kOwn),
      Array("ARRAY_PREPEND",
            "ARRAY_PREPEND(array, value)",
            "The array with the value in front of it.",
            2,
            2,
            AppendTypes,
            BindPrepend,
            NullRule::kOwn),
      Array("ARRAY_REMOVE",
            "ARRAY_REMOVE(array, value)",
            "The array without the elements that equal the value, which may be NULL.",
            2,
            2,
            RemoveTypes,
            BindRemove,
            NullRule::kOwn),
      Array("ARRAY_DISTINCT",
            "ARRAY_DISTINCT(array)",
            "Each element once, in the order of their first places.",
            1,
            1,
            ArraysTypes,
            BindLists<WriteUnion>),
      Array("ARRAY_UNION",
            "ARRAY_UNION(array, array)",
            "The elements of both, each once.",
            2,
            2,
            ArraysTypes,
            BindLists<WriteUnion>),
      Array("ARRAY_CONCAT",
            "ARRAY_CONCAT(array, ...)",
            "All arrays behind each other; NULL when one of them is.",
            1,
            kAnyNumber,
            ArraysTypes,
            BindLists<WriteConcat>),
      Array("ARRAY_EXCEPT",
            "ARRAY_EXCEPT(array, array)",
            "The elements of the first that the second has not, each once.",
            2,
            2,
            ArraysTypes,
            BindLists<WriteCommon<false>>),
      Array("ARRAY_INTERSECT",
            "ARRAY_INTERSECT(array, array)",
            "The elements of the first that the second has too, each once.",
            2,
            2,
            ArraysTypes,
            BindLists<WriteCommon<true>>),
      Array("ARRAY_REVERSE",
            "ARRAY_REVERSE(array)",
            "The elements in the opposite order.",
            1,
            1,
            ArraysTypes,
            BindLists<WriteReverse>),
      Array("ARRAY_SLICE",
            "ARRAY_SLICE(array, start[, end])",
            "The elements from one place to another, counted from 1, or from the end if negative.",
            2,
            3,
            SliceTypes,
            BindSlice),
      Array("ARRAY_SORT",
            "ARRAY_SORT(array[, ascending[, nulls_first]])",
            "The elements in order; NULLs first when ascending, if not told otherwise.",
            1,
            3,
            SortTypes,
            BindSort),
      Array("ARRAY_MAX",
            "ARRAY_MAX(array)",
            "The greatest element that is not NULL.",
            1,
            1,
            ElementTypes,
            BindExtreme<1>),
      Array("ARRAY_MIN",
            "ARRAY_MIN(array)",
            "The least element that is not NULL.",
            1,
            1,
            ElementTypes,
            BindExtreme<-1>),
      Array("ARRAY_JOIN",
            "ARRAY_JOIN(array, delimiter[, null_replacement])",
            "The texts with a delimiter between them; NULLs are left out or replaced.",
            2,
            3,
            JoinTypes,
            BindJoin),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
