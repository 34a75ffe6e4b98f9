// SPDX-License-Identifier: Apache-2.0
//
// PRINTF: Java's format strings, %[index$][flags][width][.precision]conversion with the conversions
// d x X o c f e E s S b % n and the flags - 0 + space and comma.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "columnar/decimal.h"
#include "columnar/text.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/text_limit.h"
#include "runtime/expr/type_rules.h"
#include "runtime/expr/utf8.h"
#include "runtime/expr/visit.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::StringRef;
using columnar::TypeKind;

constexpr int kMaxWidth = 10'000;
constexpr int kMaxPrecision = 100;

struct Directive {
  int index = 0;  // Of the argument from 1; 0: the next one.
  bool left = false;
  bool zeros = false;
  bool plus = false;
  bool blank = false;
  bool groups = false;
  int width = 0;
  int precision = -1;
  char conversion = 0;

  bool TakeFlag(char c) {
    switch (c) {
      case '-':
        return left = true;
      case '0':
        return zeros = true;
      case '+':
        return plus = true;
      case ' ':
        return blank = true;
      case ',':
        return groups = true;
      default:
        return false;
    }
  }
};

bool TakeNumber(std::string_view* text, int most, int* value) {
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *value);
  if (error != std::errc() || *value < 0 || *value > most) {
    return false;
  }
  text->remove_prefix(static_cast<std::size_t>(end - text->data()));
  return true;
}

bool IsDigit(std::string_view text) {
  return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

/// What stands behind a %; nullopt: nothing that can be read.
std::optional<Directive> TakeDirective(std::string_view* format) {
  Directive directive;
  std::string_view rest = *format;
  int number = 0;
  if (IsDigit(rest) && TakeNumber(&rest, kMaxWidth, &number) && rest.starts_with('$')) {
    directive.index = number;
    *format = rest.substr(1);
  }
  while (!format->empty() && directive.TakeFlag(format->front())) {
    format->remove_prefix(1);
  }
  if (IsDigit(*format) && !TakeNumber(format, kMaxWidth, &directive.width)) {
    return std::nullopt;
  }
  if (format->starts_with('.')) {
    format->remove_prefix(1);
    if (!IsDigit(*format) || !TakeNumber(format, kMaxPrecision, &directive.precision)) {
      return std::nullopt;
    }
  }
  if (format->empty()) {
    return std::nullopt;
  }
  directive.conversion = format->front();
  format->remove_prefix(1);
  return directive;
}

void InsertGroups(std::string* digits) {
  const std::size_t end = std::min(digits->find('.'), digits->size());
  for (std::size_t at = end; at > 3; at -= 3) {
    digits->insert(at - 3, ",");
  }
}

/// A sign, digits and what fills them up to the width.
void AppendNumber(const Directive& directive, bool negative, std::string digits, std::string* out) {
  if (directive.groups) {
    InsertGroups(&digits);
  }
  const std::string sign = negative ? "-" : directive.plus ? "+" : directive.blank ? " " : "";
  const auto width = static_cast<std::size_t>(directive.width);
  const std::size_t size = sign.size() + digits.size();
  const std::size_t missing = width > size ? width - size : 0;
  if (directive.left) {
    out->append(sign).append(digits).append(missing, ' ');
  } else if (directive.zeros) {
    out->append(sign).append(missing, '0').append(digits);
  } else {
    out->append(missing, ' ').append(sign).append(digits);
  }
}

void AppendText(const Directive& directive, std::string_view text, std::string* out) {
  if (directive.precision >= 0) {
    text = text.substr(0, utf8::Skip(text, 0, directive.precision));
  }
  const std::int64_t missing = std::max<std::int64_t>(directive.width - utf8::Count(text), 0);
  out->append(directive.left ? 0 : static_cast<std::size_t>(missing), ' ').append(text);
  out->append(directive.left ? static_cast<std::size_t>(missing) : 0, ' ');
}

std::optional<std::int64_t> IntegerAt(const Column& column, std::size_t row) {
  if (!column.type().IsInteger()) {
    return std::nullopt;
  }
  return VisitInteger(column.physical(), [&](auto t) {
    return static_cast<std::int64_t>(column.Values<decltype(t)>()[row * column.stride()]);
  });
}

std::optional<double> RealAt(const Column& column, std::size_t row) {
  const std::size_t at = row * column.stride();
  switch (column.type().kind()) {
    case TypeKind::kFloat:
      return column.Values<float>()[at];
    case TypeKind::kDouble:
      return column.Values<double>()[at];
    case TypeKind::kDecimal:
      return VisitDecimal(column.physical(), [&](auto t) {
        return columnar::DecimalToDouble({column.Values<decltype(t)>()[at], column.type().scale()});
      });
    default:
      return std::nullopt;
  }
}

bool AppendInteger(const Directive& directive, std::int64_t value, std::string* out) {
  std::array<char, 72> digits{};
  const bool decimal = directive.conversion == 'd';
  const auto magnitude = decimal && value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                                              : static_cast<std::uint64_t>(value);
  const int base = decimal ? 10 : directive.conversion == 'o' ? 8 : 16;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), magnitude, base).ptr;
  std::string text(digits.data(), end);
  if (directive.conversion == 'X') {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
  }
  AppendNumber(directive, decimal && value < 0, std::move(text), out);
  return true;
}

