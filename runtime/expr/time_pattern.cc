// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/time_pattern.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "columnar/time_text.h"

namespace thalweg::runtime {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"January",
                                                      "February",
                                                      "March",
                                                      "April",
                                                      "May",
                                                      "June",
                                                      "July",
                                                      "August",
                                                      "September",
                                                      "October",
                                                      "November",
                                                      "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::size_t kShortName = 3;
constexpr std::string_view kLetters = "yuMLdDQqEGwYHkhKamsSnANXxZOVz";
/// Letters that are read and written as plain numbers (with fewer than three of them).
constexpr std::string_view kNumbers = "yuMLdDQqHkhKmsSnANwY";

bool IsNumber(char letter, int count) {
  const bool name = (letter == 'M' || letter == 'L' || letter == 'Q' || letter == 'q') && count > 2;
  return kNumbers.find(letter) != std::string_view::npos && !name;
}

std::int64_t GrainOf(char letter) {
  switch (letter) {
    case 'H':
    case 'k':
    case 'h':
    case 'K':
    case 'a':
      return 3'600 * kNanosPerSecond;
    case 'm':
      return 60 * kNanosPerSecond;
    case 's':
      return kNanosPerSecond;
    case 'S':
    case 'n':
    case 'A':
    case 'N':
      return 1;
    case 'X':
    case 'x':
    case 'Z':
    case 'O':
    case 'V':
    case 'z':
      return 60 * kNanosPerSecond;
    default:
      return kNanosPerDay;
  }
}

void AppendNumber(std::int64_t value, int digits, std::string* out) {
  char reversed[24];
  int size = 0;
  const bool negative = value < 0;
  for (value = std::abs(value); value > 0 || size < std::max(digits, 1); value /= 10) {
    reversed[size++] = static_cast<char>('0' + value % 10);
  }
  if (negative) {
    out->push_back('-');
  }
  while (size > 0) {
    out->push_back(reversed[--size]);
  }
}

void AppendOffset(std::int64_t offset, std::string_view colon, bool short_hours, std::string* out) {
  out->push_back(offset < 0 ? '-' : '+');
  const std::int64_t minutes = std::abs(offset) / 60;
  AppendNumber(minutes / 60, 2, out);
  if (!short_hours || minutes % 60 != 0) {
    out->append(colon);
    AppendNumber(minutes % 60, 2, out);
  }
}

void AppendZone(
    char letter, int count, std::int64_t offset, std::string_view zone, std::string* out) {
  switch (letter) {
    case 'V':
    case 'z':
      out->append(zone);
      return;
    case 'O':
      out->append("GMT");
      if (offset != 0) {
        AppendOffset(offset, ":", false, out);
      }
      return;
    case 'X':
      if (offset == 0) {
        out->push_back('Z');
        return;
      }
      [[fallthrough]];
    case 'x':
      AppendOffset(offset, count >= 3 ? ":" : "", count == 1, out);
      return;
    default:  // Z
      if (count == 4) {
        return AppendZone('O', 4, offset, zone, out);
      }
      if (count == 5 && offset == 0) {
        out->push_back('Z');
        return;
      }
      AppendOffset(offset, count == 5 ? ":" : "", false, out);
  }
}

/// Takes digits off; nullopt: fewer than `min`.
std::optional<std::int64_t> TakeNumber(std::string_view* text, int min, int max) {
  std::int64_t value = 0;
  int digits = 0;
  while (digits < max && static_cast<std::size_t>(digits) < text->size()) {
    const char c = (*text)[static_cast<std::size_t>(digits)];
    if (c < '0' || c > '9') {
      break;
    }
    value = value * 10 + (c - '0');
    ++digits;
  }
  text->remove_prefix(static_cast<std::size_t>(digits));
  return digits < min ? std::nullopt : std::optional(value);
}

/// Index of the name that the text starts with, whole or its first letters.
template <std::size_t N>
std::optional<std::int64_t> TakeName(std::string_view* text,
                                     const std::array<std::string_view, N>& names,
                                     bool whole) {
  for (std::size_t i = 0; i < N; ++i) {
    const std::string_view name = whole ? names[i] : names[i].substr(0, kShortName);
    if (text->starts_with(name)) {
      text->remove_prefix(name.size());
      return static_cast<std::int64_t>(i);
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> TakeOffset(std::string_view* text) {
  if (text->starts_with('Z')) {
    text->remove_prefix(1);
    return 0;
  }
  for (const std::string_view prefix : {"GMT", "UTC"}) {
    if (text->starts_with(prefix)) {
      text->remove_prefix(prefix.size());
      if (text->empty() || (text->front() != '+' && text->front() != '-')) {
        return 0;
      }
    }
  }
  if (text->empty() || (text->front() != '+' && text->front() != '-')) {
    return std::nullopt;
  }
  const std::int64_t sign = text->front() == '-' ? -1 : 1;
  text->remove_prefix(1);
  const auto hours = TakeNumber(text, 1, 2);
  if (!hours.has_value()) {
    return std::nullopt;
  }
  std::string_view rest = *text;
  if (rest.starts_with(':')) {
    rest.remove_prefix(1);
  }
  const auto minutes = TakeNumber(&rest, 2, 2);
  if (minutes.has_value()) {
    *text = rest;
  }
  return sign * (*hours * 3'600 + minutes.value_or(0) * 60);
}

/// Appends what stands in the quotes from `at` on, where two are one. The end, if there is one.
std::optional<std::size_t> TakeQuoted(std::string_view pattern, std::size_t at, std::string* out) {
  for (++at; at < pattern.size(); ++at) {
    if (pattern[at] == '\'') {
      if (!pattern.substr(at).starts_with("''")) {
        return at + 1;
      }
      ++at;
    }
    out->push_back(pattern[at]);
  }
  return std::nullopt;
}

}  // namespace

/// What was read so far; -1: nothing.
struct TimePattern::Fields {
  std::int64_t year = 1970;
  std::int64_t month = 1;
  std::int64_t day = 1;
  std::int64_t day_of_year = -1;
  std::int64_t hour = -1;
  std::int64_t half_day_hour = -1;  // 0 to 11.
  std::int64_t afternoon = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  std::int64_t nanos = 0;
  std::int64_t nanos_of_day = -1;
  bool before_christ = false;
  std::optional<std::int64_t> offset = {};

  std::optional<Parsed> Resolve() const;
};

StatusOr<TimePattern> TimePattern::Compile(std::string_view pattern) {
  if (pattern.size() > kMaxTimePattern) {
    return InvalidArgument("A pattern of time may have " + std::to_string(kMaxTimePattern) +
                           " bytes, not " + std::to_string(pattern.size()));
  }
  TimePattern compiled;
  const auto literal = [&compiled]() -> std::string& {
    if (compiled.items_.empty() || compiled.items_.back().letter != 0) {
      compiled.items_.push_back({});
    }
    return compiled.items_.back().text;
  };
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '\'') {
      if (pattern.substr(at).starts_with("''")) {
        literal().push_back(c);
        at += 2;
        continue;
      }
      const std::optional<std::size_t> end = TakeQuoted(pattern, at, &literal());
      if (!end.has_value()) {
        return InvalidArgument("The pattern of time '" + std::string(pattern) +
                               "' has an open quote");
      }
      at = *end;
      continue;
    }
    if (c == '[' || c == ']') {
      compiled.items_.push_back({.letter = c, .count = 1});
      ++at;
      continue;
    }
    if (std::isalpha(static_cast<unsigned char>(c)) == 0) {
      literal().push_back(c);
      ++at;
      continue;
    }
    if (kLetters.find(c) == std::string_view::npos) {
      return InvalidArgument("The pattern of time '" + std::string(pattern) + "' has the letter '" +
                             c + "', which means nothing; quote it to have it as text");
    }
    std::size_t end = at;
    while (end < pattern.size() && pattern[end] == c) {
      ++end;
    }
    compiled.items_.push_back({.letter = c, .count = static_cast<int>(end - at)});
    compiled.grain_ = std::min(compiled.grain_, GrainOf(c));
    at = end;
  }
  for (std::size_t i = 0; i + 1 < compiled.items_.size(); ++i) {
    const Item& next = compiled.items_[i + 1];
    compiled.items_[i].adjacent = IsNumber(next.letter, next.count);
  }
  return compiled;
}

void TimePattern::Format(LocalTime time,
                         std::int64_t offset,
                         std::string_view zone,
                         std::string* out) const {
  const columnar::CivilDate date = columnar::CivilFromDays(time.days);
  const std::int64_t hour = time.nanos / (3'600 * kNanosPerSecond);
  const auto twelve = [](std::int64_t value) { return value == 0 ? 12 : value; };
  for (const Item& item : items_) {
    switch (item.letter) {
      case 0:
        out->append(item.text);
        break;
      case '[':
      case ']':
        break;
      case 'y':
      case 'u': {
        const std::int64_t year = item.letter == 'y' && date.year <= 0 ? 1 - date.year : date.year;
        AppendNumber(item.count == 2 ? year % 100 : year, item.count, out);
        break;
      }
      case 'M':
      case 'L': {
        const std::string_view name = kMonths[static_cast<std::size_t>(date.month - 1)];
        if (item.count < 3) {
          AppendNumber(date.month, item.count, out);
        } else {
          out->append(item.count == 3   ? name.substr(0, kShortName)
                      : item.count == 4 ? name
                                        : name.substr(0, 1));
        }
        break;
      }
      case 'd':
        AppendNumber(date.day, item.count, out);
        break;
      case 'D':
        AppendNumber(Extract(TimeUnit::kDayOfYear, time), item.count, out);
        break;
      case 'Q':
      case 'q':
        out->append(item.count == 3 ? "Q" : "");
        AppendNumber((date.month - 1) / 3 + 1, item.count < 3 ? item.count : 1, out);
        break;
      case 'w':
        AppendNumber(Extract(TimeUnit::kWeek, time), item.count, out);
        break;
      case 'Y':
        AppendNumber(Extract(TimeUnit::kIsoYear, time), item.count, out);
        break;
      case 'E': {
        const std::string_view name =
            kWeekdays[static_cast<std::size_t>(Extract(TimeUnit::kIsoDayOfWeek, time) - 1)];
        out->append(item.count == 4 ? name : name.substr(0, kShortName));
        break;
      }
      case 'G':
        out->append(date.year > 0 ? "AD" : "BC");
        break;
      case 'H':
        AppendNumber(hour, item.count, out);
        break;
      case 'k':
        AppendNumber(hour == 0 ? 24 : hour, item.count, out);
        break;
      case 'h':
        AppendNumber(twelve(hour % 12), item.count, out);
        break;
      case 'K':
        AppendNumber(hour % 12, item.count, out);
        break;
      case 'a':
        out->append(hour < 12 ? "AM" : "PM");
        break;
      case 'm':
        AppendNumber(Extract(TimeUnit::kMinute, time), item.count, out);
        break;
      case 's':
        AppendNumber(Extract(TimeUnit::kSecond, time), item.count, out);
        break;
      case 'S': {
        std::string digits;
        AppendNumber(time.nanos % kNanosPerSecond, 9, &digits);
        digits.resize(static_cast<std::size_t>(item.count), '0');
        out->append(digits);
        break;
      }
      case 'n':
        AppendNumber(time.nanos % kNanosPerSecond, item.count, out);
        break;
      case 'A':
        AppendNumber(time.nanos / kNanosPerMilli, item.count, out);
        break;
      case 'N':
        AppendNumber(time.nanos, item.count, out);
        break;
      default:
        AppendZone(item.letter, item.count, offset, zone, out);
    }
  }
}

bool TimePattern::ParseItem(const Item& item, std::string_view* text, Fields* fields) const {
  if (item.letter == 0) {
    const bool there = text->starts_with(item.text);
    text->remove_prefix(there ? item.text.size() : 0);
    return there;
  }
  constexpr int kManyDigits = 10;
  const auto number = [&](std::int64_t least, std::int64_t most, std::int64_t* to) {
    const bool fixed = item.adjacent || item.count >= 2;
    const auto value = TakeNumber(text, item.count, fixed ? item.count : kManyDigits);
    if (!value.has_value() || *value < least || *value > most) {
      return false;
    }
    *to = *value;
    return true;
  };
  std::int64_t value = 0;
  switch (item.letter) {
    case 'y':
    case 'u': {
      const bool negative = item.letter == 'u' && text->starts_with('-');
      text->remove_prefix(negative ? 1 : 0);
      const bool fixed = item.adjacent || item.count == 2;
      const auto year = TakeNumber(text, item.count, fixed ? item.count : kManyDigits);
      if (!year.has_value()) {
        return false;
      }
      fields->year = item.count == 2 ? 2000 + *year : negative ? -*year : *year;
      return fields->year <= 999'999 && fields->year >= -999'999;
    }
    case 'M':
    case 'L':
      if (item.count < 3) {
        return number(1, 12, &fields->month);
      }
      if (const auto month = TakeName(text, kMonths, item.count == 4)) {
        fields->month = *month + 1;
        return true;
      }
      return false;
    case 'd':
      return number(1, 31, &fields->day);
    case 'D':
      return number(1, 366, &fields->day_of_year);
    case 'E':
      return TakeName(text, kWeekdays, item.count == 4).has_value();
    case 'Q':
    case 'q':
      return number(1, 4, &value);
    case 'G':
      fields->before_christ = text->starts_with("BC");
      value = text->starts_with("AD") || fields->before_christ;
      text->remove_prefix(value != 0 ? 2 : 0);
      return value != 0;
    case 'H':
      return number(0, 23, &fields->hour);
    case 'k':
      if (!number(1, 24, &value)) {
        return false;
      }
      fields->hour = value % 24;
      return true;
    case 'h':
      if (!number(1, 12, &value)) {
        return false;
      }
      fields->half_day_hour = value % 12;
      return true;
    case 'K':
      return number(0, 11, &fields->half_day_hour);
    case 'a': {
      const std::string half(text->substr(0, 2));
      const bool am = half == "AM" || half == "am";
      fields->afternoon = half == "PM" || half == "pm";
      text->remove_prefix(am || fields->afternoon != 0 ? 2 : 0);
      return am || fields->afternoon != 0;
    }
    case 'm':
      return number(0, 59, &fields->minute);
    case 's':
      return number(0, 59, &fields->second);
    case 'S': {
      const int digits = std::min(item.count, 9);
      const auto fraction = TakeNumber(text, digits, digits);
      if (!fraction.has_value()) {
        return false;
      }
      fields->nanos = *fraction;
      for (int i = digits; i < 9; ++i) {
        fields->nanos *= 10;
      }
      return true;
    }
    case 'n':
      return number(0, kNanosPerSecond - 1, &fields->nanos);
    case 'A':
      if (!number(0, kMillisPerDay - 1, &value)) {
        return false;
      }
      fields->nanos_of_day = value * kNanosPerMilli;
      return true;
    case 'N':
      return number(0, kNanosPerDay - 1, &fields->nanos_of_day);
    case 'X':
    case 'x':
    case 'Z':
    case 'O':
    case 'z':
    case 'V':
      fields->offset = TakeOffset(text);
      return fields->offset.has_value();
    default:
      return false;  // Week dates are written, not read.
  }
}

bool TimePattern::ParseFrom(std::size_t index, std::string_view* text, Fields* fields) const {
  for (; index < items_.size(); ++index) {
    const Item& item = items_[index];
    if (item.letter == ']') {
      continue;
    }
    if (item.letter != '[') {
      if (!ParseItem(item, text, fields)) {
        return false;
      }
      continue;
    }
    // With the optional part, else behind its end.
    std::string_view rest = *text;
    Fields tried = *fields;
    if (ParseFrom(index + 1, &rest, &tried) && rest.empty()) {
      *text = rest;
      *fields = tried;
      return true;
    }
    int depth = 1;
    while (depth > 0 && ++index < items_.size()) {
      depth += items_[index].letter == '[' ? 1 : items_[index].letter == ']' ? -1 : 0;
    }
  }
  return true;
}

std::optional<TimePattern::Parsed> TimePattern::Fields::Resolve() const {
  Parsed parsed;
  const std::int64_t actual_year = before_christ ? 1 - year : year;
  if (day_of_year > 0) {
    parsed.time.days = columnar::DaysFromCivil(actual_year, 1, 1) + day_of_year - 1;
  } else {
    // A day that the month has not is its last.
    const int m = static_cast<int>(month);
    const std::int64_t first = columnar::DaysFromCivil(actual_year, m, 1);
    const std::int64_t last = columnar::DaysFromCivil(actual_year, m + 1, 1) - 1;
    parsed.time.days = std::min(first + day - 1, last);
  }
  if (nanos_of_day >= 0) {
    parsed.time.nanos = nanos_of_day;
  } else {
    const std::int64_t whole_hour = hour >= 0            ? hour
                                    : half_day_hour >= 0 ? half_day_hour + 12 * afternoon
                                                         : 0;
    parsed.time.nanos = ((whole_hour * 60 + minute) * 60 + second) * kNanosPerSecond + nanos;
  }
  parsed.offset = offset;
  return parsed;
}

std::optional<TimePattern::Parsed> TimePattern::Parse(std::string_view text) const {
  Fields fields;
  if (!ParseFrom(0, &text, &fields) || !text.empty()) {
    return std::nullopt;
  }
  return fields.Resolve();
}

}  // namespace thalweg::runtime
