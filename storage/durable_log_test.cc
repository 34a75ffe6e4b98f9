// SPDX-License-Identifier: Apache-2.0

#include "storage/durable_log.h"

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/memory_store.h"

namespace thalweg::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using thalweg::testing::FaultyStore;
using thalweg::testing::MemoryStore;
using thalweg::testing::StoreCalls;
using thalweg::testing::StoreFault;

std::string SlotKey(std::uint64_t slot) {
  const std::string digits = std::to_string(slot);
  return "job/log/slot/" + std::string(20 - digits.size(), '0') + digits;
}

std::vector<std::string> BytesOf(const LogContents& contents) {
  std::vector<std::string> bytes;
  bytes.reserve(contents.records.size());
  for (const Record& record : contents.records) {
    bytes.push_back(record.bytes);
  }
  return bytes;
}

/// Two processes over one store.
class DurableLogTest : public ::testing::Test {
 protected:
  static LogContents MustRead(const DurableLog& log, std::uint64_t from = 0) {
    const StatusOr<LogContents> contents = log.Read(from);
    EXPECT_TRUE(contents.ok()) << contents.status();
    return contents.value_or(LogContents());
  }
  static void MustAppend(const DurableLog& log, std::uint64_t slot, std::string_view bytes) {
    const StatusOr<AppendOutcome> outcome = log.Append(slot, bytes);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_EQ(*outcome, AppendOutcome::kAppended);
  }
  void Fill(std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t slot = begin; slot < end; ++slot) {
      MustAppend(log_, slot, "r" + std::to_string(slot));
    }
  }

  MemoryStore store_;
  FaultyStore faulty_{store_};
  const DurableLog log_{store_, "job/log", 1};
  const DurableLog other_{store_, "job/log", 2};
  const DurableLog unlucky_{faulty_, "job/log", 3};
};

TEST_F(DurableLogTest, BeginsEmptyAtSlotZero) {
  const LogContents contents = MustRead(log_);
  EXPECT_THAT(contents.records, IsEmpty());
  EXPECT_EQ(contents.next_slot, 0);
}

TEST_F(DurableLogTest, ReadsBackWhatWasAppended) {
  MustAppend(log_, 0, "a");
  MustAppend(other_, 1, "");
  MustAppend(log_, 2, "c");
  const LogContents contents = MustRead(log_);
  EXPECT_THAT(BytesOf(contents), ElementsAre("a", "", "c"));
  EXPECT_EQ(contents.records[1].nonce, 2);
  EXPECT_EQ(contents.records[1].slot, 1);
  EXPECT_EQ(contents.next_slot, 3);
  EXPECT_THAT(BytesOf(MustRead(log_, 2)), ElementsAre("c"));
  EXPECT_THAT(BytesOf(MustRead(log_, 3)), IsEmpty());
}

TEST_F(DurableLogTest, GivesASlotToOneWriterOnly) {
  MustAppend(log_, 0, "first");
  const StatusOr<AppendOutcome> outcome = other_.Append(0, "second");
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*outcome, AppendOutcome::kLost);
  EXPECT_THAT(BytesOf(MustRead(other_)), ElementsAre("first"));
}

// The replaced leader appends checkpoint N when its successor has begun generation G+1 in that
// slot.
TEST_F(DurableLogTest, AReplacedLeaderCollidesWithItsSuccessor) {
  MustAppend(log_, 0, "generation 1");
  const std::uint64_t next = MustRead(log_).next_slot;
  MustAppend(other_, MustRead(other_).next_slot, "generation 2");
  const StatusOr<AppendOutcome> zombie = log_.Append(next, "checkpoint 9");
  ASSERT_TRUE(zombie.ok()) << zombie.status();
  EXPECT_EQ(*zombie, AppendOutcome::kLost);
  EXPECT_THAT(BytesOf(MustRead(log_, next)), ElementsAre("generation 2"));
}

