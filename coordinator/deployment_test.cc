// SPDX-License-Identifier: Apache-2.0

#include "coordinator/deployment.h"

#include "coordinator/test_graphs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace thalweg::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const WorkerId kA("a");
const WorkerId kB("b");
const Attempt kAttempt{.generation = Generation(2), .n = 3};

class DeploymentTest : public ::testing::Test {
 protected:
  DeploymentTest() : graph_(SourceToSink(2)), deployment_(kAttempt, {kA, kB}, graph_) {
    workers_.Add(kA, "a:1", 1, MonoTime());
    workers_.Add(kB, "b:1", 1, MonoTime());
  }

  const proto::JobGraph graph_;
  WorkerTable workers_;
  Deployment deployment_;
};

TEST_F(DeploymentTest, SubtasksOfOneNumberShareAWorker) {
  EXPECT_EQ(deployment_.WorkerOf(MakeTaskId(0, 0)), kA);
  EXPECT_EQ(deployment_.WorkerOf(MakeTaskId(1, 1)), kB);
  EXPECT_EQ(deployment_.WorkerOf(MakeTaskId(2, 1)), kB);
}

TEST_F(DeploymentTest, TellsOnceThatAllTasksRunAndThatAllHaveEnded) {
  int all_run = 0;
  int all_ended = 0;
  for (int repeat = 0; repeat < 2; ++repeat) {
    for (const TaskId task : deployment_.TaskSet()) {
      all_run += deployment_.OnRunning(task) ? 1 : 0;
      all_ended += deployment_.OnEnded(task) ? 1 : 0;
    }
  }
  EXPECT_EQ(all_run, 1);
  EXPECT_EQ(all_ended, 1);
}

TEST_F(DeploymentTest, WaitsForEveryWorkerToConfirm) {
  EXPECT_THAT(deployment_.waiting_for_gone(), IsEmpty());
  deployment_.StartCancel();
  deployment_.OnGone(kA);
  EXPECT_THAT(deployment_.waiting_for_gone(), ElementsAre(kB));
}

TEST_F(DeploymentTest, EachMessageNamesAllPlacesAndTheTasksOfItsWorker) {
  std::map<TaskId, proto::TaskRestore> restores;
  restores[MakeTaskId(1, 1)].set_task(MakeTaskId(1, 1).value());
  const auto messages = BuildDeployMessages({.job = JobId("j"),
                                             .lineage = "l",
                                             .graph = graph_,
                                             .restores = restores,
                                             .restored = CheckpointId(9)},
                                            deployment_,
                                            workers_);
  ASSERT_EQ(messages.size(), 2u);
  const proto::DeployJob& to_b = messages.at(kB);
  EXPECT_EQ(to_b.placements_size(), 5);
  EXPECT_EQ(to_b.placements(2).exchange_address(), "b:1");
  EXPECT_THAT(to_b.tasks(), ElementsAre(MakeTaskId(1, 1).value(), MakeTaskId(2, 1).value()));
  ASSERT_EQ(to_b.restores_size(), 1);
  EXPECT_EQ(messages.at(kA).restores_size(), 0);
  EXPECT_EQ(FromProto(to_b.attempt()), kAttempt);
  EXPECT_EQ(to_b.restored_checkpoint(), 9u);
}

}  // namespace
}  // namespace thalweg::coordinator
