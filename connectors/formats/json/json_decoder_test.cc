// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/json/json_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/datum.h"
#include "connectors/nexmark/bids.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::Datum;
using columnar::Schema;
using columnar::SchemaPtr;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Rows = std::vector<Datum>;  // A list per row.

Datum List(std::initializer_list<Datum> values) {
  return Datum(Datum::List(values));
}

struct Decoded {
  Rows rows;
  std::vector<BadLine> bad;
  JsonDecoder::Stats stats;
};

void TakeRows(const columnar::Batch& batch, Rows& rows) {
  for (std::size_t row = 0; row < batch.row_count(); ++row) {
    Datum::List values;
    for (const columnar::ColumnPtr& column : batch.columns()) {
      values.push_back(columnar::DatumAt(*column, row));
    }
    rows.emplace_back(std::move(values));
  }
}

struct DecodeOptions {
  JsonOptions json = {};
  std::size_t batch_rows = columnar::kMaxBatchRows;
  bool use_template = true;
};

Decoded Decode(const SchemaPtr& schema, std::string text, const DecodeOptions& options = {}) {
  JsonDecoder decoder(schema, options.json);
  if (!options.use_template) {
    decoder.DisableTemplate();
  }
  Decoded decoded;
  const std::size_t size = text.size();
  text.append(JsonDecoder::kPadding, '"');  // Of any content: quotes tempt most.
  for (std::size_t at = 0; at < size;) {
    const auto outcome =
        decoder.Decode(std::string_view(text).substr(at, size - at), options.batch_rows);
    if (outcome.bad) {
      decoded.bad.push_back(*outcome.bad);
      decoded.bad.back().begin += at;
    }
    at += outcome.consumed;
    if (decoder.row_count() == options.batch_rows) {
      TakeRows(decoder.Finish(), decoded.rows);
    }
  }
  TakeRows(decoder.Finish(), decoded.rows);
  decoded.stats = decoder.stats();
  return decoded;
}

/// The only value of a line `{"v":TEXT}`.
std::string ValueOf(const DataType& type, const std::string& text, const JsonOptions& json = {}) {
  const Decoded decoded =
      Decode(Schema::Make({{"v", type}}), "{\"v\":" + text + "}\n", {.json = json});
  if (!decoded.bad.empty()) {
    return "bad: " + decoded.bad[0].reason;
  }
  return decoded.rows[0].list()[0].ToString();
}

std::string TextOf(const Datum& value) {
  return value.ToString();
}

TEST(JsonDecoderTest, ReadsIntegersAsFlinkDoes) {
  EXPECT_EQ(ValueOf(DataType::BigInt(), "9223372036854775807"),
            TextOf(std::int64_t{9223372036854775807}));
  EXPECT_EQ(ValueOf(DataType::BigInt(), "-9223372036854775808"), TextOf(INT64_MIN));
  EXPECT_EQ(ValueOf(DataType::BigInt(), "1234567890123456"), TextOf(1234567890123456));
  EXPECT_EQ(ValueOf(DataType::BigInt(), "12345678901234567"), TextOf(12345678901234567));
  EXPECT_EQ(ValueOf(DataType::BigInt(), "-0"), TextOf(0));
  EXPECT_EQ(ValueOf(DataType::BigInt(), "\" 12 \""), TextOf(12));
  EXPECT_EQ(ValueOf(DataType::BigInt(), "3.7"), TextOf(3));
  EXPECT_EQ(ValueOf(DataType::Int(), "-1e3"), TextOf(-1000));
  EXPECT_EQ(ValueOf(DataType::TinyInt(), "-128"), TextOf(-128));
  EXPECT_THAT(ValueOf(DataType::TinyInt(), "128"), HasSubstr("an integer of this size"));
  EXPECT_THAT(ValueOf(DataType::SmallInt(), "32768"), HasSubstr("an integer of this size"));
  EXPECT_THAT(ValueOf(DataType::Int(), "2147483648"), HasSubstr("an integer of this size"));
  EXPECT_THAT(ValueOf(DataType::BigInt(), "9223372036854775808"), HasSubstr("integer"));
  EXPECT_THAT(ValueOf(DataType::BigInt(), "1e19"), HasSubstr("integer"));
  EXPECT_THAT(ValueOf(DataType::BigInt(), "\"3.7\""), HasSubstr("integer"));
  EXPECT_THAT(ValueOf(DataType::BigInt(), "\"\""), HasSubstr("integer"));
  EXPECT_THAT(ValueOf(DataType::BigInt(), "true"), HasSubstr("integer"));
  EXPECT_THAT(ValueOf(DataType::BigInt(), "03"), HasSubstr("needless 0"));
}

