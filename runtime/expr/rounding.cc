// SPDX-License-Identifier: Apache-2.0
//
// CEIL, FLOOR, ROUND, TRUNCATE, SIGN and the minus in front. Decimals and integers stay exact;
// reals are rounded by their shortest decimal digits, so that 2.675 at two digits is 2.68.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>

#include "columnar/decimal.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/time_arithmetic.h"
#include "runtime/expr/type_rules.h"
#include "runtime/expr/visit.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::Int128;
using columnar::PowerOfTen;
using columnar::TypeKind;

enum class Mode { kFloor, kCeil, kHalfUp, kTruncate };

Int128 DivideRounded(Int128 value, Int128 unit, Mode mode) {
  const Int128 quotient = value / unit;
  const Int128 rest = value % unit;
  if (rest == 0) {
    return quotient;
  }
  switch (mode) {
    case Mode::kFloor:
      return quotient - (rest < 0 ? 1 : 0);
    case Mode::kCeil:
      return quotient + (rest > 0 ? 1 : 0);
    case Mode::kHalfUp: {
      const Int128 magnitude = rest < 0 ? -rest : rest;
      const bool away = magnitude >= unit - magnitude;
      return quotient + (away ? (rest < 0 ? -1 : 1) : 0);
    }
    case Mode::kTruncate:
      break;
  }
  return quotient;
}

constexpr int kMaxDigits = 38;

/// The value at `scale` rounded to `digits` behind the point, at scale `to_scale`; nullopt: too
/// large.
std::optional<Int128> RoundDecimal(
    Int128 value, int scale, std::int64_t digits, int to_scale, Mode mode) {
  const std::int64_t dropped = scale - digits;
  Int128 rounded = value;
  int rounded_scale = scale;
  if (dropped > kMaxDigits) {
    return 0;
  }
  if (dropped > 0) {
    const Int128 unit = PowerOfTen(static_cast<int>(dropped));
    rounded = DivideRounded(value, unit, mode);
    rounded_scale = static_cast<int>(digits);
  }
  const int shift = to_scale - rounded_scale;
  if (rounded == 0) {
    return 0;
  }
  if (shift > kMaxDigits || shift < 0) {
    return std::nullopt;
  }
  Int128 result = 0;
  if (__builtin_mul_overflow(rounded, PowerOfTen(shift), &result)) {
    return std::nullopt;
  }
  return result;
}

double RoundReal(double value, std::int64_t digits, Mode mode) {
  if (!std::isfinite(value) || value == 0) {
    return value;
  }
  // 17 digits tell a double apart; more would be made up.
  constexpr int kScale = 18;
  const auto exact = columnar::DecimalFromDouble(value, {kMaxDigits, kScale});
  if (!exact.has_value()) {
    return value;  // Larger than any digit behind the point could matter for.
  }
  const std::int64_t kept = std::min<std::int64_t>(digits, kScale);
  const auto rounded = RoundDecimal(*exact, kScale, kept, kScale, mode);
  return rounded.has_value() ? columnar::DecimalToDouble({*rounded, kScale}) : value;
}

// CEIL and FLOOR of numbers, or of times to a unit.

StatusOr<CallTypes> WholeTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (arguments.size() == 2) {
    return TimeRoundingTypes(arguments);
  }
  const DataType& type = arguments[0];
  if (!IsNumeric(type)) {
    return InvalidArgument("it takes a number, or a date, time or timestamp and a unit");
  }
  if (type.kind() == TypeKind::kDecimal) {
    // One digit more, for 9.5 to become 10.
    const int precision = std::min(type.precision() - type.scale() + 1, kMaxDigits);
    return CallTypes{{type},
                     DataType::Decimal(type.scale() == 0 ? type.precision() : precision, 0)
                         .WithNullable(type.nullable())};
  }
  return CallTypes{{type}, type};
}

