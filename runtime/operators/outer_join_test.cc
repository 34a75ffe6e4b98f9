// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/outer_join.h"

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
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

columnar::SchemaPtr Left() {
  return columnar::Schema::Make({{"k", DataType::BigInt()}, {"a", DataType::BigInt()}});
}
columnar::SchemaPtr Right() {
  return columnar::Schema::Make({{"k", DataType::BigInt()}, {"b", DataType::BigInt().NotNull()}});
}

struct JoinOf {
  proto::JoinKind kind = proto::JOIN_LEFT;
  bool retracts = false;
  bool residual = false;  // a < b.
  bool at_end = false;
  bool null_safe = false;
  std::int64_t ttl_millis = 0;
};

proto::Step Join(const JoinOf& of) {
  proto::Step step;
  proto::JoinStep& join = *step.mutable_join();
  join.set_kind(of.kind);
  join.add_left_keys(0);
  join.add_right_keys(0);
  join.set_left_retracts(of.retracts);
  join.set_right_retracts(of.retracts);
  join.set_emit_at_end(of.at_end);
  join.set_left_ttl_millis(of.ttl_millis);
  join.set_right_ttl_millis(of.ttl_millis);
  if (of.null_safe) {
    join.add_null_safe(true);
  }
  if (of.residual) {
    proto::Expression& condition = *join.mutable_residual();
    columnar::ToProto(DataType::Boolean(), condition.mutable_type());
    condition.mutable_call()->set_function("<");
    proto::Expression& a = *condition.mutable_call()->add_arguments();
    columnar::ToProto(DataType::BigInt(), a.mutable_type());
    a.set_column(1);
    proto::Expression& b = *condition.mutable_call()->add_arguments();
    columnar::ToProto(DataType::BigInt().NotNull(), b.mutable_type());
    b.set_column(3);
  }
  return Finished(std::move(step), {Left(), Right()});
}

class OuterJoinTest : public ::testing::Test {
 protected:
  KeyedHarness& Start(const JoinOf& of) {
    harness_ = std::make_unique<KeyedHarness>(Join(of), std::vector{Left(), Right()}, store_);
    harness_->Open();
    return *harness_;
  }

  ::thalweg::testing::MemoryStore store_;
  std::unique_ptr<KeyedHarness> harness_;
};

TEST_F(OuterJoinTest, ALeftRowIsPaddedUntilItsFirstMatchComes) {
  KeyedHarness& task = Start({.kind = proto::JOIN_LEFT});
  task.Feed("[1, 10] [2, 20]", 0);
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[1, 10, NULL, NULL]", "+I[2, 20, NULL, NULL]"));
  task.Feed("[1, 100] [1, 101] [3, 300]", 1);
  EXPECT_THAT(task.output.Take(),
              ElementsAre("-D[1, 10, NULL, NULL]", "+I[1, 10, 1, 100]", "+I[1, 10, 1, 101]"));
  task.Feed("[1, 11] [3, 30]", 0);
  EXPECT_THAT(task.output.Take(),
              ElementsAre("+I[1, 11, 1, 100]", "+I[1, 11, 1, 101]", "+I[3, 30, 3, 300]"));
}

TEST_F(OuterJoinTest, ThePaddedRowComesAgainWithTheLastMatchGone) {
  KeyedHarness& task = Start({.kind = proto::JOIN_LEFT, .retracts = true});
  task.Feed("[1, 10]", 0);
  task.Feed("+I[1, 100] +I[1, 101]", 1);
  task.output.Take();
  task.Feed("-D[1, 100]", 1);
  EXPECT_THAT(task.output.Take(), ElementsAre("-D[1, 10, 1, 100]"));
  task.Feed("-D[1, 101]", 1);
  EXPECT_THAT(task.output.Take(), ElementsAre("-D[1, 10, 1, 101]", "+I[1, 10, NULL, NULL]"));
}

