// SPDX-License-Identifier: Apache-2.0
#include "client/embedded/embedded_cluster.h"

#include <algorithm>
#include <future>
#include <string>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/executor.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mail_thread.h"
#include "base/random.h"
#include "coordinator/environment.h"
#include "runtime/task/lane_thread.h"
#include "state/memory_budget.h"
#include "state/spill.h"
#include "storage/local_store.h"
#include "transport/in_process.h"
#include "worker/worker.h"

namespace thalweg::client {
namespace {

const transport::Address kCoordinatorAddress{"coordinator"};
const transport::Address kExchangeAddress{"worker"};

/// A process does not miss its own beats; these only bound how soon a test of silence would notice.
constexpr Milliseconds kBeatInterval{500};

std::uint32_t LaneCount(const EmbeddedOptions& options) {
  return options.lanes != 0 ? options.lanes : std::max(1U, std::thread::hardware_concurrency());
}

Status CheckBounds(const std::string& name,
                   std::uint32_t value,
                   std::uint32_t low,
                   std::uint32_t high) {
  if (value < low || value > high) {
    return InvalidArgument("Option " + name + " is " + std::to_string(value) +
                           " and must be from " + std::to_string(low) + " to " +
                           std::to_string(high));
  }
  return OkStatus();
}

/// Calls `start` with a callback and waits for what it is called with.
template <class T, class Start>
T Await(Start start) {
  std::promise<T> promise;
  std::future<T> future = promise.get_future();
  start([&promise](T value) { promise.set_value(std::move(value)); });
  return future.get();
}

}  // namespace

Status Validate(const EmbeddedOptions& options) {
  if (options.storage.empty() || options.files.empty()) {
    return InvalidArgument("Options storage and files must name directories");
  }
  RETURN_IF_ERROR(CheckBounds("lanes", LaneCount(options), 1, 256));
  RETURN_IF_ERROR(CheckBounds("slots", options.slots, 1, 4096));
  RETURN_IF_ERROR(CheckBounds("blocking_threads", options.blocking_threads, 1, 256));
  if (!options.cores.empty() && options.cores.size() != LaneCount(options)) {
    return InvalidArgument("Option cores has " + std::to_string(options.cores.size()) +
                           " entries and must have one for each of the " +
                           std::to_string(LaneCount(options)) + " lanes, or none");
  }
  return OkStatus();
}

/// All threads and objects, in the order in which they need each other.
class EmbeddedCluster::Parts final : public coordinator::CoordinatorListener {
 public:
  Parts(const runtime::ConnectorRegistry& connectors,
        const EmbeddedOptions& options,
        std::unique_ptr<storage::LocalStore> checkpoints,
        std::unique_ptr<storage::LocalStore> files)
      : log_(options.log != nullptr ? *options.log : stderr_, clock_),
        checkpoints_(std::move(checkpoints)),
        files_(std::move(files)),
        budget_(options.state_memory),
        spill_(state::MakeRocksDbSpill(options.scratch.empty() ? options.storage / "scratch"
                                                               : options.scratch)) {
    for (std::uint32_t i = 0; i < LaneCount(options); ++i) {
      runtime::LaneThreadOptions lane{.name = "lane-" + std::to_string(i), .core = std::nullopt};
      if (!options.cores.empty()) {
        lane.core = options.cores[i];
      }
      lanes_.push_back(std::make_unique<runtime::LaneThread>(clock_, lane));
    }
    // After the lanes: tasks' works are finished before the lanes go, and replies find them.
    executor_ = std::make_unique<ThreadPoolExecutor>(static_cast<int>(options.blocking_threads));
    coordinator_environment_.emplace(coordinator::Environment{.clock = clock_,
                                                              .random = random_,
                                                              .log = log_,
                                                              .mailbox = coordinator_thread_,
                                                              .timers = timers_,
                                                              .executor = *executor_,
                                                              .transport = transport_,
                                                              .store = *checkpoints_});
    coordinator_ = std::make_unique<coordinator::CoordinatorService>(
        *coordinator_environment_,
        coordinator::CoordinatorOptions{.address = kCoordinatorAddress,
                                        .name = "embedded",
                                        .heartbeat_interval = kBeatInterval,
                                        .heartbeat_patience = 20 * kBeatInterval,
                                        .jobs = {}},
        *this);
    worker_ =
        std::make_unique<worker::Worker>(WorkerOptions(options), WorkerParts(connectors, options));
  }

  ~Parts() override {
    // Threads end first: what they own is then destroyed on this one.
    worker_thread_.Stop();
    coordinator_thread_.Stop();
    for (const std::unique_ptr<runtime::LaneThread>& lane : lanes_) {
      lane->Stop();
    }
    executor_.reset();
    worker_.reset();
    coordinator_.reset();
  }

  Status Start() {
    coordinator_->Start();
    std::future<Status> listening = worker_started_.get_future();
    worker_thread_.Post([this] { worker_started_.set_value(worker_->Start()); });
    RETURN_IF_ERROR(listening.get());
    return leading_.get_future().get();
  }

  void OnLeading(Generation /*generation*/) override { Resolve(OkStatus()); }

  void OnSteppedDown(const Status& status) override {
    log_.Error("The coordinator has ended", {{"reason", MessageOf(status)}});
    Resolve(status);
  }

  coordinator::CoordinatorService& coordinator() { return *coordinator_; }
  Mailbox& replies() { return replies_; }

