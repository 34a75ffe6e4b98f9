// SPDX-License-Identifier: Apache-2.0
//
// EXTRACT and the functions named as units.
#include <cstdint>
#include <cstdlib>

#include "runtime/expr/function_registry.h"
#include "runtime/expr/time_unit.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::TypeKind;

bool IsTime(const DataType& type) {
  return type.kind() == TypeKind::kDate || type.kind() == TypeKind::kTime || type.IsTimestamp();
}

bool IsInterval(const DataType& type) {
  return type.kind() == TypeKind::kIntervalYearMonth || type.kind() == TypeKind::kIntervalDayTime;
}

/// A part of an interval, with its sign.
std::int64_t ExtractOfMonths(TimeUnit unit, std::int64_t months) {
  switch (unit) {
    case TimeUnit::kMillennium:
      return months / 12'000;
    case TimeUnit::kCentury:
      return months / 1'200;
    case TimeUnit::kDecade:
      return months / 120;
    case TimeUnit::kYear:
      return months / 12;
    case TimeUnit::kQuarter:
      return months % 12 / 3 + 1;
    case TimeUnit::kMonth:
      return months % 12;
    default:
      return 0;
  }
}

std::int64_t ExtractOfMillis(TimeUnit unit, std::int64_t millis) {
  switch (unit) {
    case TimeUnit::kDay:
      return millis / kMillisPerDay;
    case TimeUnit::kHour:
      return millis / 3'600'000 % 24;
    case TimeUnit::kMinute:
      return millis / 60'000 % 60;
    case TimeUnit::kSecond:
      return millis / 1'000 % 60;
    case TimeUnit::kMillisecond:
      return millis % 1'000;
    case TimeUnit::kEpoch:
      return millis / 1'000;
    default:
      return 0;
  }
}

Kernel ExtractKernel(TimeUnit unit, std::size_t argument, const DataType& type) {
  if (type.kind() == TypeKind::kIntervalYearMonth) {
    return [unit, argument](KernelFrame& frame) {
      const columnar::Column& column = frame.argument(argument);
      const std::int32_t* values = column.Values<std::int32_t>().data();
      auto* out = frame.Out<std::int64_t>();
      for (std::size_t row = 0; row < frame.row_count(); ++row) {
        out[row] = ExtractOfMonths(unit, values[row * column.stride()]);
      }
      return OkStatus();
    };
  }
  if (type.kind() == TypeKind::kIntervalDayTime) {
    return [unit, argument](KernelFrame& frame) {
      const columnar::Column& column = frame.argument(argument);
      const std::int64_t* values = column.Values<std::int64_t>().data();
      auto* out = frame.Out<std::int64_t>();
      for (std::size_t row = 0; row < frame.row_count(); ++row) {
        out[row] = ExtractOfMillis(unit, values[row * column.stride()]);
      }
      return OkStatus();
    };
  }
  return [unit, argument](KernelFrame& frame) {
    const TimeReader read(frame.argument(argument), *frame.context().zone);
    auto* out = frame.Out<std::int64_t>();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      out[row] = Extract(unit, read(row));
    }
    return OkStatus();
  };
}

StatusOr<CallTypes> ExtractTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (!arguments[0].IsCharacter() || (!IsTime(arguments[1]) && !IsInterval(arguments[1]))) {
    return InvalidArgument("it takes a unit and a date, time, timestamp or interval");
  }
  return CallTypes{{arguments.begin(), arguments.end()},
                   DataType::BigInt().WithNullable(arguments[1].nullable())};
}

StatusOr<Kernel> BindExtract(const BindInput& input) {
  ASSIGN_OR_RETURN(const TimeUnit unit, UnitOf(input.constants[0]));
  return ExtractKernel(unit, 1, input.types.arguments[1]);
}

StatusOr<CallTypes> FieldTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (!IsTime(arguments[0]) && !IsInterval(arguments[0])) {
    return InvalidArgument("it takes a date, time, timestamp or interval");
  }
  return CallTypes{{arguments[0]}, DataType::BigInt().WithNullable(arguments[0].nullable())};
}

template <TimeUnit unit>
StatusOr<Kernel> BindField(const BindInput& input) {
  return ExtractKernel(unit, 0, input.types.arguments[0]);
}

template <TimeUnit unit>
constexpr ScalarFunction Field(std::string_view name,
                               std::string_view signature,
                               std::string_view documentation) {
  return {name,
          signature,
          documentation,
          1,
          1,
          NullRule::kPropagate,
          Evaluation::kStrict,
          FieldTypes,
          BindField<unit>};
}

}  // namespace

std::span<const ScalarFunction> TimeFieldFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"EXTRACT",
       "EXTRACT(unit FROM time)",
       "A part of a date, time, timestamp or interval.",
       2,
       2,
       NullRule::kPropagate,
       Evaluation::kStrict,
       ExtractTypes,
       BindExtract},
      Field<TimeUnit::kYear>("YEAR", "YEAR(date)", "The year."),
      Field<TimeUnit::kQuarter>("QUARTER", "QUARTER(date)", "The quarter of the year, 1 to 4."),
      Field<TimeUnit::kMonth>("MONTH", "MONTH(date)", "The month, 1 to 12."),
      Field<TimeUnit::kWeek>("WEEK", "WEEK(date)", "The week of the year after ISO 8601."),
      Field<TimeUnit::kDayOfYear>("DAYOFYEAR", "DAYOFYEAR(date)", "The day of the year from 1."),
      Field<TimeUnit::kDay>("DAYOFMONTH", "DAYOFMONTH(date)", "The day of the month from 1."),
      Field<TimeUnit::kDayOfWeek>(
          "DAYOFWEEK", "DAYOFWEEK(date)", "The day of the week, where Sunday is 1."),
      Field<TimeUnit::kHour>("HOUR", "HOUR(timestamp)", "The hour, 0 to 23."),
      Field<TimeUnit::kMinute>("MINUTE", "MINUTE(timestamp)", "The minute, 0 to 59."),
      Field<TimeUnit::kSecond>("SECOND", "SECOND(timestamp)", "The second, 0 to 59."),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
