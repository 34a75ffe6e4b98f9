// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/channel/local_channel.h"
#include "tests/testing/fake_steps.h"
#include "tests/testing/scoped_mutation.h"

namespace thalweg::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::KeyedByNumber;
using testing::Numbers;
using testing::ReadAll;

Barrier At(std::uint64_t checkpoint, proto::CheckpointKind kind = proto::CHECKPOINT_PERIODIC) {
  return {.checkpoint = CheckpointId(checkpoint), .kind = kind};
}

// A chain between input channels and one output channel.
class ChainTest : public ::testing::Test {
 protected:
  void MakeChain(std::vector<StepPart> steps,
                 std::size_t output_credits = 16,
                 const std::vector<std::uint32_t>& inputs = {0}) {
    std::vector<GateChannel> gate;
    for (const std::uint32_t input : inputs) {
      LocalChannel channel = MakeLocalChannel({.sender = waker_, .receiver = waker_});
      writers_.push_back(std::move(channel.writer));
      gate.push_back({.reader = std::move(channel.reader), .input = input});
    }
    LocalChannel out =
        MakeLocalChannel({.sender = waker_, .receiver = waker_, .credits = output_credits});
    output_ = std::move(out.reader);
    std::vector<std::unique_ptr<ChannelWriter>> channels;
    channels.push_back(std::move(out.writer));
    std::vector<std::unique_ptr<Router>> routers;
    routers.push_back(MakeRouter({.partitioning = proto::PARTITION_FORWARD}, std::move(channels)));
    chain_.emplace(ChainParts{.head = MakeGateHead(Gate(std::move(gate))),
                              .steps = std::move(steps),
                              .tail = MakeRouterTail(std::move(routers)),
                              .rows = {}});
  }

  template <class Step>
  void MakeChainOf(std::size_t output_credits = 16) {
    std::vector<StepPart> steps;
    if constexpr (std::is_base_of_v<MapStep, Step>) {
      steps.emplace_back(std::unique_ptr<MapStep>(std::make_unique<Step>()));
    } else {
      steps.emplace_back(KeyedByNumber(std::make_unique<Step>()));
    }
    MakeChain(std::move(steps), output_credits);
  }

  void Write(Item item, std::size_t channel = 0) { writers_[channel]->Write(std::move(item)); }

  // Moves until nothing can; barriers pass as soon as they may.
  Status Run() {
    for (;;) {
      ASSIGN_OR_RETURN(const ChainMove move, chain_->Move(now_));
      if (move == ChainMove::kIdle) {
        return OkStatus();
      }
      if (move == ChainMove::kBarrier) {
        chain_->PassBarrier();
      }
    }
  }

  std::vector<std::string> RunAndRead() {
    EXPECT_EQ(Run(), OkStatus());
    return ReadAll(*output_);
  }

  // One item from the output, then what that lets move.
  std::string ReadOne() {
    const std::optional<Item> item = output_->Read();
    EXPECT_EQ(Run(), OkStatus());
    return item.has_value() ? testing::Describe(*item) : "nothing";
  }

  std::shared_ptr<testing::CountingWaker> waker_ = std::make_shared<testing::CountingWaker>();
  std::vector<std::unique_ptr<ChannelWriter>> writers_;
  std::unique_ptr<ChannelReader> output_;
  std::optional<Chain> chain_;
  SliceTime now_;
};

TEST_F(ChainTest, RowsMarksBarriersAndTheEndPassInOrder) {
  MakeChainOf<testing::KeepEven>();
  Write(Numbers({1, 2, 4}, {{1, 10}}));
  Write(Watermark{20});
  Write(At(1));
  Write(Watermark{kMaxWatermark});
  Write(End());
  Write(At(2));
  EXPECT_THAT(
      RunAndRead(),
      ElementsAre("@10 2 4", "watermark 20", "barrier 1", "watermark max", "end", "barrier 2"));
  EXPECT_TRUE(chain_->ended());
}

TEST_F(ChainTest, AWatermarkGoesOnAloneWhenAllItsRowsAreGone) {
  MakeChainOf<testing::KeepEven>();
  Write(Numbers({1, 3}, {{2, 10}}));
  EXPECT_THAT(RunAndRead(), ElementsAre("watermark 10"));
}

