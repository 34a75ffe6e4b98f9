// SPDX-License-Identifier: Apache-2.0
#include "client/cli/result_printer.h"

#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "columnar/batch_builder.h"

namespace thalweg::client {
namespace {

using columnar::Batch;
using columnar::ChangeKind;
using columnar::DataType;

columnar::SchemaPtr TestSchema() {
  return columnar::Schema::Make(
      {{"key", DataType::BigInt()}, {"name", DataType::String()}, {"at", DataType::Timestamp(3)}});
}

/// Rows (key, "n<key>", 2020-01-01 00:00:01).
Batch Rows(const std::vector<std::int64_t>& keys, const std::vector<ChangeKind>& kinds) {
  columnar::BatchBuilder builder(TestSchema());
  for (const std::int64_t key : keys) {
    builder.column(0).Append<std::int64_t>(key);
    builder.column(1).AppendString("n" + std::to_string(key));
    builder.column(2).Append<std::int64_t>(1'577'836'801'000'000);
    builder.CommitRows(1);
  }
  return builder.Finish().WithChangeKinds(kinds);
}

std::string Printed(OutputMode mode, bool bounded, const std::vector<Batch>& batches) {
  std::ostringstream out;
  auto printer = MakeResultPrinter(mode, TestSchema(), bounded, out);
  EXPECT_TRUE(printer.ok());
  for (const Batch& batch : batches) {
    EXPECT_TRUE((*printer)->Add(batch).ok());
  }
  (*printer)->Finish();
  return out.str();
}

const std::vector<Batch>& Changes() {
  static const std::vector<Batch> changes = {
      Rows({10, 7}, {}),
      Rows({7, 8, 10}, {ChangeKind::kUpdateBefore, ChangeKind::kUpdateAfter, ChangeKind::kDelete}),
  };
  return changes;
}

TEST(ResultPrinterTest, PrintsTheFinalRowsOfABoundedResultAsATable) {
  EXPECT_EQ(Printed(OutputMode::kTable, true, Changes()),
            "+-----+------+-------------------------+\n"
            "| key | name | at                      |\n"
            "+-----+------+-------------------------+\n"
            "|   8 | n8   | 2020-01-01 00:00:01.000 |\n"
            "+-----+------+-------------------------+\n"
            "1 row\n");
}

TEST(ResultPrinterTest, PrintsChangesOfAnUnboundedResultAsTheyCome) {
  const std::string text = Printed(OutputMode::kTable, false, {Changes()[0]});
  EXPECT_NE(text.find("| +I |                   10 | n10                  | "), std::string::npos)
      << text;
  EXPECT_NE(text.find("2 changes\n"), std::string::npos);
}

TEST(ResultPrinterTest, PrintsEveryChange) {
  EXPECT_EQ(Printed(OutputMode::kChangelog, true, Changes()),
            "+I[10, n10, 2020-01-01T00:00:01]\n"
            "+I[7, n7, 2020-01-01T00:00:01]\n"
            "-U[7, n7, 2020-01-01T00:00:01]\n"
            "+U[8, n8, 2020-01-01T00:00:01]\n"
            "-D[10, n10, 2020-01-01T00:00:01]\n");
}

TEST(ResultPrinterTest, PrintsTheFinalRowsAsJsonLines) {
  EXPECT_EQ(Printed(OutputMode::kJsonLines, true, Changes()),
            "{\"key\":8,\"name\":\"n8\",\"at\":\"2020-01-01 00:00:01\"}\n");
}

TEST(ResultPrinterTest, PrintsATableWithoutRows) {
  EXPECT_EQ(Printed(OutputMode::kJsonLines, true, {}), "");
  EXPECT_NE(Printed(OutputMode::kTable, true, {}).find("0 rows"), std::string::npos);
}

TEST(ResultPrinterTest, KeepsARowThatIsThereTwiceOnce) {
  const std::string text =
      Printed(OutputMode::kJsonLines, true, {Rows({1, 1}, {}), Rows({1}, {ChangeKind::kDelete})});
  EXPECT_EQ(text, "{\"key\":1,\"name\":\"n1\",\"at\":\"2020-01-01 00:00:01\"}\n");
}

}  // namespace
}  // namespace thalweg::client
