// SPDX-License-Identifier: Apache-2.0

#include "coordinator/job_machine.h"

#include <algorithm>

#include "coordinator/graph.h"
#include "coordinator/machine_rig.h"
#include "coordinator/test_graphs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/layout.h"

namespace thalweg::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(JobMachineTest, DeploysOnceThereAreSlots) {
  MachineRig rig(SourceToSink(2));
  rig.Start();
  EXPECT_THAT(rig.sent(), IsEmpty());
  EXPECT_EQ(rig.machine().missing_slots(), 2u);
  rig.AddWorker("a", 1);
  rig.Tick();
  EXPECT_EQ(rig.machine().missing_slots(), 1u);
  rig.AddWorker("b", 1);
  rig.Tick();
  EXPECT_THAT(rig.Sent("deploy"), ElementsAre("a", "b"));
  EXPECT_EQ(rig.machine().state(), JobState::kCreated);
  rig.AllRun();
  EXPECT_EQ(rig.machine().state(), JobState::kRunning);
}

TEST(JobMachineTest, ADeployMessageHoldsThePlacesOfAllTasksAndTheTasksOfItsWorker) {
  MachineRig rig(SourceToSink(2), {"a", "b"});
  const proto::DeployJob& deploy = rig.LastSent("b").deploy();
  EXPECT_EQ(deploy.placements_size(), 5);
  EXPECT_EQ(deploy.tasks_size(), 2);
  EXPECT_EQ(deploy.restored_checkpoint(), 0u);
  EXPECT_EQ(deploy.lineage(), "lineage");
}

TEST(JobMachineTest, CompletesACheckpointOnlyAfterItsManifestIsDurable) {
  MachineRig rig(SourceToSink(2), {"a", "b"});
  rig.AllRun();
  rig.TriggerNext();
  EXPECT_THAT(rig.Sent("trigger"), ElementsAre("a", "b"));
  rig.AckAll(1);
  ASSERT_TRUE(rig.appending() != nullptr);
  EXPECT_EQ(rig.appending()->manifest().checkpoint_id(), 1u);
  EXPECT_THAT(rig.Sent("complete"), IsEmpty());
  rig.Appended();
  EXPECT_THAT(rig.Sent("complete"), ElementsAre("a", "b"));
}

TEST(JobMachineTest, ARestartWaitsForTheManifestThatIsUnderWay) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AllRun();
  rig.TriggerNext();
  rig.AckAll(1);
  rig.Fail(MakeTaskId(1, 0), StatusCode::kUnavailable);
  rig.AllGone();
  rig.Advance(10'000);
  EXPECT_THAT(rig.Sent("deploy"), ElementsAre("a")) << "only the first attempt";
  rig.Appended();
  EXPECT_EQ(rig.LastSent("a").deploy().restored_checkpoint(), 1u);
  EXPECT_EQ(rig.LastSent("a").deploy().attempt().n(), 2u);
  EXPECT_THAT(rig.Sent("complete"), IsEmpty());
}

TEST(JobMachineTest, AFailedTaskEndsTheAttemptOnAllWorkersFirst) {
  MachineRig rig(SourceToSink(2), {"a", "b"});
  rig.AllRun();
  rig.Fail(MakeTaskId(1, 0), StatusCode::kUnavailable);
  EXPECT_EQ(rig.machine().state(), JobState::kRestarting);
  EXPECT_THAT(rig.Sent("cancel"), ElementsAre("a", "b"));
  rig.Advance(1'000);
  EXPECT_THAT(rig.Sent("deploy"), ElementsAre("a", "b")) << "nobody has confirmed";
  rig.Gone("a");
  EXPECT_THAT(rig.Sent("deploy"), ElementsAre("a", "b"));
  rig.Gone("b");
  EXPECT_THAT(rig.Sent("deploy"), ElementsAre("a", "b", "a", "b"));
}

TEST(JobMachineTest, AWorkerThatDoesNotConfirmIsDroppedAndTheJobGoesOnWithoutIt) {
  MachineRig rig(SourceToSink(2), {"a", "b"});
  rig.AddWorker("c", 2);
  rig.AllRun();
  rig.Fail(MakeTaskId(1, 0), StatusCode::kUnavailable);
  rig.Gone("a");
  rig.Advance(5'000);
  EXPECT_THAT(rig.dropped(), ElementsAre("b"));
  EXPECT_EQ(rig.LastSent("c").message_case(), proto::CoordinatorMessage::kDeploy);
}

TEST(JobMachineTest, WaitsForTheDelayOfTheRestartStrategy) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AllRun();
  rig.Fail(MakeTaskId(0, 0), StatusCode::kUnavailable);
  rig.AllGone();
  EXPECT_THAT(rig.Sent("deploy"), ElementsAre("a"));
  EXPECT_EQ(rig.machine().WakeAt(), rig.now() + Milliseconds(50));
  rig.Advance(50);
  EXPECT_THAT(rig.Sent("deploy"), ElementsAre("a", "a"));
}

TEST(JobMachineTest, ALostWorkerRestartsTheJobOnTheOthers) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AddWorker("b", 1);
  rig.AllRun();
  rig.LoseWorker("a");
  EXPECT_EQ(rig.machine().state(), JobState::kRestarting);
  rig.Advance(50);
  EXPECT_THAT(rig.Sent("deploy"), ElementsAre("a", "b"));
}

