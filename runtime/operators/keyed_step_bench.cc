// SPDX-License-Identifier: Apache-2.0
//
// Aggregates, windows and joins against what a programmer would write by hand: a loop over the same
// arrays and one absl::flat_hash_map. Items are input rows; compare a step with the bare loop of
// the same argument (the number of keys).
#include <cstdint>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <benchmark/benchmark.h>

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

void SetItems(benchmark::State& bench, std::size_t row_count = kRows) {
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(row_count));
}

struct CountSum {
  std::int64_t count = 0;
  std::int64_t sum = 0;
};

/// A fresh map per window; the finished one is given out.
void BareWindows(benchmark::State& bench) {
  const BenchRows& rows = Rows(bench.range(0));
  for (auto _ : bench) {
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
  SetItems(bench);
}
BENCHMARK(BareWindows)->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void StepWindows(benchmark::State& bench) {
  const BenchRows& rows = Rows(bench.range(0));
  proto::Step step;
  proto::WindowAggregateStep& window = *step.mutable_window_aggregate();
  window.add_keys(0);
  window.set_time_column(2);
  window.set_size_millis(kWindow);
  AddCalls(*BenchSchema(), {{"COUNT", ""}, {"SUM", "v"}}, &window);
  step = Finished(std::move(step), {BenchSchema()});
  for (auto _ : bench) {
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
  SetItems(bench);
}
BENCHMARK(StepWindows)->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void BareGroups(benchmark::State& bench) {
  const BenchRows& rows = Rows(bench.range(0));
  for (auto _ : bench) {
    absl::flat_hash_map<std::int64_t, CountSum> groups;
    for (std::size_t i = 0; i < rows.keys.size(); ++i) {
      CountSum& group = groups[rows.keys[i]];
      ++group.count;
      group.sum += rows.values[i];
    }
    benchmark::DoNotOptimize(groups.size());
  }
  SetItems(bench);
}
BENCHMARK(BareGroups)->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void StepGroups(benchmark::State& bench) {
  const BenchRows& rows = Rows(bench.range(0));
  proto::Step step;
  step.mutable_aggregate()->add_keys(0);
  step.mutable_aggregate()->set_needs_update_before(true);
  AddCalls(*BenchSchema(), {{"COUNT", ""}, {"SUM", "v"}}, step.mutable_aggregate());
  step = Finished(std::move(step), {BenchSchema()});
  for (auto _ : bench) {
    BenchStep task(step, {BenchSchema()});
    for (const columnar::Batch& batch : rows.batches) {
      task.Feed(batch);
    }
    benchmark::DoNotOptimize(task.output.rows);
  }
  SetItems(bench);
}
BENCHMARK(StepGroups)->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

/// Both sides of one join: the rows alternate between the sides batch by batch.
struct BareRow {
  std::int64_t value = 0;
  std::int64_t time = 0;
  std::int32_t next = -1;
};

void BareJoin(benchmark::State& bench) {
  const BenchRows& rows = Rows(bench.range(0), kJoinRows);
  for (auto _ : bench) {
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
  SetItems(bench, kJoinRows);
}
BENCHMARK(BareJoin)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void StepJoin(benchmark::State& bench) {
  const BenchRows& rows = Rows(bench.range(0), kJoinRows);
  proto::Step step;
  step.mutable_join()->set_kind(proto::JOIN_INNER);
  step.mutable_join()->add_left_keys(0);
  step.mutable_join()->add_right_keys(0);
  step = Finished(std::move(step), {BenchSchema(), BenchSchema()});
  for (auto _ : bench) {
    BenchStep task(step, {BenchSchema(), BenchSchema()});
    std::uint32_t side = 0;
    for (const columnar::Batch& batch : rows.batches) {
      task.Feed(batch, side);
      side = 1 - side;
    }
    benchmark::DoNotOptimize(task.output.rows);
  }
  SetItems(bench, kJoinRows);
}
BENCHMARK(StepJoin)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace thalweg::runtime
