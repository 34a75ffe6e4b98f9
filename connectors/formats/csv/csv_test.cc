// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/batch_builder.h"
#include "columnar/text.h"
#include "connectors/formats/csv/csv_decoder.h"
#include "connectors/formats/csv/csv_encoder.h"
#include "connectors/formats/csv/csv_options.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::Datum;
using columnar::Schema;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const columnar::SchemaPtr& Pair() {
  static const auto schema =
      Schema::Make({{"id", DataType::BigInt()}, {"text", DataType::String()}});
  return schema;
}

CsvOptions With(std::initializer_list<Configuration::Map::value_type> options) {
  const Configuration values(options);
  TableOptions table("filesystem", values);
  const auto csv = ParseCsvOptions(table);
  EXPECT_EQ(csv.status(), OkStatus());
  EXPECT_EQ(table.CheckNoOthers(), OkStatus());
  return *csv;
}

std::string OptionError(std::initializer_list<Configuration::Map::value_type> options) {
  const Configuration values(options);
  TableOptions table("filesystem", values);
  return std::string(MessageOf(ParseCsvOptions(table).status()));
}

struct Decoded {
  std::vector<std::string> rows;  // "1|a", values as CAST gives them.
  std::vector<std::string> bad;   // "line 2, column 3: why: record".
  std::uint64_t lines = 0;
  DecodeStats stats;
};

/// Decodes in pieces of at most `piece` bytes of whole lines, as blocks of a file come.
Decoded Decode(std::string_view text,
               const columnar::SchemaPtr& schema = Pair(),
               const CsvOptions& options = DefaultCsvOptions(),
               const columnar::SchemaPtr& records = nullptr,
               std::size_t piece = 1 << 20) {
  const auto decoder = MakeCsvDecoder(records == nullptr ? *schema : *records, schema, options);
  EXPECT_EQ(decoder.status(), OkStatus());
  (*decoder)->Begin(/*at_beginning=*/true);
  Decoded out;
  std::size_t size = piece;  // Grows while a record does not fit.
  while (!text.empty()) {
    std::size_t end = size >= text.size() ? text.size() : text.rfind('\n', size - 1) + 1;
    end = end == 0 ? std::min(text.find('\n'), text.size() - 1) + 1 : end;
    const bool last = end == text.size();
    // Exactly the padding that is promised.
    const auto copy = std::make_unique<char[]>(end + RecordDecoder::kPadding);
    std::memcpy(copy.get(), text.data(), end);
    const auto outcome = (*decoder)->Decode({copy.get(), end}, 3, last);
    if (outcome.bad) {
      out.bad.push_back("line " + std::to_string(out.lines + outcome.bad->line + 1) + ", " +
                        Describe(*outcome.bad, text.substr(outcome.bad->begin, outcome.bad->size)));
    }
    const columnar::Batch batch = (*decoder)->Finish();
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      std::string line;
      for (const columnar::ColumnPtr& column : batch.columns()) {
        line += (line.empty() ? "" : "|") + columnar::TextAt(*column, row);
      }
      out.rows.push_back(line);
    }
    out.lines += outcome.line_count;
    text.remove_prefix(outcome.consumed);
    if (outcome.consumed > 0) {
      size = piece;
      continue;
    }
    EXPECT_TRUE(outcome.incomplete);
    if (last || !outcome.incomplete) {
      ADD_FAILURE() << "no progress at: " << text;
      break;
    }
    size *= 2;
  }
  out.stats = (*decoder)->stats();
  return out;
}

std::string Encode(const std::vector<std::vector<Datum>>& rows,
                   const columnar::SchemaPtr& schema = Pair(),
                   const CsvOptions& options = DefaultCsvOptions(),
                   Status* status = nullptr) {
  columnar::BatchBuilder builder(schema);
  for (const std::vector<Datum>& row : rows) {
    builder.AppendRow(row);
  }
  std::string out;
  const Status appended = MakeCsvEncoder(schema, options)->Append(builder.Finish(), &out);
  if (status == nullptr) {
    EXPECT_EQ(appended, OkStatus());
  } else {
    *status = appended;
  }
  return out;
}

TEST(CsvDecoderTest, ReadsFieldsByTheirPlace) {
  EXPECT_THAT(Decode("1,a\n2,\n3,c d\n").rows, ElementsAre("1|a", "2|", "3|c d"));
}

