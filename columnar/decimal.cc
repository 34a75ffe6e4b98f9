// SPDX-License-Identifier: Apache-2.0
#include "columnar/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/check.h"

namespace thalweg::columnar {
namespace {

constexpr int kMaxPrecision = 38;
constexpr int kMinAdjustedScale = 6;

constexpr std::array<Int128, kMaxPrecision + 1> kPowers = [] {
  std::array<Int128, kMaxPrecision + 1> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) {
    powers[i] = powers[i - 1] * 10;
  }
  return powers;
}();

UInt128 Power(int n) {
  return static_cast<UInt128>(PowerOfTen(n));
}

UInt128 Magnitude(Int128 value) {
  return value < 0 ? -static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

/// An unsigned number of 256 bits. Sums and products of two scaled decimals stay below 10^77.
struct UInt256 {
  UInt128 high = 0;
  UInt128 low = 0;

  friend auto operator<=>(const UInt256&, const UInt256&) = default;
};

UInt256 Multiply(UInt128 a, UInt128 b) {
  constexpr UInt128 kMask = ~std::uint64_t{0};
  const UInt128 low_low = (a & kMask) * (b & kMask);
  const UInt128 low_high = (a & kMask) * (b >> 64);
  const UInt128 high_low = (a >> 64) * (b & kMask);
  const UInt128 middle = (low_low >> 64) + (low_high & kMask) + (high_low & kMask);
  return {.high = (a >> 64) * (b >> 64) + (low_high >> 64) + (high_low >> 64) + (middle >> 64),
          .low = (middle << 64) | (low_low & kMask)};
}

UInt256 Add(UInt256 a, UInt256 b) {
  const UInt128 low = a.low + b.low;
  return {.high = a.high + b.high + (low < a.low ? 1 : 0), .low = low};
}

UInt256 Subtract(UInt256 a, UInt256 b) {
  return {.high = a.high - b.high - (a.low < b.low ? 1 : 0), .low = a.low - b.low};
}

struct Division {
  UInt256 quotient;
  UInt128 remainder;
};

/// REQUIRES: 0 < divisor <= 2^127.
Division Divide(UInt256 dividend, UInt128 divisor) {
  Division result;
  result.quotient.high = dividend.high / divisor;
  UInt128 remainder = dividend.high % divisor;
  if (remainder == 0) {
    result.quotient.low = dividend.low / divisor;
    result.remainder = dividend.low % divisor;
    return result;
  }
  for (int bit = 127; bit >= 0; --bit) {
    remainder = (remainder << 1) | ((dividend.low >> bit) & 1);
    result.quotient.low <<= 1;
    if (remainder >= divisor) {
      remainder -= divisor;
      result.quotient.low |= 1;
    }
  }
  result.remainder = remainder;
  return result;
}

/// Sign and magnitude.
struct Wide {
  bool negative;
  UInt256 magnitude;
};

Wide Align(Scaled a, int scale) {
  return {.negative = a.value < 0,
          .magnitude = Multiply(Magnitude(a.value), Power(scale - a.scale))};
}

std::optional<Int128> Fit(UInt256 magnitude, bool negative, int precision) {
  if (magnitude.high != 0 || magnitude.low >= Power(precision)) {
    return std::nullopt;
  }
  const auto value = static_cast<Int128>(magnitude.low);
  return negative ? -value : value;
}

/// magnitude / 10^digits, HALF_UP.
UInt256 DropDigits(UInt256 magnitude, int digits) {
  if (digits == 0) {
    return magnitude;
  }
  // Cutting some of the digits first does not change how the last of them rounds.
  while (digits > kMaxPrecision) {
    const int step = std::min(digits - kMaxPrecision, kMaxPrecision);
    magnitude = Divide(magnitude, Power(step)).quotient;
    digits -= step;
  }
  const Division division = Divide(magnitude, Power(digits));
  const bool up = division.remainder >= Power(digits) / 2;
  return up ? Add(division.quotient, {.low = 1}) : division.quotient;
}

std::optional<Int128> Rescale(Wide value, int scale, DecimalSpec result) {
  if (scale >= result.scale) {
    return Fit(DropDigits(value.magnitude, scale - result.scale), value.negative, result.precision);
  }
  if (value.magnitude.high != 0) {
    return std::nullopt;
  }
  const UInt256 raised = Multiply(value.magnitude.low, Power(result.scale - scale));
  return Fit(raised, value.negative, result.precision);
}

std::optional<Int128> AddSigned(Scaled a, Scaled b, DecimalSpec result) {
  if (a.scale == b.scale && a.scale == result.scale) {
    Int128 sum;
    if (__builtin_add_overflow(a.value, b.value, &sum) || !FitsPrecision(sum, result.precision)) {
      return std::nullopt;
    }
    return sum;
  }
  const int scale = std::max(a.scale, b.scale);
  const Wide x = Align(a, scale);
  const Wide y = Align(b, scale);
  if (x.negative == y.negative) {
    return Rescale({x.negative, Add(x.magnitude, y.magnitude)}, scale, result);
  }
  if (x.magnitude >= y.magnitude) {
    return Rescale({x.negative, Subtract(x.magnitude, y.magnitude)}, scale, result);
  }
  return Rescale({y.negative, Subtract(y.magnitude, x.magnitude)}, scale, result);
}

/// |a| * 10^digits / |b|, HALF_UP, for digits >= 0; nullopt when it passes 38 digits.
std::optional<UInt256> DivideRaised(UInt128 a, UInt128 b, int digits) {
  const int at_once = std::min(digits, kMaxPrecision);
  Division division = Divide(Multiply(a, Power(at_once)), b);
  UInt256 quotient = division.quotient;
  for (int i = at_once; i < digits; ++i) {
    if (quotient.high != 0 || quotient.low >= Power(kMaxPrecision)) {
      return std::nullopt;
    }
    division = Divide(Multiply(division.remainder, 10), b);
    quotient = Add(Multiply(quotient.low, 10), division.quotient);
  }
  const bool up = division.remainder >= b - division.remainder;
  return up ? Add(quotient, {.low = 1}) : quotient;
}

/// |a| / (|b| * 10^digits), HALF_UP.
UInt256 DivideLowered(UInt128 a, UInt128 b, int digits) {
  const UInt256 divisor = Multiply(b, Power(digits));
  if (divisor.high != 0 || divisor.low > UInt128{1} << 127) {
    // The quotient is below 1: only rounding can make it one.
    const bool up = Add({.low = a}, {.low = a}) >= divisor;
    return {.low = up ? UInt128{1} : UInt128{0}};
  }
  const Division division = Divide({.low = a}, divisor.low);
  const bool up = division.remainder >= divisor.low - division.remainder;
  return up ? Add(division.quotient, {.low = 1}) : division.quotient;
}

/// When more than 38 digits are needed, fractional ones are given up first, down to 6.
DecimalSpec Adjust(int precision, int scale) {
  if (precision <= kMaxPrecision) {
    return {precision, scale};
  }
  const int integer_digits = precision - scale;
  return {kMaxPrecision,
          std::max(kMaxPrecision - integer_digits, std::min(scale, kMinAdjustedScale))};
}

struct ParsedNumber {
  bool negative = false;
  std::string digits;         // Without leading zeros.
  std::int64_t exponent = 0;  // Of the last digit.
};

/// Adds what stands behind the 'e'. False: not a number.
bool ParseExponent(std::string_view text, std::int64_t* exponent) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') {
    text.remove_prefix(1);
  }
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  *exponent += value;
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::optional<ParsedNumber> ParseNumber(std::string_view text) {
  ParsedNumber number;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    number.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  bool any_digit = false;
  bool after_point = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c == '.' && !after_point) {
      after_point = true;
    } else if (c >= '0' && c <= '9') {
      any_digit = true;
      number.exponent -= after_point ? 1 : 0;
      if (c != '0' || !number.digits.empty()) {
        number.digits += c;
      }
    } else {
      break;
    }
  }
  if (!any_digit) {
    return std::nullopt;
  }
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    if (!ParseExponent(text.substr(1), &number.exponent)) {
      return std::nullopt;
    }
  } else if (!text.empty()) {
    return std::nullopt;
  }
  return number;
}

