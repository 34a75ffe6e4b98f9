// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/rank.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
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

columnar::SchemaPtr Input() {
  return columnar::Schema::Make(
      {{"k", DataType::BigInt()}, {"name", DataType::String()}, {"v", DataType::BigInt()}});
}

struct RankOf {
  std::uint64_t limit = 2;
  std::uint64_t offset = 0;
  bool rank = false;
  bool retracts = false;
  bool update_before = true;
  bool at_end = false;
  bool ordered = true;
  bool nulls_first = false;
  std::int64_t ttl_millis = 0;
};

/// PARTITION BY k ORDER BY v DESC.
proto::Step TopN(const RankOf& of) {
  proto::Step step;
  proto::RankStep& rank = *step.mutable_rank();
  rank.add_keys(0);
  if (of.ordered) {
    proto::OrderColumn& order = *rank.add_order();
    order.set_column(2);
    order.set_descending(true);
    order.set_nulls_first(of.nulls_first);
  }
  rank.set_limit(of.limit);
  rank.set_offset(of.offset);
  rank.set_emits_rank(of.rank);
  rank.set_rank_name("r");
  rank.set_input_retracts(of.retracts);
  rank.set_needs_update_before(of.update_before);
  rank.set_emit_at_end(of.at_end);
  rank.set_state_ttl_millis(of.ttl_millis);
  return Finished(std::move(step), {Input()});
}

class RankTest : public ::testing::Test {
 protected:
  KeyedHarness& Start(const RankOf& of) {
    harness_ = std::make_unique<KeyedHarness>(TopN(of), std::vector{Input()}, store_);
    harness_->Open();
    return *harness_;
  }

  ::thalweg::testing::MemoryStore store_;
  std::unique_ptr<KeyedHarness> harness_;
};

TEST_F(RankTest, RowsEnterAndLeaveTheTop) {
  KeyedHarness& task = Start({});
  task.Feed("[1, 'a', 10] [1, 'b', 30] [2, 'c', 5]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[1, 'b', 30]", "+I[1, 'a', 10]", "+I[2, 'c', 5]"));
  task.Feed("[1, 'd', 20]");
  EXPECT_THAT(task.output.Take(), ElementsAre("-D[1, 'a', 10]", "+I[1, 'd', 20]"));
  task.Feed("[1, 'e', 15] [1, 'f', 1]");
  EXPECT_THAT(task.output.Take(), IsEmpty());
}

TEST_F(RankTest, EqualRowsStandInTheOrderOfArrival) {
  KeyedHarness& task = Start({.limit = 2, .rank = true});
  task.Feed("[1, 'a', 10] [1, 'b', 10]");
  task.Feed("[1, 'c', 10]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[1, 'a', 10, 1]", "+I[1, 'b', 10, 2]"));
}

TEST_F(RankTest, TellsEachRankThatChanges) {
  KeyedHarness& task = Start({.limit = 3, .rank = true});
  task.Feed("[1, 'a', 10] [1, 'b', 30]");
  task.output.Take();
  task.Feed("[1, 'c', 20]");
  EXPECT_THAT(task.output.Take(),
              ElementsAre("-U[1, 'a', 10, 2]", "+U[1, 'c', 20, 2]", "+I[1, 'a', 10, 3]"));
}

TEST_F(RankTest, LeavesUpdateBeforeOutWhereNobodyWantsIt) {
  KeyedHarness& task = Start({.limit = 1, .update_before = false});
  task.Feed("[1, 'a', 10]");
  task.Feed("[1, 'b', 20]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[1, 'a', 10]", "+U[1, 'b', 20]"));
}

