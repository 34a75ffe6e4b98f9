// SPDX-License-Identifier: Apache-2.0
#include "columnar/text.h"

#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/column.h"
#include "columnar/column_builder.h"
#include "columnar/time_text.h"
#include "tests/testing/random_batch.h"

namespace thalweg::columnar {
namespace {

std::string Text(const DataType& type, const Datum& value) {
  return TextAt(*ColumnOf(type, {value}), 0);
}

std::string Double(double value) {
  std::string text;
  AppendDouble(value, &text);
  return text;
}

std::string Float(float value) {
  std::string text;
  AppendFloat(value, &text);
  return text;
}

TEST(AppendDoubleTest, PrintsAsJavaDoes) {
  EXPECT_EQ(Double(0.0), "0.0");
  EXPECT_EQ(Double(-0.0), "-0.0");
  EXPECT_EQ(Double(1), "1.0");
  EXPECT_EQ(Double(-12.5), "-12.5");
  EXPECT_EQ(Double(100), "100.0");
  EXPECT_EQ(Double(0.001), "0.001");
  EXPECT_EQ(Double(0.00012), "1.2E-4");
  EXPECT_EQ(Double(9'999'999), "9999999.0");
  EXPECT_EQ(Double(1e7), "1.0E7");
  EXPECT_EQ(Double(12'345'678.9), "1.23456789E7");
  EXPECT_EQ(Double(4.9e-324), "4.9E-324");
  EXPECT_EQ(Double(1.7976931348623157e308), "1.7976931348623157E308");
  EXPECT_EQ(Double(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(Double(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(Double(2e-323), "2.0E-323");
  EXPECT_EQ(Double(3), "3.0");
  EXPECT_EQ(Float(0.1F), "0.1");
  EXPECT_EQ(Float(std::numeric_limits<float>::denorm_min()), "1.4E-45");
  EXPECT_EQ(Float(16'777'216.0F), "1.6777216E7");
}

TEST(AppendTextTest, PrintsEveryType) {
  EXPECT_EQ(Text(DataType::Boolean(), true), "TRUE");
  EXPECT_EQ(Text(DataType::TinyInt(), -128), "-128");
  EXPECT_EQ(Text(DataType::BigInt(), Datum()), "NULL");
  EXPECT_EQ(Text(DataType::Decimal(10, 2), 1'200), "12.00");
  EXPECT_EQ(Text(DataType::Decimal(38, 3), Int128{-5}), "-0.005");
  EXPECT_EQ(Text(DataType::Date(), 19'000), "2022-01-08");
  EXPECT_EQ(Text(DataType::Time(3), 3'661'050), "01:01:01.05");
  EXPECT_EQ(Text(DataType::Time(0), 3'661'050), "01:01:01");
  EXPECT_EQ(Text(DataType::Timestamp(3), 5'000), "1970-01-01 00:00:00.005");
  EXPECT_EQ(Text(DataType::Timestamp(0), -1), "1969-12-31 23:59:59");
  EXPECT_EQ(Text(DataType::Timestamp(9), 1), "1970-01-01 00:00:00.000000001");
  EXPECT_EQ(Text(DataType::IntervalYearMonth(), -14), "-1-02");
  EXPECT_EQ(Text(DataType::IntervalDayTime(), 93'784'005), "+1 02:03:04.005");
  EXPECT_EQ(Text(DataType::IntervalDayTime(), std::numeric_limits<std::int64_t>::min()),
            "-106751991167 07:12:55.808");
  EXPECT_EQ(Text(DataType::Bytes(), "a\xFF"), "a\xFF");
}

TEST(AppendTextTest, PrintsNestedValues) {
  const DataType row = DataType::Row({{"a", DataType::Int()}, {"b", DataType::String()}});
  EXPECT_EQ(Text(row, Datum::List{1, "x"}), "(1, x)");
  EXPECT_EQ(Text(DataType::Array(row), Datum::List{Datum(Datum::List{1, Datum()}), Datum()}),
            "[(1, NULL), NULL]");
  const DataType map = DataType::Map(DataType::String(), DataType::Int());
  EXPECT_EQ(Text(map, Datum::List{Datum(Datum::List{"k", 1}), Datum(Datum::List{"l", Datum()})}),
            "{k=1, l=NULL}");
  EXPECT_EQ(Text(map, Datum::List{}), "{}");
  EXPECT_EQ(TextAt(*Column::Constant(row, 3, Datum::List{1, "x"}), 2), "(1, x)");
}

TEST(ParseTextTest, ReadsBackWhatIsPrinted) {
  SeededRandom random(31);
  for (const DataType& type : testing::AllTypes()) {
    const Physical physical = type.physical();
    if (physical == Physical::kRow || physical == Physical::kList) {
      continue;
    }
    for (int round = 0; round < 300; ++round) {
      Datum value = testing::RandomDatum(type.NotNull(), random);
      if (type.IsTimestamp() && type.precision() < 6) {
        value = value.integer() / 1'000 * 1'000;
      }
      if (type.kind() == TypeKind::kIntervalYearMonth ||
          type.kind() == TypeKind::kIntervalDayTime) {
        value = value.integer() / 1'000;
      }
      const std::string text = Text(type, value);
      const auto read = ParseDatum(type.NotNull(), text);
      ASSERT_TRUE(read.ok()) << read.status() << ' ' << value.ToString();
      EXPECT_EQ(*read, value) << text;
    }
  }
}

TEST(ParseTextTest, TakesWhatCastTakes) {
  EXPECT_EQ(*ParseDatum(DataType::Boolean(), " Yes "), Datum(true));
  EXPECT_EQ(*ParseDatum(DataType::Boolean(), "0"), Datum(false));
  EXPECT_EQ(*ParseDatum(DataType::Int(), " +12 "), Datum(12));
  EXPECT_EQ(*ParseDatum(DataType::Int(), "-12.9"), Datum(-12));
  EXPECT_EQ(*ParseDatum(DataType::Double(), "1e400"),
            Datum(std::numeric_limits<double>::infinity()));
  EXPECT_EQ(*ParseDatum(DataType::Double(), "-1e-400"), Datum(0.0));
  EXPECT_EQ(*ParseDatum(DataType::Double(), "+1.5E3"), Datum(1500.0));
  EXPECT_EQ(*ParseDatum(DataType::Decimal(4, 1), "12.25"), Datum(123));
  EXPECT_EQ(*ParseDatum(DataType::VarChar(3), " ab "), Datum(" ab "));
  EXPECT_EQ(*ParseDatum(DataType::Timestamp(3), "2020-02-29T12:34"), Datum(1'582'979'640'000'000));
  EXPECT_EQ(*ParseDatum(DataType::Timestamp(3), "1970-01-02"), Datum(86'400'000'000));
}

TEST(ParseTextTest, SaysWhatIsWrong) {
  const auto message = [](const DataType& type, std::string_view text) {
    return std::string(MessageOf(ParseDatum(type, text).status()));
  };
  EXPECT_EQ(message(DataType::Int().NotNull(), "abc"), "Not a INT: 'abc'");
  EXPECT_EQ(message(DataType::TinyInt(), "128"), "Does not fit TINYINT: '128'");
  EXPECT_EQ(message(DataType::Decimal(3, 1), "1000"), "Does not fit DECIMAL(3, 1): '1000'");
  EXPECT_EQ(message(DataType::Date(), "2021-02-29"), "Not a DATE: '2021-02-29'");
  EXPECT_EQ(message(DataType::Int(), std::string(200, 'x')),
            "Not a INT: '" + std::string(100, 'x') + "...'");
  EXPECT_EQ(message(DataType::Array(DataType::Int()), "[1]"),
            "Reading text as ARRAY<INT> is not supported");
  for (const char* text : {"", "+", "-", "1.x", "+-1", "1 2", "."}) {
    EXPECT_EQ(ParseDatum(DataType::BigInt(), text).status().code(), StatusCode::kInvalidArgument)
        << text;
    EXPECT_FALSE(ParseDatum(DataType::Double(), text).ok()) << text;
  }
}

TEST(CivilTest, AgreesWithItselfOverAllCenturies) {
  EXPECT_EQ(DaysFromCivil(1970, 1, 1), 0);
  EXPECT_EQ(DaysFromCivil(2000, 2, 29), 11'016);
  EXPECT_EQ(DaysFromCivil(2020, 13, 1), DaysFromCivil(2021, 1, 1));
  EXPECT_EQ(DaysFromCivil(2020, 0, 31), DaysFromCivil(2019, 12, 31));
  CivilDate last = CivilFromDays(-800'001);
  for (std::int64_t days = -800'000; days < 800'000; ++days) {
    const CivilDate date = CivilFromDays(days);
    ASSERT_EQ(DaysFromCivil(date.year, date.month, date.day), days);
    const bool next_day = date.month == last.month && date.day == last.day + 1;
    const bool next_month = date.day == 1 && last.day >= 28 &&
                            (date.month == last.month + 1 || (date.month == 1 && last.month == 12));
    ASSERT_TRUE(next_day || next_month) << days;
    last = date;
  }
}

TEST(TimestampFormatterTest, TrimsZerosOrKeepsThem) {
  const DataType type = DataType::Timestamp(6);
  std::string text;
  TimestampFormatter({type}, {.separator = 'T', .trim_zeros = true, .zulu = true})
      .Append(1'500'000, &text);
  EXPECT_EQ(text, "1970-01-01T00:00:01.5Z");
  text.clear();
  TimestampFormatter({type}).Append(60'000'000, &text);
  EXPECT_EQ(text, "1970-01-01 00:01:00");
}

TEST(TimestampTextTest, RememberedMinutesChangeNothing) {
  SeededRandom random(33);
  const DataType type = DataType::TimestampLtz(6);
  TimestampFormatter formatter(type);
  TimestampParser parser(type);
  std::int64_t value = -5'000'000'000;
  for (int i = 0; i < 20'000; ++i) {
    // Mostly inside of the minute, at times years away in either direction.
    value += random.Chance(20) ? static_cast<std::int64_t>(random.Next()) >> 12
                               : static_cast<std::int64_t>(random.Uniform(5'000'000));
    std::string text;
    formatter.Append(value, &text);
    std::string fresh;
    TimestampFormatter(type).Append(value, &fresh);
    ASSERT_EQ(text, fresh);
    ASSERT_EQ(parser.Parse(text), value) << text;
    ASSERT_EQ(TimestampParser(type).Parse(text), value) << text;
    EXPECT_EQ(parser.Parse(text + "+00:01"), value - 60'000'000) << text;
    EXPECT_EQ(parser.Parse(text + "x"), std::nullopt);
  }
}

TEST(TimestampParserTest, CutsDigitsBeyondThePrecision) {
  EXPECT_EQ(TimestampParser(DataType::Timestamp(3)).Parse("1970-01-01 00:00:00.123456"), 123'000);
  EXPECT_EQ(TimestampParser(DataType::Timestamp(9)).Parse("1970-01-01 00:00:00.1234567891"),
            123'456'789);
}

TEST(TimestampParserTest, RefusesWhatIsNoTimestamp) {
  // Both on a fresh reader and on one that remembers the minute.
  for (const bool warm : {false, true}) {
    for (const char* text : {"",
                             "2020",
                             "2020-13-01 00:00:00",
                             "2020-00-01 00:00:00",
                             "2021-02-29 00:00:00",
                             "2020-01-01 24:00:00",
                             "2020-01-01 00:60:00",
                             "2020-01-01 00:00:60",
                             "2020-01-01 00:00:0",
                             "2020-01-01 00:00:000",
                             "2020-01-01 00:00:00.",
                             "2020-01-01 00:00:00.1x",
                             "2020-01-01 00:00:00Z",
                             "2020-01-01x00:00:00",
                             "2020-1-1 00:00:00"}) {
      TimestampParser parser(DataType::Timestamp(6));
      if (warm) {
        ASSERT_TRUE(parser.Parse("2020-01-01 00:00:07").has_value());
      }
      EXPECT_EQ(parser.Parse(text), std::nullopt) << text;
    }
  }
}

TEST(TimestampParserTest, RefusesYearsThatNanosecondsCannotHold) {
  EXPECT_TRUE(TimestampParser(DataType::Timestamp(9)).Parse("2262-01-01 00:00:00").has_value());
  EXPECT_FALSE(TimestampParser(DataType::Timestamp(9)).Parse("2263-01-01 00:00:00").has_value());
  EXPECT_TRUE(TimestampParser(DataType::Timestamp(6)).Parse("9999-12-31 23:59:59").has_value());
}

}  // namespace
}  // namespace thalweg::columnar
