// SPDX-License-Identifier: Apache-2.0
//
// A small job writes rows through a file sink while the world breaks at every point where it can:
// each call of the store is once the last one before a crash, once refused, once done without an
// answer, once out of space. Whatever happens, a reader sees only rows of durable checkpoints, each
// once, and all of them in the end.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include <gtest/gtest.h>

#include "columnar/batch_builder.h"
#include "columnar/datum.h"
#include "connectors/filesystem/filesystem.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/memory_store.h"
#include "tests/testing/sim_executor.h"
#include "tests/testing/sim_loop.h"
#include "tests/testing/sim_node.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using testing::FaultyStore;
using testing::MemoryStore;
using testing::StoreCalls;
using testing::StoreFault;

constexpr int kRowCount = 24;
constexpr std::uint32_t kSinkCount = 2;
// Of a row: so large that some rows leave before the barrier, or so small that all wait for it.
constexpr std::size_t kLargeText = 360'000;
constexpr std::size_t kSmallText = 100;

/// How the sinks lay out their files.
enum class Layout {
  kEachCheckpoint,  // A new file at each.
  kGoingOn,         // Files go on behind checkpoints until they are large.
  kPartitions,      // The same in three folders, which are committed at the end.
};

const columnar::SchemaPtr& TestSchema() {
  static const auto schema = columnar::Schema::Make(
      {{"id", DataType::BigInt()}, {"text", DataType::String()}, {"p", DataType::Int()}});
  return schema;
}

columnar::Batch Row(int id, std::size_t text_size) {
  columnar::BatchBuilder builder(TestSchema());
  builder.AppendRow({id, std::string(text_size, 'x'), id % 3});
  return builder.Finish();
}

std::string SpecOf(Layout layout) {
  proto::FilesystemSinkSpec spec;
  spec.set_path("out");
  spec.mutable_format()->mutable_json();
  if (layout != Layout::kEachCheckpoint) {
    spec.set_roll_bytes(900);
    spec.set_rollover_millis(3'600'000);
  }
  if (layout == Layout::kPartitions) {
    spec.add_partition_columns(2);
    spec.mutable_commit()->set_success_file("_SUCCESS");
    spec.mutable_commit()->set_delay_millis(3'600'000);
  }
  return spec.SerializeAsString();
}

class Listener final : public runtime::SinkListener {
 public:
  void OnCommitted(CheckpointId checkpoint) override { committed = checkpoint.value(); }
  void OnReplayed() override { replayed = true; }
  void OnFailed(Status status) override { failure = status; }

  std::uint64_t committed = 0;
  bool replayed = false;
  Status failure;
};

/// The job: a source of numbers, two sinks, a coordinator with a durable manifest.
class Job {
 public:
  explicit Job(std::uint64_t seed, Layout layout = Layout::kEachCheckpoint)
      : loop_(seed),
        seed_(seed),
        layout_(layout),
        text_size_(layout == Layout::kEachCheckpoint && seed % 4 == 1 ? kLargeText : kSmallText) {
    store_.set_hook([this](std::string_view call, std::string_view) { OnStoreCall(call); });
  }

  FaultyStore& store() { return store_; }
  /// The host crashes just before these calls of the store, counted from 0.
  void CrashAt(std::set<std::uint64_t> calls) { crash_at_ = std::move(calls); }
  std::uint64_t calls() const { return calls_; }

  /// Attempts until all rows are committed.
  void Run() {
    for (std::uint32_t attempt = 0; !finished_; ++attempt) {
      ASSERT_LT(attempt, 20U) << loop_.Describe();
      RunAttempt(attempt);
      parts_.clear();
      executor_.reset();
      mailbox_.reset();
      if (!node_.alive()) {
        node_.Restart();
      }
      crashed_ = false;
    }
    CheckVisible();
    EXPECT_EQ(visible_count_, kRowCount);
    if (layout_ == Layout::kPartitions) {
      for (const char* folder : {"out/p=0/", "out/p=1/", "out/p=2/"}) {
        EXPECT_TRUE(memory_.Get(std::string(folder) + "_SUCCESS").ok()) << folder;
      }
    }
  }

 private:
  struct Part {
    Listener listener;
    std::unique_ptr<runtime::Sink> sink;
    std::optional<StatusOr<runtime::StateEntries>> entries;
  };
  struct Manifest {
    std::uint64_t checkpoint = 0;
    int next_row = 0;
    runtime::StateEntries entries;
  };

