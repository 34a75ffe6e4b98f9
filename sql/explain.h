// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_SQL_EXPLAIN_H_
#define THALWEG_SQL_EXPLAIN_H_

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/plan/plan_graph.h"

namespace thalweg::sql {

/// The operators that lead to each of the sinks, as trees: what each does, at which parallelism,
/// how rows come to it, and which changes leave it. What several read is shown once:
///
///   print, changes [I,UB,UA]
///   +- aggregate auction, COUNT(*), changes [I,UB,UA]
///      +- (hash on auction) bid, changes [I]
std::string ExplainNodes(const runtime::PlanGraph& graph, const std::vector<std::size_t>& sinks);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_EXPLAIN_H_
