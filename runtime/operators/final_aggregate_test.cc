// SPDX-License-Identifier: Apache-2.0
//
// Groups that leave at the end, and groups made in two phases.
#include "runtime/operators/final_aggregate.h"

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

columnar::SchemaPtr Input() {
  return columnar::Schema::Make({{"k", DataType::BigInt()},
                                 {"v", DataType::BigInt()},
                                 {"name", DataType::String()},
                                 {"price", DataType::Decimal(10, 2)},
                                 {"ok", DataType::Boolean()}});
}

struct AggregateOf {
  bool keyed = true;
  bool retracts = false;
  bool at_end = true;
};

proto::Step Aggregate(const AggregateOf& of, const std::vector<CallOf>& calls) {
  proto::Step step;
  proto::AggregateStep& aggregate = *step.mutable_aggregate();
  if (of.keyed) {
    aggregate.add_keys(0);
  }
  aggregate.set_input_retracts(of.retracts);
  aggregate.set_needs_update_before(true);
  aggregate.set_emit_at_end(of.at_end);
  AddCalls(*Input(), calls, &aggregate);
  return Finished(std::move(step), {Input()});
}

/// The two phases that do what `whole` does.
std::pair<proto::Step, proto::Step> Split(const proto::Step& whole) {
  proto::Step local;
  proto::LocalAggregateStep& first = *local.mutable_local_aggregate();
  *first.mutable_keys() = whole.aggregate().keys();
  *first.mutable_calls() = whole.aggregate().calls();
  first.set_input_retracts(whole.aggregate().input_retracts());
  local = Finished(std::move(local), {Input()});
  proto::Step global = whole;
  global.clear_output();
  proto::AggregateStep& second = *global.mutable_aggregate();
  second.set_merges_partials(true);
  for (int i = 0; i < second.keys_size(); ++i) {
    second.set_keys(i, static_cast<std::uint32_t>(i));
  }
  for (proto::AggregateCall& call : *second.mutable_calls()) {
    for (const std::uint32_t argument : call.arguments()) {
      columnar::ToProto(Input()->type(argument), call.add_argument_types());
    }
  }
  global = Finished(std::move(global), {*columnar::SchemaFromProto(local.output())});
  return {std::move(local), std::move(global)};
}

class FinalAggregateTest : public ::testing::Test {
 protected:
  std::unique_ptr<KeyedHarness> Make(const proto::Step& step,
                                     std::uint32_t subtask = 0,
                                     std::uint32_t parallelism = 1,
                                     const columnar::SchemaPtr& input = Input()) {
    return std::make_unique<KeyedHarness>(
        step, std::vector{input}, store_, KeyedHarness::Where{subtask, parallelism, ++run_});
  }

  ::thalweg::testing::MemoryStore store_;
  int run_ = 0;
};

