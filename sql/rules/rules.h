// SPDX-License-Identifier: Apache-2.0
//
// Rewrites of algebra that keep its meaning and make it cheaper. Each is one pass over a tree.
#ifndef THALWEG_SQL_RULES_RULES_H_
#define THALWEG_SQL_RULES_RULES_H_

#include "sql/algebra/rel.h"

namespace thalweg::sql {

/// All of them, in the order in which they help each other.
RelPtr Optimize(const RelPtr& rel);

/// Projections of projections become one, and those that change nothing go; unions of unions
/// become one. Nothing that gives another value each time is computed twice.
RelPtr MergeProjects(const RelPtr& rel);

/// Conditions move towards the tables: through projections, unions, windows, keys of aggregates,
/// and into the sides of joins, where what compares the sides becomes the join's condition. A limit
/// on ROW_NUMBER becomes that of the ranking.
RelPtr PushFilters(const RelPtr& rel);

/// An aggregate over the rows of a window function puts them into their windows itself.
RelPtr FuseWindows(const RelPtr& rel);

/// Keys of joins become plain columns of one type; a join without any compares constants.
RelPtr NormalizeJoins(const RelPtr& rel);

/// Only what somebody reads is computed and read, down to the fields of ROW columns.
RelPtr PruneColumns(const RelPtr& rel);

// What rules have in common.

/// Calls on every input, and puts the results in.
template <class F>
RelPtr WithInputs(const RelPtr& rel, F f);

/// The same node over other inputs, whose columns are in the same places.
RelPtr Rebuild(const Rel& rel, std::vector<RelPtr> inputs);

template <class F>
RelPtr WithInputs(const RelPtr& rel, F f) {
  std::vector<RelPtr> inputs;
  bool changed = false;
  for (const RelPtr& input : rel->inputs) {
    inputs.push_back(f(input));
    changed |= inputs.back() != input;
  }
  return changed ? Rebuild(*rel, std::move(inputs)) : rel;
}

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_RULES_RULES_H_
