// SPDX-License-Identifier: Apache-2.0
//
// Filter, project and the watermark assigner.
#include "runtime/operators/map_steps.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/operators/step_test_util.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::thalweg::testing::BatchOf;

columnar::SchemaPtr Rows() {
  return columnar::Schema::Make(
      {{"keep", DataType::Boolean()}, {"v", DataType::BigInt()}, {"ts", DataType::Timestamp(3)}});
}

proto::Expression Column(std::uint32_t column) {
  proto::Expression expression;
  columnar::ToProto(Rows()->type(column), expression.mutable_type());
  expression.set_column(column);
  return expression;
}

StepContext Context(std::uint32_t subtask = 0, std::uint32_t parallelism = 1) {
  StepContext context;
  context.inputs = {Rows()};
  context.subtask = subtask;
  context.parallelism = parallelism;
  return context;
}

TEST(FilterTest, KeepsChangeKindsAndMarks) {
  proto::Step step;
  *step.mutable_filter()->mutable_predicate() = Column(0);
  const auto filter = MakeMapStep(Finished(step, {Rows()}), Context());
  ASSERT_TRUE(filter.ok());
  CollectingOutput output;
  const auto batch = BatchOf(
      Rows(), "+I[TRUE, 1, 0] -U[FALSE, 2, 0] mark(7) +U[NULL, 3, 0] -D[TRUE, 4, 0] mark(9)");
  ASSERT_EQ(*(*filter)->Process(batch, output), StepResult::kDone);
  EXPECT_THAT(output.Take(), ElementsAre("+I[TRUE, 1, 0]", "mark(7)", "-D[TRUE, 4, 0]", "mark(9)"));
  ASSERT_EQ(*(*filter)->Process(BatchOf(Rows(), "[FALSE, 1, 0]"), output), StepResult::kDone);
  EXPECT_THAT(output.Take(), IsEmpty());
}

TEST(ProjectTest, KeepsChangeKindsAndMarks) {
  proto::Step step;
  *step.mutable_project()->add_expressions() = Column(1);
  step.mutable_project()->add_names("value");
  const auto project = MakeMapStep(Finished(step, {Rows()}), Context());
  ASSERT_TRUE(project.ok());
  CollectingOutput output;
  ASSERT_EQ(*(*project)->Process(BatchOf(Rows(), "-U[TRUE, 1, 0] mark(5) +U[TRUE, 2, 0]"), output),
            StepResult::kDone);
  EXPECT_THAT(output.Take(), ElementsAre("-U[1]", "mark(5)", "+U[2]"));
  EXPECT_EQ(output.batches[0].schema()->ToString(), "(value BIGINT)");
}

/// A call of `type`.
proto::Expression Call(const std::string& function,
                       const DataType& type,
                       const std::vector<proto::Expression>& arguments = {}) {
  proto::Expression call;
  columnar::ToProto(type, call.mutable_type());
  call.mutable_call()->set_function(function);
  for (const proto::Expression& argument : arguments) {
    *call.mutable_call()->add_arguments() = argument;
  }
  return call;
}

std::unique_ptr<MapStep> ProjectOf(const proto::Expression& expression,
                                   const StepContext& context) {
  proto::Step step;
  *step.mutable_project()->add_expressions() = expression;
  step.mutable_project()->add_names("value");
  auto project = MakeMapStep(Finished(step, {Rows()}), context);
  CHECK_OK(project);
  return *std::move(project);
}

