// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/batch_builder.h"
#include "columnar/datum.h"
#include "connectors/filesystem/filesystem.h"
#include "tests/testing/memory_store.h"
#include "tests/testing/sim_executor.h"
#include "tests/testing/sim_loop.h"
#include "tests/testing/sim_node.h"

namespace thalweg::connectors {
namespace {

using columnar::ChangeKind;
using columnar::DataType;
using columnar::Datum;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Listener final : public runtime::SinkListener {
 public:
  void OnCommitted(CheckpointId checkpoint) override { committed.push_back(checkpoint.value()); }
  void OnReplayed() override { ++replayed; }
  void OnFailed(Status status) override { failure = status; }

  std::vector<std::uint64_t> committed;
  int replayed = 0;
  Status failure;
};

const columnar::SchemaPtr& TestSchema() {
  static const auto schema =
      columnar::Schema::Make({{"id", DataType::BigInt()}, {"text", DataType::String()}});
  return schema;
}

columnar::Batch Row(int id, std::string text = "t", ChangeKind kind = ChangeKind::kInsert) {
  columnar::BatchBuilder builder(TestSchema());
  builder.AppendRow({id, std::move(text)}, kind);
  return builder.Finish();
}

class FileSinkTest : public ::testing::Test {
 protected:
  struct Part {
    std::unique_ptr<Listener> listener = std::make_unique<Listener>();
    std::unique_ptr<runtime::Sink> sink;
    int wakes = 0;
  };

  Part Open(std::uint32_t attempt,
            std::uint32_t subtask = 0,
            proto::ChangelogMode changelog = proto::CHANGELOG_REFUSED) {
    Part part;
    runtime::ConnectorContext context;
    context.lineage = "lineage";
    context.operator_id = "sink";
    context.subtask = subtask;
    context.generation = 1;
    context.attempt = attempt;
    context.executor = &executor_;
    context.mailbox = &mailbox_;
    context.files = &store_;
    context.wake = [this] { ++wakes_; };
    part.sink =
        *MakeFileSink()->Open(FileSinkSpecOf({.path = "out", .json = {}, .changelog = changelog}),
                              TestSchema(),
                              std::move(context));
    return part;
  }

  void Start(Part& part, std::uint64_t restored, const runtime::StateEntries& entries) {
    part.sink->Start(CheckpointId(restored), entries, *part.listener);
    loop_.RunUntilIdle();
  }

  StatusOr<runtime::StateEntries> Snapshot(Part& part, std::uint64_t checkpoint) {
    std::optional<StatusOr<runtime::StateEntries>> result;
    part.sink->Snapshot(CheckpointId(checkpoint), [&](auto entries) { result = entries; });
    loop_.RunUntilIdle();
    return *result;
  }

  void Complete(Part& part, std::uint64_t checkpoint) {
    part.sink->Complete(CheckpointId(checkpoint));
    loop_.RunUntilIdle();
  }

  /// Files that a reader of the folder sees, with their text.
  std::vector<std::string> VisibleText() {
    std::vector<std::string> texts;
    const auto keys = store_.List("out/");
    for (const std::string& key : *keys) {
      if (!key.starts_with("out/_")) {
        texts.push_back(*store_.Get(key));
      }
    }
    return texts;
  }

