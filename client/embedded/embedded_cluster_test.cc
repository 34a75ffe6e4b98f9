// SPDX-License-Identifier: Apache-2.0
//
// Whole jobs on real threads and a real directory.
#include "client/embedded/embedded_cluster.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "client/plan_builder.h"
#include "connectors/connectors.h"
#include "connectors/datagen/datagen.h"
#include "connectors/filesystem/filesystem.h"

namespace thalweg::client {
namespace {

using columnar::DataType;
using coordinator::JobState;

constexpr std::int64_t kRows = 2'000;

columnar::SchemaPtr RowSchema() {
  return std::make_shared<const columnar::Schema>(std::vector<columnar::Field>{
      {"id", DataType::BigInt().NotNull()}, {"k", DataType::BigInt().NotNull()}});
}

/// Counts generated rows by key into files; `rows_per_second` 0 means at once.
proto::JobGraph CountByKey(std::uint32_t parallelism, std::uint64_t rows_per_second) {
  connectors::DatagenOptions datagen;
  datagen.row_count = static_cast<std::uint64_t>(kRows);
  datagen.rows_per_second = rows_per_second;
  proto::DatagenField id = connectors::DefaultField(DataType::BigInt());
  id.set_kind(proto::DATAGEN_SEQUENCE);
  id.set_end(kRows);
  id.set_step(1);
  proto::DatagenField key = connectors::DefaultField(DataType::BigInt());
  key.set_min(0);
  key.set_max(9);
  datagen.fields = {id, key};
  connectors::FileSinkOptions files;
  files.path = "out";
  files.changelog = proto::CHANGELOG_COLUMN;
  PlanBuilder plan("count by key");
  proto::CheckpointOptions checkpoints;
  checkpoints.set_interval_millis(20);
  plan.Parallelism(parallelism).KeyGroups(64).Checkpoints(checkpoints);
  plan.Source({.connector = "datagen",
               .spec = connectors::DatagenSpecOf(datagen),
               .schema = RowSchema(),
               .name = "",
               .parallelism = 0})
      .GroupBy({"k"})
      .Aggregate({CountAll("n")})
      .Sink({.connector = "filesystem",
             .spec = connectors::FileSinkSpecOf(files),
             .name = "",
             .parallelism = 0,
             .wants_update_before = true});
  const StatusOr<proto::JobGraph> graph = plan.Build();
  EXPECT_TRUE(graph.ok()) << graph.status();
  return *graph;
}

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

  /// The rows that a reader of the folder sees, folded: how often each stands there.
  std::map<std::string, int> Rows() const {
    std::map<std::string, int> rows;
    for (const auto& entry : std::filesystem::directory_iterator(options_.files / "out")) {
      if (!entry.is_regular_file()) {
        continue;
      }
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        // {"op":"+I",...
        rows[line.substr(11)] += line[7] == '+' ? 1 : -1;
      }
    }
    std::erase_if(rows, [](const auto& row) { return row.second == 0; });
    return rows;
  }

  /// Ten keys, each once, whose counts add up.
  void ExpectAllRowsCounted() const {
    const std::map<std::string, int> rows = Rows();
    EXPECT_EQ(rows.size(), 10U);
    std::int64_t total = 0;
    for (const auto& [row, count] : rows) {
      EXPECT_EQ(count, 1) << row;
      total += std::stoll(row.substr(row.find("\"n\":") + 4));
    }
    EXPECT_EQ(total, kRows);
  }

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
  ExpectAllRowsCounted();
}

TEST_F(EmbeddedClusterTest, SaysThatAJobHasEndedWhenItIsRunAgain) {
  ASSERT_TRUE(RunEmbedded(CountByKey(1, 0), connectors_, options_).ok());
  const std::map<std::string, int> rows = Rows();
  const StatusOr<coordinator::JobOutcome> again =
      RunEmbedded(CountByKey(1, 0), connectors_, options_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->state, JobState::kFinished);
  EXPECT_EQ(Rows(), rows);
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
  ExpectAllRowsCounted();
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
  ExpectAllRowsCounted();
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
