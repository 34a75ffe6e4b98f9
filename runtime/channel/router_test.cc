// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel/router.h"

#include <map>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ids.h"
#include "columnar/hash.h"
#include "runtime/channel/local_channel.h"
#include "tests/testing/channel_items.h"

namespace thalweg::runtime {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Numbers;
using testing::NumbersOf;
using testing::ReadAll;

constexpr std::uint32_t kKeyGroups = 64;

class RouterTest : public ::testing::Test {
 protected:
  void MakeRouterTo(std::size_t channel_count,
                    proto::Partitioning partitioning,
                    std::size_t credits = 2) {
    auto waker = std::make_shared<testing::CountingWaker>();
    std::vector<std::unique_ptr<ChannelWriter>> writers;
    for (std::size_t i = 0; i < channel_count; ++i) {
      LocalChannel channel =
          MakeLocalChannel({.sender = waker, .receiver = waker, .credits = credits});
      writers.push_back(std::move(channel.writer));
      readers_.push_back(std::move(channel.reader));
    }
    router_ = MakeRouter({.partitioning = partitioning, .keys = {0}, .key_group_count = kKeyGroups},
                         std::move(writers));
  }

  std::uint32_t OwnerOf(std::int64_t number) const {
    std::uint64_t hash = 0;
    columnar::HashKeys(Numbers({number}), std::vector<std::uint32_t>{0}, {&hash, 1});
    return SubtaskOf(columnar::KeyGroupOf(hash, kKeyGroups),
                     static_cast<std::uint32_t>(readers_.size()),
                     kKeyGroups);
  }

  // Numbers from `begin` on that `owner` owns.
  std::vector<std::int64_t> OwnedBy(std::uint32_t owner, std::size_t count) const {
    std::vector<std::int64_t> numbers;
    for (std::int64_t number = 0; numbers.size() < count; ++number) {
      if (OwnerOf(number) == owner) {
        numbers.push_back(number);
      }
    }
    return numbers;
  }

