// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/time_arithmetic.h"

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "runtime/expr/time_unit.h"
#include "runtime/expr/type_rules.h"
#include "runtime/expr/visit.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::TypeKind;

bool IsTime(const DataType& type) {
  return type.kind() == TypeKind::kDate || type.kind() == TypeKind::kTime || type.IsTimestamp();
}

bool IsInterval(const DataType& type) {
  return type.kind() == TypeKind::kIntervalYearMonth || type.kind() == TypeKind::kIntervalDayTime;
}

/// Values of any integer-like column of 4 or 8 bytes.
class IntegerReader {
 public:
  explicit IntegerReader(const Column& column) : column_(column) {}
  std::int64_t operator()(std::size_t row) const {
    const std::size_t at = row * column_.stride();
    return columnar::WidthOf(column_.physical()) == 4 ? column_.Values<std::int32_t>()[at]
                                                      : column_.Values<std::int64_t>()[at];
  }

 private:
  const Column& column_;
};

void WriteInteger(KernelFrame& frame, std::size_t row, std::int64_t value) {
  if (columnar::WidthOf(frame.result_type().physical()) == 4) {
    frame.Out<std::int32_t>()[row] = static_cast<std::int32_t>(value);
  } else {
    frame.Out<std::int64_t>()[row] = value;
  }
}

/// f(row) for every row; NULL rows may hold anything.
template <class F>
Status Fill(KernelFrame& frame, F f) {
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    WriteInteger(frame, row, f(row));
  }
  return OkStatus();
}

LocalTime AddInterval(LocalTime time, const DataType& interval, std::int64_t value) {
  return interval.kind() == TypeKind::kIntervalYearMonth ? AddMonths(time, value)
                                                         : AddMillis(time, value);
}

/// time + sign * interval, where the interval is argument 1 - time_at.
Kernel AddKernel(std::size_t time_at, std::int64_t sign, const CallTypes& types) {
  const DataType interval = types.arguments[1 - time_at];
  const bool plain = types.arguments[time_at].kind() == TypeKind::kTimestamp &&
                     interval.kind() == TypeKind::kIntervalDayTime;
  if (plain) {
    const std::int64_t units = columnar::TimestampUnitsPerSecond(types.result) / 1'000 * sign;
    return [time_at, units](KernelFrame& frame) {
      const Column& time = frame.argument(time_at);
      const Column& interval_column = frame.argument(1 - time_at);
      const std::int64_t* a = time.Values<std::int64_t>().data();
      const std::int64_t* b = interval_column.Values<std::int64_t>().data();
      auto* out = frame.Out<std::int64_t>();
      for (std::size_t row = 0; row < frame.row_count(); ++row) {
        const std::int64_t step =
            Wrap(b[row * interval_column.stride()], units, std::multiplies<>());
        out[row] = Wrap(a[row * time.stride()], step, std::plus<>());
      }
      return OkStatus();
    };
  }
  return [time_at, sign, interval](KernelFrame& frame) {
    const TimeReader time(frame.argument(time_at), *frame.context().zone);
    const TimeCodec codec(frame.result_type(), *frame.context().zone);
    const IntegerReader step(frame.argument(1 - time_at));
    // A moment moves by seconds that pass, not by what clocks show.
    const bool moment = frame.result_type().kind() == TypeKind::kTimestampLtz &&
                        interval.kind() == TypeKind::kIntervalDayTime;
    if (moment) {
      const std::int64_t units = columnar::TimestampUnitsPerSecond(frame.result_type()) / 1'000;
      return Fill(frame, [&](std::size_t row) {
        return Wrap(
            time.Value(row), Wrap(step(row), units * sign, std::multiplies<>()), std::plus<>());
      });
    }
    return Fill(frame, [&](std::size_t row) {
      return codec.Write(AddInterval(time(row), interval, sign * step(row)));
    });
  };
}

Kernel DifferenceKernel() {
  return [](KernelFrame& frame) {
    const TimeReader a(frame.argument(0), *frame.context().zone);
    const TimeReader b(frame.argument(1), *frame.context().zone);
    return Fill(frame, [&](std::size_t row) {
      return UnitsBetween(TimeUnit::kMillisecond, b(row), a(row));
    });
  };
}

CallTypes TypesOf(std::span<const DataType> arguments, const DataType& result) {
  return {{arguments.begin(), arguments.end()}, result.WithNullable(AnyNullable(arguments))};
}

StatusOr<CallTypes> AdditiveTypes(char op, std::span<const DataType> arguments) {
  const DataType& a = arguments[0];
  const DataType& b = arguments[1];
  if (IsTime(a) && IsInterval(b)) {
    return TypesOf(arguments, a);
  }
  if (op == '+' && IsInterval(a) && IsTime(b)) {
    return TypesOf(arguments, b);
  }
  if (IsInterval(a) && a.kind() == b.kind()) {
    return TypesOf(arguments, a);
  }
  if (op == '-' && IsTime(a) && IsTime(b)) {
    const auto common = CommonType(arguments);
    if (common.has_value()) {
      CallTypes types = TypesOf(arguments, DataType::IntervalDayTime());
      types.arguments = {common->WithNullable(a.nullable()), common->WithNullable(b.nullable())};
      return types;
    }
  }
  return InvalidArgument("a time and an interval, or two of a kind");
}