TEST_F(OuterJoinTest, AMatchThatIsReplacedInOneBatchPadsNothing) {
  KeyedHarness& task = Start({.kind = proto::JOIN_LEFT, .retracts = true});
  task.Feed("[1, 10]", 0);
  task.Feed("[1, 100]", 1);
  task.output.Take();
  task.Feed("-U[1, 100] +U[1, 101]", 1);
  EXPECT_THAT(task.output.Take(), ElementsAre("-U[1, 10, 1, 100]", "+U[1, 10, 1, 101]"));
}

TEST_F(OuterJoinTest, PaddedAndJoinedRowsOfABatchKeepItsOrder) {
  KeyedHarness& task = Start({.kind = proto::JOIN_LEFT, .retracts = true});
  task.Feed("[2, 200]", 1);
  task.Feed("+I[1, 10]", 0);
  task.output.Take();
  task.Feed("-U[1, 10] +U[2, 20] +I[NULL, 30] +I[2, 21]", 0);
  EXPECT_THAT(task.output.Take(),
              ElementsAre("-U[1, 10, NULL, NULL]",
                          "+U[2, 20, 2, 200]",
                          "+I[NULL, 30, NULL, NULL]",
                          "+I[2, 21, 2, 200]"));
}

TEST_F(OuterJoinTest, NullMatchesNullWhereItWasAskedFor) {
  KeyedHarness& plain = Start({.kind = proto::JOIN_INNER});
  plain.Feed("[NULL, 1]", 0);
  plain.Feed("[NULL, 2]", 1);
  EXPECT_THAT(plain.output.Take(), IsEmpty());
  KeyedHarness& safe = Start({.kind = proto::JOIN_INNER, .null_safe = true});
  safe.Feed("[NULL, 1]", 0);
  safe.Feed("[NULL, 2]", 1);
  EXPECT_THAT(safe.output.Take(), ElementsAre("+I[NULL, 1, NULL, 2]"));
  KeyedHarness& full = Start({.kind = proto::JOIN_FULL, .null_safe = true});
  full.Feed("[NULL, 1]", 0);
  full.Feed("[NULL, 2]", 1);
  EXPECT_THAT(
      full.output.Take(),
      ElementsAre("+I[NULL, 1, NULL, NULL]", "-D[NULL, 1, NULL, NULL]", "+I[NULL, 1, NULL, 2]"));
}

TEST_F(OuterJoinTest, ARowThatOnlyFailsTheConditionIsPadded) {
  KeyedHarness& task = Start({.kind = proto::JOIN_FULL, .residual = true});
  task.Feed("[1, 10] [1, 50]", 0);
  task.output.Take();
  task.Feed("[1, 20]", 1);
  EXPECT_THAT(task.output.Take(), ElementsAre("-D[1, 10, NULL, NULL]", "+I[1, 10, 1, 20]"));
  task.Feed("[1, 5]", 1);
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[NULL, NULL, 1, 5]"));
}

TEST_F(OuterJoinTest, SemiAndAntiTellEachLeftRowOnce) {
  KeyedHarness& semi = Start({.kind = proto::JOIN_SEMI, .retracts = true});
  semi.Feed("[1, 10] [2, 20] [NULL, 30]", 0);
  EXPECT_THAT(semi.output.Take(), IsEmpty());
  semi.Feed("[1, 100] [1, 101]", 1);
  EXPECT_THAT(semi.output.Take(), ElementsAre("+I[1, 10]"));
  semi.Feed("-D[1, 100]", 1);
  EXPECT_THAT(semi.output.Take(), IsEmpty());
  semi.Feed("-D[1, 101]", 1);
  EXPECT_THAT(semi.output.Take(), ElementsAre("-D[1, 10]"));

  KeyedHarness& anti = Start({.kind = proto::JOIN_ANTI, .retracts = true});
  anti.Feed("[1, 10] [2, 20] [NULL, 30]", 0);
  EXPECT_THAT(anti.output.Take(), ElementsAre("+I[1, 10]", "+I[2, 20]", "+I[NULL, 30]"));
  anti.Feed("[1, 100]", 1);
  EXPECT_THAT(anti.output.Take(), ElementsAre("-D[1, 10]"));
  anti.Feed("-D[1, 100] +I[2, 200]", 1);
  EXPECT_THAT(anti.output.Take(), UnorderedElementsAre("+I[1, 10]", "-D[2, 20]"));
}

