// SPDX-License-Identifier: Apache-2.0
#include "sql/physical/node_set.h"

#include <set>
#include <utility>

#include "columnar/type_proto.h"

namespace thalweg::sql {
namespace {

/// What the operator does, its names apart.
std::string KeyOf(const runtime::PlanNode& node) {
  proto::Step step = node.step;
  if (step.has_project()) {
    step.mutable_project()->clear_names();
  }
  if (step.has_aggregate()) {
    for (proto::AggregateCall& call : *step.mutable_aggregate()->mutable_calls()) {
      call.clear_name();
    }
  }
  if (step.has_window_aggregate()) {
    for (proto::AggregateCall& call : *step.mutable_window_aggregate()->mutable_calls()) {
      call.clear_name();
    }
  }
  if (step.has_rank()) {
    step.mutable_rank()->clear_rank_name();
  }
  std::string key = step.SerializeAsString();
  for (const NodeIndex input : node.inputs) {
    key += "|" + std::to_string(input);
  }
  key += "*" + std::to_string(node.parallelism);
  return key;
}

}  // namespace

std::vector<std::string> DistinctNames(std::vector<std::string> names) {
  std::set<std::string> seen;
  for (std::string& name : names) {
    if (name.empty()) {
      name = "f";
    }
    std::string candidate = name;
    for (int i = 0; !seen.insert(candidate).second; ++i) {
      candidate = name + "_" + std::to_string(i);
    }
    name = std::move(candidate);
  }
  return names;
}

StatusOr<NodeIndex> NodeSet::Add(runtime::PlanNode node) {
  bool bounded = true;
  for (const NodeIndex input : node.inputs) {
    bounded = bounded && bounded_[input];
  }
  return AddSource(std::move(node), bounded);
}

StatusOr<NodeIndex> NodeSet::AddSource(runtime::PlanNode node, bool bounded) {
  const bool shared = reuse_ && !node.step.has_sink();
  std::string key = shared ? KeyOf(node) : "";
  if (shared) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
      return found->second;
    }
  }
  const NodeIndex index = graph_.Add(std::move(node));
  if (index == runtime::kNoNode) {
    return graph_.status();
  }
  bounded_.resize(index + 1, true);
  bounded_[index] = bounded;
  if (shared) {
    by_key_.emplace(std::move(key), index);
  }
  return index;
}

StatusOr<NodeIndex> NodeSet::AddProject(NodeIndex input,
                                        const ExprList& expressions,
                                        const std::vector<std::string>& names) {
  bool identity = expressions.size() == schema(input).size();
  for (std::size_t i = 0; identity && i < expressions.size(); ++i) {
    identity = expressions[i]->is_column() && expressions[i]->column == i;
  }
  if (identity) {
    return input;
  }
  runtime::PlanNode node;
  for (const ExprPtr& expression : expressions) {
    ASSIGN_OR_RETURN(*node.step.mutable_project()->add_expressions(), ToProto(*expression));
  }
  for (const std::string& name : DistinctNames(names)) {
    node.step.mutable_project()->add_names(name);
  }
  node.inputs = {input};
  node.parallelism = this->node(input).parallelism;
  return Add(std::move(node));
}

StatusOr<NodeIndex> NodeSet::AddFilter(NodeIndex input, const Expr& condition) {
  runtime::PlanNode node;
  ASSIGN_OR_RETURN(*node.step.mutable_filter()->mutable_predicate(), ToProto(condition));
  node.inputs = {input};
  node.parallelism = this->node(input).parallelism;
  return Add(std::move(node));
}

StatusOr<NodeIndex> NodeSet::WithNames(NodeIndex input, const std::vector<std::string>& names) {
  const columnar::Schema& from = schema(input);
  bool same = true;
  for (std::size_t i = 0; i < names.size(); ++i) {
    same = same && from.field(i).name == names[i];
  }
  if (same) {
    return input;
  }
  runtime::PlanNode node;
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    proto::Expression& column = *node.step.mutable_project()->add_expressions();
    column.set_column(i);
    columnar::ToProto(from.type(i), column.mutable_type());
    node.step.mutable_project()->add_names(names[i]);
  }
  node.inputs = {input};
  node.parallelism = this->node(input).parallelism;
  // Not shared: a reader of other names would be given these.
  const NodeIndex index = graph_.Add(std::move(node));
  if (index == runtime::kNoNode) {
    return graph_.status();
  }
  bounded_.resize(index + 1, true);
  bounded_[index] = bounded_[input];
  return index;
}

}  // namespace thalweg::sql
