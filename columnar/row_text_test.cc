// SPDX-License-Identifier: Apache-2.0
#include "columnar/row_text.h"

#include <gtest/gtest.h>

#include "columnar/batch_builder.h"
#include "columnar/text.h"

namespace thalweg::columnar {
namespace {

std::string TextOf(const DataType& type, const Datum& value) {
  std::string out;
  AppendJavaText(*ColumnOf(type, {value}), 0, &out);
  return out;
}

std::string TimeText(const DataType& type, const std::string& text) {
  return TextOf(type, *ParseDatum(type, text));
}

TEST(RowTextTest, PlainValues) {
  EXPECT_EQ(TextOf(DataType::Boolean(), true), "true");
  EXPECT_EQ(TextOf(DataType::Int(), -7), "-7");
  EXPECT_EQ(TextOf(DataType::Double(), 1e10), "1.0E10");
  EXPECT_EQ(TextOf(DataType::Decimal(10, 2), 120), "1.20");
  EXPECT_EQ(TextOf(DataType::String(), "a b"), "a b");
  EXPECT_EQ(TextOf(DataType::String(), Datum()), "null");
  EXPECT_EQ(TextOf(DataType::Bytes(), "h\xff"), "[104, -1]");
}

TEST(RowTextTest, TimesHaveSecondsOnlyWhereThereAreSome) {
  const DataType stamp = DataType::Timestamp(6);
  EXPECT_EQ(TimeText(stamp, "2001-01-01 00:00:00"), "2001-01-01T00:00");
  EXPECT_EQ(TimeText(stamp, "2001-01-01 00:00:05"), "2001-01-01T00:00:05");
  EXPECT_EQ(TimeText(stamp, "2001-01-01 00:00:05.12"), "2001-01-01T00:00:05.120");
  EXPECT_EQ(TimeText(stamp, "2001-01-01 00:00:00.000001"), "2001-01-01T00:00:00.000001");
  EXPECT_EQ(TimeText(DataType::TimestampLtz(3), "2001-01-01 00:00:00"), "2001-01-01T00:00:00Z");
  EXPECT_EQ(TimeText(DataType::Date(), "2001-02-03"), "2001-02-03");
  EXPECT_EQ(TimeText(DataType::Time(3), "10:00:00"), "10:00");
  EXPECT_EQ(TimeText(DataType::Time(3), "10:00:01.5"), "10:00:01.500");
}

TEST(RowTextTest, Intervals) {
  EXPECT_EQ(TextOf(DataType::IntervalYearMonth(), 14), "P1Y2M");
  EXPECT_EQ(TextOf(DataType::IntervalYearMonth(), -13), "P-1Y-1M");
  EXPECT_EQ(TextOf(DataType::IntervalYearMonth(), 0), "P0D");
  EXPECT_EQ(TextOf(DataType::IntervalDayTime(), 0), "PT0S");
  EXPECT_EQ(TextOf(DataType::IntervalDayTime(), 93'780'000), "PT26H3M");
  EXPECT_EQ(TextOf(DataType::IntervalDayTime(), -1'500), "PT-1.5S");
  EXPECT_EQ(TextOf(DataType::IntervalDayTime(), 60'020), "PT1M0.02S");
}

TEST(RowTextTest, ContainersOfValues) {
  const DataType row = DataType::Row({{"x", DataType::Int()}, {"y", DataType::String()}});
  EXPECT_EQ(TextOf(row, Datum::List{1, "a"}), "+I[1, a]");
  EXPECT_EQ(TextOf(DataType::Array(DataType::Int()), Datum::List{1, Datum(), 3}), "[1, null, 3]");
  EXPECT_EQ(TextOf(DataType::Map(DataType::String(), row),
                   Datum::List{Datum::List{"k", Datum::List{1, Datum()}}}),
            "{k=+I[1, null]}");
}

TEST(RowTextTest, ARowShowsItsKind) {
  BatchBuilder builder(Schema::Make({{"a", DataType::Int()}, {"b", DataType::String()}}));
  builder.AppendRow({1, "x"}, ChangeKind::kUpdateBefore);
  const Batch batch = builder.Finish();
  std::string out;
  AppendRowText(batch, 0, &out);
  EXPECT_EQ(out, "-U[1, x]");
}

}  // namespace
}  // namespace thalweg::columnar