TEST(ProjectTest, TellsExpressionsTheTimeOfTheSliceAndTheZone) {
  const proto::Expression now =
      Call("CAST",
           DataType::String().NotNull(),
           {Call("CURRENT_TIMESTAMP", DataType::TimestampLtz(3).NotNull())});
  StepContext context = Context();
  context.zone = *TimeZone::Load("Europe/Berlin");
  const auto project = ProjectOf(now, context);
  CollectingOutput output;
  for (const int seconds : {0, 10}) {
    project->OnSlice(WallTime(Milliseconds(seconds * 1'000)));
    ASSERT_TRUE(project->Process(BatchOf(Rows(), "[TRUE, 1, 0]"), output).ok());
  }
  EXPECT_THAT(output.Take(),
              ElementsAre("+I['1970-01-01 01:00:00.000']", "+I['1970-01-01 01:00:10.000']"));
}

TEST(ProjectTest, GivesEachRowARandomValueAndRepeatsThemFromItsSeed) {
  const auto run = [](std::uint64_t seed) {
    StepContext context = Context();
    context.random_seed = seed;
    const auto project = ProjectOf(Call("UUID", DataType::String().NotNull()), context);
    CollectingOutput output;
    project->OnSlice(WallTime(Milliseconds(1'000)));
    CHECK_OK(project->Process(BatchOf(Rows(), "[TRUE, 1, 0] [TRUE, 1, 0]"), output));
    return output.Take();
  };
  const std::vector<std::string> first = run(1);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_NE(first[0], first[1]);
  EXPECT_EQ(run(1), first);
  EXPECT_NE(run(2), first);
}

proto::Step Windows(proto::WindowKind kind, std::int64_t slide, std::int64_t size) {
  proto::Step step;
  proto::WindowTableStep& table = *step.mutable_window_table();
  table.set_time_column(2);
  table.mutable_window()->set_kind(kind);
  table.mutable_window()->set_slide_millis(slide);
  table.mutable_window()->set_size_millis(size);
  return Finished(std::move(step), {Rows()});
}

TEST(WindowTableTest, ARowStandsOncePerWindowAndMarksStayBeforeIt) {
  const auto table = MakeMapStep(Windows(proto::WINDOW_HOP, 5, 10), Context());
  ASSERT_TRUE(table.ok());
  CollectingOutput output;
  ASSERT_EQ(*(*table)->Process(BatchOf(Rows(), "+I[TRUE, 1, 7] mark(3) -U[NULL, 2, 12]"), output),
            StepResult::kDone);
  EXPECT_THAT(output.Take(),
              ElementsAre("+I[TRUE, 1, 7, 0, 10, 9]",
                          "+I[TRUE, 1, 7, 5, 15, 14]",
                          "mark(3)",
                          "-U[NULL, 2, 12, 5, 15, 14]",
                          "-U[NULL, 2, 12, 10, 20, 19]"));
  EXPECT_EQ(output.batches[0].schema()->ToString(),
            "(keep BOOLEAN, v BIGINT, ts TIMESTAMP(3), window_start TIMESTAMP(3) NOT NULL, "
            "window_end TIMESTAMP(3) NOT NULL, window_time TIMESTAMP(3) NOT NULL)");
}

TEST(WindowTableTest, TumblesCumulatesAndSkipsWhatNoWindowCovers) {
  const auto rows_of = [](const proto::Step& step, std::string_view rows) {
    const auto table = MakeMapStep(step, Context());
    CHECK_OK(table);
    CollectingOutput output;
    CHECK((*table)->Process(BatchOf(Rows(), rows), output).ok());
    return output.Take();
  };
  EXPECT_THAT(rows_of(Windows(proto::WINDOW_TUMBLE, 0, 10), "[TRUE, 1, -1] [TRUE, 2, 10]"),
              ElementsAre("+I[TRUE, 1, -1, -10, 0, -1]", "+I[TRUE, 2, 10, 10, 20, 19]"));
  EXPECT_THAT(rows_of(Windows(proto::WINDOW_CUMULATE, 5, 15), "[TRUE, 1, 6]"),
              ElementsAre("+I[TRUE, 1, 6, 0, 10, 9]", "+I[TRUE, 1, 6, 0, 15, 14]"));
  EXPECT_THAT(rows_of(Windows(proto::WINDOW_HOP, 10, 4), "[TRUE, 1, 3] [TRUE, 2, 4]"),
              ElementsAre("+I[TRUE, 1, 3, 0, 4, 3]"));
}

TEST(WindowTableTest, AFanOutWaitsForRoomBatchByBatch) {
  const auto table = MakeMapStep(Windows(proto::WINDOW_HOP, 1, 3'000), Context());
  ASSERT_TRUE(table.ok());
  CollectingOutput output;
  output.room = 1;
  auto result = (*table)->Process(
      BatchOf(Rows(), "[TRUE, 1, 5000] mark(1) [TRUE, 2, 5000] [TRUE, 3, 5000]"), output);
  int calls = 1;
  for (; result.ok() && *result == StepResult::kMore; ++calls) {
    output.room = 1;
    result = (*table)->Continue(output);
  }
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(calls, 2);
  std::size_t rows = 0;
  for (const columnar::Batch& batch : output.batches) {
    rows += batch.row_count();
  }
  EXPECT_EQ(rows, 9'000U);
  EXPECT_EQ(output.folded.rows().size(), 9'000U);
  EXPECT_EQ(output.batches[0].marks().front().row, 3'000U);
}

TEST(NotNullTest, RefusesOrDropsRowsWithANull) {
  CollectingOutput output;
  const auto batch = BatchOf(Rows(), "+I[TRUE, 1, 0] -D[NULL, NULL, 0] +I[NULL, 3, 0]");
  const auto refuses = MakeNotNull({.columns = {1}}, *Rows());
  EXPECT_THAT(std::string(MessageOf(refuses->Process(batch, output).status())),
              HasSubstr("Column 'v' is NOT NULL"));
  MetricGroup metrics;
  const auto drops = MakeNotNull({.columns = {1, 2}, .drops = true, .metrics = &metrics}, *Rows());
  ASSERT_EQ(*drops->Process(batch, output), StepResult::kDone);
  EXPECT_THAT(output.Take(), ElementsAre("+I[TRUE, 1, 0]", "+I[NULL, 3, 0]"));
  EXPECT_EQ(metrics.AddCounter("null_rows_dropped").value(), 1U);
}

TEST(OperatorsTest, RefuseAStepThatDoesNotFit) {
  proto::Step step;
  *step.mutable_filter()->mutable_predicate() = Column(0);
  step = Finished(step, {Rows()});
  EXPECT_THAT(std::string(MessageOf(MakeKeyedStep(step, Context()).status())),
              HasSubstr("filter 'tested' cannot be made by this maker"));
  step.mutable_output()->mutable_fields(0)->set_name("other");
  EXPECT_THAT(std::string(MessageOf(MakeMapStep(step, Context()).status())),
              HasSubstr("but the plan takes them for (other BOOLEAN"));
}

constexpr MonoTime kStart{Microseconds(1'000'000)};

class WatermarkAssignerTest : public ::testing::Test {
 protected:
  struct Task {
    std::unique_ptr<EventTimeStep> step;
    std::unique_ptr<state::TaskState> state;
    CollectingOutput output;
  };

  std::unique_ptr<Task> Start(std::int64_t idle_millis,
                              const std::vector<proto::TaskSnapshot>& snapshots = {},
                              std::uint32_t subtask = 0,
                              std::uint32_t parallelism = 1) {
    proto::Step step;
    step.mutable_watermark()->set_column(2);
    step.mutable_watermark()->set_delay_millis(100);
    step.mutable_watermark()->set_idle_timeout_millis(idle_millis);
    auto task = std::make_unique<Task>();
    auto made = MakeEventTimeStep(Finished(step, {Rows()}), Context(subtask, parallelism));
    CHECK_OK(made);
    task->step = *std::move(made);
    state::TaskStateOptions options;
    options.range = RangeOf(subtask, parallelism, kTestKeyGroups);
    options.key_group_count = kTestKeyGroups;
    options.store = &store_;
    options.run_prefix = "run" + std::to_string(++run_);
    options.executor = &executor_;
    options.mailbox = &mailbox_;
    task->state = std::make_unique<state::TaskState>(std::move(options));
    std::vector<const proto::TaskSnapshot*> pointers;
    for (const proto::TaskSnapshot& snapshot : snapshots) {
      pointers.push_back(&snapshot);
    }
    CHECK_OK(task->state->Restore(pointers));
    CHECK_OK(task->step->Open(*task->state, kStart));
    return task;
  }

  proto::TaskSnapshot Snapshot(Task& task) {
    CHECK_OK(task.step->BeforeFreeze(*task.state));
    proto::TaskSnapshot snapshot;
    task.state->operator_state().AppendTo(snapshot);
    return snapshot;
  }

  ::thalweg::testing::MemoryStore store_;
  state::ManualExecutor executor_;
  state::ManualMailbox mailbox_;
  int run_ = 0;
};

TEST_F(WatermarkAssignerTest, MarksEagerlyAndTellsTheRestByTimer) {
  const auto task = Start(0);
  EXPECT_FALSE(task->step->WakeAt().has_value());
  ASSERT_TRUE(task->step
                  ->Process(BatchOf(Rows(), "mark(1) [TRUE, 1, 1000] [TRUE, 2, 1150]"),
                            kStart,
                            task->output)
                  .ok());
  EXPECT_THAT(task->output.Take(),
              ElementsAre("+I[TRUE, 1, 1000]", "mark(900)", "+I[TRUE, 2, 1150]"));
  ASSERT_EQ(task->step->WakeAt(), kStart + Milliseconds(200));
  task->step->OnTime(kStart + Milliseconds(200), task->output);
  EXPECT_THAT(task->output.Take(), ElementsAre("watermark(1050)"));
  EXPECT_FALSE(task->step->WakeAt().has_value());
}

TEST_F(WatermarkAssignerTest, BecomesIdleWhenNoRowsCome) {
  const auto task = Start(500);
  ASSERT_EQ(task->step->WakeAt(), kStart + Milliseconds(500));
  task->step->OnTime(kStart + Milliseconds(500), task->output);
  EXPECT_THAT(task->output.Take(), ElementsAre("idle"));
  EXPECT_FALSE(task->step->WakeAt().has_value());
  const MonoTime later = kStart + Milliseconds(900);
  ASSERT_TRUE(task->step->Process(BatchOf(Rows(), "[TRUE, 1, 1000]"), later, task->output).ok());
  EXPECT_EQ(task->step->WakeAt(), later + Milliseconds(500));
}

TEST_F(WatermarkAssignerTest, GoesOnAfterARestoreAsIfNothingHadHappened) {
  const auto first = Start(0);
  ASSERT_TRUE(
      first->step
          ->Process(BatchOf(Rows(), "[TRUE, 1, 1000] [TRUE, 1, 1190]"), kStart, first->output)
          .ok());
  const auto restored = Start(0, {Snapshot(*first)});
  // Who reads it has forgotten the last watermark, so it comes again.
  ASSERT_TRUE(
      restored->step
          ->Process(BatchOf(Rows(), "[TRUE, 1, 1200] [TRUE, 1, 1201]"), kStart, restored->output)
          .ok());
  EXPECT_THAT(restored->output.Take(),
              ElementsAre("mark(900)", "+I[TRUE, 1, 1200]", "+I[TRUE, 1, 1201]", "mark(1101)"));
}

TEST_F(WatermarkAssignerTest, ARescaledOneBeginsAtTheLeastOfAll) {
  const auto a = Start(0, {}, 0, 2);
  const auto b = Start(0, {}, 1, 2);
  ASSERT_TRUE(a->step->Process(BatchOf(Rows(), "[TRUE, 1, 5000]"), kStart, a->output).ok());
  ASSERT_TRUE(b->step->Process(BatchOf(Rows(), "[TRUE, 1, 3000]"), kStart, b->output).ok());
  const std::vector<proto::TaskSnapshot> snapshots = {Snapshot(*a), Snapshot(*b)};
  const auto merged = Start(0, snapshots, 0, 1);
  merged->step->OnTime(kStart, merged->output);
  EXPECT_THAT(merged->output.Take(), ElementsAre("watermark(2900)"));
  const auto same = Start(0, snapshots, 0, 2);
  same->step->OnTime(kStart, same->output);
  EXPECT_THAT(same->output.Take(), ElementsAre("watermark(4900)"));
}

}  // namespace
}  // namespace thalweg::runtime
