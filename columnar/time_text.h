// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_TIME_TEXT_H_
#define THALWEG_COLUMNAR_TIME_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "columnar/type.h"

namespace thalweg::columnar {

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back. Total: months and
/// days out of range carry over.
std::int64_t DaysFromCivil(std::int64_t year, int month, int day);
struct CivilDate {
  std::int64_t year;
  int month;
  int day;
};
CivilDate CivilFromDays(std::int64_t days);

/// How a timestamp is spelled.
struct TimestampStyle {
  char separator = ' ';    // Between date and time; ISO-8601 has 'T'.
  bool trim_zeros = true;  // Fraction without trailing zeros, none at all when zero; else all
                           // digits of the type's precision.
  bool zulu = false;       // 'Z' at the end: TIMESTAMP_LTZ in UTC.
};

/// Writes timestamps `yyyy-MM-dd HH:mm:ss[.f]`. Remembers the text of the last minute, as
/// neighbours mostly share it. One per writer; not thread-safe.
class TimestampFormatter {
 public:
  static constexpr std::size_t kMaxSize = 40;

  explicit TimestampFormatter(const DataType& type, TimestampStyle style = {});

  /// Writes at most kMaxSize bytes and returns how many.
  std::size_t Format(std::int64_t value, char* out);
  void Append(std::int64_t value, std::string* out);

 private:
  void FormatMinute(std::int64_t minute);
  template <int kDigits>
  std::size_t FormatAs(std::int64_t value, char* out);

  TimestampStyle style_;
  int precision_;
  std::int64_t units_per_second_;
  std::int64_t minute_;  // Since 1970; what minute_text_ spells.
  std::size_t minute_size_ = 0;
  char minute_text_[24];  // `yyyy-MM-dd HH:mm:`.
};

/// Reads timestamps: `yyyy-MM-dd[ HH:mm[:ss[.f]]]` with ' ' or 'T', and for TIMESTAMP_LTZ an
/// optional 'Z' or `+hh:mm` (UTC when absent). Remembers the value of the last minute. Digits
/// beyond the type's precision are cut off. One per reader; not thread-safe.
class TimestampParser {
 public:
  explicit TimestampParser(const DataType& type);

  /// The whole of `text`; nullopt: not a timestamp, or out of the type's range.
  std::optional<std::int64_t> Parse(std::string_view text);

 private:
  std::optional<std::int64_t> ParseSlow(std::string_view text);
  /// Seconds and fraction, from `:ss` on; nullopt: something else, or a zone.
  std::optional<std::int64_t> ParseSeconds(std::string_view text) const;

  bool zoned_;
  int precision_;
  std::int64_t units_per_second_;
  std::int64_t minute_value_ = 0;  // Value at second 0 of the minute spelled by minute_text_.
  char minute_text_[16];           // `yyyy-MM-dd HH:mm`.
};

/// `yyyy-MM-dd`, and `HH:mm:ss[.f]` of a day's milliseconds, with at most `precision` digits and
/// without trailing zeros. Readers take `HH:mm` too; nullopt: something else.
void AppendDate(std::int32_t days, std::string* out);
void AppendTime(std::int32_t millis, int precision, std::string* out);
std::optional<std::int32_t> ParseDate(std::string_view text);
std::optional<std::int32_t> ParseTime(std::string_view text, int precision);

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_TIME_TEXT_H_
