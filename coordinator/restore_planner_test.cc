// SPDX-License-Identifier: Apache-2.0

#include "coordinator/restore_planner.h"

#include <set>

#include "coordinator/graph.h"
#include "coordinator/manifest_builder.h"
#include "coordinator/test_graphs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace thalweg::coordinator {
namespace {

using ::testing::HasSubstr;

/// A checkpoint of SourceToSink(parallelism) in which every "count" task has one table and one run.
class RestorePlannerTest : public ::testing::Test {
 protected:
  proto::Manifest TakeCheckpoint(const proto::JobGraph& graph) {
    std::map<TaskId, proto::TaskSnapshot> snapshots;
    for (const TaskId task : TasksOf(graph)) {
      proto::TaskSnapshot snapshot = SnapshotOf(graph, task);
      if (VertexIndexOf(task) == 1) {
        AddRun(snapshot, "count");
      }
      snapshots[task] = snapshot;
    }
    for (const auto& [task, entry] : entries_) {
      *snapshots.at(task).add_entries() = entry;
    }
    for (const TaskId task : ended_) {
      snapshots.at(task).set_ended(true);
    }
    auto manifest = BuildManifest({.id = CheckpointId(1),
                                   .attempt = {.generation = Generation(1), .n = 1},
                                   .kind = proto::CHECKPOINT_PERIODIC,
                                   .lineage = "l"},
                                  graph,
                                  std::move(snapshots));
    EXPECT_TRUE(manifest.ok()) << manifest.status();
    return *std::move(manifest);
  }

  static void AddRun(proto::TaskSnapshot& snapshot, const std::string& operator_id) {
    proto::TableSchema& table = *snapshot.add_tables();
    table.set_operator_id(operator_id);
    proto::RunRef& run = *snapshot.add_runs();
    run.set_file(operator_id + "-" + std::to_string(snapshot.first_key_group()));
    run.set_first_key_group(snapshot.first_key_group());
    run.set_last_key_group(snapshot.end_key_group() - 1);
  }

  void AddEntry(TaskId task, const std::string& key, proto::Redistribution rule) {
    proto::OperatorStateEntry entry;
    entry.set_operator_id(VertexIndexOf(task) == 0 ? "source" : "out");
    entry.set_key(key);
    entry.set_redistribution(rule);
    entries_.emplace_back(task, entry);
  }

  static std::set<std::string> FilesFor(const proto::TaskRestore& restore) {
    std::set<std::string> files;
    for (const auto& snapshot : restore.snapshots()) {
      for (const auto& run : snapshot.runs()) {
        files.insert(run.file());
      }
    }
    return files;
  }

  static std::multiset<std::string> KeysFor(const proto::TaskRestore& restore) {
    std::multiset<std::string> keys;
    for (const auto& snapshot : restore.snapshots()) {
      for (const auto& entry : snapshot.entries()) {
        keys.insert(entry.key());
      }
    }
    return keys;
  }

  std::vector<std::pair<TaskId, proto::OperatorStateEntry>> entries_;
  std::set<TaskId> ended_;
};

TEST_F(RestorePlannerTest, GivesEachTaskItsOwnSnapshotAtTheSameParallelism) {
  const proto::JobGraph graph = SourceToSink(4);
  const auto plan = PlanRestore(TakeCheckpoint(graph), graph);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->size(), 9u);
  for (std::uint32_t i = 0; i < 4; ++i) {
    const proto::TaskRestore& restore = plan->at(MakeTaskId(1, i));
    ASSERT_EQ(restore.snapshots_size(), 1);
    EXPECT_EQ(restore.snapshots(0).task(), MakeTaskId(1, i).value());
    EXPECT_EQ(restore.snapshots(0).runs_size(), 1);
  }
}

TEST_F(RestorePlannerTest, EveryKeyGroupFindsItsRunAtAnyParallelism) {
  for (std::uint32_t before = 1; before <= 5; ++before) {
    const proto::Manifest manifest = TakeCheckpoint(SourceToSink(before));
    for (std::uint32_t after = 1; after <= 5; ++after) {
      const auto plan = PlanRestore(manifest, SourceToSink(after));
      ASSERT_TRUE(plan.ok()) << plan.status();
      for (std::uint32_t group = 0; group < kTestKeyGroups; ++group) {
        const std::uint32_t owner = SubtaskOf(KeyGroup(group), after, kTestKeyGroups);
        const KeyGroupRange old =
            RangeOf(SubtaskOf(KeyGroup(group), before, kTestKeyGroups), before, kTestKeyGroups);
        EXPECT_TRUE(
            FilesFor(plan->at(MakeTaskId(1, owner))).contains("count-" + std::to_string(old.begin)))
            << before << " to " << after << ", group " << group;
      }
    }
  }
}

TEST_F(RestorePlannerTest, SkipsRunsThatHoldNothingOfTheTask) {
  const auto plan = PlanRestore(TakeCheckpoint(SourceToSink(2)), SourceToSink(2));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(FilesFor(plan->at(MakeTaskId(1, 1))), (std::set<std::string>{"count-8"}));
}

