// SPDX-License-Identifier: Apache-2.0
#include "runtime/time/watermark_generator.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/column_builder.h"
#include "columnar/datum.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::Datum;
using columnar::WatermarkMark;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Microseconds.
columnar::ColumnPtr Times(const std::vector<std::int64_t>& millis) {
  columnar::ColumnBuilder builder(DataType::Timestamp(3));
  for (const std::int64_t time : millis) {
    builder.Append(time * 1000);
  }
  return builder.Finish();
}

std::vector<WatermarkMark> MarksOf(WatermarkGenerator& generator,
                                   const std::vector<std::int64_t>& millis) {
  std::vector<WatermarkMark> marks;
  EXPECT_TRUE(generator.Observe(*Times(millis), &marks).ok());
  return marks;
}

WatermarkMark Mark(std::uint32_t row, EventMillis watermark) {
  return {row, watermark};
}

TEST(WatermarkGeneratorTest, MarksStandBehindRowsThatAreMoreThanTheIntervalAhead) {
  WatermarkGenerator generator(DataType::Timestamp(3), {.delay = Milliseconds(10)});
  EXPECT_THAT(MarksOf(generator, {1000, 1200, 1201, 900, 1500}),
              ElementsAre(Mark(1, 990), Mark(3, 1191), Mark(5, 1490)));
  EXPECT_FALSE(generator.HasNews());
  EXPECT_THAT(MarksOf(generator, {1700, 1600}), IsEmpty());
  ASSERT_TRUE(generator.HasNews());
  EXPECT_EQ(generator.TakeNews(), 1690);
  EXPECT_FALSE(generator.HasNews());
}

TEST(WatermarkGeneratorTest, TheFirstWatermarkIsAheadOfZero) {
  WatermarkGenerator generator(DataType::Timestamp(3), {});
  EXPECT_THAT(MarksOf(generator, {-5000, 100, 200}), IsEmpty());
  EXPECT_EQ(generator.position().highest, 200);
  EXPECT_THAT(MarksOf(generator, {201}), ElementsAre(Mark(1, 201)));
}

TEST(WatermarkGeneratorTest, FractionsOfMillisecondsAreCutDownwards) {
  WatermarkGenerator generator(DataType::Timestamp(6), {});
  std::vector<WatermarkMark> marks;
  ASSERT_TRUE(
      generator.Observe(*columnar::ColumnOf(DataType::Timestamp(6), {Datum(1'000'999)}), &marks)
          .ok());
  EXPECT_THAT(marks, ElementsAre(Mark(1, 1000)));
  WatermarkGenerator before(DataType::Timestamp(6), {});
  ASSERT_TRUE(
      before.Observe(*columnar::ColumnOf(DataType::Timestamp(6), {Datum(-1)}), &marks).ok());
  EXPECT_EQ(before.position().highest, -1);
}

TEST(WatermarkGeneratorTest, ARestoredOneMakesTheSameMarks) {
  WatermarkGenerator straight(DataType::Timestamp(3), {});
  WatermarkGenerator first(DataType::Timestamp(3), {});
  MarksOf(straight, {1000, 1150});
  MarksOf(first, {1000, 1150});
  WatermarkGenerator second(DataType::Timestamp(3), {});
  second.Restore(first.position());
  const std::vector<std::int64_t> rest = {1100, 1200, 1201, 1700};
  EXPECT_EQ(MarksOf(straight, rest), MarksOf(second, rest));
  EXPECT_EQ(straight.position().highest, second.position().highest);
}

TEST(WatermarkGeneratorTest, ANullTimeIsAnError) {
  WatermarkGenerator generator(DataType::Timestamp(3), {});
  std::vector<WatermarkMark> marks;
  EXPECT_EQ(
      generator.Observe(*columnar::ColumnOf(DataType::Timestamp(3), {Datum()}), &marks).code(),
      StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace thalweg::runtime
