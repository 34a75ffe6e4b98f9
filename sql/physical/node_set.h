// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_SQL_PHYSICAL_NODE_SET_H_
#define THALWEG_SQL_PHYSICAL_NODE_SET_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "runtime/plan/plan_graph.h"
#include "sql/expression/expression.h"

namespace thalweg::sql {

using NodeIndex = std::size_t;

/// The operators of a job, each once: what is asked for a second time, but for names of columns, is
/// the node that is there already. So equal parts of a plan, even of several INSERTs, have one
/// producer and several consumers.
class NodeSet {
 public:
  NodeSet(runtime::PlanGraph& graph, bool reuse) : graph_(graph), reuse_(reuse) {}

  const runtime::PlanNode& node(NodeIndex i) const { return graph_.node(i); }
  const columnar::Schema& schema(NodeIndex i) const { return *graph_.node(i).schema; }
  bool insert_only(NodeIndex i) const { return graph_.node(i).kinds.insert_only(); }
  /// Whether all its sources end by themselves.
  bool bounded(NodeIndex i) const { return bounded_[i]; }

  StatusOr<NodeIndex> Add(runtime::PlanNode node);
  StatusOr<NodeIndex> AddSource(runtime::PlanNode node, bool bounded);
  /// Expressions over a node, or the node itself when they change nothing, its names apart.
  StatusOr<NodeIndex> AddProject(NodeIndex input,
                                 const ExprList& expressions,
                                 const std::vector<std::string>& names);
  StatusOr<NodeIndex> AddFilter(NodeIndex input, const Expr& condition);
  /// The same rows under just these names.
  StatusOr<NodeIndex> WithNames(NodeIndex input, const std::vector<std::string>& names);

 private:
  runtime::PlanGraph& graph_;
  const bool reuse_;
  std::map<std::string, NodeIndex> by_key_;
  std::vector<bool> bounded_;
};

/// Names that are neither empty nor repeated.
std::vector<std::string> DistinctNames(std::vector<std::string> names);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PHYSICAL_NODE_SET_H_
