// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_DECIMAL_H_
#define THALWEG_COLUMNAR_DECIMAL_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "columnar/int128.h"

// Exact decimals: an unscaled Int128 and, beside it, a precision (1 to 38) and a scale (0 to
// precision). Intermediates have 256 bits; rounding is HALF_UP (away from zero at the half);
// std::nullopt means that the result does not fit its precision, or a division by zero.
namespace thalweg::columnar {

struct DecimalSpec {
  int precision;
  int scale;

  friend bool operator==(DecimalSpec, DecimalSpec) = default;
};

/// An unscaled value with its scale.
struct Scaled {
  Int128 value;
  int scale;
};

/// 10^n for 0 <= n <= 38.
Int128 PowerOfTen(int n);
/// |value| < 10^precision.
bool FitsPrecision(Int128 value, int precision);

std::optional<Int128> DecimalAdd(Scaled a, Scaled b, DecimalSpec result);
std::optional<Int128> DecimalSubtract(Scaled a, Scaled b, DecimalSpec result);
std::optional<Int128> DecimalMultiply(Scaled a, Scaled b, DecimalSpec result);
std::optional<Int128> DecimalDivide(Scaled a, Scaled b, DecimalSpec result);
/// The remainder of the truncated quotient: it has the sign of `a`.
std::optional<Int128> DecimalModulo(Scaled a, Scaled b, DecimalSpec result);
std::optional<Int128> DecimalRescale(Scaled a, DecimalSpec result);
/// < 0, 0 or > 0, for any two scales.
int DecimalCompare(Scaled a, Scaled b);

/// Result types of the SQL operators.
DecimalSpec AddSpec(DecimalSpec a, DecimalSpec b);  // Also of subtraction.
DecimalSpec MultiplySpec(DecimalSpec a, DecimalSpec b);
DecimalSpec DivideSpec(DecimalSpec a, DecimalSpec b);
DecimalSpec ModuloSpec(DecimalSpec a, DecimalSpec b);
DecimalSpec SumSpec(DecimalSpec a);
DecimalSpec AverageSpec(DecimalSpec a);

/// Appends all `scale` fractional digits: 1200 at scale 2 is "12.00".
void AppendDecimal(Int128 value, int scale, std::string* out);
/// Plain or scientific notation; rounds HALF_UP to the scale. kInvalidArgument: no number;
/// kOutOfRange: more digits than the precision has.
StatusOr<Int128> ParseDecimal(std::string_view text, DecimalSpec spec);

/// The nearest double, and the decimal nearest to a double (nullopt: NaN, infinite or too large).
double DecimalToDouble(Scaled a);
std::optional<Int128> DecimalFromDouble(double value, DecimalSpec spec);

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_DECIMAL_H_
