// SPDX-License-Identifier: Apache-2.0
//
// A sink's partitions: which row belongs to which, and when one is complete.
#ifndef THALWEG_CONNECTORS_FILESYSTEM_PARTITIONS_H_
#define THALWEG_CONNECTORS_FILESYSTEM_PARTITIONS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "columnar/batch.h"
#include "columnar/key_codec.h"
#include "proto/checkpoint.pb.h"
#include "proto/connectors.pb.h"

namespace thalweg::connectors {

/// Rows of one partition.
struct PartitionRows {
  std::string folder;                              // "dt=2001-01-01/hm=12/"; "": not partitioned.
  std::vector<std::optional<std::string>> values;  // Of the partition columns; absent: NULL.
  std::string key;       // Encoded; the edge before the sink hashes it where it must.
  columnar::Batch rows;  // Without the partition columns.
};

/// Not thread-safe.
class PartitionSplitter {
 public:
  PartitionSplitter(const proto::FilesystemSinkSpec& spec, columnar::SchemaPtr schema);

  /// The columns that lie in the files.
  const columnar::SchemaPtr& record_schema() const { return record_schema_; }
  /// In the order of their first rows.
  std::vector<PartitionRows> Split(const columnar::Batch& batch);

 private:
  void Describe(const columnar::Batch& batch, std::size_t row, PartitionRows& part) const;

  const std::vector<std::uint32_t> columns_;
  const std::string default_partition_;
  const columnar::SchemaPtr schema_;
  const columnar::KeyEncoder encoder_;
  columnar::SchemaPtr record_schema_;
  std::vector<std::uint32_t> record_columns_;
  columnar::EncodedKeys keys_;
};

/// What a barrier knows of time.
struct CommitTime {
  EventMillis watermark = kMinWatermark;
  WallTime now;
  bool ended = false;  // No row will follow.
};

/// Partitions that are being filled, and those that are to be committed. Pure.
///
///   first row ──> open ──due at a barrier──> committing ──its checkpoint is complete──> gone
///                  ▲                                                                     │
///                  └──────────────────────────── a late row ─────────────────────────────┘
class PartitionCommits {
 public:
  /// `names` of the partition columns.
  PartitionCommits(const proto::FilesystemSinkSpec& spec, std::vector<std::string> names);

  bool enabled() const { return enabled_; }

  /// kInvalidArgument: the partition's name has no time in it, and the trigger asks for one.
  Status OnRows(const PartitionRows& part, WallTime now);

  /// Folders that become committing with this checkpoint.
  std::vector<std::string> TakeDue(CheckpointId checkpoint, const CommitTime& time);

  /// Folders to commit once `checkpoint` is complete.
  std::vector<std::string> Committing(CheckpointId checkpoint) const;
  /// They are.
  void OnCommitted(CheckpointId checkpoint);

  static constexpr std::string_view kListName = "partitions";
  /// As they are at the barrier of the checkpoint that TakeDue() was called for last.
  void AppendEntries(std::vector<proto::OperatorStateEntry>* entries) const;
  /// kDataLoss: it cannot be read.
  Status Restore(const proto::OperatorStateEntry& entry);

 private:
  struct Partition {
    std::string key;
    WallTime created;
    std::optional<EventMillis> time;  // From its name.
  };
  struct Committed {
    std::string folder;
    Partition partition;
    CheckpointId checkpoint;
  };

  StatusOr<std::optional<EventMillis>> TimeOf(const PartitionRows& part) const;
  bool IsDue(const Partition& partition, const CommitTime& time) const;

  const bool enabled_;
  const proto::PartitionCommit spec_;
  const std::vector<std::string> names_;
  std::map<std::string, Partition> open_;
  std::vector<Committed> committing_;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_PARTITIONS_H_
