// SPDX-License-Identifier: Apache-2.0
#include "columnar/type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/type_proto.h"
#include "proto/plan.pb.h"
#include "tests/testing/random_batch.h"

namespace thalweg::columnar {
namespace {

TEST(DataTypeTest, PrintsAsInSql) {
  EXPECT_EQ(DataType::Decimal(10, 2).NotNull().ToString(), "DECIMAL(10, 2) NOT NULL");
  EXPECT_EQ(DataType::String().ToString(), "STRING");
  EXPECT_EQ(DataType::VarChar(7).ToString(), "VARCHAR(7)");
  EXPECT_EQ(DataType::Bytes().ToString(), "BYTES");
  EXPECT_EQ(DataType::TimestampLtz(3).ToString(), "TIMESTAMP_LTZ(3)");
  EXPECT_EQ(DataType::IntervalDayTime().ToString(), "INTERVAL DAY(2) TO SECOND(3)");
  EXPECT_EQ(DataType::Map(DataType::Int(), DataType::Array(DataType::Date())).ToString(),
            "MAP<INT, ARRAY<DATE>>");
  EXPECT_EQ(
      DataType::Row({{"a`b", DataType::Int().NotNull()}, {"c", DataType::Float()}}).ToString(),
      "ROW<`a``b` INT NOT NULL, `c` FLOAT>");
}

TEST(DataTypeTest, ComparesDeeply) {
  const auto row = [](const char* name) { return DataType::Row({{name, DataType::Int()}}); };
  EXPECT_EQ(row("a"), row("a"));
  EXPECT_FALSE(row("a") == row("b"));
  EXPECT_FALSE(DataType::Int() == DataType::Int().NotNull());
  EXPECT_FALSE(DataType::Decimal(10, 2) == DataType::Decimal(10, 3));
}

TEST(DataTypeTest, KeepsShortDecimalsAndCoarseTimestampsInEightBytes) {
  EXPECT_EQ(DataType::Decimal(18, 4).physical(), Physical::kInt64);
  EXPECT_EQ(DataType::Decimal(19, 4).physical(), Physical::kInt128);
  EXPECT_EQ(TimestampUnitsPerSecond(DataType::Timestamp(6)), 1'000'000);
  EXPECT_EQ(TimestampUnitsPerSecond(DataType::Timestamp(7)), 1'000'000'000);
}

TEST(DataTypeTest, RoundsEventTimeDown) {
  EXPECT_EQ(ToEventMillis(DataType::Timestamp(3), 1'999), 1);
  EXPECT_EQ(ToEventMillis(DataType::Timestamp(3), -1), -1);
  EXPECT_EQ(ToEventMillis(DataType::Timestamp(3), -1'000), -1);
  EXPECT_EQ(ToEventMillis(DataType::Timestamp(9), -1'000'001), -2);
  EXPECT_EQ(FromEventMillis(DataType::Timestamp(9), 5), 5'000'000);
  EXPECT_EQ(FromEventMillis(DataType::Timestamp(3), kMaxWatermark), kMaxWatermark);
  EXPECT_EQ(FromEventMillis(DataType::Timestamp(3), kMinWatermark), kMinWatermark);
}

TEST(SchemaTest, FindsTheFirstFieldOfAName) {
  const Schema schema({{"a", DataType::Int()}, {"b", DataType::Date()}, {"b", DataType::Int()}});
  EXPECT_EQ(schema.IndexOf("b"), 1U);
  EXPECT_EQ(schema.IndexOf("B"), std::nullopt);
  EXPECT_EQ(schema.ToString(), "(a INT, b DATE, b INT)");
}

TEST(TypeProtoTest, BringsEveryTypeBack) {
  const SchemaPtr schema = testing::SchemaOf(testing::AllTypes());
  proto::Schema message;
  ToProto(*schema, &message);
  const StatusOr<SchemaPtr> read = SchemaFromProto(message);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(**read, *schema);
}

Status StatusOf(const proto::DataType& message) {
  return TypeFromProto(message).status();
}

TEST(TypeProtoTest, RefusesWhatNoTypeIs) {
  proto::DataType message;
  EXPECT_EQ(StatusOf(message).code(), StatusCode::kInvalidArgument);
  message.set_kind(proto::TYPE_DECIMAL);
  message.set_precision(39);
  EXPECT_EQ(MessageOf(StatusOf(message)), "A data type has a precision of 39");
  message.set_precision(5);
  message.set_scale(6);
  EXPECT_EQ(MessageOf(StatusOf(message)), "A data type has a scale of 6");
  message.set_kind(proto::TYPE_VARCHAR);
  EXPECT_EQ(MessageOf(StatusOf(message)), "A data type has a length of 0");
  message.set_kind(proto::TYPE_MAP);
  EXPECT_EQ(StatusOf(message).code(), StatusCode::kInvalidArgument);
}

TEST(TypeProtoTest, RefusesTypesThatNestTooDeep) {
  proto::DataType message;
  message.set_kind(proto::TYPE_INT);
  for (int depth = 0; depth < 40; ++depth) {
    proto::DataType outer;
    outer.set_kind(proto::TYPE_ARRAY);
    *outer.add_fields()->mutable_type() = message;
    message = outer;
  }
  EXPECT_EQ(MessageOf(StatusOf(message)), "Data types nest more than 32 deep");
}

}  // namespace
}  // namespace thalweg::columnar