TEST_F(DurableLogTest, WritersOnManyThreadsShareOneHistory) {
  constexpr int kWriters = 4;
  constexpr int kRecords = 50;
  std::vector<std::thread> threads;
  threads.reserve(kWriters);
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([this, writer] {
      const DurableLog log(store_, "job/log", 100 + writer);
      std::uint64_t slot = 0;
      for (int i = 0; i < kRecords; ++slot) {
        const StatusOr<AppendOutcome> outcome =
            log.Append(slot, std::to_string(writer) + ":" + std::to_string(i));
        ASSERT_TRUE(outcome.ok()) << outcome.status();
        i += *outcome == AppendOutcome::kAppended ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::map<std::uint64_t, int> next;  // Each writer's records are all there, once, in its order.
  const LogContents contents = MustRead(log_);
  ASSERT_EQ(contents.records.size(), kWriters * kRecords);
  for (const Record& record : contents.records) {
    const std::uint64_t writer = record.nonce - 100;
    EXPECT_EQ(record.bytes, std::to_string(writer) + ":" + std::to_string(next[writer]++));
  }
}

TEST_F(DurableLogTest, ALostReplyIsNotALostRace) {
  faulty_.FailNth(StoreCalls::kWrites, 0, StoreFault::kLostReply);
  MustAppend(unlucky_, 0, "a");
  EXPECT_THAT(BytesOf(MustRead(log_)), ElementsAre("a"));
}

TEST_F(DurableLogTest, ALostRaceBehindALostReplyIsALostRace) {
  MustAppend(log_, 0, "a");
  faulty_.FailNth(StoreCalls::kWrites, 0, StoreFault::kLostReply);
  const StatusOr<AppendOutcome> outcome = unlucky_.Append(0, "a");
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*outcome, AppendOutcome::kLost);  // The same bytes, but another writer's.
}

TEST_F(DurableLogTest, AnOwnOlderRecordInTheSlotIsALostRace) {
  faulty_.FailFrom(StoreCalls::kReads, 0, StoreFault::kRefused);  // Done, but never confirmed.
  EXPECT_EQ(unlucky_.Append(0, "first idea").status().code(), StatusCode::kUnavailable);
  faulty_.Heal();
  const StatusOr<AppendOutcome> outcome = unlucky_.Append(0, "second idea");
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*outcome, AppendOutcome::kLost);
  EXPECT_THAT(BytesOf(MustRead(log_)), ElementsAre("first idea"));
}

TEST_F(DurableLogTest, AnAppendThatFailedAnywhereCanBeRepeated) {
  std::uint64_t slot = 0;
  for (const StoreFault fault :
       {StoreFault::kRefused, StoreFault::kLostReply, StoreFault::kNoSpace}) {
    for (std::uint64_t first = 0; first < 12; ++first, ++slot) {
      faulty_.FailFrom(StoreCalls::kAll, first, fault);
      const std::string bytes = "r" + std::to_string(slot);
      if (const StatusOr<AppendOutcome> outcome = unlucky_.Append(slot, bytes); outcome.ok()) {
        EXPECT_EQ(*outcome, AppendOutcome::kAppended);
      }
      faulty_.Heal();
      MustAppend(unlucky_, slot, bytes);
      EXPECT_EQ(MustRead(log_).next_slot, slot + 1);
    }
  }
}

TEST_F(DurableLogTest, NamesTheSlotAndTheKeyOfADamagedRecord) {
  Fill(0, 3);
  store_.Corrupt(SlotKey(1), 30);
  const Status status = log_.Read(0).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("Slot 1"));
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr(SlotKey(1)));
  EXPECT_EQ(other_.Append(1, "x").status().code(), StatusCode::kDataLoss);
}

TEST_F(DurableLogTest, NoticesATornLastRecord) {
  Fill(0, 2);
  const std::string whole = *store_.Get(SlotKey(1));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    store_.Overwrite(SlotKey(1), whole.substr(0, size));
    EXPECT_EQ(log_.Read(0).status().code(), StatusCode::kDataLoss) << size << " bytes left";
  }
}

TEST_F(DurableLogTest, NoticesARecordCopiedToAnotherSlot) {
  Fill(0, 2);
  store_.Overwrite(SlotKey(1), *store_.Get(SlotKey(0)));
  EXPECT_EQ(log_.Read(0).status().code(), StatusCode::kDataLoss);
}

TEST_F(DurableLogTest, NoticesAMissingSlot) {
  Fill(0, 4);
  ASSERT_TRUE(store_.Delete(SlotKey(2)).ok());
  const Status status = log_.Read(0).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("Slot 2"));
  EXPECT_EQ(log_.Read(3).status().code(), StatusCode::kDataLoss);
}

TEST_F(DurableLogTest, NoticesThatTheEndHasGone) {
  Fill(0, 3);
  ASSERT_TRUE(store_.Delete(SlotKey(2)).ok());
  EXPECT_EQ(log_.Read(3).status().code(), StatusCode::kDataLoss);
  const Status status = other_.Read(0).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr(SlotKey(2)));
}

TEST_F(DurableLogTest, NoticesThatAllHasGone) {
  Fill(0, 1);
  ASSERT_TRUE(store_.Delete(SlotKey(0)).ok());
  EXPECT_EQ(other_.Read(0).status().code(), StatusCode::kDataLoss);
}