TEST_F(FinalAggregateTest, GroupsLeaveWhenTheInputHasEnded) {
  auto task =
      Make(Aggregate({.retracts = true},
                     {{"COUNT", ""}, {"MAX", "v"}, {"COUNT", "name", true}, {"AVG", "price"}}));
  task->Open();
  task->Feed("+I[1, 5, 'a', 1.00, TRUE] +I[1, 9, 'b', 2.00, TRUE] +I[NULL, 1, 'a', 3.00, TRUE]");
  task->Feed("-D[1, 9, 'b', 2.00, TRUE] +I[2, 2, 'x', 1.00, TRUE]");
  task->Feed("-D[2, 2, 'x', 1.00, TRUE]");
  EXPECT_EQ(task->Watermark(1'000), StepResult::kDone);
  EXPECT_THAT(task->output.Take(), IsEmpty());
  EXPECT_EQ(task->Watermark(kMaxWatermark), StepResult::kDone);
  EXPECT_THAT(task->output.Take(),
              UnorderedElementsAre("+I[1, 1, 5, 1, 1.000000]", "+I[NULL, 1, 1, 1, 3.000000]"));
}

TEST_F(FinalAggregateTest, WithoutKeysThereIsARowEvenOfNothingAndOnlyOnce) {
  const proto::Step step = Aggregate({.keyed = false}, {{"COUNT", ""}, {"SUM", "v"}});
  std::vector<proto::TaskSnapshot> snapshots;
  std::vector<std::string> given;
  for (std::uint32_t i = 0; i < 3; ++i) {  // One of three tasks owns the empty key.
    auto task = Make(step, i, 3);
    task->Open();
    task->Watermark(kMaxWatermark);
    for (std::string& line : task->output.Take()) {
      given.push_back(std::move(line));
    }
    snapshots.push_back(task->Snapshot());
  }
  EXPECT_THAT(given, ElementsAre("+I[0, NULL]"));
  auto restored = Make(step);
  restored->Open(snapshots);
  restored->Watermark(kMaxWatermark);
  EXPECT_THAT(restored->output.Take(), IsEmpty());
}

TEST_F(FinalAggregateTest, AFiringGoesOnBehindARestore) {
  const proto::Step step = Aggregate({}, {{"SUM", "v"}});
  auto task = Make(step);
  task->Open();
  for (int b = 0; b < 3; ++b) {
    columnar::BatchBuilder rows(Input());
    for (int i = 0; i < 8'000; ++i) {
      rows.AppendRow({Datum(i + b * 4'000), Datum(1), Datum("x"), Datum(), Datum(true)});
    }
    task->Feed(rows.Finish());
  }
  task->output.room = 1;
  ASSERT_EQ(task->Watermark(kMaxWatermark), StepResult::kFiring);
  const std::vector<proto::TaskSnapshot> snapshots = {task->Snapshot()};
  ::thalweg::testing::FoldedChangelog folded;
  const auto collect = [&](KeyedHarness& from) {
    for (const columnar::Batch& batch : from.output.batches) {
      folded.Add(batch);
    }
  };
  collect(*task);
  for (std::uint32_t i = 0; i < 2; ++i) {
    auto restored = Make(step, i, 2);
    restored->Open(snapshots);
    ASSERT_EQ(restored->Watermark(kMaxWatermark), StepResult::kDone);
    collect(*restored);
  }
  EXPECT_EQ(folded.rows().size(), 16'000U);
  for (const auto& [row, count] : folded.rows()) {
    ASSERT_EQ(count, 1) << row;
  }
}

/// Runs the two phases and the one over the same rows, through a restore of the second; both fold
/// to the same.
TEST_F(FinalAggregateTest, TwoPhasesComeToWhatOneDoes) {
  for (const AggregateOf of : {AggregateOf{},
                               AggregateOf{.at_end = false},
                               AggregateOf{.retracts = true},
                               AggregateOf{.retracts = true, .at_end = false},
                               AggregateOf{.keyed = false, .at_end = false}}) {
    std::vector<CallOf> calls = {{"COUNT", ""},
                                 {"COUNT", "name", false, "ok"},
                                 {"SUM", "v"},
                                 {"AVG", "v", false, "ok"},
                                 {"SUM", "price"},
                                 {"AVG", "price"}};
    if (!of.retracts) {
      calls.insert(calls.end(), {{"MIN", "v"}, {"MAX", "name"}, {"MAX", "price"}});
    }
    const proto::Step whole = Aggregate(of, calls);
    const auto [local, global] = Split(whole);
    const columnar::SchemaPtr partials = *columnar::SchemaFromProto(local.output());
    StepContext context;
    context.inputs = {Input()};
    StatusOr<std::unique_ptr<MapStep>> first = MakeMapStep(local, context);
    ASSERT_TRUE(first.ok()) << MessageOf(first.status());
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      SeededRandom random(seed);
      auto one = Make(whole);
      one->Open();
      auto two = Make(global, 0, 1, partials);
      two->Open();
      ::thalweg::testing::FoldedChangelog folded;
      const auto collect = [&] {
        for (const columnar::Batch& batch : two->output.batches) {
          folded.Add(batch);
        }
      };
      std::vector<std::vector<Datum>> kept;
      for (int b = 0; b < 10; ++b) {
        columnar::BatchBuilder rows(Input());
        for (int n = 0; n < 40; ++n) {
          if (of.retracts && !kept.empty() && random.Uniform(3) == 0) {
            const std::size_t victim = random.Uniform(kept.size());
            rows.AppendRow(kept[victim], ChangeKind::kDelete);
            kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(victim));
            continue;
          }
          const auto maybe = [&](Datum value) { return random.Uniform(6) == 0 ? Datum() : value; };
          const auto number = static_cast<std::int64_t>(random.Uniform(100));
          kept.push_back({maybe(Datum(std::int64_t(random.Uniform(5)))),
                          maybe(Datum(number)),
                          maybe(Datum("a longer name of " + std::to_string(number))),
                          maybe(Datum(number * 7)),
                          maybe(Datum(random.Uniform(2) == 0))});
          rows.AppendRow(kept.back());
        }
        const columnar::Batch batch = rows.Finish();
        ASSERT_EQ(one->Feed(batch), StepResult::kDone);
        CollectingOutput between;
        ASSERT_TRUE((*first)->Process(batch, between).ok());
        ASSERT_EQ(between.batches.size(), 1U);
        ASSERT_EQ(two->Feed(between.batches[0]), StepResult::kDone);
        ASSERT_TRUE(two->error().ok()) << MessageOf(two->error());
        if (b == 5) {
          collect();
          const proto::TaskSnapshot snapshot = two->Snapshot();
          two = Make(global, 0, 1, partials);
          two->Open({snapshot});
        }
      }
      one->Watermark(kMaxWatermark);
      two->Watermark(kMaxWatermark);
      collect();
      ASSERT_EQ(folded.rows(), one->output.folded.rows()) << "seed " << seed;
      ASSERT_FALSE(folded.rows().empty());
    }
  }
}

TEST_F(FinalAggregateTest, DistinctCallsAreNotSplit) {
  proto::Step local;
  local.mutable_local_aggregate()->add_keys(0);
  AddCalls(*Input(), {{"COUNT", "v", true}}, local.mutable_local_aggregate());
  const std::vector<columnar::SchemaPtr> inputs = {Input()};
  EXPECT_FALSE(OutputSchemaOf(local, inputs).ok());
}

}  // namespace
}  // namespace thalweg::runtime
