// SPDX-License-Identifier: Apache-2.0
#include "columnar/decimal.h"

#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace thalweg::columnar {
namespace {

constexpr DecimalSpec kWide{38, 0};

/// Unscaled value of exact decimal text; the scale is that of the text.
Scaled Parse(const std::string& text) {
  const std::size_t point = text.find('.');
  const int scale = point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
  const StatusOr<Int128> value = ParseDecimal(text, {38, scale});
  EXPECT_TRUE(value.ok()) << value.status();
  return {*value, scale};
}

std::string Text(std::optional<Int128> value, int scale) {
  if (!value.has_value()) {
    return "none";
  }
  std::string text;
  AppendDecimal(*value, scale, &text);
  return text;
}

std::string Add(const std::string& a, const std::string& b, DecimalSpec result) {
  return Text(DecimalAdd(Parse(a), Parse(b), result), result.scale);
}
std::string Multiply(const std::string& a, const std::string& b, DecimalSpec result) {
  return Text(DecimalMultiply(Parse(a), Parse(b), result), result.scale);
}
std::string Divide(const std::string& a, const std::string& b, DecimalSpec result) {
  return Text(DecimalDivide(Parse(a), Parse(b), result), result.scale);
}
std::string Modulo(const std::string& a, const std::string& b, DecimalSpec result) {
  return Text(DecimalModulo(Parse(a), Parse(b), result), result.scale);
}

const std::string kNines(38, '9');

TEST(DecimalTest, AddsAcrossScalesAndSigns) {
  EXPECT_EQ(Add("1.25", "2.5", {10, 2}), "3.75");
  EXPECT_EQ(Add("-1.25", "0.005", {10, 2}), "-1.25");  // -1.245
  EXPECT_EQ(Add("1.25", "-1.255", {10, 2}), "-0.01");  // -0.005
  EXPECT_EQ(Add("0.004", "0.0004", {10, 2}), "0.00");
}

TEST(DecimalTest, KeepsAllDigitsWhenAlignedValuesPassSixteenBytes) {
  const std::string tiny = "0." + std::string(37, '0') + "1";
  EXPECT_EQ(Add(kNines, tiny, kWide), kNines);
  EXPECT_EQ(Add(kNines, "-" + kNines, {38, 6}), "0.000000");
  EXPECT_EQ(Add("-" + kNines, tiny, kWide), "-" + kNines);
}

TEST(DecimalTest, TellsOverflow) {
  EXPECT_EQ(Add(kNines, "1", kWide), "none");
  EXPECT_EQ(Add("99.99", "0.01", {4, 2}), "none");
  EXPECT_EQ(Multiply(kNines, kNines, kWide), "none");
  EXPECT_EQ(Multiply("10000000000", "9999999999999999999999999999", kWide),
            "99999999999999999999999999990000000000");
  EXPECT_EQ(Divide("1", "0", {38, 6}), "none");
  EXPECT_EQ(Divide(kNines, "0.1", kWide), "none");
}

TEST(DecimalTest, RoundsHalfAwayFromZero) {
  EXPECT_EQ(Multiply("0.5", "0.1", {10, 1}), "0.1");
  EXPECT_EQ(Multiply("-0.5", "0.1", {10, 1}), "-0.1");
  EXPECT_EQ(Multiply("0.49", "0.1", {10, 1}), "0.0");
  EXPECT_EQ(Divide("1", "3", {10, 6}), "0.333333");
  EXPECT_EQ(Divide("2", "3", {10, 6}), "0.666667");
  EXPECT_EQ(Divide("-1", "2", {10, 0}), "-1");
  EXPECT_EQ(Text(DecimalRescale(Parse("2.5"), {10, 0}), 0), "3");
  EXPECT_EQ(Text(DecimalRescale(Parse("-2.4999"), {10, 0}), 0), "-2");
  EXPECT_EQ(Text(DecimalRescale(Parse("2.5"), {10, 4}), 4), "2.5000");
}

TEST(DecimalTest, MultipliesWithAnIntermediateOfMoreThanSixteenBytes) {
  // 0.99...9 (38 nines) squared is 0.99...980...01 with 76 digits.
  const std::string nines = "0." + kNines;
  EXPECT_EQ(Multiply(nines, nines, {38, 37}), "1." + std::string(37, '0'));
  EXPECT_EQ(Multiply(nines, nines, {38, 38}), "0." + std::string(37, '9') + "8");
}

TEST(DecimalTest, DividesAtTheEdgesOfTheScales) {
  const std::string tiny = "0." + std::string(37, '0') + "1";
  EXPECT_EQ(Divide("1", tiny, kWide), "none");  // 10^38 has 39 digits.
  EXPECT_EQ(Divide("0.9", tiny, kWide), "9" + std::string(37, '0'));
  EXPECT_EQ(Divide(tiny, kNines, {38, 38}), "0." + std::string(38, '0'));
  EXPECT_EQ(Divide("1", kNines, {38, 38}), "0." + std::string(37, '0') + "1");
  EXPECT_EQ(Divide("0." + kNines, "0." + kNines, {38, 6}), "1.000000");
  EXPECT_EQ(Divide("0." + kNines, "7", {38, 6}), "0.142857");
  EXPECT_EQ(Divide("0.5", kNines, {38, 0}), "0");
}

TEST(DecimalTest, TakesTheSignOfTheDividendForModulo) {
  EXPECT_EQ(Modulo("7.5", "2", {10, 1}), "1.5");
  EXPECT_EQ(Modulo("-7.5", "2", {10, 1}), "-1.5");
  EXPECT_EQ(Modulo("7.5", "-2", {10, 1}), "1.5");
  EXPECT_EQ(Modulo(kNines, "0.7", {38, 1}), "0.3");
  EXPECT_EQ(Modulo(kNines, "0." + std::string(37, '0') + "7", {38, 38}),
            "0." + std::string(37, '0') + "2");
  EXPECT_EQ(Modulo("0." + kNines, kNines, {38, 38}), "0." + kNines);
  EXPECT_EQ(Modulo("1", "0", {38, 6}), "none");
}

TEST(DecimalTest, AgreesWithWideIntegersOnRandomNumbers) {
  SeededRandom random(11);
  for (int round = 0; round < 2'000; ++round) {
    const auto a = static_cast<Int128>(static_cast<std::int32_t>(random.Next()));
    const auto b = static_cast<Int128>(static_cast<std::int32_t>(random.Next()) | 1);
    EXPECT_EQ(DecimalMultiply({a, 3}, {b, 4}, {38, 7}), a * b);
    EXPECT_EQ(DecimalAdd({a, 3}, {b, 5}, {38, 5}), a * 100 + b);
    EXPECT_EQ(DecimalSubtract({a, 3}, {b, 5}, {38, 5}), a * 100 - b);
    const Int128 raised = a * 1'000'000;
    const Int128 doubled = 2 * (raised % b);
    const Int128 magnitude = doubled < 0 ? -doubled : doubled;
    const Int128 away = magnitude >= (b < 0 ? -b : b) ? ((raised < 0) != (b < 0) ? -1 : 1) : 0;
    EXPECT_EQ(DecimalDivide({a, 2}, {b, 2}, {38, 6}), raised / b + away);
    EXPECT_EQ(DecimalModulo({a, 2}, {b, 2}, {38, 2}), a % b);
    EXPECT_EQ(DecimalCompare({a, 2}, {b, 2}), a < b ? -1 : (a > b ? 1 : 0));
  }
}

TEST(DecimalTest, ComparesAcrossScales) {
  EXPECT_EQ(DecimalCompare(Parse("1.10"), Parse("1.1")), 0);
  EXPECT_LT(DecimalCompare(Parse("-2"), Parse("-1.99")), 0);
  EXPECT_GT(DecimalCompare(Parse(kNines), Parse("0." + kNines)), 0);
  EXPECT_LT(DecimalCompare(Parse("-0.1"), Parse("0")), 0);
}

TEST(DecimalTest, PrintsFullScaleAndReadsItBack) {
  EXPECT_EQ(Text(1'200, 2), "12.00");
  EXPECT_EQ(Text(-5, 3), "-0.005");
  EXPECT_EQ(Text(0, 0), "0");
  EXPECT_EQ(Text(PowerOfTen(38) - 1, 38), "0." + kNines);
  SeededRandom random(5);
  for (int round = 0; round < 1'000; ++round) {
    const int scale = static_cast<int>(random.Uniform(39));
    const auto bits = (static_cast<UInt128>(random.Next()) << 64) | random.Next();
    const Int128 value = static_cast<Int128>(bits) % PowerOfTen(38);
    EXPECT_EQ(*ParseDecimal(Text(value, scale), {38, scale}), value);
  }
}

TEST(DecimalTest, ReadsEverySpellingOfANumber) {
  EXPECT_EQ(*ParseDecimal("+1.5e3", {10, 2}), 150'000);
  EXPECT_EQ(*ParseDecimal("15E-4", {10, 3}), 2);  // 0.0015
  EXPECT_EQ(*ParseDecimal(".5", {10, 0}), 1);
  EXPECT_EQ(*ParseDecimal("5.", {10, 1}), 50);
  EXPECT_EQ(*ParseDecimal("0.0000000000000000000000000000000000000000000001", {10, 2}), 0);
  EXPECT_EQ(*ParseDecimal("000000000000000000000000000000000000000000000012", {2, 0}), 12);
  EXPECT_EQ(*ParseDecimal("0e1000000", {2, 0}), 0);
}

TEST(DecimalTest, RefusesWhatIsNoNumberOrTooLarge) {
  for (const char* text : {"", "-", ".", "1.2.3", "1e", "1e+-2", "e5", "0x1", "1 ", "abc"}) {
    EXPECT_EQ(ParseDecimal(text, {10, 2}).status().code(), StatusCode::kInvalidArgument) << text;
  }
  for (const char* text : {"100", "99.995", "1e2", "1e1000000"}) {
    EXPECT_EQ(ParseDecimal(text, {4, 2}).status().code(), StatusCode::kOutOfRange) << text;
  }
}

TEST(DecimalTest, GivesTheTypesOfSqlOperators) {
  EXPECT_EQ(AddSpec({10, 2}, {8, 4}), (DecimalSpec{13, 4}));
  EXPECT_EQ(AddSpec({38, 10}, {38, 10}), (DecimalSpec{38, 9}));
  EXPECT_EQ(MultiplySpec({10, 2}, {8, 4}), (DecimalSpec{19, 6}));
  EXPECT_EQ(MultiplySpec({38, 18}, {38, 18}), (DecimalSpec{38, 6}));
  EXPECT_EQ(DivideSpec({10, 2}, {8, 4}), (DecimalSpec{23, 11}));
  EXPECT_EQ(DivideSpec({38, 18}, {38, 18}), (DecimalSpec{38, 6}));
  EXPECT_EQ(ModuloSpec({10, 2}, {8, 4}), (DecimalSpec{8, 4}));
  EXPECT_EQ(SumSpec({10, 2}), (DecimalSpec{38, 2}));
  EXPECT_EQ(AverageSpec({10, 2}), (DecimalSpec{38, 6}));
}

TEST(DecimalTest, ConvertsToAndFromDouble) {
  EXPECT_EQ(DecimalToDouble({15, 1}), 1.5);
  EXPECT_EQ(DecimalToDouble({PowerOfTen(38) - 1, 0}), 1e38);
  EXPECT_EQ(DecimalToDouble({-1, 38}), -1e-38);
  EXPECT_EQ(DecimalFromDouble(0.1, {10, 3}), Int128{100});
  EXPECT_EQ(DecimalFromDouble(1e20, {10, 3}), std::nullopt);
  EXPECT_EQ(DecimalFromDouble(std::nan(""), {10, 3}), std::nullopt);
}

}  // namespace
}  // namespace thalweg::columnar
