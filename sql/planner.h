// SPDX-License-Identifier: Apache-2.0
//
// A session of SQL: statements in, one after the other; tables and settings are kept, queries and
// INSERTs become job graphs. Reads nothing but what it is given: no file, no clock.
//
//   Planner planner({.connectors = &registry});
//   for (const ast::Statement& statement : statements) {
//     ASSIGN_OR_RETURN(Outcome outcome, planner.Execute(statement));
//     if (auto* job = std::get_if<PlannedJob>(&outcome)) { ... run job->graph ... }
//   }
#ifndef THALWEG_SQL_PLANNER_H_
#define THALWEG_SQL_PLANNER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"
#include "runtime/connector/registry.h"
#include "sql/binder/scope.h"
#include "sql/catalog/catalog.h"
#include "sql/config/settings.h"
#include "sql/parser/ast.h"

namespace thalweg::sql {

struct PlannerOptions {
  const runtime::ConnectorRegistry* connectors = nullptr;  // Borrowed.
  SessionSettings settings = {};                           // To begin with.
  std::string folder = {};  // Where relative paths of files begin; see runtime::TableRequest.
  std::string collect_name = "result";  // What the collect sink of a SELECT is called.
};

/// Something to run.
struct PlannedJob {
  proto::JobGraph graph;
  /// Of the rows of a SELECT, which come by the collect sink; null for INSERTs.
  columnar::SchemaPtr result;
  bool updating = false;  // SELECT: rows other than inserts may come.
  bool ordered = false;   // SELECT: the rows come in the order of ORDER BY.
  bool bounded = false;   // It ends by itself.
  bool batch = false;
  std::vector<std::string> targets;  // INSERTs: tables, by name.
  std::vector<std::string> notes;    // Worth telling; no mistakes.
};

/// The answer of SHOW, DESCRIBE and SET: a table of texts.
struct TextTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

/// The answer of EXPLAIN and SHOW CREATE: lines of text.
struct TextAnswer {
  std::string text;
};

/// A statement that changed the session and has nothing to show.
struct Done {
  std::vector<std::string> notes;
};

using Outcome = std::variant<Done, PlannedJob, TextTable, TextAnswer>;

/// Not thread-safe.
class Planner {
 public:
  explicit Planner(PlannerOptions options);

  /// kInvalidArgument: a mistake, with its place in the text and a caret. kUnimplemented: the
  /// dialect has it, this engine has not, with its place. After an error the session is as before.
  StatusOr<Outcome> Execute(const ast::Statement& statement);

  /// The plan of a query, an INSERT or a statement set, as text, with the changes that flow along
  /// each edge.
  StatusOr<std::string> Explain(const ast::Statement& statement);

  const Catalog& catalog() const { return catalog_; }
  /// What the collect sink of the next SELECT is called.
  const std::string& collect_name() const { return collect_name_; }
  void set_collect_name(std::string name) { collect_name_ = std::move(name); }
  SessionSettings& settings() { return settings_; }
  const SessionSettings& settings() const { return settings_; }

 private:
  Environment EnvironmentOf(const ast::Statement& statement, std::vector<std::string>* notes) const;
  StatusOr<PlannedJob> Plan(const ast::Statement& statement, std::string* explanation);

  StatusOr<Outcome> Create(const ast::CreateTable& create, const ast::Statement& statement);
  StatusOr<Outcome> Create(const ast::CreateView& create, const ast::Statement& statement);
  StatusOr<Outcome> Alter(const ast::Alter& alter, const ast::Statement& statement);
  StatusOr<Outcome> Drop(const ast::Drop& drop, const ast::Statement& statement);
  StatusOr<Outcome> Use(const ast::Use& use, const ast::Statement& statement);
  StatusOr<Outcome> Set(const ast::Set& set, const ast::Statement& statement);
  StatusOr<Outcome> Reset(const ast::Reset& reset, const ast::Statement& statement);
  StatusOr<Outcome> Describe(const ast::Describe& describe, const ast::Statement& statement);
  StatusOr<Outcome> Show(const ast::Show& show, const ast::Statement& statement);

  const runtime::ConnectorRegistry& connectors_;
  const SessionSettings initial_;
  const std::string folder_;
  std::string collect_name_;
  SessionSettings settings_;
  Catalog catalog_;
};

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PLANNER_H_
