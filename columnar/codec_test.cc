// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/batch.h"
#include "columnar/batch_builder.h"
#include "columnar/batch_wire.h"
#include "columnar/datum.h"
#include "columnar/ordered_codec.h"
#include "columnar/row_codec.h"
#include "tests/testing/random_batch.h"

namespace thalweg::columnar {
namespace {

std::vector<std::string_view> Views(const ByteRows& rows) {
  std::vector<std::string_view> views;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    views.push_back(rows[row]);
  }
  return views;
}

std::vector<std::uint32_t> RandomSelection(std::size_t rows, Random& random) {
  std::vector<std::uint32_t> selection;
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (random.Chance(3)) {
      selection.push_back(row);
    }
  }
  return selection;
}

/// Flips, cuts and inserts bytes.
std::string Damage(std::string bytes, Random& random) {
  for (std::uint64_t i = 1 + random.Uniform(4); i > 0 && !bytes.empty(); --i) {
    const std::size_t at = random.Uniform(bytes.size());
    switch (random.Uniform(4)) {
      case 0:
        bytes.resize(at);
        break;
      case 1:
        bytes.insert(at, 1, static_cast<char>(random.Next()));
        break;
      case 2:
        bytes[at] = static_cast<char>(0xFF);
        break;
      default:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.Uniform(8)));
    }
  }
  return bytes;
}

class CodecTest : public ::testing::Test {
 protected:
  Batch Random(std::size_t rows) { return testing::RandomBatch(schema_, rows, random_); }
  Batch WithColumns(const Batch& batch, std::vector<ColumnPtr> columns) {
    return Batch(batch.schema(), std::move(columns), batch.row_count());
  }

  SeededRandom random_{42};
  const SchemaPtr schema_ = testing::SchemaOf(testing::AllTypes());
};

using RowCodecTest = CodecTest;
using BatchWireTest = CodecTest;

TEST_F(RowCodecTest, BringsRowsOfEveryTypeBack) {
  const RowCodec codec(schema_->Types());
  ByteRows rows;
  for (int round = 0; round < 50; ++round) {
    const Batch batch = Random(random_.Uniform(60));
    codec.Encode(batch, &rows);
    ASSERT_EQ(rows.size(), batch.row_count());
    const auto columns = codec.Decode(Views(rows));
    ASSERT_TRUE(columns.ok()) << columns.status();
    for (std::size_t i = 0; i < schema_->size(); ++i) {
      EXPECT_TRUE(Equal(*(*columns)[i], *batch.column(i))) << schema_->type(i).ToString();
    }
  }
}

TEST_F(RowCodecTest, GivesRowsOfFixedTypesOneSize) {
  const RowCodec codec({DataType::BigInt(), DataType::Int(), DataType::Decimal(30, 2)});
  EXPECT_EQ(codec.fixed_size(), 1U + 8 + 4 + 16);
  EXPECT_EQ(RowCodec({DataType::String()}).fixed_size(), 0U);
  EXPECT_EQ(RowCodec({}).fixed_size(), 0U);
}

TEST_F(RowCodecTest, WritesEqualRowsAsEqualBytes) {
  // The same rows, once flat and once constant.
  const DataType type = DataType::Row({{"a", DataType::String()}, {"b", DataType::Int()}});
  const RowCodec codec({type, DataType::BigInt()});
  const Datum value(Datum::List{"some text that is long", Datum()});
  ByteRows constant;
  ByteRows flat;
  codec.Encode(
      {{Column::Constant(type, 2, value), Column::Nulls(DataType::BigInt(), 2)}}, 2, &constant);
  codec.Encode({{ColumnOf(type, {value, value}), ColumnOf(DataType::BigInt(), {Datum(), Datum()})}},
               2,
               &flat);
  EXPECT_EQ(constant[1], flat[1]);
  EXPECT_EQ(constant[0], flat[1]);
}

