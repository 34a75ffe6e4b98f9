// SPDX-License-Identifier: Apache-2.0
#include "state/value_table.h"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "state/state_test_util.h"

namespace thalweg::state {
namespace {

using columnar::DataType;
using ::testing::ElementsAre;

class ValueTableTest : public ::testing::Test {
 protected:
  ValueTableTest() {
    context_.range = {0, 128};
    context_.key_group_count = 128;
  }

  TableContext context_;
};

TEST_F(ValueTableTest, GivesRowsWithOneKeyOneSlotAndBeginsWithZeros) {
  ValueTable table(context_, SpecOf("t", DataType::BigInt(), {{"n", DataType::BigInt()}}));
  std::vector<SlotId> slots(4);
  ASSERT_EQ(table.Resolve(EncodeKeys({7, 8, 7, 9}), slots), Residency::kReady);
  EXPECT_EQ(slots[0], slots[2]);
  EXPECT_NE(slots[0], slots[1]);
  EXPECT_EQ(table.size(), 3U);
  EXPECT_FALSE(IsValid(table.value(slots[0]), table.layout().place(0)));
}

TEST_F(ValueTableTest, FindMakesNoRows) {
  ValueTable table(context_, SpecOf("t", DataType::BigInt(), {}));
  std::vector<SlotId> slots(1);
  ASSERT_EQ(table.Find(EncodeKeys(std::vector<std::int64_t>{7}), slots), Residency::kReady);
  EXPECT_EQ(slots[0], kNoSlot);
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(ValueTableTest, TouchFirstNamesTheFirstRowOfEachSlot) {
  ValueTable table(context_, SpecOf("t", DataType::BigInt(), {}));
  std::vector<SlotId> slots(5);
  std::vector<std::uint32_t> first;
  for (int batch = 0; batch < 2; ++batch) {
    ASSERT_EQ(table.Resolve(EncodeKeys({7, 8, 7, 9, 8}), slots), Residency::kReady);
    first.clear();
    table.TouchFirst(slots, &first);
    EXPECT_THAT(first, ElementsAre(0, 1, 3));
  }
}

TEST_F(ValueTableTest, SelectedRowsAreResolvedInTheirOrder) {
  ValueTable table(context_, SpecOf("t", DataType::BigInt(), {}));
  const columnar::EncodedKeys keys = EncodeKeys({7, 8, 9});
  std::vector<SlotId> all(3);
  ASSERT_EQ(table.Resolve(keys, all), Residency::kReady);
  std::vector<SlotId> some(2);
  const std::vector<std::uint32_t> rows = {2, 0};
  ASSERT_EQ(table.Find(keys, some, RowSelection(rows)), Residency::kReady);
  EXPECT_THAT(some, ElementsAre(all[2], all[0]));
}

TEST_F(ValueTableTest, ARowIsForgottenWhenItsTimeIsOver) {
  TableSpec spec = SpecOf("t", DataType::BigInt(), {{"n", DataType::BigInt()}});
  spec.ttl = Milliseconds(1500);  // Counted as 2 s.
  context_.now_seconds = 100;
  ValueTable table(context_, spec);
  const columnar::EncodedKeys keys = EncodeKeys(std::vector<std::int64_t>{7});
  std::vector<SlotId> slots(1);
  ASSERT_EQ(table.Resolve(keys, slots), Residency::kReady);
  table.Touch(slots);
  StoreField<std::int64_t>(table.value(slots[0]), table.layout().place(0), 5);
  context_.now_seconds = 101;
  table.Find(keys, slots);
  EXPECT_NE(slots[0], kNoSlot);
  context_.now_seconds = 102;
  table.Find(keys, slots);
  EXPECT_EQ(slots[0], kNoSlot);
  table.Resolve(keys, slots);
  EXPECT_EQ(LoadField<std::int64_t>(table.value(slots[0]), table.layout().place(0)), 0);
  context_.now_seconds = 200;
  table.Sweep(16);
  EXPECT_EQ(table.size(), 0U);
}

// Against std::map, through growth of index and pages, with erasing and strings of all lengths.
TEST_F(ValueTableTest, BehavesLikeAMapOfStrings) {
  ValueTable table(context_,
                   SpecOf("t",
                          DataType::String(),
                          {{"s", DataType::String()}, {"n", DataType::BigInt().NotNull()}}));
  const FieldPlace& text = table.layout().place(0);
  const FieldPlace& number = table.layout().place(1);
  std::map<std::string, std::pair<std::string, std::int64_t>> model;
  SeededRandom random(7);
  for (int batch = 0; batch < 300; ++batch) {
    std::vector<std::string> keys;
    for (int i = 0; i < 100; ++i) {
      const std::uint64_t k = random.Uniform(20'000);
      keys.push_back("key" + std::string(k % 20, 'x') + std::to_string(k));
    }
    const columnar::EncodedKeys encoded = EncodeKeys(keys);
    std::vector<SlotId> slots(keys.size());
    ASSERT_EQ(table.Resolve(encoded, slots), Residency::kReady);
    table.Touch(slots);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      std::uint8_t* const value = table.value(slots[i]);
      ASSERT_EQ(StringField(value, text).view(), model[keys[i]].first);
      ASSERT_EQ(LoadField<std::int64_t>(value, number), model[keys[i]].second);
      model[keys[i]].first = std::string(random.Uniform(40), 's') + keys[i];
      ++model[keys[i]].second;
      table.strings().Assign(StringField(value, text), model[keys[i]].first);
      StoreField(value, number, model[keys[i]].second);
    }
    if (batch % 3 == 0) {
      table.Erase(std::vector<SlotId>(slots.begin(), slots.begin() + 30));
      for (int i = 0; i < 30; ++i) {
        model.erase(keys[i]);
      }
    }
    ASSERT_EQ(table.size(), model.size());
  }
}

TEST_F(ValueTableTest, StaysWholeWhileALargeIndexGrows) {
  ValueTable table(context_,
                   SpecOf("t", DataType::BigInt(), {{"n", DataType::BigInt().NotNull()}}));
  const FieldPlace& number = table.layout().place(0);
  constexpr std::int64_t kKeys = 800'000;  // Passes the size from which an index grows in steps.
  std::vector<std::int64_t> keys(8192);
  std::vector<SlotId> slots(keys.size());
  for (std::int64_t begin = 0; begin < kKeys; begin += 8192) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keys[i] = begin + static_cast<std::int64_t>(i);
    }
    ASSERT_EQ(table.Resolve(EncodeKeys(keys), slots), Residency::kReady);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      ASSERT_EQ(LoadField<std::int64_t>(table.value(slots[i]), number), 0);
      StoreField(table.value(slots[i]), number, keys[i] + 1);
    }
    // What came before is still there, also what was erased while entries moved.
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keys[i] = static_cast<std::int64_t>(i) * (begin / 8192);
    }
    table.Find(EncodeKeys(keys), slots);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      ASSERT_NE(slots[i], kNoSlot);
      ASSERT_EQ(LoadField<std::int64_t>(table.value(slots[i]), number), keys[i] + 1);
    }
  }
}

}  // namespace
}  // namespace thalweg::state
