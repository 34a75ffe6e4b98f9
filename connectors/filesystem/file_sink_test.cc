// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/batch_builder.h"
#include "columnar/datum.h"
#include "connectors/filesystem/filesystem.h"
#include "connectors/formats/csv/csv_options.h"
#include "tests/testing/faulty_store.h"
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

  store_.Corrupt(key, store_.Get(key)->size() / 2);
  Part flipped = Open(1);
  Start(flipped, 1, *entries);
  EXPECT_EQ(flipped.listener->failure.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(flipped.listener->failure)), HasSubstr(key));

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

// ---- Partitions and files that go on

class FilePartitionsTest : public FileSinkTest {
 protected:
  FilePartitionsTest() {
    spec_.set_path("out");
    spec_.mutable_format()->mutable_csv();
    *spec_.mutable_format()->mutable_csv() = DefaultCsvOptions();
    spec_.add_partition_columns(1);
  }

  Part OpenSpec(std::uint32_t attempt = 0) {
    Part part;
    runtime::ConnectorContext context;
    context.lineage = "lineage";
    context.operator_id = "sink";
    context.generation = 1;
    context.attempt = attempt;
    context.executor = &executor_;
    context.mailbox = &mailbox_;
    context.files = &store_;
    context.clock = &clock_;
    context.wake = [this] { ++wakes_; };
    part.sink = *MakeFileSink()->Open(spec_.SerializeAsString(), TestSchema(), std::move(context));
    return part;
  }

  void Checkpoint(Part& part, std::uint64_t checkpoint) {
    ASSERT_TRUE(Snapshot(part, checkpoint).ok());
    Complete(part, checkpoint);
  }

  /// "folder/: text", of files that readers see.
  std::vector<std::string> Visible() {
    std::vector<std::string> files;
    const auto keys = store_.List("out/");
    for (const std::string& key : *keys) {
      if (!key.starts_with("out/_")) {
        const std::size_t slash = key.rfind('/');
        const std::string name = key.substr(slash + 1);
        files.push_back(key.substr(4, slash - 3) + (name.starts_with('_') ? name : "") + ": " +
                        *store_.Get(key));
      }
    }
    return files;
  }

  proto::FilesystemSinkSpec spec_;
  testing::SimClock clock_{loop_};
};

TEST_F(FilePartitionsTest, RowsGoToTheFolderOfTheirPartitionWithoutItsColumns) {
  Part part = OpenSpec();
  Start(part, 0, {});
  columnar::BatchBuilder builder(TestSchema());
  builder.AppendRow({1, "a"});
  builder.AppendRow({2, "12:00 x"});
  builder.AppendRow({3, "a"});
  builder.AppendRow({4, Datum()});
  builder.AppendRow({5, ""});
  ASSERT_TRUE(part.sink->Write(builder.Finish()).ok());
  Checkpoint(part, 1);
  EXPECT_THAT(
      Visible(),
      ElementsAre(
          "text=12%3A00%20x/: 2\n", "text=__DEFAULT_PARTITION__/: 4\n5\n", "text=a/: 1\n3\n"));
}