/// The number becomes a BIGINT, or a DOUBLE when it is no integer.
DataType FactorType(const DataType& number) {
  return (number.IsInteger() ? DataType::BigInt() : DataType::Double())
      .WithNullable(number.nullable());
}

StatusOr<CallTypes> MultiplicativeTypes(char op, std::span<const DataType> arguments) {
  const std::size_t interval_at = IsInterval(arguments[0]) ? 0 : 1;
  if (!IsInterval(arguments[interval_at]) || !IsNumeric(arguments[1 - interval_at]) ||
      (op == '/' && interval_at == 1)) {
    return InvalidArgument("an interval and a number");
  }
  CallTypes types = TypesOf(arguments, arguments[interval_at]);
  types.arguments[1 - interval_at] = FactorType(arguments[1 - interval_at]);
  return types;
}

Kernel ScaleKernel(char op, const CallTypes& types) {
  const std::size_t interval_at = IsInterval(types.arguments[0]) ? 0 : 1;
  const bool real = types.arguments[1 - interval_at].kind() == TypeKind::kDouble;
  return [op, interval_at, real](KernelFrame& frame) -> Status {
    const IntegerReader interval(frame.argument(interval_at));
    const Column& factor = frame.argument(1 - interval_at);
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      const std::size_t at = row * factor.stride();
      const double real_factor = real ? factor.Values<double>()[at]
                                      : static_cast<double>(factor.Values<std::int64_t>()[at]);
      if (op == '/' && real_factor == 0 && frame.IsLive(row)) {
        return frame.Fail(row, "Division by zero");
      }
      std::int64_t value = 0;
      if (real) {
        const double scaled = op == '*' ? static_cast<double>(interval(row)) * real_factor
                                        : static_cast<double>(interval(row)) / real_factor;
        constexpr double kBound = 9.2e18;
        value = scaled > -kBound && scaled < kBound ? static_cast<std::int64_t>(scaled) : 0;
      } else {
        const std::int64_t whole = factor.Values<std::int64_t>()[at];
        value = op == '*'     ? Wrap(interval(row), whole, std::multiplies<>())
                : whole == 0  ? 0
                : whole == -1 ? Wrap(std::int64_t{0}, interval(row), std::minus<>())
                              : interval(row) / whole;
      }
      WriteInteger(frame, row, value);
    }
    return OkStatus();
  };
}

}  // namespace

std::optional<StatusOr<CallTypes>> TimeOperatorTypes(char op, std::span<const DataType> arguments) {
  bool concerned = false;
  for (const DataType& argument : arguments) {
    concerned |= IsTime(argument) || IsInterval(argument);
  }
  if (!concerned) {
    return std::nullopt;
  }
  return op == '+' || op == '-' ? AdditiveTypes(op, arguments) : MultiplicativeTypes(op, arguments);
}

Kernel BindTimeOperator(char op, const CallTypes& types) {
  if (op == '*' || op == '/') {
    return ScaleKernel(op, types);
  }
  const std::int64_t sign = op == '-' ? -1 : 1;
  if (IsTime(types.arguments[0]) && IsTime(types.arguments[1])) {
    return DifferenceKernel();
  }
  if (IsTime(types.arguments[0])) {
    return AddKernel(0, sign, types);
  }
  if (IsTime(types.arguments[1])) {
    return AddKernel(1, sign, types);
  }
  return [sign](KernelFrame& frame) {
    const IntegerReader a(frame.argument(0));
    const IntegerReader b(frame.argument(1));
    return Fill(frame, [&](std::size_t row) {
      return Wrap(a(row), Wrap(b(row), sign, std::multiplies<>()), std::plus<>());
    });
  };
}

StatusOr<CallTypes> TimeRoundingTypes(std::span<const DataType> arguments) {
  if (!IsTime(arguments[0]) || !arguments[1].IsCharacter()) {
    return InvalidArgument("it takes a number, or a date, time or timestamp and a unit");
  }
  return CallTypes{{arguments.begin(), arguments.end()}, arguments[0]};
}

StatusOr<Kernel> BindTimeRounding(const BindInput& input, bool up) {
  ASSIGN_OR_RETURN(const TimeUnit unit, UnitOf(input.constants[1]));
  if (unit >= TimeUnit::kEpoch) {
    return InvalidArgument("Nothing can be rounded to this unit of time");
  }
  return Kernel([unit, up](KernelFrame& frame) {
    const TimeReader time(frame.argument(0), *frame.context().zone);
    const TimeCodec codec(frame.result_type(), *frame.context().zone);
    return Fill(frame, [&](std::size_t row) { return codec.Write(RoundTo(unit, time(row), up)); });
  });
}