TEST_F(RankTest, ARowTakenBackMakesRoomForTheNext) {
  KeyedHarness& task = Start({.limit = 1, .retracts = true});
  task.Feed("+I[1, 'a', 10] +I[1, 'b', 20] +I[1, 'c', 20]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[1, 'b', 20]"));
  task.Feed("-D[1, 'b', 20]");
  EXPECT_THAT(task.output.Take(), ElementsAre("-U[1, 'b', 20]", "+U[1, 'c', 20]"));
  task.Feed("-U[1, 'c', 20] +U[1, 'c', 5]");
  EXPECT_THAT(task.output.Take(), ElementsAre("-U[1, 'c', 20]", "+U[1, 'a', 10]"));
  task.Feed("-D[1, 'a', 10] -D[1, 'c', 5]");
  EXPECT_THAT(task.output.Take(), ElementsAre("-D[1, 'a', 10]"));
}

TEST_F(RankTest, RefusesRetractionsThatThePlanDoesNotKnow) {
  KeyedHarness& task = Start({});
  task.Feed("-D[1, 'a', 1]");
  EXPECT_THAT(std::string(MessageOf(task.error())), HasSubstr("only adds rows"));
}

TEST_F(RankTest, AnOffsetSkipsTheFirstRanks) {
  KeyedHarness& task = Start({.limit = 1, .offset = 1, .rank = true});
  task.Feed("[1, 'a', 10] [1, 'b', 30] [1, 'c', 20]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[1, 'c', 20, 2]"));
  task.Feed("[1, 'd', 40]");
  EXPECT_THAT(task.output.Take(), ElementsAre("-U[1, 'c', 20, 2]", "+U[1, 'b', 30, 2]"));
}

TEST_F(RankTest, WithoutOrderTheFirstRowsStay) {
  KeyedHarness& task = Start({.limit = 2, .ordered = false});
  task.Feed("[1, 'a', 1] [1, 'b', 9] [1, 'c', 5]");
  task.Feed("[1, 'd', 7]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[1, 'a', 1]", "+I[1, 'b', 9]"));
}

TEST_F(RankTest, NullsStandWhereTheyWereAskedFor) {
  KeyedHarness& last = Start({.limit = 1});
  last.Feed("[NULL, 'a', NULL] [NULL, 'b', 1]");
  EXPECT_THAT(last.output.Take(), ElementsAre("+I[NULL, 'b', 1]"));
  KeyedHarness& first = Start({.limit = 1, .nulls_first = true});
  first.Feed("[NULL, 'a', NULL] [NULL, 'b', 1]");
  EXPECT_THAT(first.output.Take(), ElementsAre("+I[NULL, 'a', NULL]"));
}

