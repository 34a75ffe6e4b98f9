// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/json/json_writer.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/batch_builder.h"
#include "columnar/datum.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::Datum;
using columnar::Schema;

/// The line of a row with one column "v".
std::string LineOf(const DataType& type, Datum value, const JsonOptions& options = {}) {
  const auto schema = Schema::Make({{"v", type}});
  columnar::BatchBuilder builder(schema);
  builder.AppendRow({std::move(value)});
  std::string out;
  const Status status = JsonWriter(schema, options).Append(builder.Finish(), &out);
  return status.ok() ? out : std::string(MessageOf(status));
}

TEST(JsonWriterTest, WritesScalarsAsFlinkDoes) {
  EXPECT_EQ(LineOf(DataType::BigInt(), INT64_MIN), "{\"v\":-9223372036854775808}\n");
  EXPECT_EQ(LineOf(DataType::TinyInt(), -1), "{\"v\":-1}\n");
  EXPECT_EQ(LineOf(DataType::Boolean(), true), "{\"v\":true}\n");
  EXPECT_EQ(LineOf(DataType::String(), Datum()), "{\"v\":null}\n");
  EXPECT_EQ(LineOf(DataType::Double(), 1e10), "{\"v\":1.0E10}\n");
  EXPECT_EQ(LineOf(DataType::Double(), NAN), "{\"v\":\"NaN\"}\n");
  EXPECT_EQ(LineOf(DataType::Decimal(10, 2), 120), "{\"v\":1.20}\n");
  EXPECT_EQ(LineOf(DataType::Date(), 10), "{\"v\":\"1970-01-11\"}\n");
  EXPECT_EQ(LineOf(DataType::Bytes(), "hello world!!"), "{\"v\":\"aGVsbG8gd29ybGQhIQ==\"}\n");
  EXPECT_EQ(LineOf(DataType::Timestamp(3), 1250000), "{\"v\":\"1970-01-01 00:00:01.25\"}\n");
  JsonOptions iso;
  iso.set_timestamp_standard(proto::TIMESTAMP_ISO_8601);
  EXPECT_EQ(LineOf(DataType::TimestampLtz(3), 0, iso), "{\"v\":\"1970-01-01T00:00:00Z\"}\n");
}

TEST(JsonWriterTest, EscapesWhatJsonWantsEscaped) {
  EXPECT_EQ(LineOf(DataType::String(), "a\"b\\c\n\x01\x1fz"),
            "{\"v\":\"a\\\"b\\\\c\\n\\u0001\\u001fz\"}\n");
  std::string text(100, 'x');
  text[31] = '"';
  text[32] = '\\';
  text[99] = '\t';
  std::string expected = text;
  expected.replace(99, 1, "\\t").insert(32, "\\").insert(31, "\\");
  EXPECT_EQ(LineOf(DataType::String(), text), "{\"v\":\"" + expected + "\"}\n");
  EXPECT_EQ(LineOf(DataType::String(), "é東😀"), "{\"v\":\"é東😀\"}\n");
}

TEST(JsonWriterTest, AStringThatTakesSixBytesForEachOfItsOwnFits) {
  const std::string text(200'000, '\x02');
  std::string expected;
  for (std::size_t i = 0; i < text.size(); ++i) {
    expected += "\\u0002";
  }
  EXPECT_EQ(LineOf(DataType::String(), text), "{\"v\":\"" + expected + "\"}\n");
}

TEST(JsonWriterTest, WritesRowsArraysAndMaps) {
  const DataType type = DataType::Row({{"a\"b", DataType::Array(DataType::Int())},
                                       {"m", DataType::Map(DataType::String(), DataType::Int())}});
  const Datum value(Datum::List{
      Datum(Datum::List{1, Datum(), 3}),
      Datum(Datum::List{Datum(Datum::List{"k", 1}), Datum(Datum::List{"l", Datum()})})});
  EXPECT_EQ(LineOf(type, value), "{\"v\":{\"a\\\"b\":[1,null,3],\"m\":{\"k\":1,\"l\":null}}}\n");
}

TEST(JsonWriterTest, KeysThatAreNoTextAreWrittenAsOne) {
  EXPECT_EQ(LineOf(DataType::Map(DataType::Int(), DataType::String()),
                   Datum::List{Datum::List{-1, "a"}, Datum::List{2, Datum()}}),
            "{\"v\":{\"-1\":\"a\",\"2\":null}}\n");
}

TEST(JsonWriterTest, TreatsNullKeysByTheOption) {
  const DataType type = DataType::Map(DataType::String(), DataType::Int());
  const Datum value(Datum::List{Datum(Datum::List{Datum(), 1}), Datum(Datum::List{"k", 2})});
  EXPECT_THAT(LineOf(type, value), ::testing::HasSubstr("json.map-null-key.mode"));
  JsonOptions options;
  options.set_map_null_key_mode(proto::MAP_NULL_KEY_DROP);
  EXPECT_EQ(LineOf(type, value, options), "{\"v\":{\"k\":2}}\n");
  options.set_map_null_key_mode(proto::MAP_NULL_KEY_LITERAL);
  options.set_map_null_key_literal("no\"ne");
  EXPECT_EQ(LineOf(type, value, options), "{\"v\":{\"no\\\"ne\":1,\"k\":2}}\n");
}

TEST(JsonWriterTest, LeavesNullFieldsOutIfAsked) {
  JsonOptions options;
  options.set_ignore_null_fields(true);
  const auto schema =
      Schema::Make({{"a", DataType::Int()}, {"b", DataType::Int()}, {"c", DataType::Int()}});
  columnar::BatchBuilder builder(schema);
  builder.AppendRow({Datum(), 1, 2});
  builder.AppendRow({1, Datum(), Datum()});
  builder.AppendRow({Datum(), Datum(), Datum()});
  std::string out;
  ASSERT_TRUE(JsonWriter(schema, options).Append(builder.Finish(), &out).ok());
  EXPECT_EQ(out, "{\"b\":1,\"c\":2}\n{\"a\":1}\n{}\n");
}

TEST(JsonWriterTest, WritesTheChangeKindFirst) {
  const auto schema = Schema::Make({{"v", DataType::Int()}});
  columnar::BatchBuilder builder(schema);
  builder.AppendRow({1});
  builder.AppendRow({1}, columnar::ChangeKind::kUpdateBefore);
  builder.AppendRow({2}, columnar::ChangeKind::kUpdateAfter);
  builder.AppendRow({2}, columnar::ChangeKind::kDelete);
  std::string out;
  ASSERT_TRUE(JsonWriter(schema, JsonOptions(), "op").Append(builder.Finish(), &out).ok());
  EXPECT_EQ(out,
            "{\"op\":\"+I\",\"v\":1}\n{\"op\":\"-U\",\"v\":1}\n"
            "{\"op\":\"+U\",\"v\":2}\n{\"op\":\"-D\",\"v\":2}\n");
}

TEST(JsonWriterTest, WritesConstantColumns) {
  const auto schema = Schema::Make({{"v", DataType::String()}});
  const auto column = columnar::Column::Constant(
      DataType::String(), 2, Datum("a constant of more than twelve bytes"));
  std::string out;
  ASSERT_TRUE(
      JsonWriter(schema, JsonOptions()).Append(columnar::Batch(schema, {column}), &out).ok());
  EXPECT_EQ(out,
            "{\"v\":\"a constant of more than twelve bytes\"}\n"
            "{\"v\":\"a constant of more than twelve bytes\"}\n");
}

}  // namespace
}  // namespace thalweg::connectors