template <Mode mode>
StatusOr<Kernel> BindWhole(const BindInput& input) {
  if (input.types.arguments.size() == 2) {
    return BindTimeRounding(input, mode == Mode::kCeil);
  }
  const DataType& type = input.types.arguments[0];
  if (type.IsInteger()) {
    return Kernel([](KernelFrame& frame) {
      frame.SetResult(frame.argument_ptr(0));
      return OkStatus();
    });
  }
  if (type.kind() == TypeKind::kDecimal) {
    const Int128 unit = PowerOfTen(type.scale());
    return VisitDecimal(type.physical(), [&](auto a) {
      return VisitDecimal(input.types.result.physical(), [&](auto r) -> Kernel {
        using R = decltype(r);
        return [unit](KernelFrame& frame) {
          UnaryLoop<decltype(a), R>(frame, [unit](auto value) {
            return static_cast<R>(DivideRounded(value, unit, mode));
          });
          return OkStatus();
        };
      });
    });
  }
  return VisitNumber(type.physical(), [](auto t) -> Kernel {
    using T = decltype(t);
    return [](KernelFrame& frame) {
      UnaryLoop<T, T>(frame, [](T value) {
        if constexpr (std::is_floating_point_v<T>) {
          return mode == Mode::kCeil ? std::ceil(value) : std::floor(value);
        } else {
          return value;
        }
      });
      return OkStatus();
    };
  });
}

// ROUND and TRUNCATE.

StatusOr<CallTypes> RoundTypes(std::span<const DataType> arguments, const DataType& wanted) {
  const DataType& type = arguments[0];
  if (!IsNumeric(type) || (arguments.size() == 2 && !arguments[1].IsInteger())) {
    return InvalidArgument("it takes a number and how many digits are left");
  }
  CallTypes types{{type}, type.WithNullable(AnyNullable(arguments))};
  if (arguments.size() == 2) {
    types.arguments.push_back(DataType::BigInt().WithNullable(arguments[1].nullable()));
  }
  if (type.kind() == TypeKind::kFloat) {
    types.arguments[0] = DataType::Double().WithNullable(type.nullable());
    types.result = DataType::Double().WithNullable(AnyNullable(arguments));
  }
  if (type.kind() == TypeKind::kDecimal) {
    if (arguments.size() == 1) {
      types.result = RoundedDecimal(type, 0);
    } else {
      types.result =
          wanted.kind() == TypeKind::kDecimal ? wanted : RoundedDecimal(type, type.scale());
    }
    types.result = types.result.Nullable();
  }
  return types;
}

std::int64_t DigitsAt(const KernelFrame& frame, std::size_t row) {
  if (frame.argument_count() < 2) {
    return 0;
  }
  const Column& column = frame.argument(1);
  return std::clamp<std::int64_t>(
      column.Values<std::int64_t>()[row * column.stride()], -1'000, 1'000);
}

template <Mode mode, class A, class R>
Status RoundExact(KernelFrame& frame, int scale, int to_scale, int precision) {
  const Column& column = frame.argument(0);
  const A* values = column.Values<A>().data();
  R* out = frame.Out<R>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    const auto rounded =
        RoundDecimal(values[row * column.stride()], scale, DigitsAt(frame, row), to_scale, mode);
    const bool fits =
        rounded.has_value() && (precision == 0 || columnar::FitsPrecision(*rounded, precision));
    out[row] = fits ? static_cast<R>(*rounded) : R{0};
    if (!fits && frame.IsLive(row)) {
      frame.SetNull(row);
    }
  }
  return OkStatus();
}

template <Mode mode>
StatusOr<Kernel> BindRound(const BindInput& input) {
  const DataType& type = input.types.arguments[0];
  const DataType& result = input.types.result;
  if (type.kind() == TypeKind::kDouble) {
    return Kernel([](KernelFrame& frame) {
      const Column& column = frame.argument(0);
      const double* values = column.Values<double>().data();
      auto* out = frame.Out<double>();
      for (std::size_t row = 0; row < frame.row_count(); ++row) {
        out[row] = RoundReal(values[row * column.stride()], DigitsAt(frame, row), mode);
      }
      return OkStatus();
    });
  }
  if (type.kind() == TypeKind::kDecimal) {
    return VisitDecimal(type.physical(), [&](auto a) {
      return VisitDecimal(result.physical(), [&](auto r) -> Kernel {
        return [scale = type.scale(), to_scale = result.scale(), digits = result.precision()](
                   KernelFrame& frame) {
          return RoundExact<mode, decltype(a), decltype(r)>(frame, scale, to_scale, digits);
        };
      });
    });
  }
  return VisitInteger(type.physical(), [](auto t) -> Kernel {
    return [](KernelFrame& frame) {
      return RoundExact<mode, decltype(t), decltype(t)>(frame, 0, 0, 0);
    };
  });
}