  testing::SimLoop loop_{1};
  testing::SimNode node_{loop_, "worker"};
  testing::SimMailbox mailbox_{node_};
  testing::SimExecutor executor_{node_};
  testing::MemoryStore store_;
  int wakes_ = 0;
};

TEST_F(FileSinkTest, RowsAreVisibleOnceTheirCheckpointIsComplete) {
  Part part = Open(0);
  Start(part, 0, {});
  EXPECT_EQ(part.listener->replayed, 1);
  ASSERT_TRUE(part.sink->Write(Row(1)).ok());
  ASSERT_TRUE(part.sink->Write(Row(2)).ok());
  ASSERT_TRUE(Snapshot(part, 1).ok());
  ASSERT_TRUE(part.sink->Write(Row(3)).ok());
  EXPECT_THAT(VisibleText(), IsEmpty());
  Complete(part, 1);
  EXPECT_THAT(VisibleText(), ElementsAre("{\"id\":1,\"text\":\"t\"}\n{\"id\":2,\"text\":\"t\"}\n"));
  EXPECT_THAT(part.listener->committed, ElementsAre(1));
}

TEST_F(FileSinkTest, ACheckpointWithoutRowsMakesNoFile) {
  Part part = Open(0);
  Start(part, 0, {});
  EXPECT_THAT(*Snapshot(part, 1), IsEmpty());
  Complete(part, 1);
  EXPECT_THAT(part.listener->committed, ElementsAre(1));
  EXPECT_THAT(*store_.List("out"), IsEmpty());
}

TEST_F(FileSinkTest, AnAbortedCheckpointJoinsTheNext) {
  Part part = Open(0);
  Start(part, 0, {});
  ASSERT_TRUE(part.sink->Write(Row(1)).ok());
  ASSERT_EQ(Snapshot(part, 1)->size(), 1U);
  part.sink->Abort(CheckpointId(1));
  ASSERT_TRUE(part.sink->Write(Row(2)).ok());
  const auto entries = Snapshot(part, 2);
  EXPECT_EQ(entries->size(), 2U);  // A restore from 2 must find both.
  Complete(part, 2);
  EXPECT_EQ(VisibleText().size(), 2U);
  EXPECT_THAT(*Snapshot(part, 3), IsEmpty());
}

TEST_F(FileSinkTest, ALaterCheckpointStandsForEarlierOnes) {
  Part part = Open(0);
  Start(part, 0, {});
  ASSERT_TRUE(part.sink->Write(Row(1)).ok());
  ASSERT_TRUE(Snapshot(part, 1).ok());
  ASSERT_TRUE(part.sink->Write(Row(2)).ok());
  ASSERT_TRUE(Snapshot(part, 2).ok());
  part.sink->Complete(CheckpointId(1));  // Both before the first has been carried out.
  part.sink->Complete(CheckpointId(2));
  loop_.RunUntilIdle();
  EXPECT_EQ(VisibleText().size(), 2U);
  EXPECT_THAT(part.listener->committed, ElementsAre(1, 2));
}

TEST_F(FileSinkTest, ARestoreSettlesWhatItsCheckpointNamesAndNothingElse) {
  runtime::StateEntries entries;
  {
    Part part = Open(0);
    Start(part, 0, {});
    ASSERT_TRUE(part.sink->Write(Row(1)).ok());
    entries = *Snapshot(part, 1);
    ASSERT_TRUE(part.sink->Write(Row(2)).ok());
    ASSERT_TRUE(Snapshot(part, 2).ok());  // Never became durable.
  }
  store_.Crash();
  Part part = Open(1);
  Start(part, 1, entries);
  EXPECT_EQ(part.listener->replayed, 1);
  EXPECT_THAT(VisibleText(), ElementsAre(HasSubstr("\"id\":1")));
  EXPECT_THAT(*Snapshot(part, 3), IsEmpty());
}

TEST_F(FileSinkTest, EntriesOfManySinksSettleInOne) {
  runtime::StateEntries entries;
  for (std::uint32_t subtask = 0; subtask < 3; ++subtask) {
    Part part = Open(0, subtask);
    Start(part, 0, {});
    ASSERT_TRUE(part.sink->Write(Row(static_cast<int>(subtask))).ok());
    const auto own = Snapshot(part, 1);
    entries.insert(entries.end(), own->begin(), own->end());
  }
  Part part = Open(1);
  Start(part, 1, entries);
  EXPECT_EQ(VisibleText().size(), 3U);
}

TEST_F(FileSinkTest, AZombieAndARestoreMaySettleTheSameFileInAnyOrder) {
  Part zombie = Open(0);
  Start(zombie, 0, {});
  ASSERT_TRUE(zombie.sink->Write(Row(1)).ok());
  const auto entries = Snapshot(zombie, 1);
  Part first = Open(1);
  Start(first, 1, *entries);
  Complete(zombie, 1);
  Part second = Open(2);
  Start(second, 1, *entries);
  EXPECT_EQ(zombie.listener->failure, OkStatus());
  EXPECT_EQ(second.listener->replayed, 1);
  EXPECT_EQ(VisibleText().size(), 1U);
}

TEST_F(FileSinkTest, LeftoversOfOlderAttemptsGoWithTheFirstCompleteCheckpoint) {
  {
    Part old = Open(0, /*subtask=*/1);
    Start(old, 0, {});
    ASSERT_TRUE(old.sink->Write(Row(1)).ok());
    ASSERT_TRUE(Snapshot(old, 1).ok());
  }
  ASSERT_TRUE(store_.Put("out/_inprogress/part-somebodys-0-1.1-0", "x").ok());
  Part part = Open(1, /*subtask=*/0);
  Start(part, 0, {});
  ASSERT_TRUE(part.sink->Write(Row(2)).ok());
  ASSERT_TRUE(Snapshot(part, 2).ok());
  EXPECT_EQ(store_.List("out/_inprogress/")->size(), 3U);
  Complete(part, 2);
  EXPECT_THAT(*store_.List("out/_inprogress/"),
              ElementsAre("out/_inprogress/part-somebodys-0-1.1-0"));
}

TEST_F(FileSinkTest, DamageToACheckpointsFileStopsTheRestoreAndNamesIt) {
  Part part = Open(0);
  Start(part, 0, {});
  ASSERT_TRUE(part.sink->Write(Row(1)).ok());
  const auto entries = Snapshot(part, 1);
  const std::string key = store_.List("out/_inprogress/")->front();

  store_.Overwrite(key, "short");
  Part cut = Open(1);
  Start(cut, 1, *entries);
  EXPECT_EQ(cut.listener->failure.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(cut.listener->failure)), HasSubstr(key));
  EXPECT_EQ(cut.listener->replayed, 0);
  EXPECT_FALSE(Snapshot(cut, 2).ok());

