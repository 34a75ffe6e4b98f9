// SPDX-License-Identifier: Apache-2.0

#include "coordinator/checkpoint_tracker.h"

#include "gtest/gtest.h"

namespace thalweg::coordinator {
namespace {

const TaskId kA(1);
const TaskId kB(2);

MonoTime At(std::int64_t millis) {
  return MonoTime(Milliseconds(millis));
}

proto::TaskSnapshot SnapshotBy(TaskId task, std::uint64_t bytes = 0) {
  proto::TaskSnapshot snapshot;
  snapshot.set_task(task.value());
  snapshot.add_runs()->set_size(bytes);
  return snapshot;
}

CheckpointOptions Every(std::int64_t millis) {
  CheckpointOptions options;
  options.interval = Milliseconds(millis);
  return options;
}

template <class Step>
const Step* Only(const std::vector<CheckpointStep>& steps) {
  EXPECT_EQ(steps.size(), 1u);
  return steps.size() == 1 ? std::get_if<Step>(&steps[0]) : nullptr;
}

/// A tracker of two tasks that was started at 0.
class CheckpointTrackerTest : public ::testing::Test {
 protected:
  explicit CheckpointTrackerTest(CheckpointOptions options = Every(100)) : tracker_(options) {
    tracker_.Start({kA, kB}, CheckpointId(0), At(0));
  }

  /// Acknowledges for both tasks; the last steps.
  std::vector<CheckpointStep> AckAll(std::uint64_t id, std::int64_t millis) {
    EXPECT_TRUE(tracker_.OnAck(CheckpointId(id), SnapshotBy(kA, 10), At(millis)).empty());
    return tracker_.OnAck(CheckpointId(id), SnapshotBy(kB, 5), At(millis));
  }

