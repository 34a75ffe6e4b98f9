// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <optional>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/counters.h"
#include "columnar/datum.h"
#include "columnar/text.h"
#include "connectors/filesystem/filesystem.h"
#include "connectors/filesystem/line_blocks.h"
#include "runtime/connector/dead_letters.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/memory_store.h"
#include "tests/testing/sim_executor.h"
#include "tests/testing/sim_loop.h"
#include "tests/testing/sim_node.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using runtime::SourceProgress;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Rows final : public runtime::Output {
 public:
  bool HasRoom() const override { return true; }
  void Emit(columnar::Batch batch) override {
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      ids.push_back(columnar::DatumAt(*batch.column(0), row).integer());
    }
  }
  void EmitWatermark(EventMillis /*watermark*/) override {}

  std::vector<std::int64_t> ids;
};

std::string LineOf(int id) {
  return "{\"id\":" + std::to_string(id) + ",\"pad\":\"" +
         std::string(static_cast<std::size_t>(id) % 37, 'x') + "\"}\n";
}

std::string LinesOf(int begin, int end) {
  std::string text;
  for (int id = begin; id < end; ++id) {
    text += LineOf(id);
  }
  return text;
}

std::vector<std::int64_t> Range(int begin, int end) {
  std::vector<std::int64_t> ids;
  for (int id = begin; id < end; ++id) {
    ids.push_back(id);
  }
  return ids;
}

class FileSourceTest : public ::testing::Test {
 protected:
  FileSourceOptions Options(std::uint64_t split_bytes = 1 << 20) {
    FileSourceOptions options;
    options.path = "in";
    options.split_bytes = split_bytes;
    return options;
  }

  runtime::ConnectorContext Context() {
    runtime::ConnectorContext context;
    context.executor = &executor_;
    context.mailbox = &mailbox_;
    context.files = files_;
    context.metrics = &metrics_;
    context.wake = [] {};
    return context;
  }

  std::unique_ptr<runtime::Enumerator> OpenEnumerator(const FileSourceOptions& options) {
    return *MakeFileSource()->OpenEnumerator(FileSourceSpecOf(options), Context());
  }
  std::unique_ptr<runtime::Reader> OpenReader(const FileSourceOptions& options) {
    return *MakeFileSource()->OpenReader(
        FileSourceSpecOf(options), columnar::Schema::Make({{"id", DataType::BigInt()}}), Context());
  }

  StatusOr<std::vector<runtime::Split>> ListAll(runtime::Enumerator& enumerator,
                                                std::size_t limit = 100) {
    std::vector<runtime::Split> splits;
    while (true) {
      ASSIGN_OR_RETURN(const SourceProgress progress, enumerator.Poll(loop_.now(), limit, &splits));
      if (progress == SourceProgress::kEnd) {
        return splits;
      }
      loop_.RunUntilIdle();
    }
  }

  /// Reads to the end; an error ends it.
  Status ReadAll(runtime::Reader& reader, Rows& rows) {
    while (true) {
      ASSIGN_OR_RETURN(const SourceProgress progress, reader.Read(loop_.now(), rows));
      if (progress == SourceProgress::kEnd) {
        return OkStatus();
      }
      if (progress == SourceProgress::kWait) {
        loop_.RunUntilIdle();
      }
    }
  }

  StatusOr<std::vector<std::int64_t>> ReadFolder(const FileSourceOptions& options) {
    const auto enumerator = OpenEnumerator(options);
    const auto reader = OpenReader(options);
    ASSIGN_OR_RETURN(const auto splits, ListAll(*enumerator));
    for (const runtime::Split& split : splits) {
      RETURN_IF_ERROR(reader->AddSplit(split));
    }
    Rows rows;
    RETURN_IF_ERROR(ReadAll(*reader, rows));
    return rows.ids;
  }

  testing::SimLoop loop_{1};
  testing::SimNode node_{loop_, "worker"};
  testing::SimMailbox mailbox_{node_};
  testing::SimExecutor executor_{node_};
  testing::MemoryStore store_;
  storage::DirectoryStore* files_ = &store_;
  MetricGroup metrics_;
};

