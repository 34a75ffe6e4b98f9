// SPDX-License-Identifier: Apache-2.0

#include "coordinator/restore_gate.h"

#include "gtest/gtest.h"
#include "tests/testing/scoped_mutation.h"

namespace thalweg::coordinator {
namespace {

TEST(RestoreGateTest, IsOpenWithoutSinks) {
  RestoreGate gate;
  gate.Close({});
  EXPECT_TRUE(gate.is_open());
}

TEST(RestoreGateTest, OpensWhenTheLastSinkHasSettled) {
  RestoreGate gate;
  gate.Close({TaskId(1), TaskId(2)});
  EXPECT_FALSE(gate.OnReplayed(TaskId(1)));
  EXPECT_FALSE(gate.OnReplayed(TaskId(1)));
  EXPECT_FALSE(gate.is_open());
  EXPECT_TRUE(gate.OnReplayed(TaskId(2)));
  EXPECT_TRUE(gate.is_open());
}

TEST(RestoreGateTest, HandsTheNewestHeldCheckpointOutOnce) {
  RestoreGate gate;
  gate.Close({TaskId(1)});
  gate.Hold(CheckpointId(4));
  gate.Hold(CheckpointId(5));
  gate.OnReplayed(TaskId(1));
  EXPECT_EQ(gate.TakeHeld(), CheckpointId(5));
  EXPECT_EQ(gate.TakeHeld(), std::nullopt);
}

TEST(RestoreGateTest, ForgetsWhatAnEarlierAttemptHeld) {
  RestoreGate gate;
  gate.Close({TaskId(1)});
  gate.Hold(CheckpointId(4));
  gate.Close({TaskId(1)});
  EXPECT_EQ(gate.TakeHeld(), std::nullopt);
}

TEST(RestoreGateTest, IsAlwaysOpenUnderItsMutation) {
  const testing::ScopedMutation mutation(Mutation::kRestoreGateOff);
  RestoreGate gate;
  gate.Close({TaskId(1)});
  EXPECT_TRUE(gate.is_open());
}

}  // namespace
}  // namespace thalweg::coordinator
