// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel/barrier_aligner.h"

#include <gtest/gtest.h>

#include "tests/testing/scoped_mutation.h"

namespace thalweg::runtime {
namespace {

Barrier At(std::uint64_t checkpoint) {
  return {.checkpoint = CheckpointId(checkpoint)};
}

TEST(BarrierAlignerTest, ReachesACheckpointWithTheLastChannelsBarrier) {
  BarrierAligner aligner(3);
  EXPECT_FALSE(aligner.OnBarrier(0, At(7)).reached.has_value());
  EXPECT_FALSE(aligner.OnBarrier(2, At(7)).reached.has_value());
  const Barrier last{.checkpoint = CheckpointId(7), .kind = proto::CHECKPOINT_STOP};
  EXPECT_EQ(aligner.OnBarrier(1, last).reached->checkpoint, CheckpointId(7));
  EXPECT_FALSE(aligner.aligning());
}

TEST(BarrierAlignerTest, HoldsBackTheChannelsThatHaveDelivered) {
  BarrierAligner aligner(3);
  aligner.OnBarrier(1, At(7));
  EXPECT_FALSE(aligner.IsBlocked(0));
  EXPECT_TRUE(aligner.IsBlocked(1));
  aligner.OnBarrier(0, At(7));
  aligner.OnBarrier(2, At(7));
  EXPECT_FALSE(aligner.IsBlocked(1));
}

TEST(BarrierAlignerTest, ASingleChannelNeverWaits) {
  BarrierAligner aligner(1);
  EXPECT_TRUE(aligner.OnBarrier(0, At(1)).reached.has_value());
  EXPECT_TRUE(aligner.OnBarrier(0, At(2)).reached.has_value());
}

TEST(BarrierAlignerTest, AnEndedChannelOwesNoBarrier) {
  BarrierAligner aligner(2);
  aligner.OnEnd(0);
  EXPECT_TRUE(aligner.OnBarrier(1, At(1)).reached.has_value());
  EXPECT_FALSE(aligner.OnBarrier(0, At(1)).reached.has_value())
      << "It comes late and is swallowed.";
  EXPECT_FALSE(aligner.IsBlocked(0));
}

TEST(BarrierAlignerTest, TheEndOfTheLastChannelCompletesAnAlignment) {
  BarrierAligner aligner(2);
  aligner.OnBarrier(0, At(1));
  EXPECT_EQ(aligner.OnEnd(1).reached->checkpoint, CheckpointId(1));
}

TEST(BarrierAlignerTest, WhenAllHaveEndedTheFirstBarrierIsEnough) {
  BarrierAligner aligner(2);
  aligner.OnEnd(0);
  aligner.OnEnd(1);
  EXPECT_TRUE(aligner.OnBarrier(1, At(4)).reached.has_value());
  EXPECT_FALSE(aligner.OnBarrier(0, At(4)).reached.has_value());
  EXPECT_TRUE(aligner.OnBarrier(0, At(5)).reached.has_value());
}

TEST(BarrierAlignerTest, ANewerBarrierCutsOffAnAlignment) {
  BarrierAligner aligner(3);
  aligner.OnBarrier(0, At(1));
  const BarrierAligner::Outcome outcome = aligner.OnBarrier(1, At(2));
  EXPECT_EQ(outcome.lost, CheckpointId(1));
  EXPECT_FALSE(outcome.reached.has_value());
  EXPECT_FALSE(aligner.IsBlocked(0)) << "Its barrier of checkpoint 2 is still to come.";
  EXPECT_TRUE(aligner.IsBlocked(1));
  EXPECT_FALSE(aligner.OnBarrier(2, At(1)).reached.has_value());
  EXPECT_FALSE(aligner.IsBlocked(2)) << "An old barrier is swallowed.";
  aligner.OnBarrier(2, At(2));
  EXPECT_TRUE(aligner.OnBarrier(0, At(2)).reached.has_value());
}

TEST(BarrierAlignerTest, AnAbortReleasesTheChannelsAndSwallowsWhatIsStillToCome) {
  BarrierAligner aligner(2);
  aligner.OnBarrier(0, At(1));
  aligner.Abort(CheckpointId(1));
  EXPECT_FALSE(aligner.IsBlocked(0));
  EXPECT_FALSE(aligner.OnBarrier(1, At(1)).reached.has_value());
  EXPECT_FALSE(aligner.aligning());
  aligner.OnBarrier(0, At(2));
  EXPECT_TRUE(aligner.OnBarrier(1, At(2)).reached.has_value());
}

TEST(BarrierAlignerTest, AnAbortMayComeBeforeTheBarriers) {
  BarrierAligner aligner(2);
  aligner.Abort(CheckpointId(2));
  aligner.OnBarrier(0, At(1));
  EXPECT_TRUE(aligner.OnBarrier(1, At(1)).reached.has_value());
  aligner.OnBarrier(0, At(2));
  EXPECT_FALSE(aligner.aligning());
  aligner.OnBarrier(0, At(3));
  EXPECT_FALSE(aligner.OnBarrier(1, At(2)).lost.has_value());
  EXPECT_TRUE(aligner.OnBarrier(1, At(3)).reached.has_value());
}

TEST(BarrierAlignerTest, WithTheMistakeItReachesACheckpointTooEarly) {
  testing::ScopedMutation mutation(Mutation::kAlignmentOff);
  BarrierAligner aligner(2);
  EXPECT_TRUE(aligner.OnBarrier(0, At(1)).reached.has_value());
}

}  // namespace
}  // namespace thalweg::runtime