TEST_F(FileSourceTest, ReadsAFolderInTheOrderOfNamesWithoutHiddenFiles) {
  ASSERT_TRUE(store_.Put("in/b.jsonl", LinesOf(10, 20)).ok());
  ASSERT_TRUE(store_.Put("in/a.jsonl", LinesOf(0, 10)).ok());
  ASSERT_TRUE(store_.Put("in/c/d.jsonl", LinesOf(20, 25)).ok());
  ASSERT_TRUE(store_.Put("in/_inprogress/part-1", LinesOf(90, 99)).ok());
  ASSERT_TRUE(store_.Put("in/_SUCCESS", "").ok());
  ASSERT_TRUE(store_.Put("inside.jsonl", LinesOf(70, 80)).ok());
  EXPECT_EQ(*ReadFolder(Options()), Range(0, 25));
}

TEST_F(FileSourceTest, ReadsOneFile) {
  ASSERT_TRUE(store_.Put("in", LinesOf(0, 5)).ok());
  EXPECT_EQ(*ReadFolder(Options()), Range(0, 5));
}

TEST_F(FileSourceTest, TheLastLineMayLackItsNewline) {
  std::string text = LinesOf(0, 3);
  text.pop_back();
  ASSERT_TRUE(store_.Put("in", text).ok());
  EXPECT_EQ(*ReadFolder(Options()), Range(0, 3));
}

TEST_F(FileSourceTest, SplitsOfAnySizeShareTheLinesOut) {
  std::string text = LinesOf(0, 60);
  ASSERT_TRUE(store_.Put("in", text).ok());
  for (std::uint64_t split_bytes = 1; split_bytes < 100; ++split_bytes) {
    ASSERT_EQ(*ReadFolder(Options(split_bytes)), Range(0, 60)) << split_bytes;
  }
  text.pop_back();
  ASSERT_TRUE(store_.Put("in", text).ok());
  for (std::uint64_t split_bytes = 1; split_bytes < 100; split_bytes += 7) {
    ASSERT_EQ(*ReadFolder(Options(split_bytes)), Range(0, 60)) << split_bytes;
  }
}