  CheckpointTracker tracker_;
};

TEST_F(CheckpointTrackerTest, TriggersOneIntervalAfterTheStart) {
  EXPECT_EQ(tracker_.WakeAt(), At(100));
  EXPECT_TRUE(tracker_.OnTick(At(99)).empty());
  const auto steps = tracker_.OnTick(At(100));
  const auto* trigger = Only<TriggerStep>(steps);
  ASSERT_NE(trigger, nullptr);
  EXPECT_EQ(trigger->id, CheckpointId(1));
  EXPECT_EQ(trigger->kind, proto::CHECKPOINT_PERIODIC);
}

TEST_F(CheckpointTrackerTest, PersistsWhenTheLastTaskHasAcknowledged) {
  tracker_.OnTick(At(100));
  const auto steps = AckAll(1, 120);
  const auto* persist = Only<PersistStep>(steps);
  ASSERT_NE(persist, nullptr);
  EXPECT_EQ(persist->snapshots.size(), 2u);
}

TEST_F(CheckpointTrackerTest, IgnoresARepeatedAck) {
  tracker_.OnTick(At(100));
  EXPECT_TRUE(tracker_.OnAck(CheckpointId(1), SnapshotBy(kA), At(110)).empty());
  EXPECT_TRUE(tracker_.OnAck(CheckpointId(1), SnapshotBy(kA), At(111)).empty());
  EXPECT_EQ(tracker_.OnAck(CheckpointId(1), SnapshotBy(kB), At(112)).size(), 1u);
  EXPECT_TRUE(tracker_.OnAck(CheckpointId(1), SnapshotBy(kB), At(113)).empty());
}

TEST_F(CheckpointTrackerTest, IgnoresAcksOfUnknownCheckpoints) {
  EXPECT_TRUE(tracker_.OnAck(CheckpointId(9), SnapshotBy(kA), At(1)).empty());
}

TEST_F(CheckpointTrackerTest, CountsTheIntervalFromStartToStart) {
  tracker_.OnTick(At(100));
  AckAll(1, 150);
  tracker_.OnDurable(CheckpointId(1), At(170));
  EXPECT_EQ(tracker_.WakeAt(), At(200));
}

TEST_F(CheckpointTrackerTest, WaitsForTheOneInFlight) {
  tracker_.OnTick(At(100));
  EXPECT_TRUE(tracker_.OnTick(At(200)).empty());
  AckAll(1, 350);
  EXPECT_TRUE(tracker_.OnTick(At(360)).empty()) << "it is in flight until its manifest is durable";
  tracker_.OnDurable(CheckpointId(1), At(370));
  EXPECT_NE(Only<TriggerStep>(tracker_.OnTick(At(370))), nullptr);
}

TEST_F(CheckpointTrackerTest, AbortsAfterTheTimeoutAndGoesOn) {
  CheckpointOptions options = Every(100);
  options.timeout = Milliseconds(500);
  tracker_.set_options(options);
  tracker_.OnTick(At(100));
  EXPECT_EQ(tracker_.WakeAt(), At(600));
  const auto steps = tracker_.OnTick(At(600));
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(std::get<AbortStep>(steps[0]).id, CheckpointId(1));
  EXPECT_EQ(std::get<TriggerStep>(steps[1]).id, CheckpointId(2));
  EXPECT_TRUE(tracker_.OnAck(CheckpointId(1), SnapshotBy(kA), At(601)).empty());
}

TEST_F(CheckpointTrackerTest, AbortsWhatATaskDeclines) {
  tracker_.OnTick(At(100));
  const auto steps = tracker_.OnDeclined(CheckpointId(1), "busy", At(110));
  ASSERT_NE(Only<AbortStep>(steps), nullptr);
  EXPECT_EQ(tracker_.stats().aborted, 1u);
  EXPECT_EQ(tracker_.stats().history.back().failure, "busy");
  EXPECT_TRUE(tracker_.OnDeclined(CheckpointId(1), "busy", At(111)).empty());
}

TEST_F(CheckpointTrackerTest, CannotAbortWhatIsBeingPersisted) {
  tracker_.OnTick(At(100));
  AckAll(1, 120);
  EXPECT_TRUE(tracker_.OnDeclined(CheckpointId(1), "late", At(130)).empty());
  tracker_.Halt(At(140));
  EXPECT_EQ(tracker_.OldestPending(), CheckpointId(1));
  tracker_.OnDurable(CheckpointId(1), At(150));
  EXPECT_EQ(tracker_.stats().completed, 1u);
}

TEST_F(CheckpointTrackerTest, KeepsThePauseBetweenTwoCheckpoints) {
  CheckpointOptions options = Every(100);
  options.min_pause = Milliseconds(80);
  tracker_.set_options(options);
  tracker_.OnTick(At(100));
  AckAll(1, 150);
  tracker_.OnDurable(CheckpointId(1), At(170));
  EXPECT_EQ(tracker_.WakeAt(), At(250));
}

TEST_F(CheckpointTrackerTest, ANewerCheckpointOvertakesAnOlderOne) {
  CheckpointOptions options = Every(100);
  options.in_flight_max = 2;
  tracker_.set_options(options);
  tracker_.OnTick(At(100));
  tracker_.OnTick(At(200));
  const auto steps = AckAll(2, 210);
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(std::get<AbortStep>(steps[0]).id, CheckpointId(1));
  EXPECT_EQ(std::get<PersistStep>(steps[1]).id, CheckpointId(2));
}

TEST_F(CheckpointTrackerTest, TakesTheLastCheckpointAtOnceAndNoneAfterIt) {
  tracker_.OnTick(At(100));
  tracker_.RequestLast(proto::CHECKPOINT_FINAL);
  const auto steps = tracker_.OnTick(At(101));
  const auto* trigger = Only<TriggerStep>(steps);
  ASSERT_NE(trigger, nullptr);
  EXPECT_EQ(trigger->kind, proto::CHECKPOINT_FINAL);
  EXPECT_EQ(AckAll(2, 110).size(), 2u);
  tracker_.OnDurable(CheckpointId(2), At(120));
  EXPECT_TRUE(tracker_.OnTick(At(10'000)).empty());
  EXPECT_EQ(tracker_.WakeAt(), std::nullopt);
}

TEST_F(CheckpointTrackerTest, TriesALastCheckpointAgainAfterAPause) {
  tracker_.RequestLast(proto::CHECKPOINT_STOP);
  tracker_.OnTick(At(10));
  EXPECT_TRUE(tracker_.OnTick(At(11)).empty());
  tracker_.OnDeclined(CheckpointId(1), "not now", At(20));
  EXPECT_TRUE(tracker_.OnTick(At(21)).empty());
  ASSERT_TRUE(tracker_.WakeAt().has_value());
  const auto steps = tracker_.OnTick(*tracker_.WakeAt());
  const auto* trigger = Only<TriggerStep>(steps);
  ASSERT_NE(trigger, nullptr);
  EXPECT_EQ(trigger->kind, proto::CHECKPOINT_STOP);
}

TEST_F(CheckpointTrackerTest, TheFirstWishForALastCheckpointWins) {
  tracker_.RequestLast(proto::CHECKPOINT_STOP);
  tracker_.RequestLast(proto::CHECKPOINT_FINAL);
  const auto steps = tracker_.OnTick(At(10));
  EXPECT_EQ(Only<TriggerStep>(steps)->kind, proto::CHECKPOINT_STOP);
}

TEST_F(CheckpointTrackerTest, ANewAttemptGoesOnWithFreshIds) {
  tracker_.OnTick(At(100));
  tracker_.Halt(At(110));
  EXPECT_EQ(tracker_.WakeAt(), std::nullopt);
  EXPECT_TRUE(tracker_.OnAck(CheckpointId(1), SnapshotBy(kA), At(111)).empty());
  tracker_.Start({kA}, CheckpointId(0), At(200));
  const auto steps = tracker_.OnTick(At(300));
  EXPECT_EQ(Only<TriggerStep>(steps)->id, CheckpointId(2));
}

TEST_F(CheckpointTrackerTest, CountsBytesAndDurations) {
  tracker_.OnTick(At(100));
  AckAll(1, 120);
  tracker_.OnDurable(CheckpointId(1), At(130));
  const CheckpointSummary& summary = tracker_.stats().history.back();
  EXPECT_TRUE(summary.completed);
  EXPECT_EQ(summary.bytes, 15u);
  EXPECT_EQ(summary.duration, Milliseconds(30));
}

TEST(CheckpointOptionsTest, ZerosMeanTheDefaultsAndANegativeIntervalNone) {
  proto::CheckpointOptions plan;
  EXPECT_EQ(CheckpointOptionsFrom(plan)->interval, Milliseconds(1000));
  EXPECT_EQ(CheckpointOptionsFrom(plan)->in_flight_max, 1u);
  plan.set_interval_millis(-1);
  EXPECT_EQ(CheckpointOptionsFrom(plan)->interval, std::nullopt);
}

TEST(CheckpointOptionsTest, RefusesTooManyInFlight) {
  proto::CheckpointOptions plan;
  plan.set_in_flight_max(9);
  EXPECT_EQ(CheckpointOptionsFrom(plan).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace thalweg::coordinator
