// SPDX-License-Identifier: Apache-2.0
#include "columnar/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>

#include "columnar/column.h"
#include "columnar/column_builder.h"
#include "columnar/decimal.h"
#include "columnar/int128.h"
#include "columnar/time_text.h"

namespace thalweg::columnar {
namespace {

constexpr std::int64_t kMillisPerDay = 86'400'000;

struct Shortest {
  std::string digits;  // Without a point.
  int exponent;        // Of the first digit.
};

/// d[.ddd]e[+-]dd taken apart.
Shortest TakeApart(std::string_view scientific) {
  const std::size_t e = scientific.find('e');
  Shortest number{.digits = std::string(scientific.substr(0, e)), .exponent = 0};
  std::erase(number.digits, '.');
  const std::size_t digit = scientific[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(
      scientific.data() + digit, scientific.data() + scientific.size(), number.exponent);
  return number;
}

/// The fewest digits that read back as `value`, which is finite and not negative.
template <class Float>
Shortest ShortestOf(Float value) {
  char text[32];
  char* const end = text + sizeof(text);
  Shortest shortest =
      TakeApart({text, std::to_chars(text, end, value, std::chars_format::scientific).ptr});
  if (shortest.digits.size() > 1 || std::fpclassify(value) != FP_SUBNORMAL) {
    return shortest;
  }
  // Java prints two digits anyway and takes the nearest pair; only the smallest numbers are so
  // coarse that it need not end with a zero.
  return TakeApart({text, std::to_chars(text, end, value, std::chars_format::scientific, 1).ptr});
}

template <class Float>
void AppendJavaFloat(Float value, std::string* out) {
  if (std::isnan(value)) {
    out->append("NaN");
    return;
  }
  if (std::signbit(value)) {
    out->push_back('-');
  }
  if (std::isinf(value)) {
    out->append("Infinity");
    return;
  }
  auto [digits, exponent] = ShortestOf(std::fabs(value));
  constexpr int kPlainMin = -3;
  constexpr int kPlainMax = 6;
  if (value != 0 && (exponent < kPlainMin || exponent > kPlainMax)) {
    digits.resize(std::max<std::size_t>(digits.size(), 2), '0');
    out->append(digits, 0, 1).append(".").append(digits, 1).append("E");
    out->append(std::to_string(exponent));
    return;
  }
  if (exponent < 0) {
    out->append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
    return;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  digits.resize(std::max(digits.size(), whole + 1), '0');
  out->append(digits, 0, whole).append(".").append(digits, whole);
}

void AppendPadded(std::int64_t value, std::size_t digits, std::string* out) {
  const std::string text = std::to_string(value);
  out->append(digits > text.size() ? digits - text.size() : 0, '0').append(text);
}

void AppendYearMonth(std::int32_t months, std::string* out) {
  const std::int64_t magnitude = std::abs(static_cast<std::int64_t>(months));
  out->push_back(months < 0 ? '-' : '+');
  out->append(std::to_string(magnitude / 12)).push_back('-');
  AppendPadded(magnitude % 12, 2, out);
}

void AppendDayTime(std::int64_t millis, std::string* out) {
  out->push_back(millis < 0 ? '-' : '+');
  // Divided before the sign is taken off, as the smallest number has no positive counterpart.
  const std::int64_t rest = std::abs(millis % kMillisPerDay);
  out->append(std::to_string(std::abs(millis / kMillisPerDay))).push_back(' ');
  AppendPadded(rest / 3'600'000, 2, out);
  out->push_back(':');
  AppendPadded(rest / 60'000 % 60, 2, out);
  out->push_back(':');
  AppendPadded(rest / 1'000 % 60, 2, out);
  out->push_back('.');
  AppendPadded(rest % 1'000, 3, out);
}

void AppendList(const Column& column, std::size_t at, std::string* out) {
  const auto offsets = column.Offsets();
  const bool is_map = column.type().kind() == TypeKind::kMap;
  const Column& elements = *column.child(0);
  out->push_back(is_map ? '{' : '[');
  for (std::size_t i = offsets[at]; i < offsets[at + 1]; ++i) {
    out->append(i == offsets[at] ? "" : ", ");
    if (is_map) {
      const std::size_t entry = i * elements.stride();
      AppendText(*elements.child(0), entry, out);
      out->push_back('=');
      AppendText(*elements.child(1), entry, out);
    } else {
      AppendText(elements, i, out);
    }
  }
  out->push_back(is_map ? '}' : ']');
}

void AppendRow(const Column& column, std::size_t at, std::string* out) {
  out->push_back('(');
  for (const ColumnPtr& child : column.children()) {
    out->append(&child == column.children().data() ? "" : ", ");
    AppendText(*child, at, out);
  }
  out->push_back(')');
}

void AppendInt32(const DataType& type, std::int32_t value, std::string* out) {
  switch (type.kind()) {
    case TypeKind::kDate:
      return AppendDate(value, out);
    case TypeKind::kTime:
      return AppendTime(value, type.precision(), out);
    case TypeKind::kIntervalYearMonth:
      return AppendYearMonth(value, out);
    default:
      out->append(std::to_string(value));
  }
}

void AppendInt64(const DataType& type, std::int64_t value, std::string* out) {
  switch (type.kind()) {
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return TimestampFormatter(type, {.trim_zeros = false}).Append(value, out);
    case TypeKind::kIntervalDayTime:
      return AppendDayTime(value, out);
    case TypeKind::kDecimal:
      return AppendDecimal(value, type.scale(), out);
    default:
      out->append(std::to_string(value));
  }
}

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string Quoted(std::string_view text) {
  constexpr std::size_t kQuotedMax = 100;
  const bool cut = text.size() > kQuotedMax;
  return '\'' + std::string(text.substr(0, kQuotedMax)) + (cut ? "...'" : "'");
}

Status NotA(const DataType& type, std::string_view text) {
  return InvalidArgument("Not a " + type.Nullable().ToString() + ": " + Quoted(text));
}

Status DoesNotFit(const DataType& type, std::string_view text) {
  return OutOfRange("Does not fit " + type.Nullable().ToString() + ": " + Quoted(text));
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b;
  });
}

Status ParseBoolean(std::string_view text, ColumnBuilder* out) {
  for (const char* word : {"true", "t", "yes", "y", "1"}) {
    if (EqualsIgnoringCase(text, word)) {
      out->Append<std::uint8_t>(1);
      return OkStatus();
    }
  }
  for (const char* word : {"false", "f", "no", "n", "0"}) {
    if (EqualsIgnoringCase(text, word)) {
      out->Append<std::uint8_t>(0);
      return OkStatus();
    }
  }
  return NotA(out->type(), text);
}

/// A fraction is cut off, as CAST does.
std::string_view WithoutFraction(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || point == 0 ||
      text.find_first_not_of("0123456789", point + 1) != std::string_view::npos) {
    return text;
  }
  return text.substr(0, point);
}

template <class T>
Status ParseInteger(std::string_view text, ColumnBuilder* out) {
  std::string_view digits = WithoutFraction(text);
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') {
    digits.remove_prefix(1);
  }
  T value{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::invalid_argument || end != digits.data() + digits.size()) {
    return NotA(out->type(), text);
  }
  if (error != std::errc()) {
    return DoesNotFit(out->type(), text);
  }
  out->Append(value);
  return OkStatus();
}

template <class Float>
Status ParseFloat(std::string_view text, ColumnBuilder* out) {
  std::string_view digits = text;
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') {
    digits.remove_prefix(1);
  }
  Float value{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::invalid_argument || end != digits.data() + digits.size()) {
    return NotA(out->type(), text);
  }
  if (error != std::errc()) {
    // Too large or too small: infinite or zero, as in Java. from_chars does not say which.
    value = static_cast<Float>(std::strtod(std::string(digits).c_str(), nullptr));
  }
  out->Append(value);
  return OkStatus();
}

Status ParseDecimalText(std::string_view text, ColumnBuilder* out) {
  const DataType& type = out->type();
  const StatusOr<Int128> value = ParseDecimal(text, {type.precision(), type.scale()});
  if (!value.ok()) {
    return value.status().code() == StatusCode::kOutOfRange ? DoesNotFit(type, text)
                                                            : NotA(type, text);
  }
  if (type.physical() == Physical::kInt128) {
    out->Append(*value);
  } else {
    out->Append(static_cast<std::int64_t>(*value));
  }
  return OkStatus();
}

template <class T>
Status AppendParsed(std::string_view text, std::optional<T> value, ColumnBuilder* out) {
  if (!value.has_value()) {
    return NotA(out->type(), text);
  }
  out->Append(*value);
  return OkStatus();
}

std::optional<std::int64_t> ParseUnsigned(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0 ||
      digits.front() == '-') {
    return std::nullopt;
  }
  return value;
}

/// Takes a sign off; -1 or 1.
int TakeSign(std::string_view* text) {
  const bool negative = !text->empty() && text->front() == '-';
  if (negative || (!text->empty() && text->front() == '+')) {
    text->remove_prefix(1);
  }
  return negative ? -1 : 1;
}

std::optional<std::int32_t> ParseYearMonth(std::string_view text) {
  const int sign = TakeSign(&text);
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) {
    return std::nullopt;
  }
  const auto years = ParseUnsigned(text.substr(0, dash));
  const auto months = ParseUnsigned(text.substr(dash + 1));
  constexpr std::int64_t kYearsMax = std::numeric_limits<std::int32_t>::max() / 12 - 1;
  if (!years.has_value() || !months.has_value() || *years > kYearsMax || *months > 11) {
    return std::nullopt;
  }
  return static_cast<std::int32_t>(sign * (*years * 12 + *months));
}

