// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_GRAPH_H_
#define THALWEG_COORDINATOR_GRAPH_H_

// What the coordinator reads in a job graph: how many tasks, how many slots, which of them are
// sinks. It never looks into what a step computes.

#include <cstdint>
#include <set>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "proto/plan.pb.h"

namespace thalweg::coordinator {

/// The newest JobGraph.version that this program understands.
inline constexpr std::uint32_t kGraphVersion = 1;

inline constexpr std::uint32_t kDefaultKeyGroupCount = 1024;
inline constexpr std::uint32_t kMaxKeyGroupCount = 65'536;

/// Checks what scheduling and recovery rely on and fills in the key-group count. kInvalidArgument
/// names the vertex and the bound; kUnimplemented: the graph was written by a newer version.
Status NormalizeGraph(proto::JobGraph& graph);

/// A slot holds one instance of the pipeline, so the widest vertex decides.
std::uint32_t SlotsNeeded(const proto::JobGraph& graph);

/// All tasks, ascending.
std::vector<TaskId> TasksOf(const proto::JobGraph& graph);

/// The tasks with a sink step: they settle after a restore and commit after complete().
std::set<TaskId> SinkTasksOf(const proto::JobGraph& graph);

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_GRAPH_H_
