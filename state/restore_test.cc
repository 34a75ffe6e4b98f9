// SPDX-License-Identifier: Apache-2.0
//
// What a restore says to damage and to tables that have changed.
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "state/memory_budget.h"
#include "state/spill.h"
#include "state/state_test_util.h"
#include "state/task_state.h"
#include "storage/local_store.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/memory_store.h"

namespace thalweg::state {
namespace {

using columnar::DataType;
using ::testing::HasSubstr;

constexpr std::int64_t kKeys = 500;

TableSpec Numbers(std::vector<columnar::Field> values = {{"n", DataType::BigInt().NotNull()},
                                                         {"s", DataType::String()}}) {
  return SpecOf("numbers", DataType::BigInt(), std::move(values));
}

struct Owner {
  ManualExecutor executor;
  ManualMailbox mailbox;
  std::unique_ptr<TaskState> state;

  TaskStateOptions Options(storage::DirectoryStore& store, std::string prefix) {
    TaskStateOptions options;
    options.range = {0, 16};
    options.key_group_count = 16;
    options.store = &store;
    options.run_prefix = std::move(prefix);
    options.executor = &executor;
    options.mailbox = &mailbox;
    return options;
  }
};

void Fill(ValueTable& table) {
  for (std::int64_t key = 0; key < kKeys; ++key) {
    SlotId slot;
    table.Resolve(EncodeKeys(std::vector<std::int64_t>{key}), {&slot, 1});
    table.Touch({&slot, 1});
    StoreField(table.value(slot), table.layout().place(0), key * 3);
    SetValid(table.value(slot), table.layout().place(1), true);
    table.strings().Assign(StringField(table.value(slot), table.layout().place(1)),
                           "the text of key " + std::to_string(key));
  }
}

StatusOr<proto::TaskSnapshot> Snapshot(Owner& owner, std::uint64_t id) {
  StatusOr<proto::TaskSnapshot> taken = Aborted("No answer came.");
  owner.state->Freeze(CheckpointId(id), [&](auto snapshot) { taken = std::move(snapshot); });
  RunAll(owner.executor, owner.mailbox);
  return taken;
}

// A snapshot of one table, with a run file.
proto::TaskSnapshot Written(storage::DirectoryStore& store) {
  Owner owner;
  owner.state = std::make_unique<TaskState>(owner.Options(store, "old"));
  Fill(owner.state->AddValueTable(Numbers()));
  StatusOr<proto::TaskSnapshot> snapshot = Snapshot(owner, 1);
  CHECK_OK(snapshot.status());
  CHECK_EQ(snapshot->runs_size(), 1);
  CHECK(!snapshot->runs(0).file().empty());
  return *std::move(snapshot);
}

Status RestoreFrom(storage::DirectoryStore& store,
                   const proto::TaskSnapshot& snapshot,
                   const TableSpec& spec) {
  Owner owner;
  owner.state = std::make_unique<TaskState>(owner.Options(store, "new"));
  owner.state->AddValueTable(spec);
  const proto::TaskSnapshot* old[] = {&snapshot};
  return owner.state->Restore(old);
}

TEST(RestoreTest, NamesARunThatIsDamaged) {
  testing::MemoryStore store;
  const proto::TaskSnapshot snapshot = Written(store);
  for (std::size_t byte = 0; byte < snapshot.runs(0).size(); byte += 997) {
    store.Corrupt(snapshot.runs(0).file(), byte);
    const Status restored = RestoreFrom(store, snapshot, Numbers());
    EXPECT_EQ(restored.code(), StatusCode::kDataLoss);
    EXPECT_THAT(std::string(MessageOf(restored)), HasSubstr(snapshot.runs(0).file()));
    store.Corrupt(snapshot.runs(0).file(), byte);  // Back.
  }
  EXPECT_TRUE(RestoreFrom(store, snapshot, Numbers()).ok());
}

TEST(RestoreTest, NamesARunThatIsMissingOrTorn) {
  testing::MemoryStore store;
  const proto::TaskSnapshot snapshot = Written(store);
  const std::string file = snapshot.runs(0).file();
  const std::string bytes = *store.Get(file);
  store.Overwrite(file, bytes.substr(0, bytes.size() / 2));
  EXPECT_EQ(RestoreFrom(store, snapshot, Numbers()).code(), StatusCode::kDataLoss);
  ASSERT_TRUE(store.Delete(file).ok());
  const Status restored = RestoreFrom(store, snapshot, Numbers());
  EXPECT_EQ(restored.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(restored)), HasSubstr(file));
}

TEST(RestoreTest, MatchesFieldsByName) {
  testing::MemoryStore store;
  const proto::TaskSnapshot snapshot = Written(store);
  Owner owner;
  owner.state = std::make_unique<TaskState>(owner.Options(store, "new"));
  ValueTable& table = owner.state->AddValueTable(Numbers({{"extra", DataType::Int()},
                                                          {"s", DataType::String()},
                                                          {"n", DataType::BigInt().NotNull()}}));
  const proto::TaskSnapshot* old[] = {&snapshot};
  ASSERT_TRUE(owner.state->Restore(old).ok());
  SlotId slot;
  table.Find(EncodeKeys(std::vector<std::int64_t>{7}), {&slot, 1});
  ASSERT_NE(slot, kNoSlot);
  EXPECT_FALSE(IsValid(table.value(slot), table.layout().place(0)));
  EXPECT_EQ(StringField(table.value(slot), table.layout().place(1)).view(), "the text of key 7");
  EXPECT_EQ(LoadField<std::int64_t>(table.value(slot), table.layout().place(2)), 21);
  // The old run holds rows in the old form, so the next snapshot stands alone.
  const StatusOr<proto::TaskSnapshot> next = Snapshot(owner, 2);
  ASSERT_TRUE(next.ok());
  ASSERT_EQ(next->runs_size(), 1);
  EXPECT_EQ(next->runs(0).row_count(), static_cast<std::uint64_t>(kKeys));
}

TEST(RestoreTest, RefusesAFieldOfAnotherTypeByName) {
  testing::MemoryStore store;
  const proto::TaskSnapshot snapshot = Written(store);
  const Status restored =
      RestoreFrom(store, snapshot, Numbers({{"n", DataType::Int()}, {"s", DataType::String()}}));
  EXPECT_EQ(restored.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(restored)), HasSubstr("field n"));
}

