// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/group_aggregate.h"

#include <map>
#include <set>
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

columnar::SchemaPtr Words() {
  return columnar::Schema::Make({{"k", DataType::String()},
                                 {"v", DataType::BigInt()},
                                 {"ok", DataType::Boolean()},
                                 {"d", DataType::Decimal(10, 2)},
                                 {"t", DataType::String()}});
}

proto::Step Aggregate(const std::vector<CallOf>& calls, bool retracts, bool before = true) {
  proto::Step step;
  step.mutable_aggregate()->add_keys(0);
  step.mutable_aggregate()->set_input_retracts(retracts);
  step.mutable_aggregate()->set_needs_update_before(before);
  AddCalls(*Words(), calls, step.mutable_aggregate());
  return Finished(std::move(step), {Words()});
}

class GroupAggregateTest : public ::testing::Test {
 protected:
  /// A step whose harness lives as long as the test.
  KeyedHarness& Start(const proto::Step& step) {
    harness_ = std::make_unique<KeyedHarness>(step, std::vector{Words()}, store_);
    harness_->Open();
    return *harness_;
  }

  ::thalweg::testing::MemoryStore store_;
  std::unique_ptr<KeyedHarness> harness_;
};

TEST_F(GroupAggregateTest, MakesOneChangePerKeyAndBatch) {
  KeyedHarness& task = Start(Aggregate({{"COUNT", ""}, {"SUM", "v"}}, false));
  task.Feed("['a', 1, NULL, NULL, NULL] ['b', 5, NULL, NULL, NULL] ['a', 2, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I['a', 2, 3]", "+I['b', 1, 5]"));
  task.Feed("['a', 10, NULL, NULL, NULL] ['a', 20, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(), ElementsAre("-U['a', 2, 3]", "+U['a', 4, 33]"));
}

TEST_F(GroupAggregateTest, LeavesUpdateBeforeOutWhereNobodyWantsIt) {
  KeyedHarness& task = Start(Aggregate({{"COUNT", ""}}, false, /*before=*/false));
  task.Feed("['a', 1, NULL, NULL, NULL]");
  task.Feed("['a', 1, NULL, NULL, NULL] ['b', 1, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I['a', 1]", "+U['a', 2]", "+I['b', 1]"));
}

TEST_F(GroupAggregateTest, RowWiseTellsEveryRow) {
  proto::Step step = Aggregate({{"COUNT", ""}}, true);
  step.mutable_aggregate()->set_mini_batch_disabled(true);
  KeyedHarness& task = Start(step);
  task.Feed(
      "+I['a', 1, NULL, NULL, NULL] +I['a', 1, NULL, NULL, NULL] "
      "-D['a', 1, NULL, NULL, NULL] -D['a', 1, NULL, NULL, NULL] "
      "+I['a', 1, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(),
              ElementsAre("+I['a', 1]",
                          "-U['a', 1]",
                          "+U['a', 2]",
                          "-U['a', 2]",
                          "+U['a', 1]",
                          "-D['a', 1]",
                          "+I['a', 1]"));
}

TEST_F(GroupAggregateTest, AGroupThatLosesItsLastRowIsDeleted) {
  KeyedHarness& task = Start(Aggregate({{"SUM", "v"}}, true));
  task.Feed("+I['a', 1, NULL, NULL, NULL] +I['a', 2, NULL, NULL, NULL]");
  task.Feed("-U['a', 1, NULL, NULL, NULL] +U['a', 5, NULL, NULL, NULL]");
  task.Feed("-D['a', 5, NULL, NULL, NULL] -D['a', 2, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(),
              ElementsAre("+I['a', 3]", "-U['a', 3]", "+U['a', 7]", "-D['a', 7]"));
  task.Feed("+I['a', 4, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I['a', 4]"));
}

