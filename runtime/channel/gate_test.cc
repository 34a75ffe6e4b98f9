// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/channel/local_channel.h"
#include "tests/testing/channel_items.h"

namespace thalweg::runtime {
namespace {

using testing::Describe;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Numbers;
using ::testing::UnorderedElementsAre;

Barrier At(std::uint64_t checkpoint) {
  return {.checkpoint = CheckpointId(checkpoint)};
}

class GateTest : public ::testing::Test {
 protected:
  // `inputs` has the input of each channel.
  void MakeGate(const std::vector<std::uint32_t>& inputs) {
    auto waker = std::make_shared<testing::CountingWaker>();
    std::vector<GateChannel> channels;
    for (const std::uint32_t input : inputs) {
      LocalChannel channel = MakeLocalChannel({.sender = waker, .receiver = waker});
      writers_.push_back(std::move(channel.writer));
      channels.push_back({.reader = std::move(channel.reader), .input = input});
    }
    gate_.emplace(std::move(channels));
  }

  void Write(std::size_t channel, Item item) { writers_[channel]->Write(std::move(item)); }

  // All that can be read, batches of input 1 as "right: ...".
  std::vector<std::string> Read(GateMode mode = GateMode::kAll) {
    std::vector<std::string> items;
    while (std::optional<GateItem> item = gate_->Read(mode, now_)) {
      items.push_back((item->input == 1 ? "right: " : "") + Describe(item->item));
    }
    return items;
  }

  std::vector<std::unique_ptr<ChannelWriter>> writers_;
  std::optional<Gate> gate_;
  MonoTime now_;
};

TEST_F(GateTest, ChannelsTakeTurns) {
  MakeGate({0, 0, 1});
  for (const std::int64_t i : {1, 2, 3}) {
    Write(0, Numbers({i}));
    Write(2, Numbers({10 * i}));
  }
  EXPECT_THAT(Read(), ElementsAre("1", "right: 10", "2", "right: 20", "3", "right: 30"));
}

TEST_F(GateTest, HoldsBackWhatLiesBehindABarrierUntilAllHaveDelivered) {
  MakeGate({0, 1});
  Write(0, At(1));
  Write(0, Numbers({2}));
  Write(1, Numbers({1}));
  EXPECT_THAT(Read(), ElementsAre("right: 1"));
  now_ += Microseconds(250);
  Write(1, At(1));
  EXPECT_EQ(Describe(gate_->Read(GateMode::kAll, now_)->item), "barrier 1");
  EXPECT_EQ(gate_->alignment_time(), Microseconds(250));
  EXPECT_THAT(Read(), ElementsAre("2"));
}

TEST_F(GateTest, AnAbortReleasesAnAlignment) {
  MakeGate({0, 0});
  Write(0, At(1));
  Write(0, Numbers({2}));
  EXPECT_THAT(Read(), IsEmpty());
  gate_->Abort(CheckpointId(1));
  EXPECT_THAT(Read(), ElementsAre("2"));
  Write(1, At(1));
  EXPECT_THAT(Read(), IsEmpty());
}

TEST_F(GateTest, ReportsAnAlignmentThatANewerBarrierCutsOff) {
  MakeGate({0, 0});
  Write(0, At(1));
  Write(1, At(2));
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_THAT(gate_->TakeLost(), ElementsAre(CheckpointId(1)));
  Write(0, At(2));
  EXPECT_THAT(Read(), ElementsAre("barrier 2"));
}

TEST_F(GateTest, SeveralCheckpointsInFlightKeepTheirOrder) {
  MakeGate({0, 0});
  Write(0, At(1));
  Write(0, At(2));
  Write(1, At(1));
  Write(1, Numbers({5}));
  Write(1, At(2));
  EXPECT_THAT(Read(), ElementsAre("barrier 1", "5", "barrier 2"));
}

TEST_F(GateTest, MarksInBatchesAreThoseOfTheTask) {
  MakeGate({0, 0});
  Write(0, Watermark{15});
  EXPECT_THAT(Read(), IsEmpty()) << "Channel 1 holds it back.";
  Write(1, Numbers({1, 2, 3, 4}, {{1, 10}, {2, 20}, {4, 30}}));
  EXPECT_THAT(Read(), ElementsAre("1 @10 2 @15 3 4"));
}

TEST_F(GateTest, TheTasksWatermarkRisesWithTheSlowestChannel) {
  MakeGate({0, 0});
  Write(0, Watermark{10});
  Write(1, Watermark{7});
  EXPECT_THAT(Read(), ElementsAre("watermark 7"));
}

TEST_F(GateTest, IsIdleWhenAllChannelsAre) {
  MakeGate({0, 0});
  Write(0, Watermark{10});
  Write(0, Idle());
  EXPECT_THAT(Read(), IsEmpty());
  Write(1, Idle());
  EXPECT_THAT(Read(), ElementsAre("watermark 10", "idle"));
  Write(1, Numbers({1}));
  Write(1, Idle());
  EXPECT_THAT(Read(), ElementsAre("1", "idle"));
}

TEST_F(GateTest, EndsWithItsLastChannelAndStillPassesBarriers) {
  MakeGate({0, 1});
  Write(0, Watermark{kMaxWatermark});
  Write(0, End());
  Write(1, Numbers({1}, {{1, 4}}));
  EXPECT_THAT(Read(), ElementsAre("right: 1 @4"));
  Write(1, End());
  EXPECT_THAT(Read(), ElementsAre("watermark max", "end"));
  Write(1, At(3));
  EXPECT_THAT(Read(), ElementsAre("barrier 3"));
  Write(0, At(3));
  Write(0, At(4));
  EXPECT_THAT(Read(), ElementsAre("barrier 4"));
}

TEST_F(GateTest, AnEndThatCompletesAnAlignmentComesBeforeTheBarrier) {
  MakeGate({0, 0});
  Write(0, End());
  Write(0, At(1));
  Read();
  Write(1, Watermark{kMaxWatermark});
  Write(1, End());
  EXPECT_THAT(Read(), ElementsAre("watermark max", "end", "barrier 1"));
}

TEST_F(GateTest, ReadsOnlyUpToTheBarriersThatAreQueued) {
  MakeGate({0, 0, 0});
  Write(0, Numbers({1}));
  Write(0, At(1));
  Write(0, Numbers({2}));
  Write(1, Numbers({3}));
  EXPECT_TRUE(gate_->HasQueuedBarrier());
  EXPECT_THAT(Read(GateMode::kToBarrier), ElementsAre("1"));
  EXPECT_FALSE(gate_->HasQueuedBarrier()) << "What is behind the barrier may not be read.";
  Write(1, At(1));
  Write(2, At(1));
  EXPECT_THAT(Read(GateMode::kToBarrier), ElementsAre("3", "barrier 1"));
}

}  // namespace
}  // namespace thalweg::runtime