TEST_F(RowCodecTest, SurvivesAnyDamage) {
  const RowCodec codec(schema_->Types());
  ByteRows rows;
  int refused = 0;
  for (int round = 0; round < 3'000; ++round) {
    codec.Encode(Random(1), &rows);
    const std::string damaged = Damage(std::string(rows[0]), random_);
    const auto columns = codec.Decode(std::vector<std::string_view>{damaged});
    if (columns.ok()) {
      EXPECT_EQ((*columns)[0]->length(), 1U);
      for (const ColumnPtr& column : *columns) {
        DatumAt(*column, 0);
      }
    } else {
      EXPECT_EQ(columns.status().code(), StatusCode::kDataLoss);
      ++refused;
    }
  }
  EXPECT_GT(refused, 1'000);
}

TEST_F(BatchWireTest, BringsBatchesBack) {
  for (int round = 0; round < 50; ++round) {
    const Batch batch = Random(random_.Uniform(100));
    std::string bytes = "before";
    EncodeBatch(batch, &bytes);
    const auto read = DecodeBatch(schema_, std::string_view(bytes).substr(6));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_TRUE(Equal(*read, batch)) << batch.ToString() << read->ToString();
  }
}

TEST_F(BatchWireTest, WritesSelectedRowsAsTakeGivesThem) {
  for (int round = 0; round < 50; ++round) {
    const Batch batch = Random(random_.Uniform(100));
    const std::vector<std::uint32_t> selection = RandomSelection(batch.row_count(), random_);
    std::string bytes;
    EncodeRows(batch, selection, &bytes);
    const auto read = DecodeBatch(schema_, bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_TRUE(Equal(*read, batch.Take(selection)));
  }
}

TEST_F(BatchWireTest, WritesOnlyTheStringsOfTheRows) {
  BatchBuilder builder(Schema::Make({{"s", DataType::String()}}));
  for (int i = 0; i < 8'192; ++i) {
    builder.AppendRow({std::string(100, 'x')});
  }
  const Batch batch = builder.Finish();
  std::string bytes;
  EncodeRows(batch, std::vector<std::uint32_t>{5, 6}, &bytes);
  EXPECT_LT(bytes.size(), 220U);
  bytes.clear();
  EncodeBatch(batch.Slice(100, 3), &bytes);
  EXPECT_LT(bytes.size(), 320U);
}

TEST_F(BatchWireTest, KeepsConstantsSmall) {
  const Batch batch(Schema::Make({{"t", DataType::Timestamp(3)}}),
                    {Column::Constant(DataType::Timestamp(3), 8'192, 17)});
  std::string bytes;
  EncodeBatch(batch, &bytes);
  EXPECT_LT(bytes.size(), 20U);
  EXPECT_TRUE(DecodeBatch(batch.schema(), bytes)->column(0)->IsConstant());
}

TEST_F(BatchWireTest, TellsANewerVersionFromDamage) {
  std::string bytes;
  EncodeBatch(Random(3), &bytes);
  bytes[0] = 2;
  EXPECT_EQ(MessageOf(DecodeBatch(schema_, bytes).status()),
            "A batch has format version 2; this program knows 1");
  EXPECT_EQ(DecodeBatch(schema_, "").status().code(), StatusCode::kDataLoss);
}

TEST_F(BatchWireTest, SurvivesAnyDamage) {
  int refused = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes;
    const Batch batch = Random(random_.Uniform(6));
    EncodeBatch(batch, &bytes);
    const auto read = DecodeBatch(schema_, Damage(bytes, random_));
    if (read.ok()) {
      EXPECT_LE(read->row_count(), kMaxBatchRows);
      read->ToString();
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 500);
}

class OrderedCodecTest : public ::testing::TestWithParam<DataType> {};

std::vector<DataType> OrderedTypes() {
  std::vector<DataType> types = testing::AllTypes();
  std::erase_if(types, [](const DataType& type) { return type.kind() == TypeKind::kMap; });
  return types;
}

INSTANTIATE_TEST_SUITE_P(AllTypes, OrderedCodecTest, ::testing::ValuesIn(OrderedTypes()));

TEST_P(OrderedCodecTest, BringsValuesBackInEveryDirection) {
  SeededRandom random(9);
  for (const bool descending : {false, true}) {
    for (const bool nulls_first : {false, true}) {
      const auto codec = OrderedCodec::Make(
          {{GetParam(), descending, nulls_first}, {DataType::String(), descending, nulls_first}});
      const Batch batch =
          testing::RandomBatch(testing::SchemaOf({DataType::String(), GetParam()}), 200, random);
      ByteRows rows;
      codec->Encode(batch, std::vector<std::uint32_t>{1, 0}, &rows);
      const auto columns = codec->Decode(Views(rows));
      ASSERT_TRUE(columns.ok()) << columns.status();
      EXPECT_TRUE(Equal(*(*columns)[0], *batch.column(1)));
      EXPECT_TRUE(Equal(*(*columns)[1], *batch.column(0)));
      for (std::size_t row = 0; row < rows.size(); ++row) {
        const std::string damaged = Damage(std::string(rows[row]), random);
        const auto read = codec->Decode(std::vector<std::string_view>{damaged});
        EXPECT_TRUE(read.ok() || read.status().code() == StatusCode::kDataLoss);
      }
    }
  }
}

/// Codes of `values`, which must come out strictly ascending when codec and values are ascending.
std::vector<std::string> Codes(OrderedColumn order, const std::vector<Datum>& values) {
  const SchemaPtr schema = Schema::Make({{"c", order.type}});
  const auto codec = OrderedCodec::Make({order});
  ByteRows rows;
  codec->Encode(
      Batch(schema, {ColumnOf(order.type, values)}), std::vector<std::uint32_t>{0}, &rows);
  std::vector<std::string> codes;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    codes.emplace_back(rows[row]);
  }
  return codes;
}

void ExpectOrder(const DataType& type, const std::vector<Datum>& values) {
  std::vector<Datum> nulls_first = {Datum()};
  nulls_first.insert(nulls_first.end(), values.begin(), values.end());
  const auto ascending = Codes({type, false, true}, nulls_first);
  EXPECT_TRUE(std::ranges::is_sorted(ascending, std::less_equal<>()) &&
              std::ranges::adjacent_find(ascending) == ascending.end())
      << type.ToString();
  std::vector<Datum> reversed(values.rbegin(), values.rend());
  reversed.push_back(Datum());
  const auto descending = Codes({type, true, false}, reversed);
  EXPECT_TRUE(std::ranges::is_sorted(descending) &&
              std::ranges::adjacent_find(descending) == descending.end())
      << type.ToString();
}

TEST(OrderedCodecOrderTest, IsTheOrderOfTheValues) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  ExpectOrder(DataType::Boolean(), {false, true});
  ExpectOrder(DataType::TinyInt(), {-128, -1, 0, 1, 127});
  ExpectOrder(DataType::Int(), {-70'000, -1, 0, 1, 70'000});
  ExpectOrder(DataType::BigInt(), {kMin, -256, -1, 0, 1, 255, 256, -(kMin + 1)});
  ExpectOrder(DataType::Decimal(38, 2),
              {-(Int128{1} << 100), Int128{-1}, Int128{0}, Int128{1} << 64});
  for (const DataType& type : {DataType::Float(), DataType::Double()}) {
    ExpectOrder(type,
                {-kInfinity,
                 -1.5,
                 -0.25,
                 0.0,
                 0.25,
                 1.5,
                 kInfinity,
                 std::numeric_limits<double>::quiet_NaN()});
  }
  ExpectOrder(DataType::String(),
              {"",
               std::string_view("\0", 1),
               std::string_view("\0\0", 2),
               std::string_view("\0a", 2),
               "a",
               std::string_view("a\0", 2),
               std::string_view("a\0b", 3),
               "aa",
               "b",
               "\xFF"});
  ExpectOrder(DataType::Array(DataType::Int()),
              {Datum::List{},
               Datum::List{Datum()},
               Datum::List{Datum(), 1},
               Datum::List{1},
               Datum::List{1, Datum()},
               Datum::List{1, 1},
               Datum::List{2}});
  ExpectOrder(DataType::Row({{"a", DataType::String()}, {"b", DataType::Int()}}),
              {Datum::List{Datum(), 5},
               Datum::List{"a", Datum()},
               Datum::List{"a", 5},
               Datum::List{"ab", 1}});
}

TEST(OrderedCodecOrderTest, TakesBothZerosAsOne) {
  const auto codes = Codes({DataType::Double()}, {0.0, -0.0});
  EXPECT_EQ(codes[0], codes[1]);
}

TEST(OrderedCodecOrderTest, PutsNullsWhereAsked) {
  const std::vector<Datum> values = {Datum(), 1};
  for (const bool descending : {false, true}) {
    const auto first = Codes({DataType::Int(), descending, true}, values);
    EXPECT_LT(first[0], first[1]);
    const auto last = Codes({DataType::Int(), descending, false}, values);
    EXPECT_GT(last[0], last[1]);
  }
}

TEST(OrderedCodecOrderTest, RefusesMaps) {
  const DataType map = DataType::Map(DataType::Int(), DataType::Int());
  EXPECT_EQ(MessageOf(OrderedCodec::Make({{DataType::Array(map)}}).status()),
            "Values of type ARRAY<MAP<INT, INT>> have no order");
}

}  // namespace
}  // namespace thalweg::columnar
