// SPDX-License-Identifier: Apache-2.0
//
// Functions of real numbers: what the C library computes. Where there is no result it is NaN or an
// infinity, as in Java.
#include <cmath>
#include <numbers>

#include "runtime/expr/row_function.h"

namespace thalweg::runtime {
namespace {

double Power(double base, double exponent) {
  return std::pow(base, exponent);
}
double SquareRoot(double x) {
  return std::sqrt(x);
}
double Ln(double x) {
  return std::log(x);
}
double Log10(double x) {
  return std::log10(x);
}
double Log2(double x) {
  return std::log2(x);
}
double LogOfBase(double base, double x) {
  return std::log(x) / std::log(base);
}
double Exp(double x) {
  return std::exp(x);
}
double Sin(double x) {
  return std::sin(x);
}
double Sinh(double x) {
  return std::sinh(x);
}
double Cos(double x) {
  return std::cos(x);
}
double Cosh(double x) {
  return std::cosh(x);
}
double Tan(double x) {
  return std::tan(x);
}
double Tanh(double x) {
  return std::tanh(x);
}
double Cot(double x) {
  return 1.0 / std::tan(x);
}
double Asin(double x) {
  return std::asin(x);
}
double Acos(double x) {
  return std::acos(x);
}
double Atan(double x) {
  return std::atan(x);
}
double Atan2(double y, double x) {
  return std::atan2(y, x);
}
double Degrees(double radians) {
  return radians * (180.0 / std::numbers::pi);
}
double Radians(double degrees) {
  return degrees / 180.0 * std::numbers::pi;
}
double Pi() {
  return std::numbers::pi;
}
double E() {
  return std::numbers::e;
}

}  // namespace

std::span<const ScalarFunction> MathFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      RowFunction<Power>("POWER", "POWER(base, exponent)", "The base to the power."),
      RowFunction<SquareRoot>("SQRT", "SQRT(number)", "The square root."),
      RowFunction<Ln>("LN", "LN(number)", "The natural logarithm."),
      RowFunction<Log10>("LOG10", "LOG10(number)", "The logarithm of base 10."),
      RowFunction<Log2>("LOG2", "LOG2(number)", "The logarithm of base 2."),
      RowFunction<Ln, LogOfBase>(
          "LOG", "LOG([base, ]number)", "The logarithm, natural if no base is given."),
      RowFunction<Exp>("EXP", "EXP(number)", "e to the power of the number."),
      RowFunction<Sin>("SIN", "SIN(number)", "The sine."),
      RowFunction<Sinh>("SINH", "SINH(number)", "The hyperbolic sine."),
      RowFunction<Cos>("COS", "COS(number)", "The cosine."),
      RowFunction<Cosh>("COSH", "COSH(number)", "The hyperbolic cosine."),
      RowFunction<Tan>("TAN", "TAN(number)", "The tangent."),
      RowFunction<Tanh>("TANH", "TANH(number)", "The hyperbolic tangent."),
      RowFunction<Cot>("COT", "COT(number)", "The cotangent."),
      RowFunction<Asin>("ASIN", "ASIN(number)", "The angle whose sine it is."),
      RowFunction<Acos>("ACOS", "ACOS(number)", "The angle whose cosine it is."),
      RowFunction<Atan>("ATAN", "ATAN(number)", "The angle whose tangent it is."),
      RowFunction<Atan2>("ATAN2", "ATAN2(y, x)", "The angle of the point (x, y)."),
      RowFunction<Degrees>("DEGREES", "DEGREES(radians)", "The angle in degrees."),
      RowFunction<Radians>("RADIANS", "RADIANS(degrees)", "The angle in radians."),
      RowFunction<Pi>("PI", "PI()", "The number pi."),
      RowFunction<E>("E", "E()", "The base of the natural logarithm."),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
