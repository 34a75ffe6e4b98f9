// SPDX-License-Identifier: Apache-2.0

#include "coordinator/restart_policy.h"

#include "gtest/gtest.h"

namespace thalweg::coordinator {
namespace {

MonoTime At(std::int64_t millis) {
  return MonoTime(Milliseconds(millis));
}

TEST(RestartPolicyTest, WaitsLongerWithEachFailureUpToTheMaximum) {
  RestartPolicy policy({.initial_delay = Milliseconds(50),
                        .max_delay = Milliseconds(200),
                        .multiplier = 2,
                        .reset_after = Milliseconds(10'000),
                        .max_attempts = 0});
  EXPECT_EQ(policy.OnFailure(At(0)), At(50));
  EXPECT_EQ(policy.OnFailure(At(100)), At(200));
  EXPECT_EQ(policy.OnFailure(At(300)), At(500));
  EXPECT_EQ(policy.OnFailure(At(600)), At(800));
  EXPECT_EQ(policy.restarts(), 4u);
}

TEST(RestartPolicyTest, StartsOverAfterAQuietTime) {
  RestartPolicy policy({.initial_delay = Milliseconds(50),
                        .max_delay = Milliseconds(200),
                        .multiplier = 2,
                        .reset_after = Milliseconds(1'000),
                        .max_attempts = 0});
  policy.OnFailure(At(0));
  EXPECT_EQ(policy.OnFailure(At(1'000)), At(1'100));
  EXPECT_EQ(policy.OnFailure(At(2'001)), At(2'051));
}

TEST(RestartPolicyTest, GivesUpWhenTheAttemptsAreUsedUp) {
  RestartOptions options;
  options.max_attempts = 2;
  RestartPolicy policy(options);
  EXPECT_TRUE(policy.OnFailure(At(0)).has_value());
  EXPECT_TRUE(policy.OnFailure(At(1)).has_value());
  EXPECT_FALSE(policy.OnFailure(At(2)).has_value());
}

TEST(RestartPolicyTest, ThreeDeathsWithoutACheckpointBetweenThemAreOneTooMany) {
  RestartPolicy policy{RestartOptions{}};
  EXPECT_FALSE(policy.OnDeath());
  EXPECT_FALSE(policy.OnDeath());
  policy.OnCheckpoint();
  EXPECT_FALSE(policy.OnDeath());
  EXPECT_FALSE(policy.OnDeath());
  EXPECT_TRUE(policy.OnDeath());
}

TEST(RestartPolicyTest, DamagedStateAndWrongJobsAreNotRestarted) {
  EXPECT_FALSE(MayRestart(StatusCode::kDataLoss));
  EXPECT_FALSE(MayRestart(StatusCode::kInvalidArgument));
  EXPECT_FALSE(MayRestart(StatusCode::kFailedPrecondition));
  EXPECT_TRUE(MayRestart(StatusCode::kUnavailable));
  EXPECT_TRUE(MayRestart(StatusCode::kResourceExhausted));
}

TEST(RestartPolicyTest, ZerosInThePlanMeanTheDefaults) {
  const StatusOr<RestartOptions> options = RestartOptionsFrom({});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->initial_delay, Milliseconds(50));
  EXPECT_EQ(options->max_delay, Milliseconds(60'000));
  EXPECT_EQ(options->multiplier, 1.5);
}

TEST(RestartPolicyTest, RefusesAMultiplierThatShrinksTheDelay) {
  proto::RestartOptions options;
  options.set_multiplier(0.5);
  EXPECT_EQ(RestartOptionsFrom(options).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace thalweg::coordinator
