// SPDX-License-Identifier: Apache-2.0
#include "client/cli/script_runner.h"

#include <system_error>
#include <variant>

#include <fmt/format.h>
#include <stdlib.h>

#include "base/clock.h"
#include "client/cli/job_runner.h"
#include "sql/config/settings.h"
#include "sql/parser/parser.h"

namespace thalweg::client {
namespace {

namespace fs = std::filesystem;

/// What goes wrong inside the cluster; the rest is no concern of who runs a script.
class WarningSink final : public LogSink {
 public:
  explicit WarningSink(std::ostream& err) : err_(err) {}
  void Write(const LogRecord& record) override {
    if (record.level >= LogLevel::kError) {
      err_ << FormatLogRecord(record) + '\n' << std::flush;
    }
  }

 private:
  std::ostream& err_;
};

StatusOr<fs::path> MakeOwnDirectory() {
  std::error_code error;
  const fs::path base = fs::temp_directory_path(error);
  std::string name = (base / "thalweg-XXXXXX").string();
  if (error || mkdtemp(name.data()) == nullptr) {
    return Unavailable(
        fmt::format("No directory for checkpoints can be made in {}. Give one with --state-dir.",
                    base.string()));
  }
  return fs::path(name);
}

std::string TitleOf(const sql::PlannedJob& job) {
  if (job.targets.empty()) {
    return "SELECT";
  }
  return fmt::format("INSERT INTO {}", fmt::join(job.targets, ", "));
}

}  // namespace

ScriptRunner::ScriptRunner(ScriptOptions options, Terminal terminal)
    : options_(std::move(options)),
      terminal_(terminal),
      log_(std::make_unique<WarningSink>(terminal.err)) {
  connectors::RegisterAll(connectors_);
  connectors::RegisterCollect(connectors_, hub_);
}

ScriptRunner::~ScriptRunner() {
  cluster_.reset();
  if (!own_dir_.empty()) {
    std::error_code ignored;
    fs::remove_all(own_dir_, ignored);
  }
}

StatusOr<std::unique_ptr<ScriptRunner>> ScriptRunner::Make(ScriptOptions options,
                                                           Terminal terminal) {
  std::unique_ptr<ScriptRunner> runner(new ScriptRunner(std::move(options), terminal));
  std::error_code error;
  const fs::path folder = fs::current_path(error);
  if (error) {
    return Unavailable("The current directory is gone: " + error.message());
  }
  sql::PlannerOptions planner;
  planner.connectors = &runner->connectors_;
  planner.folder = folder.string();
  runner->planner_ = std::make_unique<sql::Planner>(std::move(planner));
  RETURN_IF_ERROR(runner->ApplySettings());
  return runner;
}

Status ScriptRunner::ApplySettings() {
  for (const auto& [key, value] : options_.settings) {
    ASSIGN_OR_RETURN(const std::string note, planner_->settings().Set(key, value));
    if (!note.empty()) {
      TellNotes({note});
    }
  }
  return OkStatus();
}

void ScriptRunner::TellNotes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) {
    terminal_.err << "note: " << note << '\n' << std::flush;
  }
}

ExitCode ScriptRunner::Fail(const Status& status) {
  terminal_.err << MessageOf(status) << '\n' << std::flush;
  return ExitCode::kStatementFailed;
}

StatusOr<OutputMode> ScriptRunner::Mode() const {
  if (options_.output) {
    return *options_.output;
  }
  const std::string mode = planner_->settings().Get(sql::setting::kResultMode);
  return mode == "changelog" ? OutputMode::kChangelog
         : mode == "jsonl"   ? OutputMode::kJsonLines
                             : OutputMode::kTable;
}

Status ScriptRunner::StartCluster() {
  if (cluster_ != nullptr) {
    return OkStatus();
  }
  fs::path storage = options_.state_dir;
  if (storage.empty()) {
    ASSIGN_OR_RETURN(own_dir_, MakeOwnDirectory());
    storage = own_dir_;
  }
  EmbeddedOptions options;
  options.storage = storage;
  options.files = "/";
  options.log = log_.get();
  ASSIGN_OR_RETURN(cluster_, EmbeddedCluster::Start(connectors_, options));
  return OkStatus();
}

