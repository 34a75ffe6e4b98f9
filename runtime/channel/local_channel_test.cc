// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel/local_channel.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/channel_items.h"
#include "tests/testing/scoped_mutation.h"

namespace thalweg::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Numbers;
using testing::ReadAll;

class LocalChannelTest : public ::testing::Test {
 protected:
  explicit LocalChannelTest(std::size_t credits = 2)
      : channel_(MakeLocalChannel({.sender = sender_, .receiver = receiver_, .credits = credits})) {
  }

  ChannelWriter& writer() { return *channel_.writer; }
  ChannelReader& reader() { return *channel_.reader; }

  std::shared_ptr<testing::CountingWaker> sender_ = std::make_shared<testing::CountingWaker>();
  std::shared_ptr<testing::CountingWaker> receiver_ = std::make_shared<testing::CountingWaker>();
  LocalChannel channel_;
};

TEST_F(LocalChannelTest, KeepsTheOrderOfAllItems) {
  writer().Write(Numbers({1}));
  writer().Write(Watermark{5});
  writer().Write(Barrier{.checkpoint = CheckpointId(1)});
  writer().Write(Numbers({2}));
  writer().Write(Idle());
  writer().Write(Watermark{kMaxWatermark});
  writer().Write(End());
  writer().Write(Barrier{.checkpoint = CheckpointId(2)});
  EXPECT_THAT(
      ReadAll(reader()),
      ElementsAre("1", "watermark 5", "barrier 1", "2", "watermark max", "end", "barrier 2"));
}

TEST_F(LocalChannelTest, ALaterWatermarkReplacesTheOneBeforeIt) {
  writer().Write(Watermark{5});
  writer().Write(Watermark{6});
  writer().Write(Watermark{4});
  EXPECT_THAT(ReadAll(reader()), ElementsAre("watermark 6"));
  EXPECT_THAT(ReadAll(reader()), IsEmpty());
}

TEST_F(LocalChannelTest, IdlenessIsToldOnceAndEndsWithTheNextBatch) {
  writer().Write(Idle());
  writer().Write(Idle());
  EXPECT_THAT(ReadAll(reader()), ElementsAre("idle"));
  writer().Write(Numbers({1}));
  EXPECT_THAT(ReadAll(reader()), ElementsAre("1"));
  writer().Write(Idle());
  EXPECT_THAT(ReadAll(reader()), ElementsAre("idle"));
  writer().Write(Watermark{3});
  writer().Write(Idle());
  EXPECT_THAT(ReadAll(reader()), ElementsAre("watermark 3", "idle"));
}

TEST_F(LocalChannelTest, MarksNeedNoCredit) {
  writer().Write(Numbers({1}));
  writer().Write(Numbers({2}));
  ASSERT_FALSE(writer().HasRoom());
  writer().Write(Watermark{1});
  writer().Write(Barrier{.checkpoint = CheckpointId(1)});
  writer().Write(End());
  EXPECT_THAT(ReadAll(reader()), ElementsAre("1", "2", "watermark 1", "barrier 1", "end"));
}

TEST_F(LocalChannelTest, DropsBarriersThatNobodyCanWaitForAnyMore) {
  for (std::uint64_t id = 1; id <= kChannelBarriers + 3; ++id) {
    writer().Write(Barrier{.checkpoint = CheckpointId(id)});
  }
  EXPECT_EQ(ReadAll(reader()).size(), kChannelBarriers);
  writer().Write(Barrier{.checkpoint = CheckpointId(99)});
  EXPECT_THAT(ReadAll(reader()), ElementsAre("barrier 99"));
}

TEST_F(LocalChannelTest, WakesTheReceiverWhenSomethingComesIntoAnEmptyQueue) {
  writer().Write(Numbers({1}));
  EXPECT_EQ(receiver_->TakeCount(), 1);
  writer().Write(Numbers({2}));
  EXPECT_EQ(receiver_->TakeCount(), 0) << "It is awake and will look again.";
  ReadAll(reader());
  writer().Write(Watermark{1});
  EXPECT_EQ(receiver_->TakeCount(), 1);
}

