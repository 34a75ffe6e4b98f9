// SPDX-License-Identifier: Apache-2.0
//
// + - * / % MOD ABS over integers, FLOAT and DOUBLE. Integers wrap; x / 0 is an error for exact
// types and an infinity for others. DECIMAL has its own file.
#include <cmath>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include "runtime/expr/decimal_arithmetic.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/time_arithmetic.h"
#include "runtime/expr/type_rules.h"
#include "runtime/expr/visit.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::TypeKind;

struct Plus {
  static constexpr DecimalOperator kDecimal = DecimalOperator::kAdd;
  static constexpr char kSymbol = '+';
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      return Wrap(a, b, std::plus<>());
    } else {
      return a + b;
    }
  }
};
struct Minus {
  static constexpr DecimalOperator kDecimal = DecimalOperator::kSubtract;
  static constexpr char kSymbol = '-';
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      return Wrap(a, b, std::minus<>());
    } else {
      return a - b;
    }
  }
};
struct Times {
  static constexpr DecimalOperator kDecimal = DecimalOperator::kMultiply;
  static constexpr char kSymbol = '*';
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      // Small types would be promoted to int, where a product of two of 16 bits can overflow.
      return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
    } else {
      return a * b;
    }
  }
};
/// Integers by a non-zero divisor; -1 apart, as the least integer has no counterpart.
struct Divide {
  static constexpr DecimalOperator kDecimal = DecimalOperator::kDivide;
  static constexpr char kSymbol = '/';
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      return b == -1 ? Wrap(T{0}, a, std::minus<>()) : static_cast<T>(a / (b == 0 ? T{1} : b));
    } else {
      return a / b;
    }
  }
};
struct Remainder {
  static constexpr DecimalOperator kDecimal = DecimalOperator::kModulo;
  static constexpr char kSymbol = '%';
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      return b == -1 ? T{0} : static_cast<T>(a % (b == 0 ? T{1} : b));
    } else {
      return std::fmod(a, b);
    }
  }
};
template <class Op>
constexpr bool kDivides = std::is_same_v<Op, Divide> || std::is_same_v<Op, Remainder>;

/// Both sides are cast to one type, but decimals keep their scales.
template <class Op>
StatusOr<CallTypes> BinaryTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if constexpr (Op::kSymbol != '%') {
    if (auto types = TimeOperatorTypes(Op::kSymbol, arguments)) {
      return *std::move(types);
    }
  }
  const auto common = CommonType(arguments);
  if (!common.has_value() || !IsNumeric(*common)) {
    return InvalidArgument("both must be numbers");
  }
  if (common->kind() == TypeKind::kDecimal) {
    return DecimalCallTypes(Op::kDecimal, arguments);
  }
  // The remainder is smaller than the divisor, so it has the divisor's type.
  const bool takes_divisor = std::is_same_v<Op, Remainder> && common->IsInteger();
  const DataType result = takes_divisor ? arguments[1] : *common;
  return CallTypes{{common->WithNullable(arguments[0].nullable()),
                    common->WithNullable(arguments[1].nullable())},
                   result.WithNullable(common->nullable())};
}

template <class Op, class T, class R>
Status RunBinary(KernelFrame& frame) {
  if constexpr (kDivides<Op> && std::is_integral_v<T>) {
    const columnar::Column& divisor = frame.argument(1);
    const T* values = divisor.Values<T>().data();
    const auto row =
        frame.FindLive([&](std::size_t i) { return values[i * divisor.stride()] == 0; });
    if (row.has_value()) {
      return frame.Fail(*row, "Division by zero");
    }
  }
  BinaryLoop<T, T, R>(frame, [](T a, T b) { return static_cast<R>(Op()(a, b)); });
  return OkStatus();
}

template <class Op>
StatusOr<Kernel> BindBinary(const BindInput& input) {
  if constexpr (Op::kSymbol != '%') {
    if (TimeOperatorTypes(Op::kSymbol, input.types.arguments).has_value()) {
      return BindTimeOperator(Op::kSymbol, input.types);
    }
  }
  const DataType& type = input.types.arguments[0];
  if (type.kind() == TypeKind::kDecimal) {
    return BindDecimal(Op::kDecimal, input.types);
  }
  return VisitNumber(type.physical(), [&](auto t) -> Kernel {
    using T = decltype(t);
    if constexpr (std::is_same_v<Op, Remainder> && std::is_integral_v<T>) {
      return VisitInteger(input.types.result.physical(),
                          [](auto r) -> Kernel { return RunBinary<Op, T, decltype(r)>; });
    } else {
      return RunBinary<Op, T, T>;
    }
  });
}

StatusOr<CallTypes> AbsTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (!IsNumeric(arguments[0])) {
    return InvalidArgument("it must be a number");
  }
  return CallTypes{{arguments[0]}, arguments[0]};
}

template <class T>
Status RunAbs(KernelFrame& frame) {
  UnaryLoop<T, T>(frame, [](T a) {
    if constexpr (std::is_floating_point_v<T>) {
      return std::fabs(a);
    } else if constexpr (sizeof(T) == 16) {
      return a < 0 ? -a : a;  // 38 digits: never the least integer.
    } else {
      return a < 0 ? Wrap(T{0}, a, std::minus<>()) : a;
    }
  });
  return OkStatus();
}

StatusOr<Kernel> BindAbs(const BindInput& input) {
  const columnar::Physical physical = input.types.result.physical();
  if (physical == columnar::Physical::kInt128) {
    return Kernel(RunAbs<columnar::Int128>);
  }
  return VisitNumber(physical, [](auto t) -> Kernel { return RunAbs<decltype(t)>; });
}

}  // namespace

std::span<const ScalarFunction> ArithmeticFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"+",
       "number + number",
       "Sum. Integers wrap around. Also of a time and an interval, or of two intervals.",
       2,
       2,
       NullRule::kPropagate,
       Evaluation::kCheap,
       BinaryTypes<Plus>,
       BindBinary<Plus>},
      {"-",
       "number - number",
       "Difference. Integers wrap around. Also of times and intervals.",
       2,
       2,
       NullRule::kPropagate,
       Evaluation::kCheap,
       BinaryTypes<Minus>,
       BindBinary<Minus>},
      {"*",
       "number * number",
       "Product. Integers wrap around. Also of an interval and a number.",
       2,
       2,
       NullRule::kPropagate,
       Evaluation::kCheap,
       BinaryTypes<Times>,
       BindBinary<Times>},
      {"/",
       "number / number",
       "Quotient; of integers without its fraction. Zero divides FLOAT and DOUBLE only.",
       2,
       2,
       NullRule::kPropagate,
       Evaluation::kStrict,
       BinaryTypes<Divide>,
       BindBinary<Divide>},
      {"%",
       "number % number",
       "Remainder, with the sign of the dividend.",
       2,
       2,
       NullRule::kPropagate,
       Evaluation::kStrict,
       BinaryTypes<Remainder>,
       BindBinary<Remainder>},
      {"MOD",
       "MOD(number, number)",
       "Remainder, with the sign of the dividend.",
       2,
       2,
       NullRule::kPropagate,
       Evaluation::kStrict,
       BinaryTypes<Remainder>,
       BindBinary<Remainder>},
      {"ABS",
       "ABS(number)",
       "Absolute value. The least integer stays as it is.",
       1,
       1,
       NullRule::kPropagate,
       Evaluation::kCheap,
       AbsTypes,
       BindAbs},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
