// SPDX-License-Identifier: Apache-2.0
#include "sql/binder/literals.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "columnar/text.h"
#include "fmt/format.h"

namespace thalweg::sql {

using ast::TimeUnit;
using columnar::DataType;
using columnar::Datum;

namespace {

std::size_t CountDigits(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }));
}

StatusOr<ExprPtr> Parse(DataType type, std::string_view text, SourceSpan span) {
  ASSIGN_OR_RETURN(Datum value, columnar::ParseDatum(type, text));
  return MakeLiteral(type.NotNull(), std::move(value), span);
}

std::string_view WithoutLeadingZeros(std::string_view digits) {
  const std::size_t first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? digits.substr(0, 0) : digits.substr(first);
}

}  // namespace

StatusOr<ExprPtr> BindNumber(std::string_view text, SourceSpan span) {
  if (text.find_first_of("eE") != std::string_view::npos) {
    return Parse(DataType::Double(), text, span);
  }
  std::string_view digits = text;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) {
    digits.remove_prefix(1);
  }
  const std::size_t point = digits.find('.');
  if (point == std::string_view::npos) {
    for (const DataType& type : {DataType::Int(), DataType::BigInt()}) {
      if (digits.size() < 20) {
        if (StatusOr<ExprPtr> value = Parse(type, text, span); value.ok()) {
          return value;
        }
      }
    }
  }
  const std::size_t scale = point == std::string_view::npos ? 0 : digits.size() - point - 1;
  const std::size_t whole = CountDigits(WithoutLeadingZeros(digits.substr(0, point)));
  const std::size_t precision = std::max<std::size_t>(whole + scale, 1);
  if (precision > DataType::kMaxDecimalPrecision) {
    return InvalidArgument(fmt::format("A number has at most {} digits, and this one has {}",
                                       DataType::kMaxDecimalPrecision,
                                       precision));
  }
  return Parse(DataType::Decimal(static_cast<int>(precision), static_cast<int>(scale)), text, span);
}

ExprPtr BindText(std::string_view text, SourceSpan span) {
  // Lengths of CHAR are in characters: a continuation byte of UTF-8 counts for nothing.
  const auto length =
      static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      }));
  const DataType type = length == 0 ? DataType::VarChar(1) : DataType::Char(length);
  return MakeLiteral(type.NotNull(), Datum(text), span);
}

ExprPtr BindBytes(std::string_view bytes, SourceSpan span) {
  const DataType type = bytes.empty() ? DataType::VarBinary(1)
                                      : DataType::Binary(static_cast<std::uint32_t>(bytes.size()));
  return MakeLiteral(type.NotNull(), Datum(bytes), span);
}

StatusOr<ExprPtr> BindDate(std::string_view text, SourceSpan span) {
  return Parse(DataType::Date(), text, span);
}

StatusOr<ExprPtr> BindTime(std::string_view text, SourceSpan span) {
  const std::size_t point = text.find('.');
  const std::size_t digits =
      point == std::string_view::npos ? 0 : CountDigits(text.substr(point + 1));
  return Parse(DataType::Time(static_cast<int>(std::min<std::size_t>(digits, 3))), text, span);
}

StatusOr<ExprPtr> BindTimestamp(std::string_view text, SourceSpan span) {
  const std::size_t point = text.find('.');
  const std::size_t digits =
      point == std::string_view::npos ? 0 : CountDigits(text.substr(point + 1));
  return Parse(DataType::Timestamp(static_cast<int>(std::min<std::size_t>(digits, 9))), text, span);
}

namespace {

constexpr std::int64_t kMillisPerDay = 86'400'000;

std::optional<std::int64_t> MonthsOf(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kMillennium:
      return 12'000;
    case TimeUnit::kCentury:
      return 1'200;
    case TimeUnit::kDecade:
      return 120;
    case TimeUnit::kYear:
      return 12;
    case TimeUnit::kQuarter:
      return 3;
    case TimeUnit::kMonth:
      return 1;
    default:
      return std::nullopt;
  }
}

