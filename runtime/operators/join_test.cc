// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/join.h"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "columnar/batch_builder.h"
#include "columnar/datum.h"
#include "runtime/operators/step_test_util.h"

namespace thalweg::runtime {
namespace {

using columnar::ChangeKind;
using columnar::DataType;
using columnar::Datum;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

columnar::SchemaPtr Left() {
  return columnar::Schema::Make({{"k", DataType::BigInt()}, {"name", DataType::String()}});
}
columnar::SchemaPtr Right() {
  return columnar::Schema::Make({{"price", DataType::BigInt()}, {"k", DataType::BigInt()}});
}

proto::Step Join(bool retracts, bool residual = false) {
  proto::Step step;
  proto::JoinStep& join = *step.mutable_join();
  join.set_kind(proto::JOIN_INNER);
  join.add_left_keys(0);
  join.add_right_keys(1);
  join.set_left_retracts(retracts);
  join.set_right_retracts(retracts);
  if (residual) {  // price > 10
    proto::Expression& condition = *join.mutable_residual();
    columnar::ToProto(DataType::Boolean(), condition.mutable_type());
    condition.mutable_call()->set_function(">");
    proto::Expression& price = *condition.mutable_call()->add_arguments();
    columnar::ToProto(DataType::BigInt(), price.mutable_type());
    price.set_column(2);
    proto::Expression& ten = *condition.mutable_call()->add_arguments();
    columnar::ToProto(DataType::BigInt(), ten.mutable_type());
    ten.mutable_literal()->set_integer(10);
  }
  return Finished(std::move(step), {Left(), Right()});
}

class JoinTest : public ::testing::Test {
 protected:
  KeyedHarness& Start(const proto::Step& step) {
    harness_ = std::make_unique<KeyedHarness>(step, std::vector{Left(), Right()}, store_);
    harness_->Open();
    return *harness_;
  }

