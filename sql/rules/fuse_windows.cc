// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "sql/rules/rules.h"

namespace thalweg::sql {
namespace {

/// The aggregate over the window function's input, or null where its rows are needed one by one.
RelPtr Fuse(const Rel& rel, const AggregateRel& aggregate) {
  const Rel* below = rel.input().get();
  ExprList expressions = ColumnsOf(*below);
  std::vector<std::string> names = NamesOf(*below);
  if (const auto* project = below->As<ProjectRel>()) {
    expressions = project->expressions;
    below = below->input().get();
  }
  const auto* window = below->As<WindowTableRel>();
  if (window == nullptr || !(*window->window == *aggregate.window)) {
    return nullptr;
  }
  // The bounds may only be what they are grouped by.
  const std::size_t width = below->input()->columns.size();
  ExprList kept;
  std::vector<std::string> kept_names;
  std::vector<std::uint32_t> place(expressions.size(), 0);
  std::vector<bool> is_bound(expressions.size(), false);
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    const std::set<std::uint32_t> columns = ColumnsOf(*expressions[i]);
    if (!columns.empty() && *columns.rbegin() >= width) {
      if (!expressions[i]->is_column()) {
        return nullptr;
      }
      is_bound[i] = true;
      continue;
    }
    place[i] = static_cast<std::uint32_t>(kept.size());
    kept.push_back(expressions[i]);
    kept_names.push_back(names[i]);
  }
  AggregateRel fused = aggregate;
  for (std::uint32_t& key : fused.keys) {
    if (is_bound[key]) {
      return nullptr;
    }
    key = place[key];
  }
  for (AggregateCallRel& call : fused.calls) {
    for (std::uint32_t& argument : call.arguments) {
      if (is_bound[argument]) {
        return nullptr;
      }
      argument = place[argument];
    }
    if (call.filter.has_value()) {
      if (is_bound[*call.filter]) {
        return nullptr;
      }
      call.filter = place[*call.filter];
    }
  }
  fused.time_column = static_cast<std::uint32_t>(kept.size());
  kept.push_back(ColumnOf(*below->input(), window->time_column));
  kept_names.push_back(below->input()->columns[window->time_column].name);
  std::vector<std::string> results = NamesOf(rel);
  results.resize(fused.keys.size() + fused.calls.size());
  return MakeAggregate(MakeProject(below->input(), std::move(kept), std::move(kept_names)),
                       std::move(fused),
                       std::move(results));
}

}  // namespace

RelPtr FuseWindows(const RelPtr& rel) {
  RelPtr result = WithInputs(rel, FuseWindows);
  const auto* aggregate = result->As<AggregateRel>();
  if (aggregate == nullptr || aggregate->window == nullptr || aggregate->time_column.has_value()) {
    return result;
  }
  RelPtr fused = Fuse(*result, *aggregate);
  return fused == nullptr ? result : fused;
}

}  // namespace thalweg::sql
