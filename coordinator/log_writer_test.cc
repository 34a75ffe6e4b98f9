// SPDX-License-Identifier: Apache-2.0

#include "coordinator/log_writer.h"

#include <optional>

#include "base/check.h"
#include "base/log.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/memory_store.h"
#include "tests/testing/sim_executor.h"
#include "tests/testing/sim_loop.h"
#include "tests/testing/sim_node.h"
#include "tests/testing/sim_transport.h"

namespace thalweg::coordinator {
namespace {

using ::testing::ElementsAre;

/// Two processes that write one log.
class LogWriterTest : public ::testing::Test {
 protected:
  class Foreign final : public ForeignRecordObserver {
   public:
    Status OnForeign(const proto::LogRecord& record) override {
      seen.push_back(record.job_added());
      return answer;
    }
    std::vector<std::string> seen;
    Status answer;
  };

  LogWriterTest()
      : store_(memory_),
        first_(environment_, "log", /*nonce=*/1, first_foreign_),
        second_(environment_, "log", /*nonce=*/2, second_foreign_) {
    Open(first_);
    Open(second_);
  }

  void Open(LogWriter& writer) {
    bool read = false;
    writer.ReadAll([&](StatusOr<LogWriter::Records> records) { read = records.ok(); });
    EXPECT_TRUE(loop_.RunUntil([&] { return read; }, Microseconds(60'000'000)));
  }

  static proto::LogRecord Named(const std::string& name) {
    proto::LogRecord record;
    record.set_job_added(name);
    return record;
  }

  Status Append(LogWriter& writer, std::uint64_t generation, const std::string& name) {
    std::optional<Status> answer;
    writer.Append(
        Generation(generation), Named(name), [&](const Status& status) { answer = status; });
    loop_.RunUntil([&] { return answer.has_value(); }, Microseconds(60'000'000));
    return answer.value_or(DeadlineExceeded("no answer"));
  }

  std::vector<std::string> Contents() {
    std::vector<std::string> names;
    const storage::DurableLog log(memory_, "log", /*nonce=*/3);
    const StatusOr<storage::LogContents> contents = log.Read(0);
    CHECK_OK(contents);
    const StatusOr<LogWriter::Records> records = ParseRecords(*contents, "log");
    CHECK_OK(records);
    for (const proto::LogRecord& record : *records) {
      names.push_back(record.job_added());
    }
    return names;
  }

  testing::SimLoop loop_{1};
  testing::SimNode node_{loop_, "node"};
  testing::SimNetwork network_{loop_};
  testing::SimClock clock_{loop_};
  SeededRandom random_{1};
  CapturingLogSink sink_;
  Log log_{sink_, clock_};
  testing::SimMailbox mailbox_{node_};
  testing::SimTimers timers_{node_};
  testing::SimExecutor executor_{node_};
  testing::SimTransport transport_{network_, node_};
  testing::MemoryStore memory_;
  testing::FaultyStore store_;
  Environment environment_{.clock = clock_,
                           .random = random_,
                           .log = log_,
                           .mailbox = mailbox_,
                           .timers = timers_,
                           .executor = executor_,
                           .transport = transport_,
                           .store = store_};
  Foreign first_foreign_;
  Foreign second_foreign_;
  LogWriter first_;
  LogWriter second_;
};

TEST_F(LogWriterTest, AppendsInTheOrderOfTheCalls) {
  int durable = 0;
  for (const char* name : {"a", "b", "c"}) {
    first_.Append(Generation(1), Named(name), [&](const Status& status) {
      EXPECT_TRUE(status.ok());
      ++durable;
    });
  }
  loop_.RunUntilIdle();
  EXPECT_EQ(durable, 3);
  EXPECT_THAT(Contents(), ElementsAre("a", "b", "c"));
}

TEST_F(LogWriterTest, WhoLosesASlotReadsItAndTriesTheNext) {
  ASSERT_TRUE(Append(first_, 1, "a").ok());
  ASSERT_TRUE(Append(second_, 2, "b").ok());
  EXPECT_THAT(second_foreign_.seen, ElementsAre("a"));
  EXPECT_THAT(Contents(), ElementsAre("a", "b"));
}

TEST_F(LogWriterTest, AHigherGenerationEndsTheAppend) {
  ASSERT_TRUE(Append(second_, 2, "b").ok());
  EXPECT_EQ(Append(first_, 1, "a").code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Contents(), ElementsAre("b"));
}

TEST_F(LogWriterTest, TheObserverMayObject) {
  ASSERT_TRUE(Append(first_, 1, "a").ok());
  second_foreign_.answer = Aborted("no");
  EXPECT_EQ(Append(second_, 2, "b").code(), StatusCode::kAborted);
  EXPECT_THAT(Contents(), ElementsAre("a"));
}

TEST_F(LogWriterTest, ALostReplyIsNoLostSlot) {
  store_.FailNth(testing::StoreCalls::kWrites, 0, testing::StoreFault::kLostReply);
  EXPECT_TRUE(Append(first_, 1, "a").ok());
  EXPECT_TRUE(Append(first_, 1, "b").ok());
  EXPECT_THAT(Contents(), ElementsAre("a", "b"));
}

TEST_F(LogWriterTest, HoldsOnToTheSlotWhileStorageIsAway) {
  store_.FailFrom(testing::StoreCalls::kAll, 0, testing::StoreFault::kRefused);
  std::optional<Status> answer;
  first_.Append(Generation(1), Named("a"), [&](const Status& status) { answer = status; });
  loop_.RunFor(Microseconds(100'000'000));
  EXPECT_FALSE(answer.has_value());
  store_.Heal();
  loop_.RunFor(Microseconds(10'000'000));
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->ok());
  EXPECT_THAT(Contents(), ElementsAre("a"));
}

TEST_F(LogWriterTest, ReadsAgainWhetherAnotherLeads) {
  ASSERT_TRUE(Append(first_, 1, "a").ok());
  std::vector<StatusCode> answers;
  const auto ask = [&] {
    first_.ReadAgain(Generation(1),
                     [&](const Status& status) { answers.push_back(status.code()); });
    loop_.RunUntilIdle();
  };
  ask();
  ASSERT_TRUE(Append(second_, 2, "b").ok());
  ask();
  EXPECT_THAT(answers, ElementsAre(StatusCode::kOk, StatusCode::kFailedPrecondition));
}

TEST_F(LogWriterTest, TruncatesWhatLiesBeforeTheLastRecord) {
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(Append(first_, 1, name).ok());
  }
  first_.TruncateBeforeLast();
  loop_.RunUntilIdle();
  EXPECT_THAT(Contents(), ElementsAre("c"));
  EXPECT_TRUE(Append(first_, 1, "d").ok());
}

TEST_F(LogWriterTest, NothingIsHeardOfADestroyedWriter) {
  bool called = false;
  {
    LogWriter writer(environment_, "other", /*nonce=*/1, first_foreign_);
    writer.ReadAll([&](const StatusOr<LogWriter::Records>&) { called = true; });
  }
  loop_.RunUntilIdle();
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace thalweg::coordinator
