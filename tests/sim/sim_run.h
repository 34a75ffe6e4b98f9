// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_TESTS_SIM_SIM_RUN_H_
#define THALWEG_TESTS_SIM_SIM_RUN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/sim_jobs.h"
#include "tests/sim/sim_oracles.h"

namespace thalweg::testing {

/// What one seed came to.
struct SimRun {
  std::uint64_t seed = 0;
  SimJob job = SimJob::kWindow;
  std::optional<Violation> violation;
  std::uint64_t trace_hash = 0;
  std::uint64_t events = 0;
  Microseconds virtual_time{0};
  std::size_t attempts = 0;
  std::size_t checkpoints = 0;      // That were durable.
  std::vector<std::string> faults;  // In words.
  std::vector<std::string> log;     // The cluster's log lines.

  /// Everything that a person needs to understand a violation.
  std::string Describe() const;
};

/// Runs the job that the seed chooses under the faults that it chooses, to its end, and judges it.
/// The same seed gives the same run, trace hash included.
SimRun RunSeed(std::uint64_t seed);

/// The answer of an undisturbed run, computed once per process and job.
const FoldedRows& ExpectedRows(SimJob job);

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_SIM_SIM_RUN_H_