  void OnStoreCall(std::string_view call) {
    const bool was_rename = std::exchange(renaming_, call == "Rename");
    if (was_rename || renaming_) {  // Only those change what is visible.
      CheckVisible();
    }
    if (crash_at_.contains(calls_++) && node_.alive()) {
      crashed_ = true;
      node_.Crash();
      memory_.Crash();
    }
  }

  /// A reader looks into the folder now.
  void CheckVisible() {
    std::map<int, int> seen;
    const auto keys = memory_.List("out/");
    for (const std::string& key : *keys) {
      if (key.find("/_") != std::string::npos) {
        continue;
      }
      const std::string text = *memory_.Get(key);
      for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
        ASSERT_EQ(text.compare(at, 6, "{\"id\":"), 0) << key;
        ++seen[std::stoi(text.substr(at + 6, 10))];
        ASSERT_NE(text.find('\n', at), std::string::npos) << "half a line in " << key;
      }
    }
    for (const auto& [id, count] : seen) {
      ASSERT_EQ(count, 1) << "row " << id;
      ASSERT_LT(id, manifest_.next_row) << "a row that no durable checkpoint holds";
    }
    visible_count_ = static_cast<int>(seen.size());
  }

  void OpenParts(std::uint32_t attempt) {
    mailbox_ = std::make_unique<testing::SimMailbox>(node_);
    executor_ = std::make_unique<testing::SimExecutor>(node_);
    for (std::uint32_t subtask = 0; subtask < kSinkCount; ++subtask) {
      runtime::ConnectorContext context;
      context.lineage = "lineage";
      context.operator_id = "sink";
      context.subtask = subtask;
      context.parallelism = kSinkCount;
      context.generation = 3;
      context.attempt = attempt;
      context.executor = executor_.get();
      context.mailbox = mailbox_.get();
      context.files = &store_;
      context.clock = &clock_;
      context.wake = [] {};
      parts_.push_back(std::make_unique<Part>());
      parts_.back()->sink =
          *MakeFileSink()->Open(SpecOf(layout_), TestSchema(), std::move(context));
    }
  }

  bool Failed() const {
    bool failed = crashed_;
    for (const auto& part : parts_) {
      failed = failed || !part->listener.failure.ok();
    }
    return failed;
  }

  /// Lets the world go on until `done` holds for all sinks; false: the attempt is over.
  template <class Done>
  bool Await(Done done) {
    const auto all = [&] {
      for (const auto& part : parts_) {
        if (!done(*part)) {
          return false;
        }
      }
      return true;
    };
    EXPECT_TRUE(loop_.RunUntil([&] { return Failed() || all(); }, Microseconds(60'000'000)))
        << loop_.Describe();
    return !Failed();
  }

  void RunAttempt(std::uint32_t attempt) {
    OpenParts(attempt);
    for (std::uint32_t subtask = 0; subtask < kSinkCount; ++subtask) {
      runtime::StateEntries own;
      for (std::size_t i = 0; i < manifest_.entries.size(); ++i) {
        if (i % kSinkCount == subtask) {  // Any owner will do.
          own.push_back(manifest_.entries[i]);
        }
      }
      Part& part = *parts_[subtask];
      part.sink->Start(CheckpointId(manifest_.checkpoint), own, part.listener);
    }
    if (!Await([](const Part& part) { return part.listener.replayed; })) {
      return;
    }
    int row = manifest_.next_row;
    while (manifest_.next_row < kRowCount) {
      for (int i = 0; i < 6 && row < kRowCount; ++i, ++row) {
        if (!parts_[static_cast<std::size_t>(row) % kSinkCount]
                 ->sink->Write(Row(row, text_size_))
                 .ok()) {
          return;
        }
      }
      if (!Checkpoint(row)) {
        return;
      }
    }
    finished_ = CompleteNewest();
  }

  bool Checkpoint(int next_row) {
    const std::uint64_t checkpoint = ++last_checkpoint_;
    for (const auto& part : parts_) {
      if (next_row == kRowCount) {
        part->sink->OnEnding(runtime::SinkEnding::kEnded);
      }
      part->entries.reset();
      part->sink->Snapshot(CheckpointId(checkpoint),
                           [&part = *part](auto entries) { part.entries = std::move(entries); });
    }
    if (!Await([](const Part& part) { return part.entries.has_value(); })) {
      return false;
    }
    Manifest manifest{checkpoint, next_row, {}};
    for (const auto& part : parts_) {
      if (!part->entries->ok()) {
        return false;
      }
      manifest.entries.insert(
          manifest.entries.end(), (*part->entries)->begin(), (*part->entries)->end());
    }
    if (checkpoint % 4 == 2) {
      for (const auto& part : parts_) {
        part->sink->Abort(CheckpointId(checkpoint));
      }
      return true;
    }
    manifest_ = std::move(manifest);  // Durable from here on.
    // Now and then the next barrier comes before the news of this one.
    return checkpoint % 3 == 0 || CompleteNewest();
  }

  bool CompleteNewest() {
    for (const auto& part : parts_) {
      part->sink->Complete(CheckpointId(manifest_.checkpoint));
    }
    return Await(
        [this](const Part& part) { return part.listener.committed == manifest_.checkpoint; });
  }

  testing::SimLoop loop_;
  const std::uint64_t seed_;
  const Layout layout_;
  const std::size_t text_size_;
  testing::SimNode node_{loop_, "worker"};
  testing::SimClock clock_{loop_};
  MemoryStore memory_{seed_};
  FaultyStore store_{memory_, seed_};
  std::unique_ptr<testing::SimMailbox> mailbox_;
  std::unique_ptr<testing::SimExecutor> executor_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::set<std::uint64_t> crash_at_;
  std::uint64_t calls_ = 0;
  bool renaming_ = false;  // The last call of the store was a rename.
  bool crashed_ = false;
  bool finished_ = false;
  Manifest manifest_;
  std::uint64_t last_checkpoint_ = 0;
  int visible_count_ = 0;
};