TEST(RestoreTest, GoesOnWithTheOldRuns) {
  testing::MemoryStore store;
  const proto::TaskSnapshot snapshot = Written(store);
  Owner owner;
  owner.state = std::make_unique<TaskState>(owner.Options(store, "new"));
  ValueTable& table = owner.state->AddValueTable(Numbers());
  const proto::TaskSnapshot* old[] = {&snapshot};
  ASSERT_TRUE(owner.state->Restore(old).ok());
  SlotId slot;
  table.Find(EncodeKeys(std::vector<std::int64_t>{7}), {&slot, 1});
  table.Touch({&slot, 1});
  const StatusOr<proto::TaskSnapshot> next = Snapshot(owner, 2);
  ASSERT_TRUE(next.ok());
  ASSERT_EQ(next->runs_size(), 2);
  EXPECT_EQ(next->runs(0).file(), snapshot.runs(0).file());
  EXPECT_EQ(next->runs(1).row_count(), 1U);
}

TEST(RestoreTest, AFailedWriteLosesTheCheckpointAndNothingElse) {
  testing::MemoryStore disk;
  for (std::uint64_t n = 0;; ++n) {
    testing::FaultyStore store(disk);
    Owner owner;
    owner.state = std::make_unique<TaskState>(owner.Options(store, "n" + std::to_string(n)));
    Fill(owner.state->AddValueTable(Numbers()));
    store.FailNth(testing::StoreCalls::kWrites, n, testing::StoreFault::kNoSpace);
    StatusOr<proto::TaskSnapshot> snapshot = Snapshot(owner, 1);
    const bool failed = !snapshot.ok();
    if (failed) {
      owner.state->OnAborted(CheckpointId(1));
      snapshot = Snapshot(owner, 2);
    }
    ASSERT_TRUE(snapshot.ok());
    EXPECT_EQ(snapshot->runs(0).row_count(), static_cast<std::uint64_t>(kKeys));
    EXPECT_TRUE(RestoreFrom(store, *snapshot, Numbers()).ok());
    if (!failed) {
      return;  // Every write has had its turn.
    }
  }
}

// Over real files and RocksDB: rows come one by one, and go out again.
TEST(RestoreTest, TakesALargeStateThroughTheSpill) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "thalweg_restore_test";
  std::filesystem::remove_all(folder);
  auto store = storage::LocalStore::Open(folder / "store");
  ASSERT_TRUE(store.ok());
  const proto::TaskSnapshot snapshot = Written(**store);
  const std::unique_ptr<SpillFactory> spill = MakeRocksDbSpill(folder / "spill");
  MemoryBudget budget(20'000);
  Owner owner;
  TaskStateOptions options = owner.Options(**store, "new");
  options.budget = &budget;
  options.spill = spill.get();
  options.eager_restore_max = 0;
  owner.state = std::make_unique<TaskState>(std::move(options));
  ValueTable& table = owner.state->AddValueTable(Numbers());
  const proto::TaskSnapshot* old[] = {&snapshot};
  ASSERT_TRUE(owner.state->Restore(old).ok());
  EXPECT_EQ(table.size(), 0U);
  for (int round = 0; round < 3; ++round) {
    for (std::int64_t key = 0; key < kKeys; ++key) {
      SlotId slot;
      const auto keys = EncodeKeys(std::vector<std::int64_t>{key});
      while (table.Resolve(keys, {&slot, 1}) == Residency::kParked) {
        RunAll(owner.executor, owner.mailbox);
        ASSERT_TRUE(owner.state->status().ok()) << owner.state->status();
      }
      ASSERT_EQ(LoadField<std::int64_t>(table.value(slot), table.layout().place(0)),
                key * 3 + round);
      table.Touch({&slot, 1});
      StoreField(table.value(slot), table.layout().place(0), key * 3 + round + 1);
      owner.state->Advance(WallTime(), /*slots_held=*/false);
    }
    ASSERT_TRUE(Snapshot(owner, static_cast<std::uint64_t>(round) + 1).ok());
    owner.state->OnDurable(CheckpointId(static_cast<std::uint64_t>(round) + 1));
    for (int i = 0; i < 4; ++i) {
      owner.state->Advance(WallTime(), /*slots_held=*/false);
      RunAll(owner.executor, owner.mailbox);
    }
    EXPECT_LT(table.size(), static_cast<std::size_t>(kKeys));
  }
  owner.state.reset();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace thalweg::state
