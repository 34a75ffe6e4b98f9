// SPDX-License-Identifier: Apache-2.0
#include "tests/sql/test_run.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "columnar/row_text.h"
#include "connectors/collect/collect.h"
#include "connectors/connectors.h"
#include "runtime/connector/registry.h"
#include "sql/parser/parser.h"
#include "sql/planner.h"
#include "storage/durable_log.h"
#include "storage/layout.h"
#include "tests/sim/sim_cluster.h"
#include "tests/sql/rows_connector.h"
#include "tests/testing/memory_store.h"
#include "tests/testing/sim_loop.h"

namespace thalweg::testing {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view kCheckpointInterval = "10 ms";
constexpr Milliseconds kStep{2};
constexpr Milliseconds kPatience{120'000};
constexpr std::string_view kCollect = "result";

std::string Joined(const Lines& lines) {
  return fmt::format("{}{}", fmt::join(lines, "\n"), lines.empty() ? "(nothing)" : "");
}

/// "+I[1, a]" to "[1, a]" and whether it adds.
std::pair<std::string, bool> Split(const std::string& change) {
  const bool adds = change.starts_with('+');
  return {change.substr(std::min<std::size_t>(2, change.size())), adds};
}

/// What is left of changes, each as "+I[...]", in the order in which it came.
Lines Fold(const Lines& changes) {
  Lines rows;
  for (const std::string& change : changes) {
    const auto [row, adds] = Split(change);
    const std::string inserted = "+I" + row;
    if (adds) {
      rows.push_back(inserted);
      continue;
    }
    const auto last = std::find(rows.rbegin(), rows.rend(), inserted);
    if (last == rows.rend()) {
      rows.push_back(change);  // Taken away without having been there: a mistake to be seen.
    } else {
      rows.erase(std::next(last).base());
    }
  }
  return rows;
}

Lines Sorted(Lines lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

Lines ChangesOf(const std::vector<columnar::Batch>& batches) {
  Lines changes;
  for (const columnar::Batch& batch : batches) {
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      std::string text;
      columnar::AppendRowText(batch, row, &text);
      std::istringstream lines(text);  // A value may hold a newline.
      std::string whole;
      for (std::string line; std::getline(lines, line);) {
        whole += (whole.empty() ? "" : "\\n") + line;
      }
      changes.push_back(std::move(whole));
    }
  }
  return changes;
}

/// What a statement gave.
struct Answer {
  Lines lines;
  bool ordered = true;
  bool changes = false;  // `lines` are changes of a query.
};

/// One session at one parallelism. Two of them plan the same file for a rescale.
struct Session {
  explicit Session(const TestFile& file, std::uint32_t parallelism) {
    connectors::RegisterAll(registry);
    connectors::RegisterCollect(registry, hub);
    RegisterRows(registry, file.inputs, hub);
    sql::PlannerOptions options;
    options.connectors = &registry;
    options.folder = "/";
    options.collect_name = std::string(kCollect);
    CHECK_OK(options.settings.Set("parallelism.default", std::to_string(parallelism)).status());
    CHECK_OK(
        options.settings.Set("execution.checkpointing.interval", kCheckpointInterval).status());
    planner.emplace(std::move(options));
  }

  connectors::CollectHub hub;  // Of the plans; nothing comes here.
  runtime::ConnectorRegistry registry;
  std::optional<sql::Planner> planner;
};

class Run {
 public:
  Run(const TestFile& file, const RunMode& mode, bool exact)
      : file_(file), mode_(mode), exact_(exact), session_(file, mode.parallelism) {
    if (mode.rescale_to != 0) {
      rescaled_.emplace(file, mode.rescale_to);
    }
  }

  RunResult Go() {
    for (const TestBlock& block : file_.blocks) {
      answers_.clear();
      Check(block, Execute(block));
    }
    return std::move(result_);
  }

 private:
  void Problem(std::size_t line, const std::string& what) {
    result_.problems.push_back(fmt::format("line {}, {}: {}", line, mode_.ToString(), what));
  }

  Status Execute(const TestBlock& block) {
    ASSIGN_OR_RETURN(const std::vector<sql::ast::Statement> script,
                     sql::ParseScript("test.sql", block.sql));
    for (const sql::ast::Statement& statement : script) {
      ASSIGN_OR_RETURN(sql::Outcome outcome, session_.planner->Execute(statement));
      const sql::PlannedJob* other = nullptr;
      sql::Outcome rescaled;
      if (rescaled_) {
        ASSIGN_OR_RETURN(rescaled, rescaled_->planner->Execute(statement));
        other = std::get_if<sql::PlannedJob>(&rescaled);
      }
      RETURN_IF_ERROR(Take(outcome, other));
    }
    return OkStatus();
  }

  Status Take(const sql::Outcome& outcome, const sql::PlannedJob* other) {
    if (const auto* job = std::get_if<sql::PlannedJob>(&outcome)) {
      return RunJob(*job, other);
    }
    Answer answer;
    if (const auto* table = std::get_if<sql::TextTable>(&outcome)) {
      for (const std::vector<std::string>& row : table->rows) {
        answer.lines.push_back(fmt::format("{}", fmt::join(row, " | ")));
      }
    } else if (const auto* text = std::get_if<sql::TextAnswer>(&outcome)) {
      std::istringstream stream(text->text);
      for (std::string line; std::getline(stream, line);) {
        answer.lines.push_back(line);
      }
    } else {
      return OkStatus();
    }
    answers_.push_back(std::move(answer));
    return OkStatus();
  }

  std::size_t CountCheckpoints(SimCluster& cluster, const JobId& job) const {
    MemoryStore store(cluster.checkpoint_disk(), 1);
    const storage::DurableLog log(store, storage::JobLogPrefix(job), 0);
    const auto contents = log.Read(0);
    if (!contents.ok()) {
      return 0;
    }
    std::size_t count = 0;
    for (const storage::Record& record : contents->records) {
      proto::LogRecord parsed;
      count += parsed.ParseFromString(record.bytes) && parsed.has_manifest() ? 1 : 0;
    }
    return count;
  }

  Status RunJob(const sql::PlannedJob& job, const sql::PlannedJob* other) {
    const JobId id(fmt::format("{:032x}", ++jobs_));
    connectors::CollectHub hub;
    SimLoop loop(jobs_);
    SimClusterOptions options;
    options.coordinators = 1;
    options.workers = 2;
    options.slots = 4;
    options.file_disk = files_;
    options.add_connectors = [&](runtime::ConnectorRegistry& registry) {
      connectors::RegisterCollect(registry, hub);
      RegisterRows(registry, file_.inputs, hub);
    };
    SimCluster cluster(loop, options);
    cluster.StartAll();
    cluster.Submit(id, job.graph);
    bool disturbed = mode_.kill_after == 0 && other == nullptr;
    for (Milliseconds passed{0}; !cluster.outcome() && passed < kPatience; passed += kStep) {
      loop.RunFor(kStep);
      if (!disturbed &&
          CountCheckpoints(cluster, id) >= std::max<std::size_t>(1, mode_.kill_after)) {
        disturbed = true;
        other != nullptr ? cluster.Change(other->graph) : KillAll(cluster);
      }
    }
    result_.most_checkpoints = std::max(result_.most_checkpoints, CountCheckpoints(cluster, id));
    if (!cluster.outcome()) {
      return DeadlineExceeded("the job has not ended");
    }
    if (cluster.outcome()->state != coordinator::JobState::kFinished) {
      return InvalidArgument(cluster.outcome()->reason);
    }
    Collect(hub, job);
    return OkStatus();
  }

  static void KillAll(SimCluster& cluster) {
    for (std::size_t i = 0; i < cluster.worker_count(); ++i) {
      cluster.CrashWorker(i, CrashKind::kHost);
    }
    cluster.CrashCoordinator(0, CrashKind::kHost);
    cluster.StartAll();
  }

  void Collect(connectors::CollectHub& hub, const sql::PlannedJob& job) {
    if (job.result != nullptr) {
      answers_.push_back({.lines = ChangesOf(hub.Take(std::string(kCollect))),
                          .ordered = job.ordered,
                          .changes = true});
    }
    for (const TestBlock& block : file_.blocks) {
      for (const Expectation& expectation : block.expectations) {
        for (std::string& change : ChangesOf(hub.Take(RowsResultOf(expectation.table)))) {
          inserted_[expectation.table].push_back(std::move(change));
        }
      }
    }
  }

  void Check(const TestBlock& block, const Status& status) {
    bool error_expected = false;
    std::size_t next = 0;
    for (const Expectation& expectation : block.expectations) {
      switch (expectation.kind) {
        case Expectation::Kind::kError:
          error_expected = true;
          CheckError(expectation, status);
          break;
        case Expectation::Kind::kTable:
          Compare(expectation,
                  Sorted(Fold(inserted_[expectation.table])),
                  Sorted(Fold(expectation.lines)));
          break;
        case Expectation::Kind::kRows:
        case Expectation::Kind::kChangelog:
          if (next == answers_.size()) {
            Problem(expectation.line,
                    status.ok() ? "no statement is left that gives rows"
                                : "an error instead of rows: " + std::string(MessageOf(status)));
            return;
          }
          CheckAnswer(expectation, answers_[next++]);
          break;
      }
    }
    if (!status.ok() && !error_expected) {
      Problem(block.line, "an error: " + std::string(MessageOf(status)));
    } else if (next < answers_.size()) {
      Problem(block.line,
              "a statement gives rows that nothing expects:\n" + Joined(answers_[next].lines));
    }
  }

  void CheckError(const Expectation& expectation, const Status& status) {
    const std::string expected = Joined(expectation.lines);
    if (status.ok()) {
      Problem(expectation.line, "no error, expected was:\n" + expected);
    } else if (MessageOf(status).find(expected) == std::string_view::npos) {
      Problem(expectation.line,
              fmt::format("the error is:\n{}\nexpected was:\n{}", MessageOf(status), expected));
    }
  }

  void CheckAnswer(const Expectation& expectation, const Answer& answer) {
    if (!answer.changes || (exact_ && expectation.kind == Expectation::Kind::kChangelog)) {
      Compare(expectation, answer.lines, expectation.lines);
    } else if (answer.ordered) {
      Compare(expectation, Fold(answer.lines), Fold(expectation.lines));
    } else {
      Compare(expectation, Sorted(Fold(answer.lines)), Sorted(Fold(expectation.lines)));
    }
  }

  void Compare(const Expectation& expectation, const Lines& actual, const Lines& expected) {
    if (actual != expected) {
      Problem(
          expectation.line,
          fmt::format("the answer is:\n{}\nexpected was:\n{}", Joined(actual), Joined(expected)));
    }
  }

  const TestFile& file_;
  const RunMode mode_;
  const bool exact_;
  Session session_;
  std::optional<Session> rescaled_;
  const std::shared_ptr<MemoryDisk> files_ = std::make_shared<MemoryDisk>();
  std::uint64_t jobs_ = 0;
  std::vector<Answer> answers_;            // Of the current block, in order.
  std::map<std::string, Lines> inserted_;  // Changes by table.
  RunResult result_;
};

}  // namespace

std::string RunMode::ToString() const {
  std::string text = fmt::format("at parallelism {}", parallelism);
  if (kill_after != 0) {
    text += fmt::format(", killed after checkpoint {}", kill_after);
  }
  if (rescale_to != 0) {
    text += fmt::format(", then {}", rescale_to);
  }
  return text;
}

RunResult RunTest(const TestFile& file, const RunMode& mode, bool exact) {
  return Run(file, mode, exact).Go();
}

}  // namespace thalweg::testing
