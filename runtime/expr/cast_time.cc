// SPDX-License-Identifier: Apache-2.0
//
// CAST among DATE, TIME and timestamps. TIMESTAMP_LTZ is a moment: on the way to and from the
// others it is read on the clock of the session's time zone.
#include "runtime/expr/cast_time.h"

#include <cstdint>
#include <limits>

#include "columnar/int128.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::Int128;
using columnar::TypeKind;

constexpr std::int64_t kMillisPerDay = 86'400'000;

std::int64_t FloorDivide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

std::int64_t Saturated(Int128 value) {
  if (value > std::numeric_limits<std::int64_t>::max()) {
    return std::numeric_limits<std::int64_t>::max();
  }
  if (value < std::numeric_limits<std::int64_t>::min()) {
    return std::numeric_limits<std::int64_t>::min();
  }
  return static_cast<std::int64_t>(value);
}

/// Smallest step of a type in its own units: milliseconds of a TIMESTAMP(3) in microseconds are
/// 1000.
std::int64_t GrainOf(const DataType& timestamp) {
  std::int64_t grain = columnar::TimestampUnitsPerSecond(timestamp);
  for (int digit = 0; digit < timestamp.precision(); ++digit) {
    grain /= 10;
  }
  return grain;
}

/// What a cast between timestamps does to the clock.
enum class Shift { kNone, kToLocal, kFromLocal };

Shift ShiftOf(const DataType& from, const DataType& to) {
  const bool from_moment = from.kind() == TypeKind::kTimestampLtz;
  const bool to_moment = to.kind() == TypeKind::kTimestampLtz;
  if (from_moment == to_moment) {
    return Shift::kNone;
  }
  return from_moment ? Shift::kToLocal : Shift::kFromLocal;
}

std::int64_t Shifted(std::int64_t value, std::int64_t units, Shift shift, const TimeZone& zone) {
  switch (shift) {
    case Shift::kToLocal:
      return MomentToLocal(value, units, zone);
    case Shift::kFromLocal:
      return LocalToMoment(value, units, zone);
    case Shift::kNone:
      break;
  }
  return value;
}

Kernel BindTimestamps(const DataType& from, const DataType& to) {
  const std::int64_t from_units = TimestampUnitsPerSecond(from);
  const std::int64_t to_units = TimestampUnitsPerSecond(to);
  const std::int64_t grain = GrainOf(to);
  const Shift shift = ShiftOf(from, to);
  return [=](KernelFrame& frame) {
    const TimeZone& zone = *frame.context().zone;
    UnaryLoop<std::int64_t, std::int64_t>(frame, [&](std::int64_t value) {
      value = Shifted(value, from_units, shift, zone);
      const Int128 scaled = Int128{value} * to_units;
      const Int128 in_units = scaled / from_units - (scaled % from_units < 0 ? 1 : 0);
      const Int128 rest = in_units % grain;
      return Saturated(in_units - rest - (rest < 0 ? grain : 0));
    });
    return OkStatus();
  };
}

Kernel BindDateToTimestamp(const DataType& to) {
  return [to](KernelFrame& frame) {
    const std::int64_t units = TimestampUnitsPerSecond(to);
    const Shift shift = ShiftOf(DataType::Date(), to);
    UnaryLoop<std::int32_t, std::int64_t>(frame, [&](std::int32_t days) {
      return Shifted(
          FromEventMillis(to, days * kMillisPerDay), units, shift, *frame.context().zone);
    });
    return OkStatus();
  };
}

/// f(milliseconds on the clock) for the values of a timestamp column.
template <class F>
Kernel BindFromClock(const DataType& from, F f) {
  return [from, f](KernelFrame& frame) {
    const std::int64_t units = TimestampUnitsPerSecond(from);
    const Shift shift = ShiftOf(from, DataType::Date());
    UnaryLoop<std::int64_t, std::int32_t>(frame, [&](std::int64_t value) {
      return f(ToEventMillis(from, Shifted(value, units, shift, *frame.context().zone)));
    });
    return OkStatus();
  };
}

std::int32_t TimeGrain(int precision) {
  return precision >= 3 ? 1 : precision == 2 ? 10 : precision == 1 ? 100 : 1'000;
}

Kernel BindTimeToTimestamp(const DataType& to) {
  return [to](KernelFrame& frame) {
    const std::int64_t units = TimestampUnitsPerSecond(to);
    const std::int64_t grain = GrainOf(to);
    const Shift shift = ShiftOf(DataType::Date(), to);
    UnaryLoop<std::int32_t, std::int64_t>(frame, [&](std::int32_t millis) {
      const std::int64_t value = FromEventMillis(to, millis);
      return Shifted(value - value % grain, units, shift, *frame.context().zone);
    });
    return OkStatus();
  };
}

}  // namespace

std::int64_t MomentToLocal(std::int64_t value, std::int64_t units, const TimeZone& zone) {
  return Saturated(Int128{value} + Int128{zone.OffsetAt(FloorDivide(value, units))} * units);
}

std::int64_t LocalToMoment(std::int64_t value, std::int64_t units, const TimeZone& zone) {
  return Saturated(Int128{value} - Int128{zone.OffsetAtLocal(FloorDivide(value, units))} * units);
}

bool CanCastTime(const DataType& from, const DataType& to) {
  const bool from_time = from.kind() == TypeKind::kTime;
  const bool to_time = to.kind() == TypeKind::kTime;
  if (from_time || to_time) {
    return (from_time && to_time) || (from_time ? to : from).IsTimestamp();
  }
  return (from.kind() == TypeKind::kDate || from.IsTimestamp()) &&
         (to.kind() == TypeKind::kDate || to.IsTimestamp());
}

Kernel BindTimeCast(const DataType& from, const DataType& to) {
  if (from.kind() == TypeKind::kTime && to.kind() == TypeKind::kTime) {
    return [grain = TimeGrain(to.precision())](KernelFrame& frame) {
      UnaryLoop<std::int32_t, std::int32_t>(
          frame, [grain](std::int32_t millis) { return millis - millis % grain; });
      return OkStatus();
    };
  }
  if (from.kind() == TypeKind::kTime) {
    return BindTimeToTimestamp(to);
  }
  if (to.kind() == TypeKind::kTime) {
    return BindFromClock(from, [grain = TimeGrain(to.precision())](std::int64_t millis) {
      const std::int64_t of_day = millis - FloorDivide(millis, kMillisPerDay) * kMillisPerDay;
      return static_cast<std::int32_t>(of_day - of_day % grain);
    });
  }
  if (from.kind() == TypeKind::kDate) {
    return BindDateToTimestamp(to);
  }
  if (to.kind() == TypeKind::kDate) {
    return BindFromClock(from, [](std::int64_t millis) {
      return static_cast<std::int32_t>(FloorDivide(millis, kMillisPerDay));
    });
  }
  return BindTimestamps(from, to);
}

}  // namespace thalweg::runtime
