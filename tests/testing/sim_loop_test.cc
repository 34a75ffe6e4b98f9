// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/sim_loop.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/sim_executor.h"
#include "tests/testing/sim_node.h"

namespace thalweg::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MonoTime At(std::int64_t micros) {
  return MonoTime(Microseconds(micros));
}

TEST(SimLoopTest, RunsEventsByTime) {
  SimLoop loop(1);
  std::vector<int> order;
  loop.At(At(30), [&] { order.push_back(3); });
  loop.At(At(10), [&] {
    order.push_back(1);
    loop.After(Microseconds(10), [&] { order.push_back(2); });
  });
  loop.RunUntilIdle();
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
  EXPECT_EQ(loop.now(), At(30));
}

TEST(SimLoopTest, AnEventInThePastRunsNow) {
  SimLoop loop(1);
  loop.RunUntil(At(100));
  bool ran = false;
  loop.At(At(1), [&] { ran = true; });
  loop.RunUntilIdle();
  EXPECT_TRUE(ran);
  EXPECT_EQ(loop.now(), At(100));
}

TEST(SimLoopTest, TheSeedOrdersEventsOfEqualTime) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SimLoop loop(seed);
    std::string order;
    for (const char name : {'a', 'b', 'c'}) {
      loop.At(At(5), [&order, name] { order += name; });
    }
    loop.RunUntilIdle();
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 6);  // All permutations.
}

TEST(SimLoopTest, ACancelledEventNeverRuns) {
  SimLoop loop(1);
  int runs = 0;
  const SimEventId event = loop.At(At(10), [&] { ++runs; });
  EXPECT_TRUE(loop.Cancel(event));
  EXPECT_FALSE(loop.Cancel(event));
  const SimEventId next = loop.At(At(20), [&] { ++runs; });
  loop.RunUntilIdle();
  EXPECT_EQ(runs, 1);
  EXPECT_FALSE(loop.Cancel(next));
  EXPECT_FALSE(loop.Cancel(event));
}

TEST(SimLoopTest, StopsAtTheGivenTime) {
  SimLoop loop(1);
  int runs = 0;
  loop.Cancel(loop.At(At(9), [] {}));
  loop.At(At(10), [&] { ++runs; });
  loop.At(At(11), [&] { ++runs; });
  loop.RunUntil(At(10));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(loop.now(), At(10));
  EXPECT_FALSE(loop.RunUntil([&] { return runs == 3; }, Microseconds(100)));
  EXPECT_EQ(runs, 2);
}

