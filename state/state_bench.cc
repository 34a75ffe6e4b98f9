// SPDX-License-Identifier: Apache-2.0
//
// Tables against the loop that they stand in for: a flat_hash_map used a row at a time. Keys are
// random BIGINTs, batches have 8,192 rows, times are per row.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include "absl/container/flat_hash_map.h"
#include "base/random.h"
#include "columnar/hash.h"
#include "state/ordered_table.h"
#include "state/state_test_util.h"
#include "state/task_state.h"
#include "state/value_table.h"
#include "tests/testing/memory_store.h"

namespace thalweg::state {
namespace {

constexpr std::size_t kBatch = columnar::kMaxBatchRows;
constexpr std::size_t kBatches = 256;

TableContext OneRange() {
  TableContext context;
  context.range = {0, 1024};
  context.key_group_count = 1024;
  return context;
}

std::int64_t KeyAt(std::uint64_t i) {
  return static_cast<std::int64_t>((i + 1) * 0x9E3779B97F4A7C15U);
}

// Batches of random keys among `key_count`, as a table and as a loop get them.
struct Input {
  std::vector<columnar::EncodedKeys> batches;
  std::vector<std::vector<std::int64_t>> keys;

  Input(std::uint64_t key_count, std::size_t batch_count) {
    SeededRandom random(1);
    for (std::size_t b = 0; b < batch_count; ++b) {
      std::vector<std::int64_t> batch(kBatch);
      for (std::int64_t& key : batch) {
        key = KeyAt(random.Uniform(key_count));
      }
      batches.push_back(EncodeKeys(batch));
      keys.push_back(std::move(batch));
    }
  }
};

TableSpec Sums() {
  return SpecOf(
      "sums",
      columnar::DataType::BigInt(),
      {{"n", columnar::DataType::BigInt().NotNull()}, {"sum", columnar::DataType::BigInt()}});
}

void Fill(ValueTable& table, std::uint64_t key_count) {
  std::vector<SlotId> slots;
  for (std::uint64_t begin = 0; begin < key_count; begin += kBatch) {
    std::vector<std::int64_t> keys;
    for (std::uint64_t i = begin; i < std::min(key_count, begin + kBatch); ++i) {
      keys.push_back(KeyAt(i));
    }
    slots.resize(keys.size());
    table.Resolve(EncodeKeys(keys), slots);
  }
}

void Update(ValueTable& table, std::span<const SlotId> slots, std::span<const std::int64_t> keys) {
  const FieldPlace count = table.layout().place(0);
  const FieldPlace sum = table.layout().place(1);
  const RowPages::View values = table.values();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    std::uint8_t* const value = values.row(slots[i]);
    StoreField(value, count, LoadField<std::int64_t>(value, count) + 1);
    StoreField(
        value, sum, LoadField<std::uint64_t>(value, sum) + static_cast<std::uint64_t>(keys[i]));
    SetValid(value, sum, true);
  }
}

void BM_BareUpdate(benchmark::State& state) {
  const auto key_count = static_cast<std::uint64_t>(state.range(0));
  const Input input(key_count, kBatches);
  struct Sum {
    std::int64_t n = 0;
    std::uint64_t sum = 0;
  };
  absl::flat_hash_map<std::int64_t, Sum> map;
  for (std::uint64_t i = 0; i < key_count; ++i) {
    map[KeyAt(i)];
  }
  std::size_t b = 0;
  for (auto _ : state) {
    for (const std::int64_t key : input.keys[b++ % kBatches]) {
      Sum& sum = map[key];
      ++sum.n;
      sum.sum += static_cast<std::uint64_t>(key);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

void BM_TableUpdate(benchmark::State& state) {
  const auto key_count = static_cast<std::uint64_t>(state.range(0));
  const Input input(key_count, kBatches);
  TableContext context = OneRange();
  ValueTable table(context, Sums());
  Fill(table, key_count);
  std::vector<SlotId> slots(kBatch);
  std::size_t b = 0;
  for (auto _ : state) {
    const std::size_t at = b++ % kBatches;
    table.Resolve(input.batches[at], slots);
    table.Touch(slots);
    Update(table, slots, input.keys[at]);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

// The parts of an update, to see where the time goes.
void BM_TableResolve(benchmark::State& state) {
  const auto key_count = static_cast<std::uint64_t>(state.range(0));
  const Input input(key_count, kBatches);
  TableContext context = OneRange();
  ValueTable table(context, Sums());
  Fill(table, key_count);
  std::vector<SlotId> slots(kBatch);
  std::size_t b = 0;
  for (auto _ : state) {
    table.Resolve(input.batches[b++ % kBatches], slots);
    benchmark::DoNotOptimize(slots.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

void BM_TableUpdateFirst(benchmark::State& state) {
  const auto key_count = static_cast<std::uint64_t>(state.range(0));
  const Input input(key_count, kBatches);
  TableContext context = OneRange();
  ValueTable table(context, Sums());
  Fill(table, key_count);
  std::vector<SlotId> slots(kBatch);
  std::vector<std::uint32_t> first;
  std::size_t b = 0;
  for (auto _ : state) {
    const std::size_t at = b++ % kBatches;
    table.Resolve(input.batches[at], slots);
    first.clear();
    table.TouchFirst(slots, &first);
    Update(table, slots, input.keys[at]);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

// From nothing, with growth, until every key was seen about twice.
void BM_BareCold(benchmark::State& state) {
  const auto key_count = static_cast<std::uint64_t>(state.range(0));
  const Input input(key_count, kBatches);
  for (auto _ : state) {
    absl::flat_hash_map<std::int64_t, std::int64_t> map;
    for (const auto& keys : input.keys) {
      for (const std::int64_t key : keys) {
        ++map[key];
      }
    }
    benchmark::DoNotOptimize(map.size());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch * kBatches));
}

void BM_TableCold(benchmark::State& state) {
  const auto key_count = static_cast<std::uint64_t>(state.range(0));
  const Input input(key_count, kBatches);
  std::vector<SlotId> slots(kBatch);
  for (auto _ : state) {
    TableContext context = OneRange();
    ValueTable table(context, Sums());
    for (std::size_t b = 0; b < kBatches; ++b) {
      table.Resolve(input.batches[b], slots);
      table.Touch(slots);
      Update(table, slots, input.keys[b]);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch * kBatches));
}

// One million keys, of which range(0) percent change between checkpoints. The longest time that a
// task is held up by the freeze, and by the batches while its rows are copied.
void BM_CheckpointPause(benchmark::State& state) {
  constexpr std::uint64_t kKeys = 1'000'000;
  const std::uint64_t changed = kKeys * static_cast<std::uint64_t>(state.range(0)) / 100;
  testing::MemoryStore store;
  ManualExecutor executor;
  ManualMailbox mailbox;
  TaskStateOptions options;
  options.range = {0, 1024};
  options.key_group_count = 1024;
  options.store = &store;
  options.run_prefix = "bench";
  options.executor = &executor;
  options.mailbox = &mailbox;
  TaskState task(std::move(options));
  ValueTable& table = task.AddValueTable(Sums());
  Fill(table, kKeys);
  std::vector<SlotId> slots(kBatch);
  SeededRandom random(3);
  std::uint64_t checkpoint = 0;
  double longest_freeze = 0;
  double longest_slice = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (std::uint64_t i = 0; i < changed; i += kBatch) {
      for (SlotId& slot : slots) {
        slot = static_cast<SlotId>(random.Uniform(kKeys));
      }
      table.Touch(std::span(slots).first(std::min<std::size_t>(kBatch, changed - i)));
    }
    state.ResumeTiming();
    const auto timed = [](double* longest, auto&& work) {
      const auto begin = std::chrono::steady_clock::now();
      work();
      const std::chrono::duration<double, std::milli> took =
          std::chrono::steady_clock::now() - begin;
      *longest = std::max(*longest, took.count());
    };
    ++checkpoint;
    timed(&longest_freeze, [&] { task.Freeze(CheckpointId(checkpoint), [](auto) {}); });
    bool more = true;
    while (more) {
      timed(&longest_slice, [&] {
        more = task.Advance(WallTime(), true);
        for (SlotId& slot : slots) {
          slot = static_cast<SlotId>(random.Uniform(kKeys));
        }
        table.Touch(slots);
      });
    }
    state.PauseTiming();
    RunAll(executor, mailbox);
    task.OnDurable(CheckpointId(checkpoint));
    RunAll(executor, mailbox);
    state.ResumeTiming();
  }
  state.counters["freeze_ms"] = longest_freeze;
  state.counters["batch_ms"] = longest_slice;
}

// Three rows a key, in random order, then a probe per row.
void BM_BareJoin(benchmark::State& state) {
  const Input input(1'000'000, kBatches);
  struct Row {
    std::int64_t value;
    std::int64_t next;
  };
  std::int64_t found = 0;
  for (auto _ : state) {
    absl::flat_hash_map<std::int64_t, std::int64_t> heads;
    std::vector<Row> rows;
    for (const auto& keys : input.keys) {
      for (const std::int64_t key : keys) {
        const auto [head, is_new] = heads.try_emplace(key, -1);
        rows.push_back({key, head->second});
        head->second = static_cast<std::int64_t>(rows.size()) - 1;
      }
      for (const std::int64_t key : keys) {
        const auto head = heads.find(key);
        for (std::int64_t at = head->second; at >= 0;
             at = rows[static_cast<std::size_t>(at)].next) {
          found += rows[static_cast<std::size_t>(at)].value;
        }
      }
    }
  }
  benchmark::DoNotOptimize(found);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch * kBatches));
}

void BM_TableJoin(benchmark::State& state) {
  const Input input(1'000'000, kBatches);
  std::vector<SlotId> slots(kBatch);
  RowBuffer buffer;
  OrderedRows rows;
  std::int64_t found = 0;
  for (auto _ : state) {
    TableContext context = OneRange();
    OrderedTable table(
        context,
        SpecOf(
            "rows", columnar::DataType::BigInt(), {{"v", columnar::DataType::BigInt().NotNull()}}));
    const FieldPlace place = table.layout().place(0);
    for (std::size_t b = 0; b < kBatches; ++b) {
      buffer.Reset(table.layout(), kBatch);
      for (std::size_t i = 0; i < kBatch; ++i) {
        StoreField(buffer.row(i), place, input.keys[b][i]);
      }
      table.Resolve(input.batches[b], slots);
      table.Append(slots, buffer);
      ScanPosition position;
      bool done = false;
      while (!done) {
        rows.Clear();
        done = table.Scan(slots, kBatch, &position, &rows);
        for (const std::uint8_t* value : rows.values) {
          found += LoadField<std::int64_t>(value, place);
        }
      }
    }
  }
  benchmark::DoNotOptimize(found);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch * kBatches));
}

BENCHMARK(BM_BareUpdate)->Arg(1'000)->Arg(1'000'000)->Arg(10'000'000);
BENCHMARK(BM_TableUpdate)->Arg(1'000)->Arg(1'000'000)->Arg(10'000'000);
BENCHMARK(BM_TableResolve)->Arg(1'000)->Arg(1'000'000);
BENCHMARK(BM_TableUpdateFirst)->Arg(1'000)->Arg(1'000'000);
BENCHMARK(BM_BareCold)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_TableCold)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_CheckpointPause)->Arg(1)->Arg(100)->Iterations(20)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_BareJoin)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_TableJoin)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace thalweg::state
