// SPDX-License-Identifier: Apache-2.0
#include "bench/cost.h"

#include <algorithm>
#include <ctime>
#include <thread>

#include <pthread.h>
#include <sched.h>

#include "base/check.h"
#include "base/clock.h"

namespace thalweg::bench {
namespace {

Cost Now() {
  timespec cpu{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  return {.wall_seconds =
              static_cast<double>(SystemClock::Get().Now().time_since_epoch().count()) * 1e-6,
          .cpu_seconds = static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) * 1e-9};
}

double MedianOf(const std::vector<Pair>& pairs, double (*value)(const Pair&)) {
  std::vector<double> values;
  values.reserve(pairs.size());
  for (const Pair& pair : pairs) {
    values.push_back(value(pair));
  }
  return Median(std::move(values));
}

}  // namespace

Stopwatch::Stopwatch() : start_(Now()) {}

Cost Stopwatch::Stop() const {
  const Cost now = Now();
  return {.wall_seconds = now.wall_seconds - start_.wall_seconds,
          .cpu_seconds = now.cpu_seconds - start_.cpu_seconds};
}

Cost CostOfPinned(unsigned core, const std::function<void()>& work) {
  Cost cost;
  std::thread thread([&] {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    pthread_setaffinity_np(pthread_self(), sizeof(cores), &cores);
    const Stopwatch stopwatch;
    work();
    cost = stopwatch.Stop();
  });
  thread.join();
  return cost;
}

StatusOr<std::vector<Pair>> RunPairs(const Setting& setting,
                                     const std::function<Cost()>& bare,
                                     const std::function<StatusOr<Cost>()>& job) {
  std::vector<Pair> pairs;
  for (int i = 0; i < setting.pairs; ++i) {
    Pair pair;
    if (i % 2 == 0) {
      pair.bare = bare();
    }
    ASSIGN_OR_RETURN(pair.job, job());
    if (i % 2 != 0) {
      pair.bare = bare();
    }
    pairs.push_back(pair);
  }
  return pairs;
}

double Median(std::vector<double> values) {
  CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<Reading> RatioReadings(const std::string& name,
                                   const std::vector<Pair>& pairs,
                                   double bar,
                                   std::size_t row_count) {
  const double wall =
      MedianOf(pairs, [](const Pair& p) { return p.bare.wall_seconds / p.job.wall_seconds; });
  const double cpu =
      MedianOf(pairs, [](const Pair& p) { return p.bare.cpu_seconds / p.job.cpu_seconds; });
  const double seconds = MedianOf(pairs, [](const Pair& p) { return p.job.wall_seconds; });
  return {{.name = name + ", wall", .value = wall, .unit = "x", .bar = bar},
          {.name = name + ", cpu", .value = cpu, .unit = "x", .bar = bar},
          {.name = name + ", rate",
           .value = static_cast<double>(row_count) / seconds * 1e-6,
           .unit = "M rows/s",
           .bar = {}}};
}

}  // namespace thalweg::bench
