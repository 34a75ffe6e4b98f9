// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/fake_connectors.h"
#include "tests/testing/fake_steps.h"
#include "tests/testing/scoped_mutation.h"
#include "tests/testing/task_world.h"

namespace thalweg::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::KeyedByNumber;
using testing::NumberBoard;
using testing::NumberEnumerator;
using testing::NumberReader;
using testing::Numbers;
using testing::NumberSink;
using testing::TaskBeginning;
using testing::TaskWorld;

constexpr std::uint32_t kEnumerator = 0;
constexpr std::uint32_t kReaderA = 1;
constexpr std::uint32_t kReaderB = 2;
constexpr std::uint32_t kSink = 3;

std::unique_ptr<Tail> HashTail(std::vector<std::unique_ptr<ChannelWriter>> channels,
                               std::uint32_t key) {
  std::vector<std::unique_ptr<Router>> routers;
  routers.push_back(MakeRouter({.partitioning = proto::PARTITION_HASH,
                                .keys = {key},
                                .key_group_count = TaskWorld::kKeyGroups},
                               std::move(channels)));
  return MakeRouterTail(std::move(routers));
}

std::unique_ptr<Tail> TailTo(std::unique_ptr<ChannelWriter> channel) {
  std::vector<std::unique_ptr<ChannelWriter>> channels;
  channels.push_back(std::move(channel));
  return HashTail(std::move(channels), 0);
}

Gate GateOf(std::unique_ptr<ChannelReader> a, std::unique_ptr<ChannelReader> b = nullptr) {
  std::vector<GateChannel> channels;
  channels.push_back({.reader = std::move(a), .input = 0});
  if (b != nullptr) {
    channels.push_back({.reader = std::move(b), .input = 1});
  }
  return Gate(std::move(channels));
}

std::vector<StepPart> OneStep(StepPart step) {
  std::vector<StepPart> steps;
  steps.push_back(std::move(step));
  return steps;
}

