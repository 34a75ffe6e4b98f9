// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/memory_store.h"

#include <memory>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/faulty_store.h"

namespace thalweg::testing {
namespace {

using storage::PutOutcome;
using storage::WritableFile;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string GetOr(storage::Store& store, std::string_view key, std::string_view otherwise) {
  const StatusOr<std::string> bytes = store.Get(key);
  return bytes.ok() ? *bytes : std::string(otherwise);
}

TEST(MemoryStoreTest, KeepsTheContractOfADirectory) {
  MemoryStore store;
  EXPECT_EQ(*store.PutIfAbsent("a/b", "1"), PutOutcome::kCreated);
  EXPECT_EQ(*store.PutIfAbsent("a/b", "2"), PutOutcome::kExists);
  EXPECT_EQ(GetOr(store, "a/b", "-"), "1");
  ASSERT_TRUE(store.Put("a/c", "0123").ok());
  EXPECT_EQ(*store.GetRange("a/c", 1, 2), "12");
  EXPECT_EQ(store.GetRange("a/c", 5, 1).status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ(store.Put("a", "x").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store.Put("a/b/c", "x").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store.Put("../a", "x").code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(store.Rename("a/c", "d").ok());
  EXPECT_EQ(store.Rename("a/c", "d").code(), StatusCode::kNotFound);
  EXPECT_THAT(*store.List(""), ElementsAre("a/b", "d"));
  ASSERT_TRUE(store.Delete("d").ok());
  ASSERT_TRUE(store.Delete("d").ok());
  EXPECT_THAT(*store.List("d"), IsEmpty());
}

TEST(MemoryStoreTest, ACrashKeepsWhatWasSyncedAndPerhapsMore) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    MemoryStore store(seed);
    const std::unique_ptr<WritableFile> file = *store.OpenForWrite("f");
    ASSERT_TRUE(file->Append("ab").ok());
    ASSERT_TRUE(file->Sync().ok());
    ASSERT_TRUE(file->Append("cd").ok());
    store.Crash();
    seen.insert(GetOr(store, "f", "-"));
    EXPECT_EQ(file->Append("x").code(), StatusCode::kUnavailable);
    EXPECT_EQ(file->Sync().code(), StatusCode::kUnavailable);
  }
  const std::string zeros("\0\0", 2);
  EXPECT_THAT(seen, ElementsAre("ab", "ab" + zeros, "abc", "abc" + zeros.substr(1), "abcd"));
}

TEST(MemoryStoreTest, ACrashMayForgetAFileThatWasNeverSynced) {
  std::set<bool> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    MemoryStore store(seed);
    const std::unique_ptr<WritableFile> file = *store.OpenForWrite("f");
    ASSERT_TRUE(file->Append("ab").ok());
    ASSERT_TRUE(file->Close().ok());
    store.Crash();
    seen.insert(store.Get("f").ok());
  }
  EXPECT_THAT(seen, ElementsAre(false, true));
}

TEST(MemoryStoreTest, ARenameDoesNotSyncTheBytes) {
  bool was_torn = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    MemoryStore store(seed);
    const std::unique_ptr<WritableFile> file = *store.OpenForWrite("f");
    ASSERT_TRUE(file->Append("abcdef").ok());
    ASSERT_TRUE(store.Rename("f", "g").ok());
    store.Crash();
    ASSERT_TRUE(store.Get("g").ok());
    was_torn = was_torn || *store.Get("g") != "abcdef";
  }
  EXPECT_TRUE(was_torn);
}

TEST(MemoryStoreTest, ACrashOfOneHostLeavesTheOthersAlone) {
  const auto disk = std::make_shared<MemoryDisk>();
  MemoryStore crashing(disk, 1);
  MemoryStore living(disk, 2);
  ASSERT_TRUE(crashing.Put("put", "durable").ok());
  const std::unique_ptr<WritableFile> file = *living.OpenForWrite("f");
  ASSERT_TRUE(file->Append("ab").ok());
  crashing.Crash();
  EXPECT_EQ(GetOr(living, "put", "-"), "durable");
  EXPECT_EQ(GetOr(crashing, "f", "-"), "ab");
  EXPECT_TRUE(file->Append("cd").ok());
  EXPECT_EQ(GetOr(crashing, "f", "-"), "abcd");
}

class FaultyStoreTest : public ::testing::Test {
 protected:
  MemoryStore memory_;
  FaultyStore store_{memory_};
};

