// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CLIENT_CLI_JOB_RUNNER_H_
#define THALWEG_CLIENT_CLI_JOB_RUNNER_H_

#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "client/cli/result_printer.h"
#include "client/cli/terminal.h"
#include "client/embedded/embedded_cluster.h"
#include "connectors/collect/collect.h"
#include "proto/plan.pb.h"

namespace thalweg::client {

/// One job and where its rows go.
struct JobToRun {
  JobId id;
  std::string title;  // What messages call it.
  const proto::JobGraph& graph;
  std::string collect_name;  // Of the collect sink; empty: none.
  ResultPrinter* printer = nullptr;
};

/// Runs the job to its end, printing its rows on the way, or until Ctrl-C, which stops it with a
/// checkpoint; a second Ctrl-C ends the process as a kill would. False in `*finished` when it was
/// stopped. An error is told on `terminal.err`.
ExitCode RunJob(EmbeddedCluster& cluster,
                connectors::CollectHub& hub,
                const JobToRun& job,
                const Clock& clock,
                const Terminal& terminal,
                bool* finished);

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_CLI_JOB_RUNNER_H_
