// SPDX-License-Identifier: Apache-2.0
//
// Real threads: everything else of lanes and tasks is tested in the simulated world.
#include "runtime/task/lane_thread.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "runtime/channel/local_channel.h"
#include "state/task_state.h"
#include "tests/testing/fake_connectors.h"
#include "tests/testing/memory_store.h"
#include "tests/testing/task_world.h"

namespace thalweg::runtime {
namespace {

TEST(LaneThreadTest, RunsMailsOnItsThreadAndParksBetweenThem) {
  LaneThread lane(SystemClock::Get(), {.name = "lane-under-test", .core = 0});
  std::promise<std::thread::id> first;
  std::promise<std::thread::id> second;
  lane.mailbox().Post([&] { first.set_value(std::this_thread::get_id()); });
  const std::thread::id id = first.get_future().get();
  EXPECT_NE(id, std::this_thread::get_id());
  lane.mailbox().Post([&] { second.set_value(std::this_thread::get_id()); });
  EXPECT_EQ(second.get_future().get(), id);
}

TEST(LaneThreadTest, StopsWhileItIsParkedAndDestroysLaterMails) {
  LaneThread lane(SystemClock::Get(), {});
  lane.Stop();
  auto held = std::make_shared<int>(0);
  lane.mailbox().Post([held] { ++*held; });
  lane.Stop();
  EXPECT_EQ(*held, 0);
}

// Tells when the end has come.
class EndListener final : public testing::RecordingListener {
 public:
  void OnEnded() override { ended_promise.set_value(); }
  void OnFailed(const Status& status) override {
    ended_promise.set_value();
    failed = !status.ok();
  }

  std::promise<void> ended_promise;
  std::atomic<bool> failed = false;
};

// A reader on one lane, a sink on another, few credits between them.
TEST(LaneThreadTest, TasksOnTwoLanesHandBatchesOver) {
  constexpr std::int64_t kNumbers = 20'000;
  testing::MemoryStore store;
  ThreadPoolExecutor executor(1);
  testing::NumberBoard board;
  EndListener end;
  testing::RecordingListener others;
  {
    LaneThread lane_a(SystemClock::Get(), {.name = "a"});
    LaneThread lane_b(SystemClock::Get(), {.name = "b"});
    const auto add = [&](LaneThread& lane,
                         std::shared_ptr<TaskInbox> inbox,
                         ChainParts chain,
                         TaskListener& listener) {
      TaskParts parts;
      parts.inbox = inbox;
      parts.executor = std::make_shared<TaskExecutor>(executor, lane.mailbox(), inbox);
      parts.spill_read = std::make_shared<bool>(false);
      state::TaskStateOptions options;
      options.range = {0, 1};
      options.key_group_count = 1;
      options.store = &store;
      options.executor = parts.executor.get();
      options.mailbox = inbox.get();
      options.wake = [] {};
      parts.state = std::make_unique<state::TaskState>(std::move(options));
      parts.chain = std::make_unique<Chain>(std::move(chain));
      parts.listener = &listener;
      parts.clock = &SystemClock::Get();
      lane.mailbox().Post([&lane, task = std::make_unique<Task>(std::move(parts))]() mutable {
        lane.lane().Add(std::move(task));
      });
    };
    const auto inbox_a = lane_a.lane().MakeInbox();
    const auto inbox_b = lane_b.lane().MakeInbox();
    LocalChannel splits = MakeLocalChannel({.sender = inbox_a, .receiver = inbox_a});
    LocalChannel rows = MakeLocalChannel({.sender = inbox_a, .receiver = inbox_b, .credits = 2});
    const auto tail = [](std::unique_ptr<ChannelWriter> writer) {
      std::vector<std::unique_ptr<ChannelWriter>> channels;
      channels.push_back(std::move(writer));
      std::vector<std::unique_ptr<Router>> routers;
      routers.push_back(
          MakeRouter({.partitioning = proto::PARTITION_FORWARD}, std::move(channels)));
      return MakeRouterTail(std::move(routers));
    };
    const auto gate = [](std::unique_ptr<ChannelReader> reader) {
      std::vector<GateChannel> channels;
      channels.push_back({.reader = std::move(reader)});
      return Gate(std::move(channels));
    };
    const auto never = std::make_shared<bool>(false);
    splits.writer->Write(testing::SplitBatch({{.id = "0", .spec = std::to_string(kNumbers)}}));
    splits.writer->Write(Watermark{kMaxWatermark});
    splits.writer->Write(End());
    add(lane_a,
        inbox_a,
        {.head = MakeReaderHead(
             gate(std::move(splits.reader)), std::make_unique<testing::NumberReader>(1), never),
         .steps = {},
         .tail = tail(std::move(rows.writer)),
         .rows = {}},
        others);
    add(lane_b,
        inbox_b,
        {.head = MakeGateHead(gate(std::move(rows.reader))),
         .steps = {},
         .tail = MakeSinkTail(std::make_unique<testing::NumberSink>(board)),
         .rows = {}},
        end);
    end.ended_promise.get_future().wait();
  }
  EXPECT_FALSE(end.failed);
  EXPECT_EQ(board.written.size(), kNumbers);
}

}  // namespace
}  // namespace thalweg::runtime
