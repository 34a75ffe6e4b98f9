// SPDX-License-Identifier: Apache-2.0
//
// Calendar and clock arithmetic that the functions of time share.
#ifndef THALWEG_RUNTIME_EXPR_TIME_UNIT_H_
#define THALWEG_RUNTIME_EXPR_TIME_UNIT_H_

#include <cstdint>

#include "base/status.h"
#include "columnar/column.h"
#include "runtime/expr/time_zone.h"

namespace thalweg::runtime {

enum class TimeUnit {
  kMillennium,
  kCentury,
  kDecade,
  kYear,
  kQuarter,
  kMonth,
  kWeek,
  kDay,
  kHour,
  kMinute,
  kSecond,
  kMillisecond,
  kMicrosecond,
  kNanosecond,
  kEpoch,         // Seconds since 1970.
  kDayOfWeek,     // Sunday is 1.
  kIsoDayOfWeek,  // Monday is 1.
  kDayOfYear,
  kIsoYear,
};

/// The unit that an argument 'MONTH' names. kInvalidArgument: it is not constant, or there is none.
StatusOr<TimeUnit> UnitOf(const columnar::ColumnPtr& constant);

inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
inline constexpr std::int64_t kNanosPerMilli = 1'000'000;
inline constexpr std::int64_t kSecondsPerDay = 86'400;
inline constexpr std::int64_t kMillisPerDay = 86'400'000;
inline constexpr std::int64_t kNanosPerDay = kSecondsPerDay * kNanosPerSecond;

constexpr std::int64_t FloorDivide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

/// What a calendar and a clock show.
struct LocalTime {
  std::int64_t days = 0;   // Since 1970-01-01.
  std::int64_t nanos = 0;  // Of the day.
};

/// Values of a DATE, TIME, TIMESTAMP or TIMESTAMP_LTZ column as LocalTime, and back.
class TimeCodec {
 public:
  /// `zone` is for TIMESTAMP_LTZ only and outlives this.
  TimeCodec(const columnar::DataType& type, const TimeZone& zone);

  LocalTime Read(std::int64_t value) const {
    if (units_ == 0) {
      return is_date_ ? LocalTime{value, 0} : LocalTime{0, value * kNanosPerMilli};
    }
    std::int64_t seconds = FloorDivide(value, units_);
    const std::int64_t fraction = value % units_ < 0 ? value % units_ + units_ : value % units_;
    if (zone_ != nullptr) {
      seconds += zone_->OffsetAt(seconds);
    }
    const std::int64_t days = FloorDivide(seconds, kSecondsPerDay);
    return {days, (seconds - days * kSecondsPerDay) * kNanosPerSecond + fraction * nanos_per_unit_};
  }
  /// What does not fit stops at the end of the type's range. Of a TIME the days are dropped.
  std::int64_t Write(LocalTime time) const;

 private:
  std::int64_t units_;  // Per second; 0: DATE or TIME.
  std::int64_t nanos_per_unit_;
  bool is_date_;
  const TimeZone* zone_;  // Null: none.
};

/// Reads rows of such a column.
class TimeReader {
 public:
  TimeReader(const columnar::Column& column, const TimeZone& zone)
      : column_(column), codec_(column.type(), zone) {}
  LocalTime operator()(std::size_t row) const { return codec_.Read(Value(row)); }
  std::int64_t Value(std::size_t row) const {
    const std::size_t at = row * column_.stride();
    return columnar::WidthOf(column_.physical()) == 4 ? column_.Values<std::int32_t>()[at]
                                                      : column_.Values<std::int64_t>()[at];
  }

 private:
  const columnar::Column& column_;
  TimeCodec codec_;
};

std::int64_t Extract(TimeUnit unit, LocalTime time);

/// The start of the unit that `time` lies in, or with `up` the first start that is not before it.
LocalTime RoundTo(TimeUnit unit, LocalTime time, bool up);

/// Months are added to the calendar: the day stays, or is the last of a shorter month.
LocalTime AddMonths(LocalTime time, std::int64_t months);
LocalTime AddNanos(LocalTime time, std::int64_t nanos);
LocalTime AddMillis(LocalTime time, std::int64_t millis);
LocalTime AddUnits(TimeUnit unit, LocalTime time, std::int64_t count);

/// Whole units from `a` to `b`, towards zero.
std::int64_t UnitsBetween(TimeUnit unit, LocalTime a, LocalTime b);

/// < 0, 0 or > 0.
int Compare(LocalTime a, LocalTime b);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_TIME_UNIT_H_
