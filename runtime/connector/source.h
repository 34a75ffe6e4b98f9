// SPDX-License-Identifier: Apache-2.0
//
// How data comes in. A source is two roles, so that any number of readers can share the work and a
// rescale only moves splits: one Enumerator lists splits, and they travel as rows, partitioned by
// split id, to Readers. Both live inside tasks and are checkpointed by ordinary barriers: no other
// protocol knows of splits.
//
//   Enumerator (1 task) --splits by hash(id)--> Reader (n tasks) --rows-->
#ifndef THALWEG_RUNTIME_CONNECTOR_SOURCE_H_
#define THALWEG_RUNTIME_CONNECTOR_SOURCE_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/function.h"
#include "base/status.h"
#include "base/time.h"
#include "columnar/type.h"
#include "proto/checkpoint.pb.h"
#include "runtime/connector/output.h"
#include "runtime/connector/table.h"

namespace thalweg {
class MetricGroup;
}  // namespace thalweg

namespace thalweg::storage {
class DirectoryStore;
}  // namespace thalweg::storage

namespace thalweg::runtime {

/// Named entries of operator state. The task fills in the operator id.
using StateEntries = std::vector<proto::OperatorStateEntry>;

/// What the part of a connector inside a task may use. Everything outlives the part.
struct ConnectorContext {
  std::string job_id;
  std::string lineage;  // Of the job: a part of every name that must not clash with another job's.
  std::string operator_id;
  std::uint32_t subtask = 0;
  std::uint32_t parallelism = 1;
  std::uint64_t generation = 0;  // With `attempt`: makes names of files unique among attempts.
  std::uint32_t attempt = 0;
  BlockingExecutor* executor = nullptr;  // For everything that may block.
  Mailbox* mailbox = nullptr;            // The task's: closures posted here run on its lane.
  UniqueFunction<void()> wake;           // Makes the task call the part again. On the lane only.
  // The outside world's files, for connectors of files: their paths are keys of this store.
  storage::DirectoryStore* files = nullptr;
  MetricGroup* metrics = nullptr;  // Of the part; null: nobody looks.
  const Clock* clock = nullptr;
  // Readers: takes rows of DeadLetterSchema(); null: the plan has no place for them.
  Output* dead_letters = nullptr;
};

/// A part of a source's data that one reader reads from its begin to its end.
struct Split {
  std::string id;    // Unique in the source and stable over restarts: its hash chooses the reader.
  std::string spec;  // For the connector's own reader.
};

/// What a call moved, for enumerators and readers alike.
enum class SourceProgress {
  kMoved,  // Something was produced: call again.
  kWait,   // Nothing now: call again when `wake` was called, or at WakeAt().
  kEnd,    // Bounded input is exhausted. Enumerator: no split will follow. Reader: all added splits
           // are read.
};

/// Lists a source's splits: once for bounded sources, again and again where new ones can appear.
class Enumerator {
 public:
  virtual ~Enumerator() = default;

  /// Appends at most `limit` new splits to `splits`.
  virtual StatusOr<SourceProgress> Poll(MonoTime now,
                                        std::size_t limit,
                                        std::vector<Split>* splits) = 0;

  /// When Poll() should be called again after kWait even without a wake.
  virtual std::optional<MonoTime> WakeAt() const { return std::nullopt; }

  /// What has been listed so far, so that no split is listed twice after a restore. Called at a
  /// barrier.
  virtual StateEntries Snapshot() = 0;

  /// Called once before the first Poll() of a restored task, with the entries of the checkpoint.
  virtual Status Restore(std::span<const proto::OperatorStateEntry> entries) = 0;
};

/// Reads splits. The position in a snapshot is behind the last row that was emitted, never behind
/// what was prefetched.
class Reader {
 public:
  virtual ~Reader() = default;

  /// Takes over a split from its beginning. A split that is known (restored) already must not be
  /// added again.
  virtual Status AddSplit(const Split& split) = 0;

  /// Emits at most one batch, and at most one of dead letters to its context's output. REQUIRES:
  /// both have room. kEnd means all splits added so far are read; more may come.
  virtual StatusOr<SourceProgress> Read(MonoTime now, Output& output) = 0;

  virtual std::optional<MonoTime> WakeAt() const { return std::nullopt; }

  /// One entry per split, keyed by split id and redistributed by owner, finished ones included
  /// while the source could list them again. Called at a barrier, between two Read() calls.
  virtual StateEntries Snapshot() = 0;

  /// Called once before anything else of a restored task, with the entries that this subtask owns
  /// now.
  virtual Status Restore(std::span<const proto::OperatorStateEntry> entries) = 0;
};

/// A kind of source, such as "datagen". Thread-safe and without state of its own.
class SourceConnector {
 public:
  virtual ~SourceConnector() = default;

  /// What a table may have metadata columns of.
  virtual std::vector<MetadataKey> MetadataKeys() const { return {}; }

  /// Errors are those of Plan(). Reads nothing but `table`.
  virtual StatusOr<SourceTraits> TraitsOf(const TableRequest& /*table*/) const {
    return SourceTraits{};
  }

  /// Checks the options and compiles them into the spec that the Open functions take. Reads nothing
  /// but `table`: the same table gives the same bytes. kInvalidArgument names option and remedy,
  /// kUnimplemented what is not supported.
  virtual StatusOr<std::string> Plan(const TableRequest& /*table*/) const {
    return Unimplemented("This connector cannot be used as the source of a table");
  }

  virtual StatusOr<std::unique_ptr<Enumerator>> OpenEnumerator(const std::string& spec,
                                                               ConnectorContext context) const = 0;
  virtual StatusOr<std::unique_ptr<Reader>> OpenReader(const std::string& spec,
                                                       columnar::SchemaPtr schema,
                                                       ConnectorContext context) const = 0;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CONNECTOR_SOURCE_H_
