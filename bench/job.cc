// SPDX-License-Identifier: Apache-2.0
#include "bench/job.h"

#include <filesystem>

#include "base/log.h"
#include "client/embedded/embedded_cluster.h"
#include "connectors/connectors.h"

namespace thalweg::bench {

JobRig::JobRig(const Setting& setting) : setting_(setting) {
  connectors::RegisterAll(connectors_);
  connectors_.AddSource("feed", MakeFeedSource(feeds_));
}

StatusOr<Cost> JobRig::Run(const proto::JobGraph& graph, const JobOptions& options) {
  CapturingLogSink log;
  client::EmbeddedOptions embedded;
  embedded.storage = setting_.directory / "storage";
  embedded.files = FilesOf(setting_);
  embedded.lanes = 1;
  embedded.cores = {setting_.core};
  embedded.state_memory = options.state_memory;
  embedded.metrics = options.metrics;
  embedded.log = &log;
  std::filesystem::remove_all(embedded.storage);
  const Stopwatch stopwatch;
  const StatusOr<coordinator::JobOutcome> outcome =
      client::RunEmbedded(graph, connectors_, embedded);
  const Cost cost = stopwatch.Stop();
  std::filesystem::remove_all(embedded.storage);
  RETURN_IF_ERROR(outcome.status());
  if (outcome->state != coordinator::JobState::kFinished) {
    std::string lines;
    for (const std::string& line : log.lines()) {
      lines += "\n  " + line;
    }
    return FailedPrecondition("The job '" + graph.name() +
                              "' has not finished: " + outcome->reason + lines);
  }
  return cost;
}

std::filesystem::path FilesOf(const Setting& setting) {
  return setting.directory / "files";
}

proto::CheckpointOptions CheckpointEvery(Milliseconds interval) {
  proto::CheckpointOptions options;
  options.set_interval_millis(interval.count());
  return options;
}

}  // namespace thalweg::bench
