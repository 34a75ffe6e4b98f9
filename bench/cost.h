// SPDX-License-Identifier: Apache-2.0
//
// What a piece of work takes, and how a job compares with a bare loop. A pair is a bare loop and a
// job run right after each other, as the speed of a shared machine drifts; the median over the
// pairs counts.
#ifndef THALWEG_BENCH_COST_H_
#define THALWEG_BENCH_COST_H_

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "bench/measure.h"

namespace thalweg::bench {

struct Cost {
  double wall_seconds = 0;
  double cpu_seconds = 0;  // Of all threads of the process.
};

/// Runs `work` on a thread of its own that is pinned to `core`.
Cost CostOfPinned(unsigned core, const std::function<void()>& work);

/// Takes the time from its making to Stop().
class Stopwatch {
 public:
  Stopwatch();
  Cost Stop() const;

 private:
  Cost start_;
};

struct Pair {
  Cost bare;
  Cost job;
};

/// `setting.pairs` pairs; which of the two runs first changes from pair to pair.
StatusOr<std::vector<Pair>> RunPairs(const Setting& setting,
                                     const std::function<Cost()>& bare,
                                     const std::function<StatusOr<Cost>()>& job);

double Median(std::vector<double> values);

/// How many times as fast as the bare loop the job is: "NAME, wall" and "NAME, cpu" with the bar,
/// and how many rows a second the job took, which is only stated.
std::vector<Reading> RatioReadings(const std::string& name,
                                   const std::vector<Pair>& pairs,
                                   double bar,
                                   std::size_t row_count);

}  // namespace thalweg::bench

#endif  // THALWEG_BENCH_COST_H_
