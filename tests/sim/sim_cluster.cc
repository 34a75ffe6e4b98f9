// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_cluster.h"

#include <algorithm>
#include <utility>

#include "connectors/connectors.h"
#include "coordinator/environment.h"
#include "state/memory_budget.h"
#include "tests/testing/memory_spill.h"
#include "tests/testing/sim_executor.h"
#include "tests/testing/sim_lane.h"
#include "worker/worker.h"

namespace thalweg::testing {
namespace {

constexpr Microseconds kAskAgain{50'000};
constexpr Milliseconds kBeatInterval{500};
constexpr Milliseconds kBeatPatience{3'000};

transport::Address CoordinatorAddress(std::size_t host) {
  return {"coordinator-" + std::to_string(host)};
}

transport::Address WorkerAddress(std::size_t host) {
  return {"worker-" + std::to_string(host)};
}

std::shared_ptr<MemoryDisk> DiskOr(const std::shared_ptr<MemoryDisk>& disk) {
  return disk != nullptr ? disk : std::make_shared<MemoryDisk>();
}

}  // namespace

/// A host: what survives its processes. A process is made anew for each incarnation.
template <class Process>
struct SimCluster::Host {
  Host(SimLoop& loop,
       const std::string& name,
       const std::shared_ptr<MemoryDisk>& checkpoint_disk,
       const std::shared_ptr<MemoryDisk>& file_disk)
      : node(loop, name),
        checkpoint_memory(checkpoint_disk, loop.random().Next()),
        file_memory(file_disk, loop.random().Next()),
        checkpoints(checkpoint_memory, loop.random().Next()),
        files(file_memory, loop.random().Next()) {}

  SimNode node;
  MemoryStore checkpoint_memory;
  MemoryStore file_memory;
  FaultyStore checkpoints;
  FaultyStore files;
  std::unique_ptr<Process> process;
};

class SimCluster::CoordinatorProcess final : public coordinator::CoordinatorListener {
 public:
  CoordinatorProcess(SimCluster& cluster, Host<CoordinatorProcess>& host, std::size_t index)
      : mailbox_(host.node),
        timers_(host.node),
        executor_(host.node),
        transport_(cluster.network_, host.node),
        random_(cluster.loop_.random().Next()),
        log_(cluster.log_, cluster.clock_),
        environment_{.clock = cluster.clock_,
                     .random = random_,
                     .log = log_,
                     .mailbox = mailbox_,
                     .timers = timers_,
                     .executor = executor_,
                     .transport = transport_,
                     .store = host.checkpoints},
        service_(std::make_unique<coordinator::CoordinatorService>(
            environment_,
            coordinator::CoordinatorOptions{.address = CoordinatorAddress(index),
                                            .name = host.node.name(),
                                            .heartbeat_interval = kBeatInterval,
                                            .heartbeat_patience = kBeatPatience,
                                            .jobs = {}},
            *this)) {
    service_->Start();
  }

  void OnLeading(Generation generation) override { generation_ = generation; }
  void OnSteppedDown(const Status& /*status*/) override { stepped_down_ = true; }

  bool leads() const { return generation_.has_value() && !stepped_down_; }
  bool stepped_down() const { return stepped_down_; }
  Generation generation() const { return *generation_; }
  coordinator::CoordinatorService& service() { return *service_; }

 private:
  SimMailbox mailbox_;
  SimTimers timers_;
  SimExecutor executor_;
  SimTransport transport_;
  SeededRandom random_;
  const Log log_;
  const coordinator::Environment environment_;
  std::unique_ptr<coordinator::CoordinatorService> service_;
  std::optional<Generation> generation_;
  bool stepped_down_ = false;
};

class SimCluster::WorkerProcess {
 public:
  WorkerProcess(SimCluster& cluster, Host<WorkerProcess>& host, std::size_t index)
      : mailbox_(host.node),
        timers_(host.node),
        executor_(host.node),
        transport_(cluster.network_, host.node),
        log_(cluster.log_, cluster.clock_),
        budget_(cluster.options_.state_memory) {
    worker::WorkerOptions options;
    options.id = WorkerId(host.node.name() + "." + std::to_string(host.node.incarnation()));
    for (std::size_t i = 0; i < cluster.options_.coordinators; ++i) {
      options.coordinators.push_back(CoordinatorAddress(i));
    }
    options.exchange = WorkerAddress(index);
    options.slots = cluster.options_.slots;
    options.inline_run_max = cluster.options_.inline_run_max;
    std::vector<runtime::Lane*> lanes;
    for (std::size_t i = 0; i < cluster.options_.lanes; ++i) {
      lanes_.push_back(std::make_unique<SimLane>(host.node, cluster.clock_));
      lanes.push_back(&lanes_.back()->lane());
    }
    worker_ = std::make_unique<worker::Worker>(
        std::move(options),
        worker::WorkerEnvironment{.transport = transport_,
                                  .mailbox = mailbox_,
                                  .timers = timers_,
                                  .clock = cluster.clock_,
                                  .executor = executor_,
                                  .checkpoints = host.checkpoints,
                                  .files = host.files,
                                  .connectors = cluster.connectors_,
                                  .lanes = std::move(lanes),
                                  .budget = &budget_,
                                  .spill = spill_.get(),
                                  .log = log_});
    mailbox_.Post([this] { CHECK_OK(worker_->Start()); });
  }

  ~WorkerProcess() {
    // Tasks first: they use what the worker owns.
    lanes_.clear();
    worker_.reset();
  }

 private:
  SimMailbox mailbox_;
  SimTimers timers_;
  SimExecutor executor_;
  SimTransport transport_;
  const Log log_;
  state::MemoryBudget budget_;
  const std::unique_ptr<state::SpillFactory> spill_ = MakeMemorySpill();
  std::vector<std::unique_ptr<SimLane>> lanes_;
  std::unique_ptr<worker::Worker> worker_;
};

SimCluster::SimCluster(SimLoop& loop, SimClusterOptions options)
    : loop_(loop),
      options_(options),
      network_(loop, options.network),
      clock_(loop),
      checkpoint_disk_(DiskOr(options.checkpoint_disk)),
      file_disk_(DiskOr(options.file_disk)),
      user_(loop, "user") {
  connectors::RegisterAll(connectors_);
  if (options.add_connectors) {
    options.add_connectors(connectors_);
  }
  network_.set_frame_hook([this](const FrameEvent& event) {
    for (UniqueFunction<void(const FrameEvent&)>& hook : frame_hooks_) {
      hook(event);
    }
    return FrameFate::kDeliver;
  });
  for (std::size_t i = 0; i < options.coordinators; ++i) {
    coordinators_.push_back(std::make_unique<Host<CoordinatorProcess>>(
        loop, "coordinator-" + std::to_string(i), checkpoint_disk_, file_disk_));
  }
  for (std::size_t i = 0; i < options.workers; ++i) {
    workers_.push_back(std::make_unique<Host<WorkerProcess>>(
        loop, "worker-" + std::to_string(i), checkpoint_disk_, file_disk_));
  }
}

SimCluster::~SimCluster() {
  for (auto& host : workers_) {
    host->process.reset();
  }
  for (auto& host : coordinators_) {
    host->process.reset();
  }
}

void SimCluster::StartAll() {
  StartCoordinator(0);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    StartWorker(i);
  }
}

void SimCluster::StartCoordinator(std::size_t index) {
  Host<CoordinatorProcess>& host = *coordinators_[index];
  if (host.process != nullptr) {
    return;
  }
  if (!host.node.alive()) {
    host.node.Restart();
  }
  host.process = std::make_unique<CoordinatorProcess>(*this, host, index);
}

void SimCluster::CrashCoordinator(std::size_t index, CrashKind kind) {
  Host<CoordinatorProcess>& host = *coordinators_[index];
  if (host.process == nullptr) {
    return;
  }
  network_.Crash(host.node, kind);
  if (kind == CrashKind::kHost) {
    host.checkpoint_memory.Crash();
  }
  host.process.reset();
}

void SimCluster::StartWorker(std::size_t index) {
  Host<WorkerProcess>& host = *workers_[index];
  if (host.process != nullptr) {
    return;
  }
  if (!host.node.alive()) {
    host.node.Restart();
  }
  host.process = std::make_unique<WorkerProcess>(*this, host, index);
}

void SimCluster::CrashWorker(std::size_t index, CrashKind kind) {
  Host<WorkerProcess>& host = *workers_[index];
  if (host.process == nullptr) {
    return;
  }
  network_.Crash(host.node, kind);
  if (kind == CrashKind::kHost) {
    host.checkpoint_memory.Crash();
    host.file_memory.Crash();
  }
  host.process.reset();
}

void SimCluster::AddFrameHook(UniqueFunction<void(const FrameEvent&)> hook) {
  frame_hooks_.push_back(std::move(hook));
}

SimNode& SimCluster::coordinator_node(std::size_t host) {
  return coordinators_[host]->node;
}
SimNode& SimCluster::worker_node(std::size_t host) {
  return workers_[host]->node;
}
FaultyStore& SimCluster::checkpoints_of_coordinator(std::size_t host) {
  return coordinators_[host]->checkpoints;
}
FaultyStore& SimCluster::checkpoints_of_worker(std::size_t host) {
  return workers_[host]->checkpoints;
}
FaultyStore& SimCluster::files_of_worker(std::size_t host) {
  return workers_[host]->files;
}

void SimCluster::Submit(const JobId& job, proto::JobGraph graph) {
  job_ = job;
  graph_ = std::move(graph);
  KeepAsking();
}

void SimCluster::TakeUp(const JobId& job, proto::JobGraph graph) {
  taking_up_ = true;
  Change(graph);
  Submit(job, std::move(graph));
}

void SimCluster::Change(proto::JobGraph graph) {
  change_ = std::move(graph);
  change_done_ = false;
}

SimCluster::CoordinatorProcess* SimCluster::Leader() {
  CoordinatorProcess* leader = nullptr;
  for (const auto& host : coordinators_) {
    CoordinatorProcess* process = host->process.get();
    const bool is_newer = process != nullptr && process->leads() &&
                          (leader == nullptr || leader->generation() < process->generation());
    if (is_newer && !host->node.paused()) {
      leader = process;
    }
  }
  return leader;
}

void SimCluster::KeepAsking() {
  if (outcome_.has_value()) {
    return;
  }
  if (CoordinatorProcess* leader = Leader()) {
    AskLeader(*leader);
  }
  loop_.After(kAskAgain, [this] { KeepAsking(); });
}

void SimCluster::AskLeader(CoordinatorProcess& leader) {
  // A user who polls: each call is answered by the leader that it was put to, or never.
  auto replies = std::make_shared<SimMailbox>(user_);
  leader.service().Submit(
      {.job = job_, .graph = graph_}, *replies, [replies](const StatusOr<JobId>& /*job*/) {});
  if (change_.has_value() && !change_done_) {
    leader.service().Change(*job_, *change_, *replies, [this, replies](const Status& status) {
      change_done_ = change_done_ || status.ok();
    });
  }
  const bool may_end = !taking_up_ || change_done_;
  leader.service().Describe(
      *job_,
      *replies,
      [this, replies, may_end](const StatusOr<coordinator::JobDescription>& description) {
        if (description.ok() && coordinator::IsEnd(description->state) && may_end &&
            !outcome_.has_value()) {
          outcome_ =
              coordinator::JobOutcome{.state = description->state, .reason = description->reason};
        }
      });
}

std::vector<std::pair<std::string, std::string>> SimCluster::VisibleFiles(
    const std::string& prefix) const {
  std::vector<std::pair<std::string, std::string>> visible;
  const MutexLock lock(file_disk_->mutex);
  for (const auto& [key, file] : file_disk_->files) {
    // As the filesystem source reads a folder: what begins with '_' or '.' is not there.
    const bool is_hidden =
        key.find("/_") != std::string::npos || key.find("/.") != std::string::npos;
    if (key.starts_with(prefix) && !is_hidden) {
      visible.emplace_back(key, file->bytes);
    }
  }
  return visible;
}

}  // namespace thalweg::testing
