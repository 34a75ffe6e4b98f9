// SPDX-License-Identifier: Apache-2.0
//
// CAST. Numbers narrow as in Java (integers wrap, floating point saturates, NaN becomes 0), text
// must be readable, a DECIMAL that does not fit becomes NULL. Text, times and nested types have
// files of their own.
#include "runtime/expr/cast.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

#include "columnar/decimal.h"
#include "runtime/expr/cast_text.h"
#include "runtime/expr/cast_time.h"
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

bool IsInterval(const DataType& type) {
  return type.kind() == TypeKind::kIntervalYearMonth || type.kind() == TypeKind::kIntervalDayTime;
}

/// Intervals are numbers of months or milliseconds.
bool IsIntervalCast(const DataType& from, const DataType& to) {
  return (IsInterval(from) && to.IsInteger()) || (from.IsInteger() && IsInterval(to));
}

bool IsNumberCast(const DataType& from, const DataType& to) {
  const bool from_number = IsNumeric(from) || from.kind() == TypeKind::kBoolean;
  const bool to_number = IsNumeric(to) || to.kind() == TypeKind::kBoolean;
  return from_number && to_number;
}

StatusOr<CallTypes> CastTypes(std::span<const DataType> arguments, const DataType& wanted) {
  if (!CanCast(arguments[0], wanted)) {
    return InvalidArgument("no cast to " + wanted.ToString());
  }
  // A decimal may come out as NULL where digits do not fit.
  const bool may_overflow = wanted.kind() == TypeKind::kDecimal && !SameType(arguments[0], wanted);
  return CallTypes{{arguments[0]}, wanted.WithNullable(arguments[0].nullable() || may_overflow)};
}

StatusOr<CallTypes> TryCastTypes(std::span<const DataType> arguments, const DataType& wanted) {
  ASSIGN_OR_RETURN(CallTypes types, CastTypes(arguments, wanted));
  types.result = types.result.Nullable();
  return types;
}

StatusOr<CallTypes> TypeOfTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  return CallTypes{{arguments[0]}, DataType::String().NotNull()};
}

StatusOr<Kernel> BindTypeOf(const BindInput& input) {
  return Kernel([text = input.types.arguments[0].ToString()](KernelFrame& frame) {
    auto* out = frame.Out<columnar::StringRef>();
    std::fill_n(out, frame.row_count(), frame.heap().Add(text));
    return OkStatus();
  });
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

Kernel PassThrough() {
  return [](KernelFrame& frame) {
    frame.SetResult(columnar::WithType(frame.argument_ptr(0), frame.result_type()));
    return OkStatus();
  };
}

template <OnBadValue bad>
StatusOr<Kernel> BindCastCall(const BindInput& input) {
  return BindCast(input.types.arguments[0], input.types.result, bad);
}

}  // namespace

bool CanCast(const DataType& from, const DataType& to) {
  return SameType(from, to) || IsNumberCast(from, to) || IsIntervalCast(from, to) ||
         CanCastText(from, to) || CanCastTime(from, to) || CanCastNested(from, to);
}

Kernel BindCast(const DataType& from, const DataType& to, OnBadValue bad) {
  if (SameType(from, to)) {
    return PassThrough();
  }
  if (CanCastText(from, to)) {
    return BindTextCast(from, to, bad);
  }
  if (CanCastTime(from, to)) {
    return BindTimeCast(from, to);
  }
  if (from.kind() >= TypeKind::kRow) {
    return BindNestedCast(from, to, bad);
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

StatusOr<columnar::ColumnPtr> ApplyCast(const Kernel& cast,
                                        const columnar::ColumnPtr& column,
                                        const DataType& to,
                                        const EvaluationContext& context) {
  const columnar::ColumnPtr argument = columnar::Flatten(column);
  KernelFrame frame({&argument, 1}, argument->length(), to, NullRule::kPropagate, context);
  RETURN_IF_ERROR(cast(frame));
  return frame.Finish();
}

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
       BindCastCall<OnBadValue::kError>},
      {"TRY_CAST",
       "TRY_CAST(value AS type)",
       "The value in another type; NULL when it is text that cannot be read.",
       1,
       1,
       NullRule::kPropagate,
       Evaluation::kStrict,
       TryCastTypes,
       BindCastCall<OnBadValue::kNull>},
      {"TYPEOF",
       "TYPEOF(value)",
       "The type of the value, as text.",
       1,
       1,
       NullRule::kOwn,
       Evaluation::kCheap,
       TypeOfTypes,
       BindTypeOf},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
