// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_TASK_TASK_BUILDER_H_
#define THALWEG_RUNTIME_TASK_TASK_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/ids.h"
#include "base/status.h"
#include "proto/checkpoint.pb.h"
#include "proto/plan.pb.h"
#include "runtime/channel/channel.h"
#include "runtime/channel/gate.h"
#include "runtime/task/task.h"
#include "runtime/task/task_inbox.h"

namespace thalweg {
class Clock;
class MetricGroup;
}  // namespace thalweg

namespace thalweg::state {
class MemoryBudget;
class SpillFactory;
}  // namespace thalweg::state

namespace thalweg::storage {
class DirectoryStore;
}  // namespace thalweg::storage

namespace thalweg::runtime {

class ConnectorRegistry;

/// What the tasks of one attempt on one worker have in common. Everything outlives them.
struct TaskSurroundings {
  std::string job_id;
  std::string lineage;
  Attempt attempt;
  const proto::JobGraph* graph = nullptr;
  const ConnectorRegistry* connectors = nullptr;
  BlockingExecutor* executor = nullptr;
  const Clock* clock = nullptr;
  storage::DirectoryStore* store = nullptr;  // For snapshots.
  storage::DirectoryStore* files = nullptr;  // For connectors of files.
  state::MemoryBudget* budget = nullptr;     // For state; null: without limit.
  state::SpillFactory* spill = nullptr;      // Null: all state stays in memory.
  MetricGroup* metrics = nullptr;            // Of the job; null: nobody looks.
  // Of state::TaskStateOptions; absent: its default.
  std::optional<std::size_t> inline_run_max = {};
};

/// One task to build. The channels wake `inbox`.
struct TaskSpec {
  TaskId id;
  TaskListener* listener = nullptr;  // Outlives the task.
  std::shared_ptr<TaskInbox> inbox;  // Of the lane that will run the task.
  Mailbox* lane = nullptr;           // That lane's.
  std::vector<GateChannel> inputs;   // One per channel of each edge into the vertex.
  /// Per edge out of the vertex, in the order of the graph, the channels by receiving subtask; a
  /// forward edge has one.
  std::vector<std::vector<std::unique_ptr<ChannelWriter>>> outputs;
  /// Snapshots of the old tasks of the vertex that this one takes over from.
  std::vector<proto::TaskSnapshot> restores;
  CheckpointId restored;  // The checkpoint that they belong to; 0: none.
};

/// Makes the task that the graph says: its chain, its state, the parts of its connectors. Does not
/// block; call it from any thread, then hand the task to its lane, where it restores and opens
/// itself.
///
/// kInvalidArgument names the step that cannot be made; kNotFound the connector that is unknown.
StatusOr<std::unique_ptr<Task>> BuildTask(TaskSpec spec, const TaskSurroundings& surroundings);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TASK_TASK_BUILDER_H_
