// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CONNECTORS_FILESYSTEM_FILE_READER_H_
#define THALWEG_CONNECTORS_FILESYSTEM_FILE_READER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "columnar/batch.h"
#include "columnar/batch_builder.h"
#include "connectors/common/serial_work.h"
#include "connectors/filesystem/file_columns.h"
#include "connectors/filesystem/line_blocks.h"
#include "connectors/formats/records/records.h"
#include "proto/connectors.pb.h"
#include "runtime/connector/source.h"

namespace thalweg {
class Counter;
}  // namespace thalweg

namespace thalweg::connectors {

/// Reads the records of its splits, one split after the other, one block ahead of the decoder.
class FileReader final : public runtime::Reader {
 public:
  static StatusOr<std::unique_ptr<FileReader>> Make(proto::FilesystemSourceSpec spec,
                                                    columnar::SchemaPtr schema,
                                                    runtime::ConnectorContext context);

  Status AddSplit(const runtime::Split& split) override;
  StatusOr<runtime::SourceProgress> Read(MonoTime now, runtime::Output& output) override;
  runtime::StateEntries Snapshot() override;
  Status Restore(std::span<const proto::OperatorStateEntry> entries) override;

 private:
  /// The split being read. `position` is behind the last record that was emitted or given up.
  struct Current {
    proto::FileSplitPosition position;
    LineBlocks blocks;
    bool skip_line;                    // The first line began in the split before.
    std::uint64_t next_read;           // Offset.
    std::optional<std::string> ready;  // A block that was read ahead.
    bool reading = false;
    bool at_end = false;  // Of the file: no block behind `ready`.
  };

  FileReader(proto::FilesystemSourceSpec spec,
             FileColumns columns,
             std::unique_ptr<RecordDecoder> decoder,
             runtime::ConnectorContext context);

  Status Begin(proto::FileSplitPosition position);
  void ReadAhead();
  void OnBlock(std::uint64_t wanted, StatusOr<std::string> block);
  /// Gives the next block to the lines; false: it has not come.
  bool NextBlock();
  /// Decodes what is there; false: nothing more before another block has come.
  StatusOr<bool> DecodeSome();
  /// Moves the position behind so many bytes and lines.
  void Advance(std::size_t bytes, std::uint64_t lines);
  void OnBadRecord(const BadLine& bad, std::string_view lines);
  /// Fails with the record's place; its line is counted first where it is not known.
  void FailAt(const BadLine& bad, std::string_view record);
  bool HasRoomForLetter() const;
  /// The part of lines() that begins before the split's end.
  std::string_view OwnedLines() const;
  bool IsFinished() const;
  void CountDecoded();

  const proto::FilesystemSourceSpec spec_;
  FileColumns columns_;
  const std::unique_ptr<RecordDecoder> decoder_;
  runtime::ConnectorContext context_;
  std::deque<proto::FileSplitPosition> waiting_;
  std::optional<Current> current_;
  columnar::BatchBuilder letters_;  // Dead letters of this Read().
  std::size_t letter_bytes_ = 0;
  bool failing_ = false;  // failure_ will come.
  Status failure_;
  Counter* bad_records_;
  Counter* dead_letters_;
  Counter* null_fields_;
  DecodeStats counted_;
  SerialWork work_;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_FILE_READER_H_