TEST(JsonDecoderTest, ReadsTheOtherTypesAsFlinkDoes) {
  EXPECT_EQ(ValueOf(DataType::Boolean(), "true"), TextOf(true));
  EXPECT_EQ(ValueOf(DataType::Boolean(), "\"FALSE\""), TextOf(false));
  EXPECT_THAT(ValueOf(DataType::Boolean(), "1"), HasSubstr("true or false"));
  EXPECT_EQ(ValueOf(DataType::Double(), "-1.5e2"), TextOf(-150.0));
  EXPECT_EQ(ValueOf(DataType::Double(), "\"Infinity\""), TextOf(HUGE_VAL));
  EXPECT_EQ(ValueOf(DataType::Float(), "0.1"), TextOf(static_cast<double>(0.1F)));
  EXPECT_EQ(ValueOf(DataType::Decimal(10, 2), "12.345"), TextOf(1235));
  EXPECT_EQ(ValueOf(DataType::Decimal(10, 2), "-7"), TextOf(-700));
  EXPECT_EQ(ValueOf(DataType::Decimal(10, 2), "\"1e3\""), TextOf(100000));
  EXPECT_THAT(ValueOf(DataType::Decimal(4, 2), "123.4"), HasSubstr("decimal"));
  EXPECT_EQ(ValueOf(DataType::Decimal(38, 0), "99999999999999999999"),
            TextOf(columnar::Int128{9999999999} * 10000000000 + 9999999999));
  EXPECT_EQ(ValueOf(DataType::Bytes(), "\"aGVsbG8gd29ybGQhIQ==\""), TextOf("hello world!!"));
  EXPECT_THAT(ValueOf(DataType::Bytes(), "\"*\""), HasSubstr("base64"));
  EXPECT_EQ(ValueOf(DataType::Date(), "\"1970-01-11\""), TextOf(10));
  EXPECT_THAT(ValueOf(DataType::Date(), "\"1970-02-30\""), HasSubstr("date"));
  EXPECT_EQ(ValueOf(DataType::Time(), "\"00:00:02\""), TextOf(2000));
  EXPECT_EQ(ValueOf(DataType::IntervalDayTime(), "86400000"), TextOf(86400000));
  EXPECT_EQ(ValueOf(DataType::String(), "null"), TextOf(Datum()));
}

TEST(JsonDecoderTest, ReadsTimestampsOfTheChosenStandardOnly) {
  JsonOptions iso;
  iso.set_timestamp_standard(proto::TIMESTAMP_ISO_8601);
  const DataType type = DataType::Timestamp(3);
  EXPECT_EQ(ValueOf(type, "\"1970-01-01 00:00:01.250\""), TextOf(1250000));
  EXPECT_EQ(ValueOf(type, "\"1970-01-01T00:00:01.25\"", iso), TextOf(1250000));
  EXPECT_THAT(ValueOf(type, "\"1970-01-01T00:00:01\""), HasSubstr("timestamp"));
  EXPECT_THAT(ValueOf(type, "\"1970-01-01 00:00:01\"", iso), HasSubstr("timestamp"));
  EXPECT_THAT(ValueOf(type, "\"1970-13-01 00:00:01\""), HasSubstr("timestamp"));
  EXPECT_THAT(ValueOf(type, "12"), HasSubstr("timestamp"));
  EXPECT_EQ(ValueOf(DataType::TimestampLtz(3), "\"1970-01-01 00:00:01Z\""), TextOf(1000000));
}