TEST_F(FileSourceTest, LinesCrossTheBlocksOfALargeFile) {
  const std::string text = LinesOf(0, 60'000);  // More than two blocks of 1 MB.
  ASSERT_GT(text.size(), 2U << 20);
  ASSERT_TRUE(store_.Put("in", text).ok());
  EXPECT_EQ(*ReadFolder(Options(64U << 20)), Range(0, 60'000));
  EXPECT_EQ(*ReadFolder(Options(700'001)), Range(0, 60'000));
}

TEST_F(FileSourceTest, ALineMayBeLongerThanABlock) {
  const std::string pad(3U << 20, 'x');
  ASSERT_TRUE(
      store_.Put("in", LineOf(0) + "{\"pad\":\"" + pad + "\",\"id\":1}\n" + LineOf(2)).ok());
  EXPECT_EQ(*ReadFolder(Options()), Range(0, 3));
}

TEST_F(FileSourceTest, ARestoreAtAnyReadGoesOnBehindTheLastRow) {
  ASSERT_TRUE(store_.Put("in/a", LinesOf(0, 20'000)).ok());
  ASSERT_TRUE(store_.Put("in/b", LinesOf(20'000, 30'000)).ok());
  const FileSourceOptions options = Options(300'000);
  const auto splits = *ListAll(*OpenEnumerator(options));
  for (int restore_after = 0; restore_after < 6; ++restore_after) {
    auto reader = OpenReader(options);
    for (const runtime::Split& split : splits) {
      ASSERT_TRUE(reader->AddSplit(split).ok());
    }
    Rows rows;
    for (int emitted = 0; emitted < restore_after;) {
      const auto progress = reader->Read(loop_.now(), rows);
      ASSERT_TRUE(progress.ok());
      emitted += *progress == SourceProgress::kMoved ? 1 : 0;
      loop_.RunUntilIdle();
    }
    const runtime::StateEntries entries = reader->Snapshot();
    // Two readers take over, each its share.
    for (std::size_t owner = 0; owner < 2; ++owner) {
      runtime::StateEntries own;
      for (std::size_t i = owner; i < entries.size(); i += 2) {
        own.push_back(entries[i]);
      }
      reader = OpenReader(options);
      ASSERT_TRUE(reader->Restore(own).ok());
      ASSERT_TRUE(ReadAll(*reader, rows).ok());
    }
    std::sort(rows.ids.begin(), rows.ids.end());
    ASSERT_EQ(rows.ids, Range(0, 30'000)) << restore_after;
  }
}

TEST_F(FileSourceTest, ARestoredEnumeratorHandsOutWhatWasLeftOfItsFirstListing) {
  ASSERT_TRUE(store_.Put("in/a", LinesOf(0, 10)).ok());
  ASSERT_TRUE(store_.Put("in/b", LinesOf(0, 10)).ok());
  const auto first = OpenEnumerator(Options());
  std::vector<runtime::Split> splits;
  while (splits.empty()) {
    ASSERT_TRUE(first->Poll(loop_.now(), 1, &splits).ok());
    loop_.RunUntilIdle();
  }
  ASSERT_TRUE(store_.Put("in/c", LinesOf(0, 10)).ok());
  const auto second = OpenEnumerator(Options());
  ASSERT_TRUE(second->Restore(first->Snapshot()).ok());
  const auto rest = *ListAll(*second);
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].id, "in/b@0");
}

TEST_F(FileSourceTest, ABadRecordFailsWithItsPlaceAndText) {
  ASSERT_TRUE(store_.Put("in/a", LinesOf(0, 3) + "{\"id\":oops}\n" + LinesOf(3, 5)).ok());
  const Status failure = ReadFolder(Options()).status();
  EXPECT_EQ(failure.code(), StatusCode::kInvalidArgument);
  const std::string place =
      "File 'in/a', line 4, byte " + std::to_string(LinesOf(0, 3).size()) + ", column 7: ";
  EXPECT_THAT(std::string(MessageOf(failure)), HasSubstr(place));
  EXPECT_THAT(std::string(MessageOf(failure)), HasSubstr("{\"id\":oops}"));
}

TEST_F(FileSourceTest, ABadRecordIsSkippedAndCountedIfAsked) {
  ASSERT_TRUE(store_.Put("in/a", LinesOf(0, 3) + "oops\n" + LinesOf(3, 5) + "{]\n").ok());
  FileSourceOptions options = Options();
  options.on_error = proto::ON_ERROR_SKIP;
  EXPECT_EQ(*ReadFolder(options), Range(0, 5));
  EXPECT_EQ(metrics_.AddCounter("bad_records").value(), 2U);
}

TEST_F(FileSourceTest, AMissingPathIsSaid) {
  const Status failure = ReadFolder(Options()).status();
  EXPECT_EQ(failure.code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(failure)), HasSubstr("'in'"));
}

TEST_F(FileSourceTest, AFileThatShrankIsSaid) {
  ASSERT_TRUE(store_.Put("in", LinesOf(0, 100)).ok());
  const auto splits = *ListAll(*OpenEnumerator(Options()));
  ASSERT_TRUE(store_.Put("in", LinesOf(0, 10)).ok());
  const auto reader = OpenReader(Options());
  ASSERT_TRUE(reader->AddSplit(splits[0]).ok());
  Rows rows;
  EXPECT_EQ(ReadAll(*reader, rows).code(), StatusCode::kDataLoss);
}

TEST_F(FileSourceTest, TheLineOfABadRecordIsKnownInEverySplit) {
  ASSERT_TRUE(store_.Put("in/a", LinesOf(0, 50) + "{\"id\":oops}\n" + LinesOf(50, 60)).ok());
  const Status failure = ReadFolder(Options(/*split_bytes=*/200)).status();
  EXPECT_THAT(std::string(MessageOf(failure)),
              HasSubstr("line 51, byte " + std::to_string(LinesOf(0, 50).size()) + ","));
}

TEST_F(FileSourceTest, AWatchedFolderGivesEachFileOnce) {
  proto::FilesystemSourceSpec spec;
  spec.set_path("in");
  spec.mutable_format()->mutable_json();
  spec.set_split_bytes(100);
  spec.set_monitor_interval_millis(1000);
  const auto open = [&] {
    return *MakeFileSource()->OpenEnumerator(spec.SerializeAsString(), Context());
  };
  auto enumerator = open();
  const auto poll = [&] {
    std::set<std::string> files;
    for (int i = 0; i < 10; ++i) {
      std::vector<runtime::Split> splits;
      EXPECT_NE(*enumerator->Poll(loop_.now(), 1, &splits), SourceProgress::kEnd);
      for (const runtime::Split& split : splits) {
        files.insert(split.id.substr(0, split.id.find('@')));
      }
      loop_.RunUntilIdle();
    }
    return files;
  };
  EXPECT_THAT(poll(), ::testing::IsEmpty()) << "The folder need not be there yet.";
  ASSERT_TRUE(store_.Put("in/a", LinesOf(0, 10)).ok());
  EXPECT_THAT(poll(), ::testing::IsEmpty()) << "It is not looked at before its time.";
  loop_.RunFor(Microseconds(1'000'000));
  EXPECT_LE(*enumerator->WakeAt(), loop_.now());
  EXPECT_THAT(poll(), ElementsAre("in/a"));
  const runtime::StateEntries entries = enumerator->Snapshot();
  ASSERT_TRUE(store_.Put("in/a", LinesOf(0, 20)).ok());
  ASSERT_TRUE(store_.Put("in/b", LinesOf(0, 1)).ok());
  loop_.RunFor(Microseconds(1'000'000));
  EXPECT_THAT(poll(), ElementsAre("in/b"));
  enumerator = open();
  ASSERT_TRUE(enumerator->Restore(entries).ok());
  EXPECT_THAT(poll(), ElementsAre("in/b")) << "It came behind the checkpoint.";
}

// ---- Tables of SQL

/// Rows as texts: "1|a".
class Texts final : public runtime::Output {
 public:
  bool HasRoom() const override { return true; }
  void Emit(columnar::Batch batch) override {
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      std::string text;
      for (const columnar::ColumnPtr& column : batch.columns()) {
        text += (text.empty() ? "" : "|") + columnar::TextAt(*column, row);
      }
      rows.push_back(text);
    }
  }
  void EmitWatermark(EventMillis /*watermark*/) override {}

  std::vector<std::string> rows;
};

class FileTableTest : public FileSourceTest {
 protected:
  StatusOr<std::vector<std::string>> Select(const runtime::TableRequest& table) {
    const auto source = MakeFileSource();
    ASSIGN_OR_RETURN(const std::string spec, source->Plan(table));
    ASSIGN_OR_RETURN(const auto enumerator, source->OpenEnumerator(spec, Context()));
    runtime::ConnectorContext context = Context();
    context.dead_letters = &letters_;
    ASSIGN_OR_RETURN(
        const auto reader,
        source->OpenReader(
            spec, table.read == nullptr ? table.schema : table.read, std::move(context)));
    ASSIGN_OR_RETURN(const auto splits, ListAll(*enumerator));
    for (const runtime::Split& split : splits) {
      RETURN_IF_ERROR(reader->AddSplit(split));
    }
    Texts rows;
    while (true) {
      ASSIGN_OR_RETURN(const SourceProgress progress, reader->Read(loop_.now(), rows));
      if (progress == SourceProgress::kEnd) {
        return rows.rows;
      }
      loop_.RunUntilIdle();
    }
  }

  std::string SelectError(const runtime::TableRequest& table) {
    return std::string(MessageOf(Select(table).status()));
  }

  static runtime::TableRequest Csv(Configuration options = {}) {
    Configuration all(Configuration::Map{{"path", "/in"}, {"format", "csv"}});
    for (const auto& [key, value] : options.values()) {
      all.Set(key, value);
    }
    return {.options = all,
            .schema =
                columnar::Schema::Make({{"id", DataType::BigInt()}, {"text", DataType::String()}})};
  }

  Texts letters_;
};

TEST_F(FileTableTest, ReadsCsvWithRecordsAcrossBlocks) {
  std::string text = "id,text\n";
  std::vector<std::string> rows;
  for (int i = 0; i < 40'000; ++i) {  // More than two blocks.
    const std::string value(static_cast<std::size_t>(i) % 50, i % 7 == 0 ? '\n' : 'x');
    text += std::to_string(i) + ",\"" + value + "\"\n";
    rows.push_back(std::to_string(i) + "|" + value);
  }
  ASSERT_TRUE(store_.Put("in", text).ok());
  EXPECT_EQ(*Select(Csv({{"csv.ignore-first-line", "true"}, {"source.split-size", "1 kb"}})), rows);
}

TEST_F(FileTableTest, AQuotedFieldMayBeLongerThanBlocks) {
  const std::string value = std::string(2U << 20, '\n') + std::string(1U << 20, 'x');
  ASSERT_TRUE(store_.Put("in", "1,a\n2,\"" + value + "\"\n3,c\n").ok());
  EXPECT_THAT(*Select(Csv()), ElementsAre("1|a", "2|" + value, "3|c"));
}

TEST_F(FileTableTest, AQuoteThatIsNeverClosedFailsWithItsPlace) {
  ASSERT_TRUE(store_.Put("in", "1,a\n2,\"b\n" + std::string(3U << 20, '\n')).ok());
  EXPECT_THAT(SelectError(Csv()),
              HasSubstr("File 'in', line 2, byte 4, column 3: the quote is not closed: 2,\"b"));
}

TEST_F(FileTableTest, BadRecordsOfCsvFailWithLineAndColumn) {
  ASSERT_TRUE(store_.Put("in/a.csv", "id,text\n1,\"x\ny\"\n12345678901234567890,z\n").ok());
  EXPECT_THAT(SelectError(Csv({{"csv.ignore-first-line", "true"}})),
              HasSubstr("File 'in/a.csv', line 4, byte 16, column 1: field 'id' BIGINT: an integer "
                        "of this size was expected: 12345678901234567890,z. Mend the file"));
}

TEST_F(FileTableTest, BadRecordsBecomeDeadLetters) {
  ASSERT_TRUE(store_.Put("in/a", "1,a\nx,b\n3,\"c\nd\"e\n4,f\n\xff,g\n5,h\n").ok());
  const runtime::TableRequest table =
      Csv({{"on-error", "dead-letter"}, {"dead-letter.path", "/bad"}});
  EXPECT_THAT(*Select(table), ElementsAre("1|a", "4|f", "5|h"));
  EXPECT_THAT(
      letters_.rows,
      ElementsAre(
          "in/a|2|4|column 1: field 'id' BIGINT: an integer of this size was expected|x,b|NULL",
          "in/a|3|8|column 8: a delimiter or the end of the line was expected behind the "
          "quote|3,\"c\nd\"e|NULL",
          "in/a|6|21|column 1: the record is not UTF-8|NULL|\xff,g"));
  EXPECT_EQ(metrics_.AddCounter("bad_records").value(), 3U);
  EXPECT_EQ(metrics_.AddCounter("dead_letters").value(), 3U);

  const auto traits = MakeFileSource()->TraitsOf(table);
  ASSERT_TRUE(traits.ok() && traits->dead_letters.has_value());
  EXPECT_EQ(traits->dead_letters->connector, "filesystem");
  EXPECT_TRUE(MakeFileSink()
                  ->Open(traits->dead_letters->spec, runtime::DeadLetterSchema(), Context())
                  .ok());
}

TEST_F(FileTableTest, BadTimestampsAndOverflowsOfJsonAreBadRecords) {
  ASSERT_TRUE(store_
                  .Put("in",
                       "{\"n\":1,\"t\":\"2001-01-01 00:00:00\"}\n"
                       "{\"n\":300,\"t\":\"2001-01-01 00:00:00\"}\n"
                       "{\"n\":2,\"t\":\"2001-13-01 00:00:00\"}\n")
                  .ok());
  runtime::TableRequest table = Csv({{"format", "json"}, {"on-error", "skip"}});
  table.schema =
      columnar::Schema::Make({{"n", DataType::TinyInt()}, {"t", DataType::Timestamp(0)}});
  EXPECT_THAT(*Select(table), ElementsAre("1|2001-01-01 00:00:00"));
  EXPECT_EQ(metrics_.AddCounter("bad_records").value(), 2U);
}

TEST_F(FileTableTest, ReadsLinesAsTheyAre) {
  ASSERT_TRUE(store_.Put("in", "a,b\n{}\n").ok());
  runtime::TableRequest table = Csv({{"format", "raw"}});
  table.schema = columnar::Schema::Make({{"line", DataType::String()}});
  EXPECT_THAT(*Select(table), ElementsAre("a,b", "{}"));
}

TEST_F(FileTableTest, PartitionsAndMetadataAreColumns) {
  ASSERT_TRUE(store_.Put("in/dt=2001-01-01/hm=12%3A00/a.csv", "1,a\n2,b\n").ok());
  ASSERT_TRUE(store_.Put("in/dt=2001-01-02/hm=__DEFAULT_PARTITION__/b.csv", "3,c\n").ok());
  runtime::TableRequest table = Csv();
  table.schema = columnar::Schema::Make({{"dt", DataType::Date()},
                                         {"id", DataType::BigInt()},
                                         {"size", DataType::BigInt()},
                                         {"text", DataType::String()},
                                         {"hm", DataType::String()},
                                         {"name", DataType::String().NotNull()},
                                         {"at", DataType::TimestampLtz(3)}});
  table.partition_columns = {"dt", "hm"};
  table.metadata = {{"size", "file.size"}, {"name", "file.name"}, {"at", "file.modification-time"}};
  EXPECT_THAT(*Select(table),
              ElementsAre("2001-01-01|1|8|a|12:00|a.csv|1970-01-01 00:00:00.000",
                          "2001-01-01|2|8|b|12:00|a.csv|1970-01-01 00:00:00.000",
                          "2001-01-02|3|4|c|NULL|b.csv|1970-01-01 00:00:00.000"));
  table.read = columnar::Schema::Make({{"text", DataType::String()}, {"dt", DataType::Date()}});
  EXPECT_THAT(*Select(table), ElementsAre("a|2001-01-01", "b|2001-01-01", "c|2001-01-02"));
  table.read = columnar::Schema::Make({{"hm", DataType::String()}});
  EXPECT_THAT(*Select(table), ElementsAre("12:00", "12:00", "NULL"));

  table.read = nullptr;
  ASSERT_TRUE(store_.Put("in/dt=soon/hm=1/c.csv", "4,d\n").ok());
  EXPECT_THAT(SelectError(table), HasSubstr("in/dt=soon/hm=1/c.csv"));
  ASSERT_TRUE(store_.Delete("in/dt=soon/hm=1/c.csv").ok());
  ASSERT_TRUE(store_.Put("in/d.csv", "4,d\n").ok());
  EXPECT_THAT(SelectError(table), HasSubstr("lies in no folder"));
}

TEST_F(FileTableTest, APatternChoosesFiles) {
  ASSERT_TRUE(store_.Put("in/a.csv", "1,a\n").ok());
  ASSERT_TRUE(store_.Put("in/b.txt", "2,b\n").ok());
  EXPECT_THAT(*Select(Csv({{"source.path.regex-pattern", "/in/.*\\.csv"}})), ElementsAre("1|a"));
  EXPECT_THAT(SelectError(Csv({{"source.path.regex-pattern", "(oops"}})),
              HasSubstr("no regular expression"));
}

TEST_F(FileTableTest, AnyFailureOfTheStoreIsASentence) {
  ASSERT_TRUE(store_.Put("in/a.csv", "1,a\n").ok());
  testing::FaultyStore faulty(store_);
  files_ = &faulty;
  ASSERT_TRUE(Select(Csv()).ok());
  const std::uint64_t calls = faulty.calls(testing::StoreCalls::kReads);
  ASSERT_GT(calls, 2U);
  for (std::uint64_t call = 0; call < calls; ++call) {
    faulty.FailNth(testing::StoreCalls::kReads, call, testing::StoreFault::kRefused);
    EXPECT_THAT(SelectError(Csv()), HasSubstr("Source 'in'")) << call;
    faulty.Heal();
  }
}

TEST_F(FileTableTest, KnowsWhatAPlannerAsks) {
  const auto source = MakeFileSource();
  EXPECT_TRUE(source->TraitsOf(Csv())->bounded);
  EXPECT_FALSE(source->TraitsOf(Csv())->narrows_rows);
  EXPECT_TRUE(source->TraitsOf(Csv({{"format", "json"}}))->narrows_rows);
  EXPECT_FALSE(source->TraitsOf(Csv({{"source.monitor-interval", "10 s"}}))->bounded);
  EXPECT_EQ(source->MetadataKeys().size(), 4U);
}

TEST_F(FileTableTest, RelativePathsBeginInTheFolderOfTheSession) {
  ASSERT_TRUE(store_.Put("home/u/in/a.csv", "1,a\n").ok());
  runtime::TableRequest table = Csv({{"path", "../u/./in"}});
  table.folder = "/home/u";
  EXPECT_THAT(*Select(table), ElementsAre("1|a"));
  table.options.Set("path", "../../../etc");
  EXPECT_THAT(SelectError(table), HasSubstr("leads out of '/'"));
}

TEST_F(FileTableTest, SaysWhichOptionIsWrong) {
  EXPECT_THAT(SelectError(Csv({{"path", ""}})), HasSubstr("needs the option 'path'"));
  EXPECT_THAT(SelectError(Csv({{"format", "xml"}})), HasSubstr("'json', 'csv' and 'raw'"));
  EXPECT_THAT(SelectError(Csv({{"csv.null-litteral", "x"}})),
              HasSubstr("did you mean 'csv.null-literal'?"));
  EXPECT_THAT(SelectError(Csv({{"json.ignore-parse-errors", "true"}})),
              HasSubstr("Unknown option"));
  EXPECT_THAT(SelectError(Csv({{"source.monitor-interval", "often"}})), HasSubstr("'often'"));
  EXPECT_THAT(SelectError(Csv({{"on-error", "dead-letter"}})),
              HasSubstr("needs the option 'dead-letter.path'"));
  EXPECT_THAT(SelectError(Csv({{"on-error", "dead-letter"}, {"dead-letter.path", "/in/bad"}})),
              HasSubstr("would be read again"));
  EXPECT_THAT(SelectError(Csv({{"dead-letter.path", "/bad"}})), HasSubstr("'on-error'"));
  EXPECT_THAT(SelectError(Csv({{"on-error", "ignore"}})),
              HasSubstr("'fail', 'skip' or 'dead-letter'"));
  runtime::TableRequest table = Csv();
  table.metadata = {{"text", "file.color"}};
  EXPECT_THAT(SelectError(table), HasSubstr("'file.path', 'file.name'"));
  table.metadata = {{"text", "file.size"}};
  EXPECT_THAT(SelectError(table), HasSubstr("must be BIGINT"));
  table.metadata = {};
  table.partition_columns = {"dt"};
  EXPECT_THAT(SelectError(table), HasSubstr("'dt'"));
}

TEST_F(FileTableTest, APlanWithoutAPlaceForDeadLettersIsRefused) {
  const auto source = MakeFileSource();
  const auto table = Csv({{"on-error", "dead-letter"}, {"dead-letter.path", "/bad"}});
  EXPECT_EQ(source->OpenReader(*source->Plan(table), table.schema, Context()).status().code(),
            StatusCode::kFailedPrecondition);
}

TEST(LineBlocksTest, GivesTheSameLinesHoweverTheBlocksAreCut) {
  std::string text;
  SeededRandom random(3);
  for (int i = 0; i < 300; ++i) {
    text += std::string(random.Uniform(120), static_cast<char>('a' + i % 26)) + "\n";
  }
  text += "the end";
  for (int round = 0; round < 200; ++round) {
    LineBlocks blocks(1000);
    std::string seen;
    std::size_t at = 0;
    while (!blocks.ended() || !blocks.lines().empty()) {
      if (blocks.NeedsBlock() && at < text.size()) {
        const std::size_t size = random.Uniform(round + 2) * random.Uniform(9);
        blocks.Add(text.substr(at, size));
        at += std::min(size, text.size() - at);
        continue;
      }
      if (blocks.NeedsBlock()) {
        blocks.End();
        continue;
      }
      ASSERT_EQ(blocks.offset(), 1000 + seen.size());
      // Takes some of the lines.
      std::size_t taken = blocks.lines().find('\n', random.Uniform(blocks.lines().size()));
      taken = taken == std::string_view::npos ? blocks.lines().size() : taken + 1;
      seen += blocks.lines().substr(0, taken);
      blocks.Consume(taken);
      if (!blocks.ended()) {
        ASSERT_EQ(seen.back(), '\n');
      }
    }
    ASSERT_EQ(seen, text);
  }
}

}  // namespace
}  // namespace thalweg::connectors