std::optional<std::int64_t> ParseDayTime(std::string_view text) {
  const int sign = TakeSign(&text);
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) {
    return std::nullopt;
  }
  const auto days = ParseUnsigned(text.substr(0, blank));
  const auto millis = ParseTime(text.substr(blank + 1), 3);
  constexpr std::int64_t kDaysMax = std::numeric_limits<std::int64_t>::max() / kMillisPerDay - 1;
  if (!days.has_value() || !millis.has_value() || *days > kDaysMax) {
    return std::nullopt;
  }
  return sign * (*days * kMillisPerDay + *millis);
}

}  // namespace

void AppendDouble(double value, std::string* out) {
  AppendJavaFloat(value, out);
}

void AppendFloat(float value, std::string* out) {
  AppendJavaFloat(value, out);
}

void AppendText(const Column& column, std::size_t row, std::string* out) {
  if (column.IsNull(row)) {
    out->append("NULL");
    return;
  }
  const std::size_t at = row * column.stride();
  switch (column.physical()) {
    case Physical::kBool:
      out->append(column.Values<std::uint8_t>()[at] != 0 ? "TRUE" : "FALSE");
      return;
    case Physical::kInt8:
      out->append(std::to_string(column.Values<std::int8_t>()[at]));
      return;
    case Physical::kInt16:
      out->append(std::to_string(column.Values<std::int16_t>()[at]));
      return;
    case Physical::kInt32:
      return AppendInt32(column.type(), column.Values<std::int32_t>()[at], out);
    case Physical::kInt64:
      return AppendInt64(column.type(), column.Values<std::int64_t>()[at], out);
    case Physical::kInt128:
      return AppendDecimal(column.Values<Int128>()[at], column.type().scale(), out);
    case Physical::kFloat:
      return AppendFloat(column.Values<float>()[at], out);
    case Physical::kDouble:
      return AppendDouble(column.Values<double>()[at], out);
    case Physical::kString:
      out->append(column.StringAt(row));
      return;
    case Physical::kList:
      return AppendList(column, at, out);
    case Physical::kRow:
      return AppendRow(column, at, out);
  }
}

