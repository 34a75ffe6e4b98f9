// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CLIENT_CHAINING_H_
#define THALWEG_CLIENT_CHAINING_H_

#include <span>

#include "base/status.h"
#include "client/plan_graph.h"
#include "proto/plan.pb.h"

namespace thalweg::client {

/// Makes vertices and edges of operators, which stand behind their inputs. An operator joins the
/// vertex of its input when it is the only one to read it, needs no rows of other tasks, and runs
/// at the same parallelism. What leads to no sink is left out. kInvalidArgument: there is no sink,
/// or an updating stream changes its parallelism where nothing hashes.
Status Chain(std::span<const PlanNode> nodes, proto::JobGraph* graph);

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_CHAINING_H_
