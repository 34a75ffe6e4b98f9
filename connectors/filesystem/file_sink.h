// SPDX-License-Identifier: Apache-2.0
//
// Writes JSON lines exactly once; filesystem.h draws how.
//
// What must hold at every instruction, as a crash can come at any:
//   1. A final name appears only by a rename of a file that was sealed (written, synced, closed)
//   and
//      named in a durable checkpoint. So no reader sees a row that a restore could make again.
//   2. A sealed file is named in every later checkpoint until its rename is known to be durable. So
//      no crash forgets it.
//   3. A rename may be repeated by any attempt: names are unique in the world and say what they
//      hold, so the second finds its work done.
//   4. What is under _inprogress and belongs to an older attempt is deleted only after this attempt
//      was told of a complete checkpoint: then all sinks have settled what they restored.
#ifndef THALWEG_CONNECTORS_FILESYSTEM_FILE_SINK_H_
#define THALWEG_CONNECTORS_FILESYSTEM_FILE_SINK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "connectors/filesystem/serial_work.h"
#include "connectors/formats/json/json_writer.h"
#include "proto/connectors.pb.h"
#include "runtime/connector/sink.h"

namespace thalweg::storage {
class WritableFile;
}  // namespace thalweg::storage

namespace thalweg::connectors {

class FileSink final : public runtime::Sink {
 public:
  FileSink(proto::FilesystemSinkSpec spec,
           columnar::SchemaPtr schema,
           runtime::ConnectorContext context);
  ~FileSink() override;

  void Start(CheckpointId restored,
             std::span<const proto::OperatorStateEntry> entries,
             runtime::SinkListener& listener) override;
  bool HasRoom() const override;
  Status Write(const columnar::Batch& batch) override;
  void Snapshot(CheckpointId checkpoint,
                UniqueFunction<void(StatusOr<runtime::StateEntries>)> done) override;
  void Complete(CheckpointId checkpoint) override;
  void Abort(CheckpointId checkpoint) override;

 private:
  /// A file being written. Works on their way share it: the sink may go before they end.
  struct OpenFile;

  /// Hands the buffer to the current file, which is made if there is none.
  void Flush();
  void OnFlushed(std::size_t bytes, const Status& status);
  void Seal(CheckpointId checkpoint, UniqueFunction<void(StatusOr<runtime::StateEntries>)> done);
  runtime::StateEntries EntriesUpTo(CheckpointId checkpoint) const;
  void DeleteLeftovers();
  void Fail(const Status& status);

  const proto::FilesystemSinkSpec spec_;
  runtime::ConnectorContext context_;
  const std::string writer_;  // In all file names: tells lineages and operators apart.
  JsonWriter json_;
  runtime::SinkListener* listener_ = nullptr;

  std::string buffer_;            // Lines that no work has taken yet.
  std::size_t queued_bytes_ = 0;  // Lines in works.
  std::shared_ptr<OpenFile> file_;
  std::uint64_t file_count_ = 0;
  std::vector<proto::PendingFile> pending_;  // Sealed, in order; not known to be visible.
  bool leftovers_deleted_ = false;
  Status failure_;
  SerialWork work_;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_FILE_SINK_H_
