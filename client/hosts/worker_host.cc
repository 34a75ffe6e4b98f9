// SPDX-License-Identifier: Apache-2.0

#include "client/hosts/worker_host.h"

#include <algorithm>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace thalweg::client {

std::uint32_t LaneCount(std::uint32_t lanes) {
  return lanes != 0 ? lanes : std::max(1U, std::thread::hardware_concurrency());
}

WorkerHost::WorkerHost(transport::Transport& transport,
                       std::unique_ptr<storage::DirectoryStore> checkpoints,
                       std::unique_ptr<storage::DirectoryStore> files,
                       const runtime::ConnectorRegistry& connectors,
                       LogSink& log,
                       const WorkerHostOptions& options)
    : log_(log, clock_),
      checkpoints_(std::move(checkpoints)),
      files_(std::move(files)),
      budget_(options.state_memory),
      spill_(state::MakeRocksDbSpill(options.scratch)) {
  for (std::uint32_t i = 0; i < LaneCount(options.lanes); ++i) {
    runtime::LaneThreadOptions lane{.name = "lane-" + std::to_string(i), .core = std::nullopt};
    if (!options.cores.empty()) {
      lane.core = options.cores[i];
    }
    lanes_.push_back(std::make_unique<runtime::LaneThread>(clock_, lane));
  }
  executor_ = std::make_unique<ThreadPoolExecutor>(static_cast<int>(options.blocking_threads));
  worker_ = std::make_unique<worker::Worker>(options.worker,
                                             EnvironmentOf(transport, connectors, options.metrics));
}

WorkerHost::~WorkerHost() {
  // Threads end first: what they own is then destroyed on this one.
  StopThreads();
  executor_.reset();
  worker_.reset();
}

Status WorkerHost::Start() {
  std::promise<Status> started;
  thread_.Post([&] { started.set_value(worker_->Start()); });
  return started.get_future().get();
}

void WorkerHost::Leave() {
  std::promise<void> gone;
  thread_.Post([&] { worker_->Stop([&gone] { gone.set_value(); }); });
  gone.get_future().wait();
}

void WorkerHost::StopThreads() {
  thread_.Stop();
  for (const std::unique_ptr<runtime::LaneThread>& lane : lanes_) {
    lane->Stop();
  }
}

worker::WorkerEnvironment WorkerHost::EnvironmentOf(transport::Transport& transport,
                                                    const runtime::ConnectorRegistry& connectors,
                                                    MetricGroup* metrics) {
  std::vector<runtime::Lane*> lanes;
  for (const std::unique_ptr<runtime::LaneThread>& lane : lanes_) {
    lanes.push_back(&lane->lane());
  }
  return {.transport = transport,
          .mailbox = thread_,
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
          .metrics = metrics};
}

}  // namespace thalweg::client
