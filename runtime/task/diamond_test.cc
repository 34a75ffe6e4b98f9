// SPDX-License-Identifier: Apache-2.0
//
// Shapes in which bounded channels could make tasks wait for each other in a circle: a stream that
// splits and meets again in one task. With a single credit per channel and barriers all the time,
// everything must come through.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/task/task.h"
#include "tests/testing/fake_connectors.h"
#include "tests/testing/fake_steps.h"
#include "tests/testing/task_world.h"

namespace thalweg::runtime {
namespace {

using ::testing::IsEmpty;
using testing::KeyedByNumber;
using testing::NumberBoard;
using testing::TaskWorld;

constexpr std::int64_t kNumbers = 80;

std::unique_ptr<Router> Forward(std::unique_ptr<ChannelWriter> channel) {
  std::vector<std::unique_ptr<ChannelWriter>> channels;
  channels.push_back(std::move(channel));
  return MakeRouter({.partitioning = proto::PARTITION_FORWARD}, std::move(channels));
}

std::unique_ptr<Tail> TailTo(std::unique_ptr<ChannelWriter> a,
                             std::unique_ptr<ChannelWriter> b = nullptr) {
  std::vector<std::unique_ptr<Router>> routers;
  routers.push_back(Forward(std::move(a)));
  if (b != nullptr) {
    routers.push_back(Forward(std::move(b)));
  }
  return MakeRouterTail(std::move(routers));
}

Gate GateOf(std::unique_ptr<ChannelReader> a, std::unique_ptr<ChannelReader> b = nullptr) {
  std::vector<GateChannel> channels;
  channels.push_back({.reader = std::move(a), .input = 0});
  if (b != nullptr) {
    channels.push_back({.reader = std::move(b), .input = 1});
  }
  return Gate(std::move(channels));
}

class DiamondTest : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  // Tasks 0 and 1: one split of numbers, read one by one, to both `left` and `right`.
  void AddSource(std::unique_ptr<ChannelWriter> left, std::unique_ptr<ChannelWriter> right) {
    LocalChannel splits = world_.Connect(0, 1, 1);
    const auto never = std::make_shared<bool>(false);
    world_.Add(0,
               {.head = MakeEnumeratorHead(std::make_unique<testing::NumberEnumerator>(1, kNumbers),
                                           never),
                .steps = {},
                .tail = TailTo(std::move(splits.writer)),
                .rows = {}});
    world_.Add(
        1,
        {.head = MakeReaderHead(
             GateOf(std::move(splits.reader)), std::make_unique<testing::NumberReader>(1), never),
         .steps = {},
         .tail = TailTo(std::move(left), std::move(right)),
         .rows = {}});
  }

  void AddArm(std::uint32_t id,
              std::unique_ptr<ChannelReader> in,
              StepPart step,
              std::unique_ptr<ChannelWriter> out) {
    std::vector<StepPart> steps;
    steps.push_back(std::move(step));
    world_.Add(id,
               {.head = MakeGateHead(GateOf(std::move(in))),
                .steps = std::move(steps),
                .tail = TailTo(std::move(out)),
                .rows = {}});
  }

  // Left numbers come as they are, right ones negative.
  void AddJoin(std::uint32_t id,
               std::unique_ptr<ChannelReader> left,
               std::unique_ptr<ChannelReader> right) {
    std::vector<StepPart> steps;
    steps.emplace_back(KeyedByNumber(std::make_unique<testing::NegateRight>(), 2));
    world_.Add(id,
               {.head = MakeGateHead(GateOf(std::move(left), std::move(right))),
                .steps = std::move(steps),
                .tail = MakeSinkTail(std::make_unique<testing::NumberSink>(board_)),
                .rows = {}});
  }

