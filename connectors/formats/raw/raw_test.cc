// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/raw/raw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/batch_builder.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::Datum;
using columnar::Schema;
using ::testing::HasSubstr;

TEST(RawTest, EachLineIsAValue) {
  const auto decoder = MakeRawDecoder(Schema::Make({{"line", DataType::String()}}));
  const auto outcome = decoder->Decode("a,b\r\n\nlast", 100, /*last=*/true);
  EXPECT_EQ(outcome.consumed, 10U);
  EXPECT_EQ(outcome.line_count, 3U);
  const columnar::Batch batch = decoder->Finish();
  ASSERT_EQ(batch.row_count(), 3U);
  EXPECT_EQ(batch.column(0)->StringAt(0), "a,b");
  EXPECT_EQ(batch.column(0)->StringAt(1), "");
  EXPECT_EQ(batch.column(0)->StringAt(2), "last");
}

TEST(RawTest, ALineThatIsNoTextIsBadUnlessBytesAreWanted) {
  const auto texts = MakeRawDecoder(Schema::Make({{"line", DataType::String()}}));
  const auto outcome = texts->Decode("good\n\xff\nmore\n", 100, /*last=*/false);
  ASSERT_TRUE(outcome.bad.has_value());
  EXPECT_EQ(outcome.bad->begin, 5U);
  EXPECT_EQ(outcome.bad->line, 1U);
  EXPECT_EQ(texts->row_count(), 1U);

  const auto bytes = MakeRawDecoder(Schema::Make({{"line", DataType::Bytes()}}));
  EXPECT_FALSE(bytes->Decode("\xff\n", 100, /*last=*/false).bad.has_value());
  EXPECT_EQ(bytes->row_count(), 1U);
}

TEST(RawTest, StopsAtTheLimitOfRows) {
  const auto decoder = MakeRawDecoder(Schema::Make({{"line", DataType::String()}}));
  EXPECT_EQ(decoder->Decode("a\nb\nc\n", 2, /*last=*/false).consumed, 4U);
}

TEST(RawTest, WritesLinesAndRefusesWhatWouldBeTwo) {
  const auto schema = Schema::Make({{"line", DataType::String()}});
  const auto encoder = MakeRawEncoder(schema);
  columnar::BatchBuilder builder(schema);
  builder.AppendRow({"x"});
  builder.AppendRow({Datum()});
  std::string out;
  EXPECT_TRUE(encoder->Append(builder.Finish(), &out).ok());
  EXPECT_EQ(out, "x\n\n");
  builder.AppendRow({"y\nz"});
  EXPECT_THAT(std::string(MessageOf(encoder->Append(builder.Finish(), &out))),
              HasSubstr("line break"));
}

TEST(RawTest, TakesOneColumnOfTextOrBytes) {
  EXPECT_TRUE(CheckRawSchema(Schema({{"a", DataType::Bytes()}})).ok());
  EXPECT_FALSE(CheckRawSchema(Schema({{"a", DataType::Int()}})).ok());
  EXPECT_FALSE(CheckRawSchema(Schema({{"a", DataType::String()}, {"b", DataType::String()}})).ok());
}

}  // namespace
}  // namespace thalweg::connectors
