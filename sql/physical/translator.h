// SPDX-License-Identifier: Apache-2.0
//
// Algebra to operators: which step does what, with which keys, at which parallelism, and what it
// must know of its input. Deterministic: the same queries give the same nodes.
#ifndef THALWEG_SQL_PHYSICAL_TRANSLATOR_H_
#define THALWEG_SQL_PHYSICAL_TRANSLATOR_H_

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "sql/algebra/rel.h"
#include "sql/physical/job_settings.h"
#include "sql/physical/node_set.h"
#include "sql/physical/source_planner.h"

namespace thalweg::sql {

class Translator {
 public:
  Translator(const JobSettings& settings, SourcePlanner& sources, NodeSet& nodes)
      : settings_(settings), sources_(sources), nodes_(nodes) {}

  /// Every query of the job first.
  void Announce(const Rel& rel);

  /// The node whose columns are the relation's, but for names. Errors have a place where one is
  /// known.
  StatusOr<NodeIndex> Translate(const RelPtr& rel);

 private:
  StatusOr<NodeIndex> Make(const Rel& rel);
  StatusOr<NodeIndex> Values(const ValuesRel& values, const Rel& rel);
  StatusOr<NodeIndex> Join(const JoinRel& join, const Rel& rel);
  StatusOr<NodeIndex> Aggregate(const AggregateRel& aggregate, const Rel& rel);
  StatusOr<NodeIndex> WindowAggregate(const AggregateRel& aggregate, const Rel& rel);
  StatusOr<NodeIndex> WindowTable(const WindowTableRel& window, const Rel& rel);
  StatusOr<NodeIndex> Rank(const RowNumberRel& rank, const Rel& rel);
  StatusOr<NodeIndex> Union(const Rel& rel);
  StatusOr<NodeIndex> Sort(const SortRel& sort, const Rel& rel);

  StatusOr<NodeIndex> WithoutWindowNames(NodeIndex input,
                                         const std::vector<std::uint32_t>& columns);
  bool WantsTwoPhases(const AggregateRel& aggregate, NodeIndex input) const;
  std::int64_t TtlOf(std::int64_t hint) const {
    return hint >= 0 ? hint : settings_.state_ttl_millis;
  }

  const JobSettings& settings_;
  SourcePlanner& sources_;
  NodeSet& nodes_;
  std::map<const Rel*, NodeIndex> made_;
  std::vector<RelPtr> kept_;  // So that the addresses above stay taken.
};

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PHYSICAL_TRANSLATOR_H_
