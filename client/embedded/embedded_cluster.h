// SPDX-License-Identifier: Apache-2.0
//
// A whole cluster inside this program: coordinator and one worker, the same code as between
// processes, over the in-process transport and a directory.
//
//   ConnectorRegistry connectors;
//   connectors::RegisterAll(connectors);
//   ASSIGN_OR_RETURN(JobOutcome outcome, RunEmbedded(graph, connectors, {.storage = "state", .files
//   = "."}));
//
// What is in the directory survives the program: a second run with the same job goes on from the
// newest checkpoint, and one that has ended says so.
#ifndef THALWEG_CLIENT_EMBEDDED_EMBEDDED_CLUSTER_H_
#define THALWEG_CLIENT_EMBEDDED_EMBEDDED_CLUSTER_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "coordinator/coordinator_service.h"
#include "proto/plan.pb.h"

namespace thalweg {
class LogSink;
class MetricGroup;
}  // namespace thalweg

namespace thalweg::runtime {
class ConnectorRegistry;
}  // namespace thalweg::runtime

namespace thalweg::client {

struct EmbeddedOptions {
  std::filesystem::path storage;  // Logs and checkpoints; created when it is not there.
  std::filesystem::path
      files;  // Root of the files that connectors name; created when it is not there.
  std::filesystem::path
      scratch;              // For state that does not fit into memory; empty: `storage`/scratch.
  std::uint32_t lanes = 0;  // Threads that run tasks, 1 to 256; 0: one per core.
  std::vector<unsigned> cores;         // Pins lane i to cores[i]; empty: lanes run anywhere.
  std::uint32_t slots = 64;            // Highest parallelism of a job.
  std::uint32_t blocking_threads = 2;  // For files and snapshots, 1 to 256.
  std::size_t state_memory =
      std::size_t{1} << 30;  // Bytes of state kept in memory; above it cold keys go to scratch.
  LogSink* log = nullptr;    // Null: stderr.
  MetricGroup* metrics = nullptr;  // Of jobs by id, then tasks; outlives the cluster. Null: none.
};

/// kInvalidArgument names the option, its value and its bound.
Status Validate(const EmbeddedOptions& options);

/// Runs jobs until it is destroyed, which leaves them as a kill would: the next cluster on the
/// directory takes them up.
class EmbeddedCluster {
 public:
  /// Waits until the coordinator leads. kFailedPrecondition: another one has taken the directory
  /// over meanwhile. Others are the storage's. `connectors` outlives the cluster.
  static StatusOr<std::unique_ptr<EmbeddedCluster>> Start(
      const runtime::ConnectorRegistry& connectors, const EmbeddedOptions& options);
  ~EmbeddedCluster();

  /// Accepts a job; blocks until it is durable. With the id of a job that is there already, it is
  /// taken up where it is.
  StatusOr<JobId> Submit(const JobId& job, const proto::JobGraph& graph);

  /// Blocks until the job has ended. kUnavailable: this cluster does not lead any more.
  StatusOr<coordinator::JobOutcome> Wait(const JobId& job);

  /// Ends the job with a last checkpoint; Wait() tells when it has. `drain`: windows that are open
  /// fire first.
  Status Stop(const JobId& job, bool drain);
  /// Ends the job without its output since the last checkpoint.
  Status Cancel(const JobId& job);
  /// Goes on with another graph, such as one of another parallelism, from the newest checkpoint.
  Status Change(const JobId& job, const proto::JobGraph& graph);

  StatusOr<coordinator::JobDescription> Describe(const JobId& job);

 private:
  class Parts;
  explicit EmbeddedCluster(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

/// The id of the one job of this name on a directory.
JobId JobIdForName(const std::string& name);

/// Runs one job, identified by its name, to its end.
StatusOr<coordinator::JobOutcome> RunEmbedded(const proto::JobGraph& graph,
                                              const runtime::ConnectorRegistry& connectors,
                                              const EmbeddedOptions& options);

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_EMBEDDED_EMBEDDED_CLUSTER_H_
