// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_TASK_SNAPSHOT_ASSEMBLY_H_
#define THALWEG_RUNTIME_TASK_SNAPSHOT_ASSEMBLY_H_

#include <cstddef>
#include <map>
#include <optional>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "proto/checkpoint.pb.h"
#include "runtime/task/task_listener.h"

namespace thalweg::runtime {

/// A part of a task's snapshot: what its state gives, or the entries of a connector.
using SnapshotPart = proto::TaskSnapshot;

/// Collects the parts of snapshots that are written in the background. Pure.
class SnapshotAssembly {
 public:
  struct Finished {
    proto::TaskSnapshot snapshot;
    SnapshotTimings timings;
  };

  /// A snapshot to which `part_count` parts will be added. `first` is what is there already.
  void Begin(CheckpointId checkpoint,
             proto::TaskSnapshot first,
             std::size_t part_count,
             SnapshotTimings timings);
  /// The pause is over; the rest happens in the background.
  void EndPause(CheckpointId checkpoint, Microseconds pause, MonoTime now);

  /// The whole snapshot when this was the last part. A part of a checkpoint that is not (or no
  /// longer) being assembled is dropped.
  std::optional<Finished> Add(CheckpointId checkpoint, SnapshotPart part, MonoTime now);
  /// Forgets a checkpoint; false: it was not being assembled.
  bool Drop(CheckpointId checkpoint) { return open_.erase(checkpoint) > 0; }

 private:
  struct Open {
    proto::TaskSnapshot snapshot;
    std::size_t missing = 0;
    SnapshotTimings timings;
    MonoTime background_start;
  };

  std::map<CheckpointId, Open> open_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TASK_SNAPSHOT_ASSEMBLY_H_
