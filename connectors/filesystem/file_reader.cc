// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/file_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/counters.h"
#include "columnar/type_proto.h"
#include "connectors/formats/formats.h"
#include "connectors/formats/records/utf8.h"
#include "runtime/connector/dead_letters.h"
#include "storage/store.h"

namespace thalweg::connectors {
namespace {

using runtime::SourceProgress;

constexpr std::string_view kListName = "splits";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kBlockBytes = 1U << 20;
constexpr std::size_t kLineBytesMax = 64U << 20;
constexpr std::uint64_t kLastBlockBytes = 64U << 10;  // Behind a split's end only a line is wanted.
constexpr std::size_t kLetterBytesMax = 4U << 20;  // Of dead letters in one batch, or one letter.

std::string IdOf(const proto::FileSplit& split) {
  return fmt::format("{}@{}", split.file(), split.begin());
}

Counter* CounterOf(const runtime::ConnectorContext& context, std::string_view name) {
  return context.metrics == nullptr ? nullptr : &context.metrics->AddCounter(name);
}

void AddTo(Counter* counter, std::uint64_t n) {
  if (counter != nullptr && n > 0) {
    counter->Add(n);
  }
}

/// The number, from 1, of the line that begins at `offset`.
StatusOr<std::uint64_t> LineAt(storage::DirectoryStore& files,
                               const std::string& file,
                               std::uint64_t offset) {
  std::uint64_t line = 1;
  for (std::uint64_t at = 0; at < offset;) {
    ASSIGN_OR_RETURN(const std::string block,
                     files.GetRange(file, at, std::min(offset - at, kBlockBytes)));
    if (block.empty()) {
      return DataLoss(fmt::format("File '{}' has become shorter while it is read.", file));
    }
    line += static_cast<std::uint64_t>(std::ranges::count(block, '\n'));
    at += block.size();
  }
  return line;
}

}  // namespace

StatusOr<std::unique_ptr<FileReader>> FileReader::Make(proto::FilesystemSourceSpec spec,
                                                       columnar::SchemaPtr schema,
                                                       runtime::ConnectorContext context) {
  if (spec.on_error() == proto::ON_ERROR_DEAD_LETTER && context.dead_letters == nullptr) {
    return FailedPrecondition(fmt::format(
        "Source '{}' has dead letters, and the plan has no sink for them.", spec.path()));
  }
  FileColumns columns(spec, std::move(schema));
  if (FindsByName(spec.format())) {
    RETURN_IF_ERROR(CheckFormatSchema(spec.format(), *columns.record_schema()));
  }
  ASSIGN_OR_RETURN(const columnar::SchemaPtr records, columnar::SchemaFromProto(spec.records()));
  ASSIGN_OR_RETURN(std::unique_ptr<RecordDecoder> decoder,
                   MakeDecoder(spec.format(), *records, columns.record_schema()));
  return std::unique_ptr<FileReader>(
      new FileReader(std::move(spec), std::move(columns), std::move(decoder), std::move(context)));
}

FileReader::FileReader(proto::FilesystemSourceSpec spec,
                       FileColumns columns,
                       std::unique_ptr<RecordDecoder> decoder,
                       runtime::ConnectorContext context)
    : spec_(std::move(spec)),
      columns_(std::move(columns)),
      decoder_(std::move(decoder)),
      context_(std::move(context)),
      letters_(runtime::DeadLetterSchema()),
      bad_records_(CounterOf(context_, "bad_records")),
      dead_letters_(CounterOf(context_, "dead_letters")),
      null_fields_(CounterOf(context_, "fields_nulled")),
      work_(*context_.executor, *context_.mailbox) {}

Status FileReader::AddSplit(const runtime::Split& split) {
  proto::FileSplitPosition position;
  if (!position.mutable_split()->ParseFromString(split.spec)) {
    return DataLoss(
        fmt::format("Split '{}' of source '{}' cannot be read.", split.id, spec_.path()));
  }
  position.set_offset(position.split().begin());
  position.set_line(position.split().begin() == 0 ? 1 : 0);
  waiting_.push_back(std::move(position));
  return OkStatus();
}

Status FileReader::Begin(proto::FileSplitPosition position) {
  RETURN_IF_ERROR(columns_.Begin(position.split()));
  decoder_->Begin(/*at_beginning=*/position.offset() == 0);
  // A split that begins inside a file looks one byte back: is it the end of a line?
  const bool skip_line = !position.started() && position.offset() > 0;
  const std::uint64_t offset = position.offset() - (skip_line ? 1 : 0);
  current_.emplace(
      Current{std::move(position), LineBlocks(offset), skip_line, offset, std::nullopt});
  ReadAhead();
  return OkStatus();
}

void FileReader::ReadAhead() {
  Current& current = *current_;
  if (current.reading || current.at_end || current.ready.has_value()) {
    return;
  }
  const std::uint64_t end = current.position.split().end();
  const std::uint64_t left = end > current.next_read ? end - current.next_read : 0;
  const std::uint64_t wanted = std::clamp(left, kLastBlockBytes, kBlockBytes);
  current.reading = true;
  work_.Add<StatusOr<std::string>>(
      [files = context_.files,
       file = current.position.split().file(),
       offset = current.next_read,
       wanted] { return files->GetRange(file, offset, wanted); },
      [this, wanted](StatusOr<std::string> block) { OnBlock(wanted, std::move(block)); });
}

void FileReader::OnBlock(std::uint64_t wanted, StatusOr<std::string> block) {
  if (block.ok()) {
    Current& current = *current_;
    current.reading = false;
    current.next_read += block->size();
    current.at_end = block->size() < wanted;
    current.ready = *std::move(block);
    const proto::FileSplit& split = current.position.split();
    if (current.at_end && current.next_read < split.end()) {
      failure_ =
          DataLoss(fmt::format("File '{}' had at least {} bytes when it was listed and has {} now.",
                               split.file(),
                               split.end(),
                               current.next_read));
    }
  } else {
    failure_ = Annotate(block.status(), fmt::format("Source '{}'", spec_.path()));
  }
  context_.wake();
}

bool FileReader::NextBlock() {
  Current& current = *current_;
  if (current.ready.has_value()) {
    std::string block = *std::exchange(current.ready, std::nullopt);
    ReadAhead();
    current.blocks.Add(std::move(block));
    return true;
  }
  if (current.at_end) {
    current.blocks.End();
    return true;
  }
  return false;
}

std::string_view FileReader::OwnedLines() const {
  const std::string_view lines = current_->blocks.lines();
  const std::uint64_t begin = current_->blocks.offset();
  const std::uint64_t end = current_->position.split().end();
  if (begin >= end) {
    return {};
  }
  if (lines.size() <= end - begin) {
    return lines;
  }
  // The line of the split's last byte belongs to it as a whole.
  const std::size_t newline = lines.find('\n', end - begin - 1);
  return lines.substr(0, newline == std::string_view::npos ? lines.size() : newline + 1);
}

bool FileReader::IsFinished() const {
  const LineBlocks& blocks = current_->blocks;
  const bool past_end = !current_->skip_line && blocks.offset() >= current_->position.split().end();
  return past_end || (blocks.ended() && blocks.lines().empty());
}

void FileReader::OnBadRecord(const BadLine& bad, std::string_view lines) {
  const std::string_view record = lines.substr(bad.begin, bad.size);
  if (spec_.on_error() == proto::ON_ERROR_FAIL) {
    return FailAt(bad, record);
  }
  AddTo(bad_records_, 1);
  if (spec_.on_error() == proto::ON_ERROR_SKIP) {
    return;
  }
  const proto::FileSplitPosition& position = current_->position;
  const std::string reason = fmt::format("column {}: {}", bad.column, bad.reason);
  runtime::AppendDeadLetter(
      {.file = position.split().file(),
       .line = position.line() == 0 ? std::nullopt : std::optional(position.line() + bad.line),
       .offset = current_->blocks.offset() + bad.begin,
       .reason = reason,
       .record = record,
       .is_utf8 = IsUtf8(record)},
      letters_);
  letter_bytes_ += record.size();
  AddTo(dead_letters_, 1);
}

void FileReader::FailAt(const BadLine& bad, std::string_view record) {
  const proto::FileSplitPosition& position = current_->position;
  const auto message = [file = position.split().file(),
                        byte = current_->blocks.offset() + bad.begin,
                        what = Describe(bad, record)](std::uint64_t line) {
    return InvalidArgument(fmt::format(
        "File '{}', line {}, byte {}, {}. Mend the file, or set 'on-error' to 'skip' or "
        "'dead-letter' on the table.",
        file,
        line,
        byte,
        what));
  };
  if (position.line() > 0) {
    failure_ = message(position.line() + bad.line);
    return;
  }
  // The split begins inside the file: what lies before the record is counted now.
  failing_ = true;
  const std::uint64_t begin = current_->blocks.offset() + bad.begin;
  work_.Add<StatusOr<std::uint64_t>>(
      [files = context_.files, file = position.split().file(), begin] {
        return LineAt(*files, file, begin);
      },
      [this, message](const StatusOr<std::uint64_t>& line) {
        failure_ = line.ok() ? message(*line) : line.status();
        context_.wake();
      });
}

bool FileReader::HasRoomForLetter() const {
  return letters_.row_count() < columnar::kMaxBatchRows && letter_bytes_ < kLetterBytesMax;
}

StatusOr<bool> FileReader::DecodeSome() {
  Current& current = *current_;
  if (current.blocks.NeedsBlock()) {
    if (current.blocks.open_line_bytes() > kLineBytesMax) {
      return InvalidArgument(
          fmt::format("File '{}' has a record of more than {} bytes at byte {}. Are line breaks "
                      "missing, or is a quote not closed?",
                      current.position.split().file(),
                      kLineBytesMax,
                      current.blocks.offset()));
    }
    return NextBlock();
  }
  if (current.skip_line) {
    const std::size_t newline = current.blocks.lines().find('\n');
    current.blocks.Consume(newline == std::string_view::npos ? current.blocks.lines().size()
                                                             : newline + 1);
    current.skip_line = false;
    return true;
  }
  const std::string_view lines = OwnedLines();
  const RecordDecoder::Outcome outcome =
      decoder_->Decode(lines, columnar::kMaxBatchRows, current.blocks.ended());
  if (outcome.bad) {
    OnBadRecord(*outcome.bad, lines);
    if (failing_ || !failure_.ok()) {
      Advance(outcome.bad->begin, outcome.bad->line);  // Before it: the rows there are emitted.
      return false;
    }
  }
  if (outcome.incomplete && outcome.consumed == 0) {
    current.blocks.Extend();
    return true;
  }
  Advance(outcome.consumed, outcome.line_count);
  return true;
}

void FileReader::Advance(std::size_t bytes, std::uint64_t lines) {
  proto::FileSplitPosition& position = current_->position;
  if (position.line() > 0) {
    position.set_line(position.line() + lines);
  }
  current_->blocks.Consume(bytes);
  position.set_started(true);
  position.set_offset(current_->blocks.offset());
}

void FileReader::CountDecoded() {
  const DecodeStats stats = decoder_->stats();
  AddTo(bad_records_, stats.skipped_lines - counted_.skipped_lines);
  AddTo(null_fields_, stats.nulled_fields - counted_.nulled_fields);
  counted_ = stats;
}

StatusOr<SourceProgress> FileReader::Read(MonoTime /*now*/, runtime::Output& output) {
  RETURN_IF_ERROR(failure_);
  bool more = !failing_;
  while (more && decoder_->row_count() < columnar::kMaxBatchRows && HasRoomForLetter()) {
    if (current_.has_value() && IsFinished()) {
      if (current_->reading || (columns_.has_constants() && decoder_->row_count() > 0)) {
        break;  // The block behind the end is on its way to this split, or rows of this file are.
      }
      current_.reset();
    }
    if (!current_.has_value()) {
      if (waiting_.empty()) {
        break;
      }
      const proto::FileSplitPosition position = std::move(waiting_.front());
      waiting_.pop_front();
      RETURN_IF_ERROR(Begin(position));
    }
    ASSIGN_OR_RETURN(more, DecodeSome());
  }
  CountDecoded();
  const bool moved = decoder_->row_count() > 0 || !letters_.empty();
  if (decoder_->row_count() > 0) {
    output.Emit(columns_.Complete(decoder_->Finish()));
  }
  if (!letters_.empty()) {
    context_.dead_letters->Emit(letters_.Finish());
    letter_bytes_ = 0;
  }
  RETURN_IF_ERROR(failure_);
  if (moved) {
    return SourceProgress::kMoved;
  }
  return current_.has_value() ? SourceProgress::kWait : SourceProgress::kEnd;
}

runtime::StateEntries FileReader::Snapshot() {
  runtime::StateEntries entries;
  const auto add = [&entries](const proto::FileSplitPosition& position) {
    proto::OperatorStateEntry entry;
    entry.set_name(std::string(kListName));
    entry.set_key(IdOf(position.split()));
    entry.set_value(position.SerializeAsString());
    entry.set_version(kVersion);
    entry.set_redistribution(proto::REDISTRIBUTE_BY_OWNER);
    entries.push_back(std::move(entry));
  };
  // Splits that are read to their end are forgotten: the enumerator never lists one twice.
  if (current_.has_value() && !IsFinished()) {
    add(current_->position);
  }
  for (const proto::FileSplitPosition& position : waiting_) {
    add(position);
  }
  return entries;
}

Status FileReader::Restore(std::span<const proto::OperatorStateEntry> entries) {
  for (const proto::OperatorStateEntry& entry : entries) {
    proto::FileSplitPosition position;
    if (entry.name() != kListName || entry.version() != kVersion ||
        !position.ParseFromString(entry.value())) {
      return DataLoss(fmt::format(
          "The position of split '{}' of source '{}' in the checkpoint cannot be read (version {}; "
          "this program reads version {}).",
          entry.key(),
          spec_.path(),
          entry.version(),
          kVersion));
    }
    waiting_.push_back(std::move(position));
  }
  // By name and place, so that rows of a file keep their order where one reader has them all.
  std::stable_sort(waiting_.begin(), waiting_.end(), [](const auto& a, const auto& b) {
    return std::pair(a.split().file(), a.split().begin()) <
           std::pair(b.split().file(), b.split().begin());
  });
  return OkStatus();
}

}  // namespace thalweg::connectors
