// SPDX-License-Identifier: Apache-2.0
//
// = <> < <= > >= and IS [NOT] NULL. Numbers compare as SQL wants: NaN equals nothing.
#include <cstdint>
#include <functional>
#include <type_traits>

#include "columnar/string_ref.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/type_rules.h"
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

StatusOr<CallTypes> ComparisonTypes(std::span<const DataType> arguments,
                                    const DataType& /*wanted*/) {
  const auto common = CommonType(arguments);
  if (!common.has_value()) {
    return InvalidArgument("the two cannot be compared");
  }
  if (common->physical() == Physical::kRow || common->physical() == Physical::kList) {
    return Unimplemented("comparing ROW, ARRAY and MAP is not supported");
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
StatusOr<Kernel> BindComparison(const BindInput& input) {
  const Physical physical = input.types.arguments[0].physical();
  if (physical == Physical::kString) {
    return Kernel(CompareStrings<Op>);
  }
  return VisitFixed(physical, [](auto t) -> Kernel { return CompareFixed<Op, decltype(t)>; });
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
          ComparisonTypes,
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
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
