// SPDX-License-Identifier: Apache-2.0
#include "columnar/batch.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/batch_builder.h"
#include "columnar/datum.h"
#include "tests/testing/random_batch.h"

namespace thalweg::columnar {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SchemaPtr KeyAndName() {
  return Schema::Make({{"k", DataType::BigInt()}, {"name", DataType::String()}});
}

/// Keys 0, 1, ... `count` - 1.
Batch Counting(std::int64_t count) {
  BatchBuilder builder(KeyAndName());
  for (std::int64_t key = 0; key < count; ++key) {
    builder.AppendRow({key, "name of row " + std::to_string(key)});
  }
  return builder.Finish();
}

TEST(BatchTest, TakesRowsWithTheirKinds) {
  BatchBuilder builder(KeyAndName());
  builder.AppendRow({1, "a"});
  builder.AppendRow({2, "b"}, ChangeKind::kDelete);
  builder.AppendRow({3, Datum()}, ChangeKind::kUpdateAfter);
  const Batch batch = builder.Finish();
  EXPECT_EQ(batch.Take(std::vector<std::uint32_t>{0, 2}).ToString(),
            "(k BIGINT, name STRING)\n+I 1 \"a\"\n+U 3 NULL\n");
  EXPECT_EQ(batch.Slice(1, 1).ToString(), "(k BIGINT, name STRING)\n-D 2 \"b\"\n");
}

TEST(BatchTest, KeepsAMarkBeforeTheFirstTakenRowBehindIt) {
  const Batch batch = Counting(6).WithMarks({{0, 10}, {2, 20}, {3, 30}, {6, 40}});
  const Batch taken = batch.Take(std::vector<std::uint32_t>{1, 4});
  // 20 and 30 both come to stand before row 4, where the later one alone counts.
  EXPECT_THAT(taken.marks(),
              ElementsAre(WatermarkMark{0, 10}, WatermarkMark{1, 30}, WatermarkMark{2, 40}));
  EXPECT_THAT(batch.Take({}).marks(), ElementsAre(WatermarkMark{0, 40}));
}

TEST(BatchTest, GivesEachMarkToOneSlice) {
  const Batch batch = Counting(6).WithMarks({{0, 10}, {3, 20}, {6, 30}});
  EXPECT_THAT(batch.Slice(0, 3).marks(), ElementsAre(WatermarkMark{0, 10}));
  EXPECT_THAT(batch.Slice(3, 3).marks(), ElementsAre(WatermarkMark{0, 20}, WatermarkMark{3, 30}));
}

TEST(BatchTest, SharesEverythingWhenAllRowsAreTaken) {
  const Batch batch = Counting(3);
  EXPECT_EQ(batch.Take(std::vector<std::uint32_t>{0, 1, 2}).column(0), batch.column(0));
  EXPECT_NE(batch.Take(std::vector<std::uint32_t>{0, 2, 1}).column(0), batch.column(0));
}

TEST(BatchTest, MayHaveRowsWithoutColumns) {
  const Batch batch(Schema::Make({}), {}, 5);
  EXPECT_EQ(batch.Take(std::vector<std::uint32_t>{1, 2}).row_count(), 2U);
  EXPECT_EQ(batch.Slice(0, 4).row_count(), 4U);
  EXPECT_EQ(Batch().row_count(), 0U);
}

TEST(BatchTest, MayHaveMarksWithoutRows) {
  const Batch batch = Counting(0).WithMarks({{0, 7}});
  EXPECT_TRUE(batch.empty());
  EXPECT_THAT(batch.Slice(0, 0).marks(), ElementsAre(WatermarkMark{0, 7}));
}

TEST(BatchDeathTest, RefusesMarksOutOfOrder) {
  const Batch batch = Counting(3);
  EXPECT_DEATH(batch.WithMarks({{0, 10}, {1, 10}}), "watermark");
  EXPECT_DEATH(batch.WithMarks({{4, 10}}), "row");
}

TEST(BatchDeathTest, RefusesMoreRowsThanABatchHolds) {
  EXPECT_DEATH(Batch(Schema::Make({}), {}, kMaxBatchRows + 1), "kMaxBatchRows");
}

TEST(ConcatTest, MovesMarksAndFillsKinds) {
  const Batch first = Counting(2).WithMarks({{1, 10}, {2, 20}});
  const Batch second = Counting(2)
                           .WithChangeKinds(std::vector{ChangeKind::kDelete, ChangeKind::kInsert})
                           .WithMarks({{0, 30}, {1, 40}});
  const Batch all = Concat(std::vector{first, second});
  EXPECT_THAT(all.marks(),
              ElementsAre(WatermarkMark{1, 10}, WatermarkMark{2, 30}, WatermarkMark{3, 40}));
  EXPECT_THAT(
      all.change_kinds(),
      ElementsAre(
          ChangeKind::kInsert, ChangeKind::kInsert, ChangeKind::kDelete, ChangeKind::kInsert));
}

TEST(ConcatTest, UndoesAnySlicing) {
  SeededRandom random(3);
  const SchemaPtr schema = testing::SchemaOf(testing::AllTypes());
  for (int round = 0; round < 30; ++round) {
    const Batch batch = testing::RandomBatch(schema, random.Uniform(80), random);
    const std::size_t cut = random.Uniform(batch.row_count() + 1);
    const Batch all =
        Concat(std::vector{batch.Slice(0, cut), batch.Slice(cut, batch.row_count() - cut)});
    EXPECT_TRUE(Equal(all, batch)) << all.ToString() << batch.ToString();
  }
}

TEST(BatchBuilderTest, CollectsRowsOfBatchesUpToAFullBatch) {
  const Batch batch =
      Counting(4'096).WithChangeKinds(std::vector<ChangeKind>(4'096, ChangeKind::kUpdateBefore));
  std::vector<std::uint32_t> odd;
  for (std::uint32_t row = 1; row < 4'096; row += 2) {
    odd.push_back(row);
  }
  BatchBuilder builder(KeyAndName());
  builder.AppendRange(Counting(2'048), 0, 2'048);
  builder.AppendRows(batch, odd);
  builder.AppendRange(batch, 0, 4'096);
  EXPECT_EQ(builder.row_count(), kMaxBatchRows);
  const Batch full = builder.Finish();
  EXPECT_EQ(full.change_kind(2'047), ChangeKind::kInsert);
  EXPECT_EQ(full.change_kind(2'048), ChangeKind::kUpdateBefore);
  EXPECT_EQ(DatumAt(*full.column(0), 2'049), Datum(3));
  EXPECT_EQ(DatumAt(*full.column(1), 8'191), Datum("name of row 4095"));
  EXPECT_TRUE(builder.empty());
}

TEST(BatchBuilderTest, DropsMarksThatAreNotAhead) {
  BatchBuilder builder(KeyAndName());
  builder.AddMark(5);
  builder.AddMark(7);
  builder.AppendRow({1, "a"});
  builder.AddMark(7);
  builder.AddMark(6);
  const Batch batch = builder.Finish();
  EXPECT_THAT(batch.marks(), ElementsAre(WatermarkMark{0, 7}));
  EXPECT_THAT(batch.change_kinds(), IsEmpty());
  EXPECT_TRUE(builder.empty());
}

}  // namespace
}  // namespace thalweg::columnar
