// SPDX-License-Identifier: Apache-2.0
//
// The jobs that the simulated cluster is tried with. All read generated rows and write exactly-once
// files; the answer of each is a function of its plan alone.
#ifndef THALWEG_TESTS_SIM_SIM_JOBS_H_
#define THALWEG_TESTS_SIM_SIM_JOBS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "proto/plan.pb.h"

namespace thalweg::testing {

enum class SimJob {
  kWindow,    // Rows counted and summed by key in tumbling windows.
  kRetract,   // Keys counted by how many rows they have: an aggregate of an updating aggregate.
  kJoin,      // Two streams joined.
  kDiamond,   // One stream, two aggregates, joined.
  kSelfJoin,  // One stream joined with itself.
  kWindows,   // The results of windows in larger windows.
  kOuter,     // A full join with a condition of a stream with an aggregate that updates.
  kHop,       // Rows counted and summed by key in hopping windows.
  kTopN,      // The first rows of each key, with their ranks, of an updating join.
};
inline constexpr SimJob kSimJobs[] = {SimJob::kWindow,
                                      SimJob::kRetract,
                                      SimJob::kJoin,
                                      SimJob::kDiamond,
                                      SimJob::kSelfJoin,
                                      SimJob::kWindows,
                                      SimJob::kOuter,
                                      SimJob::kHop,
                                      SimJob::kTopN};

std::string NameOf(SimJob job);

/// Where the job's output goes, on the disk of files.
inline constexpr char kOutputFolder[] = "out";

struct SimJobOptions {
  std::uint32_t parallelism = 2;
  std::uint64_t data_seed = 1;
  std::uint64_t row_count = 200;  // Of each source.
  std::uint64_t rows_per_second = 200;
  std::int64_t checkpoint_interval_millis = 50;
};

/// The plan. CHECKs that it is right.
proto::JobGraph PlanOf(SimJob job, const SimJobOptions& options);

/// What a table holds: rows as JSON text without their change kind, and how often each stands
/// there.
using FoldedRows = std::map<std::string, std::int64_t>;

/// Folds the lines of all files: +I and +U add a row, -U and -D take one away; lines without a
/// change kind add. Rows that come to zero are left out; a negative count shows that something was
/// taken away that was never there.
FoldedRows Fold(const std::vector<std::pair<std::string, std::string>>& files);

/// What a difference is, in words: at most ten rows of it.
std::string Difference(const FoldedRows& expected, const FoldedRows& actual);

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_SIM_SIM_JOBS_H_