TEST(JobMachineTest, MessagesOfAnOlderAttemptChangeNothing) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AllRun();
  rig.Restart();
  EXPECT_EQ(rig.machine().attempt().n, 2u);
  rig.SetSpeaker({.generation = rig.machine().attempt().generation, .n = 1});
  rig.AllRun();
  EXPECT_EQ(rig.machine().state(), JobState::kRestarting);
  rig.Fail(MakeTaskId(0, 0), StatusCode::kDataLoss);
  EXPECT_EQ(rig.machine().state(), JobState::kRestarting);
}

TEST(JobMachineTest, DamageFailsTheJobAndNamesTheFile) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.Fail(MakeTaskId(1, 0), StatusCode::kDataLoss, "run-7 fails its checksum");
  rig.AllGone();
  ASSERT_TRUE(rig.appending() != nullptr);
  EXPECT_EQ(rig.machine().state(), JobState::kCreated) << "not before its end is durable";
  rig.Appended();
  EXPECT_EQ(rig.machine().state(), JobState::kFailed);
  EXPECT_THAT(rig.machine().reason(), HasSubstr("run-7"));
}

TEST(JobMachineTest, TheCauseMayComeBehindItsConsequence) {
  MachineRig rig(SourceToSink(2), {"a", "b"});
  rig.Fail(MakeTaskId(1, 0), StatusCode::kUnavailable, "the peer is gone");
  rig.Fail(MakeTaskId(1, 1), StatusCode::kDataLoss, "run-7 fails its checksum");
  rig.AllGone();
  rig.Appended();
  EXPECT_EQ(rig.machine().state(), JobState::kFailed);
  EXPECT_THAT(rig.machine().reason(), HasSubstr("run-7"));
}

TEST(JobMachineTest, TheFirstCompleteAfterARestoreWaitsForTheSinks) {
  MachineRig rig(SourceToSink(2), {"a", "b"});
  rig.AllRun();
  rig.TakeCheckpoint(1);
  rig.Restart();
  rig.AllRun();
  rig.ClearSent();
  rig.TakeCheckpoint(2);
  EXPECT_THAT(rig.Sent("complete"), IsEmpty());
  rig.Replayed(MakeTaskId(2, 0));
  EXPECT_THAT(rig.Sent("complete"), IsEmpty());
  rig.Replayed(MakeTaskId(2, 1));
  EXPECT_THAT(rig.Sent("complete"), ElementsAre("a", "b"));
}

TEST(JobMachineTest, IsFinishedWhenTheSinksHaveCommittedTheFinalCheckpoint) {
  MachineRig rig(SourceToSink(2), {"a", "b"});
  rig.AllRun();
  rig.AllEnd();
  EXPECT_EQ(rig.LastSent("a").trigger().kind(), proto::CHECKPOINT_FINAL);
  rig.AckAll(1);
  rig.Appended();
  rig.Committed(MakeTaskId(2, 0), 1);
  EXPECT_EQ(rig.appending(), nullptr);
  rig.Committed(MakeTaskId(2, 1), 1);
  ASSERT_TRUE(rig.appending() != nullptr);
  EXPECT_EQ(rig.appending()->ended().end(), proto::JOB_FINISHED);
  EXPECT_EQ(rig.machine().state(), JobState::kRunning);
  rig.Appended();
  EXPECT_EQ(rig.machine().state(), JobState::kFinished);
  EXPECT_THAT(rig.Sent("cancel"), ElementsAre("a", "b")) << "the slots are given back";
  rig.AllGone();
  EXPECT_TRUE(rig.deleted_all());
}