// enumerator ──> reader A ──> sink
//          └──> reader B ──┘
class TaskTest : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  struct Options {
    std::int64_t numbers_per_split = 10;
    bool endless = false;
    std::map<std::uint32_t, TaskBeginning> beginnings = {};
    std::vector<StepPart> sink_steps = {};
  };

  void Build(Options options) {
    world_ = std::make_unique<TaskWorld>(GetParam());
    LocalChannel splits_a = world_->Connect(kEnumerator, kReaderA);
    LocalChannel splits_b = world_->Connect(kEnumerator, kReaderB);
    LocalChannel rows_a = world_->Connect(kReaderA, kSink, /*credits=*/1);
    LocalChannel rows_b = world_->Connect(kReaderB, kSink, /*credits=*/1);

    std::vector<std::unique_ptr<ChannelWriter>> splits;
    splits.push_back(std::move(splits_a.writer));
    splits.push_back(std::move(splits_b.writer));
    const auto never = std::make_shared<bool>(false);
    world_->Add(
        kEnumerator,
        {.head = MakeEnumeratorHead(std::make_unique<NumberEnumerator>(
                                        kSplits, options.numbers_per_split, options.endless),
                                    never),
         .steps = {},
         .tail = HashTail(std::move(splits), /*key=*/1),
         .rows = {}},
        options.beginnings[kEnumerator]);
    AddReader(kReaderA,
              std::move(splits_a.reader),
              std::move(rows_a.writer),
              options.beginnings[kReaderA]);
    AddReader(kReaderB,
              std::move(splits_b.reader),
              std::move(rows_b.writer),
              options.beginnings[kReaderB]);
    auto sink = std::make_unique<NumberSink>(board_);
    sink_ = sink.get();
    world_->Add(kSink,
                {.head = MakeGateHead(GateOf(std::move(rows_a.reader), std::move(rows_b.reader))),
                 .steps = std::move(options.sink_steps),
                 .tail = MakeSinkTail(std::move(sink)),
                 .rows = {}},
                options.beginnings[kSink]);
  }

  void AddReader(std::uint32_t id,
                 std::unique_ptr<ChannelReader> splits,
                 std::unique_ptr<ChannelWriter> rows,
                 TaskBeginning beginning) {
    world_->Add(id,
                {.head = MakeReaderHead(GateOf(std::move(splits)),
                                        std::make_unique<NumberReader>(),
                                        std::make_shared<bool>(false)),
                 .steps = {},
                 .tail = TailTo(std::move(rows)),
                 .rows = {}},
                std::move(beginning));
  }

  // A first life up to checkpoint 1, a second one from there to the end.
  void RunThroughARestore() {
    Build({.numbers_per_split = 30});
    world_->RunFor(Microseconds(1'500));
    world_->Trigger(kEnumerator, 1);
    for (int i = 0; i < 1'000 && !world_->IsComplete(1); ++i) {
      world_->RunFor(Microseconds(100));
    }
    ASSERT_TRUE(world_->IsComplete(1));

    Options second{.numbers_per_split = 30};
    for (const std::uint32_t task : {kEnumerator, kReaderA, kReaderB, kSink}) {
      second.beginnings[task] = {.restores = {world_->heard(task).acks.at(CheckpointId(1))},
                                 .restored = CheckpointId(1)};
    }
    Build(std::move(second));
    world_->Run();
    world_->Trigger(kEnumerator, 2, proto::CHECKPOINT_FINAL);
    world_->Run();
    ASSERT_TRUE(world_->IsComplete(2));
    world_->Complete(2);
    world_->Run();
  }

  // The numbers of all splits.
  static std::multiset<std::int64_t> All(std::int64_t numbers_per_split = 10) {
    std::multiset<std::int64_t> all;
    for (std::int64_t split = 0; split < kSplits; ++split) {
      for (std::int64_t number = 1; number <= numbers_per_split; ++number) {
        all.insert(1000 * split + number);
      }
    }
    return all;
  }

  static constexpr std::int64_t kSplits = 4;

  NumberBoard board_;
  std::unique_ptr<TaskWorld> world_;
  NumberSink* sink_ = nullptr;
};

TEST_P(TaskTest, RunsAllInputToItsEnd) {
  Build({});
  world_->Run();
  EXPECT_EQ(board_.written, All());
  for (const std::uint32_t task : {kEnumerator, kReaderA, kReaderB, kSink}) {
    EXPECT_EQ(world_->heard(task).ended, 1);
    EXPECT_THAT(world_->heard(task).failures, IsEmpty());
  }
  EXPECT_EQ(world_->heard(kSink).replayed, 1);
}

TEST_P(TaskTest, ACheckpointIsAcknowledgedByAllAndCommittedAtItsCompletion) {
  Build({});
  world_->RunFor(Microseconds(2'000));
  world_->Trigger(kEnumerator, 1);
  world_->Run();
  ASSERT_TRUE(world_->IsComplete(1));
  EXPECT_THAT(board_.visible, IsEmpty());
  world_->Complete(1);
  world_->Run();
  EXPECT_THAT(world_->heard(kSink).committed, ElementsAre(CheckpointId(1)));
  const proto::TaskSnapshot& snapshot = world_->heard(kSink).acks.at(CheckpointId(1));
  EXPECT_EQ(static_cast<std::size_t>(snapshot.entries_size()), board_.visible.size());
}

TEST_P(TaskTest, BarriersPassAfterTheEndOfInput) {
  Build({});
  world_->Run();
  world_->Trigger(kEnumerator, 1, proto::CHECKPOINT_FINAL);
  world_->Run();
  ASSERT_TRUE(world_->IsComplete(1));
  for (const std::uint32_t task : {kEnumerator, kReaderA, kReaderB, kSink}) {
    EXPECT_TRUE(world_->heard(task).acks.at(CheckpointId(1)).ended());
  }
  world_->Complete(1);
  world_->Run();
  EXPECT_EQ(board_.visible, All());
}

TEST_P(TaskTest, ARestoredJobRepeatsNothingAndLosesNothing) {
  RunThroughARestore();
  EXPECT_EQ(board_.visible, All(30));
}

TEST_P(TaskTest, WithTheMistakeARestoredJobLosesWhatItHadNotEmitted) {
  testing::ScopedMutation mutation(Mutation::kReaderPositionAhead);
  RunThroughARestore();
  EXPECT_LT(board_.visible.size(), All(30).size());
}

TEST_P(TaskTest, WithTheMistakeASinkCommitsAtTheBarrier) {
  testing::ScopedMutation mutation(Mutation::kCommitBeforeComplete);
  Build({});
  world_->Run();
  world_->Trigger(kEnumerator, 1);
  world_->Run();
  EXPECT_EQ(board_.visible, All());
}

TEST_P(TaskTest, WhatAnAbortedCheckpointTookGoesIntoTheNextOne) {
  Build({});
  world_->RunFor(Microseconds(1'000));
  world_->Trigger(kEnumerator, 1);
  world_->RunFor(Microseconds(2'000));
  world_->Abort(1);
  world_->Run();
  world_->Trigger(kEnumerator, 2);
  world_->Run();
  ASSERT_TRUE(world_->IsComplete(2));
  world_->Complete(2);
  world_->Run();
  EXPECT_EQ(board_.visible, All());
}

TEST_P(TaskTest, SeveralCheckpointsMayBeUnderWay) {
  Build({.numbers_per_split = 50});
  for (std::uint64_t checkpoint = 1; checkpoint <= 6; ++checkpoint) {
    world_->RunFor(Microseconds(300));
    world_->Trigger(kEnumerator, checkpoint);
  }
  world_->Run();
  for (std::uint64_t checkpoint = 1; checkpoint <= 6; ++checkpoint) {
    EXPECT_TRUE(world_->IsComplete(checkpoint)) << checkpoint;
  }
}

TEST_P(TaskTest, AStopEndsReadingAtItsBarrier) {
  Build({.numbers_per_split = 200});
  world_->RunFor(Microseconds(1'000));
  world_->Trigger(kEnumerator, 1, proto::CHECKPOINT_STOP);
  world_->Run();
  ASSERT_TRUE(world_->IsComplete(1));
  EXPECT_LT(board_.written.size(), All(200).size());
  EXPECT_EQ(static_cast<std::size_t>(world_->heard(kSink).acks.at(CheckpointId(1)).entries_size()),
            board_.written.size())
      << "Nothing lies behind the barrier.";
  EXPECT_EQ(world_->heard(kSink).ended, 0);
}

TEST_P(TaskTest, WhenAStopIsAbortedReadingGoesOn) {
  Build({.numbers_per_split = 200});
  world_->RunFor(Microseconds(1'000));
  world_->Trigger(kEnumerator, 1, proto::CHECKPOINT_STOP);
  world_->Run();
  world_->Abort(1);
  world_->Run();
  EXPECT_EQ(board_.written, All(200));
  EXPECT_EQ(world_->heard(kSink).ended, 1);
}

TEST_P(TaskTest, ADrainEndsTheInputBeforeItsBarrier) {
  Options options{.numbers_per_split = 200, .endless = true};
  options.sink_steps = OneStep(KeyedByNumber(std::make_unique<testing::FireOneByOne>(), 2));
  Build(std::move(options));
  world_->RunFor(Microseconds(1'500));
  world_->Trigger(kEnumerator, 1, proto::CHECKPOINT_DRAIN);
  world_->Run();
  ASSERT_TRUE(world_->IsComplete(1));
  EXPECT_EQ(world_->heard(kSink).ended, 1);
  EXPECT_TRUE(world_->heard(kSink).acks.at(CheckpointId(1)).ended());
  EXPECT_EQ(static_cast<std::size_t>(world_->heard(kSink).acks.at(CheckpointId(1)).entries_size()),
            board_.written.size())
      << "What the last watermark fired lies before the barrier.";
}

TEST_P(TaskTest, AFullSinkPushesBack) {
  Build({.numbers_per_split = 100});
  world_->RunFor(Microseconds(500));
  sink_->full = true;
  world_->Run();
  EXPECT_LT(board_.written.size(), All(100).size());
  sink_->full = false;
  world_->Tell(kSink, [](Task&) {});
  world_->Run();
  EXPECT_EQ(board_.written, All(100));
}

TEST_P(TaskTest, ASnapshotThatFailsLosesThatCheckpointOnly) {
  Build({});
  world_->RunFor(Microseconds(1'000));
  sink_->fail_next_snapshot = "The disk is full";
  world_->Trigger(kEnumerator, 1);
  world_->Run();
  EXPECT_THAT(world_->heard(kSink).declined, ElementsAre(CheckpointId(1)));
  world_->Abort(1);
  world_->Trigger(kEnumerator, 2);
  world_->Run();
  ASSERT_TRUE(world_->IsComplete(2));
  world_->Complete(2);
  world_->Run();
  EXPECT_EQ(board_.visible, All());
  EXPECT_THAT(world_->heard(kSink).failures, IsEmpty());
}

TEST_P(TaskTest, AFailedTaskSaysSoOnceAndDoesNothingAnyMore) {
  Build({.numbers_per_split = 100});
  world_->RunFor(Microseconds(500));
  sink_->fail_writes = "The disk is gone";
  world_->Run();
  ASSERT_EQ(world_->heard(kSink).failures.size(), 1U);
  EXPECT_EQ(world_->heard(kSink).failures[0].code(), StatusCode::kUnavailable);
  sink_->fail_writes.clear();
  world_->Trigger(kEnumerator, 1);
  world_->Complete(1);
  world_->Run();
  EXPECT_LT(board_.written.size(), All(100).size());
  EXPECT_FALSE(world_->heard(kSink).acks.contains(CheckpointId(1)));
  EXPECT_EQ(world_->heard(kSink).failures.size(), 1U);
}

TEST_P(TaskTest, RepliesThatComeAfterATaskHasGoneReachNobody) {
  Build({});
  world_->RunFor(Microseconds(1'000));
  world_->Trigger(kEnumerator, 1);
  world_->RunFor(Microseconds(400));
  for (const std::uint32_t task : {kSink, kReaderB, kReaderA, kEnumerator}) {
    world_->Remove(task);
  }
  world_->Run();
  EXPECT_THAT(board_.visible, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, TaskTest, ::testing::Range<std::uint64_t>(1, 21));

}  // namespace
}  // namespace thalweg::runtime