TEST_F(GroupAggregateTest, AGroupThatComesAndGoesInOneBatchIsNotTold) {
  KeyedHarness& task = Start(Aggregate({{"SUM", "v"}}, true));
  task.Feed("+I['a', 1, NULL, NULL, NULL] -D['a', 1, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(), IsEmpty());
}

TEST_F(GroupAggregateTest, AResultThatStaysTheSameIsNotTold) {
  KeyedHarness& task = Start(Aggregate({{"MAX", "v"}, {"MIN", "t"}}, false));
  task.Feed("['a', 5, NULL, NULL, 'a rather long text'] ['b', NULL, NULL, NULL, NULL]");
  task.Feed("['a', 4, NULL, NULL, 'b'] ['b', NULL, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(),
              ElementsAre("+I['a', 5, 'a rather long text']", "+I['b', NULL, NULL]"));
}

TEST_F(GroupAggregateTest, NullIsAGroupAndNoValue) {
  KeyedHarness& task =
      Start(Aggregate({{"COUNT", ""}, {"COUNT", "v"}, {"SUM", "v"}, {"AVG", "v"}}, true));
  task.Feed(
      "[NULL, 1, NULL, NULL, NULL] [NULL, NULL, NULL, NULL, NULL] "
      "['x', NULL, NULL, NULL, NULL] [NULL, 4, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[NULL, 3, 2, 5, 2]", "+I['x', 1, 0, NULL, NULL]"));
  task.Feed("-D[NULL, 1, NULL, NULL, NULL] -D[NULL, 4, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(),
              ElementsAre("-U[NULL, 3, 2, 5, 2]", "+U[NULL, 1, 0, NULL, NULL]"));
}

TEST_F(GroupAggregateTest, ExtremesFollowRetractions) {
  KeyedHarness& task = Start(Aggregate({{"MIN", "v"}, {"MAX", "v"}, {"MAX", "t"}}, true));
  task.Feed("+I['a', 3, NULL, NULL, 'm'] +I['a', 9, NULL, NULL, 'z'] +I['a', 3, NULL, NULL, 'a']");
  task.Feed("-D['a', 9, NULL, NULL, 'z'] -D['a', 3, NULL, NULL, 'a']");
  task.Feed("-D['a', 3, NULL, NULL, 'm'] +I['a', NULL, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(),
              ElementsAre("+I['a', 3, 9, 'z']",
                          "-U['a', 3, 9, 'z']",
                          "+U['a', 3, 3, 'm']",
                          "-U['a', 3, 3, 'm']",
                          "+U['a', NULL, NULL, NULL]"));
}

TEST_F(GroupAggregateTest, DistinctCountsValuesOnce) {
  KeyedHarness& task =
      Start(Aggregate({{"COUNT", "v", true}, {"SUM", "v", true}, {"SUM", "v"}}, true));
  task.Feed(
      "+I['a', 3, NULL, NULL, NULL] +I['a', 3, NULL, NULL, NULL] "
      "+I['a', 4, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I['a', 2, 7, 10]"));
  task.Feed("-D['a', 3, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(), ElementsAre("-U['a', 2, 7, 10]", "+U['a', 2, 7, 7]"));
  task.Feed("-D['a', 3, NULL, NULL, NULL]");
  EXPECT_THAT(task.output.Take(), ElementsAre("-U['a', 2, 7, 7]", "+U['a', 1, 4, 4]"));
}

TEST_F(GroupAggregateTest, AFilterChoosesRows) {
  KeyedHarness& task = Start(
      Aggregate({{"COUNT", ""}, {"COUNT", "", false, "ok"}, {"SUM", "v", true, "ok"}}, false));
  task.Feed(
      "['a', 3, TRUE, NULL, NULL] ['a', 3, FALSE, NULL, NULL] ['a', 3, NULL, NULL, NULL] "
      "['a', 3, TRUE, NULL, NULL]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I['a', 4, 2, 3]"));
}

TEST_F(GroupAggregateTest, DecimalsKeepTheirScale) {
  KeyedHarness& task = Start(Aggregate({{"SUM", "d"}, {"AVG", "d"}, {"MAX", "d"}}, true));
  task.Feed(
      "+I['a', 0, NULL, 1.10, NULL] +I['a', 0, NULL, 2.25, NULL] "
      "+I['a', 0, NULL, -0.05, NULL]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I['a', 3.30, 1.100000, 2.25]"));
}