TEST(JobMachineTest, ARestartBehindTheFinalCheckpointOnlySettlesIt) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AllRun();
  rig.AllEnd();
  rig.AckAll(1);
  rig.Appended();
  rig.Restart();
  rig.AllRun();
  rig.AllEnd();
  rig.Advance(10'000);
  EXPECT_THAT(rig.Sent("trigger"), ElementsAre("a"));
  rig.Replayed(MakeTaskId(2, 0));
  rig.Appended();
  EXPECT_EQ(rig.machine().state(), JobState::kFinished);
}

TEST(JobMachineTest, TasksHearOfACancelOnlyWhenItIsDurable) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AllRun();
  rig.Cancel();
  EXPECT_THAT(rig.Sent("cancel"), IsEmpty());
  EXPECT_EQ(rig.machine().state(), JobState::kRunning);
  rig.Appended();
  EXPECT_EQ(rig.machine().state(), JobState::kCancelling);
  EXPECT_THAT(rig.Sent("cancel"), ElementsAre("a"));
  rig.AllGone();
  rig.Appended();
  EXPECT_EQ(rig.machine().state(), JobState::kCanceled);
}

TEST(JobMachineTest, AJobWithoutSlotsCanBeCancelled) {
  MachineRig rig(SourceToSink(1));
  rig.Start();
  rig.Cancel();
  rig.Appended();
  rig.Appended();
  EXPECT_EQ(rig.machine().state(), JobState::kCanceled);
}

TEST(JobMachineTest, StopsWithALastCheckpoint) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AllRun();
  rig.Stop(/*drain=*/true);
  EXPECT_THAT(rig.Sent("trigger"), IsEmpty());
  rig.Appended();
  EXPECT_EQ(rig.LastSent("a").trigger().kind(), proto::CHECKPOINT_DRAIN);
  EXPECT_EQ(rig.machine().state(), JobState::kStopping);
  rig.AckAll(1);
  rig.Appended();
  rig.Committed(MakeTaskId(2, 0), 1);
  rig.Appended();
  EXPECT_EQ(rig.machine().state(), JobState::kStopped);
  EXPECT_FALSE(rig.deleted_all());
}

TEST(JobMachineTest, AStopGoesOnBehindAFailure) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AllRun();
  rig.Stop(/*drain=*/false);
  rig.Appended();
  rig.Restart();
  EXPECT_EQ(rig.machine().state(), JobState::kStopping);
  rig.ClearSent();
  rig.AllRun();
  EXPECT_EQ(rig.LastSent("a").trigger().kind(), proto::CHECKPOINT_STOP);
}

TEST(JobMachineTest, AStoppedJobIsTakenUpByAChangeFromItsLastCheckpoint) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AddWorker("b", 2);
  rig.AllRun();
  rig.Stop(/*drain=*/false);
  rig.Appended();
  rig.AckAll(1);
  rig.Appended();
  rig.Committed(MakeTaskId(2, 0), 1);
  rig.Appended();
  rig.AllGone();
  ASSERT_EQ(rig.machine().state(), JobState::kStopped);
  ASSERT_TRUE(rig.Change(SourceToSink(3)).ok());
  rig.Appended();
  EXPECT_EQ(rig.machine().state(), JobState::kRestarting);
  EXPECT_EQ(rig.LastSent("b").deploy().restored_checkpoint(), 1u);
  EXPECT_EQ(rig.LastSent("b").deploy().placements_size(), 7);
}

TEST(JobMachineTest, ARunningJobIsRescaledFromItsNewestCheckpoint) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AddWorker("b", 1);
  rig.AllRun();
  rig.TakeCheckpoint(1);
  ASSERT_TRUE(rig.Change(SourceToSink(2)).ok());
  EXPECT_THAT(rig.Sent("cancel"), IsEmpty());
  rig.Appended();
  rig.AllGone();
  EXPECT_EQ(rig.LastSent("b").deploy().restored_checkpoint(), 1u);
}

TEST(JobMachineTest, AChangeThatWouldLoseStateChangesNothing) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AllRun();
  rig.TakeCheckpoint(1, "count");
  const Status status = rig.Change(MakeGraph({{.name = "s", .operators = {"source"}}}));
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(rig.appending(), nullptr);
}

