// SPDX-License-Identifier: Apache-2.0

#include "coordinator/coordinator_service.h"

#include "coordinator/test_graphs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/layout.h"
#include "tests/coordinator/fake_cluster.h"

namespace thalweg::coordinator {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// One coordinator that leads, two workers of two slots, and a job that runs if asked for.
class CoordinatorServiceTest : public ::testing::Test {
 protected:
  CoordinatorServiceTest() : cluster_(/*seed=*/7, /*coordinator_count=*/2, /*worker_count=*/2) {
    Lead(0);
  }
  ~CoordinatorServiceTest() override {
    EXPECT_THAT(cluster_.witness().violations(), IsEmpty());
    if (HasFailure()) {
      std::fputs(cluster_.Log().c_str(), stderr);
    }
  }

  void Lead(std::size_t i) {
    cluster_.StartCoordinator(i);
    ASSERT_TRUE(cluster_.RunUntil(
        [&] { return cluster_.coordinator(i).process->leading().has_value(); }, 10));
    cluster_.loop().RunFor(Microseconds(1'000'000));  // Both workers register.
  }
  CoordinatorProcess& process(std::size_t i = 0) { return *cluster_.coordinator(i).process; }
  CoordinatorService& service(std::size_t i = 0) { return process(i).service(); }

  void RunJob(const proto::JobGraph& graph = FakeCluster::Graph()) {
    ASSERT_TRUE(cluster_.Submit(process(), graph).ok());
    ASSERT_TRUE(cluster_.RunUntilState(JobState::kRunning));
  }
  JobDescription Describe(std::size_t i = 0) {
    const auto description = cluster_.Describe(process(i));
    EXPECT_TRUE(description && description->ok());
    return **description;
  }
  Status Cancel() {
    return *cluster_.Ask<Status>([&](auto done) {
      service().Cancel(FakeCluster::Job(), process().mailbox(), std::move(done));
    });
  }
  std::optional<StatusOr<JobOutcome>> Watch(std::size_t i = 0) {
    return cluster_.Ask<StatusOr<JobOutcome>>([&](auto done) {
      service(i).Watch(FakeCluster::Job(), process(i).mailbox(), std::move(done));
    });
  }
  bool RunUntilCompletes(std::uint64_t count) {
    return cluster_.RunUntil([&] { return cluster_.witness().completes() >= count; }, 60);
  }

