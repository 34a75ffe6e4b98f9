// SPDX-License-Identifier: Apache-2.0
//
// Aggregates, windows and joins against what a programmer would write by hand: a loop over the same
// arrays and one absl::flat_hash_map. Step and bare loop take turns within one process, and what
// counts is the median of the ratios of neighbours: by CPU time of the thread, and by wall time.
// More than 1: the step is faster.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <benchmark/benchmark.h>
#include <time.h>

#include "runtime/operators/bench_test_util.h"

namespace thalweg::runtime {
namespace {

constexpr std::size_t kRows = 20'000'000;
constexpr std::size_t kJoinRows = 6'000'000;  // Three a key and side.
constexpr std::int64_t kDuration = 40'000;
constexpr std::int64_t kWindow = 10'000;

/// Kept for the next benchmark of the same size only: they are large.
const BenchRows& Rows(std::int64_t key_count, std::size_t row_count = kRows) {
  static std::pair<std::int64_t, std::size_t> size;
  static BenchRows rows;
  if (size != std::pair(key_count, row_count)) {
    rows = {};
    rows = MakeBenchRows(row_count, static_cast<std::uint64_t>(key_count), kDuration);
    size = {key_count, row_count};
  }
  return rows;
}

double SecondsOf(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// What one run took.
struct Seconds {
  double cpu;
  double wall;
};

template <class Run>
Seconds Measure(Run&& run) {
  const double cpu = SecondsOf(CLOCK_THREAD_CPUTIME_ID);
  const double wall = SecondsOf(CLOCK_MONOTONIC);
  run();
  return {SecondsOf(CLOCK_THREAD_CPUTIME_ID) - cpu, SecondsOf(CLOCK_MONOTONIC) - wall};
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// One iteration is a pair.
template <class Bare, class Step>
void Compare(benchmark::State& bench, std::size_t row_count, Bare&& bare, Step&& step) {
  std::vector<double> cpu_ratios;
  std::vector<double> wall_ratios;
  std::vector<double> bare_cpu;
  std::vector<double> step_cpu;
  const double nanos_per_row = 1e9 / static_cast<double>(row_count);
  for (auto _ : bench) {
    const Seconds of_bare = Measure(bare);
    const Seconds of_step = Measure(step);
    cpu_ratios.push_back(of_bare.cpu / of_step.cpu);
    wall_ratios.push_back(of_bare.wall / of_step.wall);
    bare_cpu.push_back(of_bare.cpu * nanos_per_row);
    step_cpu.push_back(of_step.cpu * nanos_per_row);
  }
  bench.counters["cpu_ratio"] = Median(cpu_ratios);
  bench.counters["wall_ratio"] = Median(wall_ratios);
  bench.counters["bare_ns"] = Median(bare_cpu);
  bench.counters["step_ns"] = Median(step_cpu);
}

struct CountSum {
  std::int64_t count = 0;
  std::int64_t sum = 0;
};

/// A fresh map per window; the finished one is given out.
void BareWindows(const BenchRows& rows) {
  std::int64_t given = 0;
  auto groups = std::make_unique<absl::flat_hash_map<std::int64_t, CountSum>>();
  std::int64_t end = kWindow;
  const auto fire = [&] {
    for (const auto& [key, group] : *groups) {
      given += key ^ group.count ^ group.sum;
    }
    groups = std::make_unique<absl::flat_hash_map<std::int64_t, CountSum>>();
    end += kWindow;
  };
  for (std::size_t i = 0; i < rows.keys.size(); ++i) {
    if (rows.times[i] >= end) {
      fire();
    }
    CountSum& group = (*groups)[rows.keys[i]];
    ++group.count;
    group.sum += rows.values[i];
  }
  fire();
  benchmark::DoNotOptimize(given);
}

void StepWindows(const BenchRows& rows) {
  proto::Step step;
  proto::WindowAggregateStep& window = *step.mutable_window_aggregate();
  window.add_keys(0);
  window.set_time_column(2);
  window.set_size_millis(kWindow);
  AddCalls(*BenchSchema(), {{"COUNT", ""}, {"SUM", "v"}}, &window);
  step = Finished(std::move(step), {BenchSchema()});
  BenchStep task(step, {BenchSchema()});
  std::int64_t next = kWindow - 1;
  std::size_t done = 0;
  for (const columnar::Batch& batch : rows.batches) {
    task.Feed(batch);
    done += batch.row_count();
    while (done < rows.times.size() && rows.times[done - 1] > next) {
      task.Watermark(next);
      next += kWindow;
    }
  }
  task.Watermark(kMaxWatermark);
  benchmark::DoNotOptimize(task.output.rows);
}

void BareGroups(const BenchRows& rows) {
  absl::flat_hash_map<std::int64_t, CountSum> groups;
  for (std::size_t i = 0; i < rows.keys.size(); ++i) {
    CountSum& group = groups[rows.keys[i]];
    ++group.count;
    group.sum += rows.values[i];
  }
  benchmark::DoNotOptimize(groups.size());
}

void StepGroups(const BenchRows& rows) {
  proto::Step step;
  step.mutable_aggregate()->add_keys(0);
  step.mutable_aggregate()->set_needs_update_before(true);
  AddCalls(*BenchSchema(), {{"COUNT", ""}, {"SUM", "v"}}, step.mutable_aggregate());
  step = Finished(std::move(step), {BenchSchema()});
  BenchStep task(step, {BenchSchema()});
  for (const columnar::Batch& batch : rows.batches) {
    task.Feed(batch);
  }
  benchmark::DoNotOptimize(task.output.rows);
}

/// Both sides of one join: the rows alternate between the sides batch by batch.
struct BareRow {
  std::int64_t value = 0;
  std::int64_t time = 0;
  std::int32_t next = -1;
};

void BareJoin(const BenchRows& rows) {
  absl::flat_hash_map<std::int64_t, std::int32_t> heads[2];
  std::vector<BareRow> kept[2];
  std::int64_t given = 0;
  for (std::size_t i = 0; i < rows.keys.size(); ++i) {
    const std::size_t side = i / columnar::kMaxBatchRows % 2;
    std::int32_t& head = heads[side].try_emplace(rows.keys[i], -1).first->second;
    kept[side].push_back({rows.values[i], rows.times[i], head});
    head = static_cast<std::int32_t>(kept[side].size() - 1);
    const auto found = heads[1 - side].find(rows.keys[i]);
    if (found == heads[1 - side].end()) {
      continue;
    }
    for (std::int32_t at = found->second; at >= 0; at = kept[1 - side][at].next) {
      given += rows.keys[i] ^ rows.values[i] ^ kept[1 - side][at].value;
    }
  }
  benchmark::DoNotOptimize(given);
}

void StepJoin(const BenchRows& rows) {
  proto::Step step;
  step.mutable_join()->set_kind(proto::JOIN_INNER);
  step.mutable_join()->add_left_keys(0);
  step.mutable_join()->add_right_keys(0);
  step = Finished(std::move(step), {BenchSchema(), BenchSchema()});
  BenchStep task(step, {BenchSchema(), BenchSchema()});
  std::uint32_t side = 0;
  for (const columnar::Batch& batch : rows.batches) {
    task.Feed(batch, side);
    side = 1 - side;
  }
  benchmark::DoNotOptimize(task.output.rows);
}

void Windows(benchmark::State& bench) {
  const BenchRows& rows = Rows(bench.range(0));
  Compare(bench, kRows, [&] { BareWindows(rows); }, [&] { StepWindows(rows); });
}
BENCHMARK(Windows)->Arg(1'000)->Arg(1'000'000)->Iterations(5)->Unit(benchmark::kMillisecond);

void Groups(benchmark::State& bench) {
  const BenchRows& rows = Rows(bench.range(0));
  Compare(bench, kRows, [&] { BareGroups(rows); }, [&] { StepGroups(rows); });
}
BENCHMARK(Groups)->Arg(1'000)->Arg(1'000'000)->Iterations(5)->Unit(benchmark::kMillisecond);

void InnerJoin(benchmark::State& bench) {
  const BenchRows& rows = Rows(bench.range(0), kJoinRows);
  Compare(bench, kJoinRows, [&] { BareJoin(rows); }, [&] { StepJoin(rows); });
}
BENCHMARK(InnerJoin)->Arg(1'000'000)->Iterations(5)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace thalweg::runtime