TEST(JsonDecoderTest, ReadsStringsWithEscapesAndOtherScripts) {
  const DataType type = DataType::String();
  EXPECT_EQ(ValueOf(type, R"("a\"\\\/\b\f\n\r\tz")"), TextOf("a\"\\/\b\f\n\r\tz"));
  EXPECT_EQ(ValueOf(type, R"("\u00e9\u20AC\ud83d\ude00")"), TextOf("é€😀"));
  EXPECT_EQ(ValueOf(type, "\"schöne Grüße aus Köln, 東京 und Αθήνα\""),
            TextOf("schöne Grüße aus Köln, 東京 und Αθήνα"));
  EXPECT_EQ(ValueOf(type, "\"123456789012\""), TextOf("123456789012"));
  EXPECT_EQ(ValueOf(type, "\"1234567890123\""), TextOf("1234567890123"));
  EXPECT_EQ(ValueOf(type, "\"" + std::string(5000, 'x') + "\\n\""),
            TextOf(std::string(5000, 'x') + "\n"));
  EXPECT_THAT(ValueOf(type, R"("\ud83d")"), HasSubstr("surrogate"));
  EXPECT_THAT(ValueOf(type, R"("\ude00")"), HasSubstr("surrogate"));
  EXPECT_THAT(ValueOf(type, R"("\q")"), HasSubstr("escape"));
  EXPECT_THAT(ValueOf(type, R"("\u12g4")"), HasSubstr("hexadecimal"));
  EXPECT_THAT(ValueOf(type, "\"\xc3(\""), HasSubstr("UTF-8"));
  EXPECT_THAT(ValueOf(type, std::string("\"a\x01z\"")), HasSubstr("control"));
}

TEST(JsonDecoderTest, GivesOtherValuesToAStringAsText) {
  const DataType type = DataType::String();
  EXPECT_EQ(ValueOf(type, "-1.50"), TextOf("-1.50"));
  EXPECT_EQ(ValueOf(type, "true"), TextOf("true"));
  EXPECT_EQ(ValueOf(type, "[1 ,\t{\"a b\" : \" \\\" \"} ]"), TextOf(R"([1,{"a b":" \" "}])"));
}

TEST(JsonDecoderTest, ReadsRowsArraysAndMapsInside) {
  const SchemaPtr schema = Schema::Make(
      {{"row",
        DataType::Row({{"a", DataType::Int()}, {"list", DataType::Array(DataType::String())}})},
       {"map", DataType::Map(DataType::String(), DataType::Array(DataType::Int()))}});
  const std::string text =
      R"({"row":{"a":1,"list":["x",null,"yy"]},"map":{"k":[1,2],"l":[],"m":null}})"
      "\n"
      R"({"row":null,"map":null})"
      "\n"
      R"({"map" : { } , "row" : {"list" : [ ] } })"
      "\n";
  const Datum first =
      List({List({1, List({"x", Datum(), "yy"})}),
            List({List({"k", List({1, 2})}), List({"l", List({})}), List({"m", Datum()})})});
  const Datum second = List({Datum(), Datum()});
  const Datum third = List({List({Datum(), List({})}), List({})});
  EXPECT_THAT(Decode(schema, text).rows, ElementsAre(first, second, third));
  EXPECT_THAT(Decode(schema, text, {.use_template = false}).rows,
              ElementsAre(first, second, third));
}

TEST(JsonDecoderTest, TakesBackWhatARefusedLineHadBegun) {
  const SchemaPtr schema =
      Schema::Make({{"list", DataType::Array(DataType::Array(DataType::BigInt()))},
                    {"n", DataType::BigInt()},
                    {"s", DataType::String()}});
  const std::string good = R"({"list":[[1,2],[3]],"n":7,"s":"good"})"
                           "\n";
  const std::string bad = R"({"list":[[4,null],null,[5,"x"]],"n":null,"s":null})"
                          "\n";
  const Decoded decoded = Decode(schema, good + bad + good + good);
  const Datum row = List({List({List({1, 2}), List({3})}), 7, "good"});
  EXPECT_THAT(decoded.rows, ElementsAre(row, row, row));
  ASSERT_EQ(decoded.bad.size(), 1U);
  EXPECT_EQ(decoded.bad[0].begin, good.size());
  EXPECT_EQ(decoded.bad[0].column, bad.find("\"x\"") + 1);
  EXPECT_THAT(decoded.bad[0].reason, HasSubstr("field 'list.element.element' BIGINT"));
}

TEST(JsonDecoderTest, OfEqualKeysTheLastCounts) {
  const SchemaPtr schema =
      Schema::Make({{"a", DataType::Array(DataType::Int())}, {"b", DataType::Int()}});
  const Decoded decoded = Decode(schema,
                                 R"({"a":[1,2,3],"b":null,"a":[9],"b":4})"
                                 "\n");
  EXPECT_THAT(decoded.rows, ElementsAre(List({List({9}), 4})));
}

TEST(JsonDecoderTest, RefusesAMapWithAKeyTwice) {
  EXPECT_THAT(
      ValueOf(DataType::Map(DataType::String(), DataType::Int()), R"({"a":1,"bb":2,"a":3})"),
      HasSubstr("a key twice"));
}

