// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel/watermark_combiner.h"

#include <gtest/gtest.h>

namespace thalweg::runtime {
namespace {

TEST(WatermarkCombinerTest, FollowsTheSlowestChannel) {
  WatermarkCombiner combiner(2);
  EXPECT_FALSE(combiner.OnWatermark(0, 10).has_value());
  EXPECT_EQ(combiner.OnWatermark(1, 5), 5);
  EXPECT_EQ(combiner.OnWatermark(1, 20), 10);
  EXPECT_FALSE(combiner.OnWatermark(1, 30).has_value());
}

TEST(WatermarkCombinerTest, IgnoresAWatermarkThatFalls) {
  WatermarkCombiner combiner(1);
  combiner.OnWatermark(0, 10);
  EXPECT_FALSE(combiner.OnWatermark(0, 9).has_value());
  EXPECT_EQ(combiner.combined(), 10);
}

TEST(WatermarkCombinerTest, AnIdleChannelHoldsNobodyBack) {
  WatermarkCombiner combiner(2);
  combiner.OnWatermark(0, 10);
  EXPECT_EQ(combiner.OnIdle(1), 10);
  EXPECT_FALSE(combiner.AllIdle());
}

TEST(WatermarkCombinerTest, AChannelThatComesBackLateDoesNotCountUntilItHasCaughtUp) {
  WatermarkCombiner combiner(2);
  combiner.OnIdle(1);
  combiner.OnWatermark(0, 10);
  combiner.OnActive(1);
  EXPECT_EQ(combiner.OnWatermark(0, 20), 20) << "Channel 1 is behind and does not count.";
  EXPECT_FALSE(combiner.OnWatermark(1, 15).has_value());
  EXPECT_FALSE(combiner.OnWatermark(1, 25).has_value()) << "Now it counts, and 20 still holds.";
  EXPECT_EQ(combiner.OnWatermark(0, 30), 25);
}

TEST(WatermarkCombinerTest, AChannelThatCatchesUpAloneRaisesTheWatermark) {
  WatermarkCombiner combiner(2);
  combiner.OnWatermark(0, 10);
  combiner.OnIdle(0);
  EXPECT_EQ(combiner.OnIdle(1), 10) << "When all are idle the greatest of all holds.";
  EXPECT_TRUE(combiner.AllIdle());
  EXPECT_EQ(combiner.OnWatermark(1, 12), 12);
}

TEST(WatermarkCombinerTest, TheLastEndIsTheEndOfTime) {
  WatermarkCombiner combiner(2);
  combiner.OnWatermark(0, 10);
  EXPECT_EQ(combiner.OnEnd(1), 10) << "Only channel 0 is left.";
  EXPECT_FALSE(combiner.AllEnded());
  EXPECT_EQ(combiner.OnEnd(0), kMaxWatermark);
  EXPECT_TRUE(combiner.AllEnded());
  EXPECT_FALSE(combiner.AllIdle());
}

TEST(WatermarkCombinerTest, AnIdleChannelMayEnd) {
  WatermarkCombiner combiner(2);
  combiner.OnIdle(0);
  combiner.OnEnd(0);
  combiner.OnIdle(1);
  EXPECT_TRUE(combiner.AllIdle());
  EXPECT_EQ(combiner.OnEnd(1), kMaxWatermark);
}

}  // namespace
}  // namespace thalweg::runtime
