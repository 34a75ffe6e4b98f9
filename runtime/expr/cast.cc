// SPDX-License-Identifier: Apache-2.0
//
// CAST. Numbers narrow as in Java (integers wrap, floating point saturates, NaN becomes 0), text
// must be readable, a DECIMAL that does not fit becomes NULL. Text has its own file.
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

#include "columnar/decimal.h"
#include "runtime/expr/cast_text.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/type_rules.h"
#include "runtime/expr/visit.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::DecimalSpec;
using columnar::Int128;
using columnar::TypeKind;

constexpr std::int64_t kMillisPerDay = 86'400'000;

bool IsTimeLike(const DataType& type) {
  return type.kind() == TypeKind::kDate || type.IsTimestamp();
}

bool CanCast(const DataType& from, const DataType& to) {
  if (SameType(from, to)) {
    return true;
  }
  const bool from_number = IsNumeric(from) || from.kind() == TypeKind::kBoolean;
  const bool to_number = IsNumeric(to) || to.kind() == TypeKind::kBoolean;
  return (from_number && to_number) || CanCastText(from, to) ||
         (IsTimeLike(from) && IsTimeLike(to)) ||
         (from.kind() == TypeKind::kTime && to.kind() == TypeKind::kTime);
}

StatusOr<CallTypes> CastTypes(std::span<const DataType> arguments, const DataType& wanted) {
  if (!CanCast(arguments[0], wanted)) {
    return InvalidArgument("no cast to " + wanted.ToString());
  }
  // A decimal may come out as NULL where digits do not fit.
  const bool may_overflow = wanted.kind() == TypeKind::kDecimal && !SameType(arguments[0], wanted);
  return CallTypes{{arguments[0]}, wanted.WithNullable(arguments[0].nullable() || may_overflow)};
}

/// Number to number, neither of them a DECIMAL.
template <class A, class R>
R Narrow(A a) {
  if constexpr (std::is_floating_point_v<A> && std::is_integral_v<R>) {
    // TINYINT and SMALLINT go by way of INT, as Java narrows.
    using Wide = std::conditional_t<sizeof(R) == 8, std::int64_t, std::int32_t>;
    if (std::isnan(a)) {
      return 0;
    }
    constexpr A kBound = static_cast<A>(std::numeric_limits<Wide>::max());
    Wide wide = static_cast<Wide>(0);
    if (a >= kBound) {
      wide = std::numeric_limits<Wide>::max();
    } else if (a <= static_cast<A>(std::numeric_limits<Wide>::min())) {
      wide = std::numeric_limits<Wide>::min();
    } else {
      wide = static_cast<Wide>(a);
    }
    return static_cast<R>(wide);
  } else {
    return static_cast<R>(a);
  }
}

Kernel BindNumber(const DataType& from, const DataType& to) {
  return VisitNumber(from.physical(), [&](auto a) {
    return VisitNumber(to.physical(), [](auto r) -> Kernel {
      using A = decltype(a);
      using R = decltype(r);
      return [](KernelFrame& frame) {
        UnaryLoop<A, R>(frame, Narrow<A, R>);
        return OkStatus();
      };
    });
  });
}

/// A loop whose rows may come out as NULL: f gives an optional Int128.
template <class A, class R, class F>
void NullingLoop(KernelFrame& frame, F f) {
  const A* a = frame.argument(0).Values<A>().data();
  R* out = frame.Out<R>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    const std::optional<Int128> value = f(a[row]);
    out[row] = static_cast<R>(value.value_or(0));
    if (!value.has_value() && frame.IsLive(row)) {
      frame.SetNull(row);
    }
  }
}

/// Integer or DECIMAL to DECIMAL.
Kernel BindExactToDecimal(const DataType& from, const DataType& to) {
  const int scale = DecimalSpecOf(from).scale;
  const DecimalSpec spec = DecimalSpecOf(to);
  const auto bind = [&](auto a) {
    return VisitDecimal(to.physical(), [&](auto r) -> Kernel {
      return [scale, spec](KernelFrame& frame) {
        NullingLoop<decltype(a), decltype(r)>(
            frame, [&](auto value) { return columnar::DecimalRescale({value, scale}, spec); });
        return OkStatus();
      };
    });
  };
  return from.kind() == TypeKind::kDecimal ? VisitDecimal(from.physical(), bind)
                                           : VisitInteger(from.physical(), bind);
}

Kernel BindRealToDecimal(const DataType& from, const DataType& to) {
  const DecimalSpec spec = DecimalSpecOf(to);
  const auto bind = [&](auto a) {
    return VisitDecimal(to.physical(), [&](auto r) -> Kernel {
      return [spec](KernelFrame& frame) {
        NullingLoop<decltype(a), decltype(r)>(
            frame, [&](auto value) { return columnar::DecimalFromDouble(value, spec); });
        return OkStatus();
      };
    });
  };
  return from.kind() == TypeKind::kFloat ? bind(float{}) : bind(double{});
}

