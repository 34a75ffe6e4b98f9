// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/time_unit.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "columnar/int128.h"
#include "columnar/time_text.h"

namespace thalweg::runtime {
namespace {

using columnar::CivilDate;
using columnar::CivilFromDays;
using columnar::DaysFromCivil;
using columnar::Int128;
using columnar::TypeKind;

constexpr std::pair<std::string_view, TimeUnit> kUnits[] = {{"MILLENNIUM", TimeUnit::kMillennium},
                                                            {"CENTURY", TimeUnit::kCentury},
                                                            {"DECADE", TimeUnit::kDecade},
                                                            {"YEAR", TimeUnit::kYear},
                                                            {"QUARTER", TimeUnit::kQuarter},
                                                            {"MONTH", TimeUnit::kMonth},
                                                            {"WEEK", TimeUnit::kWeek},
                                                            {"DAY", TimeUnit::kDay},
                                                            {"HOUR", TimeUnit::kHour},
                                                            {"MINUTE", TimeUnit::kMinute},
                                                            {"SECOND", TimeUnit::kSecond},
                                                            {"MILLISECOND", TimeUnit::kMillisecond},
                                                            {"MICROSECOND", TimeUnit::kMicrosecond},
                                                            {"NANOSECOND", TimeUnit::kNanosecond},
                                                            {"EPOCH", TimeUnit::kEpoch},
                                                            {"DOW", TimeUnit::kDayOfWeek},
                                                            {"ISODOW", TimeUnit::kIsoDayOfWeek},
                                                            {"DOY", TimeUnit::kDayOfYear},
                                                            {"ISOYEAR", TimeUnit::kIsoYear}};

/// Nanoseconds of units that a clock counts; 0: the calendar's.
std::int64_t NanosOf(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kWeek:
      return 7 * kNanosPerDay;
    case TimeUnit::kDay:
      return kNanosPerDay;
    case TimeUnit::kHour:
      return 3'600 * kNanosPerSecond;
    case TimeUnit::kMinute:
      return 60 * kNanosPerSecond;
    case TimeUnit::kSecond:
      return kNanosPerSecond;
    case TimeUnit::kMillisecond:
      return kNanosPerMilli;
    case TimeUnit::kMicrosecond:
      return 1'000;
    case TimeUnit::kNanosecond:
      return 1;
    default:
      return 0;
  }
}

std::int64_t MonthsOf(TimeUnit unit) {
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
    default:
      return 1;
  }
}

/// Monday is 0. 1970-01-01 was a Thursday.
std::int64_t WeekdayOf(std::int64_t days) {
  return (days + 3) - FloorDivide(days + 3, 7) * 7;
}

std::int64_t IsoYearOf(std::int64_t days) {
  // The year of the week's Thursday.
  return CivilFromDays(days - WeekdayOf(days) + 3).year;
}

std::int64_t IsoWeekOf(std::int64_t days) {
  const std::int64_t thursday = days - WeekdayOf(days) + 3;
  return (thursday - DaysFromCivil(CivilFromDays(thursday).year, 1, 1)) / 7 + 1;
}

std::int64_t Truncated(Int128 value) {
  constexpr Int128 kMax = std::numeric_limits<std::int64_t>::max();
  constexpr Int128 kMin = std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(std::clamp(value, kMin, kMax));
}

Int128 NanosSinceEpoch(LocalTime time) {
  return Int128{time.days} * kNanosPerDay + time.nanos;
}

LocalTime OfNanosSinceEpoch(Int128 nanos) {
  Int128 days = nanos / kNanosPerDay;
  days -= nanos % kNanosPerDay < 0 ? 1 : 0;
  return {static_cast<std::int64_t>(days), static_cast<std::int64_t>(nanos - days * kNanosPerDay)};
}

}  // namespace

StatusOr<TimeUnit> UnitOf(const columnar::ColumnPtr& constant) {
  if (constant == nullptr || constant->IsNull(0)) {
    return InvalidArgument("The unit of time must be a constant");
  }
  const std::string_view name = constant->StringAt(0);
  for (const auto& [known, unit] : kUnits) {
    if (name == known) {
      return unit;
    }
  }
  return InvalidArgument("There is no unit of time '" + std::string(name) + "'");
}

TimeCodec::TimeCodec(const columnar::DataType& type, const TimeZone& zone)
    : units_(type.IsTimestamp() ? columnar::TimestampUnitsPerSecond(type) : 0),
      nanos_per_unit_(units_ == 0 ? 0 : kNanosPerSecond / units_),
      is_date_(type.kind() == TypeKind::kDate),
      zone_(type.kind() == TypeKind::kTimestampLtz ? &zone : nullptr) {}

std::int64_t TimeCodec::Write(LocalTime time) const {
  if (units_ == 0) {
    return is_date_ ? time.days : time.nanos / kNanosPerMilli;
  }
  std::int64_t seconds = time.days * kSecondsPerDay + time.nanos / kNanosPerSecond;
  if (zone_ != nullptr) {
    seconds -= zone_->OffsetAtLocal(seconds);
  }
  return Truncated(Int128{seconds} * units_ + time.nanos % kNanosPerSecond / nanos_per_unit_);
}

