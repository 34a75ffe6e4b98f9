// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/counters.h"
#include "columnar/datum.h"
#include "connectors/filesystem/filesystem.h"
#include "connectors/filesystem/line_blocks.h"
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
    context.files = &store_;
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

TEST_F(FileSourceTest, PlansItsOptions) {
  runtime::TableRequest table{{{"path", "/in"},
                               {"format", "json"},
                               {"on-error", "skip"},
                               {"source.split-size", "1 kb"},
                               {"json.ignore-parse-errors", "true"}},
                              columnar::Schema::Make({{"id", DataType::BigInt()}})};
  FileSourceOptions expected = Options(1024);
  expected.on_error = proto::ON_ERROR_SKIP;
  expected.json = *ParseJsonOptions(table.options);
  EXPECT_EQ(*MakeFileSource()->Plan(table), FileSourceSpecOf(expected));
  table.options.Set("on-error", "dead-letter");
  EXPECT_EQ(MakeFileSource()->Plan(table).status().code(), StatusCode::kUnimplemented);
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
