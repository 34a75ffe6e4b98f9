// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_CLIENT_HOSTS_WORKER_HOST_H_
#define THALWEG_CLIENT_HOSTS_WORKER_HOST_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/mail_thread.h"
#include "base/status.h"
#include "runtime/task/lane_thread.h"
#include "state/memory_budget.h"
#include "state/spill.h"
#include "storage/store.h"
#include "worker/worker.h"

namespace thalweg {
class MetricGroup;
}  // namespace thalweg

namespace thalweg::client {

struct WorkerHostOptions {
  worker::WorkerOptions worker;
  std::uint32_t lanes = 0;             // Threads that run tasks, 1 to 256; 0: one per core.
  std::vector<unsigned> cores;         // Pins lane i to cores[i]; empty: lanes run anywhere.
  std::uint32_t blocking_threads = 2;  // For files and snapshots, 1 to 256.
  // Bytes of state kept in memory; above it cold keys go to `scratch`.
  std::size_t state_memory = std::size_t{1} << 30;
  std::filesystem::path scratch;
  MetricGroup* metrics = nullptr;  // Of jobs by id, then tasks; outlives the worker. Null: none.
};

/// The lanes that `lanes` of the options asks for.
std::uint32_t LaneCount(std::uint32_t lanes);

/// A worker with the threads that it needs. Any thread.
class WorkerHost {
 public:
  /// What it is given outlives it, but for the stores, which it owns.
  WorkerHost(transport::Transport& transport,
             std::unique_ptr<storage::DirectoryStore> checkpoints,
             std::unique_ptr<storage::DirectoryStore> files,
             const runtime::ConnectorRegistry& connectors,
             LogSink& log,
             const WorkerHostOptions& options);
  /// Leaves its tasks as a kill would.
  ~WorkerHost();

  /// Takes the exchange address and begins to register. Errors are those of the address.
  Status Start();

  /// Leaves the coordinator in order and blocks until the last task has gone.
  void Leave();

  /// From here on nothing of it runs. May be repeated.
  void StopThreads();

 private:
  worker::WorkerEnvironment EnvironmentOf(transport::Transport& transport,
                                          const runtime::ConnectorRegistry& connectors,
                                          MetricGroup* metrics);

  const SystemClock& clock_ = SystemClock::Get();
  const Log log_;
  const std::unique_ptr<storage::DirectoryStore> checkpoints_;
  const std::unique_ptr<storage::DirectoryStore> files_;
  state::MemoryBudget budget_;
  const std::unique_ptr<state::SpillFactory> spill_;
  MailThread thread_{"worker"};
  SystemTimers timers_;
  std::vector<std::unique_ptr<runtime::LaneThread>> lanes_;
  // After the lanes: tasks' works are finished before the lanes go, and replies find them.
  std::unique_ptr<ThreadPoolExecutor> executor_;
  std::unique_ptr<worker::Worker> worker_;
};

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_HOSTS_WORKER_HOST_H_
