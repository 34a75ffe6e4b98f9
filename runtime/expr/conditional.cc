// SPDX-License-Identifier: Apache-2.0
//
// CASE. The program turns longer ones into a chain of three arguments; the kernel here is for
// branches that are cheap enough to be computed for every row.
#include <array>
#include <cstdint>
#include <vector>

#include "columnar/int128.h"
#include "columnar/string_ref.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/type_rules.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnPtr;
using columnar::DataType;
using columnar::TypeKind;

StatusOr<CallTypes> CaseTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (arguments.size() % 2 == 0) {
    return InvalidArgument("it needs pairs of condition and value, and a last value");
  }
  std::vector<DataType> values = {arguments.back()};
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    if (arguments[i].kind() != TypeKind::kBoolean) {
      return InvalidArgument("every condition must be a BOOLEAN");
    }
    values.push_back(arguments[i + 1]);
  }
  const auto common = CommonType(values);
  if (!common.has_value()) {
    return InvalidArgument("the values have no common type");
  }
  CallTypes types{{arguments.begin(), arguments.end()}, *common};
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    types.arguments[i] = common->WithNullable(arguments[i].nullable());
  }
  types.arguments.back() = common->WithNullable(arguments.back().nullable());
  return types;
}

template <class T>
void ChooseFixed(KernelFrame& frame, const std::vector<std::uint8_t>& chosen) {
  const Column& then = frame.argument(1);
  const Column& otherwise = frame.argument(2);
  const T* a = then.Values<T>().data();
  const T* b = otherwise.Values<T>().data();
  const std::size_t a_stride = then.stride();
  const std::size_t b_stride = otherwise.stride();
  T* out = frame.Out<T>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = chosen[row] ? a[row * a_stride] : b[row * b_stride];
  }
  if (then.MayHaveNulls() || otherwise.MayHaveNulls()) {
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      if ((chosen[row] ? then : otherwise).IsNull(row)) {
        frame.SetNull(row);
      }
    }
  }
}

/// Strings and nested values: by reference into both columns.
void ChooseAny(KernelFrame& frame, const std::vector<std::uint8_t>& chosen) {
  const auto count = static_cast<std::uint32_t>(frame.row_count());
  const std::array<ColumnPtr, 2> both = {
      columnar::WithType(frame.argument_ptr(1), frame.result_type()),
      columnar::WithType(frame.argument_ptr(2), frame.result_type())};
  std::vector<std::uint32_t> rows(count);
  for (std::uint32_t row = 0; row < count; ++row) {
    rows[row] = chosen[row] ? row : count + row;
  }
  frame.SetResult(columnar::Gather(columnar::Concat(both), rows));
}

Status Choose(KernelFrame& frame) {
  const Column& condition = frame.argument(0);
  const auto* values = condition.Values<std::uint8_t>().data();
  std::vector<std::uint8_t> chosen(frame.row_count());
  for (std::size_t row = 0; row < chosen.size(); ++row) {
    chosen[row] = values[row * condition.stride()];  // A NULL is stored as FALSE.
  }
  const columnar::Physical physical = frame.result_type().physical();
  const bool by_reference =
      physical == columnar::Physical::kString || physical >= columnar::Physical::kRow;
  switch (by_reference ? 0 : columnar::WidthOf(physical)) {
    case 1:
      ChooseFixed<std::uint8_t>(frame, chosen);
      break;
    case 2:
      ChooseFixed<std::uint16_t>(frame, chosen);
      break;
    case 4:
      ChooseFixed<std::uint32_t>(frame, chosen);
      break;
    case 8:
      ChooseFixed<std::uint64_t>(frame, chosen);
      break;
    case 16:
      ChooseFixed<columnar::Int128>(frame, chosen);
      break;
    default:
      ChooseAny(frame, chosen);
  }
  return OkStatus();
}

StatusOr<Kernel> BindChoose(const BindInput& input) {
  CHECK_EQ(input.types.arguments.size(), 3U);
  return Kernel(Choose);
}

}  // namespace

std::span<const ScalarFunction> ConditionalFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"CASE",
       "CASE(condition, value, ..., otherwise)",
       "The value after the first condition that is TRUE, else the last.",
       3,
       kAnyNumber,
       NullRule::kOwn,
       Evaluation::kCase,
       CaseTypes,
       BindChoose},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
