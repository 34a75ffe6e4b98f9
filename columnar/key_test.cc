// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/batch.h"
#include "columnar/batch_builder.h"
#include "columnar/datum.h"
#include "columnar/hash.h"
#include "columnar/key_codec.h"
#include "tests/testing/random_batch.h"

namespace thalweg::columnar {
namespace {

using ::testing::ElementsAre;

std::vector<std::uint32_t> FirstColumns(std::size_t count) {
  std::vector<std::uint32_t> columns;
  for (std::uint32_t i = 0; i < count; ++i) {
    columns.push_back(i);
  }
  return columns;
}

EncodedKeys Encode(const Batch& batch) {
  EncodedKeys keys;
  KeyEncoder(batch.schema()->Types()).Encode(batch, FirstColumns(batch.column_count()), &keys);
  return keys;
}

std::vector<std::uint64_t> Hashes(const Batch& batch) {
  std::vector<std::uint64_t> hashes(batch.row_count());
  HashKeys(batch, FirstColumns(batch.column_count()), hashes);
  return hashes;
}

Batch OneColumn(const DataType& type, const std::vector<Datum>& values) {
  return Batch(testing::SchemaOf({type}), {ColumnOf(type, values)});
}

std::vector<std::string_view> Views(const EncodedKeys& keys) {
  std::vector<std::string_view> views;
  for (std::size_t row = 0; row < keys.count; ++row) {
    views.push_back(keys[row]);
  }
  return views;
}

void ExpectRoundTrip(const Batch& batch) {
  const EncodedKeys keys = Encode(batch);
  const auto columns = KeyDecoder(batch.schema()->Types()).Decode(Views(keys));
  ASSERT_TRUE(columns.ok()) << columns.status();
  for (std::size_t i = 0; i < batch.column_count(); ++i) {
    EXPECT_TRUE(Equal(*(*columns)[i], *batch.column(i))) << batch.schema()->ToString();
  }
  EXPECT_EQ(Hashes(batch), keys.hashes);
  for (std::size_t row = 0; row < keys.count; ++row) {
    EXPECT_EQ(keys.hashes[row], HashKeyBytes(keys[row]));
  }
}

TEST(KeyCodecTest, BringsKeysOfEveryTypeBackAndHashesTheirBytes) {
  SeededRandom random(21);
  for (int round = 0; round < 20; ++round) {
    for (const DataType& type : testing::AllTypes()) {
      ExpectRoundTrip(testing::RandomBatch(testing::SchemaOf({type}), random.Uniform(40), random));
      const SchemaPtr pair = testing::SchemaOf({type, DataType::BigInt()});
      ExpectRoundTrip(testing::RandomBatch(pair, random.Uniform(40), random));
    }
    ExpectRoundTrip(
        testing::RandomBatch(testing::SchemaOf(testing::AllTypes()), random.Uniform(40), random));
  }
}

TEST(KeyCodecTest, EncodesAFullBatch) {
  SeededRandom random(22);
  const SchemaPtr schema = testing::SchemaOf({DataType::BigInt(), DataType::Decimal(38, 0)});
  ExpectRoundTrip(testing::RandomBatch(schema, kMaxBatchRows, random));
  ExpectRoundTrip(
      testing::RandomBatch(testing::SchemaOf({DataType::String()}), kMaxBatchRows, random));
}

TEST(KeyCodecTest, GivesFixedKeysOneStride) {
  EXPECT_EQ(KeyEncoder({DataType::BigInt()}).fixed_stride(), 16U);
  EXPECT_EQ(KeyEncoder({DataType::Int(), DataType::Decimal(38, 2)}).fixed_stride(), 32U);
  EXPECT_EQ(KeyEncoder({}).fixed_stride(), 8U);
  EXPECT_EQ(KeyEncoder({DataType::BigInt(), DataType::String()}).fixed_stride(), 0U);
  EXPECT_EQ(KeyEncoder(std::vector<DataType>(65, DataType::Int())).fixed_stride(), 0U);
  ExpectRoundTrip(testing::RandomBatch(Schema::Make({}), 3, *std::make_unique<SeededRandom>(1)));
}

TEST(KeyCodecTest, TakesMoreThanSixtyFourColumns) {
  SeededRandom random(23);
  ExpectRoundTrip(testing::RandomBatch(
      testing::SchemaOf(std::vector<DataType>(65, DataType::Int())), 10, random));
  ExpectRoundTrip(testing::RandomBatch(
      testing::SchemaOf(std::vector<DataType>(64, DataType::Int())), 10, random));
}

TEST(KeyCodecTest, GivesEqualKeysOfBothSidesOfAJoinEqualBytes) {
  const auto key = [](const DataType& type, const Datum& value) {
    return std::string(Encode(OneColumn(type, {value}))[0]);
  };
  EXPECT_EQ(key(DataType::BigInt(), 1), key(DataType::BigInt().NotNull(), 1));
  EXPECT_EQ(key(DataType::TinyInt(), -1), key(DataType::BigInt(), -1));
  EXPECT_EQ(key(DataType::Float(), 0.5), key(DataType::Double(), 0.5));
  EXPECT_EQ(key(DataType::Double(), -0.0), key(DataType::Double(), 0.0));
  EXPECT_EQ(key(DataType::Double(), std::numeric_limits<double>::quiet_NaN()),
            key(DataType::Double(), -std::numeric_limits<double>::signaling_NaN()));
  EXPECT_EQ(key(DataType::Char(3), "abc"), key(DataType::String().NotNull(), "abc"));
  EXPECT_NE(key(DataType::BigInt(), 0), key(DataType::BigInt(), Datum()));
  EXPECT_NE(key(DataType::String(), ""), key(DataType::String(), Datum()));
}

TEST(KeyCodecTest, TellsWhichColumnIsNull) {
  BatchBuilder builder(testing::SchemaOf({DataType::Int(), DataType::Int()}));
  builder.AppendRow({Datum(), 0});
  builder.AppendRow({0, Datum()});
  builder.AppendRow({0, 0});
  const EncodedKeys keys = Encode(builder.Finish());
  EXPECT_NE(keys[0], keys[1]);
  EXPECT_NE(keys[0], keys[2]);
  EXPECT_NE(keys[1], keys[2]);
}

TEST(KeyDecoderTest, RefusesWhatNoEncoderWrote) {
  const auto code = [](const DataType& type, std::string_view bytes) {
    return KeyDecoder({type}).Decode(std::vector{bytes}).status().code();
  };
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(code(DataType::BigInt(), "12345678"), StatusCode::kDataLoss);
  EXPECT_EQ(code(DataType::TinyInt(), "\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv),
            StatusCode::kDataLoss);
  EXPECT_EQ(code(DataType::Boolean(), "\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv),
            StatusCode::kDataLoss);
  EXPECT_EQ(code(DataType::BigInt(), "\0\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0"sv),
            StatusCode::kDataLoss);
  EXPECT_EQ(code(DataType::BigInt(), "\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0"sv), StatusCode::kOk);
  EXPECT_EQ(code(DataType::String(),
                 "\x01\x05"
                 "abc"),
            StatusCode::kDataLoss);
  EXPECT_EQ(code(DataType::String(),
                 "\x01\x03"
                 "abcd"),
            StatusCode::kDataLoss);
  EXPECT_EQ(code(DataType::String(), "\x02"), StatusCode::kDataLoss);
  EXPECT_EQ(code(DataType::String(), ""), StatusCode::kDataLoss);
}

// These numbers are the algorithm that kHashAlgorithm = 1 names: state in the field was placed by
// them. They were made by another program (xxhsum -H3) from bytes laid out by hand as key_codec.h
// says. When one changes, the change is wrong, or it needs a new kHashAlgorithm.
TEST(HashKeysTest, IsTheSameForEver) {
  EXPECT_EQ(kHashAlgorithm, 1U);
  EXPECT_THAT(Hashes(OneColumn(DataType::BigInt(), {0, 1, -1, Datum()})),
              ElementsAre(0xd0a66a65c7528968ULL,
                          0x26f2a1148cf52011ULL,
                          0x28acde8ceeed5915ULL,
                          0x0cfbaea74a8cc0e5ULL));
  EXPECT_THAT(
      Hashes(OneColumn(DataType::String(), {"", "a", "Google", std::string(300, 'x'), Datum()})),
      ElementsAre(0xab94ac0ace7276c0ULL,
                  0xdbad2a848e16ed2bULL,
                  0x9c494ebf566cc907ULL,
                  0x1adfa71f6164e3deULL,
                  0xc44bdff4074eecdbULL));
  EXPECT_THAT(Hashes(OneColumn(DataType::Double(), {0.0, 1.5})),
              ElementsAre(0xd0a66a65c7528968ULL, 0x5b9dc01cd2d8b20cULL));
  EXPECT_THAT(Hashes(OneColumn(DataType::Decimal(38, 2), {Int128{12'345}})),
              ElementsAre(0xcfe5e4329e71f35cULL));
  BatchBuilder builder(testing::SchemaOf(
      {DataType::Int(), DataType::Boolean(), DataType::Array(DataType::String())}));
  builder.AppendRow({7, true, Datum::List{"x", Datum()}});
  EXPECT_THAT(Hashes(builder.Finish()), ElementsAre(0xb96f929ebca3f48dULL));
}

TEST(HashKeysTest, HashesConstantsOnce) {
  const Batch batch(testing::SchemaOf({DataType::String()}),
                    {Column::Constant(DataType::String(), 100, "Google")});
  const std::vector<std::uint64_t> hashes = Hashes(batch);
  EXPECT_EQ(hashes, std::vector<std::uint64_t>(100, hashes[0]));
  EXPECT_EQ(hashes[0], Hashes(OneColumn(DataType::String(), {"Google"}))[0]);
}

TEST(KeyGroupTest, ComesFromTheUpperBits) {
  EXPECT_EQ(KeyGroupOf(0, 1'024).value(), 0U);
  EXPECT_EQ(KeyGroupOf(~std::uint64_t{0}, 1'024).value(), 1'023U);
  EXPECT_EQ(KeyGroupOf(~std::uint64_t{0}, 1).value(), 0U);
  EXPECT_EQ(KeyGroupOf(~std::uint64_t{0}, 65'536).value(), 65'535U);
  EXPECT_EQ(KeyGroupOf(std::uint64_t{1} << 63, 100).value(), 50U);
  SeededRandom random(4);
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t hash = random.Next();
    EXPECT_EQ(KeyGroupOfStored(StoredHash(hash), 1'024), KeyGroupOf(hash, 1'024));
  }
}

TEST(KeyGroupTest, SpreadsConsecutiveKeysEvenly) {
  constexpr std::uint32_t kGroups = 128;
  BatchBuilder builder(testing::SchemaOf({DataType::BigInt()}));
  for (int i = 0; i < 8'192; ++i) {
    builder.AppendRow({i});
  }
  std::vector<int> counts(kGroups);
  for (const std::uint64_t hash : Hashes(builder.Finish())) {
    ++counts[KeyGroupOf(hash, kGroups).value()];
  }
  // 64 expected; five standard deviations are 40.
  EXPECT_GT(*std::ranges::min_element(counts), 24);
  EXPECT_LT(*std::ranges::max_element(counts), 104);
}

}  // namespace
}  // namespace thalweg::columnar
