// SPDX-License-Identifier: Apache-2.0
//
// = <> < <= > >=, IS [NOT] NULL and IS [NOT] DISTINCT FROM. NaN equals nothing; inside of ROW,
// ARRAY and MAP, NULL and NaN equal themselves.
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include "columnar/string_ref.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/type_rules.h"
#include "runtime/expr/value_order.h"
#include "runtime/expr/visit.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::Physical;
using columnar::StringRef;

template <class Op>
constexpr bool kIsEquality =
    std::is_same_v<Op, std::equal_to<>> || std::is_same_v<Op, std::not_equal_to<>>;

bool IsNested(const DataType& type) {
  return type.physical() == Physical::kRow || type.physical() == Physical::kList;
}

template <bool ordered_too>
StatusOr<CallTypes> ComparisonTypes(std::span<const DataType> arguments,
                                    const DataType& /*wanted*/) {
  const auto common = CommonType(arguments);
  if (!common.has_value()) {
    return InvalidArgument("the two cannot be compared");
  }
  if (ordered_too && IsNested(*common)) {
    return InvalidArgument("ROW, ARRAY and MAP have no order");
  }
  return CallTypes{{common->WithNullable(arguments[0].nullable()),
                    common->WithNullable(arguments[1].nullable())},
                   DataType::Boolean().WithNullable(common->nullable())};
}

template <class Op, class T>
Status CompareFixed(KernelFrame& frame) {
  BinaryLoop<T, T, std::uint8_t>(frame,
                                 [](T a, T b) { return static_cast<std::uint8_t>(Op()(a, b)); });
  return OkStatus();
}

template <class Op>
Status CompareStrings(KernelFrame& frame) {
  const Column& left = frame.argument(0);
  const Column& right = frame.argument(1);
  const columnar::HeapSet* left_heaps = left.heaps().get();
  const columnar::HeapSet* right_heaps = right.heaps().get();
  BinaryLoop<StringRef, StringRef, std::uint8_t>(
      frame, [=](const StringRef& a, const StringRef& b) {
        if constexpr (kIsEquality<Op>) {
          return static_cast<std::uint8_t>(
              Op()(columnar::Equal(a, left_heaps, b, right_heaps), true));
        } else {
          return static_cast<std::uint8_t>(
              Op()(columnar::Compare(a, left_heaps, b, right_heaps), 0));
        }
      });
  return OkStatus();
}

template <class Op>
Status CompareNested(KernelFrame& frame) {
  auto* out = frame.Out<std::uint8_t>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = frame.IsLive(row) &&
               Op()(EqualValues(frame.argument(0), row, frame.argument(1), row), true);
  }
  return OkStatus();
}

/// `Op` is <> for DISTINCT and = for NOT DISTINCT. NULLs are stored as zeros, so that the kernel of
/// the operator has only to be corrected where one side alone is NULL.
template <class Op>
Status CompareWithNulls(const Kernel& op, KernelFrame& frame) {
  RETURN_IF_ERROR(op(frame));
  const Column& left = frame.argument(0);
  const Column& right = frame.argument(1);
  if (!left.MayHaveNulls() && !right.MayHaveNulls()) {
    return OkStatus();
  }
  auto* out = frame.Out<std::uint8_t>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    const bool one_null = left.IsNull(row) != right.IsNull(row);
    out[row] = one_null ? std::is_same_v<Op, std::not_equal_to<>> : out[row];
  }
  return OkStatus();
}

template <class Op>
StatusOr<Kernel> BindComparison(const BindInput& input) {
  const Physical physical = input.types.arguments[0].physical();
  if (physical == Physical::kString) {
    return Kernel(CompareStrings<Op>);
  }
  if constexpr (kIsEquality<Op>) {
    if (IsNested(input.types.arguments[0])) {
      return Kernel(CompareNested<Op>);
    }
  }
  return VisitFixed(physical, [](auto t) -> Kernel { return CompareFixed<Op, decltype(t)>; });
}

StatusOr<CallTypes> DistinctTypes(std::span<const DataType> arguments, const DataType& wanted) {
  ASSIGN_OR_RETURN(CallTypes types, ComparisonTypes<false>(arguments, wanted));
  types.result = types.result.NotNull();
  return types;
}

template <class Op>
StatusOr<Kernel> BindDistinct(const BindInput& input) {
  ASSIGN_OR_RETURN(Kernel op, BindComparison<Op>(input));
  return Kernel(
      [op = std::move(op)](KernelFrame& frame) { return CompareWithNulls<Op>(op, frame); });
}

StatusOr<CallTypes> NullTestTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  return CallTypes{{arguments[0]}, DataType::Boolean().NotNull()};
}

template <bool null_is>
StatusOr<Kernel> BindNullTest(const BindInput& /*input*/) {
  return Kernel([](KernelFrame& frame) {
    const Column& argument = frame.argument(0);
    auto* out = frame.Out<std::uint8_t>();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      out[row] = argument.IsNull(row) == null_is;
    }
    return OkStatus();
  });
}

template <class Op>
constexpr ScalarFunction Comparison(std::string_view name,
                                    std::string_view signature,
                                    std::string_view documentation) {
  return {name,
          signature,
          documentation,
          2,
          2,
          NullRule::kPropagate,
          Evaluation::kCheap,
          ComparisonTypes<!kIsEquality<Op>>,
          BindComparison<Op>};
}

}  // namespace

std::span<const ScalarFunction> ComparisonFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      Comparison<std::equal_to<>>("=", "value = value", "Whether the two are equal."),
      Comparison<std::not_equal_to<>>("<>", "value <> value", "Whether the two differ."),
      Comparison<std::less<>>("<", "value < value", "Whether the first is less."),
      Comparison<std::less_equal<>>("<=", "value <= value", "Whether the first is not greater."),
      Comparison<std::greater<>>(">", "value > value", "Whether the first is greater."),
      Comparison<std::greater_equal<>>(">=", "value >= value", "Whether the first is not less."),
      {"IS NULL",
       "value IS NULL",
       "Whether the value is NULL; never NULL itself.",
       1,
       1,
       NullRule::kOwn,
       Evaluation::kCheap,
       NullTestTypes,
       BindNullTest<true>},
      {"IS NOT NULL",
       "value IS NOT NULL",
       "Whether the value is not NULL; never NULL itself.",
       1,
       1,
       NullRule::kOwn,
       Evaluation::kCheap,
       NullTestTypes,
       BindNullTest<false>},
      {"IS DISTINCT FROM",
       "value IS DISTINCT FROM value",
       "Whether the two differ, where NULL is a value like others; never NULL itself.",
       2,
       2,
       NullRule::kOwn,
       Evaluation::kCheap,
       DistinctTypes,
       BindDistinct<std::not_equal_to<>>},
      {"IS NOT DISTINCT FROM",
       "value IS NOT DISTINCT FROM value",
       "Whether the two are equal, where NULL is a value like others; never NULL itself.",
       2,
       2,
       NullRule::kOwn,
       Evaluation::kCheap,
       DistinctTypes,
       BindDistinct<std::equal_to<>>},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
