// SPDX-License-Identifier: Apache-2.0

#include "coordinator/manifest_builder.h"

#include <cstdint>
#include <utility>

#include "base/mutation.h"
#include "coordinator/graph.h"
#include "fmt/format.h"

namespace thalweg::coordinator {
namespace {

std::string NameOf(const proto::JobGraph& graph, TaskId task) {
  return fmt::format("task {} of vertex '{}'",
                     SubtaskIndexOf(task),
                     graph.vertices(static_cast<int>(VertexIndexOf(task))).name());
}

/// Tasks come ascending, so the ranges of one vertex follow each other.
class CoverageCheck {
 public:
  explicit CoverageCheck(const proto::JobGraph& graph) : graph_(graph) {}

  Status Add(TaskId task, const proto::TaskSnapshot& snapshot) {
    const std::uint32_t expected = SubtaskIndexOf(task) == 0 ? 0 : end_;
    const bool last = SubtaskIndexOf(task) + 1 ==
                      graph_.vertices(static_cast<int>(VertexIndexOf(task))).parallelism();
    if (snapshot.first_key_group() != expected || snapshot.end_key_group() <= expected ||
        (last && snapshot.end_key_group() != graph_.key_group_count())) {
      return FailedPrecondition(fmt::format(
          "The snapshot of {} covers key groups {} to {}, exclusive; its share begins at {} and "
          "the vertex has {}.",
          NameOf(graph_, task),
          snapshot.first_key_group(),
          snapshot.end_key_group(),
          expected,
          graph_.key_group_count()));
    }
    end_ = snapshot.end_key_group();
    return OkStatus();
  }

 private:
  const proto::JobGraph& graph_;
  std::uint32_t end_ = 0;
};

void AddShapes(const proto::JobGraph& graph, proto::Manifest& manifest) {
  for (const proto::Vertex& vertex : graph.vertices()) {
    proto::VertexShape& shape = *manifest.add_vertices();
    shape.set_parallelism(vertex.parallelism());
    for (const proto::Step& step : vertex.steps()) {
      shape.add_operator_ids(step.operator_id());
    }
  }
}

}  // namespace

StatusOr<proto::Manifest> BuildManifest(const ManifestHead& head,
                                        const proto::JobGraph& graph,
                                        std::map<TaskId, proto::TaskSnapshot> snapshots) {
  proto::Manifest manifest;
  manifest.set_checkpoint_id(head.id.value());
  manifest.set_generation(head.attempt.generation.value());
  manifest.set_attempt(head.attempt.n);
  manifest.set_kind(head.kind);
  manifest.set_lineage(head.lineage);
  manifest.set_hash_algorithm(std::string(kHashAlgorithm));
  manifest.set_key_group_count(graph.key_group_count());
  AddShapes(graph, manifest);

  CoverageCheck coverage(graph);
  for (const TaskId task : TasksOf(graph)) {
    const auto found = snapshots.find(task);
    if (found == snapshots.end()) {
      if (Mutated(Mutation::kManifestBeforeAcks)) {
        continue;
      }
      return FailedPrecondition(fmt::format(
          "Checkpoint {} has no snapshot of {}.", head.id.value(), NameOf(graph, task)));
    }
    if (!Mutated(Mutation::kManifestBeforeAcks)) {
      RETURN_IF_ERROR(coverage.Add(task, found->second));
    }
    *manifest.add_tasks() = std::move(found->second);
  }
  return manifest;
}

}  // namespace thalweg::coordinator