TEST_F(FilePartitionsTest, AFileGoesOnUntilItIsOldOrLarge) {
  spec_.set_rollover_millis(10'000);
  spec_.set_check_millis(1'000);
  spec_.set_roll_bytes(12);
  Part part = OpenSpec();
  Start(part, 0, {});
  ASSERT_TRUE(part.sink->Write(Row(1, "a")).ok());
  Checkpoint(part, 1);
  loop_.RunFor(Microseconds(5'000'000));
  ASSERT_TRUE(part.sink->Write(Row(2, "a")).ok());
  Checkpoint(part, 2);
  EXPECT_THAT(Visible(), IsEmpty());
  loop_.RunFor(Microseconds(5'000'000));
  Checkpoint(part, 3);
  EXPECT_THAT(Visible(), ElementsAre("text=a/: 1\n2\n"));
  ASSERT_TRUE(part.sink->Write(Row(1'000'000, "a")).ok());
  ASSERT_TRUE(part.sink->Write(Row(2'000'000, "a")).ok());
  ASSERT_TRUE(part.sink->Write(Row(3'000'000, "a")).ok());
  Checkpoint(part, 4);
  EXPECT_THAT(Visible(), ElementsAre("text=a/: 1\n2\n", "text=a/: 1000000\n2000000\n"));
}

TEST_F(FilePartitionsTest, ARestoreShowsWhatItsCheckpointCoversOfAFileThatWentOn) {
  spec_.set_rollover_millis(3'600'000);
  runtime::StateEntries entries;
  Part old = OpenSpec();
  Start(old, 0, {});
  ASSERT_TRUE(old.sink->Write(Row(1, "a")).ok());
  entries = *Snapshot(old, 1);
  ASSERT_TRUE(old.sink->Write(Row(2, "a")).ok());
  ASSERT_TRUE(Snapshot(old, 2).ok());             // Never became durable.
  for (const std::uint32_t attempt : {1U, 2U}) {  // The first one crashes at once.
    Part part = OpenSpec(attempt);
    Start(part, 1, entries);
    EXPECT_EQ(part.listener->replayed, 1);
    EXPECT_THAT(Visible(), ElementsAre("text=a/: 1\n"));
  }
}

TEST_F(FilePartitionsTest, DamageToAFileThatWentOnStopsTheRestore) {
  spec_.set_rollover_millis(3'600'000);
  Part part = OpenSpec();
  Start(part, 0, {});
  ASSERT_TRUE(part.sink->Write(Row(12345, "a")).ok());
  const auto entries = Snapshot(part, 1);
  const std::string key = store_.List("out/_inprogress/")->front();
  store_.Overwrite(key, "12");
  Part cut = OpenSpec(1);
  Start(cut, 1, *entries);
  EXPECT_EQ(cut.listener->failure.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(cut.listener->failure)), HasSubstr(key));
}

TEST_F(FilePartitionsTest, AStopAndTheEndShowEverything) {
  spec_.set_rollover_millis(3'600'000);
  Part part = OpenSpec();
  Start(part, 0, {});
  ASSERT_TRUE(part.sink->Write(Row(1, "a")).ok());
  part.sink->OnEnding(runtime::SinkEnding::kStopped);
  Checkpoint(part, 1);
  EXPECT_THAT(Visible(), ElementsAre("text=a/: 1\n"));
  ASSERT_TRUE(part.sink->Write(Row(2, "a")).ok());  // The stop was called off.
  Checkpoint(part, 2);
  EXPECT_EQ(Visible().size(), 1U);
  part.sink->OnEnding(runtime::SinkEnding::kEnded);
  Checkpoint(part, 3);
  EXPECT_EQ(Visible().size(), 2U);
}

TEST_F(FilePartitionsTest, APartitionIsCommittedWhenTheWatermarkHasPassedItsTime) {
  spec_.set_rollover_millis(3'600'000);
  spec_.mutable_commit()->set_trigger(proto::COMMIT_PARTITION_TIME);
  spec_.mutable_commit()->set_delay_millis(60'000);
  spec_.mutable_commit()->set_timestamp_pattern("$text:00");
  spec_.mutable_commit()->set_success_file("_SUCCESS");
  Part part = OpenSpec();
  Start(part, 0, {});
  ASSERT_TRUE(part.sink->Write(Row(1, "1970-01-01 00:01")).ok());
  ASSERT_TRUE(part.sink->Write(Row(2, "1970-01-01 00:02")).ok());
  part.sink->OnWatermark(119'999);
  Checkpoint(part, 1);
  EXPECT_THAT(Visible(), IsEmpty());
  part.sink->OnWatermark(120'000);
  const auto entries = Snapshot(part, 2);
  EXPECT_THAT(Visible(), IsEmpty());
  Complete(part, 2);
  const std::string first = "text=1970-01-01%2000%3A01/";
  EXPECT_THAT(Visible(), ElementsAre(first + "_SUCCESS: ", first + ": 1\n"));
  // A late row opens it again.
  ASSERT_TRUE(part.sink->Write(Row(3, "1970-01-01 00:01")).ok());
  Checkpoint(part, 3);
  EXPECT_EQ(Visible().size(), 3U);
  // What was being committed is finished by a restore; what was open stays so.
  ASSERT_TRUE(store_.Delete("out/" + first + "_SUCCESS").ok());
  Part next = OpenSpec(1);
  Start(next, 2, *entries);
  EXPECT_TRUE(store_.Get("out/" + first + "_SUCCESS").ok());
  next.sink->OnEnding(runtime::SinkEnding::kEnded);
  Checkpoint(next, 4);
  EXPECT_TRUE(store_.Get("out/text=1970-01-01%2000%3A02/_SUCCESS").ok());
}

TEST_F(FilePartitionsTest, APartitionIsCommittedWhenItsDelayHasPassed) {
  spec_.mutable_commit()->set_delay_millis(2'000);
  spec_.mutable_commit()->set_success_file("_DONE");
  Part part = OpenSpec();
  Start(part, 0, {});
  ASSERT_TRUE(part.sink->Write(Row(1, "a")).ok());
  Checkpoint(part, 1);
  EXPECT_THAT(Visible(), ElementsAre("text=a/: 1\n"));
  loop_.RunFor(Microseconds(2'000'000));
  Checkpoint(part, 2);
  EXPECT_THAT(Visible(), ElementsAre("text=a/_DONE: ", "text=a/: 1\n"));
}

TEST_F(FilePartitionsTest, APartitionWithoutATimeIsSaid) {
  spec_.mutable_commit()->set_trigger(proto::COMMIT_PARTITION_TIME);
  spec_.mutable_commit()->set_success_file("_SUCCESS");
  Part part = OpenSpec();
  Start(part, 0, {});
  EXPECT_THAT(std::string(MessageOf(part.sink->Write(Row(1, "soon")))),
              HasSubstr("'text=soon/' has no time"));
}

TEST_F(FilePartitionsTest, ManyPartitionsAreWrittenWithFewOpenFiles) {
  spec_.set_rollover_millis(3'600'000);
  Part part = OpenSpec();
  Start(part, 0, {});
  for (int i = 0; i < 700; ++i) {
    ASSERT_TRUE(part.sink->Write(Row(i, std::to_string(i))).ok());
  }
  Checkpoint(part, 1);
  EXPECT_EQ(Visible().size(), 700U - 512U);
  part.sink->OnEnding(runtime::SinkEnding::kEnded);
  Checkpoint(part, 2);
  EXPECT_EQ(Visible().size(), 700U);
}

TEST_F(FilePartitionsTest, AFullDiskIsASentence) {
  testing::FaultyStore faulty(store_);
  faulty.SetSpace(100'000);
  spec_.clear_partition_columns();
  Part part;
  runtime::ConnectorContext context;
  context.executor = &executor_;
  context.mailbox = &mailbox_;
  context.files = &faulty;
  context.wake = [] {};
  part.sink = *MakeFileSink()->Open(spec_.SerializeAsString(), TestSchema(), std::move(context));
  Start(part, 0, {});
  ASSERT_TRUE(part.sink->Write(Row(1, std::string(200'000, 'x'))).ok());
  EXPECT_FALSE(Snapshot(part, 1).ok());
  EXPECT_EQ(part.listener->failure.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(
      std::string(MessageOf(part.listener->failure)),
      ::testing::AllOf(HasSubstr("Sink could not write 'out/_inprogress/"), HasSubstr("space")));
}

// ---- Options

std::string PlanError(std::initializer_list<Configuration::Map::value_type> options,
                      bool updating = false) {
  runtime::TableRequest table{Configuration(options), TestSchema(), updating};
  return std::string(MessageOf(MakeFileSink()->Plan(table).status()));
}

proto::FilesystemSinkSpec SpecOf(std::initializer_list<Configuration::Map::value_type> options,
                                 std::vector<std::string> partition_columns = {}) {
  runtime::TableRequest table{Configuration(options), TestSchema(), /*updating=*/true};
  table.partition_columns = std::move(partition_columns);
  const auto bytes = MakeFileSink()->Plan(table);
  EXPECT_EQ(bytes.status(), OkStatus());
  proto::FilesystemSinkSpec spec;
  EXPECT_TRUE(spec.ParseFromString(*bytes));
  return spec;
}

TEST(FileSinkPlanTest, CompilesFlinksOptions) {
  const auto spec =
      SpecOf({{"path", "file:///a/out/"}, {"format", "json"}, {"changelog", "column"}});
  EXPECT_EQ(spec.path(), "a/out");
  EXPECT_EQ(spec.changelog(), proto::CHANGELOG_COLUMN);
  EXPECT_EQ(spec.roll_bytes(), 128U << 20);
  EXPECT_EQ(spec.rollover_millis(), 1'800'000);
  EXPECT_EQ(spec.check_millis(), 60'000);
  EXPECT_FALSE(spec.has_commit());
}

TEST(FileSinkPlanTest, CompilesPartitionsAndTheirCommit) {
  const auto spec = SpecOf({{"path", "out"},
                            {"format", "csv"},
                            {"changelog", "column"},
                            {"sink.rolling-policy.file-size", "1 MB"},
                            {"sink.rolling-policy.rollover-interval", "1 min"},
                            {"sink.rolling-policy.check-interval", "10 s"},
                            {"sink.partition-commit.trigger", "partition-time"},
                            {"sink.partition-commit.delay", "1 min"},
                            {"sink.partition-commit.policy.kind", "success-file"},
                            {"partition.time-extractor.timestamp-pattern", "$text:00"}},
                           {"text"});
  EXPECT_THAT(spec.partition_columns(), ElementsAre(1U));
  EXPECT_EQ(spec.roll_bytes(), 1U << 20);
  EXPECT_EQ(spec.rollover_millis(), 60'000);
  EXPECT_EQ(spec.check_millis(), 10'000);
  EXPECT_EQ(spec.commit().trigger(), proto::COMMIT_PARTITION_TIME);
  EXPECT_EQ(spec.commit().delay_millis(), 60'000);
  EXPECT_EQ(spec.commit().success_file(), "_SUCCESS");
  EXPECT_EQ(spec.commit().timestamp_pattern(), "$text:00");
}

TEST(FileSinkPlanTest, RowsOfAPartitionThatIsCommittedMustComeToOneTask) {
  runtime::TableRequest table{{{"path", "out"}, {"format", "json"}}, TestSchema()};
  table.partition_columns = {"text"};
  EXPECT_THAT(MakeFileSink()->TraitsOf(table)->distribution, IsEmpty());
  table.options.Set("sink.partition-commit.policy.kind", "success-file");
  EXPECT_THAT(MakeFileSink()->TraitsOf(table)->distribution, ElementsAre("text"));
}

TEST(FileSinkPlanTest, SaysWhatIsWrong) {
  EXPECT_THAT(PlanError({{"format", "json"}}), HasSubstr("needs the option 'path'"));
  EXPECT_THAT(PlanError({{"path", "out"}}), HasSubstr("needs the option 'format'"));
  EXPECT_THAT(PlanError({{"path", "out"}, {"format", "orc"}}), HasSubstr("'orc'"));
  EXPECT_THAT(PlanError({{"path", "out"},
                         {"format", "json"},
                         {"sink.partition-commit.policy.kind", "success-file"}}),
              HasSubstr("no PARTITIONED BY"));
  EXPECT_THAT(PlanError({{"path", "out"}, {"format", "raw"}}), HasSubstr("one column"));
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