std::uint64_t CallsOfAQuietRun(Layout layout) {
  Job job(1, layout);
  job.Run();
  return job.calls();
}

class FileSinkCrashTest : public ::testing::TestWithParam<Layout> {};

TEST_P(FileSinkCrashTest, ACrashAtAnyCallOfTheStoreLosesAndRepeatsNothing) {
  const std::uint64_t calls = CallsOfAQuietRun(GetParam());
  ASSERT_GT(calls, 30U);
  for (std::uint64_t call = 0; call < calls; ++call) {
    SCOPED_TRACE(call);
    Job job(call + 1, GetParam());
    job.CrashAt({call});
    job.Run();
    ASSERT_FALSE(HasFatalFailure() || HasNonfatalFailure());
  }
}

TEST_P(FileSinkCrashTest, ASecondCrashInTheRecoveryDoesNoHarmEither) {
  SeededRandom random(5);
  const std::uint64_t calls = CallsOfAQuietRun(GetParam());
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::uint64_t first = random.Uniform(calls);
    const std::uint64_t second = first + 1 + random.Uniform(8);
    SCOPED_TRACE(::testing::Message() << first << ", " << second);
    Job job(seed, GetParam());
    job.CrashAt({first, second, second + 3});
    job.Run();
    ASSERT_FALSE(HasFatalFailure() || HasNonfatalFailure());
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts,
                         FileSinkCrashTest,
                         ::testing::Values(Layout::kEachCheckpoint,
                                           Layout::kGoingOn,
                                           Layout::kPartitions));

class FileSinkFaultTest : public ::testing::TestWithParam<std::tuple<StoreFault, Layout>> {};

TEST_P(FileSinkFaultTest, AFailureOfAnyWriteCostsAnAttemptAndNoRow) {
  const auto [fault, layout] = GetParam();
  Job quiet(1, layout);
  quiet.Run();
  const std::uint64_t writes = quiet.store().calls(StoreCalls::kWrites);
  for (std::uint64_t write = 0; write < writes; ++write) {
    SCOPED_TRACE(write);
    Job job(write + 1, layout);
    job.store().FailNth(StoreCalls::kWrites, write, fault);
    job.Run();
    ASSERT_FALSE(HasFatalFailure() || HasNonfatalFailure());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Faults,
    FileSinkFaultTest,
    ::testing::Combine(
        ::testing::Values(StoreFault::kRefused, StoreFault::kLostReply, StoreFault::kNoSpace),
        ::testing::Values(Layout::kEachCheckpoint, Layout::kGoingOn, Layout::kPartitions)));

}  // namespace
}  // namespace thalweg::connectors
