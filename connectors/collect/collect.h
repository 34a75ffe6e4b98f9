// SPDX-License-Identifier: Apache-2.0
//
// The sink "collect": rows for the client that runs the job.
//
// Each batch carries the attempt that made it and the checkpoint that it became part of. A batch
// is given to the client once that checkpoint is durable; what a restore repeats carries an older
// attempt and no durable checkpoint, and is dropped. So the client sees each row once.
//
//   CollectHub hub;                                  // Outlives the cluster.
//   RegisterCollect(registry, hub);
//   ... run a plan whose sink has CollectSpecOf("q") ...
//   for (const columnar::Batch& batch : hub.Take("q")) ...
#ifndef THALWEG_CONNECTORS_COLLECT_COLLECT_H_
#define THALWEG_CONNECTORS_COLLECT_COLLECT_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/mutex.h"
#include "columnar/batch.h"
#include "runtime/connector/sink.h"

namespace thalweg::connectors {

/// Where the rows of collect sinks wait for their client. Safe from any thread.
class CollectHub {
 public:
  /// The committed batches since the last call, in commit order.
  std::vector<columnar::Batch> Take(const std::string& result);

  // For the sink:

  /// Subtasks of `attempt` go on from `restored`. The first such call of an attempt commits what
  /// older attempts sealed up to `restored` and drops the rest. False: a newer attempt was here.
  bool Begin(const std::string& result, Attempt attempt, CheckpointId restored);
  /// Adds a batch to what `subtask` has not sealed yet. False, here and below: the attempt is old.
  bool Add(const std::string& result,
           Attempt attempt,
           std::uint32_t subtask,
           columnar::Batch batch);
  /// What `subtask` added since its last seal belongs to `checkpoint`.
  bool Seal(const std::string& result,
            Attempt attempt,
            std::uint32_t subtask,
            CheckpointId checkpoint);
  /// What `subtask` sealed up to `checkpoint` is the client's.
  bool Commit(const std::string& result,
              Attempt attempt,
              std::uint32_t subtask,
              CheckpointId checkpoint);

 private:
  struct Sealed {
    CheckpointId checkpoint;
    std::vector<columnar::Batch> batches;
  };
  struct Writer {
    std::vector<columnar::Batch> open;
    std::deque<Sealed> sealed;
  };
  struct Result {
    Attempt attempt;
    std::map<std::uint32_t, Writer> writers;  // By subtask.
    std::vector<columnar::Batch> committed;
  };

  static void CommitUpTo(CheckpointId checkpoint, Writer& writer, Result& result);
  /// Null when `attempt` is not the newest.
  Result* Find(const std::string& result, Attempt attempt) REQUIRES_LOCK(mutex_);

  Mutex mutex_;
  std::map<std::string, Result> results_ GUARDED_BY(mutex_);
};

std::string CollectSpecOf(const std::string& result);

/// Option 'result' [default]: the name to Take() by. `hub` outlives all.
std::unique_ptr<runtime::SinkConnector> MakeCollectSink(CollectHub& hub);

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_COLLECT_COLLECT_H_
