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
