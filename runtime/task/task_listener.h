// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_TASK_TASK_LISTENER_H_
#define THALWEG_RUNTIME_TASK_TASK_LISTENER_H_

#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "proto/checkpoint.pb.h"

namespace thalweg::runtime {

/// How long a task's part of a checkpoint took.
struct SnapshotTimings {
  Microseconds alignment{0};   // From this task's first barrier to its last.
  Microseconds pause{0};       // While the task did nothing else.
  Microseconds background{0};  // From the pause to the acknowledgement.
};

/// What a task tells whoever runs it, on the task's lane. It must not destroy the task during the
/// call.
class TaskListener {
 public:
  virtual ~TaskListener() = default;

  /// The task is restored and takes barriers. Once.
  virtual void OnRunning() = 0;
  /// The task's part of the checkpoint is durable. Once per checkpoint.
  virtual void OnAck(CheckpointId checkpoint,
                     proto::TaskSnapshot snapshot,
                     const SnapshotTimings& timings) = 0;
  /// The task cannot take part in this checkpoint and goes on without it.
  virtual void OnDeclined(CheckpointId checkpoint, const Status& reason) = 0;
  /// End of input has passed through. Once; barriers still pass.
  virtual void OnEnded() = 0;
  /// The task's sink has made everything up to this checkpoint visible.
  virtual void OnCommitted(CheckpointId checkpoint) = 0;
  /// The task's sink has settled what the restored checkpoint left pending. Once, if there is a
  /// sink.
  virtual void OnReplayed() = 0;
  /// Once, and nothing after it: the task does nothing any more and waits to be destroyed.
  virtual void OnFailed(const Status& status) = 0;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TASK_TASK_LISTENER_H_