TEST(JsonDecoderTest, SkipsWhatTheSchemaDoesNotNameButChecksIt) {
  const SchemaPtr schema = Schema::Make({{"b", DataType::Int()}});
  const std::string good = R"({"a":{"x":[1,{"y":"}"}]},"b":1,"c":"\u0041"})"
                           "\n";
  const Decoded decoded = Decode(schema,
                                 good +
                                     R"({"a":{"x":[1,}]},"b":2})"
                                     "\n" +
                                     good);
  EXPECT_THAT(decoded.rows, ElementsAre(List({1}), List({1})));
  EXPECT_EQ(decoded.bad.size(), 1U);
}

TEST(JsonDecoderTest, TreatsMissingAndMisfittingFieldsByTheOptions) {
  const SchemaPtr schema = Schema::Make({{"a", DataType::Int()}, {"b", DataType::Int()}});
  const std::string text = R"({"b":1})"
                           "\n"
                           R"({"a":"x","b":2})"
                           "\n"
                           "nonsense\n"
                           R"({"a":3,"b":4})"
                           "\n";

  const Decoded lenient = Decode(schema, text);
  EXPECT_THAT(lenient.rows, ElementsAre(List({Datum(), 1}), List({3, 4})));
  EXPECT_EQ(lenient.bad.size(), 2U);

  JsonOptions strict;
  strict.set_fail_on_missing_field(true);
  EXPECT_THAT(Decode(schema, text, {.json = strict}).rows, ElementsAre(List({3, 4})));

  JsonOptions forgiving;
  forgiving.set_ignore_parse_errors(true);
  const Decoded forgiven = Decode(schema, text, {.json = forgiving});
  EXPECT_THAT(forgiven.rows, ElementsAre(List({Datum(), 1}), List({Datum(), 2}), List({3, 4})));
  EXPECT_EQ(forgiven.stats.nulled_fields, 1U);
  EXPECT_EQ(forgiven.stats.skipped_lines, 1U);
}

TEST(JsonDecoderTest, RefusesNullsWhereTheSchemaHasNone) {
  const DataType type = DataType::Int().NotNull();
  EXPECT_THAT(ValueOf(type, "null"), HasSubstr("NOT NULL"));
  EXPECT_THAT(Decode(Schema::Make({{"v", type}}), "{}\n").bad[0].reason, HasSubstr("NOT NULL"));
}

TEST(JsonDecoderTest, EmptyLinesAreNoRowsAndTheLastNewlineMayLack) {
  const SchemaPtr schema = Schema::Make({{"v", DataType::Int()}});
  const Decoded decoded = Decode(schema, "\n{\"v\":1}\r\n  \t\r\n{\"v\":2}\n\n{\"v\":3}");
  EXPECT_THAT(decoded.rows, ElementsAre(List({1}), List({2}), List({3})));
  EXPECT_TRUE(decoded.bad.empty());
}

TEST(JsonDecoderTest, ABatchEndsAtItsLimitAndDecodingGoesOn) {
  const SchemaPtr schema = Schema::Make({{"v", DataType::Int()}, {"s", DataType::String()}});
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "{\"v\":" + std::to_string(i) + ",\"s\":\"a string of some length\"}\n";
  }
  const Decoded decoded = Decode(schema, text, {.batch_rows = 7});
  ASSERT_EQ(decoded.rows.size(), 1000U);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(decoded.rows[static_cast<std::size_t>(i)], List({i, "a string of some length"}));
  }
  EXPECT_EQ(decoded.stats.general_lines, 0U);
}

TEST(JsonDecoderTest, SaysWhereALineIsWrongAndShowsIt) {
  const SchemaPtr schema = Schema::Make({{"price", DataType::BigInt()}});
  const std::string line = R"({"price":12x})";
  const Decoded decoded = Decode(schema, "{\"price\":1}\n" + line + "\n");
  ASSERT_EQ(decoded.bad.size(), 1U);
  EXPECT_EQ(decoded.bad[0].begin, 12U);
  EXPECT_EQ(decoded.bad[0].size, line.size());
  EXPECT_EQ(Describe(decoded.bad[0], line), "column 12: ',' or '}' was expected: " + line);
}

TEST(JsonDecoderTest, NestingHasALimit) {
  const SchemaPtr schema = Schema::Make({{"v", DataType::Int()}});
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const Decoded decoded = Decode(schema, "{\"w\":" + deep + ",\"v\":1}\n{\"v\":2}\n");
  EXPECT_THAT(decoded.rows, ElementsAre(List({2})));
  ASSERT_EQ(decoded.bad.size(), 1U);
  EXPECT_THAT(decoded.bad[0].reason, HasSubstr("nested too deeply"));
}

