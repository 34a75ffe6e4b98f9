// SPDX-License-Identifier: Apache-2.0
//
// Whole jobs on real threads and a real directory.
#include "client/embedded/embedded_cluster.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "client/hosts/count_job_test_util.h"
#include "connectors/connectors.h"

namespace thalweg::client {
namespace {

using coordinator::JobState;

class EmbeddedClusterTest : public ::testing::Test {
 protected:
  EmbeddedClusterTest() {
    root_ = std::filesystem::path(::testing::TempDir()) /
            ("embedded_" +
             std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(root_);
    connectors::RegisterAll(connectors_);
    options_.storage = root_ / "state";
    options_.files = root_ / "files";
    options_.lanes = 2;
    options_.log = &log_;
  }
  ~EmbeddedClusterTest() override { std::filesystem::remove_all(root_); }

  std::filesystem::path root_;
  runtime::ConnectorRegistry connectors_;
  CapturingLogSink log_;
  EmbeddedOptions options_;
};

TEST_F(EmbeddedClusterTest, RunsAJobToItsEnd) {
  const StatusOr<coordinator::JobOutcome> outcome =
      RunEmbedded(CountByKey(2, 0), connectors_, options_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->state, JobState::kFinished) << outcome->reason;
  ExpectAllRowsCounted(options_.files);
}

TEST_F(EmbeddedClusterTest, SaysThatAJobHasEndedWhenItIsRunAgain) {
  ASSERT_TRUE(RunEmbedded(CountByKey(1, 0), connectors_, options_).ok());
  const std::map<std::string, int> rows = CountedRowsIn(options_.files);
  const StatusOr<coordinator::JobOutcome> again =
      RunEmbedded(CountByKey(1, 0), connectors_, options_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->state, JobState::kFinished);
  EXPECT_EQ(CountedRowsIn(options_.files), rows);
}

TEST_F(EmbeddedClusterTest, GoesOnWhereAClusterWasLeft) {
  const proto::JobGraph graph = CountByKey(2, /*rows_per_second=*/4'000);
  const JobId job = JobIdForName(graph.name());
  for (int run = 0; run < 3; ++run) {
    StatusOr<std::unique_ptr<EmbeddedCluster>> cluster =
        EmbeddedCluster::Start(connectors_, options_);
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    ASSERT_TRUE((*cluster)->Submit(job, graph).ok());
    // Leaves as soon as something is durable, in the middle of everything else.
    while (true) {
      const StatusOr<coordinator::JobDescription> described = (*cluster)->Describe(job);
      ASSERT_TRUE(described.ok()) << described.status();
      if (described->checkpoints.completed > 0 || coordinator::IsEnd(described->state)) {
        break;
      }
    }
  }
  const StatusOr<coordinator::JobOutcome> outcome = RunEmbedded(graph, connectors_, options_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->state, JobState::kFinished) << outcome->reason;
  ExpectAllRowsCounted(options_.files);
}

TEST_F(EmbeddedClusterTest, StopsAJobAndTakesItUpAtAnotherParallelism) {
  const JobId job = JobIdForName("count by key");
  const proto::JobGraph graph = CountByKey(1, /*rows_per_second=*/4'000);
  StatusOr<std::unique_ptr<EmbeddedCluster>> cluster =
      EmbeddedCluster::Start(connectors_, options_);
  ASSERT_TRUE(cluster.ok()) << cluster.status();
  ASSERT_TRUE((*cluster)->Submit(job, graph).ok());
  ASSERT_TRUE((*cluster)->Stop(job, /*drain=*/false).ok());
  const StatusOr<coordinator::JobOutcome> stopped = (*cluster)->Wait(job);
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_EQ(stopped->state, JobState::kStopped) << stopped->reason;

  ASSERT_TRUE((*cluster)->Change(job, CountByKey(3, 0)).ok());
  const StatusOr<coordinator::JobOutcome> finished = (*cluster)->Wait(job);
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->state, JobState::kFinished) << finished->reason;
  ExpectAllRowsCounted(options_.files);
}

TEST_F(EmbeddedClusterTest, RefusesOptionsThatCannotBe) {
  options_.lanes = 2;
  options_.cores = {0};
  const Status status = EmbeddedCluster::Start(connectors_, options_).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(status)), ::testing::HasSubstr("cores"));
}

}  // namespace
}  // namespace thalweg::client