// SIGN and the minus.

StatusOr<CallTypes> SameNumber(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (!IsNumeric(arguments[0])) {
    return InvalidArgument("it must be a number");
  }
  return CallTypes{{arguments[0]}, arguments[0]};
}

StatusOr<CallTypes> SignedTypes(std::span<const DataType> arguments, const DataType& wanted) {
  const TypeKind kind = arguments[0].kind();
  if (kind == TypeKind::kIntervalDayTime || kind == TypeKind::kIntervalYearMonth) {
    return CallTypes{{arguments[0]}, arguments[0]};
  }
  return SameNumber(arguments, wanted);
}

/// f(value) of the same type, for all that lie as numbers.
template <class F>
Kernel SameTypeKernel(const DataType& type, F f) {
  return VisitFixed(type.physical(), [f](auto t) -> Kernel {
    using T = decltype(t);
    return [f](KernelFrame& frame) {
      UnaryLoop<T, T>(frame, [f](T value) { return static_cast<T>(f(value)); });
      return OkStatus();
    };
  });
}

StatusOr<Kernel> BindSign(const BindInput& input) {
  const DataType& type = input.types.arguments[0];
  const Int128 one = type.kind() == TypeKind::kDecimal ? PowerOfTen(type.scale()) : 1;
  return SameTypeKernel(type, [one](auto value) {
    using T = decltype(value);
    if constexpr (std::is_floating_point_v<T>) {
      return value > 0 ? T{1} : value < 0 ? T{-1} : value;
    } else {
      return static_cast<T>(value > 0 ? one : value < 0 ? -one : Int128{0});
    }
  });
}

StatusOr<Kernel> BindNegate(const BindInput& input) {
  return SameTypeKernel(input.types.arguments[0], [](auto value) {
    using T = decltype(value);
    if constexpr (std::is_floating_point_v<T> || sizeof(T) == 16) {
      return -value;
    } else {
      return Wrap(T{0}, value, std::minus<>());
    }
  });
}

constexpr ScalarFunction Rounding(std::string_view name,
                                  std::string_view signature,
                                  std::string_view documentation,
                                  std::uint32_t max_arguments,
                                  TypeRule types,
                                  Binder bind) {
  return {name,
          signature,
          documentation,
          1,
          max_arguments,
          NullRule::kPropagate,
          Evaluation::kStrict,
          types,
          bind};
}

}  // namespace

DataType RoundedDecimal(const DataType& type, std::int64_t digits) {
  const int precision = type.precision();
  const int scale = type.scale();
  if (digits >= scale) {
    return type;
  }
  if (digits < 0) {
    return DataType::Decimal(std::min(1 + precision - scale, kMaxDigits), 0)
        .WithNullable(type.nullable());
  }
  const int left = static_cast<int>(digits);
  return DataType::Decimal(1 + precision - scale + left, left).WithNullable(type.nullable());
}

std::span<const ScalarFunction> RoundingFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      Rounding("NEGATE",
               "-number",
               "The number, or interval, with the other sign. The least integer stays as it is.",
               1,
               SignedTypes,
               BindNegate),
      Rounding(
          "SIGN", "SIGN(number)", "1, 0 or -1, in the number's type.", 1, SameNumber, BindSign),
      Rounding("CEIL",
               "CEIL(number), CEIL(time TO unit)",
               "The least whole number, or start of a unit of time, that is not less.",
               2,
               WholeTypes,
               BindWhole<Mode::kCeil>),
      Rounding("FLOOR",
               "FLOOR(number), FLOOR(time TO unit)",
               "The greatest whole number, or start of a unit of time, that is not greater.",
               2,
               WholeTypes,
               BindWhole<Mode::kFloor>),
      Rounding("ROUND",
               "ROUND(number[, digits])",
               "The number with so many digits behind the point, a half away from zero.",
               2,
               RoundTypes,
               BindRound<Mode::kHalfUp>),
      Rounding("TRUNCATE",
               "TRUNCATE(number[, digits])",
               "The number with so many digits behind the point, the others cut off.",
               2,
               RoundTypes,
               BindRound<Mode::kTruncate>),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
