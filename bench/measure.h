// SPDX-License-Identifier: Apache-2.0
//
// A measure is one file in measures/: a function that runs a whole job, mostly beside a bare loop
// that does the same work by hand, and says what came out. measures.cc lists them all.
//
//   StatusOr<std::vector<Reading>> MeasureSomething(const Setting& setting) {
//     const std::size_t rows = setting.Scaled(20'000'000);
//     ...
//     return RatioReadings("something", pairs, /*bar=*/1.3);
//   }
#ifndef THALWEG_BENCH_MEASURE_H_
#define THALWEG_BENCH_MEASURE_H_

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace thalweg::bench {

/// What the caller of the program chose.
struct Setting {
  double scale = 1;   // Of the amount of data; results at another scale than 1 mean nothing.
  int pairs = 5;      // Of bare loop and job, behind one that warms up and checks the result.
  unsigned core = 0;  // The lane and the bare loop are pinned to it.
  std::filesystem::path directory;  // For the storage of jobs and for files; emptied before use.

  /// `full` at scale 1, never less than `least`.
  std::size_t Scaled(std::size_t full, std::size_t least = 1) const {
    return std::max(least, static_cast<std::size_t>(static_cast<double>(full) * scale));
  }
};

/// Which side of its bar a value must be on.
enum class Better { kHigher, kLower };

/// One number of build/bench.json. Without a bar it is only stated, and passes.
struct Reading {
  std::string name;  // "tumble 1M keys, wall".
  double value = 0;
  std::string unit;           // "x", "ms", ...
  std::optional<double> bar;  // As good as this passes.
  Better better = Better::kHigher;

  bool passes() const {
    return !bar.has_value() || (better == Better::kHigher ? value >= *bar : value <= *bar);
  }
};

/// A failure means that the job failed or that its result was not that of the bare loop.
struct Measure {
  const char* name;  // For --only.
  StatusOr<std::vector<Reading>> (*run)(const Setting& setting);
};

/// In the order in which they run.
std::span<const Measure> AllMeasures();

}  // namespace thalweg::bench

#endif  // THALWEG_BENCH_MEASURE_H_
