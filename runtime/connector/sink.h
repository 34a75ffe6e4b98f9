// SPDX-License-Identifier: Apache-2.0
//
// How results leave. An exactly-once sink writes where nobody looks (hidden files, a checkpointed
// outbox), names that in its part of the checkpoint, and makes it visible only when the checkpoint
// is durable:
//
//   Write* -> Snapshot(N) -> ... manifest N durable ... -> Complete(N) -> visible -> `committed(N)`
//   after a restore from N: Restore(entries of N) -> settle what N left pending -> `replayed`
//
// A sink may crash between any two of these; Complete() and settling must be repeatable.
#ifndef THALWEG_RUNTIME_CONNECTOR_SINK_H_
#define THALWEG_RUNTIME_CONNECTOR_SINK_H_

#include <memory>
#include <span>
#include <string>

#include "base/ids.h"
#include "runtime/connector/source.h"

namespace thalweg::runtime {

/// What a sink reports, each on the task's lane. A failure fails the task, and with it the attempt.
class SinkListener {
 public:
  virtual ~SinkListener() = default;
  /// Everything up to `checkpoint` is visible. Once per Complete(), in order; later ones may stand
  /// for earlier ones.
  virtual void OnCommitted(CheckpointId checkpoint) = 0;
  /// What the restored checkpoint left pending is settled. Once, also when there was nothing.
  virtual void OnReplayed() = 0;
  virtual void OnFailed(Status status) = 0;
};

/// Why nothing follows for now.
enum class SinkEnding {
  kStopped,  // The job stops with the next checkpoint and may go on from it.
  kEnded,    // No row will ever follow.
};

/// One instance of a sink inside a task; all calls on the task's lane, none may block.
class Sink {
 public:
  virtual ~Sink() = default;

  /// Settles what `entries` left pending (none at the first start), then reports OnReplayed().
  /// Called once, first. `restored` is the checkpoint that the entries belong to; 0 at the first
  /// start. Nothing written after it may ever become visible.
  virtual void Start(CheckpointId restored,
                     std::span<const proto::OperatorStateEntry> entries,
                     SinkListener& listener) = 0;

  /// Whether Write() may be called; false pushes back until `wake` of the context was called.
  virtual bool HasRoom() const = 0;

  /// Takes a batch with its change kinds. REQUIRES: HasRoom().
  virtual Status Write(const columnar::Batch& batch) = 0;

  /// No row below `watermark` follows.
  virtual void OnWatermark(EventMillis /*watermark*/) {}

  /// Called before the Snapshot() of a checkpoint behind which nothing comes for now: whatever
  /// would wait for more rows should become visible with it. When that checkpoint is lost, rows
  /// may follow after all.
  virtual void OnEnding(SinkEnding /*ending*/) {}

  /// Seals what was written since the last barrier. `done` is called once, on the lane, when the
  /// entries may become part of the checkpoint: everything they name is durable. Writing goes on
  /// meanwhile.
  virtual void Snapshot(CheckpointId checkpoint,
                        UniqueFunction<void(StatusOr<StateEntries>)> done) = 0;

  /// The checkpoint is durable: make its output visible, then report OnCommitted(). May come for a
  /// checkpoint whose output is visible already.
  virtual void Complete(CheckpointId checkpoint) = 0;

  /// Complete() will not come for this checkpoint: its output joins the next one.
  virtual void Abort(CheckpointId checkpoint) = 0;
};

/// A kind of sink, such as "filesystem". Thread-safe and without state of its own.
class SinkConnector {
 public:
  virtual ~SinkConnector() = default;

  /// Errors are those of Plan(). Reads nothing but `table`.
  virtual StatusOr<SinkTraits> TraitsOf(const TableRequest& /*table*/) const {
    return SinkTraits{};
  }

  /// As SourceConnector::Plan(). A sink that cannot tell changes from inserts refuses a table that
  /// is `updating`.
  virtual StatusOr<std::string> Plan(const TableRequest& /*table*/) const {
    return Unimplemented("This connector cannot be used as the sink of a table");
  }

  virtual StatusOr<std::unique_ptr<Sink>> Open(const std::string& spec,
                                               columnar::SchemaPtr schema,
                                               ConnectorContext context) const = 0;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CONNECTOR_SINK_H_
