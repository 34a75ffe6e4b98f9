// SPDX-License-Identifier: Apache-2.0

#include "coordinator/restore_planner.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/mutation.h"
#include "coordinator/graph.h"
#include "coordinator/manifest_builder.h"
#include "fmt/format.h"

namespace thalweg::coordinator {
namespace {

/// One task of the new graph: what it owns and which operators it has.
struct Target {
  TaskId task;
  std::uint32_t parallelism = 1;
  std::uint32_t key_group_count = 1;
  KeyGroupRange range;
  std::set<std::string> operators;
};

Status CheckCompatible(const proto::Manifest& manifest, const proto::JobGraph& graph) {
  if (manifest.key_group_count() != graph.key_group_count()) {
    return FailedPrecondition(fmt::format(
        "Checkpoint {} has {} key groups, the job has {}. Their number is fixed at a job's first "
        "start.",
        manifest.checkpoint_id(),
        manifest.key_group_count(),
        graph.key_group_count()));
  }
  if (manifest.hash_algorithm() != kHashAlgorithm) {
    return FailedPrecondition(
        fmt::format("Checkpoint {} was written with the key hash '{}', this program uses '{}'.",
                    manifest.checkpoint_id(),
                    manifest.hash_algorithm(),
                    kHashAlgorithm));
  }
  for (const proto::TaskSnapshot& snapshot : manifest.tasks()) {
    const TaskId task(snapshot.task());
    if (VertexIndexOf(task) >= static_cast<std::uint32_t>(manifest.vertices_size()) ||
        snapshot.first_key_group() >= snapshot.end_key_group() ||
        snapshot.end_key_group() > manifest.key_group_count()) {
      return DataLoss(
          fmt::format("The manifest of checkpoint {} contradicts itself: task {} of vertex {} has "
                      "key groups {} to {}.",
                      manifest.checkpoint_id(),
                      SubtaskIndexOf(task),
                      VertexIndexOf(task),
                      snapshot.first_key_group(),
                      snapshot.end_key_group()));
    }
  }
  return OkStatus();
}

std::set<std::string> OperatorsOf(const proto::Vertex& vertex) {
  std::set<std::string> operators;
  for (const proto::Step& step : vertex.steps()) {
    operators.insert(step.operator_id());
  }
  return operators;
}

/// Operators that remember something in `snapshot`. Which table a run's rows belong to is not known
/// here, so with any run every table counts.
std::set<std::string> OperatorsWithState(const proto::TaskSnapshot& snapshot) {
  std::set<std::string> operators;
  if (!snapshot.runs().empty()) {
    for (const proto::TableSchema& table : snapshot.tables()) {
      operators.insert(table.operator_id());
    }
  }
  for (const proto::OperatorStateEntry& entry : snapshot.entries()) {
    operators.insert(entry.operator_id());
  }
  return operators;
}

Status CheckNothingLost(const proto::Manifest& manifest, const proto::JobGraph& graph) {
  std::set<std::string> present;
  for (const proto::Vertex& vertex : graph.vertices()) {
    present.merge(OperatorsOf(vertex));
  }
  std::set<std::string> lost;
  for (const proto::TaskSnapshot& snapshot : manifest.tasks()) {
    for (const std::string& id : OperatorsWithState(snapshot)) {
      if (!present.contains(id)) {
        lost.insert(id);
      }
    }
  }
  if (lost.empty()) {
    return OkStatus();
  }
  return FailedPrecondition(
      fmt::format("Checkpoint {} has state of operators that the job does not have any more: {}.",
                  manifest.checkpoint_id(),
                  fmt::join(lost, ", ")));
}

bool Owns(const Target& target, const proto::OperatorStateEntry& entry) {
  switch (entry.redistribution()) {
    case proto::REDISTRIBUTE_TO_ONE:
      return SubtaskIndexOf(target.task) == 0;
    case proto::REDISTRIBUTE_TO_ALL:
      return true;
    default: {
      if (Mutated(Mutation::kEntriesNotRedistributed)) {
        return true;
      }
      const auto group =
          static_cast<std::uint32_t>(((Hash64(entry.key()) >> 48) * target.key_group_count) >> 16);
      return target.range.Contains(KeyGroup(group));
    }
  }
}

bool Overlaps(const KeyGroupRange& range, std::uint32_t begin, std::uint32_t end) {
  return begin < range.end && range.begin < end;
}

/// The part of an old snapshot that matters to `target`; absent when nothing does.
std::optional<proto::TaskSnapshot> PartFor(const Target& target, const proto::TaskSnapshot& old) {
  const bool overlaps = Overlaps(target.range, old.first_key_group(), old.end_key_group());
  proto::TaskSnapshot part;
  part.set_task(old.task());
  part.set_first_key_group(old.first_key_group());
  part.set_end_key_group(old.end_key_group());
  part.set_ended(old.ended());
  for (const proto::OperatorStateEntry& entry : old.entries()) {
    if (target.operators.contains(entry.operator_id()) && Owns(target, entry)) {
      *part.add_entries() = entry;
    }
  }
  if (overlaps) {
    for (const proto::TableSchema& table : old.tables()) {
      if (target.operators.contains(table.operator_id())) {
        *part.add_tables() = table;
      }
    }
    for (const proto::RunRef& run : old.runs()) {
      if (!part.tables().empty() &&
          Overlaps(target.range, run.first_key_group(), run.last_key_group() + 1)) {
        *part.add_runs() = run;
      }
    }
  }
  return overlaps || !part.entries().empty() ? std::optional(std::move(part)) : std::nullopt;
}

/// Old vertices that have an operator of `operators`, and whether all their tasks had ended.
std::map<std::uint32_t, bool> SourcesOf(const std::set<std::string>& operators,
                                        const proto::Manifest& manifest) {
  std::map<std::uint32_t, bool> sources;
  for (int vertex = 0; vertex < manifest.vertices_size(); ++vertex) {
    const auto& ids = manifest.vertices(vertex).operator_ids();
    if (std::any_of(
            ids.begin(), ids.end(), [&](const auto& id) { return operators.contains(id); })) {
      sources[static_cast<std::uint32_t>(vertex)] = true;
    }
  }
  for (const proto::TaskSnapshot& snapshot : manifest.tasks()) {
    const auto source = sources.find(VertexIndexOf(TaskId(snapshot.task())));
    if (source != sources.end() && !snapshot.ended()) {
      source->second = false;
    }
  }
  return sources;
}

}  // namespace

StatusOr<std::map<TaskId, proto::TaskRestore>> PlanRestore(const proto::Manifest& manifest,
                                                           const proto::JobGraph& graph) {
  RETURN_IF_ERROR(CheckCompatible(manifest, graph));
  RETURN_IF_ERROR(CheckNothingLost(manifest, graph));
  std::map<TaskId, proto::TaskRestore> restores;
  for (const TaskId task : TasksOf(graph)) {
    const proto::Vertex& vertex = graph.vertices(static_cast<int>(VertexIndexOf(task)));
    const Target target{
        .task = task,
        .parallelism = vertex.parallelism(),
        .key_group_count = graph.key_group_count(),
        .range = RangeOf(SubtaskIndexOf(task), vertex.parallelism(), graph.key_group_count()),
        .operators = OperatorsOf(vertex)};
    const std::map<std::uint32_t, bool> sources = SourcesOf(target.operators, manifest);
    proto::TaskRestore& restore = restores[task];
    restore.set_task(task.value());
    for (const proto::TaskSnapshot& old : manifest.tasks()) {
      const std::uint32_t old_vertex = VertexIndexOf(TaskId(old.task()));
      const auto source = sources.find(old_vertex);
      if (source == sources.end()) {
        continue;
      }
      std::optional<proto::TaskSnapshot> part = PartFor(target, old);
      if (!part) {
        continue;
      }
      // With other owners "ended" is only true of the vertex as a whole: a task that takes over
      // from one that had ended and one that had not is fed, and ends, again.
      const auto& shape = manifest.vertices(static_cast<int>(old_vertex));
      if (shape.parallelism() != vertex.parallelism()) {
        part->set_ended(source->second);
      }
      *restore.add_snapshots() = *std::move(part);
    }
  }
  return restores;
}

}  // namespace thalweg::coordinator
