// SPDX-License-Identifier: Apache-2.0
//
// UPPER, LOWER, CHAR_LENGTH over UTF-8. ASCII, the common case, is found out a word at a time;
// everything else is ICU's.
#include <cstdint>
#include <string>

#include "runtime/expr/function_registry.h"
#include "runtime/expr/letter_case.h"
#include "runtime/expr/type_rules.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::StringRef;

StatusOr<CallTypes> TextToText(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (!arguments[0].IsCharacter()) {
    return InvalidArgument("it must be a text");
  }
  return CallTypes{{arguments[0]}, DataType::String().WithNullable(arguments[0].nullable())};
}

StatusOr<CallTypes> TextToInt(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (!arguments[0].IsCharacter()) {
    return InvalidArgument("it must be a text");
  }
  return CallTypes{{arguments[0]}, DataType::Int().WithNullable(arguments[0].nullable())};
}

template <LetterCase to>
Status RunCase(KernelFrame& frame) {
  const Column& text = frame.argument(0);
  auto* out = frame.Out<StringRef>();
  std::string scratch;
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    const std::string_view from = text.StringAt(row);
    char* const place = frame.heap().Reserve(from.size());
    if (ConvertAscii(to, from, place)) {
      out[row] = frame.heap().Commit(from.size());
    } else {
      ConvertCase(to, from, &scratch);
      out[row] = frame.heap().Add(scratch);
    }
  }
  return OkStatus();
}

template <LetterCase to>
StatusOr<Kernel> BindCase(const BindInput& /*input*/) {
  return Kernel(RunCase<to>);
}

/// Code points: every byte that does not continue one.
std::int32_t CountCodePoints(std::string_view text) {
  std::int32_t count = 0;
  for (const char c : text) {
    count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }
  return count;
}

StatusOr<Kernel> BindCharLength(const BindInput& /*input*/) {
  return Kernel([](KernelFrame& frame) {
    const Column& text = frame.argument(0);
    auto* out = frame.Out<std::int32_t>();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      out[row] = CountCodePoints(text.StringAt(row));
    }
    return OkStatus();
  });
}

}  // namespace

std::span<const ScalarFunction> StringFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"UPPER",
       "UPPER(text)",
       "The text in upper case.",
       1,
       1,
       NullRule::kPropagate,
       Evaluation::kStrict,
       TextToText,
       BindCase<LetterCase::kUpper>},
      {"LOWER",
       "LOWER(text)",
       "The text in lower case.",
       1,
       1,
       NullRule::kPropagate,
       Evaluation::kStrict,
       TextToText,
       BindCase<LetterCase::kLower>},
      {"CHAR_LENGTH",
       "CHAR_LENGTH(text)",
       "The number of code points.",
       1,
       1,
       NullRule::kPropagate,
       Evaluation::kStrict,
       TextToInt,
       BindCharLength},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