TEST_F(ChainTest, AnEventTimeStepReplacesTheMarksOfItsInput) {
  std::vector<StepPart> steps;
  steps.emplace_back(std::unique_ptr<EventTimeStep>(std::make_unique<testing::NumberTime>()));
  MakeChain(std::move(steps));
  Write(Numbers({5, 7}, {{1, 100}}));
  Write(Watermark{200});
  EXPECT_THAT(RunAndRead(), ElementsAre("5 7 @7"));
  EXPECT_EQ(chain_->WakeAt(now_), now_.mono + Milliseconds(1));
  now_.mono += Milliseconds(1);
  EXPECT_THAT(RunAndRead(), ElementsAre("idle"));
  EXPECT_FALSE(chain_->WakeAt(now_).has_value());
  Write(Watermark{kMaxWatermark});
  Write(End());
  EXPECT_THAT(RunAndRead(), ElementsAre("watermark max", "end"));
}

TEST_F(ChainTest, AStepThatHasMoreHoldsUpTheNextInputAndTheBarrier) {
  MakeChainOf<testing::Repeat>(/*output_credits=*/1);
  Write(Numbers({3}));
  Write(At(1));
  ASSERT_EQ(Run(), OkStatus());
  EXPECT_TRUE(chain_->blocked());
  EXPECT_EQ(ReadOne(), "3");
  EXPECT_EQ(ReadOne(), "3");
  EXPECT_EQ(ReadOne(), "3");
  EXPECT_EQ(ReadOne(), "barrier 1");
  EXPECT_FALSE(chain_->blocked());
}

TEST_F(ChainTest, AParkedStepGoesOnOnlyWhenItIsWoken) {
  std::vector<StepPart> steps;
  steps.emplace_back(KeyedByNumber(std::make_unique<testing::Park>(/*times=*/2)));
  MakeChain(std::move(steps));
  Write(Numbers({1}, {{1, 10}}));
  Write(At(1));
  EXPECT_THAT(RunAndRead(), IsEmpty());
  EXPECT_TRUE(chain_->HoldsSlots());
  chain_->Unpark();
  EXPECT_THAT(RunAndRead(), IsEmpty());
  chain_->Unpark();
  EXPECT_THAT(RunAndRead(), ElementsAre("1", "watermark 10", "barrier 1"));
  EXPECT_FALSE(chain_->HoldsSlots());
}

TEST_F(ChainTest, AWatermarkLeavesBehindItsResults) {
  MakeChainOf<testing::FireOneByOne>();
  Write(Numbers({5, 6}));
  Write(Watermark{10});
  EXPECT_THAT(RunAndRead(), ElementsAre("5", "6", "watermark 10"));
}

TEST_F(ChainTest, WithTheMistakeAWatermarkLeavesBeforeItsResults) {
  testing::ScopedMutation mutation(Mutation::kWatermarkBeforeResults);
  MakeChainOf<testing::FireOneByOne>();
  Write(Numbers({5}));
  Write(Watermark{10});
  EXPECT_THAT(RunAndRead(), ElementsAre("watermark 10", "5"));
}

TEST_F(ChainTest, ABarrierPassesAFiringWhoseOutputIsBlocked) {
  MakeChainOf<testing::FireOneByOne>(/*output_credits=*/1);
  Write(Numbers({11, 12, 13, 14}));
  Write(Watermark{20});
  ASSERT_EQ(Run(), OkStatus());
  // One result is in the channel, one in the slot behind it; two are left in the step.
  Write(Numbers({25, 19}));
  Write(At(1));
  Write(Numbers({26}));
  ASSERT_EQ(Run(), OkStatus());
  EXPECT_EQ(ReadOne(), "11");
  EXPECT_EQ(ReadOne(), "12");
  EXPECT_EQ(ReadOne(), "barrier 1");
  EXPECT_EQ(ReadOne(), "13");
  EXPECT_EQ(ReadOne(), "14");
  EXPECT_EQ(ReadOne(), "watermark 20");
  Write(Watermark{30});
  EXPECT_THAT(RunAndRead(), ElementsAre("25")) << "19 was late.";
  EXPECT_THAT(RunAndRead(), ElementsAre("26", "watermark 30"));
}

TEST_F(ChainTest, WithoutAQueuedBarrierAFiringTakesNoInput) {
  MakeChainOf<testing::FireOneByOne>(/*output_credits=*/1);
  Write(Numbers({1, 2, 3}));
  Write(Watermark{10});
  ASSERT_EQ(Run(), OkStatus());
  for (std::int64_t i = 0; i < 16; ++i) {
    Write(Numbers({20 + i}));
  }
  ASSERT_EQ(Run(), OkStatus());
  EXPECT_FALSE(writers_[0]->HasRoom());
}

