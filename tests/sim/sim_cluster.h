// SPDX-License-Identifier: Apache-2.0
//
// A whole cluster in one thread: the real coordinator, worker, task and step code over a simulated
// clock, network and disk. Everything that happens follows from the seed of the loop.
//
//   SimCluster cluster(loop, {.workers = 3});
//   cluster.StartAll();
//   cluster.Submit(job, graph);
//   loop.RunUntil([&] { return cluster.outcome().has_value(); }, Seconds(600));
#ifndef THALWEG_TESTS_SIM_SIM_CLUSTER_H_
#define THALWEG_TESTS_SIM_SIM_CLUSTER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/function.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/status.h"
#include "coordinator/coordinator_service.h"
#include "proto/plan.pb.h"
#include "runtime/connector/registry.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/memory_store.h"
#include "tests/testing/sim_loop.h"
#include "tests/testing/sim_node.h"
#include "tests/testing/sim_transport.h"

namespace thalweg::testing {

struct SimClusterOptions {
  std::size_t coordinators = 2;  // Hosts that may lead; one process on each at most.
  std::size_t workers = 3;
  std::size_t lanes = 2;                            // Per worker.
  std::uint32_t slots = 4;                          // Per worker.
  std::size_t state_memory = std::size_t{1} << 20;  // Per worker; small, so that state spills.
  std::optional<std::size_t> inline_run_max;        // As worker::WorkerOptions; 0: all are files.
  SimNetworkOptions network;
  std::shared_ptr<MemoryDisk> checkpoint_disk;  // Null: an empty one.
  std::shared_ptr<MemoryDisk> file_disk;        // Null: an empty one.
  // Adds to the connectors of the program; may be empty.
  std::function<void(runtime::ConnectorRegistry&)> add_connectors;
};

/// Hosts, processes, disks and the network. All calls from outside the loop or from its events.
class SimCluster {
 public:
  SimCluster(SimLoop& loop, SimClusterOptions options);
  ~SimCluster();

  SimCluster(const SimCluster&) = delete;
  SimCluster& operator=(const SimCluster&) = delete;

  /// Starts a coordinator on the first host and all workers.
  void StartAll();

  // Processes. A crash of one that does not run, or a start of one that does, changes nothing.
  void StartCoordinator(std::size_t host);
  void CrashCoordinator(std::size_t host, CrashKind kind);
  void StartWorker(std::size_t host);
  void CrashWorker(std::size_t host, CrashKind kind);

  SimNode& coordinator_node(std::size_t host);
  SimNode& worker_node(std::size_t host);
  std::size_t coordinator_count() const { return coordinators_.size(); }
  std::size_t worker_count() const { return workers_.size(); }
  SimNetwork& network() { return network_; }

  /// `hook` sees every frame when it is sent, for as long as the cluster lives. It may not crash
  /// nodes itself, but in an event of its own.
  void AddFrameHook(UniqueFunction<void(const FrameEvent&)> hook);

  /// The disks as the processes of a host see them, with faults to switch on.
  FaultyStore& checkpoints_of_coordinator(std::size_t host);
  FaultyStore& checkpoints_of_worker(std::size_t host);
  FaultyStore& files_of_worker(std::size_t host);
  const std::shared_ptr<MemoryDisk>& checkpoint_disk() const { return checkpoint_disk_; }
  const std::shared_ptr<MemoryDisk>& file_disk() const { return file_disk_; }

  /// Hands the job to whoever leads, again and again until one has taken it, and watches it until
  /// it has ended.
  void Submit(const JobId& job, proto::JobGraph graph);
  /// Asks whoever leads to go on with a job that was stopped or has failed and lies on the disks,
  /// again and again until one has agreed, and watches it until it has ended once more.
  void TakeUp(const JobId& job, proto::JobGraph graph);
  /// Asks whoever leads to go on with another graph; tried again until it was taken or the job has
  /// ended.
  void Change(proto::JobGraph graph);
  bool change_done() const { return change_done_; }
  const std::optional<coordinator::JobOutcome>& outcome() const { return outcome_; }

  /// Files that a reader of the job's output would see under `prefix`, with their bytes, by name.
  std::vector<std::pair<std::string, std::string>> VisibleFiles(const std::string& prefix) const;

  const CapturingLogSink& log() const { return log_; }

 private:
  class CoordinatorProcess;
  class WorkerProcess;
  template <class Process>
  struct Host;

  void KeepAsking();
  CoordinatorProcess* Leader();
  void AskLeader(CoordinatorProcess& leader);

  SimLoop& loop_;
  const SimClusterOptions options_;
  SimNetwork network_;
  std::deque<UniqueFunction<void(const FrameEvent&)>> frame_hooks_;
  SimClock clock_;
  CapturingLogSink log_;
  runtime::ConnectorRegistry connectors_;
  const std::shared_ptr<MemoryDisk> checkpoint_disk_;
  const std::shared_ptr<MemoryDisk> file_disk_;
  std::vector<std::unique_ptr<Host<CoordinatorProcess>>> coordinators_;
  std::vector<std::unique_ptr<Host<WorkerProcess>>> workers_;

  // The user. It does not crash, and knows only what it was answered.
  SimNode user_;
  std::optional<JobId> job_;
  proto::JobGraph graph_;
  std::optional<proto::JobGraph> change_;
  bool change_done_ = false;
  bool taking_up_ = false;  // An end that was there before the change is none.
  bool asking_ = false;
  std::optional<coordinator::JobOutcome> outcome_;
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_SIM_SIM_CLUSTER_H_
