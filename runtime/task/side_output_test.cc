// SPDX-License-Identifier: Apache-2.0
//
// A reader whose even numbers are dead letters:
//
//   enumerator ──> reader ──rows──> sink
//                      └───letters──> sink
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/fake_connectors.h"
#include "tests/testing/task_world.h"

namespace thalweg::runtime {
namespace {

using ::testing::ElementsAre;
using testing::NumberBoard;
using testing::NumbersOf;
using testing::TaskBeginning;
using testing::TaskWorld;

constexpr std::uint32_t kEnumerator = 0;
constexpr std::uint32_t kReader = 1;
constexpr std::uint32_t kSink = 2;
constexpr std::uint32_t kLetters = 3;

/// Splits what a NumberReader emits; checks that both outputs have room, as is promised.
class EvenLetters final : public Reader {
 public:
  explicit EvenLetters(Output& letters) : letters_(letters) {}

  Status AddSplit(const Split& split) override { return numbers_.AddSplit(split); }
  StatusOr<SourceProgress> Read(MonoTime now, Output& output) override {
    EXPECT_TRUE(output.HasRoom());
    EXPECT_TRUE(letters_.HasRoom());
    Slot all;
    ASSIGN_OR_RETURN(const SourceProgress progress, numbers_.Read(now, all));
    if (all.front() == SlotItem::kBatch) {
      std::vector<std::int64_t> odd;
      std::vector<std::int64_t> even;
      for (const std::int64_t number : NumbersOf(std::get<columnar::Batch>(all.Take().item))) {
        (number % 2 == 0 ? even : odd).push_back(number);
      }
      if (!odd.empty()) {
        output.Emit(testing::Numbers(odd));
      }
      if (!even.empty()) {
        letters_.Emit(testing::Numbers(even));
      }
    }
    return progress;
  }
  StateEntries Snapshot() override { return numbers_.Snapshot(); }
  Status Restore(std::span<const proto::OperatorStateEntry> entries) override {
    return numbers_.Restore(entries);
  }

 private:
  Output& letters_;
  testing::NumberReader numbers_;
};

std::unique_ptr<Router> RouterTo(std::unique_ptr<ChannelWriter> channel) {
  std::vector<std::unique_ptr<ChannelWriter>> channels;
  channels.push_back(std::move(channel));
  return MakeRouter({.partitioning = proto::PARTITION_FORWARD}, std::move(channels));
}

Gate GateOf(std::unique_ptr<ChannelReader> channel) {
  std::vector<GateChannel> channels;
  channels.push_back({.reader = std::move(channel), .input = 0});
  return Gate(std::move(channels));
}

class SideOutputTest : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  void Build(const std::map<std::uint32_t, TaskBeginning>& beginnings = {}) {
    world_ = std::make_unique<TaskWorld>(GetParam());
    const auto of = [&](std::uint32_t task) {
      const auto found = beginnings.find(task);
      return found == beginnings.end() ? TaskBeginning() : found->second;
    };
    LocalChannel splits = world_->Connect(kEnumerator, kReader);
    LocalChannel rows = world_->Connect(kReader, kSink, /*credits=*/1);
    LocalChannel letters = world_->Connect(kReader, kLetters, /*credits=*/1);
    const auto never = std::make_shared<bool>(false);
    const auto to = [](std::unique_ptr<ChannelWriter> channel) {
      std::vector<std::unique_ptr<Router>> routers;
      routers.push_back(RouterTo(std::move(channel)));
      return MakeRouterTail(std::move(routers));
    };
    world_->Add(
        kEnumerator,
        {.head = MakeEnumeratorHead(std::make_unique<testing::NumberEnumerator>(2, 10), never),
         .steps = {},
         .tail = to(std::move(splits.writer)),
         .rows = {}},
        of(kEnumerator));
    auto side = std::make_unique<SideOutput>();
    side->AddRouter(RouterTo(std::move(letters.writer)));
    SideOutput* const output = side.get();
    world_->Add(kReader,
                {.head = MakeReaderHead(GateOf(std::move(splits.reader)),
                                        std::make_unique<EvenLetters>(*output),
                                        never,
                                        output),
                 .steps = {},
                 .tail = MakeTailWithSide(to(std::move(rows.writer)), std::move(side)),
                 .rows = {}},
                of(kReader));
    AddSink(kSink, std::move(rows.reader), rows_, of(kSink));
    AddSink(kLetters, std::move(letters.reader), letters_, of(kLetters));
  }

  void AddSink(std::uint32_t id,
               std::unique_ptr<ChannelReader> input,
               NumberBoard& board,
               TaskBeginning beginning) {
    world_->Add(id,
                {.head = MakeGateHead(GateOf(std::move(input))),
                 .steps = {},
                 .tail = MakeSinkTail(std::make_unique<testing::NumberSink>(board)),
                 .rows = {}},
                std::move(beginning));
  }

  void Checkpoint(std::uint64_t id) {
    world_->Trigger(kEnumerator, id);
    world_->Run();
    ASSERT_TRUE(world_->IsComplete(id));
  }

  void ExpectAllVisibleOnce() {
    EXPECT_THAT(rows_.visible, ElementsAre(1, 3, 5, 7, 9, 1001, 1003, 1005, 1007, 1009));
    EXPECT_THAT(letters_.visible, ElementsAre(2, 4, 6, 8, 10, 1002, 1004, 1006, 1008, 1010));
  }

  NumberBoard rows_;
  NumberBoard letters_;
  std::unique_ptr<TaskWorld> world_;
};

TEST_P(SideOutputTest, LettersComeToTheirSinkAndEndWithTheRows) {
  Build();
  world_->Run();
  Checkpoint(1);
  world_->Complete(1);
  world_->Run();
  ExpectAllVisibleOnce();
  EXPECT_EQ(world_->heard(kSink).ended, 1);
  EXPECT_EQ(world_->heard(kLetters).ended, 1);
}

TEST_P(SideOutputTest, ABarrierCutsRowsAndLettersAtOnePlace) {
  Build();
  Checkpoint(1);  // Overtakes most of the reading.
  std::map<std::uint32_t, TaskBeginning> beginnings;
  for (const std::uint32_t task : {kEnumerator, kReader, kSink, kLetters}) {
    beginnings[task] = {.restores = {world_->heard(task).acks.at(CheckpointId(1))},
                        .restored = CheckpointId(1)};
  }
  Build(beginnings);  // All that came after it is lost.
  world_->Run();
  Checkpoint(2);
  world_->Complete(2);
  world_->Run();
  ExpectAllVisibleOnce();
}

INSTANTIATE_TEST_SUITE_P(Seeds, SideOutputTest, ::testing::Range<std::uint64_t>(1, 30));

}  // namespace
}  // namespace thalweg::runtime
