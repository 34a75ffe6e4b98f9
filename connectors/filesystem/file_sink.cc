// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/file_sink.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/mutation.h"
#include "connectors/formats/formats.h"

namespace thalweg::connectors {
namespace {

using runtime::StateEntries;

constexpr std::string_view kPendingList = "pending";
constexpr std::string_view kOpenList = "open";
constexpr std::uint32_t kVersion = 1;
constexpr std::string_view kInProgressFolder = "_inprogress";
constexpr std::string_view kChangeKindField = "op";
constexpr std::size_t kFlushBytes = 1U << 20;         // Of one file, to one work.
constexpr std::size_t kBufferedBytesMax = 16U << 20;  // Of all files, before a work has them.
constexpr std::size_t kQueuedBytesMax = 8U << 20;
constexpr std::size_t kOpenFilesMax =
    512;  // More partitions than that seal the one unused longest.

bool HasChanges(const columnar::Batch& batch) {
  const auto kinds = batch.change_kinds();
  return std::any_of(kinds.begin(), kinds.end(), [](columnar::ChangeKind kind) {
    return kind != columnar::ChangeKind::kInsert;
  });
}

template <class Value>
StatusOr<Value> ParseEntry(const proto::OperatorStateEntry& entry) {
  Value value;
  if (entry.version() != kVersion || !value.ParseFromString(entry.value())) {
    return DataLoss(fmt::format(
        "Entry '{}' of list '{}' in the checkpoint cannot be read by a file sink (version {}; this "
        "program reads version {}).",
        entry.key(),
        entry.name(),
        entry.version(),
        kVersion));
  }
  return value;
}

template <class Value>
void AddEntry(std::string_view list, const Value& value, StateEntries* entries) {
  proto::OperatorStateEntry& entry = entries->emplace_back();
  entry.set_name(std::string(list));
  entry.set_key(value.in_progress());
  entry.set_value(value.SerializeAsString());
  entry.set_version(kVersion);
  entry.set_redistribution(proto::REDISTRIBUTE_BY_OWNER);
}

}  // namespace

StatusOr<std::unique_ptr<FileSink>> FileSink::Make(proto::FilesystemSinkSpec spec,
                                                   columnar::SchemaPtr schema,
                                                   runtime::ConnectorContext context) {
  std::vector<std::string> names;
  for (const std::uint32_t column : spec.partition_columns()) {
    if (column >= schema->size()) {
      return InvalidArgument(
          fmt::format("The plan partitions file sink '{}' by column {} of {}, which there is not.",
                      spec.path(),
                      column,
                      schema->ToString()));
    }
    names.push_back(schema->field(column).name);
  }
  PartitionSplitter splitter(spec, std::move(schema));
  RETURN_IF_ERROR(CheckFormatSchema(spec.format(), *splitter.record_schema()));
  ASSIGN_OR_RETURN(
      std::unique_ptr<RecordEncoder> encoder,
      MakeEncoder(spec.format(),
                  splitter.record_schema(),
                  spec.changelog() == proto::CHANGELOG_COLUMN ? kChangeKindField : ""));
  PartitionCommits commits(spec, std::move(names));
  return std::unique_ptr<FileSink>(new FileSink(std::move(spec),
                                                std::move(splitter),
                                                std::move(commits),
                                                std::move(encoder),
                                                std::move(context)));
}

FileSink::FileSink(proto::FilesystemSinkSpec spec,
                   PartitionSplitter splitter,
                   PartitionCommits commits,
                   std::unique_ptr<RecordEncoder> encoder,
                   runtime::ConnectorContext context)
    : spec_(std::move(spec)),
      context_(std::move(context)),
      writer_(fmt::format("{:016x}", Hash64(context_.lineage + "/" + context_.operator_id))),
      splitter_(std::move(splitter)),
      commits_(std::move(commits)),
      encoder_(std::move(encoder)),
      last_look_(WallNow()),
      work_(*context_.executor, *context_.mailbox) {}

WallTime FileSink::WallNow() const {
  return context_.clock == nullptr ? WallTime() : context_.clock->WallNow();
}

std::string FileSink::NextKey() {
  return fmt::format("{}/{}/part-{}-{}-{}.{}-{}",
                     spec_.path(),
                     kInProgressFolder,
                     writer_,
                     context_.subtask,
                     ++file_count_,
                     context_.generation,
                     context_.attempt);
}

std::string FileSink::FinalKey(const std::string& folder,
                               CheckpointId checkpoint,
                               std::size_t n) const {
  return fmt::format("{}/{}part-{}-{}-{}{}{}",
                     spec_.path(),
                     folder,
                     writer_,
                     context_.subtask,
                     checkpoint.value(),
                     n == 0 ? "" : fmt::format("-{}", n),
                     FileSuffix(spec_.format()));
}

std::vector<std::string> FileSink::MarkersOf(const std::vector<std::string>& folders) const {
  std::vector<std::string> keys;
  for (const std::string& folder : folders) {
    keys.push_back(fmt::format("{}/{}{}", spec_.path(), folder, spec_.commit().success_file()));
  }
  return keys;
}

Status FileSink::RestoreEntries(std::span<const proto::OperatorStateEntry> entries,
                                std::vector<proto::OpenFile>* open) {
  for (const proto::OperatorStateEntry& entry : entries) {
    if (entry.name() == PartitionCommits::kListName) {
      RETURN_IF_ERROR(commits_.Restore(entry));
    } else if (entry.name() == kOpenList) {
      ASSIGN_OR_RETURN(proto::OpenFile file, ParseEntry<proto::OpenFile>(entry));
      open->push_back(std::move(file));
    } else {
      ASSIGN_OR_RETURN(proto::PendingFile file, ParseEntry<proto::PendingFile>(entry));
      pending_.push_back(std::move(file));
    }
  }
  return OkStatus();
}

void FileSink::Start(CheckpointId restored,
                     std::span<const proto::OperatorStateEntry> entries,
                     runtime::SinkListener& listener) {
  listener_ = &listener;
  std::vector<proto::OpenFile> open;
  if (const Status read = RestoreEntries(entries, &open); !read.ok()) {
    return Fail(read);
  }
  std::vector<std::string> markers = MarkersOf(commits_.Committing(restored));
  if (pending_.empty() && open.empty() && markers.empty()) {
    return listener.OnReplayed();
  }
  std::vector<std::string> copies;
  for (std::size_t i = 0; i < open.size(); ++i) {
    copies.push_back(NextKey());
  }
  work_.Add<Status>(
      [files = context_.files,
       pending = pending_,
       open = std::move(open),
       copies = std::move(copies),
       markers = std::move(markers)]() -> Status {
        RETURN_IF_ERROR(Settle(*files, pending));
        for (std::size_t i = 0; i < open.size(); ++i) {
          RETURN_IF_ERROR(SettleOpen(*files, open[i], copies[i]));
        }
        return WriteMarkers(*files, markers);
      },
      [this, restored](const Status& settled) {
        if (!settled.ok()) {
          return Fail(settled);
        }
        pending_.clear();  // Nothing is sealed before: works keep their order.
        commits_.OnCommitted(restored);
        listener_->OnReplayed();
      });
}

bool FileSink::HasRoom() const {
  return queued_bytes_ < kQueuedBytesMax;
}

Status FileSink::Write(const columnar::Batch& batch) {
  RETURN_IF_ERROR(failure_);
  if (spec_.changelog() == proto::CHANGELOG_REFUSED && HasChanges(batch)) {
    return InvalidArgument(fmt::format(
        "The file sink '{}' got an update or a delete, which lines of a file cannot take back. Set "
        "'changelog' to 'column' to write changes as rows.",
        spec_.path()));
  }
  for (const PartitionRows& part : splitter_.Split(batch)) {
    if (commits_.enabled()) {
      RETURN_IF_ERROR(commits_.OnRows(part, WallNow()));
    }
    RETURN_IF_ERROR(WriteRows(part.folder, part.rows));
  }
  if (buffered_bytes_ > kBufferedBytesMax) {
    FlushAll();
  }
  return OkStatus();
}

StatusOr<FileSink::Writers::iterator> FileSink::WriterOf(const std::string& folder) {
  const auto found = writers_.find(folder);
  if (found != writers_.end()) {
    return found;
  }
  if (writers_.size() >= kOpenFilesMax) {
    Seal(std::ranges::min_element(
        writers_, {}, [](const auto& entry) { return entry.second.last_write; }));
  }
  Writer writer;
  writer.file = std::make_shared<PartFile>();
  writer.file->key = NextKey();
  writer.opened = WallNow();
  RETURN_IF_ERROR(encoder_->BeginFile(&writer.buffer));
  buffered_bytes_ += writer.buffer.size();
  return writers_.emplace(folder, std::move(writer)).first;
}

Status FileSink::WriteRows(const std::string& folder, const columnar::Batch& rows) {
  ASSIGN_OR_RETURN(const Writers::iterator found, WriterOf(folder));
  Writer& writer = found->second;
  const std::size_t before = writer.buffer.size();
  const Status encoded = encoder_->Append(rows, &writer.buffer);
  buffered_bytes_ += writer.buffer.size() - before;
  RETURN_IF_ERROR(Annotate(encoded, fmt::format("Sink '{}'", spec_.path())));
  writer.last_write = ++write_count_;
  if (spec_.roll_bytes() > 0 && writer.size + writer.buffer.size() >= spec_.roll_bytes()) {
    Seal(found);
  } else if (writer.buffer.size() >= kFlushBytes) {
    Flush(writer);
  }
  return OkStatus();
}

void FileSink::Flush(Writer& writer) {
  const std::size_t size = writer.buffer.size();
  if (size == 0) {
    return;
  }
  writer.size += size;
  buffered_bytes_ -= size;
  queued_bytes_ += size;
  work_.Add<Status>(
      [files = context_.files, file = writer.file, bytes = std::exchange(writer.buffer, {})] {
        return file->Append(*files, bytes);
      },
      [this, size](const Status& status) { OnFlushed(size, status); });
}

void FileSink::FlushAll() {
  for (auto& [folder, writer] : writers_) {
    Flush(writer);
  }
}

void FileSink::Sync(Writer& writer) {
  Flush(writer);
  if (writer.synced_size == writer.size) {
    return;
  }
  writer.synced_size = writer.size;
  work_.Add<Status>([file = writer.file] { return file->Sync(); },
                    [this](const Status& status) { OnWorked(status); });
}

FileSink::Writers::iterator FileSink::Seal(Writers::iterator writer) {
  Flush(writer->second);
  sealed_.push_back({writer->second.file, writer->first, writer->second.size});
  work_.Add<Status>([file = std::move(writer->second.file)] { return file->Seal(); },
                    [this](const Status& status) { OnWorked(status); });
  return writers_.erase(writer);
}

void FileSink::OnFlushed(std::size_t bytes, const Status& status) {
  const bool had_room = HasRoom();
  queued_bytes_ -= bytes;
  OnWorked(status);
  if (!had_room && HasRoom()) {
    context_.wake();
  }
}

void FileSink::OnWorked(const Status& status) {
  if (!status.ok()) {
    Fail(status);
  }
}

void FileSink::OnWatermark(EventMillis watermark) {
  watermark_ = std::max(watermark_, watermark);
}

bool FileSink::IsOld(const Writer& writer, WallTime now) const {
  return now >= writer.opened + Milliseconds(spec_.rollover_millis());
}

void FileSink::CloseForBarrier(CheckpointId checkpoint,
                               std::vector<proto::PendingFile>* sealed,
                               std::vector<std::shared_ptr<PartFile>>* written,
                               std::vector<proto::OpenFile>* open) {
  const WallTime now = WallNow();
  const bool looks =
      spec_.rollover_millis() == 0 || now >= last_look_ + Milliseconds(spec_.check_millis());
  last_look_ = looks ? now : last_look_;
  std::vector<std::string> due;
  if (commits_.enabled()) {
    due = commits_.TakeDue(
        checkpoint,
        {.watermark = watermark_, .now = now, .ended = ending_ == runtime::SinkEnding::kEnded});
  }
  std::vector<std::pair<std::string, const Writer*>> going_on;
  for (auto writer = writers_.begin(); writer != writers_.end();) {
    const bool is_due = std::ranges::binary_search(due, writer->first);
    if (ending_.has_value() || is_due || (looks && IsOld(writer->second, now))) {
      writer = Seal(writer);
    } else {
      Sync(writer->second);
      going_on.emplace_back(writer->first, &writer->second);
      ++writer;
    }
  }
  if (ending_ == runtime::SinkEnding::kStopped) {
    ending_.reset();
  }
  std::size_t n = 0;  // Tells the files of one checkpoint apart.
  for (const Sealed& file : std::exchange(sealed_, {})) {
    proto::PendingFile& pending = sealed->emplace_back();
    pending.set_in_progress(file.file->key);
    written->push_back(file.file);
    pending.set_final(FinalKey(file.folder, checkpoint, n++));
    pending.set_size(file.size);
    pending.set_checkpoint(checkpoint.value());
  }
  for (const auto& [folder, writer] : going_on) {
    proto::OpenFile& file = open->emplace_back();
    file.set_in_progress(writer->file->key);
    file.set_final(FinalKey(folder, checkpoint, n++));
    file.set_size(writer->size);
    file.set_checkpoint(checkpoint.value());
  }
}

void FileSink::Snapshot(CheckpointId checkpoint,
                        UniqueFunction<void(StatusOr<StateEntries>)> done) {
  std::vector<proto::PendingFile> sealed;
  std::vector<std::shared_ptr<PartFile>> written;
  std::vector<proto::OpenFile> open;
  CloseForBarrier(checkpoint, &sealed, &written, &open);
  StateEntries entries;
  commits_.AppendEntries(&entries);
  for (const proto::OpenFile& file : open) {
    AddEntry(kOpenList, file, &entries);
  }
  auto finish = [this,
                 checkpoint,
                 sealed = std::move(sealed),
                 written = std::move(written),
                 entries = std::move(entries),
                 done = std::move(done)](const Status&) mutable {
    // A write that failed before has lost rows of a file, even where its sync went well.
    if (!failure_.ok()) {
      return done(failure_);
    }
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      sealed[i].set_checksum(written[i]->hash.Digest());
    }
    pending_.insert(pending_.end(), sealed.begin(), sealed.end());
    for (proto::OperatorStateEntry& entry : EntriesUpTo(checkpoint)) {
      entries.push_back(std::move(entry));
    }
    done(std::move(entries));
    if (!sealed.empty() && Mutated(Mutation::kCommitBeforeComplete)) {
      Complete(checkpoint);
    }
  };
  if (work_.idle()) {
    return finish(OkStatus());
  }
  // Behind the works under way, since they change what is pending.
  work_.Add<Status>([] { return OkStatus(); }, std::move(finish));
}