namespace {

StatusOr<CallTypes> TimestampAddTypes(std::span<const DataType> arguments,
                                      const DataType& /*wanted*/) {
  if (!arguments[0].IsCharacter() || !arguments[1].IsInteger() || !IsTime(arguments[2])) {
    return InvalidArgument("it takes a unit, an integer and a date, time or timestamp");
  }
  return CallTypes{
      {arguments[0], DataType::BigInt().WithNullable(arguments[1].nullable()), arguments[2]},
      arguments[2].WithNullable(arguments[1].nullable() || arguments[2].nullable())};
}

StatusOr<Kernel> BindTimestampAdd(const BindInput& input) {
  ASSIGN_OR_RETURN(const TimeUnit unit, UnitOf(input.constants[0]));
  return Kernel([unit](KernelFrame& frame) {
    const TimeReader time(frame.argument(2), *frame.context().zone);
    const TimeCodec codec(frame.result_type(), *frame.context().zone);
    const IntegerReader count(frame.argument(1));
    return Fill(
        frame, [&](std::size_t row) { return codec.Write(AddUnits(unit, time(row), count(row))); });
  });
}

StatusOr<CallTypes> TimestampDiffTypes(std::span<const DataType> arguments,
                                       const DataType& /*wanted*/) {
  if (!arguments[0].IsCharacter() || !IsTime(arguments[1]) || !IsTime(arguments[2]) ||
      (arguments[1].kind() == TypeKind::kTime) != (arguments[2].kind() == TypeKind::kTime)) {
    return InvalidArgument("it takes a unit and two dates or timestamps");
  }
  return CallTypes{
      {arguments.begin(), arguments.end()},
      DataType::Int().WithNullable(arguments[1].nullable() || arguments[2].nullable())};
}

StatusOr<Kernel> BindTimestampDiff(const BindInput& input) {
  ASSIGN_OR_RETURN(const TimeUnit unit, UnitOf(input.constants[0]));
  return Kernel([unit](KernelFrame& frame) {
    const TimeReader from(frame.argument(1), *frame.context().zone);
    const TimeReader to(frame.argument(2), *frame.context().zone);
    return Fill(frame, [&](std::size_t row) { return UnitsBetween(unit, from(row), to(row)); });
  });
}

StatusOr<CallTypes> OverlapsTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  for (const std::size_t start : {0, 2}) {
    if (!IsTime(arguments[start]) ||
        (!IsTime(arguments[start + 1]) && !IsInterval(arguments[start + 1]))) {
      return InvalidArgument("each side is a time and a time or interval");
    }
  }
  if ((arguments[0].kind() == TypeKind::kTime) != (arguments[2].kind() == TypeKind::kTime)) {
    return InvalidArgument("times of day and others do not go together");
  }
  return CallTypes{{arguments.begin(), arguments.end()},
                   DataType::Boolean().WithNullable(AnyNullable(arguments))};
}

/// Start and end of one side, in order.
std::pair<LocalTime, LocalTime> SpanAt(const KernelFrame& frame,
                                       std::size_t side,
                                       std::size_t row) {
  const TimeZone& zone = *frame.context().zone;
  const Column& second = frame.argument(side + 1);
  const LocalTime start = TimeReader(frame.argument(side), zone)(row);
  const LocalTime end = IsInterval(second.type())
                            ? AddInterval(start, second.type(), IntegerReader(second)(row))
                            : TimeReader(second, zone)(row);
  return Compare(start, end) <= 0 ? std::pair(start, end) : std::pair(end, start);
}

Status RunOverlaps(KernelFrame& frame) {
  auto* out = frame.Out<std::uint8_t>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    const auto [a_start, a_end] = SpanAt(frame, 0, row);
    const auto [b_start, b_end] = SpanAt(frame, 2, row);
    out[row] = Compare(a_start, b_end) <= 0 && Compare(b_start, a_end) <= 0;
  }
  return OkStatus();
}

}  // namespace

std::span<const ScalarFunction> TimeArithmeticFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"TIMESTAMPADD",
       "TIMESTAMPADD(unit, count, time)",
       "The time so many units later; a DATE stays one.",
       3,
       3,
       NullRule::kPropagate,
       Evaluation::kStrict,
       TimestampAddTypes,
       BindTimestampAdd},
      {"TIMESTAMPDIFF",
       "TIMESTAMPDIFF(unit, from, to)",
       "How many whole units lie between the two times.",
       3,
       3,
       NullRule::kPropagate,
       Evaluation::kStrict,
       TimestampDiffTypes,
       BindTimestampDiff},
      {"OVERLAPS",
       "(start, end) OVERLAPS (start, end)",
       "Whether the two spans have a moment in common; an end may be an interval.",
       4,
       4,
       NullRule::kPropagate,
       Evaluation::kStrict,
       OverlapsTypes,
       [](const BindInput& /*input*/) -> StatusOr<Kernel> { return Kernel(RunOverlaps); }},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
