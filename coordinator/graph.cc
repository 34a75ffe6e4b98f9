// SPDX-License-Identifier: Apache-2.0

#include "coordinator/graph.h"

#include <algorithm>

#include "fmt/format.h"

namespace thalweg::coordinator {
namespace {

Status CheckVertices(const proto::JobGraph& graph) {
  if (graph.vertices().empty()) {
    return InvalidArgument("The job graph has no vertex.");
  }
  for (const proto::Vertex& vertex : graph.vertices()) {
    if (vertex.parallelism() == 0 || vertex.parallelism() > graph.key_group_count()) {
      return InvalidArgument(fmt::format(
          "Vertex '{}' has parallelism {}; it must be from 1 to the number of key groups, {}.",
          vertex.name(),
          vertex.parallelism(),
          graph.key_group_count()));
    }
  }
  return OkStatus();
}

Status CheckEdges(const proto::JobGraph& graph) {
  const auto vertex_count = static_cast<std::uint32_t>(graph.vertices_size());
  for (const proto::Edge& edge : graph.edges()) {
    if (edge.from() >= edge.to() || edge.to() >= vertex_count) {
      return InvalidArgument(
          fmt::format("An edge leads from vertex {} to {}; vertices must be in topological order "
                      "and below {}.",
                      edge.from(),
                      edge.to(),
                      vertex_count));
    }
    const proto::Vertex& from = graph.vertices(static_cast<int>(edge.from()));
    const proto::Vertex& to = graph.vertices(static_cast<int>(edge.to()));
    if (edge.partitioning() == proto::PARTITION_FORWARD && from.parallelism() != to.parallelism()) {
      return InvalidArgument(fmt::format(
          "The forward edge from '{}' to '{}' needs equal parallelism, but they have {} and {}.",
          from.name(),
          to.name(),
          from.parallelism(),
          to.parallelism()));
    }
  }
  return OkStatus();
}

}  // namespace

Status NormalizeGraph(proto::JobGraph& graph) {
  if (graph.version() > kGraphVersion) {
    return Unimplemented(
        fmt::format("The job graph has version {}, but this program reads versions up to {}; "
                    "upgrade the coordinator.",
                    graph.version(),
                    kGraphVersion));
  }
  if (graph.key_group_count() == 0) {
    graph.set_key_group_count(kDefaultKeyGroupCount);
  }
  if (graph.key_group_count() > kMaxKeyGroupCount) {
    return InvalidArgument(fmt::format("The job graph has {} key groups; at most {} are supported.",
                                       graph.key_group_count(),
                                       kMaxKeyGroupCount));
  }
  RETURN_IF_ERROR(CheckVertices(graph));
  return CheckEdges(graph);
}

std::uint32_t SlotsNeeded(const proto::JobGraph& graph) {
  std::uint32_t slots = 0;
  for (const proto::Vertex& vertex : graph.vertices()) {
    slots = std::max(slots, vertex.parallelism());
  }
  return slots;
}

std::vector<TaskId> TasksOf(const proto::JobGraph& graph) {
  std::vector<TaskId> tasks;
  for (int vertex = 0; vertex < graph.vertices_size(); ++vertex) {
    for (std::uint32_t subtask = 0; subtask < graph.vertices(vertex).parallelism(); ++subtask) {
      tasks.push_back(MakeTaskId(static_cast<std::uint32_t>(vertex), subtask));
    }
  }
  return tasks;
}

std::set<TaskId> SinkTasksOf(const proto::JobGraph& graph) {
  std::set<TaskId> tasks;
  for (const TaskId task : TasksOf(graph)) {
    const proto::Vertex& vertex = graph.vertices(static_cast<int>(VertexIndexOf(task)));
    if (std::any_of(vertex.steps().begin(), vertex.steps().end(), [](const proto::Step& step) {
          return step.has_sink();
        })) {
      tasks.insert(task);
    }
  }
  return tasks;
}

}  // namespace thalweg::coordinator
