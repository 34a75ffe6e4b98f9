// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_jobs.h"

#include <array>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "client/plan_builder.h"
#include "connectors/datagen/datagen.h"
#include "connectors/filesystem/filesystem.h"

namespace thalweg::testing {
namespace {

using client::Col;
using client::PlanBuilder;
using client::Stream;
using columnar::DataType;

constexpr std::int64_t kFirstMillis = 1'577'836'800'000;  // 2020-01-01.
constexpr std::int64_t kStepMillis = 10;

columnar::SchemaPtr RowSchema() {
  return std::make_shared<const columnar::Schema>(
      std::vector<columnar::Field>{{"id", DataType::BigInt().NotNull()},
                                   {"k", DataType::BigInt().NotNull()},
                                   {"v", DataType::BigInt().NotNull()},
                                   {"ts", DataType::Timestamp(3).NotNull()}});
}

proto::DatagenField Sequence(std::int64_t start, std::int64_t step) {
  proto::DatagenField field;
  field.set_kind(proto::DATAGEN_SEQUENCE);
  field.set_start(start);
  field.set_step(step);
  field.set_end(start + (std::int64_t{1} << 40));
  return field;
}

proto::DatagenField Random(std::int64_t max) {
  proto::DatagenField field;
  field.set_kind(proto::DATAGEN_RANDOM);
  field.set_min(0);
  field.set_max(max);
  return field;
}

Stream Rows(PlanBuilder& plan,
            const std::string& name,
            std::int64_t key_max,
            std::uint64_t seed,
            const SimJobOptions& options) {
  connectors::DatagenOptions datagen;
  datagen.seed = seed;
  datagen.row_count = options.row_count;
  datagen.rows_per_second = options.rows_per_second;
  // Timestamps are generated in microseconds, the physical unit of TIMESTAMP(3).
  datagen.fields = {Sequence(0, 1),
                    Random(key_max),
                    Random(100),
                    Sequence(kFirstMillis * 1000, kStepMillis * 1000)};
  return plan.Source({.connector = "datagen",
                      .spec = connectors::DatagenSpecOf(datagen),
                      .schema = RowSchema(),
                      .name = name,
                      .parallelism = 0});
}

void WriteFiles(const Stream& rows) {
  connectors::FileSinkOptions files;
  files.path = kOutputFolder;
  files.changelog = proto::CHANGELOG_COLUMN;
  rows.Sink({.connector = "filesystem",
             .spec = connectors::FileSinkSpecOf(files),
             .name = "files",
             .parallelism = 0,
             .wants_update_before = true});
}

void BuildJob(SimJob job, PlanBuilder& plan, const SimJobOptions& options) {
  const std::uint64_t seed = options.data_seed;
  switch (job) {
    case SimJob::kWindow:
      WriteFiles(Rows(plan, "rows", 7, seed, options)
                     .Watermark("ts", Milliseconds(200))
                     .TumbleWindow("ts", Milliseconds(200))
                     .GroupBy({"k"})
                     .Aggregate({client::CountAll("n"), client::Sum("v", "total")}));
      return;
    case SimJob::kRetract:
      WriteFiles(Rows(plan, "rows", 30, seed, options)
                     .GroupBy({"k"})
                     .Aggregate({client::CountAll("n"), client::Max("v", "top")})
                     .GroupBy({"n"})
                     .Aggregate({client::CountAll("keys"), client::Max("top", "top")}));
      return;
    case SimJob::kJoin: {
      const Stream left = Rows(plan, "left", 60, seed, options);
      const Stream right = Rows(plan, "right", 60, seed + 1, options);
      WriteFiles(left.Join(right, {{"k", "k"}}));
      return;
    }
    case SimJob::kDiamond: {
      const Stream rows = Rows(plan, "rows", 12, seed, options);
      const Stream counts = rows.GroupBy({"k"}).Aggregate({client::CountAll("n")});
      const Stream sums = rows.GroupBy({"k"}).Aggregate({client::Sum("v", "total")});
      WriteFiles(counts.Join(sums, {{"k", "k"}}));
      return;
    }
    case SimJob::kSelfJoin: {
      const Stream rows = Rows(plan, "rows", 60, seed, options);
      WriteFiles(rows.Join(rows, {{"k", "k"}}, Col("v") < Col("v_r")));
      return;
    }
    case SimJob::kWindows:
      WriteFiles(Rows(plan, "rows", 7, seed, options)
                     .Watermark("ts", Milliseconds(200))
                     .TumbleWindow("ts", Milliseconds(200))
                     .GroupBy({"k"})
                     .Aggregate({client::CountAll("n"), client::Sum("v", "total")})
                     .TumbleWindow("window_time", Milliseconds(400))
                     .GroupBy({"n"})
                     .Aggregate({client::CountAll("keys"), client::Sum("total", "total")}));
      return;
    case SimJob::kOuter: {
      const Stream left = Rows(plan, "left", 40, seed, options);
      const Stream tops = Rows(plan, "right", 40, seed + 1, options)
                              .GroupBy({"k"})
                              .Aggregate({client::Max("v", "top"), client::CountAll("n")});
      WriteFiles(left.Join(tops, {{"k", "k"}}, proto::JOIN_FULL, Col("v") < Col("top")));
      return;
    }
    case SimJob::kHop:
      WriteFiles(Rows(plan, "rows", 7, seed, options)
                     .Watermark("ts", Milliseconds(200))
                     .HopWindow("ts", Milliseconds(100), Milliseconds(250))
                     .GroupBy({"k"})
                     .Aggregate({client::CountAll("n"), client::Sum("v", "total")}));
      return;
    case SimJob::kTopN: {
      const Stream rows = Rows(plan, "rows", 20, seed, options);
      const Stream counts = rows.GroupBy({"k"}).Aggregate({client::CountAll("n")});
      // Ids are unique, so that the order does not hang on who comes first.
      WriteFiles(
          rows.Join(counts, {{"k", "k"}})
              .TopN({"n"}, {{.column = "v", .descending = true}, {.column = "id"}}, 3, "rank"));
      return;
    }
  }
}

/// `{"op":"+U","k":1}` gives "+U" and `{"k":1}`; a line without gives "+I" and itself.
std::pair<std::string_view, std::string> SplitChange(std::string_view line) {
  constexpr std::string_view kField = "{\"op\":\"";
  if (!line.starts_with(kField)) {
    return {"+I", std::string(line)};
  }
  const std::string_view kind = line.substr(kField.size(), 2);
  const std::size_t rest = kField.size() + 3 + 1;  // Kind, quote, comma.
  CHECK(line.size() > rest);
  return {kind, "{" + std::string(line.substr(rest))};
}

}  // namespace

std::string NameOf(SimJob job) {
  constexpr std::array<const char*, std::size(kSimJobs)> kNames = {
      "window", "retract", "join", "diamond", "selfjoin", "windows", "outer", "hop", "topn"};
  return kNames[static_cast<std::size_t>(job)];
}

proto::JobGraph PlanOf(SimJob job, const SimJobOptions& options) {
  PlanBuilder plan(NameOf(job));
  plan.Parallelism(options.parallelism).KeyGroups(16);
  proto::CheckpointOptions checkpoints;
  checkpoints.set_interval_millis(options.checkpoint_interval_millis);
  checkpoints.set_timeout_millis(2'000);
  checkpoints.set_in_flight_max(2);
  plan.Checkpoints(checkpoints);
  BuildJob(job, plan, options);
  StatusOr<proto::JobGraph> graph = plan.Build();
  CHECK_OK(graph.status());
  return *std::move(graph);
}

FoldedRows Fold(const std::vector<std::pair<std::string, std::string>>& files) {
  FoldedRows rows;
  for (const auto& [name, bytes] : files) {
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      CHECK(end != std::string_view::npos);  // Committed files end with a whole line.
      const auto [kind, row] = SplitChange(rest.substr(0, end));
      rows[row] += kind[0] == '+' ? 1 : -1;
      rest.remove_prefix(end + 1);
    }
  }
  std::erase_if(rows, [](const auto& entry) { return entry.second == 0; });
  return rows;
}

std::string Difference(const FoldedRows& expected, const FoldedRows& actual) {
  FoldedRows difference = actual;
  for (const auto& [row, count] : expected) {
    difference[row] -= count;
  }
  std::erase_if(difference, [](const auto& entry) { return entry.second == 0; });
  std::string text = std::to_string(difference.size()) + " rows differ";
  int left = 10;
  for (const auto& [row, count] : difference) {
    if (left-- == 0) {
      break;
    }
    text += "\n  " + row + (count > 0 ? " is there " : " is missing ") +
            std::to_string(count > 0 ? count : -count) +
            (count > 0 ? " times too often" : " times");
  }
  return text;
}

}  // namespace thalweg::testing
