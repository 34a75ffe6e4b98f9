// SPDX-License-Identifier: Apache-2.0
//
// AND, OR, NOT with three values. A NULL's stored value is 0, so that two bits tell a value:
// stored value and validity.
#include <cstdint>

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
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
