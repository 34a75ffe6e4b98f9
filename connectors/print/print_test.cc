// SPDX-License-Identifier: Apache-2.0
#include "connectors/print/print.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/batch_builder.h"
#include "tests/testing/sim_executor.h"
#include "tests/testing/sim_loop.h"
#include "tests/testing/sim_node.h"

namespace thalweg::connectors {
namespace {

using columnar::ChangeKind;
using columnar::DataType;
using ::testing::HasSubstr;

class Page final : public PrintOutput {
 public:
  Status Write(std::string_view lines, bool to_standard_error) override {
    (to_standard_error ? error : output) += lines;
    return status;
  }

  std::string output;
  std::string error;
  Status status;
};

class Listener final : public runtime::SinkListener {
 public:
  void OnCommitted(CheckpointId checkpoint) override { committed = checkpoint.value(); }
  void OnReplayed() override { ++replayed; }
  void OnFailed(Status status) override { failure = status; }

  std::uint64_t committed = 0;
  int replayed = 0;
  Status failure;
};

const columnar::SchemaPtr& TestSchema() {
  static const auto schema =
      columnar::Schema::Make({{"id", DataType::Int()}, {"text", DataType::String()}});
  return schema;
}

class PrintTest : public ::testing::Test {
 protected:
  std::unique_ptr<runtime::Sink> Open(const Configuration& options,
                                      std::uint32_t subtask = 0,
                                      std::uint32_t parallelism = 1) {
    const auto connector = MakePrintSink(page_);
    runtime::ConnectorContext context;
    context.subtask = subtask;
    context.parallelism = parallelism;
    context.executor = &executor_;
    context.mailbox = &mailbox_;
    context.wake = [this] { ++wakes_; };
    auto sink = *connector->Open(*connector->Plan({.options = options, .schema = TestSchema()}),
                                 TestSchema(),
                                 std::move(context));
    sink->Start(CheckpointId(0), {}, listener_);
    return sink;
  }

  static columnar::Batch Row(int id, ChangeKind kind = ChangeKind::kInsert) {
    columnar::BatchBuilder builder(TestSchema());
    builder.AppendRow({id, "x"}, kind);
    return builder.Finish();
  }

  testing::SimLoop loop_{1};
  testing::SimNode node_{loop_, "worker"};
  testing::SimMailbox mailbox_{node_};
  testing::SimExecutor executor_{node_};
  Page page_;
  Listener listener_;
  int wakes_ = 0;
};

TEST_F(PrintTest, PrintsRowsWithTheirKinds) {
  const auto sink = Open({});
  ASSERT_TRUE(sink->Write(Row(1)).ok());
  ASSERT_TRUE(sink->Write(Row(2, ChangeKind::kDelete)).ok());
  loop_.RunUntilIdle();
  EXPECT_EQ(page_.output, "+I[1, x]\n-D[2, x]\n");
  EXPECT_EQ(listener_.replayed, 1);
}

TEST_F(PrintTest, NamesTheTaskWhereThereAreMany) {
  const auto second = Open({}, 1, 3);
  ASSERT_TRUE(second->Write(Row(1)).ok());
  loop_.RunUntilIdle();
  const auto third = Open({{"print-identifier", "out"}}, 2, 3);
  ASSERT_TRUE(third->Write(Row(2)).ok());
  loop_.RunUntilIdle();
  const auto sink = Open({{"print-identifier", "out"}, {"standard-error", "true"}});
  ASSERT_TRUE(sink->Write(Row(3)).ok());
  loop_.RunUntilIdle();
  EXPECT_EQ(page_.output, "2> +I[1, x]\nout:3> +I[2, x]\n");
  EXPECT_EQ(page_.error, "out> +I[3, x]\n");
}

TEST_F(PrintTest, ACheckpointWaitsForTheLinesBeforeIt) {
  const auto sink = Open({});
  ASSERT_TRUE(sink->Write(Row(1)).ok());
  std::optional<StatusOr<runtime::StateEntries>> entries;
  sink->Snapshot(CheckpointId(4), [&](auto answer) { entries = std::move(answer); });
  EXPECT_FALSE(entries.has_value());
  loop_.RunUntilIdle();
  EXPECT_TRUE(entries->ok());
  sink->Complete(CheckpointId(4));
  EXPECT_EQ(listener_.committed, 4U);
}

TEST_F(PrintTest, AReaderThatIsGoneFailsTheJob) {
  page_.status = Unavailable("gone");
  const auto sink = Open({});
  ASSERT_TRUE(sink->Write(Row(1)).ok());
  loop_.RunUntilIdle();
  EXPECT_EQ(listener_.failure.code(), StatusCode::kUnavailable);
  EXPECT_FALSE(sink->Write(Row(2)).ok());
}

TEST_F(PrintTest, PushesBackWhileNobodyReads) {
  const auto sink = Open({});
  int rows = 0;
  while (sink->HasRoom()) {
    ASSERT_TRUE(sink->Write(Row(++rows)).ok());
    ASSERT_LT(rows, 1'000'000);
  }
  loop_.RunUntilIdle();
  EXPECT_TRUE(sink->HasRoom());
  EXPECT_EQ(wakes_, 1);
}

TEST_F(PrintTest, SuggestsTheOptionThatWasMeant) {
  const auto connector = MakePrintSink(page_);
  const Status status =
      connector->Plan({.options = {{"print-identifer", "a"}}, .schema = TestSchema()}).status();
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("did you mean 'print-identifier'?"));
}

}  // namespace
}  // namespace thalweg::connectors