  std::vector<std::unique_ptr<ChannelReader>> readers_;
  std::unique_ptr<Router> router_;
};

std::vector<std::int64_t> Sequence(std::size_t count) {
  std::vector<std::int64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

TEST_F(RouterTest, AForwardEdgeKeepsTheBatch) {
  MakeRouterTo(1, proto::PARTITION_FORWARD);
  router_->Emit(Numbers({1, 2}, {{1, 5}}));
  EXPECT_THAT(ReadAll(*readers_[0]), ElementsAre("1 @5 2"));
}

TEST_F(RouterTest, ABroadcastReachesEveryChannel) {
  MakeRouterTo(2, proto::PARTITION_BROADCAST);
  router_->Emit(Numbers({1}));
  router_->EmitWatermark(3);
  for (const auto& reader : readers_) {
    EXPECT_THAT(ReadAll(*reader), ElementsAre("1", "watermark 3"));
  }
}

TEST_F(RouterTest, RebalancedBatchesTakeTurnsAndTheirMarksReachEveryChannel) {
  MakeRouterTo(2, proto::PARTITION_REBALANCE);
  router_->Emit(Numbers({1}, {{1, 5}}));
  router_->Emit(Numbers({2}));
  EXPECT_THAT(ReadAll(*readers_[0]), ElementsAre("1 @5"));
  EXPECT_THAT(ReadAll(*readers_[1]), ElementsAre("watermark 5", "2"));
}

TEST_F(RouterTest, HashedRowsReachTheOwnerOfTheirKeyGroupInOrder) {
  MakeRouterTo(3, proto::PARTITION_HASH);
  router_->Emit(Numbers(Sequence(100)));
  ASSERT_TRUE(router_->Flush());
  std::size_t total = 0;
  for (std::uint32_t channel = 0; channel < 3; ++channel) {
    const std::optional<Item> item = readers_[channel]->Read();
    const std::vector<std::int64_t> numbers = NumbersOf(std::get<columnar::Batch>(*item));
    EXPECT_TRUE(std::ranges::is_sorted(numbers));
    for (const std::int64_t number : numbers) {
      EXPECT_EQ(OwnerOf(number), channel);
    }
    total += numbers.size();
  }
  EXPECT_EQ(total, 100U);
}

TEST_F(RouterTest, SmallBatchesAreCollectedUntilTheyAreFlushed) {
  MakeRouterTo(2, proto::PARTITION_HASH);
  const std::vector<std::int64_t> mine = OwnedBy(0, 2);
  const std::vector<std::int64_t> others = OwnedBy(1, 2);
  router_->Emit(Numbers({mine[0], others[0]}));
  router_->Emit(Numbers({mine[1], others[1]}));
  EXPECT_THAT(ReadAll(*readers_[0]), IsEmpty());
  ASSERT_TRUE(router_->Flush());
  EXPECT_EQ(NumbersOf(std::get<columnar::Batch>(*readers_[0]->Read())), mine);
  EXPECT_EQ(NumbersOf(std::get<columnar::Batch>(*readers_[1]->Read())), others);
}

TEST_F(RouterTest, AMarkIsBeforeTheSameRowsOnEveryChannel) {
  MakeRouterTo(2, proto::PARTITION_HASH);
  const std::int64_t a = OwnedBy(0, 1)[0];
  const std::int64_t b = OwnedBy(1, 1)[0];
  router_->Emit(Numbers({a, a, b}, {{1, 10}, {3, 20}}));
  router_->EmitWatermark(30);
  ASSERT_TRUE(router_->Flush());
  const std::string left = std::to_string(a);
  const std::string right = std::to_string(b);
  // Channel 1 had no row before the mark at row 1, so that one has gone ahead alone.
  EXPECT_THAT(ReadAll(*readers_[0]), ElementsAre(left + " @10 " + left + " @30"));
  EXPECT_THAT(ReadAll(*readers_[1]), ElementsAre("watermark 10", right + " @30"));
}

TEST_F(RouterTest, AFullBatchLeavesAtOnceAndTheRestStays) {
  MakeRouterTo(2, proto::PARTITION_HASH);
  const std::vector<std::int64_t> mine(columnar::kMaxBatchRows - 1, OwnedBy(0, 1)[0]);
  std::vector<std::int64_t> first = mine;
  first[0] = OwnedBy(1, 1)[0];
  router_->Emit(Numbers(first));  // 8,190 rows for channel 0 are open.
  EXPECT_THAT(ReadAll(*readers_[0]), IsEmpty());
  router_->Emit(Numbers(mine));
  EXPECT_EQ(std::get<columnar::Batch>(*readers_[0]->Read()).row_count(), columnar::kMaxBatchRows);
  EXPECT_THAT(ReadAll(*readers_[0]), IsEmpty());
  ASSERT_TRUE(router_->Flush());
  EXPECT_EQ(std::get<columnar::Batch>(*readers_[0]->Read()).row_count(),
            2 * columnar::kMaxBatchRows - 3 - columnar::kMaxBatchRows);
}

TEST_F(RouterTest, HasRoomOnlyWhenEveryChannelHas) {
  MakeRouterTo(2, proto::PARTITION_HASH);
  const std::vector<std::int64_t> mine = OwnedBy(0, 1);
  router_->Emit(Numbers(mine));
  router_->Emit(Numbers(mine));
  EXPECT_FALSE(router_->HasRoom());
  EXPECT_TRUE(router_->Flush()) << "Nothing is open.";
  readers_[0]->Read();
  EXPECT_TRUE(router_->HasRoom());
}

TEST_F(RouterTest, FlushSaysWhenAChannelHasNoRoom) {
  MakeRouterTo(2, proto::PARTITION_HASH, /*credits=*/1);
  std::vector<std::int64_t> numbers(columnar::kMaxBatchRows - 1, OwnedBy(0, 1)[0]);
  numbers[0] = OwnedBy(1, 1)[0];
  router_->Emit(Numbers(numbers));
  router_->Emit(Numbers(numbers));  // A full batch for channel 0 has left, a nearly full one stays.
  EXPECT_FALSE(router_->Flush());
  readers_[0]->Read();
  EXPECT_TRUE(router_->Flush());
}

TEST_F(RouterTest, ABarrierReachesAllChannelsBehindWhatWasCollected) {
  MakeRouterTo(2, proto::PARTITION_HASH);
  const std::int64_t a = OwnedBy(0, 1)[0];
  const std::int64_t b = OwnedBy(1, 1)[0];
  router_->Emit(Numbers({a, b}));
  ASSERT_TRUE(router_->Flush());
  router_->Broadcast(Barrier{.checkpoint = CheckpointId(1)});
  EXPECT_THAT(ReadAll(*readers_[0]), ElementsAre(std::to_string(a), "barrier 1"));
  EXPECT_THAT(ReadAll(*readers_[1]), ElementsAre(std::to_string(b), "barrier 1"));
}

}  // namespace
}  // namespace thalweg::runtime