bool AppendReal(const Directive& directive, double value, std::string* out) {
  const int precision = directive.precision < 0 ? 6 : directive.precision;
  std::array<char, 512> digits{};
  const char* const format = directive.conversion == 'f'   ? "%.*f"
                             : directive.conversion == 'e' ? "%.*e"
                                                           : "%.*E";
  const double magnitude = value < 0 ? -value : value;
  const int size = std::snprintf(digits.data(), digits.size(), format, precision, magnitude);
  if (size < 0 || static_cast<std::size_t>(size) >= digits.size()) {
    return false;
  }
  AppendNumber(directive, value < 0, digits.data(), out);
  return true;
}

/// One argument by its directive; false: the two do not go together.
bool AppendArgument(const Directive& directive,
                    const Column& column,
                    std::size_t row,
                    std::string* out) {
  if (column.IsNull(row)) {
    AppendText(directive, directive.conversion == 'b' ? "false" : "null", out);
    return true;
  }
  switch (directive.conversion) {
    case 'd':
    case 'x':
    case 'X':
    case 'o': {
      const auto value = IntegerAt(column, row);
      return value.has_value() && AppendInteger(directive, *value, out);
    }
    case 'c': {
      const auto value = IntegerAt(column, row);
      if (!value.has_value() || *value < 0 || *value > 0x10FFFF) {
        return false;
      }
      std::string character;
      utf8::Append(static_cast<std::int32_t>(*value), &character);
      AppendText(directive, character, out);
      return true;
    }
    case 'f':
    case 'e':
    case 'E': {
      const auto value = RealAt(column, row);
      return value.has_value() && AppendReal(directive, *value, out);
    }
    case 'b':
    case 's':
    case 'S': {
      std::string text = columnar::TextAt(column, row);
      const bool boolean = column.type().kind() == TypeKind::kBoolean;
      if (boolean) {
        text = text == "TRUE" ? "true" : "false";
      } else if (directive.conversion == 'b') {
        text = "true";
      }
      if (directive.conversion == 'S') {
        std::transform(text.begin(), text.end(), text.begin(), [](char c) {
          return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        });
      }
      AppendText(directive, text, out);
      return true;
    }
    default:
      return false;
  }
}

/// One row; false: NULL, as the format cannot be followed.
bool FormatRow(const KernelFrame& frame, std::size_t row, std::string* out) {
  std::string_view format = frame.argument(0).StringAt(row);
  int next = 1;
  while (!format.empty()) {
    const std::size_t percent = std::min(format.find('%'), format.size());
    out->append(format.substr(0, percent));
    if (percent == format.size()) {
      break;
    }
    format.remove_prefix(percent + 1);
    const std::optional<Directive> directive = TakeDirective(&format);
    if (!directive.has_value()) {
      return false;
    }
    if (directive->conversion == '%' || directive->conversion == 'n') {
      out->push_back(directive->conversion == '%' ? '%' : '\n');
      continue;
    }
    const int index = directive->index > 0 ? directive->index : next++;
    if (static_cast<std::size_t>(index) >= frame.argument_count() ||
        !AppendArgument(*directive, frame.argument(static_cast<std::size_t>(index)), row, out)) {
      return false;
    }
  }
  return true;
}

StatusOr<CallTypes> PrintfTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (!arguments[0].IsCharacter()) {
    return InvalidArgument("the format must be a text");
  }
  return CallTypes{{arguments.begin(), arguments.end()}, DataType::String()};
}

Status RunPrintf(KernelFrame& frame) {
  auto* out = frame.Out<StringRef>();
  std::string text;
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = StringRef();
    text.clear();
    if (frame.argument(0).IsNull(row) || !FormatRow(frame, row, &text)) {
      frame.SetNull(row);
      continue;
    }
    RETURN_IF_ERROR(CheckGeneratedSize(text.size()));
    out[row] = frame.heap().Add(text);
  }
  return OkStatus();
}

}  // namespace

std::span<const ScalarFunction> PrintfFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"PRINTF",
       "PRINTF(format, value, ...)",
       "The format with values in the places of %d, %s, %f and their like, as in Java; NULL when "
       "it "
       "cannot be followed.",
       1,
       kAnyNumber,
       NullRule::kOwn,
       Evaluation::kStrict,
       PrintfTypes,
       [](const BindInput& /*input*/) -> StatusOr<Kernel> { return Kernel(RunPrintf); }},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
