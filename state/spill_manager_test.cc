// SPDX-License-Identifier: Apache-2.0
//
// Rows that come back from the spill later than they were asked for.
#include "state/spill_manager.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/check.h"
#include "columnar/datum.h"
#include "state/memory_budget.h"
#include "state/state_test_util.h"
#include "state/task_state.h"
#include "tests/testing/memory_spill.h"
#include "tests/testing/memory_store.h"

namespace thalweg::state {
namespace {

using columnar::DataType;

constexpr WallTime kNow{Milliseconds(1000)};

class SpillManagerTest : public ::testing::Test {
 protected:
  SpillManagerTest() {
    TaskStateOptions options;
    options.range = {0, 16};
    options.key_group_count = 16;
    options.store = &store_;
    options.run_prefix = "runs";
    options.executor = &executor_;
    options.mailbox = &mailbox_;
    options.budget = &budget_;
    options.spill = spill_.get();
    state_ = std::make_unique<TaskState>(std::move(options));
  }

  /// Makes all that was written durable, then moves it out of memory.
  void SpillAll() {
    state_->Freeze(CheckpointId(++checkpoint_),
                   [](StatusOr<proto::TaskSnapshot> snapshot) { CHECK_OK(snapshot.status()); });
    RunAll(executor_, mailbox_);
    state_->OnDurable(CheckpointId(checkpoint_));
    for (int i = 0; i < 2; ++i) {  // One writes out, the other one lets go.
      state_->Advance(kNow, /*slots_held=*/false);
      RunAll(executor_, mailbox_);
    }
    ASSERT_TRUE(state_->status().ok());
  }

  /// One piece of work and its answer.
  void RunOneWork() {
    ASSERT_TRUE(executor_.RunOne());
    ASSERT_TRUE(mailbox_.RunOne());
  }

  testing::MemoryStore store_;
  ManualExecutor executor_;
  ManualMailbox mailbox_;
  MemoryBudget budget_{1};
  std::unique_ptr<SpillFactory> spill_ = testing::MakeMemorySpill();
  std::unique_ptr<TaskState> state_;
  std::uint64_t checkpoint_ = 0;
};

TEST_F(SpillManagerTest, AnAnswerThatComesTwiceDoesNotUndoWhatWasWrittenInBetween) {
  ValueTable& table = state_->AddValueTable(
      SpecOf("sums", DataType::BigInt(), {{"n", DataType::BigInt().NotNull()}}));
  const columnar::EncodedKeys key = EncodeKeys(std::vector<std::int64_t>{7});
  const FieldPlace n = table.layout().place(0);
  SlotId slot = kNoSlot;
  ASSERT_EQ(table.Resolve(key, {&slot, 1}), Residency::kReady);
  table.Touch({&slot, 1});
  StoreField<std::int64_t>(table.value(slot), n, 1);
  SpillAll();
  ASSERT_EQ(table.size(), 0U);

  // A task is woken for whatever its steps have asked for, so a step may ask again too early.
  ASSERT_EQ(table.Resolve(key, {&slot, 1}), Residency::kParked);
  ASSERT_EQ(table.Resolve(key, {&slot, 1}), Residency::kParked);
  RunOneWork();
  ASSERT_EQ(table.Resolve(key, {&slot, 1}), Residency::kReady);
  ASSERT_EQ(LoadField<std::int64_t>(table.value(slot), n), 1);
  table.Touch({&slot, 1});
  StoreField<std::int64_t>(table.value(slot), n, 2);
  RunAll(executor_, mailbox_);

  EXPECT_EQ(LoadField<std::int64_t>(table.value(slot), n), 2);
}

TEST_F(SpillManagerTest, AnAnswerThatComesTwiceBringsNoErasedEntryBack) {
  OrderedTable& table =
      state_->AddOrderedTable(SpecOf("rows", DataType::BigInt(), {{"s", DataType::String()}}));
  const columnar::EncodedKeys key = EncodeKeys(std::vector<std::int64_t>{7});
  RowBuffer rows;
  const auto append = [&](SlotId slot, const std::string& text) {
    rows.Reset(table.layout(), 1);
    rows.SetColumn(0, columnar::Column::Constant(DataType::String(), 1, columnar::Datum(text)));
    table.Append({&slot, 1}, rows);
  };
  SlotId slot = kNoSlot;
  ASSERT_EQ(table.Resolve(key, {&slot, 1}), Residency::kReady);
  append(slot, "a");
  append(slot, "b");
  SpillAll();
  ASSERT_EQ(table.size(), 0U);

  ASSERT_EQ(table.Find(key, {&slot, 1}), Residency::kParked);
  ASSERT_EQ(table.Find(key, {&slot, 1}), Residency::kParked);
  RunOneWork();
  ASSERT_EQ(table.Find(key, {&slot, 1}), Residency::kReady);
  ASSERT_EQ(table.Count(slot), 2U);
  std::uint8_t found = 0;
  table.EraseEqual({&slot, 1}, rows, {&found, 1});  // "b", the last one appended.
  ASSERT_EQ(found, 1);
  RunAll(executor_, mailbox_);

  EXPECT_EQ(table.Count(slot), 1U);
}

}  // namespace
}  // namespace thalweg::state
