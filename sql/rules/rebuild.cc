// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "sql/rules/rules.h"

namespace thalweg::sql {
namespace {

std::vector<std::string> KeptNames(const Rel& rel, std::size_t count) {
  std::vector<std::string> names = NamesOf(rel);
  names.resize(count);
  return names;
}

struct Rebuilder {
  const Rel& rel;
  std::vector<RelPtr> inputs;

  RelPtr operator()(const Scan&) { return std::make_shared<const Rel>(rel); }
  RelPtr operator()(const ValuesRel&) { return std::make_shared<const Rel>(rel); }
  RelPtr operator()(const ProjectRel& project) {
    return MakeProject(inputs[0], project.expressions, NamesOf(rel));
  }
  RelPtr operator()(const FilterRel& filter) { return MakeFilter(inputs[0], filter.condition); }
  RelPtr operator()(const JoinRel& join) { return MakeJoin(inputs[0], inputs[1], join); }
  RelPtr operator()(const AggregateRel& aggregate) {
    return MakeAggregate(
        inputs[0], aggregate, KeptNames(rel, aggregate.keys.size() + aggregate.calls.size()));
  }
  RelPtr operator()(const WindowTableRel& window) { return MakeWindowTable(inputs[0], window); }
  RelPtr operator()(const RowNumberRel& rank) {
    return MakeRowNumber(inputs[0], rank, rel.columns.back().name);
  }
  RelPtr operator()(const UnionRel&) { return MakeUnion(std::move(inputs)); }
  RelPtr operator()(const SortRel& sort) { return MakeSort(inputs[0], sort); }
};

}  // namespace

RelPtr Rebuild(const Rel& rel, std::vector<RelPtr> inputs) {
  return std::visit(Rebuilder{rel, std::move(inputs)}, rel.node);
}

RelPtr Optimize(const RelPtr& rel) {
  RelPtr result = MergeProjects(rel);
  result = PushFilters(result);
  result = MergeProjects(result);
  result = FuseWindows(result);
  result = NormalizeJoins(result);
  result = PruneColumns(result);
  return MergeProjects(result);
}

}  // namespace thalweg::sql