  ASSERT_TRUE(store_.Delete(key).ok());
  Part gone = Open(2);
  Start(gone, 1, *entries);
  EXPECT_EQ(gone.listener->failure.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(gone.listener->failure)), HasSubstr(key));
}

TEST_F(FileSinkTest, PushesBackWhileTheDiskIsBehind) {
  Part part = Open(0);
  Start(part, 0, {});
  const std::string text(1 << 20, 'x');
  int written = 0;
  while (part.sink->HasRoom()) {
    ASSERT_TRUE(part.sink->Write(Row(++written, text)).ok());
    ASSERT_LT(written, 20);
  }
  EXPECT_EQ(wakes_, 0);
  loop_.RunUntilIdle();
  EXPECT_TRUE(part.sink->HasRoom());
  EXPECT_GT(wakes_, 0);
}

TEST_F(FileSinkTest, TakesChangesOnlyAsAColumn) {
  Part plain = Open(0);
  Start(plain, 0, {});
  EXPECT_THAT(std::string(MessageOf(plain.sink->Write(Row(1, "t", ChangeKind::kDelete)))),
              HasSubstr("'changelog'"));

  Part column = Open(0, 1, proto::CHANGELOG_COLUMN);
  Start(column, 0, {});
  ASSERT_TRUE(column.sink->Write(Row(1, "t", ChangeKind::kUpdateAfter)).ok());
  ASSERT_TRUE(Snapshot(column, 1).ok());
  Complete(column, 1);
  EXPECT_THAT(VisibleText(), ElementsAre("{\"op\":\"+U\",\"id\":1,\"text\":\"t\"}\n"));
}

TEST_F(FileSinkTest, NamesTellJobsOperatorsAndCheckpointsApart) {
  Part part = Open(0, /*subtask=*/3);
  Start(part, 0, {});
  ASSERT_TRUE(part.sink->Write(Row(1)).ok());
  ASSERT_TRUE(Snapshot(part, 17).ok());
  Complete(part, 17);
  const std::string key = store_.List("out/")->front();
  EXPECT_THAT(key, StartsWith("out/part-"));
  EXPECT_THAT(key, HasSubstr("-3-17.jsonl"));
  EXPECT_EQ(key.size(), std::string("out/part-0123456789abcdef-3-17.jsonl").size());
}

// ---- Options

std::string PlanError(std::initializer_list<Configuration::Map::value_type> options,
                      bool updating = false) {
  runtime::TableRequest table{Configuration(options), TestSchema(), updating};
  return std::string(MessageOf(MakeFileSink()->Plan(table).status()));
}

TEST(FileSinkPlanTest, CompilesFlinksOptions) {
  runtime::TableRequest table{
      {{"path", "file:///a/out/"}, {"format", "json"}, {"changelog", "column"}},
      TestSchema(),
      /*updating=*/true};
  EXPECT_EQ(
      *MakeFileSink()->Plan(table),
      FileSinkSpecOf(
          {.path = "a/out", .json = *ParseJsonOptions({}), .changelog = proto::CHANGELOG_COLUMN}));
}

TEST(FileSinkPlanTest, SaysWhatIsWrong) {
  EXPECT_THAT(PlanError({{"format", "json"}}), HasSubstr("needs the option 'path'"));
  EXPECT_THAT(PlanError({{"path", "out"}}), HasSubstr("needs the option 'format'"));
  EXPECT_THAT(PlanError({{"path", "out"}, {"format", "csv"}}), HasSubstr("'csv'"));
  EXPECT_THAT(PlanError({{"path", "a b"}, {"format", "json"}}), HasSubstr("'path'"));
  EXPECT_THAT(PlanError({{"path", "s3://b/o"}, {"format", "json"}}), HasSubstr("s3"));
  EXPECT_THAT(PlanError({{"path", "out"}, {"format", "json"}, {"change-log", "column"}}),
              HasSubstr("changelog"));
  EXPECT_THAT(PlanError({{"path", "out"}, {"format", "json"}, {"auto-compaction", "true"}}),
              HasSubstr("not supported"));
  EXPECT_THAT(PlanError({{"path", "out"}, {"format", "json"}}, /*updating=*/true),
              HasSubstr("'changelog' to 'column'"));
}

}  // namespace
}  // namespace thalweg::connectors