  FakeCluster cluster_;
};

TEST_F(CoordinatorServiceTest, RunsAJobAndTakesCheckpoints) {
  RunJob();
  EXPECT_TRUE(RunUntilCompletes(6));
  const JobDescription description = Describe();
  EXPECT_EQ(description.state, JobState::kRunning);
  EXPECT_GE(description.newest_checkpoint->value(), 3u);
  EXPECT_EQ(description.attempt.n, 1u);
  EXPECT_GE(description.checkpoints.completed, 3u);
}

TEST_F(CoordinatorServiceTest, FinishesAJobWhoseInputHasEnded) {
  RunJob();
  cluster_.EndInput();
  const auto outcome = Watch();
  ASSERT_TRUE(outcome && outcome->ok());
  EXPECT_EQ((*outcome)->state, JobState::kFinished);
  cluster_.witness().OnFinished(FakeCluster::Job());
}

TEST_F(CoordinatorServiceTest, ASecondSubmissionOfAFinishedJobFindsItFinished) {
  RunJob();
  cluster_.EndInput();
  ASSERT_TRUE(Watch().has_value());
  ASSERT_TRUE(cluster_.Submit(process()).ok());
  EXPECT_EQ((*Watch())->state, JobState::kFinished);
}

TEST_F(CoordinatorServiceTest, ASecondSubmissionWithAnotherGraphIsRefused) {
  RunJob();
  EXPECT_EQ(cluster_.Submit(process(), FakeCluster::Graph(3)).status().code(),
            StatusCode::kAlreadyExists);
}

TEST_F(CoordinatorServiceTest, AGraphThatCannotRunIsRefused) {
  proto::JobGraph graph;
  EXPECT_EQ(cluster_.Submit(process(), graph).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(CoordinatorServiceTest, WaitsForSlotsAndTellsHowMany) {
  ASSERT_TRUE(cluster_.Submit(process(), FakeCluster::Graph(6)).ok());
  cluster_.loop().RunFor(Microseconds(5'000'000));
  EXPECT_EQ(Describe().missing_slots, 2u);
  EXPECT_EQ(Describe().state, JobState::kCreated);
}

TEST_F(CoordinatorServiceTest, RestartsWhenAWorkerDies) {
  RunJob();
  ASSERT_TRUE(RunUntilCompletes(4));
  cluster_.CrashWorker(0);
  ASSERT_TRUE(cluster_.RunUntil([&] { return cluster_.witness().deploys() >= 3; }, 30));
  ASSERT_TRUE(cluster_.RunUntilState(JobState::kRunning));
  EXPECT_GE(Describe().attempt.n, 2u);
  EXPECT_EQ(Describe().restarts, 1u);
}

TEST_F(CoordinatorServiceTest, NoticesAHostThatFallsSilent) {
  RunJob();
  cluster_.CrashWorker(0, testing::CrashKind::kHost);
  cluster_.StartWorker(0);
  EXPECT_TRUE(cluster_.RunUntil([&] { return cluster_.witness().deploys() >= 4; }, 10));
}

TEST_F(CoordinatorServiceTest, TheNextLeaderTakesJobsUpByItself) {
  RunJob();
  ASSERT_TRUE(RunUntilCompletes(4));
  cluster_.CrashCoordinator(0);
  Lead(1);
  ASSERT_TRUE(cluster_.RunUntilState(JobState::kRunning));
  EXPECT_EQ(Describe(1).attempt.generation, Generation(2));
  const std::uint64_t completes = cluster_.witness().completes();
  EXPECT_TRUE(RunUntilCompletes(completes + 4));
}

TEST_F(CoordinatorServiceTest, AZombieFindsOutAndStepsDown) {
  RunJob();
  cluster_.coordinator(0).node->Pause();
  Lead(1);
  ASSERT_TRUE(cluster_.RunUntilState(JobState::kRunning, 60));
  cluster_.coordinator(0).node->Resume();
  EXPECT_TRUE(cluster_.RunUntil([&] { return process(0).over().has_value(); }, 60));
  EXPECT_EQ(process(0).over()->code(), StatusCode::kFailedPrecondition);
}

TEST_F(CoordinatorServiceTest, AZombieCanNoLongerChangeAJob) {
  RunJob();
  cluster_.coordinator(0).node->Pause();
  Lead(1);
  cluster_.coordinator(0).node->Resume();
  EXPECT_EQ(Cancel().code(), StatusCode::kUnavailable);
  EXPECT_TRUE(cluster_.RunUntil([&] { return process(0).over().has_value(); }, 10));
  EXPECT_TRUE(cluster_.RunUntilState(JobState::kRunning, 60));
}

TEST_F(CoordinatorServiceTest, CancelsAndAnEndedJobStaysEnded) {
  RunJob();
  EXPECT_TRUE(Cancel().ok());
  EXPECT_EQ((*Watch())->state, JobState::kCanceled);
  EXPECT_TRUE(Cancel().ok()) << "a repeat";
  cluster_.CrashCoordinator(0);
  Lead(1);
  EXPECT_EQ((*Watch(1))->state, JobState::kCanceled);
}

TEST_F(CoordinatorServiceTest, StopsAndGoesOnAtAnotherParallelism) {
  RunJob();
  ASSERT_TRUE(RunUntilCompletes(2));
  const auto stopped = cluster_.Ask<Status>([&](auto done) {
    service().Stop(FakeCluster::Job(), /*drain=*/false, process().mailbox(), std::move(done));
  });
  ASSERT_TRUE(stopped && stopped->ok());
  ASSERT_EQ((*Watch())->state, JobState::kStopped);
  const auto changed = cluster_.Ask<Status>([&](auto done) {
    service().Change(
        FakeCluster::Job(), FakeCluster::Graph(3), process().mailbox(), std::move(done));
  });
  ASSERT_TRUE(changed && changed->ok()) << *changed;
  ASSERT_TRUE(cluster_.RunUntilState(JobState::kRunning));
  EXPECT_EQ(Describe().slots_needed, 3u);
  const std::uint64_t completes = cluster_.witness().completes();
  EXPECT_TRUE(RunUntilCompletes(completes + 2));
}

TEST_F(CoordinatorServiceTest, ADamagedLogFailsTheJobAndNamesTheSlot) {
  RunJob();
  ASSERT_TRUE(RunUntilCompletes(4));
  cluster_.CrashCoordinator(0);
  auto keys = cluster_.coordinator(0).memory->List(storage::JobLogPrefix(FakeCluster::Job()));
  ASSERT_TRUE(keys.ok());
  cluster_.coordinator(0).memory->Corrupt(keys->back(), 30);
  cluster_.StartCoordinator(1);
  ASSERT_TRUE(cluster_.RunUntilState(JobState::kFailed));
  EXPECT_THAT(Describe(1).reason, HasSubstr(FakeCluster::Job().value()));
  cluster_.coordinator(0).memory->Overwrite(keys->back(), "");  // So that the witness skips it too.
}

TEST_F(CoordinatorServiceTest, ADamagedClusterLogEndsTheCoordinator) {
  cluster_.CrashCoordinator(0);
  auto keys = cluster_.coordinator(0).memory->List(storage::ClusterLogPrefix());
  cluster_.coordinator(0).memory->Corrupt(keys->back(), 30);
  cluster_.StartCoordinator(1);
  ASSERT_TRUE(cluster_.RunUntil([&] { return process(1).over().has_value(); }, 10));
  EXPECT_EQ(process(1).over()->code(), StatusCode::kDataLoss);
}

TEST_F(CoordinatorServiceTest, KeepsOnTryingWhileStorageIsAway) {
  RunJob();
  cluster_.coordinator(0).store->FailFrom(
      testing::StoreCalls::kAll, 0, testing::StoreFault::kRefused);
  cluster_.loop().RunFor(Microseconds(20'000'000));
  const std::uint64_t completes = cluster_.witness().completes();
  cluster_.coordinator(0).store->Heal();
  EXPECT_TRUE(RunUntilCompletes(completes + 4));
  EXPECT_EQ(Describe().attempt.n, 1u) << "the job was not disturbed";
}

TEST_F(CoordinatorServiceTest, AnUnknownJobIsNotFound) {
  const auto status = cluster_.Ask<Status>(
      [&](auto done) { service().Cancel(JobId("none"), process().mailbox(), std::move(done)); });
  EXPECT_EQ(status->code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace thalweg::coordinator
