// SPDX-License-Identifier: Apache-2.0
#include "columnar/column.h"

#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/column_builder.h"
#include "columnar/datum.h"
#include "tests/testing/random_batch.h"

namespace thalweg::columnar {
namespace {

std::vector<Datum> Values(const Column& column) {
  std::vector<Datum> values;
  for (std::size_t row = 0; row < column.length(); ++row) {
    values.push_back(DatumAt(column, row));
  }
  return values;
}

class EveryTypeTest : public ::testing::TestWithParam<DataType> {
 protected:
  ColumnPtr Random(std::size_t rows) { return testing::RandomColumn(GetParam(), rows, random_); }

  SeededRandom random_{7};
};

INSTANTIATE_TEST_SUITE_P(AllTypes, EveryTypeTest, ::testing::ValuesIn(testing::AllTypes()));

TEST_P(EveryTypeTest, GivesBackWhatWasAppended) {
  for (int round = 0; round < 20; ++round) {
    std::vector<Datum> values;
    for (std::uint64_t i = random_.Uniform(100); i > 0; --i) {
      values.push_back(testing::RandomDatum(GetParam(), random_));
    }
    EXPECT_EQ(Values(*ColumnOf(GetParam(), values)), values);
  }
}

TEST_P(EveryTypeTest, GathersRowsInAnyOrder) {
  for (int round = 0; round < 20; ++round) {
    const ColumnPtr column = Random(1 + random_.Uniform(100));
    std::vector<std::uint32_t> indices;
    std::vector<Datum> expected;
    for (std::uint64_t i = random_.Uniform(100); i > 0; --i) {
      indices.push_back(static_cast<std::uint32_t>(random_.Uniform(column->length())));
      expected.push_back(DatumAt(*column, indices.back()));
    }
    EXPECT_EQ(Values(*Gather(column, indices)), expected);
    ColumnBuilder builder(GetParam());
    builder.AppendRows(*column, indices);
    builder.AppendRows(*column, indices);
    const ColumnPtr twice = builder.Finish();
    EXPECT_EQ(Values(*Slice(twice, 0, indices.size())), expected);
    EXPECT_EQ(Values(*Slice(twice, indices.size(), indices.size())), expected);
  }
}

TEST_P(EveryTypeTest, SlicesAndConcatenatesToTheSame) {
  for (int round = 0; round < 20; ++round) {
    const ColumnPtr column = Random(random_.Uniform(100));
    const std::size_t cut = random_.Uniform(column->length() + 1);
    const std::vector<ColumnPtr> halves = {Slice(column, 0, cut),
                                           Slice(column, cut, column->length() - cut)};
    const ColumnPtr whole = Concat(halves);
    EXPECT_EQ(Values(*whole), Values(*column));
    EXPECT_TRUE(Equal(*whole, *column));
    EXPECT_EQ(whole->CountNulls(), column->CountNulls());
  }
}

TEST_P(EveryTypeTest, FlattensConstants) {
  const ColumnPtr constant =
      Column::Constant(GetParam(), 50, testing::RandomDatum(GetParam(), random_));
  const ColumnPtr flat = Flatten(constant);
  EXPECT_TRUE(constant->IsConstant());
  EXPECT_FALSE(flat->IsConstant());
  EXPECT_EQ(flat->length(), 50U);
  EXPECT_TRUE(Equal(*flat, *constant));
}

TEST_P(EveryTypeTest, AppendsSingleRowsOfOtherColumns) {
  const ColumnPtr column = Random(60);
  ColumnBuilder builder(GetParam());
  for (std::size_t row = 0; row < column->length(); ++row) {
    builder.AppendFrom(*column, row);
  }
  EXPECT_TRUE(Equal(*builder.Finish(), *column));
}

TEST(ColumnTest, TellsNullsOfConstants) {
  const ColumnPtr nulls = Column::Nulls(DataType::BigInt(), 5);
  EXPECT_EQ(nulls->CountNulls(), 5U);
  EXPECT_TRUE(nulls->IsNull(4));
  EXPECT_EQ(nulls->Values<std::int64_t>()[4 * nulls->stride()], 0);
}

TEST(ColumnTest, HasNoBitmapWhenNothingIsNull) {
  ColumnBuilder builder(DataType::Int());
  builder.Reserve(10);
  builder.SetNull(0);
  builder.SetValid(0);
  builder.MutableValues<std::int32_t>()[0] = 4;
  builder.SetLength(1);
  EXPECT_FALSE(builder.Finish()->MayHaveNulls());
}

TEST(ColumnTest, TakesNegativeZeroAndNanAsEqual) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(Equal(*ColumnOf(DataType::Double(), {0.0, kNan}),
                    *ColumnOf(DataType::Double(), {-0.0, -kNan})));
  EXPECT_FALSE(
      Equal(*ColumnOf(DataType::Double(), {1.0}), *ColumnOf(DataType::Double(), {Datum()})));
}

TEST(ColumnBuilderTest, GivesUpABulkRowThatIsNotCounted) {
  ColumnBuilder builder(DataType::String());
  builder.Reserve(4);
  builder.MutableValues<StringRef>()[0] = builder.heap().Add("the first row, kept");
  builder.SetNull(1);
  builder.SetLength(1);
  builder.SetValid(1);
  builder.MutableValues<StringRef>()[1] = builder.heap().Add("two");
  builder.SetLength(2);
  EXPECT_EQ(Values(*builder.Finish()), (std::vector<Datum>{"the first row, kept", "two"}));
}

TEST(ColumnBuilderTest, IsEmptyAfterFinish) {
  ColumnBuilder builder(DataType::Array(DataType::String()));
  builder.AppendDatum(Datum::List{"a rather long element", Datum()});
  builder.AppendNull();
  EXPECT_EQ(builder.Finish()->length(), 2U);
  EXPECT_EQ(builder.length(), 0U);
  EXPECT_EQ(builder.Finish()->length(), 0U);
  builder.AppendDatum(Datum::List{"x"});
  EXPECT_EQ(Values(*builder.Finish()), (std::vector<Datum>{Datum::List{"x"}}));
}

TEST(ColumnBuilderTest, SharesHeapsOfManyRowsAndCopiesSingleOnes) {
  const ColumnPtr column =
      ColumnOf(DataType::String(), {"one long string of the heap", "another long string of it"});
  ColumnBuilder builder(DataType::String());
  builder.AppendRange(*column, 0, 2);
  const ColumnPtr shared = builder.Finish();
  EXPECT_EQ(shared->heaps()->heap(0), column->heaps()->heap(0));
  builder.AppendFrom(*column, 1);
  const ColumnPtr copied = builder.Finish();
  EXPECT_EQ(copied->heaps()->bytes(), copied->StringAt(0).size());
}

TEST(CompactHeapsTest, CopiesWhatIsLeftOfLargeHeaps) {
  ColumnBuilder builder(DataType::String());
  for (int i = 0; i < 5'000; ++i) {
    builder.AppendString("a string that is long enough for the heap " + std::to_string(i));
  }
  const ColumnPtr column = builder.Finish();
  EXPECT_EQ(CompactHeaps(column), column);
  const std::vector<std::uint32_t> indices = {17, 4'999};
  const ColumnPtr few = Gather(column, indices);
  const ColumnPtr compact = CompactHeaps(few);
  EXPECT_TRUE(Equal(*compact, *few));
  EXPECT_LT(compact->ReferencedBytes(), 200U);
  EXPECT_GT(few->ReferencedBytes(), 200'000U);
}

TEST(CompactHeapsTest, JoinsManyHeapsAlsoInsideOfRows) {
  const DataType type = DataType::Row({{"s", DataType::String()}});
  std::vector<ColumnPtr> pieces;
  for (int i = 0; i < 40; ++i) {
    pieces.push_back(
        ColumnOf(type, {Datum(Datum::List{"one heap for this string " + std::to_string(i)})}));
  }
  const ColumnPtr column = Concat(pieces);
  EXPECT_EQ(column->child(0)->heaps()->size(), 40U);
  const ColumnPtr compact = CompactHeaps(column);
  EXPECT_EQ(compact->child(0)->heaps()->size(), 1U);
  EXPECT_TRUE(Equal(*compact, *column));
}

}  // namespace
}  // namespace thalweg::columnar