TEST_F(ChainTest, InputTakenDuringAFiringIsLateAgainstWatermarksThatCameBeforeIt) {
  MakeChainOf<testing::FireOneByOne>(/*output_credits=*/1);
  Write(Numbers({1, 2, 3, 4}));
  Write(Watermark{10});
  ASSERT_EQ(Run(), OkStatus());
  Write(Watermark{30});
  Write(Numbers({29, 31}));
  Write(At(1));
  ASSERT_EQ(Run(), OkStatus());
  std::vector<std::string> all;
  for (int i = 0; i < 8; ++i) {
    all.push_back(ReadOne());
  }
  EXPECT_THAT(all,
              ElementsAre("1", "2", "barrier 1", "3", "4", "watermark 30", "nothing", "nothing"))
      << "31 waits for a later watermark; 29 is late.";
}

TEST_F(ChainTest, TheBarrierOfADrainWaitsForAllResults) {
  MakeChainOf<testing::FireOneByOne>(/*output_credits=*/1);
  Write(Numbers({1, 2}));
  Write(Watermark{kMaxWatermark});
  Write(End());
  Write(At(1, proto::CHECKPOINT_DRAIN));
  ASSERT_EQ(Run(), OkStatus());
  EXPECT_EQ(ReadOne(), "1");
  EXPECT_EQ(ReadOne(), "2");
  EXPECT_EQ(ReadOne(), "watermark max");
  EXPECT_EQ(ReadOne(), "end");
  EXPECT_EQ(ReadOne(), "barrier 1");
}

TEST_F(ChainTest, AFullOutputStopsTheInputAfterOneBatchPerSlot) {
  std::vector<StepPart> steps;
  for (int i = 0; i < 2; ++i) {
    steps.emplace_back(std::unique_ptr<MapStep>(std::make_unique<testing::KeepEven>()));
  }
  MakeChain(std::move(steps), /*output_credits=*/1);
  for (std::int64_t i = 0; i < 16; ++i) {
    Write(Numbers({2 * i}));
  }
  ASSERT_EQ(Run(), OkStatus());
  // One in the channel, one in each of three slots.
  int free = 0;
  for (; writers_[0]->HasRoom(); ++free) {
    Write(Numbers({100}));
  }
  EXPECT_EQ(free, 4);
}

TEST_F(ChainTest, KnowsTheInputOfABatch) {
  std::vector<StepPart> steps;
  steps.emplace_back(KeyedByNumber(std::make_unique<testing::NegateRight>(), 2));
  MakeChain(std::move(steps), 16, {0, 1});
  Write(Numbers({1}), 0);
  Write(Numbers({2}), 1);
  EXPECT_THAT(RunAndRead(), ElementsAre("1", "-2"));
}

TEST_F(ChainTest, AStepsErrorComesOut) {
  std::vector<StepPart> steps;
  steps.emplace_back(KeyedByNumber(std::make_unique<testing::NegateRight>()));
  MakeChain(std::move(steps));
  Write(Numbers({0}));
  EXPECT_EQ(Run().code(), StatusCode::kInvalidArgument);
}

TEST_F(ChainTest, AnAbortedBarrierDoesNotPass) {
  MakeChainOf<testing::Repeat>(/*output_credits=*/1);
  Write(Numbers({2}));
  Write(At(1));
  ASSERT_EQ(Run(), OkStatus());
  ASSERT_TRUE(chain_->head().barrier().has_value());
  chain_->head().Abort(CheckpointId(1));
  EXPECT_EQ(ReadOne(), "2");
  EXPECT_EQ(ReadOne(), "2");
  EXPECT_EQ(ReadOne(), "nothing");
}

TEST_F(ChainTest, CountsTheRowsOfEachStep) {
  Counter in;
  Counter kept;
  LocalChannel channel = MakeLocalChannel({.sender = waker_, .receiver = waker_});
  std::vector<GateChannel> gate;
  gate.push_back({.reader = std::move(channel.reader)});
  std::vector<StepPart> steps;
  steps.emplace_back(std::unique_ptr<MapStep>(std::make_unique<testing::KeepEven>()));
  chain_.emplace(ChainParts{.head = MakeGateHead(Gate(std::move(gate))),
                            .steps = std::move(steps),
                            .tail = MakeRouterTail({}),
                            .rows = {&in, &kept}});
  channel.writer->Write(Numbers({1, 2, 3}));
  ASSERT_EQ(Run(), OkStatus());
  EXPECT_EQ(in.value(), 3U);
  EXPECT_EQ(kept.value(), 1U);
}

}  // namespace
}  // namespace thalweg::runtime