TEST(SimLoopTest, DoesNotRunEventsBehindItsPatience) {
  SimLoop loop(1);
  bool ran = false;
  loop.At(At(1'000), [&] { ran = true; });
  EXPECT_FALSE(loop.RunUntil([&] { return ran; }, Microseconds(999)));
  EXPECT_FALSE(ran);
  EXPECT_TRUE(loop.RunUntil([&] { return ran; }, Microseconds(1'000)));
}

TEST(SimLoopDeathTest, EndsASimulationThatGoesInCircles) {
  SimLoop loop(4711);
  loop.set_event_limit(100);
  std::function<void()> again = [&] { loop.After(Microseconds(0), [&] { again(); }); };
  again();
  EXPECT_DEATH(loop.RunUntilIdle(), "seed=4711");
}

TEST(SimClockTest, ShowsVirtualTime) {
  SimLoop loop(1);
  const SimClock clock(loop);
  const SimClock skewed(loop, Milliseconds(-250));
  const WallTime start = clock.WallNow();
  loop.RunUntil(At(1'500'000));
  EXPECT_EQ(clock.Now(), At(1'500'000));
  EXPECT_EQ(clock.WallNow() - start, Milliseconds(1'500));
  EXPECT_EQ(clock.WallNow() - skewed.WallNow(), Milliseconds(250));
}

/// A node with its parts, remade at each start.
struct Process {
  explicit Process(SimNode& node) : mailbox(node), timers(node), executor(node) {}
  SimMailbox mailbox;
  SimTimers timers;
  SimExecutor executor;
};

class SimNodeTest : public ::testing::Test {
 protected:
  SimLoop loop_{7};
  SimNode node_{loop_, "node"};
  std::unique_ptr<Process> process_ = std::make_unique<Process>(node_);
};

TEST_F(SimNodeTest, MailsRunInTheOrderOfPosting) {
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    process_->mailbox.Post([&order, i] { order.push_back(i); });
  }
  EXPECT_THAT(order, IsEmpty());
  loop_.RunUntilIdle();
  ASSERT_EQ(order.size(), 100);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(SimNodeTest, AMailboxThatIsGoneDropsItsMails) {
  const auto token = std::make_shared<int>(1);
  bool ran = false;
  {
    SimMailbox mailbox(node_);
    mailbox.Post([&ran, token] { ran = true; });
  }
  EXPECT_EQ(token.use_count(), 1);
  loop_.RunUntilIdle();
  EXPECT_FALSE(ran);
}

TEST_F(SimNodeTest, TimersOfEqualTimeKeepTheirOrder) {
  std::vector<int> order;
  for (int i = 0; i < 20; ++i) {
    process_->timers.At(At(500), process_->mailbox, [&order, i] { order.push_back(i); });
  }
  process_->timers.At(At(100), process_->mailbox, [&order] { order.push_back(-1); });
  loop_.RunUntilIdle();
  ASSERT_EQ(order.size(), 21);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(SimNodeTest, ATimerCanBeCancelledUntilItIsPosted) {
  int runs = 0;
  const TimerHandle first = process_->timers.At(At(50), process_->mailbox, [&] { ++runs; });
  const TimerHandle second = process_->timers.At(At(60), process_->mailbox, [&] { ++runs; });
  EXPECT_TRUE(process_->timers.Cancel(first));
  EXPECT_FALSE(process_->timers.Cancel(first));
  loop_.RunUntilIdle();
  EXPECT_EQ(runs, 1);
  EXPECT_FALSE(process_->timers.Cancel(second));
}

TEST_F(SimNodeTest, WorksOvertakeEachOther) {
  std::vector<int> order;
  for (int i = 0; i < 20; ++i) {
    process_->executor.Submit(
        [&order, i]() -> UniqueFunction<void()> { return [&order, i] { order.push_back(i); }; },
        process_->mailbox);
  }
  EXPECT_EQ(process_->executor.in_flight(), 20);
  loop_.RunUntilIdle();
  EXPECT_EQ(order.size(), 20);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(process_->executor.in_flight(), 0);
}

TEST_F(SimNodeTest, NothingOfACrashedIncarnationRuns) {
  int runs = 0;
  process_->mailbox.Post([&] { ++runs; });
  process_->timers.At(At(50), process_->mailbox, [&] { ++runs; });
  process_->executor.Submit([&]() -> UniqueFunction<void()> { return [&] { ++runs; }; },
                            process_->mailbox);
  node_.Crash();
  node_.Restart();
  Process next(node_);
  bool next_runs = false;
  next.mailbox.Post([&] { next_runs = true; });
  process_->mailbox.Post([&] { ++runs; });
  process_->timers.At(At(60), process_->mailbox, [&] { ++runs; });
  process_->executor.Submit([&]() -> UniqueFunction<void()> { return [&] { ++runs; }; },
                            process_->mailbox);
  loop_.RunUntilIdle();
  EXPECT_EQ(runs, 0);
  EXPECT_TRUE(next_runs);
}

// At the crash the effect has happened, happens now, or never does: each in some run. The reply
// never comes.
TEST_F(SimNodeTest, ACrashLosesTheReplyAndPerhapsTheEffect) {
  std::set<int> effects;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SimLoop loop(seed);
    SimNode node(loop, "node");
    Process process(node);
    int effect = 0;
    bool replied = false;
    process.executor.Submit(
        [&]() -> UniqueFunction<void()> {
          effect = node.alive() ? 2 : 1;
          return [&] { replied = true; };
        },
        process.mailbox);
    loop.RunUntil(At(1'000));
    if (!replied) {
      node.Crash();
    }
    const int at_crash = effect;
    loop.RunUntilIdle();
    EXPECT_EQ(effect, at_crash);
    effects.insert(replied ? 3 : effect);
  }
  EXPECT_THAT(effects, ElementsAre(0, 1, 2, 3));
}

TEST_F(SimNodeTest, APausedNodeGoesOnLater) {
  std::vector<std::string> events;
  process_->mailbox.Post([&] { events.push_back("mail"); });
  process_->timers.At(At(50), process_->mailbox, [&] { events.push_back("timer"); });
  process_->executor.Submit(
      [&]() -> UniqueFunction<void()> {
        events.push_back("effect");
        return [&] { events.push_back("reply"); };
      },
      process_->mailbox);
  node_.Pause();
  loop_.RunUntil(At(1'000'000));
  EXPECT_THAT(events, IsEmpty());
  node_.Resume();
  loop_.RunUntilIdle();
  EXPECT_THAT(events, ::testing::UnorderedElementsAre("mail", "timer", "effect", "reply"));
}

TEST_F(SimNodeTest, ACrashEndsAPause) {
  bool ran = false;
  process_->mailbox.Post([&] { ran = true; });
  node_.Pause();
  loop_.RunUntil(At(1'000));
  node_.Crash();
  node_.Restart();
  loop_.RunUntilIdle();
  EXPECT_FALSE(ran);
  EXPECT_FALSE(node_.paused());
}

/// A small busy world: nodes that post to each other, wait and work.
std::uint64_t TraceOf(std::uint64_t seed) {
  SimLoop loop(seed);
  std::vector<std::unique_ptr<SimNode>> nodes;
  std::vector<std::unique_ptr<Process>> processes;
  for (int i = 0; i < 3; ++i) {
    nodes.push_back(std::make_unique<SimNode>(loop, "node" + std::to_string(i)));
    processes.push_back(std::make_unique<Process>(*nodes.back()));
  }
  std::function<void(int)> hop = [&](int left) {
    Process& target = *processes[loop.random().Uniform(3)];
    if (left == 0) {
      return;
    }
    if (loop.random().Chance(3)) {
      target.timers.At(
          loop.now() + Microseconds(100), target.mailbox, [&, left] { hop(left - 1); });
    } else if (loop.random().Chance(2)) {
      target.executor.Submit(
          [&, left]() -> UniqueFunction<void()> { return [&, left] { hop(left - 1); }; },
          target.mailbox);
    } else {
      target.mailbox.Post([&, left] { hop(left - 1); });
    }
  };
  for (int i = 0; i < 5; ++i) {
    hop(200);
  }
  loop.At(At(20'000), [&] { nodes[1]->Crash(); });
  loop.RunUntilIdle();
  return loop.trace_hash();
}

TEST(SimDeterminismTest, EqualSeedsGiveEqualRuns) {
  std::set<std::uint64_t> traces;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::uint64_t trace = TraceOf(seed);
    EXPECT_EQ(TraceOf(seed), trace) << "seed " << seed;
    traces.insert(trace);
  }
  EXPECT_EQ(traces.size(), 20);
}

TEST(SimDeterminismTest, NotesChangeTheTrace) {
  SimLoop one(1);
  SimLoop other(1);
  EXPECT_EQ(one.trace_hash(), other.trace_hash());
  one.Note("a");
  one.Note("b");
  other.Note("b");
  other.Note("a");
  EXPECT_NE(one.trace_hash(), other.trace_hash());
}

}  // namespace
}  // namespace thalweg::testing