TEST(JsonDecoderTest, LearnsTheShapeOfLinesThatDifferFromTheSchema) {
  const SchemaPtr schema = Schema::Make(
      {{"id", DataType::BigInt()}, {"bid", DataType::Row({{"price", DataType::BigInt()}})}});
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "{ \"extra\": [1, 2], \"bid\": {\"note\": \"n\", \"price\": " + std::to_string(i) +
            "}, \"id\": 5 }\n";
  }
  const Decoded decoded = Decode(schema, text);
  EXPECT_EQ(decoded.rows.size(), 1000U);
  EXPECT_EQ(decoded.rows[999], List({5, List({999})}));
  EXPECT_LT(decoded.stats.general_lines, 20U);
}

TEST(JsonDecoderTest, StopsTryingATemplateWhereLinesHaveNoCommonShape) {
  const SchemaPtr schema = Schema::Make({{"a", DataType::Int()}, {"b", DataType::Int()}});
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    text += i % 2 == 0 ? "{\"a\":1,\"b\":2}\n" : "{\"b\":2, \"a\":1}\n";
  }
  const Decoded decoded = Decode(schema, text);
  EXPECT_EQ(decoded.rows.size(), 3000U);
  EXPECT_EQ(decoded.rows[2999], List({1, 2}));
  EXPECT_GT(decoded.stats.general_lines, 2000U);  // The others fitted before it gave up.
}

/// Each kind of damage costs the line it is in and no other.
TEST(JsonDecoderTest, ABadLineCostsOnlyItself) {
  const std::vector<std::string> bad = {
      R"({"auction":1,"channel":"cut in a stri)",
      R"({"auction":1,"chan)",
      R"({"auction":1,"channel":"odd "quote"})",
      "{\"auction\":1,\"channel\":\"\xff\xfe\"}",
      "{\"auction\":1,\"channel\":\"a\tb\"}",
      R"({"auction":1,"channel":"no brace")",
      R"({"auction":12x4})",
      R"({"auction":03})",
      R"({"auction":1,"channel":"\x"})",
      R"({"auction":"one"})",
      R"({"dateTime":"2020-02-31 00:00:00"})",
      "not json",
      R"([{"auction":1}])",
      R"({"unread":1 "auction":2})",
      R"({"auction":1}{"auction":2})",
      R"({"auction":1}})",
      R"({"auction":1,})",
      R"({"unread":tru,"auction":1})",
      R"({"auction":+1})",
      R"({"auction":1;"bidder":2})",
      R"({auction:1})",
  };
  BidGenerator bids;
  std::string good;
  for (std::uint64_t n = 0; n < 100; ++n) {
    bids.AppendJsonLine(n, &good);
  }
  for (const std::string& line : bad) {
    for (const bool use_template : {true, false}) {
      const Decoded decoded =
          Decode(BidSchema(), good + line + "\n" + good, {.use_template = use_template});
      EXPECT_EQ(decoded.rows.size(), 200U) << line;
      ASSERT_EQ(decoded.bad.size(), 1U) << line;
      EXPECT_EQ(decoded.bad[0].begin, good.size()) << line;
      EXPECT_EQ(decoded.bad[0].size, line.size()) << line;
      EXPECT_LE(decoded.bad[0].column, line.size() + 1) << line;
      EXPECT_EQ(decoded.rows[0], decoded.rows[100]) << line;
    }
  }
}

TEST(JsonDecoderTest, ReadsBidsThroughTheTemplate) {
  BidGenerator bids({.seed = 7});
  std::string text;
  for (std::uint64_t n = 0; n < 1000; ++n) {
    bids.AppendJsonLine(n, &text);
  }
  const Decoded decoded = Decode(BidSchema(), text);
  ASSERT_EQ(decoded.rows.size(), 1000U);
  EXPECT_EQ(decoded.stats.general_lines, 0U);
  for (std::uint64_t n = 0; n < 1000; ++n) {
    const Bid& bid = bids.Make(n);
    ASSERT_EQ(decoded.rows[n],
              List({bid.auction,
                    bid.bidder,
                    bid.price,
                    bid.channel,
                    bid.url,
                    bid.date_time_millis * 1000,
                    bid.extra}));
  }
}

}  // namespace
}  // namespace thalweg::connectors
