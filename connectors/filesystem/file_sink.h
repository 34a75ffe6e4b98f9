// SPDX-License-Identifier: Apache-2.0
//
// Writes records into files exactly once; filesystem.h draws how.
//
// What must hold at every instruction, as a crash can come at any:
//   1. A final name appears only by a rename of a file whose bytes are synced and named in a
//   durable
//      checkpoint. So no reader sees a row that a restore could make again.
//   2. A sealed file is named in every later checkpoint until its rename is known to be durable. So
//      no crash forgets it. A file that goes on behind a barrier is named with the bytes it has
//      there; a restore gives just those their final name.
//   3. A rename may be repeated by any attempt: names are unique in the world and say what they
//      hold, so the second finds its work done.
//   4. What is under _inprogress and belongs to an older attempt is deleted only after this attempt
//      was told of a complete checkpoint: then all sinks have settled what they restored.
#ifndef THALWEG_CONNECTORS_FILESYSTEM_FILE_SINK_H_
#define THALWEG_CONNECTORS_FILESYSTEM_FILE_SINK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "connectors/common/serial_work.h"
#include "connectors/filesystem/partitions.h"
#include "connectors/filesystem/visible_files.h"
#include "connectors/formats/records/records.h"
#include "proto/connectors.pb.h"
#include "runtime/connector/sink.h"

namespace thalweg::connectors {

class FileSink final : public runtime::Sink {
 public:
  /// kUnimplemented: the format cannot carry the schema.
  static StatusOr<std::unique_ptr<FileSink>> Make(proto::FilesystemSinkSpec spec,
                                                  columnar::SchemaPtr schema,
                                                  runtime::ConnectorContext context);

  void Start(CheckpointId restored,
             std::span<const proto::OperatorStateEntry> entries,
             runtime::SinkListener& listener) override;
  bool HasRoom() const override;
  Status Write(const columnar::Batch& batch) override;
  void OnWatermark(EventMillis watermark) override;
  void OnEnding(runtime::SinkEnding ending) override { ending_ = ending; }
  void Snapshot(CheckpointId checkpoint,
                UniqueFunction<void(StatusOr<runtime::StateEntries>)> done) override;
  void Complete(CheckpointId checkpoint) override;
  void Abort(CheckpointId checkpoint) override;

 private:
  /// The open file of one partition.
  struct Writer {
    std::shared_ptr<PartFile>
        file;                       // Works on their way share it: the sink may go before they end.
    std::string buffer;             // Records that no work has taken yet.
    std::uint64_t size = 0;         // Bytes given to works.
    std::uint64_t synced_size = 0;  // Of them, those that a work before has synced or will.
    WallTime opened;
    std::uint64_t last_write = 0;  // Rises with each write to any file.
  };
  using Writers = std::map<std::string, Writer>;  // By folder below the path.
  struct Sealed {
    std::shared_ptr<PartFile> file;
    std::string folder;
    std::uint64_t size;
  };

  FileSink(proto::FilesystemSinkSpec spec,
           PartitionSplitter splitter,
           PartitionCommits commits,
           std::unique_ptr<RecordEncoder> encoder,
           runtime::ConnectorContext context);

  Status RestoreEntries(std::span<const proto::OperatorStateEntry> entries,
                        std::vector<proto::OpenFile>* open);
  StatusOr<Writers::iterator> WriterOf(const std::string& folder);
  Status WriteRows(const std::string& folder, const columnar::Batch& rows);
  /// Hands the buffer of a file to a work.
  void Flush(Writer& writer);
  void FlushAll();
  void Sync(Writer& writer);
  /// The file gets no more rows; its name comes with the next barrier.
  Writers::iterator Seal(Writers::iterator writer);
  void OnFlushed(std::size_t bytes, const Status& status);
  void OnWorked(const Status& status);

  bool IsOld(const Writer& writer, WallTime now) const;
  /// Seals or syncs what is open; `checkpoint` gets these files. The checksum of `sealed[i]` is
  /// that of `written[i]` once the works under way have ended.
  void CloseForBarrier(CheckpointId checkpoint,
                       std::vector<proto::PendingFile>* sealed,
                       std::vector<std::shared_ptr<PartFile>>* written,
                       std::vector<proto::OpenFile>* open);
  runtime::StateEntries EntriesUpTo(CheckpointId checkpoint) const;
  void Settled(CheckpointId checkpoint, const Status& status);
  void DeleteLeftovers();
  void Fail(const Status& status);

  std::string NextKey();
  std::string FinalKey(const std::string& folder, CheckpointId checkpoint, std::size_t n) const;
  std::vector<std::string> MarkersOf(const std::vector<std::string>& folders) const;
  WallTime WallNow() const;

  const proto::FilesystemSinkSpec spec_;
  runtime::ConnectorContext context_;
  const std::string writer_;  // In all file names: tells lineages and operators apart.
  PartitionSplitter splitter_;
  PartitionCommits commits_;
  const std::unique_ptr<RecordEncoder> encoder_;
  runtime::SinkListener* listener_ = nullptr;

  Writers writers_;
  std::size_t buffered_bytes_ = 0;  // In the buffers of all writers.
  std::size_t queued_bytes_ = 0;    // Records in works.
  std::uint64_t write_count_ = 0;
  std::uint64_t file_count_ = 0;
  WallTime last_look_;                       // At the ages of files.
  std::vector<Sealed> sealed_;               // Since the last barrier.
  std::vector<proto::PendingFile> pending_;  // Sealed, in order; not known to be visible.
  EventMillis watermark_ = kMinWatermark;
  std::optional<runtime::SinkEnding> ending_;
  bool leftovers_deleted_ = false;
  Status failure_;
  SerialWork work_;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_FILE_SINK_H_