TEST_F(RankTest, GivesOnlyFinalRowsAtTheEndOfInput) {
  KeyedHarness& task = Start({.limit = 2, .rank = true, .retracts = true, .at_end = true});
  task.Feed("+I[1, 'a', 10] +I[1, 'b', 30] +I[2, 'c', 5]");
  task.Feed("-D[1, 'b', 30] +I[1, 'd', 20]");
  EXPECT_EQ(task.Watermark(5'000), StepResult::kDone);
  EXPECT_THAT(task.output.Take(), IsEmpty());
  EXPECT_EQ(task.Watermark(kMaxWatermark), StepResult::kDone);
  EXPECT_THAT(task.output.Take(),
              UnorderedElementsAre("+I[1, 'd', 20, 1]", "+I[1, 'a', 10, 2]", "+I[2, 'c', 5, 1]"));
}

TEST_F(RankTest, AChangeWaitsForRoomAndIsNotTornApart) {
  KeyedHarness& task = Start({.limit = 10'000, .rank = true});
  columnar::BatchBuilder batch(Input());
  for (int i = 0; i < 8'000; ++i) {
    batch.AppendRow({Datum(1), Datum("row"), Datum(i)});
  }
  task.Feed(batch.Finish());
  task.output.room = 1;
  StepResult result = task.Feed("[1, 'top', 100000]");
  int calls = 1;
  for (; result == StepResult::kMore; ++calls) {
    EXPECT_NE(task.output.batches.back().change_kinds().back(), ChangeKind::kUpdateBefore);
    task.output.room = 1;
    result = task.Continue();
  }
  EXPECT_GE(calls, 2);
  EXPECT_EQ(task.output.folded.rows().size(), 8'001U);
}

using Row = std::tuple<std::int64_t, std::string, std::int64_t>;

/// Folded output of the naive algorithm.
std::map<std::string, std::int64_t> NaiveTop(const std::vector<Row>& rows, std::size_t limit) {
  std::map<std::int64_t, std::vector<Row>> by_key;
  for (const Row& row : rows) {
    by_key[std::get<0>(row)].push_back(row);
  }
  std::map<std::string, std::int64_t> folded;
  for (auto& [key, group] : by_key) {
    std::stable_sort(group.begin(), group.end(), [](const Row& a, const Row& b) {
      return std::get<2>(a) > std::get<2>(b);
    });
    for (std::size_t i = 0; i < std::min(limit, group.size()); ++i) {
      ++folded["[" + std::to_string(key) + ", '" + std::get<1>(group[i]) + "', " +
               std::to_string(std::get<2>(group[i])) + ", " + std::to_string(i + 1) + "]"];
    }
  }
  return folded;
}

/// Values are unique, so that the order of arrival, which a deletion of equal rows would blur,
/// plays no part.
void RunRandom(bool retracts, std::uint64_t seed) {
  SeededRandom random(seed);
  ::thalweg::testing::MemoryStore store;
  const proto::Step step = TopN({.limit = 3, .rank = true, .retracts = retracts});
  std::vector<std::unique_ptr<KeyedHarness>> tasks;
  std::vector<proto::TaskSnapshot> snapshots;
  ::thalweg::testing::FoldedChangelog folded;
  std::vector<Row> rows;
  int run = 0;
  std::int64_t next_value = 0;
  for (int round = 0; round < 30; ++round) {
    if (round % 10 == 0) {  // Everything stops and goes on at another parallelism.
      for (const auto& task : tasks) {
        snapshots.push_back(task->Snapshot());
        for (const columnar::Batch& batch : task->output.batches) {
          folded.Add(batch);
        }
      }
      tasks.clear();
      const std::uint32_t parallelism = 1 + static_cast<std::uint32_t>(round / 10);
      for (std::uint32_t i = 0; i < parallelism; ++i) {
        tasks.push_back(std::make_unique<KeyedHarness>(
            step,
            std::vector{Input()},
            store,
            KeyedHarness::Where{.subtask = i, .parallelism = parallelism, .run = ++run}));
        tasks.back()->Open(snapshots);
      }
      snapshots.clear();
    }
    columnar::BatchBuilder batch(Input());
    for (int i = 0; i < 20; ++i) {
      if (retracts && !rows.empty() && random.Uniform(3) == 0) {
        const std::size_t victim = random.Uniform(rows.size());
        const auto [key, name, value] = rows[victim];
        batch.AppendRow({Datum(key), Datum(name), Datum(value)}, ChangeKind::kDelete);
        rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(victim));
        continue;
      }
      next_value += 1 + static_cast<std::int64_t>(random.Uniform(1'000));
      const Row row{static_cast<std::int64_t>(random.Uniform(6)),
                    "a name that is longer than twelve bytes",
                    next_value * (random.Uniform(2) == 0 ? 1 : -1)};
      batch.AppendRow({Datum(std::get<0>(row)), Datum(std::get<1>(row)), Datum(std::get<2>(row))});
      rows.push_back(row);
    }
    const columnar::Batch whole = batch.Finish();
    for (const auto& task : tasks) {
      task->Feed(whole);
      ASSERT_TRUE(task->error().ok()) << MessageOf(task->error());
    }
  }
  for (const auto& task : tasks) {
    for (const columnar::Batch& batch : task->output.batches) {
      folded.Add(batch);
    }
  }
  EXPECT_EQ(folded.rows(), NaiveTop(rows, 3)) << "seed " << seed;
}

TEST_F(RankTest, RandomRowsFoldToTheTopThroughRestoresAtOtherParallelisms) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    RunRandom(/*retracts=*/false, seed);
    RunRandom(/*retracts=*/true, seed);
  }
}

}  // namespace
}  // namespace thalweg::runtime
