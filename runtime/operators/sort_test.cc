// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/sort.h"

#include <algorithm>
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

using columnar::DataType;
using columnar::Datum;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

columnar::SchemaPtr Input() {
  return columnar::Schema::Make({{"v", DataType::BigInt()}, {"name", DataType::String()}});
}

struct SortOf {
  std::uint64_t offset = 0;
  std::uint64_t limit = 0;
  bool retracts = false;
  bool descending = false;
};

proto::Step Sorted(const SortOf& of) {
  proto::Step step;
  proto::SortStep& sort = *step.mutable_sort();
  proto::OrderColumn& order = *sort.add_order();
  order.set_column(0);
  order.set_descending(of.descending);
  order.set_nulls_first(!of.descending);
  sort.set_offset(of.offset);
  sort.set_limit(of.limit);
  sort.set_input_retracts(of.retracts);
  return Finished(std::move(step), {Input()});
}

class SortTest : public ::testing::Test {
 protected:
  KeyedHarness& Start(const SortOf& of, const std::vector<proto::TaskSnapshot>& from = {}) {
    harness_ = std::make_unique<KeyedHarness>(
        Sorted(of), std::vector{Input()}, store_, KeyedHarness::Where{.run = ++run_});
    harness_->Open(from);
    return *harness_;
  }

  ::thalweg::testing::MemoryStore store_;
  std::unique_ptr<KeyedHarness> harness_;
  int run_ = 0;
};

TEST_F(SortTest, GivesAllRowsInOrderWhenTheInputHasEnded) {
  KeyedHarness& task = Start({});
  task.Feed("[3, 'c'] [NULL, 'n'] [1, 'a']");
  task.Feed("[1, 'b'] [-5, 'z']");
  EXPECT_EQ(task.Watermark(1'000), StepResult::kDone);
  EXPECT_THAT(task.output.Take(), IsEmpty());
  EXPECT_EQ(task.Watermark(kMaxWatermark), StepResult::kDone);
  EXPECT_THAT(
      task.output.Take(),
      ElementsAre("+I[NULL, 'n']", "+I[-5, 'z']", "+I[1, 'a']", "+I[1, 'b']", "+I[3, 'c']"));
}

TEST_F(SortTest, OffsetAndLimitCutTheOrder) {
  KeyedHarness& task = Start({.offset = 1, .limit = 2, .descending = true});
  task.Feed("[3, 'c'] [NULL, 'n'] [1, 'a'] [2, 'b']");
  task.Watermark(kMaxWatermark);
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[2, 'b']", "+I[1, 'a']"));
}

TEST_F(SortTest, TakesRowsBack) {
  KeyedHarness& task = Start({.retracts = true});
  task.Feed("+I[3, 'c'] +I[1, 'a'] +I[1, 'b']");
  task.Feed("-U[1, 'b'] +U[4, 'b'] +I[9, 'x'] -D[9, 'x']");
  task.Watermark(kMaxWatermark);
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[1, 'a']", "+I[3, 'c']", "+I[4, 'b']"));
}

TEST_F(SortTest, RefusesRetractionsThatThePlanDoesNotKnow) {
  KeyedHarness& task = Start({});
  task.Feed("-D[1, 'a']");
  EXPECT_THAT(std::string(MessageOf(task.error())), HasSubstr("only adds rows"));
}

TEST_F(SortTest, GivesNothingTwiceAfterARestore) {
  proto::TaskSnapshot snapshot;
  {
    KeyedHarness& task = Start({});
    task.Feed("[2, 'b'] [1, 'a']");
    task.Watermark(kMaxWatermark);
    EXPECT_THAT(task.output.Take(), ElementsAre("+I[1, 'a']", "+I[2, 'b']"));
    snapshot = task.Snapshot();
  }
  KeyedHarness& task = Start({}, {snapshot});
  task.Watermark(kMaxWatermark);
  EXPECT_THAT(task.output.Take(), IsEmpty());
}

std::vector<std::string> Expected(std::vector<std::int64_t> values, const SortOf& of) {
  std::sort(values.begin(), values.end());
  std::vector<std::string> lines;
  const std::size_t end = of.limit == 0 ? values.size() : of.offset + of.limit;
  for (std::size_t i = of.offset; i < std::min(end, values.size()); ++i) {
    lines.push_back("+I[" + std::to_string(values[i]) + ", 'a row that is kept in state']");
  }
  return lines;
}

/// More rows than a bucket holds, with a stop while they come and one while they are given out.
TEST_F(SortTest, ManyRowsComeInOrderThroughRestores) {
  for (const SortOf of :
       {SortOf{}, SortOf{.offset = 10'000, .limit = 20'000}, SortOf{.limit = 9}}) {
    for (const std::int64_t range : {std::int64_t{1'000'000'000}, std::int64_t{5}}) {
      SeededRandom random(7);
      std::vector<std::int64_t> values;
      std::vector<proto::TaskSnapshot> snapshots;
      Start(of);
      for (int b = 0; b < 5; ++b) {
        columnar::BatchBuilder rows(Input());
        for (int i = 0; i < 8'000; ++i) {
          values.push_back(
              static_cast<std::int64_t>(random.Uniform(static_cast<std::uint64_t>(range))));
          rows.AppendRow({Datum(values.back()), Datum("a row that is kept in state")});
        }
        ASSERT_EQ(harness_->Feed(rows.Finish()), StepResult::kDone);
        if (b == 2) {
          const proto::TaskSnapshot snapshot = harness_->Snapshot();
          Start(of, {snapshot});
        }
      }
      std::vector<std::string> lines;
      harness_->output.room = 1;
      StepResult result = harness_->Watermark(kMaxWatermark);
      for (int calls = 0; result == StepResult::kFiring; ++calls) {
        if (calls == 2) {
          for (std::string& line : harness_->output.Take()) {
            lines.push_back(std::move(line));
          }
          const proto::TaskSnapshot snapshot = harness_->Snapshot();
          Start(of, {snapshot});
          harness_->output.room = 1;
          result = harness_->Watermark(kMaxWatermark);
          continue;
        }
        harness_->output.room = 1;
        result = harness_->Continue();
      }
      ASSERT_EQ(result, StepResult::kDone);
      for (std::string& line : harness_->output.Take()) {
        lines.push_back(std::move(line));
      }
      ASSERT_EQ(lines, Expected(values, of)) << "limit " << of.limit << ", range " << range;
    }
  }
}

}  // namespace
}  // namespace thalweg::runtime