/// The unscaled magnitude, HALF_UP; nullopt: more than 38 digits.
std::optional<UInt128> Unscale(const ParsedNumber& number, int scale) {
  const std::int64_t shift = number.exponent + scale;
  const std::int64_t kept = static_cast<std::int64_t>(number.digits.size()) + shift;
  if (number.digits.empty() || kept < 0) {
    return 0;
  }
  if (kept > kMaxPrecision) {
    return std::nullopt;
  }
  const auto taken = std::min<std::size_t>(number.digits.size(), static_cast<std::size_t>(kept));
  UInt128 value = 0;
  for (const char c : std::string_view(number.digits).substr(0, taken)) {
    value = value * 10 + static_cast<UInt128>(c - '0');
  }
  if (shift > 0) {
    return value * Power(static_cast<int>(shift));
  }
  const bool up = taken < number.digits.size() && number.digits[taken] >= '5';
  return up ? value + 1 : value;
}

}  // namespace

Int128 PowerOfTen(int n) {
  DCHECK(n >= 0 && n <= kMaxPrecision);
  return kPowers[static_cast<std::size_t>(n)];
}

bool FitsPrecision(Int128 value, int precision) {
  return Magnitude(value) < Power(precision);
}

std::optional<Int128> DecimalAdd(Scaled a, Scaled b, DecimalSpec result) {
  return AddSigned(a, b, result);
}

