// SPDX-License-Identifier: Apache-2.0
//
// Statements of SQL, run one after the other in this process.
#ifndef THALWEG_CLIENT_CLI_SCRIPT_RUNNER_H_
#define THALWEG_CLIENT_CLI_SCRIPT_RUNNER_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/status.h"
#include "client/cli/result_printer.h"
#include "client/cli/terminal.h"
#include "client/embedded/embedded_cluster.h"
#include "connectors/collect/collect.h"
#include "connectors/connectors.h"
#include "runtime/connector/registry.h"
#include "sql/parser/ast.h"
#include "sql/planner.h"

namespace thalweg::client {

struct ScriptOptions {
  std::optional<OutputMode> output;  // Absent: the setting sql-client.execution.result-mode.
  /// Jobs and their checkpoints; a second run goes on from there. Empty: a directory that goes with
  /// the process.
  std::filesystem::path state_dir;
  /// Settings that win over those of the script.
  std::vector<std::pair<std::string, std::string>> settings;
  bool verbose = false;  // Tell of every statement.
};

/// Keeps tables, settings and the cluster of one session. Not thread-safe.
class ScriptRunner {
 public:
  /// kInvalidArgument: a setting is wrong.
  static StatusOr<std::unique_ptr<ScriptRunner>> Make(ScriptOptions options, Terminal terminal);
  ~ScriptRunner();

  /// All statements of a text; stops at the first that fails or is stopped by Ctrl-C. Messages call
  /// the text `name`.
  ExitCode Run(const std::string& name, const std::string& text);

  /// The plans of all queries and INSERTs of a text; the other statements are executed.
  ExitCode Explain(const std::string& name, const std::string& text);

  const sql::Planner& planner() const { return *planner_; }

 private:
  ScriptRunner(ScriptOptions options, Terminal terminal);

  ExitCode Fail(const Status& status);
  /// False in `*go_on`: the rest of the script is left.
  ExitCode Execute(const sql::ast::Statement& statement, bool* go_on);
  ExitCode RunPlanned(const sql::PlannedJob& job, bool* go_on);
  Status ApplySettings();
  void TellNotes(const std::vector<std::string>& notes);
  StatusOr<OutputMode> Mode() const;
  Status StartCluster();

  const ScriptOptions options_;
  Terminal terminal_;
  std::unique_ptr<LogSink> log_;
  std::filesystem::path own_dir_;  // Removed at the end; empty: none.
  connectors::CollectHub hub_;
  runtime::ConnectorRegistry connectors_;
  std::unique_ptr<sql::Planner> planner_;
  std::unique_ptr<EmbeddedCluster> cluster_;
  std::string name_;
  int job_count_ = 0;
};

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_CLI_SCRIPT_RUNNER_H_