ExitCode ScriptRunner::Run(const std::string& name, const std::string& text) {
  name_ = name;
  const auto script = sql::ParseScript(name, text);
  if (!script.ok()) {
    return Fail(script.status());
  }
  bool go_on = true;
  for (const sql::ast::Statement& statement : *script) {
    if (const ExitCode code = Execute(statement, &go_on); code != ExitCode::kOk || !go_on) {
      return code;
    }
  }
  return ExitCode::kOk;
}

ExitCode ScriptRunner::Explain(const std::string& name, const std::string& text) {
  const auto script = sql::ParseScript(name, text);
  if (!script.ok()) {
    return Fail(script.status());
  }
  bool first = true;
  for (const sql::ast::Statement& statement : *script) {
    const bool has_plan = statement.As<sql::ast::QueryStatement>() != nullptr ||
                          statement.As<sql::ast::Insert>() != nullptr ||
                          statement.As<sql::ast::StatementSet>() != nullptr;
    if (!has_plan) {
      bool go_on = true;
      if (const ExitCode code = Execute(statement, &go_on); code != ExitCode::kOk) {
        return code;
      }
      continue;
    }
    const auto plan = planner_->Explain(statement);
    if (!plan.ok()) {
      return Fail(plan.status());
    }
    terminal_.out << (first ? "" : "\n") << *plan << (plan->ends_with('\n') ? "" : "\n");
    first = false;
  }
  terminal_.out << std::flush;
  return ExitCode::kOk;
}

ExitCode ScriptRunner::Execute(const sql::ast::Statement& statement, bool* go_on) {
  auto outcome = planner_->Execute(statement);
  if (!outcome.ok()) {
    return Fail(outcome.status());
  }
  if (const auto* done = std::get_if<sql::Done>(&*outcome)) {
    TellNotes(done->notes);
    if (statement.As<sql::ast::Set>() != nullptr || statement.As<sql::ast::Reset>() != nullptr) {
      if (const Status applied = ApplySettings(); !applied.ok()) {
        return Fail(applied);
      }
    }
    if (options_.verbose) {
      terminal_.err << "ok\n" << std::flush;
    }
    return ExitCode::kOk;
  }
  if (const auto* table = std::get_if<sql::TextTable>(&*outcome)) {
    PrintTable(table->columns,
               table->rows,
               std::vector<bool>(table->columns.size(), false),
               terminal_.out);
    terminal_.out << std::flush;
    return ExitCode::kOk;
  }
  if (const auto* text = std::get_if<sql::TextAnswer>(&*outcome)) {
    terminal_.out << text->text << (text->text.ends_with('\n') ? "" : "\n") << std::flush;
    return ExitCode::kOk;
  }
  return RunPlanned(std::get<sql::PlannedJob>(*outcome), go_on);
}

ExitCode ScriptRunner::RunPlanned(const sql::PlannedJob& job, bool* go_on) {
  TellNotes(job.notes);
  if (const Status started = StartCluster(); !started.ok()) {
    terminal_.err << MessageOf(started) << '\n' << std::flush;
    return ExitCode::kJobFailed;
  }
  ++job_count_;
  std::unique_ptr<ResultPrinter> printer;
  if (job.result != nullptr) {
    const auto mode = Mode();
    if (!mode.ok()) {
      return Fail(mode.status());
    }
    auto made = MakeResultPrinter(*mode, job.result, job.bounded, terminal_.out);
    if (!made.ok()) {
      return Fail(made.status());
    }
    printer = *std::move(made);
  }
  // Jobs are told apart by their place in the script, so that a second run finds them again.
  const JobToRun run = {.id = JobIdForName(fmt::format("{}#{}", name_, job_count_)),
                        .title = TitleOf(job),
                        .graph = job.graph,
                        .collect_name = planner_->collect_name(),
                        .printer = printer.get()};
  bool finished = false;
  const ExitCode code = RunJob(*cluster_, hub_, run, SystemClock::Get(), terminal_, &finished);
  *go_on = finished;
  // The next SELECT of this session has a collect sink of its own.
  planner_->set_collect_name(fmt::format("result-{}", job_count_ + 1));
  if (options_.verbose && code == ExitCode::kOk && finished && printer == nullptr) {
    terminal_.err << run.title << ": finished\n" << std::flush;
  }
  return code;
}

}  // namespace thalweg::client
