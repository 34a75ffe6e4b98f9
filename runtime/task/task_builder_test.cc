// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/task_builder.h"

#include <deque>

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "base/counters.h"
#include "base/executor.h"
#include "runtime/channel/local_channel.h"
#include "runtime/connector/registry.h"
#include "tests/testing/fake_connectors.h"
#include "tests/testing/memory_store.h"
#include "tests/testing/sim_executor.h"
#include "tests/testing/sim_lane.h"
#include "tests/testing/task_world.h"

namespace thalweg::runtime {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Numbers, counted by number, to a sink: three vertices of one task each.
constexpr const char* kGraph = R"pb(
  version: 1
  key_group_count: 8
  vertices {
    name: "list"
    parallelism: 1
    steps {
      operator_id: "op-list"
      name: "list"
      enumerate { source { connector: "numbers" spec: "2 3" } }
    }
  }
  vertices {
    name: "read"
    parallelism: 1
    inputs {
      fields {
        name: "split"
        type { kind: TYPE_VARBINARY length: 2147483647 }
      }
      fields {
        name: "id"
        type { kind: TYPE_VARCHAR length: 2147483647 }
      }
    }
    steps {
      operator_id: "op-read"
      name: "read"
      output {
        fields {
          name: "number"
          type { kind: TYPE_BIGINT }
        }
      }
      read {
        source {
          connector: "numbers"
          spec: "2 3"
          schema {
            fields {
              name: "number"
              type { kind: TYPE_BIGINT }
            }
          }
        }
      }
    }
  }
  vertices {
    name: "count"
    parallelism: 1
    inputs {
      fields {
        name: "number"
        type { kind: TYPE_BIGINT }
      }
    }
    steps {
      operator_id: "op-count"
      name: "count"
      output {
        fields {
          name: "number"
          type { kind: TYPE_BIGINT }
        }
        fields {
          name: "n"
          type { kind: TYPE_BIGINT }
        }
      }
      aggregate {
        keys: 0
        calls {
          function: "COUNT"
          filter: -1
          type { kind: TYPE_BIGINT }
          name: "n"
        }
      }
    }
    steps {
      operator_id: "op-sink"
      name: "sink"
      sink {
        sink {
          connector: "board"
          schema {
            fields {
              name: "number"
              type { kind: TYPE_BIGINT }
            }
            fields {
              name: "n"
              type { kind: TYPE_BIGINT }
            }
          }
        }
      }
    }
  }
  edges { from: 0 to: 1 partitioning: PARTITION_HASH keys: 1 }
  edges { from: 1 to: 2 partitioning: PARTITION_HASH keys: 0 }
)pb";

class TaskBuilderTest : public ::testing::Test {
 protected:
  TaskBuilderTest() {
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kGraph, &graph_));
    registry_.AddSource("numbers", std::make_unique<testing::NumberSourceConnector>());
    registry_.AddSink("board", std::make_unique<testing::NumberSinkConnector>(board_));
  }

  StatusOr<std::unique_ptr<Task>> Build(std::uint32_t vertex,
                                        std::vector<GateChannel> inputs,
                                        std::vector<std::unique_ptr<ChannelWriter>> outputs,
                                        std::vector<proto::TaskSnapshot> restores = {},
                                        CheckpointId restored = {}) {
    TaskSpec spec;
    spec.id = MakeTaskId(vertex, 0);
    spec.listener = &listeners_[vertex];
    spec.inbox = inboxes_[vertex];
    spec.lane = &lane_.lane().mailbox();
    spec.inputs = std::move(inputs);
    if (!outputs.empty()) {
      spec.outputs.push_back(std::move(outputs));
    }
    spec.restores = std::move(restores);
    spec.restored = restored;
    const TaskSurroundings surroundings{.job_id = std::string(32, 'a'),
                                        .lineage = "lineage",
                                        .attempt = {Generation(1), 1},
                                        .graph = &graph_,
                                        .connectors = &registry_,
                                        .executor = &executor_,
                                        .clock = &clock_,
                                        .store = &store_,
                                        .files = &store_,
                                        .metrics = &metrics_};
    return BuildTask(std::move(spec), surroundings);
  }

  // All three tasks, connected. Restores what the listeners have acknowledged, if asked.
  void Start(CheckpointId restored = {}) {
    std::vector<std::vector<GateChannel>> inputs(3);
    std::vector<std::vector<std::unique_ptr<ChannelWriter>>> outputs(3);
    for (std::uint32_t vertex = 0; vertex < 3; ++vertex) {
      inboxes_[vertex] = lane_.lane().MakeInbox();
    }
    for (std::uint32_t vertex = 0; vertex < 2; ++vertex) {
      LocalChannel channel =
          MakeLocalChannel({.sender = inboxes_[vertex], .receiver = inboxes_[vertex + 1]});
      outputs[vertex].push_back(std::move(channel.writer));
      inputs[vertex + 1].push_back({.reader = std::move(channel.reader)});
    }
    for (std::uint32_t vertex = 0; vertex < 3; ++vertex) {
      std::vector<proto::TaskSnapshot> restores;
      if (restored != CheckpointId(0)) {
        restores.push_back(listeners_[vertex].acks.at(restored));
      }
      auto task = Build(vertex,
                        std::move(inputs[vertex]),
                        std::move(outputs[vertex]),
                        std::move(restores),
                        restored);
      ASSERT_EQ(task.status(), OkStatus());
      tasks_[vertex] = task->get();
      lane_.lane().mailbox().Post(
          [this, task = *std::move(task)]() mutable { lane_.lane().Add(std::move(task)); });
    }
  }

  void Checkpoint(std::uint64_t id) {
    inboxes_[0]->Post(
        [this, id] { tasks_[0]->TriggerCheckpoint(CheckpointId(id), proto::CHECKPOINT_PERIODIC); });
    loop_.RunUntilIdle();
  }

  proto::JobGraph graph_;
  ConnectorRegistry registry_;
  testing::NumberBoard board_;
  testing::SimLoop loop_{1};
  testing::SimNode node_{loop_, "worker"};
  testing::SimClock clock_{loop_};
  testing::MemoryStore store_;
  MetricGroup metrics_;
  testing::RecordingListener listeners_[3];
  std::shared_ptr<TaskInbox> inboxes_[3];
  Task* tasks_[3] = {};
  testing::SimExecutor executor_{node_};
  testing::SimLane lane_{node_, clock_};
};

