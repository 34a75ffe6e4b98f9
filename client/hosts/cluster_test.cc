// SPDX-License-Identifier: Apache-2.0
//
// A coordinator and workers that see each other through gRPC alone, each with the threads that a
// process of its own would have, on one directory.
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "base/random.h"
#include "client/hosts/coordinator_host.h"
#include "client/hosts/count_job_test_util.h"
#include "client/hosts/worker_host.h"
#include "client/remote/remote_cluster.h"
#include "connectors/connectors.h"
#include "runtime/connector/registry.h"
#include "storage/local_store.h"
#include "transport/grpc/grpc_transport.h"

namespace thalweg::client {
namespace {

using ::testing::HasSubstr;
using transport::Address;
using transport::GrpcOptions;
using transport::GrpcTransport;

constexpr Milliseconds kPatience{20'000};

std::unique_ptr<storage::LocalStore> OpenStore(const std::filesystem::path& path) {
  StatusOr<std::unique_ptr<storage::LocalStore>> store = storage::LocalStore::Open(path);
  EXPECT_TRUE(store.ok()) << store.status();
  return *std::move(store);
}

/// What one process has. Destroyed in one piece: the host goes before its transport.
struct CoordinatorPart {
  std::unique_ptr<GrpcTransport> transport = std::make_unique<GrpcTransport>(GrpcOptions());
  std::unique_ptr<CoordinatorHost> host;
};
struct WorkerPart {
  std::unique_ptr<GrpcTransport> transport = std::make_unique<GrpcTransport>(GrpcOptions());
  std::unique_ptr<WorkerHost> host;
};

class ClusterTest : public ::testing::Test {
 protected:
  ClusterTest()
      : root_(std::filesystem::path(::testing::TempDir()) /
              ("cluster_" +
               std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()))) {
    std::filesystem::remove_all(root_);
    connectors::RegisterAll(connectors_);
  }
  ~ClusterTest() override {
    workers_.clear();
    coordinator_.reset();
    if (HasFailure()) {
      for (const std::string& line : log_.lines()) {
        std::fprintf(stderr, "%s\n", line.c_str());
      }
    }
    std::filesystem::remove_all(root_);
  }

  /// Starts it, or starts it again at the same address.
  void StartCoordinator() {
    coordinator_.reset();
    coordinator_ = std::make_unique<CoordinatorPart>();
    const StatusOr<Address> bound = coordinator_->transport->Bind(address_);
    ASSERT_TRUE(bound.ok()) << bound.status();
    address_ = *bound;
    CoordinatorHostOptions options;
    options.coordinator.address = WorkerServiceOf(address_);
    options.coordinator.heartbeat_interval = Milliseconds(500);
    options.coordinator.heartbeat_patience = Milliseconds(3'000);
    options.clients = ClientAddress(address_);
    options.program_version = "test";
    coordinator_->host = std::make_unique<CoordinatorHost>(
        *coordinator_->transport, OpenStore(root_ / "state"), log_, std::move(options));
    const Status started = coordinator_->host->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  void StartWorker(std::uint32_t slots = 1) {
    auto part = std::make_unique<WorkerPart>();
    const StatusOr<Address> exchange = part->transport->Bind(Address{"127.0.0.1:0"});
    ASSERT_TRUE(exchange.ok()) << exchange.status();
    WorkerHostOptions options;
    options.worker.id = WorkerId("worker-" + std::to_string(++started_workers_));
    options.worker.coordinators = {WorkerServiceOf(address_)};
    options.worker.exchange = *exchange;
    options.worker.slots = slots;
    options.lanes = 1;
    options.scratch = root_ / ("scratch-" + options.worker.id.value());
    part->host = std::make_unique<WorkerHost>(*part->transport,
                                              OpenStore(root_ / "state"),
                                              OpenStore(files()),
                                              connectors_,
                                              log_,
                                              options);
    const Status started = part->host->Start();
    ASSERT_TRUE(started.ok()) << started;
    workers_.push_back(std::move(part));
  }

  std::unique_ptr<RemoteCluster> Connect() {
    StatusOr<std::unique_ptr<RemoteCluster>> cluster =
        RemoteCluster::Connect(client_transport_, address_, kPatience);
    EXPECT_TRUE(cluster.ok()) << cluster.status();
    return *std::move(cluster);
  }

  static proto::SubmitJob Submission(const proto::JobGraph& graph) {
    proto::SubmitJob submission;
    *submission.mutable_graph() = graph;
    return submission;
  }

  /// Returns once the job has `count` more durable checkpoints, or has ended.
  static void AwaitCheckpoints(RemoteCluster& cluster, const JobId& job, std::uint64_t count) {
    std::uint64_t first = 0;
    while (true) {
      const StatusOr<proto::JobInfo> info = cluster.Describe(job.value());
      ASSERT_TRUE(info.ok()) << info.status();
      if (first == 0) {
        first = info->newest_checkpoint();
      }
      if (info->newest_checkpoint() >= first + count || info->state() == "FINISHED" ||
          info->state() == "FAILED") {
        return;
      }
    }
  }

  std::filesystem::path files() const { return root_ / "files"; }

  const std::filesystem::path root_;
  runtime::ConnectorRegistry connectors_;
  CapturingLogSink log_;
  GrpcTransport client_transport_{GrpcOptions()};
  Address address_{"127.0.0.1:0"};
  std::unique_ptr<CoordinatorPart> coordinator_;
  std::vector<std::unique_ptr<WorkerPart>> workers_;
  int started_workers_ = 0;
};

TEST_F(ClusterTest, RunsAJobOnThreeWorkers) {
  StartCoordinator();
  for (int i = 0; i < 3; ++i) {
    StartWorker();
  }
  const std::unique_ptr<RemoteCluster> cluster = Connect();
  const StatusOr<JobId> job = cluster->Submit(Submission(CountByKey(3, 0)));
  ASSERT_TRUE(job.ok()) << job.status();
  const StatusOr<proto::JobInfo> outcome = cluster->Wait(*job);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->state(), "FINISHED") << outcome->reason();
  ExpectAllRowsCounted(files());
}

TEST_F(ClusterTest, LosesNoRowWhenWorkersDieAndOthersCome) {
  StartCoordinator();
  for (int i = 0; i < 3; ++i) {
    StartWorker();
  }
  const std::unique_ptr<RemoteCluster> cluster = Connect();
  const StatusOr<JobId> job = cluster->Submit(Submission(CountByKey(3, 1'500)));
  ASSERT_TRUE(job.ok()) << job.status();
  for (int round = 0; round < 3; ++round) {
    AwaitCheckpoints(*cluster, *job, 2);
    workers_.erase(workers_.begin());
    StartWorker();
  }
  const StatusOr<proto::JobInfo> outcome = cluster->Wait(*job);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->state(), "FINISHED") << outcome->reason();
  ExpectAllRowsCounted(files());
}

TEST_F(ClusterTest, ACoordinatorThatIsStartedAgainTakesUpItsJobsAndWorkers) {
  StartCoordinator();
  StartWorker(2);
  std::unique_ptr<RemoteCluster> cluster = Connect();
  const StatusOr<JobId> job = cluster->Submit(Submission(CountByKey(2, 1'500)));
  ASSERT_TRUE(job.ok()) << job.status();
  for (int round = 0; round < 2; ++round) {
    AwaitCheckpoints(*cluster, *job, 2);
    cluster.reset();
    StartCoordinator();
    cluster = Connect();
  }
  const StatusOr<proto::JobInfo> outcome = cluster->Wait(*job);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->state(), "FINISHED") << outcome->reason();
  ExpectAllRowsCounted(files());
}

TEST_F(ClusterTest, AJobWaitsForSlotsAndTellsHowManyAreMissing) {
  StartCoordinator();
  StartWorker();
  const std::unique_ptr<RemoteCluster> cluster = Connect();
  const StatusOr<JobId> job = cluster->Submit(Submission(CountByKey(3, 0)));
  ASSERT_TRUE(job.ok()) << job.status();
  StatusOr<proto::JobInfo> info = cluster->Describe("count by key");
  while (info.ok() && info->missing_slots() != 2) {  // Until the worker has registered.
    info = cluster->Describe("count by key");
  }
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->state(), "CREATED");
  EXPECT_EQ(info->slots_needed(), 3U);
  StartWorker(2);
  const StatusOr<proto::JobInfo> outcome = cluster->Wait(*job);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->state(), "FINISHED") << outcome->reason();
}

TEST_F(ClusterTest, AWorkerThatLeavesInOrderIsMissedAtOnce) {
  StartCoordinator();
  StartWorker();
  const std::unique_ptr<RemoteCluster> cluster = Connect();
  StatusOr<std::vector<proto::WorkerInfo>> listed = cluster->ListWorkers();
  while (listed.ok() && listed->empty()) {
    listed = cluster->ListWorkers();
  }
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_EQ((*listed)[0].worker_id(), "worker-1");
  EXPECT_EQ((*listed)[0].free_slots(), 1U);
  workers_[0]->host->Leave();
  while (listed.ok() && !listed->empty()) {
    listed = cluster->ListWorkers();
  }
  EXPECT_TRUE(listed.ok()) << listed.status();
}

TEST_F(ClusterTest, ANameIsForOneJobAtATime) {
  StartCoordinator();
  const std::unique_ptr<RemoteCluster> cluster = Connect();
  const StatusOr<JobId> job = cluster->Submit(Submission(CountByKey(1, 0)));
  ASSERT_TRUE(job.ok()) << job.status();
  const Status second = cluster->Submit(Submission(CountByKey(2, 0))).status();
  EXPECT_EQ(second.code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(MessageOf(second)), HasSubstr("'count by key'"));
  ASSERT_TRUE(cluster->Cancel(*job).ok());
  const StatusOr<proto::JobInfo> outcome = cluster->Wait(*job);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->state(), "CANCELED");
  EXPECT_TRUE(cluster->Submit(Submission(CountByKey(2, 0))).ok());
}

TEST_F(ClusterTest, TellsWhatIsWrong) {
  const Status nobody =
      RemoteCluster::Connect(client_transport_, Address{"127.0.0.1:1"}, kPatience).status();
  EXPECT_EQ(nobody.code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(MessageOf(nobody)), HasSubstr("127.0.0.1:1"));
  StartCoordinator();
  const std::unique_ptr<RemoteCluster> cluster = Connect();
  EXPECT_EQ(cluster->Describe("no such job").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(cluster->Cancel(JobId("no such job")).code(), StatusCode::kNotFound);
  proto::SubmitJob sql;
  sql.set_sql("SELECT 1");
  EXPECT_EQ(cluster->Submit(sql).status().code(), StatusCode::kUnimplemented);
  coordinator_.reset();
  EXPECT_EQ(cluster->List().status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace thalweg::client
