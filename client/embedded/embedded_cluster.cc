// SPDX-License-Identifier: Apache-2.0
#include "client/embedded/embedded_cluster.h"

#include <future>
#include <string>
#include <system_error>
#include <utility>

#include "base/hash.h"
#include "base/log.h"
#include "base/mail_thread.h"
#include "base/random.h"
#include "client/hosts/coordinator_host.h"
#include "client/hosts/worker_host.h"
#include "storage/local_store.h"
#include "transport/in_process.h"

namespace thalweg::client {
namespace {

const transport::Address kCoordinatorAddress{"coordinator"};
const transport::Address kExchangeAddress{"worker"};

/// A process does not miss its own beats; these only bound how soon a test of silence would notice.
constexpr Milliseconds kBeatInterval{500};

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
  RETURN_IF_ERROR(CheckBounds("lanes", LaneCount(options.lanes), 1, 256));
  RETURN_IF_ERROR(CheckBounds("slots", options.slots, 1, 4096));
  RETURN_IF_ERROR(CheckBounds("blocking_threads", options.blocking_threads, 1, 256));
  if (!options.cores.empty() && options.cores.size() != LaneCount(options.lanes)) {
    return InvalidArgument("Option cores has " + std::to_string(options.cores.size()) +
                           " entries and must have one for each of the " +
                           std::to_string(LaneCount(options.lanes)) + " lanes, or none");
  }
  return OkStatus();
}

/// Both hosts, over a transport that leads nowhere else.
class EmbeddedCluster::Parts {
 public:
  Parts(const runtime::ConnectorRegistry& connectors,
        const EmbeddedOptions& options,
        std::unique_ptr<storage::LocalStore> log,
        std::unique_ptr<storage::LocalStore> checkpoints,
        std::unique_ptr<storage::LocalStore> files)
      : coordinator_(transport_, std::move(log), LogOf(options), CoordinatorOptionsOf(options)),
        worker_(transport_,
                std::move(checkpoints),
                std::move(files),
                connectors,
                LogOf(options),
                WorkerOptionsOf(options)) {}

  ~Parts() {
    // Both before either goes: a coordinator that hears its worker leave would restart the jobs.
    worker_.StopThreads();
    coordinator_.StopThread();
  }

  Status Start() {
    RETURN_IF_ERROR(worker_.Start());
    return coordinator_.Start();
  }

  coordinator::CoordinatorService& coordinator() { return coordinator_.service(); }
  Mailbox& replies() { return replies_; }

 private:
  LogSink& LogOf(const EmbeddedOptions& options) {
    return options.log != nullptr ? *options.log : stderr_;
  }

  static CoordinatorHostOptions CoordinatorOptionsOf(const EmbeddedOptions& options) {
    CoordinatorHostOptions result;
    result.coordinator = {.address = kCoordinatorAddress,
                          .name = "embedded",
                          .heartbeat_interval = kBeatInterval,
                          .heartbeat_patience = 20 * kBeatInterval,
                          .jobs = {}};
    result.blocking_threads = options.blocking_threads;
    return result;
  }

  static WorkerHostOptions WorkerOptionsOf(const EmbeddedOptions& options) {
    WorkerHostOptions result;
    result.worker.id = WorkerId("worker-" + std::to_string(SystemRandom().Next()));
    result.worker.coordinators = {kCoordinatorAddress};
    result.worker.exchange = kExchangeAddress;
    result.worker.slots = options.slots;
    result.lanes = options.lanes;
    result.cores = options.cores;
    result.blocking_threads = options.blocking_threads;
    result.state_memory = options.state_memory;
    result.scratch = options.scratch.empty() ? options.storage / "scratch" : options.scratch;
    result.metrics = options.metrics;
    return result;
  }

  TextLogSink stderr_;
  transport::InProcessTransport transport_;
  MailThread replies_{"replies"};
  CoordinatorHost coordinator_;
  WorkerHost worker_;
};

StatusOr<std::unique_ptr<EmbeddedCluster>> EmbeddedCluster::Start(
    const runtime::ConnectorRegistry& connectors, const EmbeddedOptions& options) {
  RETURN_IF_ERROR(Validate(options));
  ASSIGN_OR_RETURN(std::unique_ptr<storage::LocalStore> checkpoints,
                   storage::LocalStore::Open(options.storage));
  ASSIGN_OR_RETURN(std::unique_ptr<storage::LocalStore> log,
                   storage::LocalStore::Open(options.storage));
  std::error_code ignored;  // Opening tells when it is not there.
  std::filesystem::create_directories(options.files, ignored);
  ASSIGN_OR_RETURN(std::unique_ptr<storage::LocalStore> files,
                   storage::LocalStore::OpenFolderOfOthers(options.files));
  auto parts = std::make_unique<Parts>(
      connectors, options, std::move(log), std::move(checkpoints), std::move(files));
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