std::string TextAt(const Column& column, std::size_t row) {
  std::string text;
  AppendText(column, row, &text);
  return text;
}

Status ParseText(std::string_view text, ColumnBuilder* out) {
  const DataType& type = out->type();
  if (type.IsCharacter() || type.IsBinary()) {
    out->AppendString(text);
    return OkStatus();
  }
  text = Trim(text);
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return ParseBoolean(text, out);
    case TypeKind::kTinyInt:
      return ParseInteger<std::int8_t>(text, out);
    case TypeKind::kSmallInt:
      return ParseInteger<std::int16_t>(text, out);
    case TypeKind::kInt:
      return ParseInteger<std::int32_t>(text, out);
    case TypeKind::kBigInt:
      return ParseInteger<std::int64_t>(text, out);
    case TypeKind::kFloat:
      return ParseFloat<float>(text, out);
    case TypeKind::kDouble:
      return ParseFloat<double>(text, out);
    case TypeKind::kDecimal:
      return ParseDecimalText(text, out);
    case TypeKind::kDate:
      return AppendParsed(text, ParseDate(text), out);
    case TypeKind::kTime:
      return AppendParsed(text, ParseTime(text, type.precision()), out);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return AppendParsed(text, TimestampParser(type).Parse(text), out);
    case TypeKind::kIntervalYearMonth:
      return AppendParsed(text, ParseYearMonth(text), out);
    case TypeKind::kIntervalDayTime:
      return AppendParsed(text, ParseDayTime(text), out);
    default:
      return Unimplemented("Reading text as " + type.ToString() + " is not supported");
  }
}

StatusOr<Datum> ParseDatum(const DataType& type, std::string_view text) {
  ColumnBuilder builder(type, 1);
  RETURN_IF_ERROR(ParseText(text, &builder));
  return DatumAt(*builder.Finish(), 0);
}

}  // namespace thalweg::columnar
