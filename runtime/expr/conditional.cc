// SPDX-License-Identifier: Apache-2.0
//
// CASE and what becomes one: IF, COALESCE, NULLIF. The program turns longer ones into a chain of
// three arguments; the kernel here is for branches that are cheap enough to be computed for every
// row. Beside them GREATEST and LEAST, and tests of what a text looks like.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <unicode/uchar.h>

#include "columnar/int128.h"
#include "columnar/string_ref.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/row_function.h"
#include "runtime/expr/type_rules.h"
#include "runtime/expr/utf8.h"
#include "runtime/expr/visit.h"

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

/// All arguments in their common type.
StatusOr<CallTypes> CommonTypes(std::span<const DataType> arguments) {
  const auto common = CommonType(arguments);
  if (!common.has_value()) {
    return InvalidArgument("the values have no common type");
  }
  CallTypes types{{}, *common};
  for (const DataType& argument : arguments) {
    types.arguments.push_back(common->WithNullable(argument.nullable()));
  }
  return types;
}

StatusOr<CallTypes> CoalesceTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  ASSIGN_OR_RETURN(CallTypes types, CommonTypes(arguments));
  types.result = types.result.WithNullable(std::all_of(
      arguments.begin(), arguments.end(), [](const DataType& type) { return type.nullable(); }));
  return types;
}

StatusOr<CallTypes> NullIfTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  RETURN_IF_ERROR(CommonTypes(arguments).status());
  return CallTypes{{arguments.begin(), arguments.end()}, arguments[0].Nullable()};
}

/// Never called: the compiler makes CASE of such calls.
StatusOr<Kernel> BindRewritten(const BindInput& /*input*/) {
  CHECK(false);
  return Kernel();
}

StatusOr<CallTypes> ExtremeTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  ASSIGN_OR_RETURN(CallTypes types, CommonTypes(arguments));
  if (types.result.physical() >= columnar::Physical::kRow) {
    return InvalidArgument("ROW, ARRAY and MAP have no order");
  }
  return types;
}

template <bool greatest, class T>
Status ExtremeFixed(KernelFrame& frame) {
  T* out = frame.Out<T>();
  for (std::size_t i = 0; i < frame.argument_count(); ++i) {
    const T* values = frame.argument(i).Values<T>().data();
    const std::size_t stride = frame.argument(i).stride();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      const T value = values[row * stride];
      const bool better = i == 0 || (greatest ? value > out[row] : value < out[row]);
      out[row] = better ? value : out[row];
    }
  }
  return OkStatus();
}

template <bool greatest>
Status ExtremeString(KernelFrame& frame) {
  auto* out = frame.Out<columnar::StringRef>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    std::string_view best = frame.argument(0).StringAt(row);
    for (std::size_t i = 1; i < frame.argument_count(); ++i) {
      const std::string_view value = frame.argument(i).StringAt(row);
      if (greatest ? value > best : value < best) {
        best = value;
      }
    }
    out[row] = frame.heap().Add(best);
  }
  return OkStatus();
}

template <bool greatest>
StatusOr<Kernel> BindExtreme(const BindInput& input) {
  const columnar::Physical physical = input.types.result.physical();
  if (physical == columnar::Physical::kString) {
    return Kernel(ExtremeString<greatest>);
  }
  return VisitFixed(physical, [](auto t) -> Kernel { return ExtremeFixed<greatest, decltype(t)>; });
}

/// Whether there is a character, and all of them are what `is` says.
template <class Is>
bool AllCharacters(std::string_view text, Is is) {
  for (std::size_t at = 0; at < text.size();) {
    const std::int32_t character = utf8::Decode(text, &at);
    if (character < 0 || !is(character)) {
      return false;
    }
  }
  return !text.empty();
}

bool IsAlpha(std::string_view text) {
  return AllCharacters(text, [](std::int32_t c) { return u_isalpha(c) != 0; });
}

bool IsDigit(std::string_view text) {
  return AllCharacters(text, [](std::int32_t c) { return u_isdigit(c) != 0; });
}

/// A sign, digits, a point and digits; digits on one side of the point are enough.
bool IsDecimal(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    text.remove_prefix(1);
  }
  std::size_t digits = 0;
  std::size_t points = 0;
  for (const char c : text) {
    digits += c >= '0' && c <= '9';
    points += c == '.';
  }
  return digits > 0 && points <= 1 && digits + points == text.size();
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
      {"IF",
       "IF(condition, value, otherwise)",
       "The value when the condition is TRUE, else the last.",
       3,
       3,
       NullRule::kOwn,
       Evaluation::kCase,
       CaseTypes,
       BindChoose},
      {"COALESCE",
       "COALESCE(value, ...)",
       "The first value that is not NULL.",
       1,
       kAnyNumber,
       NullRule::kOwn,
       Evaluation::kCoalesce,
       CoalesceTypes,
       BindRewritten},
      {"IFNULL",
       "IFNULL(value, otherwise)",
       "The value, or the other one when it is NULL.",
       2,
       2,
       NullRule::kOwn,
       Evaluation::kCoalesce,
       CoalesceTypes,
       BindRewritten},
      {"NULLIF",
       "NULLIF(value, other)",
       "NULL when the two are equal, else the first.",
       2,
       2,
       NullRule::kOwn,
       Evaluation::kNullIf,
       NullIfTypes,
       BindRewritten},
      {"GREATEST",
       "GREATEST(value, ...)",
       "The greatest of the values; NULL when one of them is.",
       1,
       kAnyNumber,
       NullRule::kPropagate,
       Evaluation::kStrict,
       ExtremeTypes,
       BindExtreme<true>},
      {"LEAST",
       "LEAST(value, ...)",
       "The least of the values; NULL when one of them is.",
       1,
       kAnyNumber,
       NullRule::kPropagate,
       Evaluation::kStrict,
       ExtremeTypes,
       BindExtreme<false>},
      RowFunction<IsAlpha>(
          "IS_ALPHA", "IS_ALPHA(text)", "Whether the text has characters and all are letters."),
      RowFunction<IsDigit>(
          "IS_DIGIT", "IS_DIGIT(text)", "Whether the text has characters and all are digits."),
      RowFunction<IsDecimal>(
          "IS_DECIMAL",
          "IS_DECIMAL(text)",
          "Whether the text is a number: digits, a point or not, a sign or not."),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
