// SPDX-License-Identifier: Apache-2.0
#include "columnar/time_text.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "columnar/int128.h"

namespace thalweg::columnar {
namespace {

constexpr std::int64_t kNoMinute = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kMillisPerSecond = 1'000;
constexpr int kNanoDigits = 9;
constexpr std::int64_t kPowers[] = {
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

constexpr std::int64_t FloorDivide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

char* WriteTwo(std::int64_t value, char* to) {
  *to++ = static_cast<char>('0' + value / 10);
  *to++ = static_cast<char>('0' + value % 10);
  return to;
}

/// At least `digits` digits, more where the value has them.
char* WriteNumber(std::int64_t value, int digits, char* to) {
  char reversed[20];
  int count = 0;
  for (; value > 0 || count < digits; value /= 10) {
    reversed[count++] = static_cast<char>('0' + value % 10);
  }
  while (count > 0) {
    *to++ = reversed[--count];
  }
  return to;
}

char* WriteDate(std::int64_t days, char* to) {
  const CivilDate date = CivilFromDays(days);
  if (date.year < 0) {
    *to++ = '-';
  }
  to = WriteNumber(date.year < 0 ? -date.year : date.year, 4, to);
  *to++ = '-';
  to = WriteTwo(date.month, to);
  *to++ = '-';
  return WriteTwo(date.day, to);
}

/// `.f` of a fraction of kDigits digits, of which the first `shown` are kept, or fewer.
template <int kDigits>
char* WriteFraction(std::int64_t fraction, int shown, bool trim_zeros, char* to) {
  for (int i = kDigits; i > 0; --i) {
    to[i] = static_cast<char>('0' + fraction % 10);
    fraction /= 10;
  }
  if (trim_zeros) {
    while (shown > 0 && to[shown] == '0') {
      --shown;
    }
  }
  if (shown == 0) {
    return to;
  }
  *to = '.';
  return to + 1 + shown;
}

/// Takes parts of a text from its front; each returns false when something else stands there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool empty() const { return text_.empty(); }
  bool Take(char c) {
    if (text_.empty() || text_.front() != c) {
      return false;
    }
    text_.remove_prefix(1);
    return true;
  }
  bool TakeTwo(int max, int* value) { return TakeNumber(2, 2, value) && *value <= max; }
  bool TakeNumber(std::size_t min_digits, std::size_t max_digits, int* value) {
    std::size_t digits = 0;
    *value = 0;
    while (digits < max_digits && digits < text_.size() && IsDigit(text_[digits])) {
      *value = *value * 10 + (text_[digits++] - '0');
    }
    text_.remove_prefix(digits);
    return digits >= min_digits && (text_.empty() || digits < max_digits || !IsDigit(text_[0]));
  }
  /// The digits of a fraction as nanoseconds; more than nine are cut off.
  bool TakeNanos(std::int64_t* nanos) {
    int digits = 0;
    *nanos = 0;
    for (; !text_.empty() && IsDigit(text_.front()); text_.remove_prefix(1), ++digits) {
      if (digits < kNanoDigits) {
        *nanos = *nanos * 10 + (text_.front() - '0');
      }
    }
    *nanos *= kPowers[std::max(kNanoDigits - digits, 0)];
    return digits > 0;
  }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }

  std::string_view text_;
};

bool TakeDate(Scanner& scanner, std::int64_t* days) {
  const bool negative = scanner.Take('-');
  int year;
  int month;
  int day;
  if (!scanner.TakeNumber(4, 6, &year) || !scanner.Take('-') || !scanner.TakeTwo(12, &month) ||
      !scanner.Take('-') || !scanner.TakeTwo(31, &day) || month == 0 || day == 0) {
    return false;
  }
  *days = DaysFromCivil(negative ? -year : year, month, day);
  // A day that the month does not have comes back as one of the next month.
  return CivilFromDays(*days).day == day;
}

struct ClockTime {
  int seconds;  // Of the day.
  std::int64_t nanos;
};

bool TakeClock(Scanner& scanner, ClockTime* time) {
  int hour;
  int minute;
  int second = 0;
  time->nanos = 0;
  if (!scanner.TakeTwo(23, &hour) || !scanner.Take(':') || !scanner.TakeTwo(59, &minute)) {
    return false;
  }
  if (scanner.Take(':') &&
      (!scanner.TakeTwo(59, &second) || (scanner.Take('.') && !scanner.TakeNanos(&time->nanos)))) {
    return false;
  }
  time->seconds = hour * 3600 + minute * 60 + second;
  return true;
}

/// 'Z', `+hh:mm` or nothing.
bool TakeZone(Scanner& scanner, std::int64_t* offset_seconds) {
  *offset_seconds = 0;
  if (scanner.Take('Z') || scanner.empty()) {
    return true;
  }
  const bool negative = scanner.Take('-');
  int hours;
  int minutes;
  if ((!negative && !scanner.Take('+')) || !scanner.TakeTwo(18, &hours) || !scanner.Take(':') ||
      !scanner.TakeTwo(59, &minutes)) {
    return false;
  }
  *offset_seconds = std::int64_t{hours * 60 + minutes} * 60 * (negative ? -1 : 1);
  return true;
}

}  // namespace