TEST_F(RestorePlannerTest, EntriesByOwnerGoToExactlyOneTaskEach) {
  std::multiset<std::string> all;
  for (int i = 0; i < 40; ++i) {
    AddEntry(MakeTaskId(2, i % 2), "key" + std::to_string(i), proto::REDISTRIBUTE_BY_OWNER);
    all.insert("key" + std::to_string(i));
  }
  const auto plan = PlanRestore(TakeCheckpoint(SourceToSink(2)), SourceToSink(3));
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::multiset<std::string> found;
  for (std::uint32_t i = 0; i < 3; ++i) {
    const auto keys = KeysFor(plan->at(MakeTaskId(2, i)));
    EXPECT_FALSE(keys.empty());
    found.insert(keys.begin(), keys.end());
  }
  EXPECT_EQ(found, all);
}

TEST_F(RestorePlannerTest, EntriesOfAllTasksGoToOneOrToAll) {
  AddEntry(MakeTaskId(2, 0), "one", proto::REDISTRIBUTE_TO_ONE);
  AddEntry(MakeTaskId(2, 1), "two", proto::REDISTRIBUTE_TO_ONE);
  AddEntry(MakeTaskId(2, 1), "all", proto::REDISTRIBUTE_TO_ALL);
  const auto plan = PlanRestore(TakeCheckpoint(SourceToSink(2)), SourceToSink(3));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(KeysFor(plan->at(MakeTaskId(2, 0))), (std::multiset<std::string>{"all", "one", "two"}));
  EXPECT_EQ(KeysFor(plan->at(MakeTaskId(2, 2))), (std::multiset<std::string>{"all"}));
}

TEST_F(RestorePlannerTest, FollowsAnOperatorToAnotherVertex) {
  const proto::Manifest manifest = TakeCheckpoint(SourceToSink(2));
  const proto::JobGraph chained =
      MakeGraph({{.name = "source", .parallelism = 1, .operators = {"source"}},
                 {.name = "new", .parallelism = 2, .operators = {"new"}},
                 {.name = "all", .parallelism = 2, .operators = {"count", "out"}, .sink = true}});
  const auto plan = PlanRestore(manifest, chained);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->at(MakeTaskId(1, 0)).snapshots_size(), 0);
  EXPECT_EQ(FilesFor(plan->at(MakeTaskId(2, 1))), (std::set<std::string>{"count-8"}));
}

TEST_F(RestorePlannerTest, RefusesToLoseStateAndNamesTheOperator) {
  const proto::Manifest manifest = TakeCheckpoint(SourceToSink(2));
  const Status status =
      PlanRestore(manifest,
                  MakeGraph({{.name = "source", .operators = {"source"}},
                             {.name = "sink", .operators = {"out"}, .sink = true}}))
          .status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("count"));
}

TEST_F(RestorePlannerTest, MayLeaveAnOperatorWithoutStateOut) {
  const proto::Manifest manifest = TakeCheckpoint(SourceToSink(2));
  EXPECT_TRUE(PlanRestore(manifest, MakeGraph({{.name = "count", .operators = {"count"}}})).ok());
}

TEST_F(RestorePlannerTest, RefusesOtherKeyGroupsAndAnotherHash) {
  proto::Manifest manifest = TakeCheckpoint(SourceToSink(2));
  proto::JobGraph graph = SourceToSink(2);
  graph.set_key_group_count(32);
  EXPECT_EQ(PlanRestore(manifest, graph).status().code(), StatusCode::kFailedPrecondition);
  manifest.set_hash_algorithm("murmur");
  EXPECT_EQ(PlanRestore(manifest, SourceToSink(2)).status().code(),
            StatusCode::kFailedPrecondition);
}

TEST_F(RestorePlannerTest, ARescaledTaskHasEndedOnlyIfItsWholeVertexHad) {
  ended_ = {MakeTaskId(1, 0)};
  const proto::Manifest partly = TakeCheckpoint(SourceToSink(2));
  EXPECT_TRUE(PlanRestore(partly, SourceToSink(2))->at(MakeTaskId(1, 0)).snapshots(0).ended());
  EXPECT_FALSE(PlanRestore(partly, SourceToSink(3))->at(MakeTaskId(1, 0)).snapshots(0).ended());
  ended_ = {MakeTaskId(1, 0), MakeTaskId(1, 1)};
  const proto::Manifest wholly = TakeCheckpoint(SourceToSink(2));
  EXPECT_TRUE(PlanRestore(wholly, SourceToSink(3))->at(MakeTaskId(1, 2)).snapshots(0).ended());
}

TEST_F(RestorePlannerTest, AManifestThatContradictsItselfIsDamaged) {
  proto::Manifest manifest = TakeCheckpoint(SourceToSink(2));
  manifest.mutable_tasks(0)->set_task(MakeTaskId(9, 0).value());
  EXPECT_EQ(PlanRestore(manifest, SourceToSink(2)).status().code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace thalweg::coordinator
