// SPDX-License-Identifier: Apache-2.0
//
// Tasks on simulated lanes, put together by hand: for tests of tasks without plans.
//
//   TaskWorld world(seed);
//   LocalChannel channel = world.Connect(0, 1);        // Inboxes of tasks 0 and 1.
//   world.Add(0, {.head = ..., .tail = ...});
//   world.Add(1, {.head = ..., .tail = ...});
//   world.Run();                                       // Until nothing can move.
//   world.Tell(0, [](Task& task) { task.TriggerCheckpoint(...); });
#ifndef THALWEG_TESTS_TESTING_TASK_WORLD_H_
#define THALWEG_TESTS_TESTING_TASK_WORLD_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/channel/local_channel.h"
#include "runtime/task/chain.h"
#include "runtime/task/task.h"
#include "state/task_state.h"
#include "tests/testing/memory_store.h"
#include "tests/testing/sim_executor.h"
#include "tests/testing/sim_lane.h"
#include "tests/testing/sim_loop.h"
#include "tests/testing/sim_node.h"

namespace thalweg::testing {

/// Remembers what a task has told.
class RecordingListener : public runtime::TaskListener {
 public:
  void OnAck(CheckpointId checkpoint,
             proto::TaskSnapshot snapshot,
             const runtime::SnapshotTimings&) override {
    acks[checkpoint] = std::move(snapshot);
  }
  void OnDeclined(CheckpointId checkpoint, const Status&) override {
    declined.push_back(checkpoint);
  }
  void OnRunning() override { ++running; }
  void OnEnded() override { ++ended; }
  void OnCommitted(CheckpointId checkpoint) override { committed.push_back(checkpoint); }
  void OnReplayed() override { ++replayed; }
  void OnFailed(const Status& status) override { failures.push_back(status); }

  std::map<CheckpointId, proto::TaskSnapshot> acks;
  std::vector<CheckpointId> declined;
  int ended = 0;
  std::vector<CheckpointId> committed;
  int running = 0;
  int replayed = 0;
  std::vector<Status> failures;
};

/// Which snapshot a task begins with.
struct TaskBeginning {
  std::vector<proto::TaskSnapshot> restores = {};
  CheckpointId restored = CheckpointId(0);
};

class TaskWorld {
 public:
  static constexpr std::uint32_t kKeyGroups = 16;

  explicit TaskWorld(std::uint64_t seed, std::size_t lane_count = 2)
      : loop_(seed), node_(loop_, "worker"), clock_(loop_), executor_(node_) {
    for (std::size_t i = 0; i < lane_count; ++i) {
      lanes_.push_back(
          std::make_unique<SimLane>(node_, clock_, SimLaneOptions{.hiccup_once_in = 0}));
    }
  }

  std::shared_ptr<runtime::TaskInbox> Inbox(std::uint32_t task) {
    std::shared_ptr<runtime::TaskInbox>& inbox = entries_[task].inbox;
    if (inbox == nullptr) {
      inbox = LaneOf(task).MakeInbox();
    }
    return inbox;
  }

  runtime::LocalChannel Connect(std::uint32_t from, std::uint32_t to, std::size_t credits = 4) {
    return runtime::MakeLocalChannel(
        {.sender = Inbox(from), .receiver = Inbox(to), .credits = credits});
  }

  /// Entries of the head's connector have operator id "head", of the sink's "sink".
  void Add(std::uint32_t id, runtime::ChainParts chain, TaskBeginning beginning = {}) {
    Entry& entry = entries_[id];
    runtime::TaskParts parts;
    parts.id = MakeTaskId(id, 0);
    parts.inbox = Inbox(id);
    parts.executor =
        std::make_shared<runtime::TaskExecutor>(executor_, LaneOf(id).mailbox(), parts.inbox);
    parts.spill_read = std::make_shared<bool>(false);
    state::TaskStateOptions options;
    options.task = parts.id;
    options.range = {0, kKeyGroups};
    options.key_group_count = kKeyGroups;
    options.store = &store_;
    options.run_prefix = "runs/" + std::to_string(id);
    options.executor = parts.executor.get();
    options.mailbox = parts.inbox.get();
    options.wake = [inbox = parts.inbox, flag = parts.spill_read] {
      *flag = true;
      inbox->Wake();
    };
    parts.state = std::make_unique<state::TaskState>(std::move(options));
    parts.chain = std::make_unique<runtime::Chain>(std::move(chain));
    parts.head_operator = OperatorId("head");
    parts.sink_operator = OperatorId("sink");
    parts.restores = std::move(beginning.restores);
    parts.restored = beginning.restored;
    parts.listener = &entry.listener;
    parts.clock = &clock_;
    auto task = std::make_unique<runtime::Task>(std::move(parts));
    entry.task = task.get();
    LaneOf(id).mailbox().Post(
        [this, id, task = std::move(task)]() mutable { LaneOf(id).Add(std::move(task)); });
  }

  /// Destroys a task, as a cancel does.
  void Remove(std::uint32_t id) {
    LaneOf(id).mailbox().Post([this, id] { LaneOf(id).Remove(*entries_[id].inbox); });
  }

  void Tell(std::uint32_t id, std::function<void(runtime::Task&)> call) {
    runtime::Task* const task = entries_[id].task;
    Inbox(id)->Post([task, call = std::move(call)] { call(*task); });
  }
  void TellAll(const std::function<void(runtime::Task&)>& call) {
    for (const auto& [id, entry] : entries_) {
      Tell(id, call);
    }
  }
  void Trigger(std::uint32_t id,
               std::uint64_t checkpoint,
               proto::CheckpointKind kind = proto::CHECKPOINT_PERIODIC) {
    Tell(id, [=](runtime::Task& task) { task.TriggerCheckpoint(CheckpointId(checkpoint), kind); });
  }
  void Complete(std::uint64_t checkpoint) {
    TellAll([=](runtime::Task& task) { task.CompleteCheckpoint(CheckpointId(checkpoint)); });
  }
  void Abort(std::uint64_t checkpoint) {
    TellAll([=](runtime::Task& task) { task.AbortCheckpoint(CheckpointId(checkpoint)); });
  }

  /// Until nothing can move.
  void Run() { loop_.RunUntilIdle(); }
  void RunFor(Microseconds time) { loop_.RunFor(time); }

  const RecordingListener& heard(std::uint32_t id) { return entries_[id].listener; }
  /// Whether all tasks have acknowledged the checkpoint.
  bool IsComplete(std::uint64_t checkpoint) const {
    for (const auto& [id, entry] : entries_) {
      if (!entry.listener.acks.contains(CheckpointId(checkpoint))) {
        return false;
      }
    }
    return true;
  }
  SimLoop& loop() { return loop_; }
  MemoryStore& store() { return store_; }

 private:
  struct Entry {
    std::shared_ptr<runtime::TaskInbox> inbox;
    runtime::Task* task = nullptr;
    RecordingListener listener;
  };

  runtime::Lane& LaneOf(std::uint32_t task) { return lanes_[task % lanes_.size()]->lane(); }

  SimLoop loop_;
  SimNode node_;
  SimClock clock_;
  MemoryStore store_;
  SimExecutor executor_;
  std::map<std::uint32_t, Entry> entries_;
  std::vector<std::unique_ptr<SimLane>> lanes_;  // Last: its tasks use what is above.
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_TASK_WORLD_H_
