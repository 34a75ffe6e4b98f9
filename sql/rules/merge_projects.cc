// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include "sql/rules/rules.h"

namespace thalweg::sql {
namespace {

/// Nodes of an expression that came to be by putting others into it.
constexpr std::uint32_t kMaxMergedSize = 4096;

bool IsIdentity(const ProjectRel& project, const Rel& input) {
  if (project.expressions.size() != input.columns.size()) {
    return false;
  }
  for (std::size_t i = 0; i < project.expressions.size(); ++i) {
    const Expr& expression = *project.expressions[i];
    if (!expression.is_column() || expression.column != i) {
      return false;
    }
  }
  return true;
}

void CountUses(const Expr& expression, std::map<std::uint32_t, int>* uses) {
  if (expression.is_column()) {
    ++(*uses)[expression.column];
  }
  for (const ExprPtr& argument : expression.arguments) {
    CountUses(*argument, uses);
  }
}

bool MayMerge(const ProjectRel& outer, const ProjectRel& inner) {
  std::map<std::uint32_t, int> uses;
  std::uint64_t size = 0;
  for (const ExprPtr& expression : outer.expressions) {
    CountUses(*expression, &uses);
    size += expression->size;
  }
  for (const auto& [column, count] : uses) {
    const Expr& expression = *inner.expressions[column];
    size += static_cast<std::uint64_t>(expression.size) * static_cast<std::uint64_t>(count);
    if (count > 1 && !IsDeterministic(expression)) {
      return false;
    }
  }
  return size <= kMaxMergedSize;
}

RelPtr MergeHere(RelPtr rel) {
  const auto* project = rel->As<ProjectRel>();
  if (project == nullptr) {
    return rel;
  }
  const Rel& input = *rel->input();
  if (const auto* inner = input.As<ProjectRel>(); inner != nullptr && MayMerge(*project, *inner)) {
    ExprList merged;
    for (const ExprPtr& expression : project->expressions) {
      merged.push_back(Substitute(expression, inner->expressions));
    }
    return MergeHere(MakeProject(input.input(), std::move(merged), NamesOf(*rel)));
  }
  return IsIdentity(*project, input) ? rel->input() : rel;
}

RelPtr FlattenUnion(RelPtr rel) {
  if (rel->As<UnionRel>() == nullptr) {
    return rel;
  }
  std::vector<RelPtr> inputs;
  for (const RelPtr& input : rel->inputs) {
    if (input->As<UnionRel>() != nullptr) {
      inputs.insert(inputs.end(), input->inputs.begin(), input->inputs.end());
    } else {
      inputs.push_back(input);
    }
  }
  return inputs.size() == rel->inputs.size() ? rel : MakeUnion(std::move(inputs));
}

}  // namespace

RelPtr MergeProjects(const RelPtr& rel) {
  return FlattenUnion(MergeHere(WithInputs(rel, MergeProjects)));
}

}  // namespace thalweg::sql