std::int64_t MillisOf(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kWeek:
      return 7 * kMillisPerDay;
    case TimeUnit::kDay:
      return kMillisPerDay;
    case TimeUnit::kHour:
      return 3'600'000;
    case TimeUnit::kMinute:
      return 60'000;
    case TimeUnit::kSecond:
      return 1'000;
    default:
      return 1;
  }
}

/// Non-negative digits; nullopt for anything else.
std::optional<std::int64_t> Digits(std::string_view text) {
  if (text.empty() || text.size() > 15 || CountDigits(text) != text.size()) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  for (const char c : text) {
    value = value * 10 + (c - '0');
  }
  return value;
}

/// "5" or "5.25" seconds, in milliseconds.
std::optional<std::int64_t> Seconds(std::string_view text) {
  const std::size_t point = text.find('.');
  const auto whole = Digits(text.substr(0, point));
  if (!whole.has_value() || point == std::string_view::npos) {
    return whole.has_value() ? std::optional(*whole * 1000) : std::nullopt;
  }
  std::string fraction(text.substr(point + 1));
  if (!Digits(fraction).has_value()) {
    return std::nullopt;
  }
  fraction.resize(3, '0');  // Beyond milliseconds is cut off.
  return *whole * 1000 + *Digits(fraction);
}

/// The parts of `D HH:MM:SS` from `from` to `to`.
std::optional<std::int64_t> DayTime(std::string_view text, TimeUnit from, TimeUnit to) {
  static constexpr std::array kUnits = {
      TimeUnit::kDay, TimeUnit::kHour, TimeUnit::kMinute, TimeUnit::kSecond};
  const auto* unit = std::find(kUnits.begin(), kUnits.end(), from);
  const auto* last = std::find(kUnits.begin(), kUnits.end(), to);
  if (unit == kUnits.end() || last == kUnits.end() || unit >= last) {
    return std::nullopt;
  }
  std::int64_t millis = 0;
  for (; unit <= last; ++unit) {
    const char separator = *unit == TimeUnit::kDay ? ' ' : ':';
    const std::size_t end = unit == last ? text.size() : text.find(separator);
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view part = text.substr(0, end);
    const auto value = *unit == TimeUnit::kSecond ? Seconds(part) : Digits(part);
    if (!value.has_value()) {
      return std::nullopt;
    }
    millis += *unit == TimeUnit::kSecond ? *value : *value * MillisOf(*unit);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return millis;
}

}  // namespace

StatusOr<ExprPtr> BindInterval(const ast::IntervalLiteral& interval, SourceSpan span) {
  std::string_view text = interval.text;
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  bool negative = interval.negative;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative ^= text[0] == '-';
    text.remove_prefix(1);
  }
  std::optional<std::int64_t> value;
  const std::optional<std::int64_t> months = MonthsOf(interval.from);
  if (interval.to.has_value() && months.has_value()) {
    const std::size_t dash = text.find('-');
    if (interval.from == TimeUnit::kYear && *interval.to == TimeUnit::kMonth &&
        dash != std::string_view::npos) {
      const auto years = Digits(text.substr(0, dash));
      const auto rest = Digits(text.substr(dash + 1));
      if (years.has_value() && rest.has_value()) {
        value = *years * 12 + *rest;
      }
    }
  } else if (interval.to.has_value()) {
    value = DayTime(text, interval.from, *interval.to);
  } else if (months.has_value()) {
    if (const auto count = Digits(text); count.has_value()) {
      value = *count * *months;
    }
  } else if (interval.from == TimeUnit::kSecond) {
    value = Seconds(text);
  } else if (const auto count = Digits(text); count.has_value()) {
    value = *count * MillisOf(interval.from);
  }
  if (!value.has_value()) {
    return InvalidArgument(fmt::format(
        "'{}' is no interval in {}{}",
        interval.text,
        ast::TextOf(interval.from),
        interval.to.has_value() ? fmt::format(" TO {}", ast::TextOf(*interval.to)) : ""));
  }
  const DataType type =
      months.has_value() ? DataType::IntervalYearMonth() : DataType::IntervalDayTime();
  return MakeLiteral(type.NotNull(), Datum(negative ? -*value : *value), span);
}

}  // namespace thalweg::sql