  ::thalweg::testing::MemoryStore store_;
  std::unique_ptr<KeyedHarness> harness_;
};

TEST_F(JoinTest, MeetsRowsWhicheverSideComesFirst) {
  KeyedHarness& task = Start(Join(false));
  task.Feed("[1, 'a long name, kept in state'] [2, 'b']", 0);
  EXPECT_THAT(task.output.Take(), IsEmpty());
  task.Feed("[100, 1] [200, 3] [300, 1]", 1);
  EXPECT_THAT(task.output.Take(),
              ElementsAre("+I[1, 'a long name, kept in state', 100, 1]",
                          "+I[1, 'a long name, kept in state', 300, 1]"));
  task.Feed("[3, 'c'] [1, 'd']", 0);
  EXPECT_THAT(task.output.Take(),
              ElementsAre("+I[3, 'c', 200, 3]", "+I[1, 'd', 100, 1]", "+I[1, 'd', 300, 1]"));
}

TEST_F(JoinTest, NullKeysNeverMatch) {
  KeyedHarness& task = Start(Join(false));
  task.Feed("[NULL, 'a'] [1, NULL]", 0);
  task.Feed("[5, NULL] [6, 1]", 1);
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[1, NULL, 6, 1]"));
}

TEST_F(JoinTest, KeepsEqualRowsManyTimesAndTakesThemBackOneByOne) {
  KeyedHarness& task = Start(Join(true));
  task.Feed("+I[1, 'a'] +I[1, 'a'] +I[1, 'b']", 0);
  task.Feed("+I[7, 1]", 1);
  EXPECT_THAT(task.output.TakeSorted(),
              ElementsAre("+I[1, 'a', 7, 1]", "+I[1, 'a', 7, 1]", "+I[1, 'b', 7, 1]"));
  task.Feed("-D[1, 'a'] -U[1, 'b'] +U[1, 'c']", 0);
  EXPECT_THAT(task.output.Take(),
              ElementsAre("-D[1, 'a', 7, 1]", "-U[1, 'b', 7, 1]", "+U[1, 'c', 7, 1]"));
  task.Feed("-D[7, 1]", 1);
  EXPECT_THAT(task.output.TakeSorted(), ElementsAre("-D[1, 'a', 7, 1]", "-D[1, 'c', 7, 1]"));
}

TEST_F(JoinTest, ARowThatComesAndGoesInOneBatchLeavesNothingBehind) {
  KeyedHarness& task = Start(Join(true));
  task.Feed("+I[1, 'a'] -D[1, 'a']", 0);
  task.Feed("+I[7, 1]", 1);
  EXPECT_THAT(task.output.Take(), IsEmpty());
}

TEST_F(JoinTest, TheResidualConditionSeesTheJoinedRow) {
  KeyedHarness& task = Start(Join(false, /*residual=*/true));
  task.Feed("[1, 'a'] [2, 'b']", 0);
  task.Feed("[10, 1] [11, 1] [NULL, 2]", 1);
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[1, 'a', 11, 1]"));
}

TEST_F(JoinTest, RefusesRetractionsThatThePlanDoesNotKnow) {
  KeyedHarness& task = Start(Join(false));
  task.Feed("-D[1, 'a']", 0);
  EXPECT_THAT(std::string(MessageOf(task.error())), HasSubstr("only adds rows"));
}

TEST_F(JoinTest, AFanOutWaitsForRoomBatchByBatch) {
  KeyedHarness& task = Start(Join(false));
  columnar::BatchBuilder left(Left());
  columnar::BatchBuilder right(Right());
  for (int i = 0; i < 200; ++i) {
    left.AppendRow({Datum(1), Datum("l" + std::to_string(i))});
    right.AppendRow({Datum(i), Datum(1)});
  }
  task.Feed(left.Finish(), 0);
  task.output.room = 1;
  StepResult result = task.Feed(right.Finish(), 1);
  int calls = 1;
  for (; result == StepResult::kMore; ++calls) {
    EXPECT_LE(task.output.batches.back().row_count(), columnar::kMaxBatchRows);
    task.output.room = 1;
    result = task.Continue();
  }
  EXPECT_EQ(result, StepResult::kDone);
  EXPECT_GE(calls, 5);
  EXPECT_EQ(task.output.folded.rows().size(), 40'000U);
}

using Side = std::vector<std::pair<Datum, Datum>>;  // Key and payload.

/// Takes one of the rows that are there, or makes up a new one.
void RandomChange(Random& random, bool left, Side* rows, columnar::BatchBuilder* batch) {
  const auto append = [&](const Datum& key, const Datum& payload, ChangeKind kind) {
    left ? batch->AppendRow({key, payload}, kind) : batch->AppendRow({payload, key}, kind);
  };
  if (!rows->empty() && random.Uniform(5) < 2) {
    const std::size_t victim = random.Uniform(rows->size());
    append((*rows)[victim].first, (*rows)[victim].second, ChangeKind::kDelete);
    rows->erase(rows->begin() + static_cast<std::ptrdiff_t>(victim));
    return;
  }
  const Datum key = random.Uniform(10) == 0 ? Datum() : Datum(std::int64_t(random.Uniform(8)));
  const auto number = static_cast<std::int64_t>(random.Uniform(4));
  const Datum payload = left ? Datum("some longer name " + std::to_string(number)) : Datum(number);
  append(key, payload, ChangeKind::kInsert);
  rows->emplace_back(key, payload);
}

std::map<std::string, std::int64_t> NaiveJoin(const Side& left, const Side& right) {
  std::map<std::string, std::int64_t> rows;
  for (const auto& [left_key, name] : left) {
    for (const auto& [right_key, price] : right) {
      if (!left_key.is_null() && left_key == right_key) {
        const std::string key = std::to_string(left_key.integer());
        ++rows["[" + key + ", '" + name.text() + "', " + std::to_string(price.integer()) + ", " +
               key + "]"];
      }
    }
  }
  return rows;
}

TEST(JoinModelTest, FoldsToWhatANaiveJoinSays) {
  const proto::Step step = Join(true);
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SeededRandom random(seed);
    ::thalweg::testing::MemoryStore store;
    ::thalweg::testing::FoldedChangelog folded;
    Side sides[2];
    std::vector<proto::TaskSnapshot> snapshots;
    for (int restore = 0; restore < 4; ++restore) {
      const auto parallelism = static_cast<std::uint32_t>(1 + random.Uniform(3));
      std::vector<std::unique_ptr<KeyedHarness>> tasks;
      for (std::uint32_t i = 0; i < parallelism; ++i) {
        tasks.push_back(
            std::make_unique<KeyedHarness>(step,
                                           std::vector{Left(), Right()},
                                           store,
                                           KeyedHarness::Where{i, parallelism, restore}));
        tasks.back()->Open(snapshots);
      }
      for (int b = 0; b < 8; ++b) {
        const auto input = static_cast<std::uint32_t>(random.Uniform(2));
        columnar::BatchBuilder rows(input == 0 ? Left() : Right());
        for (std::uint64_t n = random.Uniform(20); n > 0; --n) {
          RandomChange(random, input == 0, &sides[input], &rows);
        }
        const columnar::Batch batch = rows.Finish();
        for (const auto& task : tasks) {
          ASSERT_EQ(task->Feed(batch, input), StepResult::kDone);
          ASSERT_TRUE(task->error().ok());
        }
      }
      snapshots.clear();
      for (const auto& task : tasks) {
        snapshots.push_back(task->Snapshot());
        for (const columnar::Batch& batch : task->output.batches) {
          folded.Add(batch);
        }
      }
    }
    ASSERT_EQ(folded.rows(), NaiveJoin(sides[0], sides[1])) << "seed " << seed;
  }
}

}  // namespace
}  // namespace thalweg::runtime