TEST_F(GroupAggregateTest, AFullOutputSuspendsAndLosesNothing) {
  KeyedHarness& task = Start(Aggregate({{"COUNT", ""}}, false));
  columnar::BatchBuilder rows(Words());
  for (int i = 0; i < 6000; ++i) {
    rows.AppendRow({Datum(std::to_string(i)), Datum(1), Datum(), Datum(), Datum()});
  }
  const columnar::Batch batch = rows.Finish();
  task.Feed(batch);
  task.output.Take();
  task.output.room = 1;
  ASSERT_EQ(task.Feed(batch), StepResult::kMore);
  EXPECT_EQ(task.output.batches.back().row_count(), columnar::kMaxBatchRows);
  task.output.room = 1;
  EXPECT_EQ(task.Continue(), StepResult::kDone);
  EXPECT_EQ(task.output.lines.size(), 12'000U);
  for (const auto& [row, count] : task.output.folded.rows()) {
    ASSERT_EQ(count, 1) << row;
  }
}

TEST_F(GroupAggregateTest, RefusesRetractionsThatThePlanDoesNotKnow) {
  KeyedHarness& task = Start(Aggregate({{"COUNT", ""}}, false));
  task.Feed("-D['a', 1, NULL, NULL, NULL]");
  EXPECT_THAT(std::string(MessageOf(task.error())), HasSubstr("only adds rows"));
}

// A changelog, folded, must be what the rows that are left come to; through restores at changing
// parallelism.
TEST(GroupAggregateModelTest, FoldsToWhatANaiveAggregateSays) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SeededRandom random(seed);
    const bool row_wise = random.Uniform(3) == 0;
    proto::Step step = Aggregate(
        {{"COUNT", ""}, {"SUM", "v"}, {"MIN", "v"}, {"MAX", "t"}, {"COUNT", "v", true}}, true);
    step.mutable_aggregate()->set_mini_batch_disabled(row_wise);
    ::thalweg::testing::MemoryStore store;
    ::thalweg::testing::FoldedChangelog folded;
    using Row = std::vector<Datum>;
    std::vector<Row> present;
    std::vector<proto::TaskSnapshot> snapshots;
    int run = 0;
    for (int restore = 0; restore < 4; ++restore) {
      const auto parallelism = static_cast<std::uint32_t>(1 + random.Uniform(3));
      std::vector<std::unique_ptr<KeyedHarness>> tasks;
      for (std::uint32_t i = 0; i < parallelism; ++i) {
        tasks.push_back(std::make_unique<KeyedHarness>(
            step, std::vector{Words()}, store, KeyedHarness::Where{i, parallelism, ++run}));
        tasks.back()->Open(snapshots);
      }
      for (int b = 0; b < 6; ++b) {
        columnar::BatchBuilder rows(Words());
        for (std::uint64_t n = random.Uniform(40); n > 0; --n) {
          if (!present.empty() && random.Uniform(5) < 2) {
            const std::size_t victim = random.Uniform(present.size());
            rows.AppendRow(
                present[victim],
                random.Uniform(2) == 0 ? ChangeKind::kDelete : ChangeKind::kUpdateBefore);
            present.erase(present.begin() + static_cast<std::ptrdiff_t>(victim));
            continue;
          }
          Row row = {
              random.Uniform(8) == 0 ? Datum() : Datum("key" + std::to_string(random.Uniform(7))),
              random.Uniform(6) == 0 ? Datum() : Datum(std::int64_t(random.Uniform(5))),
              Datum(),
              Datum(),
              Datum("a text of some length " + std::to_string(random.Uniform(4)))};
          rows.AppendRow(row);
          present.push_back(std::move(row));
        }
        const columnar::Batch batch = rows.Finish();
        for (const auto& task : tasks) {
          ASSERT_EQ(task->Feed(batch), StepResult::kDone);
          ASSERT_TRUE(task->error().ok());
        }
      }
      snapshots.clear();
      for (const auto& task : tasks) {
        for (const columnar::Batch& batch : task->output.batches) {
          folded.Add(batch);
        }
        snapshots.push_back(task->Snapshot());
      }
    }
    struct Group {
      std::int64_t rows = 0;
      std::multiset<std::int64_t> values;
      std::set<std::string> texts;
    };
    std::map<std::string, Group> groups;
    for (const Row& row : present) {
      Group& group = groups[row[0].is_null() ? "NULL" : "'" + row[0].text() + "'"];
      ++group.rows;
      if (!row[1].is_null()) {
        group.values.insert(row[1].integer());
      }
      group.texts.insert(row[4].text());
    }
    std::map<std::string, std::int64_t> expected;
    for (const auto& [key, group] : groups) {
      std::int64_t sum = 0;
      for (const std::int64_t value : group.values) {
        sum += value;
      }
      const bool none = group.values.empty();
      const std::set<std::int64_t> distinct(group.values.begin(), group.values.end());
      expected["[" + key + ", " + std::to_string(group.rows) + ", " +
               (none ? "NULL" : std::to_string(sum)) + ", " +
               (none ? "NULL" : std::to_string(*group.values.begin())) + ", '" +
               *group.texts.rbegin() + "', " + std::to_string(distinct.size()) + "]"] = 1;
    }
    EXPECT_EQ(folded.rows(), expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace thalweg::runtime