std::optional<Int128> DecimalSubtract(Scaled a, Scaled b, DecimalSpec result) {
  return AddSigned(a, {-b.value, b.scale}, result);
}

std::optional<Int128> DecimalMultiply(Scaled a, Scaled b, DecimalSpec result) {
  const bool negative = (a.value < 0) != (b.value < 0);
  const UInt256 product = Multiply(Magnitude(a.value), Magnitude(b.value));
  return Rescale({negative, product}, a.scale + b.scale, result);
}

std::optional<Int128> DecimalDivide(Scaled a, Scaled b, DecimalSpec result) {
  if (b.value == 0) {
    return std::nullopt;
  }
  const bool negative = (a.value < 0) != (b.value < 0);
  const int digits = result.scale - a.scale + b.scale;
  if (digits < 0) {
    const UInt256 quotient = DivideLowered(Magnitude(a.value), Magnitude(b.value), -digits);
    return Fit(quotient, negative, result.precision);
  }
  const auto quotient = DivideRaised(Magnitude(a.value), Magnitude(b.value), digits);
  return quotient.has_value() ? Fit(*quotient, negative, result.precision) : std::nullopt;
}

std::optional<Int128> DecimalModulo(Scaled a, Scaled b, DecimalSpec result) {
  if (b.value == 0) {
    return std::nullopt;
  }
  const int scale = std::max(a.scale, b.scale);
  const Wide dividend = Align(a, scale);
  const Wide divisor = Align(b, scale);
  // A divisor of more than 16 bytes got its digits by aligning, so the dividend has the larger
  // scale, was not changed and is the smaller of the two.
  const UInt256 remainder =
      divisor.magnitude > dividend.magnitude
          ? dividend.magnitude
          : UInt256{.low = Divide(dividend.magnitude, divisor.magnitude.low).remainder};
  return Rescale({dividend.negative, remainder}, scale, result);
}