TEST(JobMachineTest, AStopThatOvertakesAChangeIsCarriedOnWithTheNewGraph) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AddWorker("b", 1);
  rig.AllRun();
  rig.Stop(/*drain=*/false);
  ASSERT_TRUE(rig.Change(SourceToSink(2)).ok());
  rig.Appended();
  EXPECT_EQ(rig.machine().state(), JobState::kStopping);
  rig.Appended();
  rig.AllGone();
  EXPECT_EQ(rig.machine().state(), JobState::kStopping);
  EXPECT_EQ(rig.LastSent("b").deploy().placements_size(), 5);
  rig.ClearSent();
  rig.AllRun();
  EXPECT_EQ(rig.LastSent("b").trigger().kind(), proto::CHECKPOINT_STOP);
}

TEST(JobMachineTest, DeathsDoNotKeepAJobFromBeingCancelled) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AllRun();
  rig.Cancel();
  rig.Appended();
  for (int death = 0; death < 4; ++death) {
    rig.Take(rig.machine().OnDeath(rig.now()));
  }
  rig.AllGone();
  rig.Appended();
  EXPECT_EQ(rig.machine().state(), JobState::kCanceled);
}

TEST(JobMachineTest, FailsWhenTheRestartsAreUsedUp) {
  proto::JobGraph graph = SourceToSink(1);
  graph.mutable_restart()->set_max_attempts(1);
  MachineRig rig(graph, {"a"});
  rig.Restart();
  rig.Fail(MakeTaskId(0, 0), StatusCode::kUnavailable);
  rig.AllGone();
  rig.Appended();
  EXPECT_EQ(rig.machine().state(), JobState::kFailed);
}

TEST(JobMachineTest, FailsAJobThatKillsWorkers) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AllRun();
  for (int death = 0; death < 3; ++death) {
    rig.Take(rig.machine().OnDeath(rig.now()));
  }
  rig.AllGone();
  rig.Appended();
  EXPECT_EQ(rig.machine().state(), JobState::kFailed);
}

TEST(JobMachineTest, DeletesFilesThatNoRetainedManifestNames) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AllRun();
  for (std::uint64_t id = 1; id <= 2; ++id) {
    rig.TakeCheckpoint(id, "count");
    EXPECT_THAT(rig.deleted(), IsEmpty());
  }
  rig.TakeCheckpoint(3, "count");
  EXPECT_THAT(rig.deleted(), ElementsAre(MachineRig::FileOf(1)));
}

TEST(JobMachineTest, TruncatesTheLogBehindARecordThatStandsForAll) {
  JobMachineOptions options;
  options.truncate_after = 2;
  MachineRig rig(SourceToSink(1), {"a"}, options);
  rig.AllRun();
  rig.TakeCheckpoint(1);
  EXPECT_EQ(rig.appending(), nullptr);
  rig.TakeCheckpoint(2);
  ASSERT_TRUE(rig.appending() != nullptr);
  EXPECT_EQ(rig.appending()->state().manifest().checkpoint_id(), 2u);
  EXPECT_EQ(rig.truncations(), 0);
  rig.Appended();
  EXPECT_EQ(rig.truncations(), 1);
}

TEST(JobMachineTest, ANewLeaderGoesOnWhereTheLogEnds) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AllRun();
  rig.TakeCheckpoint(1);
  rig.Stop(/*drain=*/false);
  rig.Appended();
  MachineRig next(rig.machine().log(), Generation(2), {"b"});
  EXPECT_EQ(next.machine().state(), JobState::kStopping);
  EXPECT_EQ(next.LastSent("b").deploy().restored_checkpoint(), 1u);
  EXPECT_EQ(next.LastSent("b").deploy().attempt().generation(), 2u);
}

TEST(JobMachineTest, ANewLeaderCarriesACancelOutWithoutDeploying) {
  MachineRig rig(SourceToSink(1), {"a"});
  rig.AllRun();
  rig.Cancel();
  rig.Appended();
  MachineRig next(rig.machine().log(), Generation(2), {"b"});
  EXPECT_THAT(next.Sent("deploy"), IsEmpty());
  next.Appended();
  EXPECT_EQ(next.machine().state(), JobState::kCanceled);
}

TEST(JobMachineTest, AnEndedJobStaysEnded) {
  MachineRig rig(SourceToSink(1));
  rig.Start();
  rig.Cancel();
  rig.Appended();
  rig.Appended();
  MachineRig next(rig.machine().log(), Generation(2), {"b"});
  EXPECT_EQ(next.machine().state(), JobState::kCanceled);
  EXPECT_THAT(next.sent(), IsEmpty());
  EXPECT_EQ(next.machine().Stop(false).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(next.machine().Cancel().ok());
}

}  // namespace
}  // namespace thalweg::coordinator
