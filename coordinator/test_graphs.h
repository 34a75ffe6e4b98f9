// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_TEST_GRAPHS_H_
#define THALWEG_COORDINATOR_TEST_GRAPHS_H_

// Graphs and snapshots for the tests of this folder. What the steps compute does not matter here.

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "proto/checkpoint.pb.h"
#include "proto/plan.pb.h"

namespace thalweg::coordinator {

inline constexpr std::uint32_t kTestKeyGroups = 16;

struct TestVertex {
  std::string name;
  std::uint32_t parallelism = 1;
  std::vector<std::string> operators;
  bool sink = false;
};

inline proto::JobGraph MakeGraph(const std::vector<TestVertex>& vertices) {
  proto::JobGraph graph;
  graph.set_version(1);
  graph.set_name("test");
  graph.set_key_group_count(kTestKeyGroups);
  for (const TestVertex& vertex : vertices) {
    proto::Vertex& added = *graph.add_vertices();
    added.set_name(vertex.name);
    added.set_parallelism(vertex.parallelism);
    for (const std::string& id : vertex.operators) {
      proto::Step& step = *added.add_steps();
      step.set_operator_id(id);
      if (vertex.sink) {
        step.mutable_sink();
      } else {
        step.mutable_filter();
      }
    }
  }
  return graph;
}

/// A source of one task, a keyed vertex and a sink, the last two of this parallelism.
inline proto::JobGraph SourceToSink(std::uint32_t parallelism) {
  return MakeGraph(
      {{.name = "source", .parallelism = 1, .operators = {"source"}},
       {.name = "count", .parallelism = parallelism, .operators = {"count"}},
       {.name = "sink", .parallelism = parallelism, .operators = {"out"}, .sink = true}});
}

/// An empty snapshot of the task, with the key groups that it owns in the graph.
inline proto::TaskSnapshot SnapshotOf(const proto::JobGraph& graph, TaskId task) {
  const auto& vertex = graph.vertices(static_cast<int>(VertexIndexOf(task)));
  const KeyGroupRange range =
      RangeOf(SubtaskIndexOf(task), vertex.parallelism(), graph.key_group_count());
  proto::TaskSnapshot snapshot;
  snapshot.set_task(task.value());
  snapshot.set_first_key_group(range.begin);
  snapshot.set_end_key_group(range.end);
  return snapshot;
}

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_TEST_GRAPHS_H_
