// SPDX-License-Identifier: Apache-2.0
//
// Parts of texts: SUBSTRING, TRIM, LEFT, SPLIT_INDEX and their like. Positions count characters.
// The results share the bytes of the text they are a part of.
#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/expr/row_function.h"
#include "runtime/expr/utf8.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::StringRef;

constexpr std::string_view kBlank = " ";

/// From a position, which counts from the end when negative; 0 is as good as 1.
std::string_view From(std::string_view text, std::int64_t position) {
  if (position > 0) {
    return text.substr(utf8::Skip(text, 0, position - 1));
  }
  if (position == 0) {
    return text;
  }
  const std::int64_t start = utf8::Count(text) + position;
  return start < 0 ? std::string_view() : text.substr(utf8::Skip(text, 0, start));
}

std::optional<std::string_view> SubstringFor(std::string_view text,
                                             std::int64_t position,
                                             std::int64_t length) {
  if (length < 0) {
    return std::nullopt;
  }
  const std::string_view rest = From(text, position);
  return rest.substr(0, utf8::Skip(rest, 0, length));
}

std::string_view Left(std::string_view text, std::int64_t count) {
  return text.substr(0, utf8::Skip(text, 0, count));
}

std::string_view Right(std::string_view text, std::int64_t count) {
  std::size_t at = text.size();
  for (; count > 0 && at > 0; --count) {
    at = utf8::Previous(text, at);
  }
  return text.substr(at);
}

/// Whether the character that takes text[begin, end) is one of `set`.
bool IsOneOf(std::string_view text, std::size_t begin, std::size_t end, std::string_view set) {
  const std::string_view character = text.substr(begin, end - begin);
  const std::size_t found = set.find(character);
  return found != std::string_view::npos;
}

std::string_view TrimStart(std::string_view text, std::string_view set) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t next = utf8::Next(text, at);
    if (!IsOneOf(text, at, next, set)) {
      break;
    }
    at = next;
  }
  return text.substr(at);
}

std::string_view TrimEnd(std::string_view text, std::string_view set) {
  std::size_t end = text.size();
  while (end > 0) {
    const std::size_t begin = utf8::Previous(text, end);
    if (!IsOneOf(text, begin, end, set)) {
      break;
    }
    end = begin;
  }
  return text.substr(0, end);
}

std::string_view TrimBoth(std::string_view text, std::string_view set) {
  return TrimEnd(TrimStart(text, set), set);
}
std::string_view TrimStartBlanks(std::string_view text) {
  return TrimStart(text, kBlank);
}
std::string_view TrimEndBlanks(std::string_view text) {
  return TrimEnd(text, kBlank);
}
std::string_view TrimBothBlanks(std::string_view text) {
  return TrimBoth(text, kBlank);
}

/// TRIM(text), or TRIM('BOTH', characters, text).
StatusOr<CallTypes> TrimTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  for (const DataType& argument : arguments) {
    if (arguments.size() == 2 || !argument.IsCharacter()) {
      return InvalidArgument("it takes a text, or where, the characters and the text");
    }
  }
  return CallTypes{{arguments.begin(), arguments.end()},
                   DataType::String().WithNullable(AnyNullable(arguments))};
}

using TrimFunction = std::string_view (*)(std::string_view text, std::string_view set);

StatusOr<Kernel> BindTrim(const BindInput& input) {
  TrimFunction trim = TrimBoth;
  if (input.constants.size() == 3) {
    const columnar::ColumnPtr& where = input.constants[0];
    const std::string_view word =
        where == nullptr || where->IsNull(0) ? std::string_view() : where->StringAt(0);
    if (word == "LEADING") {
      trim = TrimStart;
    } else if (word == "TRAILING") {
      trim = TrimEnd;
    } else if (word != "BOTH") {
      return InvalidArgument("TRIM is told where by a constant BOTH, LEADING or TRAILING");
    }
  }
  return Kernel([trim](KernelFrame& frame) {
    const std::size_t text = frame.argument_count() - 1;
    TextWriter writer(frame, text);
    auto* out = frame.Out<StringRef>();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      const std::string_view set = text == 0 ? kBlank : frame.argument(1).StringAt(row);
      out[row] = writer.Put(row, trim(frame.argument(text).StringAt(row), set));
    }
    return OkStatus();
  });
}

/// Runs of white space separate, where no separator is given.
std::optional<std::string_view> WordAt(std::string_view text, std::int64_t index) {
  constexpr std::string_view kWhite = " \t\n\v\f\r";
  for (;;) {
    const std::size_t end = text.find_first_of(kWhite);
    if (index-- == 0) {
      return text.substr(0, end);
    }
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    text.remove_prefix(end + 1);
  }
}

std::optional<std::string_view> SplitIndex(std::string_view text,
                                           std::string_view separator,
                                           std::int64_t index) {
  if (index < 0 || text.empty()) {
    return std::nullopt;
  }
  if (separator.empty()) {
    return WordAt(text, index);
  }
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end =
        separator.size() == 1 ? text.find(separator[0], begin) : text.find(separator, begin);
    if (index-- == 0) {
      return text.substr(begin, end == std::string_view::npos ? end : end - begin);
    }
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    begin = end + separator.size();
  }
}

std::optional<std::string_view> SplitIndexByCode(std::string_view text,
                                                 std::int64_t separator,
                                                 std::int64_t index) {
  if (separator < 0 || separator > 127) {
    return std::nullopt;
  }
  const char c = static_cast<char>(separator);
  return SplitIndex(text, {&c, 1}, index);
}

}  // namespace

std::span<const ScalarFunction> TextPartFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      RowFunction<From, SubstringFor>(
          "SUBSTRING",
          "SUBSTRING(text FROM position [FOR length])",
          "The part of the text from a position on, counted from 1, or from the end if negative."),
      RowFunction<From, SubstringFor>(
          "SUBSTR", "SUBSTR(text, position[, length])", "The same as SUBSTRING."),
      RowFunction<Left>("LEFT", "LEFT(text, count)", "The first characters of the text."),
      RowFunction<Right>("RIGHT", "RIGHT(text, count)", "The last characters of the text."),
      {"TRIM",
       "TRIM([BOTH | LEADING | TRAILING] [characters FROM] text)",
       "The text without blanks, or other characters, at its ends.",
       1,
       3,
       NullRule::kPropagate,
       Evaluation::kStrict,
       TrimTypes,
       BindTrim},
      RowFunction<TrimStartBlanks, TrimStart>(
          "LTRIM",
          "LTRIM(text[, characters])",
          "The text without blanks, or other characters, at its start."),
      RowFunction<TrimEndBlanks, TrimEnd>(
          "RTRIM",
          "RTRIM(text[, characters])",
          "The text without blanks, or other characters, at its end."),
      RowFunction<TrimBothBlanks, TrimBoth>(
          "BTRIM",
          "BTRIM(text[, characters])",
          "The text without blanks, or other characters, at both ends."),
      RowFunction<SplitIndex, SplitIndexByCode>(
          "SPLIT_INDEX",
          "SPLIT_INDEX(text, separator, index)",
          "A part of the text between separators, counted from 0; NULL when there is none."),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