TEST(CsvDecoderTest, TakesLineBreaksOfBothKindsAndALastLineWithoutOne) {
  EXPECT_THAT(Decode("1,a\r\n2,b\n\r\n\n3,c").rows, ElementsAre("1|a", "2|b", "3|c"));
  EXPECT_THAT(Decode("1,\r\n").rows, ElementsAre("1|"));
}

TEST(CsvDecoderTest, QuotesHoldDelimitersLineBreaksAndQuotes) {
  const Decoded decoded = Decode("1,\"a,b\"\n2,\"x\ny\r\nz\"\n\"3\",\"say \"\"hi\"\"\"\n4,\"\"\n");
  EXPECT_THAT(decoded.rows, ElementsAre("1|a,b", "2|x\ny\r\nz", "3|say \"hi\"", "4|"));
  EXPECT_EQ(decoded.lines, 6U);
}

TEST(CsvDecoderTest, AQuoteInsideAPlainFieldIsItself) {
  EXPECT_THAT(Decode("1,5\" disk\n").rows, ElementsAre("1|5\" disk"));
}

TEST(CsvDecoderTest, RecordsAreTheSameHoweverTheTextComes) {
  std::string text = "0,plain\n";
  for (int i = 1; i < 60; ++i) {
    text += std::to_string(i) + ",\"" + std::string(static_cast<std::size_t>(i) % 13, '\n') +
            "q\"\"" + std::string(static_cast<std::size_t>(i) % 5, ',') + "\"\n";
  }
  const Decoded whole = Decode(text);
  EXPECT_EQ(whole.rows.size(), 60U);
  EXPECT_THAT(whole.bad, IsEmpty());
  for (const std::size_t piece : {1, 2, 3, 7, 16, 50, 333}) {
    const Decoded parts = Decode(text, Pair(), DefaultCsvOptions(), nullptr, piece);
    EXPECT_EQ(parts.rows, whole.rows) << piece;
    EXPECT_EQ(parts.lines, whole.lines) << piece;
    EXPECT_THAT(parts.bad, IsEmpty());
  }
}

TEST(CsvDecoderTest, ReadsEveryPlainType) {
  const auto schema =
      Schema::Make({{"a", DataType::Boolean()},
                    {"b", DataType::TinyInt()},
                    {"c", DataType::SmallInt()},
                    {"d", DataType::Int()},
                    {"e", DataType::Float()},
                    {"f", DataType::Double()},
                    {"g", DataType::Decimal(10, 2)},
                    {"h", DataType::Date()},
                    {"i", DataType::Time(3)},
                    {"j", DataType::Timestamp(3)},
                    {"k", DataType::TimestampLtz(3)},
                    {"l", DataType::Bytes()},
                    {"m", DataType::Array(DataType::Int())},
                    {"n", DataType::Row({{"x", DataType::Int()}, {"y", DataType::String()}})}});
  const std::string line =
      "true,-1,2, 3 ,1.5,-2.5E3,12.345,2001-02-03,04:05:06.7,2001-02-03 04:05:06.789,"
      "2001-02-03T04:05:06Z,aGk=,1;;3,7;seven\n";
  const Decoded decoded = Decode(line, schema);
  EXPECT_THAT(decoded.bad, IsEmpty());
  EXPECT_THAT(decoded.rows,
              ElementsAre("TRUE|-1|2|3|1.5|-2500.0|12.35|2001-02-03|04:05:06.7|2001-02-03 "
                          "04:05:06.789|2001-02-03 04:05:06.000|hi|[1, NULL, 3]|(7, seven)"));
}

TEST(CsvDecoderTest, AnEmptyFieldIsNullWhereThereIsNoEmptyValue) {
  const auto schema = Schema::Make(
      {{"a", DataType::Int()}, {"b", DataType::String()}, {"c", DataType::Array(DataType::Int())}});
  EXPECT_THAT(Decode(",,\n\"\",\"\",\"\"\n", schema).rows, ElementsAre("NULL||NULL", "NULL||[]"));
}

TEST(CsvDecoderTest, TheNullLiteralCountsWithoutQuotes) {
  const CsvOptions options = With({{"csv.null-literal", "null"}});
  EXPECT_THAT(Decode("null,null\n1,\"null\"\n", Pair(), options).rows,
              ElementsAre("NULL|NULL", "1|null"));
}

