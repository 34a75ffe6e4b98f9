// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_SQL_JOB_PLANNER_H_
#define THALWEG_SQL_JOB_PLANNER_H_

#include <string>
#include <vector>

#include "base/status.h"
#include "runtime/connector/registry.h"
#include "runtime/plan/plan_graph.h"
#include "sql/algebra/rel.h"
#include "sql/binder/scope.h"
#include "sql/parser/ast.h"
#include "sql/physical/job_settings.h"
#include "sql/physical/node_set.h"
#include "sql/physical/source_planner.h"
#include "sql/physical/translator.h"
#include "sql/planner.h"

namespace thalweg::sql {

/// One job under construction: its queries and INSERTs first, then its plan.
class JobPlanner {
 public:
  JobPlanner(Environment environment,
             const runtime::ConnectorRegistry& connectors,
             JobSettings settings,
             std::string folder);

  /// A SELECT, whose rows go to the sink "collect" under that name.
  Status AddQuery(const ast::Query& query, const std::string& collect_name);
  Status AddInsert(const ast::Insert& insert);

  /// Fills in everything but the text and the notes.
  Status Finish(PlannedJob* job);

  /// After Finish(): the operators as a tree with the changes along each edge.
  std::string Explanation() const;

 private:
  /// Where rows go.
  struct Target {
    RelPtr rel;  // Optimized; its columns are the sink's.
    std::string name;
    SourceSpan span;
    TablePtr table = nullptr;    // Null: the collect sink.
    Configuration options = {};  // Of the table and its hints.
    NodeIndex node = 0;          // The sink's.
  };

  StatusOr<RelPtr> AssignColumns(const ast::Insert& insert,
                                 const TableDefinition& table,
                                 RelPtr rel) const;
  Status AddSink(Target* target, PlannedJob* job);
  Status AddCollect(Target* target, NodeIndex input, PlannedJob* job);
  Status AddTable(Target* target, NodeIndex input, PlannedJob* job);

  Environment environment_;
  const runtime::ConnectorRegistry& connectors_;
  const JobSettings settings_;
  const std::string folder_;
  std::string collect_name_;
  std::vector<Target> targets_;

  runtime::PlanGraph graph_;
  NodeSet nodes_;
  SourcePlanner sources_;
  Translator translator_;
};

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_JOB_PLANNER_H_