TEST_F(OuterJoinTest, GivesOnlyFinalRowsAtTheEndOfInput) {
  for (const bool residual : {false, true}) {
    KeyedHarness& task =
        Start({.kind = proto::JOIN_FULL, .retracts = true, .residual = residual, .at_end = true});
    task.Feed("[1, 10] [2, 20] [NULL, 30]", 0);
    task.Feed("+I[1, 100] +I[1, 101] +I[3, 300] +I[NULL, 5]", 1);
    task.Feed("-D[1, 100]", 1);
    EXPECT_EQ(task.Watermark(1'000), StepResult::kDone);
    EXPECT_THAT(task.output.Take(), IsEmpty());
    EXPECT_EQ(task.Watermark(kMaxWatermark), StepResult::kDone);
    EXPECT_THAT(task.output.Take(),
                UnorderedElementsAre("+I[1, 10, 1, 101]",
                                     "+I[2, 20, NULL, NULL]",
                                     "+I[NULL, 30, NULL, NULL]",
                                     "+I[NULL, NULL, 3, 300]",
                                     "+I[NULL, NULL, NULL, 5]"));
  }
}

TEST_F(OuterJoinTest, AFanOutWaitsForRoomBatchByBatch) {
  KeyedHarness& task = Start({.kind = proto::JOIN_LEFT, .residual = true});
  columnar::BatchBuilder left(Left());
  columnar::BatchBuilder right(Right());
  for (int i = 0; i < 200; ++i) {
    left.AppendRow({Datum(1), Datum(0)});  // Equal rows: copies of one.
    right.AppendRow({Datum(1), Datum(1 + i)});
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
  std::int64_t rows = 0;
  for (const auto& [row, count] : task.output.folded.rows()) {
    EXPECT_GE(count, 0) << row;
    rows += count;
  }
  EXPECT_EQ(rows, 40'000);
}

using Side = std::vector<std::pair<Datum, std::int64_t>>;  // Key and payload.

std::string Text(const Datum& key) {
  return key.is_null() ? "NULL" : std::to_string(key.integer());
}
std::string Text(const std::pair<Datum, std::int64_t>& row) {
  return Text(row.first) + ", " + std::to_string(row.second);
}

std::map<std::string, std::int64_t> NaiveJoin(const JoinOf& of,
                                              const Side& left,
                                              const Side& right) {
  std::map<std::string, std::int64_t> rows;
  const auto matches = [&](const auto& l, const auto& r) {
    const bool equal = l.first.is_null() || r.first.is_null()
                           ? of.null_safe && l.first.is_null() && r.first.is_null()
                           : l.first == r.first;
    return equal && (!of.residual || l.second < r.second);
  };
  const bool pairs = of.kind != proto::JOIN_SEMI && of.kind != proto::JOIN_ANTI;
  for (const auto& l : left) {
    bool any = false;
    for (const auto& r : right) {
      if (matches(l, r)) {
        any = true;
        if (pairs) {
          ++rows["[" + Text(l) + ", " + Text(r) + "]"];
        }
      }
    }
    if (!pairs && any == (of.kind == proto::JOIN_SEMI)) {
      ++rows["[" + Text(l) + "]"];
    }
    if (!any && (of.kind == proto::JOIN_LEFT || of.kind == proto::JOIN_FULL)) {
      ++rows["[" + Text(l) + ", NULL, NULL]"];
    }
  }
  if (of.kind == proto::JOIN_RIGHT || of.kind == proto::JOIN_FULL) {
    for (const auto& r : right) {
      bool any = false;
      for (const auto& l : left) {
        any |= matches(l, r);
      }
      if (!any) {
        ++rows["[NULL, NULL, " + Text(r) + "]"];
      }
    }
  }
  return rows;
}

/// Random rows come and go, the task stops and goes on at other parallelisms; in between and at the
/// end the folded changelog is what a naive join says.
void RunRandom(const JoinOf& of, std::uint64_t seed) {
  SeededRandom random(seed);
  ::thalweg::testing::MemoryStore store;
  ::thalweg::testing::FoldedChangelog folded;
  Side sides[2];
  std::vector<proto::TaskSnapshot> snapshots;
  for (int restore = 0; restore < 4; ++restore) {
    const auto parallelism = static_cast<std::uint32_t>(1 + random.Uniform(3));
    std::vector<std::unique_ptr<KeyedHarness>> tasks;
    for (std::uint32_t i = 0; i < parallelism; ++i) {
      tasks.push_back(std::make_unique<KeyedHarness>(Join(of),
                                                     std::vector{Left(), Right()},
                                                     store,
                                                     KeyedHarness::Where{i, parallelism, restore}));
      tasks.back()->Open(snapshots);
    }
    for (int b = 0; b < 8; ++b) {
      const auto input = static_cast<std::uint32_t>(random.Uniform(2));
      Side& side = sides[input];
      columnar::BatchBuilder rows(input == 0 ? Left() : Right());
      for (std::uint64_t n = random.Uniform(12); n > 0; --n) {
        if (of.retracts && !side.empty() && random.Uniform(5) < 2) {
          const std::size_t victim = random.Uniform(side.size());
          rows.AppendRow({side[victim].first, Datum(side[victim].second)}, ChangeKind::kDelete);
          side.erase(side.begin() + static_cast<std::ptrdiff_t>(victim));
          continue;
        }
        const Datum key = random.Uniform(8) == 0 ? Datum() : Datum(std::int64_t(random.Uniform(6)));
        const auto payload = static_cast<std::int64_t>(random.Uniform(4));
        rows.AppendRow({key, Datum(payload)});
        side.emplace_back(key, payload);
      }
      const columnar::Batch batch = rows.Finish();
      for (const auto& task : tasks) {
        ASSERT_EQ(task->Feed(batch, input), StepResult::kDone);
        ASSERT_TRUE(task->error().ok()) << MessageOf(task->error());
      }
    }
    if (of.at_end && restore == 3) {
      for (const auto& task : tasks) {
        ASSERT_EQ(task->Watermark(kMaxWatermark), StepResult::kDone);
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
  ASSERT_EQ(folded.rows(), NaiveJoin(of, sides[0], sides[1]))
      << proto::JoinKind_Name(of.kind) << (of.retracts ? " retracting" : "")
      << (of.residual ? " with a condition" : "") << (of.at_end ? " at the end" : "") << ", seed "
      << seed;
}

TEST(OuterJoinModelTest, FoldsToWhatANaiveJoinSays) {
  for (const proto::JoinKind kind : {proto::JOIN_LEFT,
                                     proto::JOIN_RIGHT,
                                     proto::JOIN_FULL,
                                     proto::JOIN_SEMI,
                                     proto::JOIN_ANTI}) {
    for (const int flags : {0, 1, 2, 3, 4, 5, 6, 7}) {
      for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        RunRandom({.kind = kind,
                   .retracts = (flags & 1) != 0,
                   .residual = (flags & 2) != 0,
                   .null_safe = (flags & 4) != 0,
                   .ttl_millis = seed % 2 == 0 ? 0 : 86'400'000},
                  seed);
      }
    }
  }
}

TEST(OuterJoinModelTest, FoldsToWhatANaiveJoinSaysAtTheEnd) {
  for (const proto::JoinKind kind : {proto::JOIN_INNER,
                                     proto::JOIN_LEFT,
                                     proto::JOIN_RIGHT,
                                     proto::JOIN_FULL,
                                     proto::JOIN_SEMI,
                                     proto::JOIN_ANTI}) {
    for (const bool residual : {false, true}) {
      for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        RunRandom({.kind = kind, .retracts = true, .residual = residual, .at_end = true}, seed);
      }
    }
  }
}

}  // namespace
}  // namespace thalweg::runtime
