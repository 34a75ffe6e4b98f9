// SPDX-License-Identifier: Apache-2.0
#include "client/cli/script_compiler.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "sql/parser/parser.h"
#include "sql/planner.h"

namespace thalweg::client {
namespace {

Status ApplySettings(const proto::SubmitJob& submission, sql::Planner& planner) {
  for (const auto& [key, value] : submission.settings()) {
    RETURN_IF_ERROR(planner.settings().Set(key, value).status());
  }
  return OkStatus();
}

}  // namespace

StatusOr<proto::JobGraph> CompileScript(const proto::SubmitJob& submission,
                                        const runtime::ConnectorRegistry& connectors) {
  sql::PlannerOptions options;
  options.connectors = &connectors;
  options.folder = submission.folder();
  sql::Planner planner(std::move(options));
  RETURN_IF_ERROR(ApplySettings(submission, planner));
  const std::string name = submission.file().empty() ? "script" : submission.file();
  ASSIGN_OR_RETURN(const auto script, sql::ParseScript(name, submission.sql()));
  std::optional<proto::JobGraph> graph;
  for (const sql::ast::Statement& statement : script) {
    ASSIGN_OR_RETURN(sql::Outcome outcome, planner.Execute(statement));
    // What the command line says wins over SET.
    RETURN_IF_ERROR(ApplySettings(submission, planner));
    auto* const job = std::get_if<sql::PlannedJob>(&outcome);
    if (job == nullptr) {
      continue;
    }
    if (job->result != nullptr) {
      return Unimplemented(name +
                           ": a SELECT whose rows go to the client is not supported on a cluster. "
                           "Write INSERT INTO a table, or use `thalweg run`.");
    }
    if (graph.has_value()) {
      return InvalidArgument(name +
                             ": the script has several jobs. Put its INSERTs into one EXECUTE "
                             "STATEMENT SET BEGIN ... END, or submit them apart.");
    }
    graph = std::move(job->graph);
    graph->set_text(submission.sql());
  }
  if (!graph.has_value()) {
    return InvalidArgument(name + ": the script has no INSERT, so there is nothing to run.");
  }
  return *std::move(graph);
}

}  // namespace thalweg::client