StateEntries FileSink::EntriesUpTo(CheckpointId checkpoint) const {
  StateEntries entries;
  for (const proto::PendingFile& file : pending_) {
    if (file.checkpoint() <= checkpoint.value()) {
      AddEntry(kPendingList, file, &entries);
    }
  }
  return entries;
}

void FileSink::Complete(CheckpointId checkpoint) {
  if (!failure_.ok()) {
    return;  // Reported; the next attempt settles it.
  }
  const auto end = std::find_if(pending_.begin(), pending_.end(), [&](const auto& file) {
    return file.checkpoint() > checkpoint.value();
  });
  std::vector<proto::PendingFile> ready(pending_.begin(), end);
  std::vector<std::string> markers = MarkersOf(commits_.Committing(checkpoint));
  if (ready.empty() && markers.empty() && work_.idle()) {
    return Settled(checkpoint, OkStatus());
  }
  work_.Add<Status>(
      [files = context_.files, ready = std::move(ready), markers = std::move(markers)]() -> Status {
        RETURN_IF_ERROR(MakeVisible(*files, ready));
        return WriteMarkers(*files, markers);
      },
      [this, checkpoint](const Status& status) { Settled(checkpoint, status); });
}

void FileSink::Settled(CheckpointId checkpoint, const Status& status) {
  if (!status.ok()) {
    return Fail(status);
  }
  std::erase_if(pending_,
                [&](const auto& file) { return file.checkpoint() <= checkpoint.value(); });
  commits_.OnCommitted(checkpoint);
  listener_->OnCommitted(checkpoint);
  DeleteLeftovers();
}

void FileSink::Abort(CheckpointId /*checkpoint*/) {
  // Its files stay pending, and the next checkpoint names them too.
}

void FileSink::DeleteLeftovers() {
  if (std::exchange(leftovers_deleted_, true) || context_.subtask != 0) {
    return;
  }
  work_.Add<Status>(
      [files = context_.files,
       prefix = fmt::format("{}/{}/part-{}-", spec_.path(), kInProgressFolder, writer_),
       attempt = Attempt{Generation(context_.generation), context_.attempt}] {
        DeleteOlder(*files, prefix, attempt);
        return OkStatus();
      },
      [](const Status&) {});
}

void FileSink::Fail(const Status& status) {
  if (failure_.ok()) {
    failure_ = status;
    listener_->OnFailed(status);
  }
}

}  // namespace thalweg::connectors