std::optional<Int128> DecimalRescale(Scaled a, DecimalSpec result) {
  if (a.scale == result.scale) {
    return FitsPrecision(a.value, result.precision) ? std::optional(a.value) : std::nullopt;
  }
  return Rescale({a.value < 0, {.low = Magnitude(a.value)}}, a.scale, result);
}

int DecimalCompare(Scaled a, Scaled b) {
  if (a.scale == b.scale || (a.value < 0) != (b.value < 0)) {
    return a.value < b.value ? -1 : (a.value > b.value ? 1 : 0);
  }
  const int scale = std::max(a.scale, b.scale);
  const UInt256 x = Align(a, scale).magnitude;
  const UInt256 y = Align(b, scale).magnitude;
  const int order = x < y ? -1 : (x > y ? 1 : 0);
  return a.value < 0 ? -order : order;
}

DecimalSpec AddSpec(DecimalSpec a, DecimalSpec b) {
  const int scale = std::max(a.scale, b.scale);
  return Adjust(std::max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale);
}

DecimalSpec MultiplySpec(DecimalSpec a, DecimalSpec b) {
  return Adjust(a.precision + b.precision + 1, a.scale + b.scale);
}

DecimalSpec DivideSpec(DecimalSpec a, DecimalSpec b) {
  const int scale = std::max(kMinAdjustedScale, a.scale + b.precision + 1);
  return Adjust(a.precision - a.scale + b.scale + scale, scale);
}

DecimalSpec ModuloSpec(DecimalSpec a, DecimalSpec b) {
  const int scale = std::max(a.scale, b.scale);
  return Adjust(std::min(a.precision - a.scale, b.precision - b.scale) + scale, scale);
}

DecimalSpec SumSpec(DecimalSpec a) {
  return {kMaxPrecision, a.scale};
}

DecimalSpec AverageSpec(DecimalSpec a) {
  return {kMaxPrecision, std::max(kMinAdjustedScale, a.scale)};
}

void AppendDecimal(Int128 value, int scale, std::string* out) {
  char digits[48];
  char* const end = digits + sizeof(digits);
  char* begin = end;
  UInt128 rest = Magnitude(value);
  // At least one digit stands before the point.
  for (int digit = 0; rest != 0 || digit <= scale; ++digit) {
    if (digit == scale && scale > 0) {
      *--begin = '.';
    }
    *--begin = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  if (value < 0) {
    *--begin = '-';
  }
  out->append(begin, end);
}

StatusOr<Int128> ParseDecimal(std::string_view text, DecimalSpec spec) {
  const std::optional<ParsedNumber> number = ParseNumber(text);
  if (!number.has_value()) {
    return InvalidArgument("Not a number: '" + std::string(text) + "'");
  }
  const std::optional<UInt128> magnitude = Unscale(*number, spec.scale);
  if (!magnitude.has_value() || *magnitude >= Power(spec.precision)) {
    return OutOfRange("Does not fit DECIMAL(" + std::to_string(spec.precision) + ", " +
                      std::to_string(spec.scale) + "): '" + std::string(text) + "'");
  }
  const auto value = static_cast<Int128>(*magnitude);
  return number->negative ? -value : value;
}

double DecimalToDouble(Scaled a) {
  constexpr Int128 kExactMax = Int128{1} << 53;
  constexpr int kExactPowerMax = 22;  // 10^22 is the largest power of ten that is a double.
  if (a.value >= -kExactMax && a.value <= kExactMax && a.scale <= kExactPowerMax) {
    return static_cast<double>(a.value) / static_cast<double>(PowerOfTen(a.scale));
  }
  std::string text;
  AppendDecimal(a.value, a.scale, &text);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<Int128> DecimalFromDouble(double value, DecimalSpec spec) {
  if (!std::isfinite(value)) {
    return std::nullopt;
  }
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  const StatusOr<Int128> decimal = ParseDecimal({text, end}, spec);
  return decimal.ok() ? std::optional(*decimal) : std::nullopt;
}

}  // namespace thalweg::columnar
