// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_VISIT_H_
#define THALWEG_RUNTIME_EXPR_VISIT_H_

#include <cstdint>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "columnar/int128.h"
#include "columnar/type.h"

// From a physical type to a C++ type, once per plan or batch: f(T{}) with the type that
// Column::Values() wants.
namespace thalweg::runtime {

/// REQUIRES: one of kInt8 to kInt64.
template <class F>
auto VisitInteger(columnar::Physical physical, F&& f) {
  switch (physical) {
    case columnar::Physical::kInt8:
      return f(std::int8_t{});
    case columnar::Physical::kInt16:
      return f(std::int16_t{});
    case columnar::Physical::kInt32:
      return f(std::int32_t{});
    default:
      CHECK(physical == columnar::Physical::kInt64);
      return f(std::int64_t{});
  }
}

/// REQUIRES: one of kInt8 to kInt64, kFloat, kDouble.
template <class F>
auto VisitNumber(columnar::Physical physical, F&& f) {
  switch (physical) {
    case columnar::Physical::kFloat:
      return f(float{});
    case columnar::Physical::kDouble:
      return f(double{});
    default:
      return VisitInteger(physical, std::forward<F>(f));
  }
}

/// How a DECIMAL lies: kInt64 or kInt128.
template <class F>
auto VisitDecimal(columnar::Physical physical, F&& f) {
  if (physical == columnar::Physical::kInt64) {
    return f(std::int64_t{});
  }
  CHECK(physical == columnar::Physical::kInt128);
  return f(columnar::Int128{});
}

/// Every type of fixed width, by what it is compared as. REQUIRES: neither string nor nested.
template <class F>
auto VisitFixed(columnar::Physical physical, F&& f) {
  switch (physical) {
    case columnar::Physical::kBool:
      return f(std::uint8_t{});
    case columnar::Physical::kInt128:
      return f(columnar::Int128{});
    default:
      return VisitNumber(physical, std::forward<F>(f));
  }
}

/// Two's complement arithmetic that wraps, as in Java: done on the unsigned twin.
template <class T, class Op>
T Wrap(T a, T b, Op op) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<U>(op(static_cast<U>(a), static_cast<U>(b))));
}

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_VISIT_H_