TEST_F(FaultyStoreTest, FailsTheNthCallOfItsKindOnce) {
  store_.FailNth(StoreCalls::kWrites, 1, StoreFault::kRefused);
  EXPECT_TRUE(store_.Put("a", "1").ok());
  EXPECT_EQ(GetOr(store_, "a", "-"), "1");
  EXPECT_EQ(store_.Put("a", "2").code(), StatusCode::kUnavailable);
  EXPECT_EQ(GetOr(store_, "a", "-"), "1");
  EXPECT_TRUE(store_.Put("a", "3").ok());
  EXPECT_EQ(store_.calls(StoreCalls::kWrites), 3);
  EXPECT_EQ(store_.calls(StoreCalls::kReads), 2);
  EXPECT_EQ(store_.calls(StoreCalls::kAll), 5);
}

TEST_F(FaultyStoreTest, FailsAllCallsFromTheNthOnUntilItHeals) {
  store_.FailFrom(StoreCalls::kAll, 1, StoreFault::kRefused);
  EXPECT_TRUE(store_.Put("a", "1").ok());
  EXPECT_FALSE(store_.Put("b", "1").ok());
  EXPECT_FALSE(store_.Get("a").ok());
  EXPECT_FALSE(store_.List("").ok());
  store_.Heal();
  EXPECT_THAT(*store_.List(""), ElementsAre("a"));
}

TEST_F(FaultyStoreTest, ALostReplyHasItsEffect) {
  store_.FailNth(StoreCalls::kWrites, 0, StoreFault::kLostReply);
  EXPECT_EQ(store_.PutIfAbsent("a", "1").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(*store_.PutIfAbsent("a", "2"), PutOutcome::kExists);
  EXPECT_EQ(GetOr(memory_, "a", "-"), "1");
}

TEST_F(FaultyStoreTest, ADroppedWriteIsALie) {
  store_.FailNth(StoreCalls::kWrites, 0, StoreFault::kDropped);
  EXPECT_EQ(*store_.PutIfAbsent("a", "1"), PutOutcome::kCreated);
  EXPECT_EQ(GetOr(memory_, "a", "-"), "-");
}

TEST_F(FaultyStoreTest, FlipsOneBitOfAReadAndOfAWrite) {
  ASSERT_TRUE(store_.Put("a", "zzzz").ok());
  store_.FailNth(StoreCalls::kReads, 0, StoreFault::kFlippedBit);
  EXPECT_NE(GetOr(store_, "a", "-"), "zzzz");
  EXPECT_EQ(GetOr(store_, "a", "-"), "zzzz");
  store_.FailNth(StoreCalls::kWrites, 0, StoreFault::kFlippedBit);
  ASSERT_TRUE(store_.Put("a", "zzzz").ok());
  EXPECT_NE(GetOr(store_, "a", "-"), "zzzz");
}

TEST_F(FaultyStoreTest, RunsOutOfSpace) {
  store_.SetSpace(5);
  EXPECT_TRUE(store_.Put("a", "123").ok());
  EXPECT_EQ(store_.Put("b", "123").code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(store_.Put("c", "12").ok());
  const std::unique_ptr<WritableFile> file = *store_.OpenForWrite("d");
  EXPECT_EQ(file->Append("1").code(), StatusCode::kResourceExhausted);
  store_.Heal();
  EXPECT_TRUE(file->Append("1").ok());
  EXPECT_TRUE(file->Sync().ok());
}

TEST_F(FaultyStoreTest, TheSameSeedFailsTheSameCalls) {
  std::set<std::string> outcomes;
  for (const std::uint64_t seed : {1, 1, 2, 2}) {
    FaultyStore store(memory_, seed);
    store.FailAtRandom(StoreCalls::kReads, 3, StoreFault::kRefused);
    std::string outcome = std::to_string(seed) + ":";
    for (int i = 0; i < 60; ++i) {
      outcome += store.List("").ok() ? '.' : 'x';
    }
    EXPECT_THAT(outcome, ::testing::AllOf(::testing::HasSubstr("."), ::testing::HasSubstr("x")));
    outcomes.insert(outcome);
  }
  EXPECT_EQ(outcomes.size(), 2);
}

TEST_F(FaultyStoreTest, TheHookSeesEachCall) {
  std::vector<std::string> calls;
  store_.set_hook([&](std::string_view call, std::string_view key) {
    calls.push_back(std::string(call) + " " + std::string(key));
  });
  (void)store_.Put("a", "1");
  (void)store_.List("x");
  (void)(*store_.OpenForWrite("b"))->Sync();
  EXPECT_THAT(calls, ElementsAre("Put a", "List x", "OpenForWrite b", "Sync b"));
}

}  // namespace
}  // namespace thalweg::testing
