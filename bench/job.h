// SPDX-License-Identifier: Apache-2.0
//
// Runs plans as users' programs do: coordinator, worker and one lane in this process, checkpoints
// in a directory.
#ifndef THALWEG_BENCH_JOB_H_
#define THALWEG_BENCH_JOB_H_

#include <cstddef>
#include <memory>
#include <string>

#include "base/counters.h"
#include "base/status.h"
#include "bench/cost.h"
#include "bench/feed.h"
#include "bench/fold.h"
#include "bench/measure.h"
#include "client/plan_builder.h"
#include "proto/plan.pb.h"
#include "runtime/connector/registry.h"

namespace thalweg::bench {

struct JobOptions {
  std::size_t state_memory = std::size_t{8} << 30;
  MetricGroup* metrics = nullptr;
};

/// What a job may name: all connectors, the source "feed" and, where added, other sinks. One run.
class JobRig {
 public:
  explicit JobRig(const Setting& setting);

  void AddFeed(const std::string& name, Feed& feed) { feeds_[name] = &feed; }
  void AddSink(std::string name, std::unique_ptr<runtime::SinkConnector> sink) {
    connectors_.AddSink(std::move(name), std::move(sink));
  }

  /// Runs the plan to its end on an empty storage. The cost is of everything: the start of the
  /// cluster, the last checkpoint, and the end of all threads, with what they own freed.
  StatusOr<Cost> Run(const proto::JobGraph& graph, const JobOptions& options = {});

 private:
  const Setting& setting_;
  Feeds feeds_;
  runtime::ConnectorRegistry connectors_;
};

/// Where files of the sources and sinks of jobs lie.
std::filesystem::path FilesOf(const Setting& setting);

/// Checkpoints from start to start.
proto::CheckpointOptions CheckpointEvery(Milliseconds interval);

}  // namespace thalweg::bench

#endif  // THALWEG_BENCH_JOB_H_