TEST(CsvDecoderTest, WantedColumnsAreFoundByNameAmongThoseOfTheRecord) {
  const auto wanted = Schema::Make({{"c", DataType::Int()}, {"a", DataType::String()}});
  const auto records =
      Schema::Make({{"a", DataType::String()}, {"b", DataType::Int()}, {"c", DataType::Int()}});
  EXPECT_THAT(Decode("x,not read,3\n", wanted, DefaultCsvOptions(), records).rows,
              ElementsAre("3|x"));
  EXPECT_EQ(MakeCsvDecoder(*records, Pair(), DefaultCsvOptions()).status().code(),
            StatusCode::kNotFound);
}

TEST(CsvDecoderTest, ABadRecordGivesNoRowAndNamesItsPlace) {
  const Decoded decoded = Decode("1,a\nx,b\n3,c,d\n4\n5,e\n99999999999999999999,f\n");
  EXPECT_THAT(decoded.rows, ElementsAre("1|a", "5|e"));
  EXPECT_THAT(
      decoded.bad,
      ElementsAre("line 2, column 1: field 'id' BIGINT: an integer of this size was expected: x,b",
                  "line 3, column 5: 2 fields were expected, and there are 3: 3,c,d",
                  "line 4, column 2: 2 fields were expected, and there are 1: 4",
                  "line 6, column 1: field 'id' BIGINT: an integer of this size was expected: "
                  "99999999999999999999,f"));
}

TEST(CsvDecoderTest, AFieldBehindOthersTakesThemBack) {
  const auto schema = Schema::Make(
      {{"a", DataType::Int()}, {"b", DataType::String()}, {"c", DataType::Timestamp(3)}});
  const Decoded decoded =
      Decode(",long text that lies in a heap,soon\n2,b,2001-01-01 00:00:00\n", schema);
  EXPECT_THAT(decoded.rows, ElementsAre("2|b|2001-01-01 00:00:00.000"));
  EXPECT_THAT(decoded.bad, ElementsAre(HasSubstr("column 32: field 'c' TIMESTAMP(3)")));
}

TEST(CsvDecoderTest, TroubleWithQuotesCostsOneLine) {
  EXPECT_THAT(Decode("1,\"a\"b\n2,ok\n").bad,
              ElementsAre(HasSubstr("line 1, column 6: a delimiter or the end")));
  const Decoded open = Decode("1,a\n2,\"b\n3,c\n4,d\n");
  EXPECT_THAT(open.bad, ElementsAre(HasSubstr("line 2, column 3: the quote is not closed: 2,\"b")));
  EXPECT_THAT(open.rows, ElementsAre("1|a", "3|c", "4|d"));
}

TEST(CsvDecoderTest, NullInANotNullColumnIsBad) {
  const auto schema = Schema::Make({{"id", DataType::Int().NotNull()}, {"t", DataType::String()}});
  EXPECT_THAT(Decode(",x\n", schema).bad, ElementsAre(HasSubstr("it is NULL")));
}

TEST(CsvDecoderTest, TextThatIsNoUtf8IsBad) {
  EXPECT_THAT(Decode("1,\xc3\x28\n2,\xc3\xbc\n").rows, ElementsAre("2|\xc3\xbc"));
}

TEST(CsvDecoderTest, IgnoringErrorsNullsFieldsAndSkipsWhatCannotBeTakenApart) {
  const CsvOptions options = With({{"csv.ignore-parse-errors", "true"}});
  const Decoded decoded = Decode("x,a\n2\n3,c,d\n4,\"e\"f\n5,g\n", Pair(), options);
  EXPECT_THAT(decoded.rows, ElementsAre("NULL|a", "2|NULL", "3|c", "5|g"));
  EXPECT_THAT(decoded.bad, IsEmpty());
  EXPECT_EQ(decoded.stats.nulled_fields, 1U);
  EXPECT_EQ(decoded.stats.skipped_lines, 1U);
}

TEST(CsvDecoderTest, TheFirstRecordOfAFileMayBeItsHeader) {
  const CsvOptions options = With({{"csv.ignore-first-line", "true"}});
  EXPECT_THAT(Decode("\xef\xbb\xbfid,\"te\nxt\"\n1,a\n", Pair(), options).rows, ElementsAre("1|a"));
}

TEST(CsvDecoderTest, AByteOrderMarkIsNoPartOfTheFirstField) {
  EXPECT_THAT(Decode("\xef\xbb\xbf"
                     "1,a\n")
                  .rows,
              ElementsAre("1|a"));
}

TEST(CsvDecoderTest, OtherCharacters) {
  const CsvOptions options = With({{"csv.field-delimiter", "\\t"},
                                   {"csv.quote-character", "'"},
                                   {"csv.escape-character", "\\"},
                                   {"csv.allow-comments", "true"}});
  EXPECT_THAT(Decode("# no record\n1\t'a\\'b'\n2\tc\\\td\\ne\n", Pair(), options).rows,
              ElementsAre("1|a'b", "2|c\td\ne"));
}

