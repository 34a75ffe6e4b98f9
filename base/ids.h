// SPDX-License-Identifier: Apache-2.0
//
// The names of the parts of a cluster and the arithmetic of key groups.
#ifndef THALWEG_BASE_IDS_H_
#define THALWEG_BASE_IDS_H_

#include <compare>
#include <cstdint>
#include <string>

#include "base/id.h"

namespace thalweg {

class Random;

using JobId = Id<struct JobIdTag, std::string>;  // 32 hex digits.
using OperatorId =
    Id<struct OperatorIdTag, std::string>;  // 32 hex digits; stable over changes of the plan.
using WorkerId = Id<struct WorkerIdTag, std::string>;  // New at each process start.
using CheckpointId = Id<struct CheckpointIdTag>;       // From 1, rising in a job.
using Generation = Id<struct GenerationTag>;           // Leader term, from 1.
using KeyGroup =
    Id<struct KeyGroupTag, std::uint32_t>;  // From 0 to the job's key group count, exclusive.

/// Unique in a job: the index of the vertex in the upper 32 bits, the subtask in the lower.
using TaskId = Id<struct TaskIdTag>;

constexpr TaskId MakeTaskId(std::uint32_t vertex_index, std::uint32_t subtask) {
  return TaskId((std::uint64_t{vertex_index} << 32) | subtask);
}
constexpr std::uint32_t VertexIndexOf(TaskId task) {
  return static_cast<std::uint32_t>(task.value() >> 32);
}
constexpr std::uint32_t SubtaskIndexOf(TaskId task) {
  return static_cast<std::uint32_t>(task.value());
}

/// 32 random hex digits.
JobId NewJobId(Random& random);

/// One deployment of a job. A later generation is newer whatever its n; whoever has seen an attempt
/// refuses older ones.
struct Attempt {
  Generation generation;
  std::uint32_t n = 0;

  friend constexpr auto operator<=>(const Attempt&, const Attempt&) = default;
};

/// Half-open.
struct KeyGroupRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  constexpr bool Contains(KeyGroup group) const {
    return begin <= group.value() && group.value() < end;
  }
  constexpr std::uint32_t size() const { return end - begin; }

  friend constexpr bool operator==(const KeyGroupRange&, const KeyGroupRange&) = default;
};

/// The key groups that `subtask` of `parallelism` owns. The ranges of all subtasks are contiguous
/// and cover every group once. REQUIRES: subtask < parallelism <= key_group_count.
KeyGroupRange RangeOf(std::uint32_t subtask,
                      std::uint32_t parallelism,
                      std::uint32_t key_group_count);

/// The subtask whose RangeOf() contains `key_group`. REQUIRES: key_group < key_group_count.
std::uint32_t SubtaskOf(KeyGroup key_group,
                        std::uint32_t parallelism,
                        std::uint32_t key_group_count);

}  // namespace thalweg

#endif  // THALWEG_BASE_IDS_H_
