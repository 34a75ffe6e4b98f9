// SPDX-License-Identifier: Apache-2.0
//
// AND, OR, NOT with three values, and the tests for one of them. A NULL's stored value is 0, so
// that two bits tell a value: stored value and validity.
#include <cstdint>
#include <string_view>

#include "columnar/buffer.h"
#include "runtime/expr/function_registry.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::TypeKind;
namespace bitmap = columnar::bitmap;

StatusOr<CallTypes> LogicTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  bool nullable = false;
  for (const DataType& type : arguments) {
    if (type.kind() != TypeKind::kBoolean) {
      return InvalidArgument("every operand must be a BOOLEAN");
    }
    nullable |= type.nullable();
  }
  return CallTypes{{arguments.begin(), arguments.end()},
                   DataType::Boolean().WithNullable(nullable)};
}

/// `dominant` (FALSE for AND, TRUE for OR) decides alone, whatever the other side is.
template <bool dominant>
Status RunConnective(KernelFrame& frame) {
  const Column& left = frame.argument(0);
  const Column& right = frame.argument(1);
  const auto* a = left.Values<std::uint8_t>().data();
  const auto* b = right.Values<std::uint8_t>().data();
  if (!left.MayHaveNulls() && !right.MayHaveNulls()) {
    BinaryLoop<std::uint8_t, std::uint8_t, std::uint8_t>(frame, [](std::uint8_t x, std::uint8_t y) {
      return static_cast<std::uint8_t>(dominant ? x | y : x & y);
    });
    return OkStatus();
  }
  auto* out = frame.Out<std::uint8_t>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    const bool left_null = left.IsNull(row);
    const bool right_null = right.IsNull(row);
    const bool left_decides = !left_null && (a[row * left.stride()] != 0) == dominant;
    const bool right_decides = !right_null && (b[row * right.stride()] != 0) == dominant;
    const bool decided = left_decides || right_decides;
    out[row] = decided ? dominant : !dominant;
    if (!decided && (left_null || right_null)) {
      out[row] = 0;
      frame.SetNull(row);
    }
  }
  return OkStatus();
}

template <bool dominant>
StatusOr<Kernel> BindConnective(const BindInput& /*input*/) {
  return Kernel(RunConnective<dominant>);
}

StatusOr<Kernel> BindNot(const BindInput& /*input*/) {
  return Kernel([](KernelFrame& frame) {
    UnaryLoop<std::uint8_t, std::uint8_t>(
        frame, [](std::uint8_t a) { return static_cast<std::uint8_t>(a == 0); });
    return OkStatus();
  });
}

StatusOr<CallTypes> TruthTypes(std::span<const DataType> arguments, const DataType& wanted) {
  ASSIGN_OR_RETURN(CallTypes types, LogicTypes(arguments, wanted));
  types.result = DataType::Boolean().NotNull();
  return types;
}

enum class Truth { kTrue, kFalse, kUnknown };

template <Truth truth, bool negated>
StatusOr<Kernel> BindTruth(const BindInput& /*input*/) {
  return Kernel([](KernelFrame& frame) {
    const Column& argument = frame.argument(0);
    const auto* values = argument.Values<std::uint8_t>().data();
    auto* out = frame.Out<std::uint8_t>();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      bool is = false;
      if constexpr (truth == Truth::kTrue) {
        is = values[row] != 0;
      } else if constexpr (truth == Truth::kFalse) {
        is = values[row] == 0 && !argument.IsNull(row);
      } else {
        is = argument.IsNull(row);
      }
      out[row] = is != negated;
    }
    return OkStatus();
  });
}

template <Truth truth, bool negated>
constexpr ScalarFunction TruthTest(std::string_view name,
                                   std::string_view signature,
                                   std::string_view documentation) {
  return {name,
          signature,
          documentation,
          1,
          1,
          NullRule::kOwn,
          Evaluation::kCheap,
          TruthTypes,
          BindTruth<truth, negated>};
}

}  // namespace

std::span<const ScalarFunction> LogicFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"AND",
       "boolean AND boolean",
       "FALSE when one is FALSE, else NULL when one is NULL.",
       2,
       kAnyNumber,
       NullRule::kOwn,
       Evaluation::kAnd,
       LogicTypes,
       BindConnective<false>},
      {"OR",
       "boolean OR boolean",
       "TRUE when one is TRUE, else NULL when one is NULL.",
       2,
       kAnyNumber,
       NullRule::kOwn,
       Evaluation::kOr,
       LogicTypes,
       BindConnective<true>},
      {"NOT",
       "NOT boolean",
       "The opposite; of NULL it is NULL.",
       1,
       1,
       NullRule::kPropagate,
       Evaluation::kCheap,
       LogicTypes,
       BindNot},
      TruthTest<Truth::kTrue, false>(
          "IS TRUE", "boolean IS TRUE", "Whether it is TRUE; never NULL."),
      TruthTest<Truth::kTrue, true>(
          "IS NOT TRUE", "boolean IS NOT TRUE", "Whether it is FALSE or NULL; never NULL."),
      TruthTest<Truth::kFalse, false>(
          "IS FALSE", "boolean IS FALSE", "Whether it is FALSE; never NULL."),
      TruthTest<Truth::kFalse, true>(
          "IS NOT FALSE", "boolean IS NOT FALSE", "Whether it is TRUE or NULL; never NULL."),
      TruthTest<Truth::kUnknown, false>(
          "IS UNKNOWN", "boolean IS UNKNOWN", "Whether it is NULL; never NULL itself."),
      TruthTest<Truth::kUnknown, true>(
          "IS NOT UNKNOWN", "boolean IS NOT UNKNOWN", "Whether it is not NULL; never NULL itself."),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