TEST_F(DurableLogTest, AnAppendIsNotOverBeforeALossOfItWouldBeNoticed) {
  for (std::uint64_t n = 0; n < 3; ++n) {
    MemoryStore store;
    FaultyStore faulty(store);
    const DurableLog log(faulty, "job/log", 1);
    faulty.FailFrom(StoreCalls::kWrites, n, StoreFault::kRefused);
    const bool appended = log.Append(0, "a").ok();
    ASSERT_TRUE(store.Delete(SlotKey(0)).ok());
    const DurableLog reader(store, "job/log", 2);
    EXPECT_EQ(reader.Read(0).ok(), !appended) << "after write " << n;
  }
}

TEST_F(DurableLogTest, WhoAppendedLongAgoDoesNotHideALoss) {
  Fill(0, 4);
  MustAppend(log_, 1, "r1");  // A repeat, by who slept since.
  ASSERT_TRUE(store_.Delete(SlotKey(3)).ok());
  EXPECT_EQ(other_.Read(0).status().code(), StatusCode::kDataLoss);
}

TEST_F(DurableLogTest, RefusesForeignFiles) {
  ASSERT_TRUE(store_.Put("job/log/slot/notes.txt", "x").ok());
  EXPECT_EQ(log_.Read(0).status().code(), StatusCode::kDataLoss);
}