  void RunWithCheckpoints(std::uint32_t task_count) {
    for (std::uint64_t checkpoint = 1; checkpoint <= 30; ++checkpoint) {
      world_.RunFor(world_.loop().RandomDelay(Microseconds(50), Microseconds(3'000)));
      world_.Trigger(0, checkpoint);
      if (world_.loop().random().Chance(4)) {
        world_.RunFor(world_.loop().RandomDelay(Microseconds(10), Microseconds(1'000)));
        world_.Abort(checkpoint);
      }
    }
    world_.Run();
    world_.Trigger(0, 31, proto::CHECKPOINT_FINAL);
    world_.Run();
    EXPECT_TRUE(world_.IsComplete(31));
    for (std::uint32_t task = 0; task < task_count; ++task) {
      EXPECT_EQ(world_.heard(task).ended, 1) << task;
      EXPECT_THAT(world_.heard(task).failures, IsEmpty()) << task;
    }
  }

  static std::multiset<std::int64_t> BothSides() {
    std::multiset<std::int64_t> numbers;
    for (std::int64_t number = 1; number <= kNumbers; ++number) {
      numbers.insert(number);
      numbers.insert(-number);
    }
    return numbers;
  }

  NumberBoard board_;
  TaskWorld world_{GetParam(), /*lane_count=*/GetParam() % 3 + 1};
};

TEST_P(DiamondTest, TwoArmsThatMeetAgainDoNotWaitForEachOther) {
  LocalChannel to_left = world_.Connect(1, 2, 1);
  LocalChannel to_right = world_.Connect(1, 3, 1);
  LocalChannel from_left = world_.Connect(2, 4, 1);
  LocalChannel from_right = world_.Connect(3, 4, 1);
  AddSource(std::move(to_left.writer), std::move(to_right.writer));
  // One arm holds everything back to the end of time, the other goes on.
  AddArm(2,
         std::move(to_left.reader),
         KeyedByNumber(std::make_unique<testing::FireOneByOne>()),
         std::move(from_left.writer));
  AddArm(3,
         std::move(to_right.reader),
         KeyedByNumber(std::make_unique<testing::FireOneByOne>()),
         std::move(from_right.writer));
  AddJoin(4, std::move(from_left.reader), std::move(from_right.reader));
  RunWithCheckpoints(5);
  EXPECT_EQ(board_.written, BothSides());
}

TEST_P(DiamondTest, AnArmThatMultipliesItsRowsDoesNotStarveTheOther) {
  LocalChannel to_left = world_.Connect(1, 2, 1);
  LocalChannel to_right = world_.Connect(1, 3, 1);
  LocalChannel from_left = world_.Connect(2, 4, 1);
  LocalChannel from_right = world_.Connect(3, 4, 1);
  AddSource(std::move(to_left.writer), std::move(to_right.writer));
  AddArm(2,
         std::move(to_left.reader),
         StepPart(std::unique_ptr<MapStep>(std::make_unique<testing::Repeat>())),
         std::move(from_left.writer));
  AddArm(3,
         std::move(to_right.reader),
         StepPart(std::unique_ptr<MapStep>(std::make_unique<testing::KeepEven>())),
         std::move(from_right.writer));
  AddJoin(4, std::move(from_left.reader), std::move(from_right.reader));
  RunWithCheckpoints(5);
  EXPECT_EQ(board_.written.size(), kNumbers * (kNumbers + 1) / 2 + kNumbers / 2);
}

TEST_P(DiamondTest, ASelfJoinReadsItsSourceTwice) {
  LocalChannel left = world_.Connect(1, 2, 1);
  LocalChannel right = world_.Connect(1, 2, 1);
  AddSource(std::move(left.writer), std::move(right.writer));
  AddJoin(2, std::move(left.reader), std::move(right.reader));
  RunWithCheckpoints(3);
  EXPECT_EQ(board_.written, BothSides());
}

INSTANTIATE_TEST_SUITE_P(Seeds, DiamondTest, ::testing::Range<std::uint64_t>(1, 16));

}  // namespace
}  // namespace thalweg::runtime