TEST_F(TaskBuilderTest, BuildsTasksThatRunThePlan) {
  Start();
  loop_.RunUntilIdle();
  EXPECT_EQ(board_.written, (std::multiset<std::int64_t>{1, 2, 3, 1001, 1002, 1003}));
  for (const testing::RecordingListener& listener : listeners_) {
    EXPECT_THAT(listener.failures, IsEmpty());
    EXPECT_EQ(listener.ended, 1);
  }
  EXPECT_EQ(metrics_.AddGroup("task_1_0").AddGroup("read").AddCounter("rows_out").value(), 6U);
  EXPECT_EQ(metrics_.AddGroup("task_2_0").AddGroup("count").AddCounter("rows_out").value(), 6U);
}

TEST_F(TaskBuilderTest, ARestoredTaskKnowsItsStateAndItsEntries) {
  Start();
  loop_.RunUntilIdle();
  Checkpoint(1);
  for (const testing::RecordingListener& listener : listeners_) {
    ASSERT_TRUE(listener.acks.contains(CheckpointId(1)));
  }
  EXPECT_EQ(listeners_[1].acks.at(CheckpointId(1)).entries(0).operator_id(), "op-read");
  EXPECT_EQ(listeners_[2].acks.at(CheckpointId(1)).entries(0).operator_id(), "op-sink");
  EXPECT_GT(listeners_[2].acks.at(CheckpointId(1)).runs_size(), 0);
  lane_.lane().Clear();
  Start(CheckpointId(1));
  loop_.RunUntilIdle();
  EXPECT_EQ(board_.written.size(), 6U) << "Nothing is read again.";
  EXPECT_EQ(board_.visible.size(), 6U) << "What was pending is settled.";
  EXPECT_EQ(listeners_[2].replayed, 2);
  EXPECT_EQ(listeners_[2].running, 2) << "Once for each start.";
  EXPECT_THAT(listeners_[2].failures, IsEmpty());
  Checkpoint(2);
  EXPECT_EQ(listeners_[2].acks.at(CheckpointId(2)).entries_size(), 0)
      << "Entries that a sink has settled are not written again.";
}

TEST_F(TaskBuilderTest, NamesAConnectorThatIsNotThere) {
  graph_.mutable_vertices(2)->mutable_steps(1)->mutable_sink()->mutable_sink()->set_connector(
      "nowhere");
  inboxes_[2] = lane_.lane().MakeInbox();
  LocalChannel channel = MakeLocalChannel({.sender = inboxes_[2], .receiver = inboxes_[2]});
  std::vector<GateChannel> inputs;
  inputs.push_back({.reader = std::move(channel.reader)});
  const auto task = Build(2, std::move(inputs), {});
  EXPECT_EQ(task.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(task.status())), HasSubstr("nowhere"));
}

TEST_F(TaskBuilderTest, RefusesAPlanThatDoesNotFitItsChannels) {
  inboxes_[0] = lane_.lane().MakeInbox();
  EXPECT_EQ(Build(0, {}, {}).status().code(), StatusCode::kInvalidArgument);
  inboxes_[2] = lane_.lane().MakeInbox();
  EXPECT_EQ(Build(2, {}, {}).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace thalweg::runtime
