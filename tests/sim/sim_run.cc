// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_run.h"

#include <map>
#include <memory>

#include "base/check.h"
#include "tests/sim/sim_cluster.h"
#include "tests/sim/sim_faults.h"
#include "tests/testing/sim_loop.h"

namespace thalweg::testing {
namespace {

const JobId kJob("00000000000000000000000000000001");

// Faults begin within this time; each ends by itself some seconds later.
constexpr Microseconds kFaultHorizon{1'100'000};
// A job that has not ended by then is stuck.
constexpr Microseconds kPatience{400'000'000};

SimClusterOptions ClusterFor(Random& random) {
  SimClusterOptions options;
  options.coordinators = 2;
  options.workers = 1 + random.Uniform(3);
  options.lanes = 1 + random.Uniform(2);
  options.slots = 4;
  // Now and then so little that most keys are spilled.
  options.state_memory = random.Chance(3) ? std::size_t{4} << 10 : std::size_t{16} << 20;
  options.network.patience = Microseconds(2'000'000);
  // State of a few rows travels inside the acks, unless all of it has to be files.
  if (random.Chance(4)) {
    options.inline_run_max = 0;
  }
  return options;
}

}  // namespace

std::string SimRun::Describe() const {
  std::string text = "seed " + std::to_string(seed) + ", job " + NameOf(job) + ", " +
                     std::to_string(virtual_time.count() / 1000) + " ms of virtual time, " +
                     std::to_string(attempts) + " attempts, " + std::to_string(checkpoints) +
                     " checkpoints";
  if (violation.has_value()) {
    text += "\nviolated: " + violation->oracle + ": " + violation->what;
  }
  for (const std::string& fault : faults) {
    text += "\n  fault " + fault;
  }
  for (const std::string& line : log) {
    text += "\n  log   " + line;
  }
  return text;
}

const FoldedRows& ExpectedRows(SimJob job) {
  static std::map<SimJob, FoldedRows> expected;
  const auto [found, is_new] = expected.try_emplace(job);
  if (is_new) {
    SimLoop loop(1);
    SimClusterOptions options;
    options.coordinators = 1;
    options.workers = 1;
    options.lanes = 1;
    options.state_memory = std::size_t{1} << 30;
    SimCluster cluster(loop, options);
    cluster.StartAll();
    SimJobOptions job_options;
    job_options.parallelism = 1;
    cluster.Submit(kJob, PlanOf(job, job_options));
    CHECK(loop.RunUntil([&] { return cluster.outcome().has_value(); }, kPatience));
    CHECK(cluster.outcome()->state == coordinator::JobState::kFinished);
    found->second = Fold(cluster.VisibleFiles(kOutputFolder));
    CHECK(!found->second.empty());
  }
  return found->second;
}

SimRun RunSeed(std::uint64_t seed) {
  SimRun run;
  run.seed = seed;
  run.job = kSimJobs[seed % std::size(kSimJobs)];
  const FoldedRows& expected = ExpectedRows(run.job);

  SimLoop loop(seed);
  SeededRandom random(loop.random().Next());
  SimCluster cluster(loop, ClusterFor(random));
  SimOracles oracles(cluster, kJob, run.job);
  SimFaults faults(cluster, loop, random.Uniform(9), kFaultHorizon);
  run.faults = faults.descriptions();

  SimJobOptions options;
  options.parallelism = 1 + static_cast<std::uint32_t>(random.Uniform(3));
  cluster.StartAll();
  cluster.Submit(kJob, PlanOf(run.job, options));
  if (random.Chance(3)) {
    options.parallelism = 1 + static_cast<std::uint32_t>(random.Uniform(4));
    run.faults.push_back("rescale to " + std::to_string(options.parallelism));
    loop.After(Microseconds(static_cast<std::int64_t>(random.Uniform(1'000'000))),
               [&cluster, graph = PlanOf(run.job, options)] { cluster.Change(graph); });
  }

  const bool ended = loop.RunUntil(
      [&] { return cluster.outcome().has_value() || oracles.violation().has_value(); }, kPatience);
  oracles.CheckAtEnd();
  run.violation = oracles.violation();
  if (!run.violation.has_value() && !ended) {
    run.violation = Violation{.oracle = "ends", .what = "the job has not ended"};
  } else if (!run.violation.has_value() &&
             cluster.outcome()->state != coordinator::JobState::kFinished) {
    run.violation =
        Violation{.oracle = "ends", .what = "the job failed: " + cluster.outcome()->reason};
  } else if (!run.violation.has_value()) {
    const FoldedRows actual = Fold(cluster.VisibleFiles(kOutputFolder));
    if (actual != expected) {
      run.violation = Violation{.oracle = "rows", .what = Difference(expected, actual)};
    }
  }
  run.trace_hash = loop.trace_hash();
  run.events = loop.events_run();
  run.virtual_time = loop.now().time_since_epoch();
  run.log = cluster.log().lines();
  run.attempts = oracles.attempts();
  run.checkpoints = oracles.checkpoints();
  return run;
}

}  // namespace thalweg::testing