Kernel BindDecimalToNumber(const DataType& from, const DataType& to) {
  const int scale = from.scale();
  const Int128 unit = columnar::PowerOfTen(scale);
  return VisitDecimal(from.physical(), [&](auto a) {
    return VisitNumber(to.physical(), [&](auto r) -> Kernel {
      using A = decltype(a);
      using R = decltype(r);
      return [scale, unit](KernelFrame& frame) {
        UnaryLoop<A, R>(frame, [&](A value) {
          if constexpr (std::is_floating_point_v<R>) {
            return static_cast<R>(columnar::DecimalToDouble({value, scale}));
          } else {
            return static_cast<R>(value / unit);
          }
        });
        return OkStatus();
      };
    });
  });
}

Kernel BindDecimalTarget(const DataType& from, const DataType& to) {
  if (from.kind() == TypeKind::kFloat || from.kind() == TypeKind::kDouble) {
    return BindRealToDecimal(from, to);
  }
  return BindExactToDecimal(from, to);
}

Kernel BindFromBoolean(const DataType& to) {
  if (to.kind() == TypeKind::kDecimal) {
    const DecimalSpec spec = DecimalSpecOf(to);
    return VisitDecimal(to.physical(), [&](auto r) -> Kernel {
      return [spec](KernelFrame& frame) {
        NullingLoop<std::uint8_t, decltype(r)>(
            frame, [&](std::uint8_t value) { return columnar::DecimalRescale({value, 0}, spec); });
        return OkStatus();
      };
    });
  }
  return VisitNumber(to.physical(), [](auto r) -> Kernel {
    using R = decltype(r);
    return [](KernelFrame& frame) {
      UnaryLoop<std::uint8_t, R>(frame, [](std::uint8_t a) { return static_cast<R>(a); });
      return OkStatus();
    };
  });
}

Kernel BindToBoolean(const DataType& from) {
  return VisitFixed(from.physical(), [](auto a) -> Kernel {
    using A = decltype(a);
    return [](KernelFrame& frame) {
      UnaryLoop<A, std::uint8_t>(frame,
                                 [](A value) { return static_cast<std::uint8_t>(value != 0); });
      return OkStatus();
    };
  });
}

/// DATE and timestamps among each other; LTZ values are read in UTC.
Kernel BindTime(const DataType& from, const DataType& to) {
  if (from.kind() == TypeKind::kDate) {
    return [to](KernelFrame& frame) {
      UnaryLoop<std::int32_t, std::int64_t>(
          frame, [&](std::int32_t days) { return FromEventMillis(to, days * kMillisPerDay); });
      return OkStatus();
    };
  }
  if (to.kind() == TypeKind::kDate) {
    return [from](KernelFrame& frame) {
      UnaryLoop<std::int64_t, std::int32_t>(frame, [&](std::int64_t value) {
        const EventMillis millis = ToEventMillis(from, value);
        const std::int64_t days = millis / kMillisPerDay - (millis % kMillisPerDay < 0 ? 1 : 0);
        return static_cast<std::int32_t>(days);
      });
      return OkStatus();
    };
  }
  // Units to units, then digits beyond the precision are cut off.
  const std::int64_t from_units = TimestampUnitsPerSecond(from);
  const std::int64_t to_units = TimestampUnitsPerSecond(to);
  std::int64_t grain = to_units;
  for (int digit = 0; digit < to.precision(); ++digit) {
    grain /= 10;
  }
  return [=](KernelFrame& frame) {
    UnaryLoop<std::int64_t, std::int64_t>(frame, [=](std::int64_t value) {
      const Int128 scaled = Int128{value} * to_units;
      const Int128 in_units = scaled / from_units - (scaled % from_units < 0 ? 1 : 0);
      const Int128 rest = in_units % grain;
      const Int128 result = in_units - rest - (rest < 0 ? grain : 0);
      if (result > std::numeric_limits<std::int64_t>::max()) {
        return std::numeric_limits<std::int64_t>::max();
      }
      if (result < std::numeric_limits<std::int64_t>::min()) {
        return std::numeric_limits<std::int64_t>::min();
      }
      return static_cast<std::int64_t>(result);
    });
    return OkStatus();
  };
}

Kernel PassThrough() {
  return [](KernelFrame& frame) {
    frame.SetResult(columnar::WithType(frame.argument_ptr(0), frame.result_type()));
    return OkStatus();
  };
}

StatusOr<Kernel> BindCast(const BindInput& input) {
  const DataType& from = input.types.arguments[0];
  const DataType& to = input.types.result;
  if (SameType(from, to) || (from.kind() == TypeKind::kTime && to.kind() == TypeKind::kTime)) {
    return PassThrough();
  }
  if (CanCastText(from, to)) {
    return BindTextCast(from, to);
  }
  if (IsTimeLike(from)) {
    return BindTime(from, to);
  }
  if (to.kind() == TypeKind::kBoolean) {
    return BindToBoolean(from);
  }
  if (from.kind() == TypeKind::kBoolean) {
    return BindFromBoolean(to);
  }
  if (to.kind() == TypeKind::kDecimal) {
    return BindDecimalTarget(from, to);
  }
  return from.kind() == TypeKind::kDecimal ? BindDecimalToNumber(from, to) : BindNumber(from, to);
}

}  // namespace

std::span<const ScalarFunction> CastFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"CAST",
       "CAST(value AS type)",
       "The value in another type. Text that cannot be read is an error.",
       1,
       1,
       NullRule::kPropagate,
       Evaluation::kStrict,
       CastTypes,
       BindCast},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
