// SPDX-License-Identifier: Apache-2.0

#include "coordinator/manifest_builder.h"

#include "coordinator/graph.h"
#include "coordinator/test_graphs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace thalweg::coordinator {
namespace {

using ::testing::HasSubstr;

const ManifestHead kHead{.id = CheckpointId(7),
                         .attempt = {.generation = Generation(3), .n = 2},
                         .kind = proto::CHECKPOINT_PERIODIC,
                         .lineage = "lineage"};

std::map<TaskId, proto::TaskSnapshot> AllSnapshots(const proto::JobGraph& graph) {
  std::map<TaskId, proto::TaskSnapshot> snapshots;
  for (const TaskId task : TasksOf(graph)) {
    snapshots[task] = SnapshotOf(graph, task);
  }
  return snapshots;
}

TEST(ManifestBuilderTest, HoldsEveryTaskAndTheShapeOfTheGraph) {
  const proto::JobGraph graph = SourceToSink(3);
  const auto manifest = BuildManifest(kHead, graph, AllSnapshots(graph));
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->checkpoint_id(), 7u);
  EXPECT_EQ(manifest->generation(), 3u);
  EXPECT_EQ(manifest->attempt(), 2u);
  EXPECT_EQ(manifest->tasks_size(), 7);
  EXPECT_EQ(manifest->vertices(1).parallelism(), 3u);
  EXPECT_EQ(manifest->vertices(1).operator_ids(0), "count");
  EXPECT_EQ(manifest->key_group_count(), kTestKeyGroups);
}

TEST(ManifestBuilderTest, RefusesAMissingTask) {
  const proto::JobGraph graph = SourceToSink(2);
  auto snapshots = AllSnapshots(graph);
  snapshots.erase(MakeTaskId(1, 1));
  const Status status = BuildManifest(kHead, graph, std::move(snapshots)).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("task 1 of vertex 'count'"));
}

TEST(ManifestBuilderTest, RefusesKeyGroupsWithTwoOwners) {
  const proto::JobGraph graph = SourceToSink(2);
  auto snapshots = AllSnapshots(graph);
  snapshots[MakeTaskId(1, 1)].set_first_key_group(5);
  EXPECT_EQ(BuildManifest(kHead, graph, std::move(snapshots)).status().code(),
            StatusCode::kFailedPrecondition);
}

TEST(ManifestBuilderTest, RefusesKeyGroupsWithoutOwner) {
  const proto::JobGraph graph = SourceToSink(2);
  for (const auto& [task, end] : {std::pair(MakeTaskId(1, 0), 6u), {MakeTaskId(1, 1), 15u}}) {
    auto snapshots = AllSnapshots(graph);
    snapshots[task].set_end_key_group(end);
    EXPECT_EQ(BuildManifest(kHead, graph, std::move(snapshots)).status().code(),
              StatusCode::kFailedPrecondition);
  }
}

}  // namespace
}  // namespace thalweg::coordinator