std::int64_t DaysFromCivil(std::int64_t year, int month, int day) {
  const int months = month - 1;
  year += months / 12 - (months % 12 < 0 ? 1 : 0);
  const int month_index = (months % 12 + 12) % 12;
  // Years from March on, so that the leap day is the last of a year; eras of 400 years.
  const std::int64_t shifted = year - (month_index < 2 ? 1 : 0);
  const std::int64_t era = FloorDivide(shifted, 400);
  const std::int64_t year_of_era = shifted - era * 400;
  const std::int64_t day_of_year = (153 * ((month_index + 10) % 12) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

CivilDate CivilFromDays(std::int64_t days) {
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = FloorDivide(shifted, 146'097);
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t march_month = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(march_month < 10 ? march_month + 3 : march_month - 9);
  return {.year = year_of_era + era * 400 + (month <= 2 ? 1 : 0),
          .month = month,
          .day = static_cast<int>(day_of_year - (153 * march_month + 2) / 5 + 1)};
}

TimestampFormatter::TimestampFormatter(const DataType& type, TimestampStyle style)
    : style_(style),
      precision_(type.precision()),
      units_per_second_(TimestampUnitsPerSecond(type)),
      minute_(kNoMinute) {}

void TimestampFormatter::FormatMinute(std::int64_t minute) {
  const std::int64_t days = FloorDivide(minute, kSecondsPerDay / 60);
  const std::int64_t minute_of_day = minute - days * (kSecondsPerDay / 60);
  char* to = WriteDate(days, minute_text_);
  *to++ = style_.separator;
  to = WriteTwo(minute_of_day / 60, to);
  *to++ = ':';
  to = WriteTwo(minute_of_day % 60, to);
  *to++ = ':';
  minute_size_ = static_cast<std::size_t>(to - minute_text_);
  minute_ = minute;
}

std::size_t TimestampFormatter::Format(std::int64_t value, char* out) {
  return units_per_second_ == 1'000'000 ? FormatAs<6>(value, out) : FormatAs<9>(value, out);
}

// The divisors are constants: a division by a variable would cost more than all of the rest.
template <int kDigits>
std::size_t TimestampFormatter::FormatAs(std::int64_t value, char* out) {
  constexpr std::int64_t kUnits = kPowers[kDigits];
  const std::int64_t seconds = FloorDivide(value, kUnits);
  const std::int64_t minute = FloorDivide(seconds, 60);
  if (minute != minute_) {
    FormatMinute(minute);
  }
  std::memcpy(out, minute_text_, sizeof(minute_text_));
  char* to = WriteTwo(seconds - minute * 60, out + minute_size_);
  // Not value - seconds * kUnits: the first second of the range begins before it.
  const std::int64_t rest = value % kUnits;
  to = WriteFraction<kDigits>(rest < 0 ? rest + kUnits : rest, precision_, style_.trim_zeros, to);
  if (style_.zulu) {
    *to++ = 'Z';
  }
  return static_cast<std::size_t>(to - out);
}

void TimestampFormatter::Append(std::int64_t value, std::string* out) {
  char text[kMaxSize];
  out->append(text, Format(value, text));
}

TimestampParser::TimestampParser(const DataType& type)
    : zoned_(type.kind() == TypeKind::kTimestampLtz),
      precision_(type.precision()),
      units_per_second_(TimestampUnitsPerSecond(type)),
      minute_text_{} {}

std::optional<std::int64_t> TimestampParser::Parse(std::string_view text) {
  constexpr std::size_t kMinuteSize = sizeof(minute_text_);
  if (text.size() > kMinuteSize && std::memcmp(text.data(), minute_text_, kMinuteSize) == 0) {
    if (const auto seconds = ParseSeconds(text.substr(kMinuteSize)); seconds.has_value()) {
      std::int64_t value;
      return __builtin_add_overflow(minute_value_, *seconds, &value) ? std::nullopt
                                                                     : std::optional(value);
    }
  }
  return ParseSlow(text);
}

std::optional<std::int64_t> TimestampParser::ParseSeconds(std::string_view text) const {
  const auto digit = [&text](std::size_t i) { return static_cast<unsigned>(text[i]) - '0'; };
  if (text.size() < 3 || text[0] != ':' || digit(1) > 5 || digit(2) > 9) {
    return std::nullopt;
  }
  std::int64_t units = (digit(1) * 10 + digit(2)) * units_per_second_;
  text.remove_prefix(3);
  if (zoned_ && !text.empty() && text.back() == 'Z') {
    text.remove_suffix(1);
  }
  if (text.empty()) {
    return units;
  }
  if (text[0] != '.' || text.size() < 2) {
    return std::nullopt;
  }
  const std::size_t kept = std::min(text.size(), static_cast<std::size_t>(precision_) + 1);
  std::int64_t fraction = 0;
  for (std::size_t i = 1; i < kept; ++i) {
    if (digit(i) > 9) {
      return std::nullopt;
    }
    fraction = fraction * 10 + digit(i);
  }
  for (std::size_t i = kept; i < text.size(); ++i) {
    if (digit(i) > 9) {
      return std::nullopt;
    }
  }
  const std::size_t unit_digits = units_per_second_ == 1'000'000 ? 6 : 9;
  return units + fraction * kPowers[unit_digits - (kept - 1)];
}

std::optional<std::int64_t> TimestampParser::ParseSlow(std::string_view text) {
  Scanner scanner(text);
  std::int64_t days;
  ClockTime clock{};
  std::int64_t offset = 0;
  if (!TakeDate(scanner, &days)) {
    return std::nullopt;
  }
  if (!scanner.empty() &&
      ((!scanner.Take(' ') && !scanner.Take('T')) || !TakeClock(scanner, &clock))) {
    return std::nullopt;
  }
  if (zoned_ && !TakeZone(scanner, &offset)) {
    return std::nullopt;
  }
  if (!scanner.empty()) {
    return std::nullopt;
  }
  const std::int64_t seconds = days * kSecondsPerDay + clock.seconds - offset;
  const std::int64_t cut = clock.nanos / kPowers[kNanoDigits - precision_];
  const std::int64_t units = cut * (units_per_second_ / kPowers[precision_]);
  // The first second of the range begins before it.
  const Int128 value = Int128{seconds} * units_per_second_ + units;
  if (value != static_cast<std::int64_t>(value)) {
    return std::nullopt;
  }
  constexpr std::size_t kMinuteSize = sizeof(minute_text_);
  // Years of four digits only: then the minute is all that stands before the seconds.
  if (offset == 0 && text.size() > kMinuteSize && text[kMinuteSize] == ':' &&
      !__builtin_mul_overflow(FloorDivide(seconds, 60) * 60, units_per_second_, &minute_value_)) {
    std::memcpy(minute_text_, text.data(), kMinuteSize);
  }
  return static_cast<std::int64_t>(value);
}

void AppendDate(std::int32_t days, std::string* out) {
  char text[24];
  out->append(text, WriteDate(days, text));
}

void AppendTime(std::int32_t millis, int precision, std::string* out) {
  char text[24];
  const std::int64_t seconds = millis / kMillisPerSecond;
  char* to = WriteTwo(seconds / 3600, text);
  *to++ = ':';
  to = WriteTwo(seconds / 60 % 60, to);
  *to++ = ':';
  to = WriteTwo(seconds % 60, to);
  const int digits = std::min(precision, 3);
  to = WriteFraction<3>(millis % kMillisPerSecond, digits, true, to);
  out->append(text, to);
}

std::optional<std::int32_t> ParseDate(std::string_view text) {
  Scanner scanner(text);
  std::int64_t days;
  if (!TakeDate(scanner, &days) || !scanner.empty()) {
    return std::nullopt;
  }
  return static_cast<std::int32_t>(days);
}

std::optional<std::int32_t> ParseTime(std::string_view text, int precision) {
  Scanner scanner(text);
  ClockTime time{};
  if (!TakeClock(scanner, &time) || !scanner.empty()) {
    return std::nullopt;
  }
  const std::int64_t unit = kPowers[kNanoDigits - std::min(precision, 3)];
  const std::int64_t millis = time.nanos / unit * unit / 1'000'000;
  return static_cast<std::int32_t>(time.seconds * kMillisPerSecond + millis);
}

}  // namespace thalweg::columnar