TEST_F(LocalChannelTest, WakesTheSenderWhenAFullQueueHasRoom) {
  writer().Write(Numbers({1}));
  reader().Read();
  EXPECT_EQ(sender_->TakeCount(), 0) << "It never lacked room.";
  writer().Write(Numbers({2}));
  writer().Write(Numbers({3}));
  reader().Read();
  EXPECT_EQ(sender_->TakeCount(), 1);
  EXPECT_TRUE(writer().HasRoom());
}

TEST_F(LocalChannelTest, TellsOfABarrierBehindOtherItems) {
  writer().Write(Numbers({1}));
  EXPECT_FALSE(reader().HasQueuedBarrier());
  writer().Write(Watermark{1});
  writer().Write(Barrier{.checkpoint = CheckpointId(1)});
  EXPECT_TRUE(reader().HasQueuedBarrier());
  reader().Read();
  reader().Read();
  EXPECT_TRUE(reader().HasQueuedBarrier());
  reader().Read();
  EXPECT_FALSE(reader().HasQueuedBarrier());
}

TEST_F(LocalChannelTest, WithTheMistakeTheSenderRunsOutOfCredits) {
  testing::ScopedMutation mutation(Mutation::kCreditLeaked);
  writer().Write(Numbers({1}));
  writer().Write(Numbers({2}));
  ReadAll(reader());
  EXPECT_FALSE(writer().HasRoom());
}

TEST_F(LocalChannelTest, EitherEndMayGoFirst) {
  channel_.reader.reset();
  writer().Write(Numbers({1}));
  writer().Write(Watermark{1});
  channel_.writer.reset();
}

// Parks a thread until it is woken.
class Parking final : public Waker {
 public:
  void Wake() override {
    woken_.store(true);
    woken_.notify_one();
  }
  void Wait() {
    woken_.wait(false);
    woken_.store(false);
  }

 private:
  std::atomic<bool> woken_{false};
};

// Two threads that park whenever they cannot go on: a lost wake-up would hang, a lost or swapped
// item would show.
TEST(LocalChannelStressTest, NothingIsLostBetweenTwoThreads) {
  constexpr std::int64_t kBatches = 20'000;
  auto sender = std::make_shared<Parking>();
  auto receiver = std::make_shared<Parking>();
  LocalChannel channel = MakeLocalChannel({.sender = sender, .receiver = receiver, .credits = 3});
  const std::vector<columnar::Batch> batches = {Numbers({0}), Numbers({1}), Numbers({2})};

  std::thread writing([&] {
    for (std::int64_t i = 0; i < kBatches; ++i) {
      while (!channel.writer->HasRoom()) {
        sender->Wait();
      }
      channel.writer->Write(batches[static_cast<std::size_t>(i % 3)]);
      channel.writer->Write(Watermark{i});
      if (i % 7 == 0) {
        channel.writer->Write(Barrier{.checkpoint = CheckpointId(static_cast<std::uint64_t>(i))});
      }
    }
    channel.writer->Write(End());
  });

  std::int64_t next = 0;
  EventMillis watermark = kMinWatermark;
  bool ended = false;
  while (!ended) {
    const std::optional<Item> item = channel.reader->Read();
    if (!item.has_value()) {
      receiver->Wait();
      continue;
    }
    if (const auto* batch = std::get_if<columnar::Batch>(&*item)) {
      ASSERT_EQ(testing::NumbersOf(*batch)[0], next % 3);
      // Batch i lies behind watermark i - 1 and before watermark i.
      ASSERT_TRUE(watermark == next - 1 || next == 0);
      ++next;
    } else if (const auto* mark = std::get_if<Watermark>(&*item)) {
      ASSERT_GT(mark->millis, watermark);
      ASSERT_EQ(mark->millis, next - 1);
      watermark = mark->millis;
    } else if (const auto* barrier = std::get_if<Barrier>(&*item)) {
      ASSERT_EQ(barrier->checkpoint.value(), static_cast<std::uint64_t>(next - 1));
    } else {
      ended = true;
    }
  }
  writing.join();
  EXPECT_EQ(next, kBatches);
}

}  // namespace
}  // namespace thalweg::runtime