 private:
  worker::WorkerOptions WorkerOptions(const EmbeddedOptions& options) {
    worker::WorkerOptions result;
    result.id = WorkerId("worker-" + std::to_string(random_.Next()));
    result.coordinators = {kCoordinatorAddress};
    result.exchange = kExchangeAddress;
    result.slots = options.slots;
    return result;
  }

  worker::WorkerEnvironment WorkerParts(const runtime::ConnectorRegistry& connectors,
                                        const EmbeddedOptions& options) {
    std::vector<runtime::Lane*> lanes;
    for (const std::unique_ptr<runtime::LaneThread>& lane : lanes_) {
      lanes.push_back(&lane->lane());
    }
    return {.transport = transport_,
            .mailbox = worker_thread_,
            .timers = timers_,
            .clock = clock_,
            .executor = *executor_,
            .checkpoints = *checkpoints_,
            .files = *files_,
            .connectors = connectors,
            .lanes = std::move(lanes),
            .budget = &budget_,
            .spill = spill_.get(),
            .log = log_,
            .metrics = options.metrics};
  }

  void Resolve(const Status& status) {
    if (!std::exchange(resolved_, true)) {
      leading_.set_value(status);
    }
  }

  const SystemClock& clock_ = SystemClock::Get();
  SystemRandom random_;
  TextLogSink stderr_;
  const Log log_;
  const std::unique_ptr<storage::LocalStore> checkpoints_;
  const std::unique_ptr<storage::LocalStore> files_;
  state::MemoryBudget budget_;
  const std::unique_ptr<state::SpillFactory> spill_;
  transport::InProcessTransport transport_;
  MailThread coordinator_thread_{"coordinator"};
  MailThread worker_thread_{"worker"};
  MailThread replies_{"replies"};
  SystemTimers timers_;
  std::vector<std::unique_ptr<runtime::LaneThread>> lanes_;
  std::unique_ptr<ThreadPoolExecutor> executor_;
  std::optional<coordinator::Environment> coordinator_environment_;
  std::unique_ptr<coordinator::CoordinatorService> coordinator_;
  std::unique_ptr<worker::Worker> worker_;
  std::promise<Status> worker_started_;
  std::promise<Status> leading_;
  bool resolved_ = false;  // On the coordinator's thread.
};

StatusOr<std::unique_ptr<EmbeddedCluster>> EmbeddedCluster::Start(
    const runtime::ConnectorRegistry& connectors, const EmbeddedOptions& options) {
  RETURN_IF_ERROR(Validate(options));
  ASSIGN_OR_RETURN(std::unique_ptr<storage::LocalStore> checkpoints,
                   storage::LocalStore::Open(options.storage));
  std::error_code ignored;  // Opening tells when it is not there.
  std::filesystem::create_directories(options.files, ignored);
  ASSIGN_OR_RETURN(std::unique_ptr<storage::LocalStore> files,
                   storage::LocalStore::OpenFolderOfOthers(options.files));
  auto parts =
      std::make_unique<Parts>(connectors, options, std::move(checkpoints), std::move(files));
  RETURN_IF_ERROR(parts->Start());
  return std::unique_ptr<EmbeddedCluster>(new EmbeddedCluster(std::move(parts)));
}

EmbeddedCluster::EmbeddedCluster(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

EmbeddedCluster::~EmbeddedCluster() = default;

StatusOr<JobId> EmbeddedCluster::Submit(const JobId& job, const proto::JobGraph& graph) {
  return Await<StatusOr<JobId>>([&](auto done) {
    parts_->coordinator().Submit({.job = job, .graph = graph}, parts_->replies(), std::move(done));
  });
}

StatusOr<coordinator::JobOutcome> EmbeddedCluster::Wait(const JobId& job) {
  return Await<StatusOr<coordinator::JobOutcome>>(
      [&](auto done) { parts_->coordinator().Watch(job, parts_->replies(), std::move(done)); });
}

Status EmbeddedCluster::Stop(const JobId& job, bool drain) {
  return Await<Status>([&](auto done) {
    parts_->coordinator().Stop(job, drain, parts_->replies(), std::move(done));
  });
}

Status EmbeddedCluster::Cancel(const JobId& job) {
  return Await<Status>(
      [&](auto done) { parts_->coordinator().Cancel(job, parts_->replies(), std::move(done)); });
}

Status EmbeddedCluster::Change(const JobId& job, const proto::JobGraph& graph) {
  return Await<Status>([&](auto done) {
    parts_->coordinator().Change(job, graph, parts_->replies(), std::move(done));
  });
}

StatusOr<coordinator::JobDescription> EmbeddedCluster::Describe(const JobId& job) {
  return Await<StatusOr<coordinator::JobDescription>>(
      [&](auto done) { parts_->coordinator().Describe(job, parts_->replies(), std::move(done)); });
}

JobId JobIdForName(const std::string& name) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  for (const std::uint64_t half : {Hash64(name), Hash64(name + "#")}) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      id += kDigits[(half >> shift) & 15U];
    }
  }
  return JobId(id);
}

StatusOr<coordinator::JobOutcome> RunEmbedded(const proto::JobGraph& graph,
                                              const runtime::ConnectorRegistry& connectors,
                                              const EmbeddedOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<EmbeddedCluster> cluster,
                   EmbeddedCluster::Start(connectors, options));
  ASSIGN_OR_RETURN(const JobId job, cluster->Submit(JobIdForName(graph.name()), graph));
  return cluster->Wait(job);
}

}  // namespace thalweg::client
