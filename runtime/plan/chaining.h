// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_PLAN_CHAINING_H_
#define THALWEG_RUNTIME_PLAN_CHAINING_H_

#include <span>
#include <vector>

#include "base/status.h"
#include "proto/plan.pb.h"
#include "runtime/plan/plan_graph.h"

namespace thalweg::runtime {

/// Makes vertices and edges of operators, which stand behind their inputs. An operator joins the
/// vertex of its input when it is the only one to read it, needs no rows of other tasks, and runs
/// at the same parallelism. What leads to no sink is left out. kInvalidArgument: there is no sink,
/// or an updating stream changes its parallelism where nothing hashes.
Status Chain(std::span<const PlanNode> nodes, proto::JobGraph* graph);

/// For each node, whether somebody that leads to a sink needs -U of it.
std::vector<bool> UpdateBeforeWanted(std::span<const PlanNode> nodes);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_PLAN_CHAINING_H_
