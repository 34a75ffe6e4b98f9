// SPDX-License-Identifier: Apache-2.0
//
// Tables over files as a planner puts them together from options: read, written in partitions, with
// bad records beside, in whole jobs on a real directory.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "client/embedded/embedded_cluster.h"
#include "columnar/type_proto.h"
#include "connectors/connectors.h"
#include "runtime/connector/dead_letters.h"
#include "runtime/plan/plan.h"
#include "runtime/plan/plan_graph.h"

namespace thalweg::client {
namespace {

namespace fs = std::filesystem;
using columnar::DataType;
using coordinator::JobState;
using runtime::PlanNode;
using runtime::TableRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

columnar::SchemaPtr RowSchema() {
  return columnar::Schema::Make(
      {{"id", DataType::BigInt()}, {"text", DataType::String()}, {"dt", DataType::Date()}});
}

class FileTablesTest : public ::testing::Test {
 protected:
  FileTablesTest() {
    root_ = fs::path(::testing::TempDir()) /
            ("file_tables_" +
             std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(root_);
    connectors::RegisterAll(connectors_);
    options_.storage = root_ / "state";
    options_.files = root_ / "files";
    options_.lanes = 2;
    options_.log = &log_;
  }
  ~FileTablesTest() override { fs::remove_all(root_); }

  void Put(const std::string& key, const std::string& text) const {
    fs::create_directories((options_.files / key).parent_path());
    std::ofstream(options_.files / key) << text;
  }

  /// All lines of files below a folder, sorted; "folder/name:" of empty files.
  std::vector<std::string> Lines(const std::string& folder) const {
    std::vector<std::string> lines;
    for (const auto& entry : fs::recursive_directory_iterator(options_.files / folder)) {
      const std::string name = fs::relative(entry.path(), options_.files / folder).string();
      if (!entry.is_regular_file() || name.starts_with("_inprogress")) {
        continue;
      }
      if (entry.file_size() == 0) {
        lines.push_back(name + ":");
      }
      std::ifstream file(entry.path());
      const std::string parent = name.substr(0, name.find('/') + 1);
      for (std::string line; std::getline(file, line);) {
        lines.push_back(parent + line);
      }
    }
    std::ranges::sort(lines);
    return lines;
  }

  /// INSERT INTO sink SELECT * FROM source, at parallelism 2.
  StatusOr<proto::JobGraph> Copy(const TableRequest& source, const TableRequest& sink) const {
    ASSIGN_OR_RETURN(const auto* reads, connectors_.Source("filesystem"));
    ASSIGN_OR_RETURN(const auto* writes, connectors_.Sink("filesystem"));
    ASSIGN_OR_RETURN(const runtime::SourceTraits traits, reads->TraitsOf(source));
    ASSIGN_OR_RETURN(const runtime::SinkTraits wants, writes->TraitsOf(sink));
    runtime::PlanGraph graph("copy");
    graph.header().mutable_checkpoints()->set_interval_millis(20);
    PlanNode read;
    read.parallelism = 2;
    read.step.set_name("in");
    proto::ReadStep& step = *read.step.mutable_read();
    step.mutable_source()->set_connector("filesystem");
    ASSIGN_OR_RETURN(*step.mutable_source()->mutable_spec(), reads->Plan(source));
    columnar::ToProto(*source.schema, step.mutable_source()->mutable_schema());
    step.set_dead_letters(traits.dead_letters.has_value());
    const std::size_t rows = graph.Add(std::move(read));

    PlanNode write;
    write.parallelism = 2;
    write.inputs = {rows};
    write.step.set_name("out");
    proto::ConnectorSpec& out = *write.step.mutable_sink()->mutable_sink();
    out.set_connector("filesystem");
    ASSIGN_OR_RETURN(*out.mutable_spec(), writes->Plan(sink));
    columnar::ToProto(*sink.schema, out.mutable_schema());
    if (!wants.distribution.empty()) {
      write.hash_on.emplace();
      for (const std::string& column : wants.distribution) {
        write.hash_on->push_back(static_cast<std::uint32_t>(*sink.schema->IndexOf(column)));
      }
    }
    graph.Add(std::move(write));

    if (traits.dead_letters.has_value()) {
      PlanNode letters;
      letters.inputs = {rows};
      letters.side_output = runtime::kDeadLetterOutput;
      letters.step.set_name("dead letters");
      proto::ConnectorSpec& spec = *letters.step.mutable_sink()->mutable_sink();
      spec.set_connector(traits.dead_letters->connector);
      spec.set_spec(traits.dead_letters->spec);
      columnar::ToProto(*runtime::DeadLetterSchema(), spec.mutable_schema());
      graph.Add(std::move(letters));
    }
    return graph.Build();
  }

  fs::path root_;
  runtime::ConnectorRegistry connectors_;
  CapturingLogSink log_;
  EmbeddedOptions options_;
};

TEST_F(FileTablesTest, RowsGoToPartitionsAndBadRecordsBesideThem) {
  Put("in/a.csv", "id,text,dt\n1,\"x\ny\",2001-01-01\n2,b,2001-01-02\nsoon,c,2001-01-01\n");
  Put("in/b.csv", "id,text,dt\n3,d,2001-01-01\n4,e,\n5,f,2001-13-01\n");
  TableRequest source{.options = {{"path", "/in"},
                                  {"format", "csv"},
                                  {"csv.ignore-first-line", "true"},
                                  {"on-error", "dead-letter"},
                                  {"dead-letter.path", "/bad"}},
                      .schema = RowSchema()};
  TableRequest sink{.options = {{"path", "/out"},
                                {"format", "json"},
                                {"sink.partition-commit.policy.kind", "success-file"}},
                    .schema = RowSchema()};
  sink.partition_columns = {"dt"};
  const StatusOr<proto::JobGraph> graph = Copy(source, sink);
  ASSERT_TRUE(graph.ok()) << graph.status();
  const auto outcome = RunEmbedded(*graph, connectors_, options_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_EQ(outcome->state, JobState::kFinished) << outcome->reason;
  EXPECT_THAT(Lines("out"),
              ElementsAre("dt=2001-01-01/_SUCCESS:",
                          "dt=2001-01-01/{\"id\":1,\"text\":\"x\\ny\"}",
                          "dt=2001-01-01/{\"id\":3,\"text\":\"d\"}",
                          "dt=2001-01-02/_SUCCESS:",
                          "dt=2001-01-02/{\"id\":2,\"text\":\"b\"}",
                          "dt=__DEFAULT_PARTITION__/_SUCCESS:",
                          "dt=__DEFAULT_PARTITION__/{\"id\":4,\"text\":\"e\"}"));
  EXPECT_THAT(
      Lines("bad"),
      ElementsAre(
          "{\"file\":\"in/a.csv\",\"line\":5,\"offset\":45,\"reason\":\"column 1: field 'id' "
          "BIGINT: an integer of this size was expected\",\"text\":\"soon,c,2001-01-01\"}",
          "{\"file\":\"in/b.csv\",\"line\":4,\"offset\":31,\"reason\":\"column 5: field 'dt' "
          "DATE: a date was expected, yyyy-MM-dd\",\"text\":\"5,f,2001-13-01\"}"));

  // What was written is read back, with its partitions.
  TableRequest back = sink;
  TableRequest copy{.options = {{"path", "/copy"}, {"format", "csv"}}, .schema = RowSchema()};
  StatusOr<proto::JobGraph> second = Copy(back, copy);
  ASSERT_TRUE(second.ok()) << second.status();
  second->set_name("read back");
  const auto again = RunEmbedded(*second, connectors_, options_);
  ASSERT_TRUE(again.ok()) << again.status();
  ASSERT_EQ(again->state, JobState::kFinished) << again->reason;
  EXPECT_THAT(Lines("copy"),
              ElementsAre("1,\"x", "2,b,2001-01-02", "3,d,2001-01-01", "4,e,", "y\",2001-01-01"));
}

TEST_F(FileTablesTest, ABadRecordFailsTheJobAndNamesItsPlace) {
  Put("in/a.json", "{\"id\":1}\n{\"id\":\"one\"}\n");
  const TableRequest source{.options = {{"path", "/in"}, {"format", "json"}},
                            .schema = RowSchema()};
  const TableRequest sink{.options = {{"path", "/out"}, {"format", "json"}}, .schema = RowSchema()};
  StatusOr<proto::JobGraph> graph = Copy(source, sink);
  ASSERT_TRUE(graph.ok()) << graph.status();
  graph->mutable_restart()->set_max_attempts(1);
  graph->mutable_restart()->set_initial_delay_millis(1);
  const auto outcome = RunEmbedded(*graph, connectors_, options_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->state, JobState::kFailed);
  EXPECT_THAT(outcome->reason,
              HasSubstr("File 'in/a.json', line 2, byte 9, column 7: field 'id' BIGINT"));
}

}  // namespace
}  // namespace thalweg::client