std::int64_t Extract(TimeUnit unit, LocalTime time) {
  const auto civil = [&time] { return CivilFromDays(time.days); };
  switch (unit) {
    case TimeUnit::kMillennium:
      return FloorDivide(civil().year + 999, 1'000);
    case TimeUnit::kCentury:
      return FloorDivide(civil().year + 99, 100);
    case TimeUnit::kDecade:
      return FloorDivide(civil().year, 10);
    case TimeUnit::kYear:
      return civil().year;
    case TimeUnit::kQuarter:
      return (civil().month - 1) / 3 + 1;
    case TimeUnit::kMonth:
      return civil().month;
    case TimeUnit::kWeek:
      return IsoWeekOf(time.days);
    case TimeUnit::kDay:
      return civil().day;
    case TimeUnit::kHour:
      return time.nanos / (3'600 * kNanosPerSecond);
    case TimeUnit::kMinute:
      return time.nanos / (60 * kNanosPerSecond) % 60;
    case TimeUnit::kSecond:
      return time.nanos / kNanosPerSecond % 60;
    case TimeUnit::kMillisecond:
      return time.nanos % kNanosPerSecond / kNanosPerMilli;
    case TimeUnit::kMicrosecond:
      return time.nanos % kNanosPerSecond / 1'000;
    case TimeUnit::kNanosecond:
      return time.nanos % kNanosPerSecond;
    case TimeUnit::kEpoch:
      return time.days * kSecondsPerDay + time.nanos / kNanosPerSecond;
    case TimeUnit::kDayOfWeek:
      return (WeekdayOf(time.days) + 1) % 7 + 1;
    case TimeUnit::kIsoDayOfWeek:
      return WeekdayOf(time.days) + 1;
    case TimeUnit::kDayOfYear:
      return time.days - DaysFromCivil(civil().year, 1, 1) + 1;
    case TimeUnit::kIsoYear:
      return IsoYearOf(time.days);
  }
  return 0;
}

namespace {

LocalTime FloorTo(TimeUnit unit, LocalTime time) {
  if (unit == TimeUnit::kWeek) {
    // Weeks start on Sunday here.
    return {time.days - (WeekdayOf(time.days) + 1) % 7, 0};
  }
  const std::int64_t nanos = NanosOf(unit);
  if (nanos > 0) {
    return {time.days, time.nanos / nanos * nanos};
  }
  const CivilDate date = CivilFromDays(time.days);
  switch (unit) {
    case TimeUnit::kMillennium:
      return {DaysFromCivil(FloorDivide(date.year - 1, 1'000) * 1'000 + 1, 1, 1), 0};
    case TimeUnit::kCentury:
      return {DaysFromCivil(FloorDivide(date.year - 1, 100) * 100 + 1, 1, 1), 0};
    case TimeUnit::kDecade:
      return {DaysFromCivil(FloorDivide(date.year, 10) * 10, 1, 1), 0};
    case TimeUnit::kQuarter:
      return {DaysFromCivil(date.year, (date.month - 1) / 3 * 3 + 1, 1), 0};
    case TimeUnit::kMonth:
      return {DaysFromCivil(date.year, date.month, 1), 0};
    default:
      return {DaysFromCivil(date.year, 1, 1), 0};
  }
}

}  // namespace

LocalTime RoundTo(TimeUnit unit, LocalTime time, bool up) {
  const LocalTime start = FloorTo(unit, time);
  return up && Compare(start, time) != 0 ? AddUnits(unit, start, 1) : start;
}

LocalTime AddMonths(LocalTime time, std::int64_t months) {
  const CivilDate date = CivilFromDays(time.days);
  const std::int64_t index = date.year * 12 + date.month - 1 + months;
  const std::int64_t year = FloorDivide(index, 12);
  const int month = static_cast<int>(index - year * 12) + 1;
  const std::int64_t first = DaysFromCivil(year, month, 1);
  const std::int64_t last = DaysFromCivil(year, month + 1, 1) - 1;
  return {std::min(first + date.day - 1, last), time.nanos};
}

LocalTime AddNanos(LocalTime time, std::int64_t nanos) {
  return OfNanosSinceEpoch(NanosSinceEpoch(time) + nanos);
}

LocalTime AddMillis(LocalTime time, std::int64_t millis) {
  return OfNanosSinceEpoch(NanosSinceEpoch(time) + Int128{millis} * kNanosPerMilli);
}

LocalTime AddUnits(TimeUnit unit, LocalTime time, std::int64_t count) {
  // Far beyond every type's range, and far from an overflow.
  constexpr std::int64_t kMaxCount = std::int64_t{1} << 50U;
  count = std::clamp(count, -kMaxCount, kMaxCount);
  const std::int64_t nanos = NanosOf(unit);
  if (nanos > 0) {
    const LocalTime sum = OfNanosSinceEpoch(NanosSinceEpoch(time) + Int128{count} * nanos);
    return sum;
  }
  constexpr std::int64_t kMaxMonths = 12'000'000;
  return AddMonths(time, std::clamp(count * MonthsOf(unit), -kMaxMonths, kMaxMonths));
}

std::int64_t UnitsBetween(TimeUnit unit, LocalTime a, LocalTime b) {
  const std::int64_t nanos = NanosOf(unit);
  if (nanos > 0) {
    return Truncated((NanosSinceEpoch(b) - NanosSinceEpoch(a)) / nanos);
  }
  const CivilDate from = CivilFromDays(a.days);
  const CivilDate to = CivilFromDays(b.days);
  std::int64_t months = (to.year - from.year) * 12 + to.month - from.month;
  // A month is whole when the day and the time of day have come again.
  const LocalTime from_in_month = {from.day, a.nanos};
  const LocalTime to_in_month = {to.day, b.nanos};
  if (months > 0 && Compare(to_in_month, from_in_month) < 0) {
    --months;
  } else if (months < 0 && Compare(to_in_month, from_in_month) > 0) {
    ++months;
  }
  return months / MonthsOf(unit);
}

int Compare(LocalTime a, LocalTime b) {
  if (a.days != b.days) {
    return a.days < b.days ? -1 : 1;
  }
  return static_cast<int>(a.nanos > b.nanos) - static_cast<int>(a.nanos < b.nanos);
}

}  // namespace thalweg::runtime
