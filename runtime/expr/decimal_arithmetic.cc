// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/decimal_arithmetic.h"

#include <cstdint>
#include <optional>
#include <type_traits>

#include "columnar/decimal.h"
#include "runtime/expr/type_rules.h"
#include "runtime/expr/visit.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::DecimalSpec;
using columnar::Int128;
using columnar::Scaled;

DecimalSpec ResultSpec(DecimalOperator op, DecimalSpec a, DecimalSpec b) {
  switch (op) {
    case DecimalOperator::kAdd:
    case DecimalOperator::kSubtract:
      return columnar::AddSpec(a, b);
    case DecimalOperator::kMultiply:
      return columnar::MultiplySpec(a, b);
    case DecimalOperator::kDivide:
      return columnar::DivideSpec(a, b);
    case DecimalOperator::kModulo:
      return columnar::ModuloSpec(a, b);
  }
  return {};
}

struct Specs {
  DecimalSpec a;
  DecimalSpec b;
  DecimalSpec result;
};

template <DecimalOperator op>
std::optional<Int128> Apply(Int128 a, Int128 b, const Specs& specs) {
  const Scaled x{a, specs.a.scale};
  const Scaled y{b, specs.b.scale};
  if constexpr (op == DecimalOperator::kAdd) {
    return columnar::DecimalAdd(x, y, specs.result);
  } else if constexpr (op == DecimalOperator::kSubtract) {
    return columnar::DecimalSubtract(x, y, specs.result);
  } else if constexpr (op == DecimalOperator::kMultiply) {
    return columnar::DecimalMultiply(x, y, specs.result);
  } else if constexpr (op == DecimalOperator::kDivide) {
    return columnar::DecimalDivide(x, y, specs.result);
  } else {
    return columnar::DecimalModulo(x, y, specs.result);
  }
}

/// The product of two short decimals at its natural scale cannot overflow: no rounding, no NULL.
template <DecimalOperator op, class A, class B>
bool IsPlainProduct(const Specs& specs) {
  return op == DecimalOperator::kMultiply && sizeof(A) == 8 && sizeof(B) == 8 &&
         specs.result.scale == specs.a.scale + specs.b.scale &&
         specs.result.precision >= specs.a.precision + specs.b.precision;
}

template <DecimalOperator op, class A, class B, class R>
Status Run(KernelFrame& frame, const Specs& specs) {
  if (IsPlainProduct<op, A, B>(specs)) {
    BinaryLoop<A, B, R>(frame, [](A a, B b) { return static_cast<R>(Int128{a} * b); });
    return OkStatus();
  }
  const columnar::Column& left = frame.argument(0);
  const columnar::Column& right = frame.argument(1);
  const A* a = left.Values<A>().data();
  const B* b = right.Values<B>().data();
  R* out = frame.Out<R>();
  constexpr bool kDivides = op == DecimalOperator::kDivide || op == DecimalOperator::kModulo;
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    const B divisor = b[row * right.stride()];
    out[row] = 0;
    if (!frame.IsLive(row)) {
      continue;
    }
    if (kDivides && divisor == 0) {
      return frame.Fail(row, "Division by zero");
    }
    const std::optional<Int128> value = Apply<op>(a[row * left.stride()], divisor, specs);
    if (value.has_value()) {
      out[row] = static_cast<R>(*value);
    } else {
      frame.SetNull(row);
    }
  }
  return OkStatus();
}

template <DecimalOperator op>
Kernel Bind(const CallTypes& types) {
  const Specs specs{DecimalSpecOf(types.arguments[0]),
                    DecimalSpecOf(types.arguments[1]),
                    DecimalSpecOf(types.result)};
  return VisitDecimal(types.arguments[0].physical(), [&](auto a) {
    return VisitDecimal(types.arguments[1].physical(), [&](auto b) {
      return VisitDecimal(types.result.physical(), [&](auto r) -> Kernel {
        return [specs](KernelFrame& frame) {
          return Run<op, decltype(a), decltype(b), decltype(r)>(frame, specs);
        };
      });
    });
  });
}

}  // namespace

CallTypes DecimalCallTypes(DecimalOperator op, std::span<const DataType> arguments) {
  const DecimalSpec a = DecimalSpecOf(arguments[0]);
  const DecimalSpec b = DecimalSpecOf(arguments[1]);
  const DecimalSpec result = ResultSpec(op, a, b);
  return {{DataType::Decimal(a.precision, a.scale).WithNullable(arguments[0].nullable()),
           DataType::Decimal(b.precision, b.scale).WithNullable(arguments[1].nullable())},
          DataType::Decimal(result.precision, result.scale)};
}

Kernel BindDecimal(DecimalOperator op, const CallTypes& types) {
  switch (op) {
    case DecimalOperator::kAdd:
      return Bind<DecimalOperator::kAdd>(types);
    case DecimalOperator::kSubtract:
      return Bind<DecimalOperator::kSubtract>(types);
    case DecimalOperator::kMultiply:
      return Bind<DecimalOperator::kMultiply>(types);
    case DecimalOperator::kDivide:
      return Bind<DecimalOperator::kDivide>(types);
    case DecimalOperator::kModulo:
      break;
  }
  return Bind<DecimalOperator::kModulo>(types);
}

}  // namespace thalweg::runtime
