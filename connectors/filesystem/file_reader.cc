// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/file_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/counters.h"
#include "storage/store.h"

namespace thalweg::connectors {
namespace {

using runtime::SourceProgress;

constexpr std::string_view kListName = "splits";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kBlockBytes = 1U << 20;
constexpr std::size_t kLineBytesMax = 64U << 20;
constexpr std::uint64_t kLastBlockBytes = 64U << 10;  // Behind a split's end only a line is wanted.

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

}  // namespace

FileReader::FileReader(proto::FilesystemSourceSpec spec,
                       columnar::SchemaPtr schema,
                       runtime::ConnectorContext context)
    : spec_(std::move(spec)),
      context_(std::move(context)),
      decoder_(std::move(schema), spec_.json()),
      bad_records_(CounterOf(context_, "bad_records")),
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

void FileReader::Begin(proto::FileSplitPosition position) {
  // A split that begins inside a file looks one byte back: is it the end of a line?
  const bool skip_line = !position.started() && position.offset() > 0;
  const std::uint64_t offset = position.offset() - (skip_line ? 1 : 0);
  current_.emplace(
      Current{std::move(position), LineBlocks(offset), skip_line, offset, std::nullopt});
  ReadAhead();
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

Status FileReader::OnBadLine(const BadLine& bad, std::string_view lines) {
  if (spec_.on_error() == proto::ON_ERROR_SKIP) {
    AddTo(bad_records_, 1);
    return OkStatus();
  }
  const proto::FileSplitPosition& position = current_->position;
  const std::uint64_t byte = current_->blocks.offset() + bad.begin;
  const std::string line =
      position.line() == 0 ? "" : fmt::format("line {}, ", position.line() - 1);
  return InvalidArgument(fmt::format(
      "File '{}', {}byte {}, {}. Mend the file, or set 'on-error' to 'skip' on the table.",
      position.split().file(),
      line,
      byte,
      Describe(bad, lines.substr(bad.begin, bad.size))));
}

StatusOr<bool> FileReader::DecodeSome() {
  Current& current = *current_;
  if (current.blocks.NeedsBlock()) {
    if (current.blocks.open_line_bytes() > kLineBytesMax) {
      return InvalidArgument(
          fmt::format("File '{}' has a line of more than {} bytes at byte {}; is it JSON lines?",
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
  const JsonDecoder::Outcome outcome = decoder_.Decode(lines, columnar::kMaxBatchRows);
  proto::FileSplitPosition& position = current.position;
  if (position.line() > 0) {
    position.set_line(position.line() + outcome.line_count);
  }
  if (outcome.bad) {
    RETURN_IF_ERROR(OnBadLine(*outcome.bad, lines));
  }
  current.blocks.Consume(outcome.consumed);
  position.set_started(true);
  position.set_offset(current.blocks.offset());
  return true;
}

void FileReader::CountDecoded() {
  const JsonDecoder::Stats& stats = decoder_.stats();
  AddTo(bad_records_, stats.skipped_lines - counted_.skipped_lines);
  AddTo(null_fields_, stats.nulled_fields - counted_.nulled_fields);
  counted_ = stats;
}

StatusOr<SourceProgress> FileReader::Read(MonoTime /*now*/, runtime::Output& output) {
  RETURN_IF_ERROR(failure_);
  bool more = true;
  while (more && decoder_.row_count() < columnar::kMaxBatchRows) {
    if (current_.has_value() && IsFinished()) {
      if (current_->reading) {
        break;  // The block behind the end is on its way to this split.
      }
      current_.reset();
    }
    if (!current_.has_value()) {
      if (waiting_.empty()) {
        break;
      }
      Begin(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    ASSIGN_OR_RETURN(more, DecodeSome());
  }
  CountDecoded();
  if (decoder_.row_count() > 0) {
    output.Emit(decoder_.Finish());
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
