// SPDX-License-Identifier: Apache-2.0
//
// Freezes of so many rows that they are copied in several slices.
#include <cstdint>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "state/state_test_util.h"
#include "state/task_state.h"
#include "tests/testing/memory_store.h"

namespace thalweg::state {
namespace {

constexpr std::int64_t kKeys = 20'000;  // More than two slices copy.
constexpr std::int64_t kKeysOfABatch = 5'000;

TEST(FreezeTest, FinishesTheCopyOfTheCheckpointBeforeAtOnce) {
  testing::MemoryStore store;
  ManualExecutor executor;
  ManualMailbox mailbox;
  TaskStateOptions options;
  options.range = {0, 16};
  options.key_group_count = 16;
  options.store = &store;
  options.run_prefix = "runs";
  options.executor = &executor;
  options.mailbox = &mailbox;
  options.copy_at_once_rows = 1;
  TaskState state(std::move(options));
  ValueTable& table = state.AddValueTable(SpecOf(
      "sums", columnar::DataType::BigInt(), {{"n", columnar::DataType::BigInt().NotNull()}}));
  std::vector<SlotId> slots;
  for (std::int64_t first = 0; first < kKeys; first += kKeysOfABatch) {
    std::vector<std::int64_t> keys(kKeysOfABatch);
    std::iota(keys.begin(), keys.end(), first);
    slots.resize(keys.size());
    ASSERT_EQ(table.Resolve(EncodeKeys(keys), slots), Residency::kReady);
    table.Touch(slots);
  }

  std::vector<std::uint64_t> row_counts;
  const auto note = [&](StatusOr<proto::TaskSnapshot> snapshot) {
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    std::uint64_t rows = 0;
    for (const proto::RunRef& run : snapshot->runs()) {
      rows += run.row_count();
    }
    row_counts.push_back(rows);
  };
  state.Freeze(CheckpointId(1), note);
  EXPECT_TRUE(state.Advance(WallTime(), false)) << "all rows were copied in one slice";
  table.Touch(std::span(slots).first(10));
  state.Freeze(CheckpointId(2), note);
  while (state.Advance(WallTime(), false)) {
  }
  RunAll(executor, mailbox);
  EXPECT_EQ(row_counts, (std::vector<std::uint64_t>{kKeys, kKeys + 10}));
}

}  // namespace
}  // namespace thalweg::state
