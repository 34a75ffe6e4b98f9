// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_CLIENT_HOSTS_COUNT_JOB_TEST_UTIL_H_
#define THALWEG_CLIENT_HOSTS_COUNT_JOB_TEST_UTIL_H_

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "client/plan_builder.h"
#include "connectors/datagen/datagen.h"
#include "connectors/filesystem/filesystem.h"

namespace thalweg::client {

inline constexpr std::int64_t kCountedRows = 2'000;

inline columnar::SchemaPtr CountedRowSchema() {
  using columnar::DataType;
  return std::make_shared<const columnar::Schema>(std::vector<columnar::Field>{
      {"id", DataType::BigInt().NotNull()}, {"k", DataType::BigInt().NotNull()}});
}

/// Counts generated rows by key into files; `rows_per_second` 0 means at once.
inline proto::JobGraph CountByKey(std::uint32_t parallelism, std::uint64_t rows_per_second) {
  using columnar::DataType;
  connectors::DatagenOptions datagen;
  datagen.row_count = static_cast<std::uint64_t>(kCountedRows);
  datagen.rows_per_second = rows_per_second;
  proto::DatagenField id = connectors::DefaultField(DataType::BigInt());
  id.set_kind(proto::DATAGEN_SEQUENCE);
  id.set_end(kCountedRows);
  id.set_step(1);
  proto::DatagenField key = connectors::DefaultField(DataType::BigInt());
  key.set_min(0);
  key.set_max(9);
  datagen.fields = {id, key};
  connectors::FileSinkOptions files;
  files.path = "out";
  files.changelog = proto::CHANGELOG_COLUMN;
  PlanBuilder plan("count by key");
  proto::CheckpointOptions checkpoints;
  checkpoints.set_interval_millis(20);
  plan.Parallelism(parallelism).KeyGroups(64).Checkpoints(checkpoints);
  plan.Source({.connector = "datagen",
               .spec = connectors::DatagenSpecOf(datagen),
               .schema = CountedRowSchema(),
               .name = "",
               .parallelism = 0})
      .GroupBy({"k"})
      .Aggregate({CountAll("n")})
      .Sink({.connector = "filesystem",
             .spec = connectors::FileSinkSpecOf(files),
             .name = "",
             .parallelism = 0,
             .wants_update_before = true});
  const StatusOr<proto::JobGraph> graph = plan.Build();
  EXPECT_TRUE(graph.ok()) << graph.status();
  return *graph;
}

/// The rows that a reader of the folder `out` sees, folded: how often each stands there.
inline std::map<std::string, int> CountedRowsIn(const std::filesystem::path& files) {
  std::map<std::string, int> rows;
  for (const auto& entry : std::filesystem::directory_iterator(files / "out")) {
    if (!entry.is_regular_file()) {
      continue;
    }
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      // {"op":"+I",...
      rows[line.substr(11)] += line[7] == '+' ? 1 : -1;
    }
  }
  std::erase_if(rows, [](const auto& row) { return row.second == 0; });
  return rows;
}

/// Ten keys, each once, whose counts add up.
inline void ExpectAllRowsCounted(const std::filesystem::path& files) {
  const std::map<std::string, int> rows = CountedRowsIn(files);
  EXPECT_EQ(rows.size(), 10U);
  std::int64_t total = 0;
  for (const auto& [row, count] : rows) {
    EXPECT_EQ(count, 1) << row;
    total += std::stoll(row.substr(row.find("\"n\":") + 4));
  }
  EXPECT_EQ(total, kCountedRows);
}

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_HOSTS_COUNT_JOB_TEST_UTIL_H_
