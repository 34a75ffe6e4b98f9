// SPDX-License-Identifier: Apache-2.0

#include "coordinator/graph.h"

#include "coordinator/test_graphs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace thalweg::coordinator {
namespace {

using ::testing::ElementsAre;

TEST(GraphTest, CountsTasksAndSlotsAndFindsSinks) {
  const proto::JobGraph graph = SourceToSink(2);
  EXPECT_THAT(TasksOf(graph),
              ElementsAre(MakeTaskId(0, 0),
                          MakeTaskId(1, 0),
                          MakeTaskId(1, 1),
                          MakeTaskId(2, 0),
                          MakeTaskId(2, 1)));
  EXPECT_THAT(SinkTasksOf(graph), ElementsAre(MakeTaskId(2, 0), MakeTaskId(2, 1)));
  EXPECT_EQ(SlotsNeeded(graph), 2u);
}

TEST(GraphTest, FillsInTheNumberOfKeyGroups) {
  proto::JobGraph graph = SourceToSink(2);
  graph.set_key_group_count(0);
  ASSERT_TRUE(NormalizeGraph(graph).ok());
  EXPECT_EQ(graph.key_group_count(), kDefaultKeyGroupCount);
}

TEST(GraphTest, RefusesMoreTasksThanKeyGroups) {
  proto::JobGraph graph = SourceToSink(kTestKeyGroups + 1);
  EXPECT_EQ(NormalizeGraph(graph).code(), StatusCode::kInvalidArgument);
}

TEST(GraphTest, RefusesAForwardEdgeBetweenUnequalVertices) {
  proto::JobGraph graph = SourceToSink(2);
  proto::Edge& edge = *graph.add_edges();
  edge.set_from(0);
  edge.set_to(1);
  edge.set_partitioning(proto::PARTITION_HASH);
  EXPECT_TRUE(NormalizeGraph(graph).ok());
  edge.set_partitioning(proto::PARTITION_FORWARD);
  EXPECT_EQ(NormalizeGraph(graph).code(), StatusCode::kInvalidArgument);
}

TEST(GraphTest, RefusesAnEdgeAgainstTheOrder) {
  proto::JobGraph graph = SourceToSink(2);
  graph.add_edges()->set_from(1);
  EXPECT_EQ(NormalizeGraph(graph).code(), StatusCode::kInvalidArgument);
}

TEST(GraphTest, RefusesWhatANewerVersionHasWritten) {
  proto::JobGraph graph = SourceToSink(1);
  graph.set_version(kGraphVersion + 1);
  EXPECT_EQ(NormalizeGraph(graph).code(), StatusCode::kUnimplemented);
}

TEST(GraphTest, RefusesAnEmptyGraph) {
  proto::JobGraph graph;
  EXPECT_EQ(NormalizeGraph(graph).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace thalweg::coordinator
