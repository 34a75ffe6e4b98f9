// SPDX-License-Identifier: Apache-2.0
//
// A session over connectors that only plan: their spec is what they were told.
#ifndef THALWEG_SQL_PLANNER_TEST_UTIL_H_
#define THALWEG_SQL_PLANNER_TEST_UTIL_H_

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sql/parser/parser.h"
#include "sql/planner.h"

namespace thalweg::sql {

/// The spec lists options, columns to read and metadata. Option 'bounded' = 'true' ends by itself.
class PlanOnlySource final : public runtime::SourceConnector {
 public:
  std::vector<runtime::MetadataKey> MetadataKeys() const override {
    return {{"offset", columnar::DataType::BigInt().NotNull()}};
  }
  StatusOr<runtime::SourceTraits> TraitsOf(const runtime::TableRequest& table) const override {
    return runtime::SourceTraits{.bounded = table.options.Find("bounded") == "true",
                                 .narrows_rows = true,
                                 .dead_letters = {}};
  }
  StatusOr<std::string> Plan(const runtime::TableRequest& table) const override {
    std::string spec;
    for (const auto& [key, value] : table.options.values()) {
      spec += key + "=" + value + ";";
    }
    spec += table.read == nullptr ? "all" : table.read->ToString();
    for (const runtime::MetadataColumn& column : table.metadata) {
      spec += ";" + column.column + " from " + column.key;
    }
    return spec;
  }
  StatusOr<std::unique_ptr<runtime::Enumerator>> OpenEnumerator(
      const std::string& /*spec*/, runtime::ConnectorContext /*context*/) const override {
    return Unimplemented("this source only plans");
  }
  StatusOr<std::unique_ptr<runtime::Reader>> OpenReader(
      const std::string& /*spec*/,
      columnar::SchemaPtr /*schema*/,
      runtime::ConnectorContext /*context*/) const override {
    return Unimplemented("this source only plans");
  }
};

/// Refuses updates when it is told so.
class PlanOnlySink final : public runtime::SinkConnector {
 public:
  explicit PlanOnlySink(bool append_only) : append_only_(append_only) {}
  StatusOr<std::string> Plan(const runtime::TableRequest& table) const override {
    if (append_only_ && table.updating) {
      return InvalidArgument("this sink takes only rows that are added");
    }
    return "sink " + table.schema->ToString();
  }
  StatusOr<std::unique_ptr<runtime::Sink>> Open(
      const std::string& /*spec*/,
      columnar::SchemaPtr /*schema*/,
      runtime::ConnectorContext /*context*/) const override {
    return Unimplemented("this sink only plans");
  }

 private:
  const bool append_only_;
};

/// A session with sources "numbers", "nexmark" and "values", sinks "blackhole", "append",
/// "collect".
class TestSession {
 public:
  TestSession() {
    for (const char* name : {"numbers", "nexmark", "values"}) {
      registry_.AddSource(name, std::make_unique<PlanOnlySource>());
    }
    registry_.AddSink("blackhole", std::make_unique<PlanOnlySink>(false));
    registry_.AddSink("collect", std::make_unique<PlanOnlySink>(false));
    registry_.AddSink("append", std::make_unique<PlanOnlySink>(true));
    planner_ = std::make_unique<Planner>(PlannerOptions{.connectors = &registry_});
  }

  /// All statements; the outcome of the last one.
  StatusOr<Outcome> Run(std::string_view text) {
    ASSIGN_OR_RETURN(const std::vector<ast::Statement> statements, ParseScript("", text));
    Outcome outcome;
    for (const ast::Statement& statement : statements) {
      ASSIGN_OR_RETURN(outcome, planner_->Execute(statement));
    }
    return outcome;
  }

  /// The message of the first mistake; empty when there is none.
  std::string Error(std::string_view text) {
    const StatusOr<Outcome> outcome = Run(text);
    return outcome.ok() ? "" : std::string(MessageOf(outcome.status()));
  }

  /// The plan of the last statement as text, or the mistake.
  std::string Explain(std::string_view text) {
    const StatusOr<Outcome> outcome = Run("EXPLAIN " + std::string(text));
    return outcome.ok() ? std::get<TextAnswer>(*outcome).text
                        : "ERROR " + std::string(MessageOf(outcome.status()));
  }
  std::string Logical(std::string_view text) {
    const std::string all = Explain(text);
    const std::size_t begin = all.find('\n') + 1;
    return all.starts_with("ERROR") ? all : all.substr(begin, all.find("\n\n") + 1 - begin);
  }
  std::string Physical(std::string_view text) {
    const std::string all = Explain(text);
    const std::string title = "== Physical Plan ==\n";
    return all.starts_with("ERROR") ? all : all.substr(all.find(title) + title.size());
  }

  PlannedJob Job(std::string_view text) {
    StatusOr<Outcome> outcome = Run(text);
    if (!outcome.ok()) {
      job_error_ = std::string(MessageOf(outcome.status()));
      return {};
    }
    return std::get<PlannedJob>(*std::move(outcome));
  }
  const std::string& job_error() const { return job_error_; }

  Planner& planner() { return *planner_; }

 private:
  runtime::ConnectorRegistry registry_;
  std::unique_ptr<Planner> planner_;
  std::string job_error_;
};

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PLANNER_TEST_UTIL_H_