TEST(CsvDecoderTest, WithoutQuotesAQuoteIsACharacter) {
  const CsvOptions options = With({{"csv.disable-quote-character", "true"}});
  EXPECT_THAT(Decode("1,\"a\n2,b\"\n", Pair(), options).rows, ElementsAre("1|\"a", "2|b\""));
}

TEST(CsvEncoderTest, QuotesOnlyWhatWouldBeReadAsSomethingElse) {
  EXPECT_EQ(Encode({{1, "plain text"},
                    {2, "a,b"},
                    {3, "say \"hi\""},
                    {4, "x\ny"},
                    {5, ""},
                    {Datum(), Datum()}}),
            "1,plain text\n2,\"a,b\"\n3,\"say \"\"hi\"\"\"\n4,\"x\ny\"\n5,\"\"\n,\n");
}

TEST(CsvEncoderTest, ANullLiteralIsToldFromItsText) {
  const CsvOptions options = With({{"csv.null-literal", "n/a"}});
  EXPECT_EQ(Encode({{Datum(), Datum()}, {1, "n/a"}}, Pair(), options), "n/a,n/a\n1,\"n/a\"\n");
}

TEST(CsvEncoderTest, WhatItWritesIsReadBack) {
  const std::vector<std::vector<Datum>> rows = {{1, "a"},
                                                {-2, "a\"b,c\r\n\\d"},
                                                {Datum(), ""},
                                                {4, " spaces "},
                                                {5, "#no comment"},
                                                {6, "null"}};
  const std::vector<std::string> texts = {
      "1|a", "-2|a\"b,c\r\n\\d", "NULL|", "4| spaces ", "5|#no comment", "6|null"};
  for (const CsvOptions& options :
       {With({}),
        With({{"csv.null-literal", "null"}}),
        With({{"csv.escape-character", "\\"}}),
        With({{"csv.field-delimiter", "|"},
              {"csv.quote-character", "'"},
              {"csv.allow-comments", "true"}}),
        With({{"csv.disable-quote-character", "true"}, {"csv.escape-character", "\\"}})}) {
    EXPECT_THAT(Decode(Encode(rows, Pair(), options), Pair(), options).rows,
                ::testing::ElementsAreArray(texts))
        << options.ShortDebugString();
  }
}

TEST(CsvEncoderTest, SaysWhatItCannotWrite) {
  Status status;
  Encode({{1, "a,b"}}, Pair(), With({{"csv.disable-quote-character", "true"}}), &status);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("column 'text'"));
  const auto list = Schema::Make({{"l", DataType::Array(DataType::String())}});
  Encode({{Datum::List{"a;b"}}}, list, DefaultCsvOptions(), &status);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("csv.array-element-delimiter"));
}

TEST(CsvEncoderTest, WritesAHeaderWhereReadersSkipOne) {
  std::string out;
  const CsvOptions options = With({{"csv.ignore-first-line", "true"}});
  EXPECT_TRUE(MakeCsvEncoder(Pair(), options, "op")->BeginFile(&out).ok());
  EXPECT_EQ(out, "op,id,text\n");
}

TEST(CsvOptionsTest, SaysWhatIsWrong) {
  EXPECT_THAT(OptionError({{"csv.field-delimiter", "ab"}}), HasSubstr("one ASCII character"));
  EXPECT_THAT(OptionError({{"csv.field-delimiter", "\""}}), HasSubstr("must be others"));
  EXPECT_THAT(OptionError({{"csv.quote-character", "'"}, {"csv.disable-quote-character", "true"}}),
              HasSubstr("exclude each other"));
  EXPECT_THAT(OptionError({{"csv.allow-comments", "maybe"}}), HasSubstr("'maybe'"));
}

TEST(CsvOptionsTest, RefusesWhatHasNoPlaceInAField) {
  EXPECT_FALSE(
      CheckCsvSchema(Schema({{"m", DataType::Map(DataType::String(), DataType::Int())}})).ok());
  EXPECT_FALSE(
      CheckCsvSchema(Schema({{"a", DataType::Array(DataType::Array(DataType::Int()))}})).ok());
  EXPECT_TRUE(CheckCsvSchema(Schema({{"a", DataType::Array(DataType::Int())}})).ok());
}

}  // namespace
}  // namespace thalweg::connectors