TEST_F(DurableLogTest, RefusesRecordsThatAreTooLarge) {
  const std::string large(kMaxRecordBytes + 1, 'x');
  EXPECT_EQ(log_.Append(0, large).status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(MustRead(log_).records, IsEmpty());
}

TEST_F(DurableLogTest, ReadsWhatATruncationLeft) {
  Fill(0, 5);
  ASSERT_TRUE(log_.Truncate(3).ok());
  ASSERT_TRUE(log_.Truncate(3).ok());
  ASSERT_TRUE(log_.Truncate(1).ok());  // Less than before: nothing comes back.
  const LogContents contents = MustRead(other_);
  EXPECT_THAT(BytesOf(contents), ElementsAre("r3", "r4"));
  EXPECT_EQ(contents.next_slot, 5);
  EXPECT_THAT(BytesOf(MustRead(other_, 4)), ElementsAre("r4"));
  MustAppend(other_, 5, "r5");
}

TEST_F(DurableLogTest, KeepsAtLeastOneRecord) {
  Fill(0, 2);
  EXPECT_EQ(log_.Truncate(2).code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(BytesOf(MustRead(log_)), ElementsAre("r0", "r1"));
}

TEST_F(DurableLogTest, ATruncatedSlotStaysTaken) {
  Fill(0, 5);
  ASSERT_TRUE(log_.Truncate(4).ok());
  const StatusOr<AppendOutcome> zombie = other_.Append(2, "late");
  ASSERT_TRUE(zombie.ok()) << zombie.status();
  EXPECT_EQ(*zombie, AppendOutcome::kLost);
  MustAppend(log_, 2, "r2");  // Its own, and it learns that it was appended.
}

TEST_F(DurableLogTest, AWriterWhoSleptThroughManyTruncationsStepsDown) {
  Fill(0, 2 * kTombstonesKept + 10);
  ASSERT_TRUE(log_.Truncate(2 * kTombstonesKept + 5).ok());
  EXPECT_EQ(store_.Get(SlotKey(3)).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(other_.Append(3, "late").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(other_.Append(3, "late").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(MustRead(log_).next_slot, 2 * kTombstonesKept + 10);  // Its file disturbs nobody.
  ASSERT_TRUE(log_.Truncate(2 * kTombstonesKept + 6).ok());
  EXPECT_EQ(store_.Get(SlotKey(3)).status().code(), StatusCode::kNotFound);
}

TEST_F(DurableLogTest, AnOldTruncationDoesNotLowerTheFloor) {
  Fill(0, 3 * kTombstonesKept);
  ASSERT_TRUE(log_.Truncate(3 * kTombstonesKept - 1).ok());
  ASSERT_TRUE(other_.Truncate(2 * kTombstonesKept).ok());  // Of a leader that was replaced.
  EXPECT_EQ(other_.Append(5, "late").status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(DurableLogTest, TheNumberOfFilesStaysBounded) {
  std::uint64_t slot = 0;
  for (int round = 0; round < 30; ++round, slot += 40) {
    Fill(slot, slot + 40);
    ASSERT_TRUE(log_.Truncate(slot + 39).ok());
    EXPECT_LE(store_.List("job/log/")->size(), 2 * kTombstonesKept + 43);
  }
}

TEST_F(DurableLogTest, ATruncationThatFailedAnywhereCanBeRepeated) {
  const std::uint64_t before = 2 * kTombstonesKept + 4;
  for (std::uint64_t n = 0;; ++n) {
    MemoryStore store;
    FaultyStore faulty(store);
    const DurableLog log(store, "job/log", 1);
    const DurableLog truncating(faulty, "job/log", 1);
    for (std::uint64_t slot = 0; slot < before + 2; ++slot) {
      MustAppend(log, slot, std::to_string(slot));
      if (slot == before - 4) {
        ASSERT_TRUE(log.Truncate(slot - 1).ok());  // Leaves a few records for the loop below.
      }
    }
    faulty.FailFrom(StoreCalls::kWrites, n, StoreFault::kRefused);
    const bool done = truncating.Truncate(before).ok();
    EXPECT_THAT(MustRead(log, before).records.size(), 2) << "after write " << n;
    ASSERT_TRUE(log.Truncate(before).ok());
    EXPECT_THAT(BytesOf(MustRead(log)),
                ElementsAre(std::to_string(before), std::to_string(before + 1)));
    EXPECT_EQ(store.Get(SlotKey(3)).status().code(), StatusCode::kNotFound);
    if (done) {
      EXPECT_GT(n, 5);
      return;
    }
  }
}

/// A process that appends numbered records, reads what beat it, and truncates at times, over a
/// store that fails.
struct RandomWriter {
  RandomWriter(thalweg::storage::DirectoryStore& target, std::uint64_t id, std::uint64_t seed)
      : store(target, seed), log(store, "job/log", id) {
    store.FailAtRandom(StoreCalls::kAll, 6, StoreFault::kRefused);
    store.FailAtRandom(StoreCalls::kWrites, 6, StoreFault::kLostReply);
  }

  std::string Bytes(std::uint64_t nonce) const {
    return std::to_string(nonce) + ":" + std::to_string(appended);
  }

  FaultyStore store;
  const DurableLog log;
  std::uint64_t slot = 0;  // The next one, as far as it knows.
  int appended = 0;
  bool fenced = false;
};

class DurableLogRandomTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(DurableLogRandomTest, HasOneHistoryWhateverFails) {
  SeededRandom random(GetParam());
  MemoryStore store(GetParam());
  constexpr std::uint64_t kWriters = 3;
  std::vector<std::unique_ptr<RandomWriter>> writers;
  writers.reserve(kWriters);
  for (std::uint64_t id = 0; id < kWriters; ++id) {
    writers.push_back(std::make_unique<RandomWriter>(store, id, random.Next()));
  }
  std::vector<std::string> history;  // By slot: what some append has reported as done.
  for (int step = 0; step < 1500; ++step) {
    const std::uint64_t id = random.Uniform(writers.size());
    RandomWriter& writer = *writers[id];
    if (writer.fenced) {
      continue;
    }
    if (random.Chance(25)) {
      writer.slot = std::max<std::uint64_t>(writer.slot, 1);
      (void)writer.log.Truncate(random.Uniform(writer.slot));
      continue;
    }
    const StatusOr<AppendOutcome> outcome = writer.log.Append(writer.slot, writer.Bytes(id));
    if (!outcome.ok()) {
      writer.fenced = outcome.status().code() == StatusCode::kFailedPrecondition;
      continue;  // Repeated with the same slot and bytes when its turn comes.
    }
    if (*outcome == AppendOutcome::kAppended) {
      history.resize(std::max<std::size_t>(history.size(), writer.slot + 1));
      ASSERT_EQ(history[writer.slot], "") << "slot " << writer.slot << " was given twice";
      history[writer.slot] = writer.Bytes(id);
      ++writer.appended;
    }
    ++writer.slot;
  }
  const DurableLog reader(store, "job/log", 99);
  const StatusOr<LogContents> contents = reader.Read(0);
  ASSERT_TRUE(contents.ok()) << contents.status();
  ASSERT_GE(contents->next_slot, history.size());
  for (const Record& record : contents->records) {
    // A record that nobody has reported yet is one whose writer still repeats its append.
    if (record.slot < history.size() && history[record.slot] != "") {
      EXPECT_EQ(record.bytes, history[record.slot]);
    }
  }
  EXPECT_GT(history.size(), 200);
}

INSTANTIATE_TEST_SUITE_P(Seeds, DurableLogRandomTest, ::testing::Range<std::uint64_t>(1, 21));

}  // namespace
}  // namespace thalweg::storage
