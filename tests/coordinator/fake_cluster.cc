// SPDX-License-Identifier: Apache-2.0

#include "tests/coordinator/fake_cluster.h"

#include <utility>

#include "base/check.h"
#include "coordinator/test_graphs.h"
#include "fmt/format.h"

namespace thalweg::coordinator {
namespace {

transport::Address AddressOf(std::size_t i) {
  return {fmt::format("coordinator-{}", i)};
}

}  // namespace

std::string KeptLog::Text() const {
  return fmt::format("{}", fmt::join(sink_.lines(), "\n"));
}

CoordinatorProcess::CoordinatorProcess(testing::SimNetwork& network,
                                       testing::SimNode& node,
                                       storage::DirectoryStore& store,
                                       const Log& log,
                                       const CoordinatorOptions& options)
    : clock_(node.loop()),
      random_(node.loop().random().Next()),
      mailbox_(node),
      timers_(node),
      executor_(node),
      transport_(network, node),
      service_(std::make_unique<CoordinatorService>(Environment{.clock = clock_,
                                                                .random = random_,
                                                                .log = log,
                                                                .mailbox = mailbox_,
                                                                .timers = timers_,
                                                                .executor = executor_,
                                                                .transport = transport_,
                                                                .store = store},
                                                    options,
                                                    *this)) {
  service_->Start();
}

FakeCluster::FakeCluster(std::uint64_t seed,
                         std::size_t coordinator_count,
                         std::size_t worker_count)
    : loop_(seed),
      network_(loop_),
      log_(loop_),
      disk_(std::make_shared<testing::MemoryDisk>()),
      witness_(disk_) {
  for (std::size_t i = 0; i < coordinator_count; ++i) {
    Coordinator coordinator;
    coordinator.node = std::make_unique<testing::SimNode>(loop_, AddressOf(i).value);
    coordinator.memory = std::make_unique<testing::MemoryStore>(disk_, seed + i);
    coordinator.store = std::make_unique<testing::FaultyStore>(*coordinator.memory, seed + i);
    coordinators_.push_back(std::move(coordinator));
  }
  for (std::size_t i = 0; i < worker_count; ++i) {
    workers_.push_back({.node = std::make_unique<testing::SimNode>(loop_, fmt::format("w{}", i)),
                        .process = nullptr});
    StartWorker(i);
  }
}

FakeCluster::~FakeCluster() {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    CrashWorker(i);
  }
  for (std::size_t i = 0; i < coordinators_.size(); ++i) {
    CrashCoordinator(i);
  }
}

proto::JobGraph FakeCluster::Graph(std::uint32_t parallelism) {
  proto::JobGraph graph = SourceToSink(parallelism);
  graph.mutable_checkpoints()->set_interval_millis(150);
  graph.mutable_checkpoints()->set_timeout_millis(2'000);
  return graph;
}

void FakeCluster::StartCoordinator(std::size_t i) {
  Coordinator& coordinator = coordinators_[i];
  CHECK(coordinator.process == nullptr);
  if (!coordinator.node->alive()) {
    coordinator.node->Restart();
  }
  CoordinatorOptions options;
  options.address = AddressOf(i);
  options.name = fmt::format(
      "{} of incarnation {}", coordinator.node->name(), coordinator.node->incarnation());
  options.heartbeat_patience = Milliseconds(3'000);
  options.jobs.cancel_timeout = Milliseconds(1'000);
  options.jobs.truncate_after = 20;
  coordinator.process = std::make_unique<CoordinatorProcess>(
      network_, *coordinator.node, *coordinator.store, log_.log(), options);
}

void FakeCluster::CrashCoordinator(std::size_t i, testing::CrashKind kind) {
  Coordinator& coordinator = coordinators_[i];
  if (coordinator.process != nullptr) {
    network_.Crash(*coordinator.node, kind);
    coordinator.memory->Crash();
    coordinator.process = nullptr;
  }
}

void FakeCluster::StartWorker(std::size_t i) {
  Worker& worker = workers_[i];
  CHECK(worker.process == nullptr);
  if (!worker.node->alive()) {
    worker.node->Restart();
  }
  FakeWorkerOptions options;
  for (std::size_t c = 0; c < coordinators_.size(); ++c) {
    options.coordinators.push_back(AddressOf(c));
  }
  worker.process = std::make_shared<FakeWorker>(network_, *worker.node, options, witness_);
  worker.process->Start();
  if (input_ended_) {
    worker.process->EndInput();
  }
}

void FakeCluster::CrashWorker(std::size_t i, testing::CrashKind kind) {
  if (workers_[i].process != nullptr) {
    network_.Crash(*workers_[i].node, kind);
    workers_[i].process = nullptr;
  }
}

CoordinatorProcess* FakeCluster::Leader() {
  CoordinatorProcess* leader = nullptr;
  for (Coordinator& coordinator : coordinators_) {
    if (coordinator.process != nullptr && coordinator.process->leading() &&
        !coordinator.node->paused() &&
        (leader == nullptr || *leader->leading() < *coordinator.process->leading())) {
      leader = coordinator.process.get();
    }
  }
  return leader;
}

StatusOr<JobId> FakeCluster::Submit(CoordinatorProcess& leader, const proto::JobGraph& graph) {
  auto answer = Ask<StatusOr<JobId>>([&](auto done) {
    leader.service().Submit({.job = Job(), .graph = graph}, leader.mailbox(), std::move(done));
  });
  return answer ? *answer : StatusOr<JobId>(DeadlineExceeded("no answer to the submission"));
}

std::optional<StatusOr<JobDescription>> FakeCluster::Describe(CoordinatorProcess& leader) {
  return Ask<StatusOr<JobDescription>>(
      [&](auto done) { leader.service().Describe(Job(), leader.mailbox(), std::move(done)); });
}

bool FakeCluster::RunUntilState(JobState state, std::int64_t seconds) {
  const MonoTime deadline = loop_.now() + Microseconds(seconds * 1'000'000);
  while (loop_.now() < deadline) {
    if (CoordinatorProcess* leader = Leader()) {
      const auto description = Describe(*leader);
      if (description && description->ok() && (*description)->state == state) {
        return true;
      }
    }
    loop_.RunFor(Microseconds(10'000));
  }
  return false;
}

void FakeCluster::EndInput() {
  if (std::exchange(input_ended_, true)) {
    return;
  }
  for (Worker& worker : workers_) {
    if (worker.process != nullptr) {
      worker.process->EndInput();
    }
  }
}

}  // namespace thalweg::coordinator
