// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/file_sink.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/config.h"
#include "base/hash.h"
#include "base/mutation.h"
#include "storage/store.h"

namespace thalweg::connectors {
namespace {

using runtime::StateEntries;
using storage::DirectoryStore;

constexpr std::string_view kListName = "pending";
constexpr std::uint32_t kVersion = 1;
constexpr std::string_view kInProgressFolder = "_inprogress";
constexpr std::string_view kChangeKindField = "op";
constexpr std::size_t kFlushBytes = 1U << 20;
constexpr std::size_t kQueuedBytesMax = 8U << 20;

std::string FileMessage(const Status& status, std::string_view doing, std::string_view file) {
  return fmt::format("Sink could not {} '{}': {}", doing, file, MessageOf(status));
}

Status FileStatus(const Status& status, std::string_view doing, std::string_view file) {
  return status.ok() ? status : MakeStatus(status.code(), FileMessage(status, doing, file));
}

/// Gives a sealed file its final name, durably. May be repeated after anything, by anybody.
Status MakeVisible(DirectoryStore& files, const proto::PendingFile& file) {
  const Status renamed = files.Rename(file.in_progress(), file.final());
  if (renamed.code() != StatusCode::kNotFound) {
    return FileStatus(renamed, "rename to its final name", file.in_progress());
  }
  const StatusOr<std::uint64_t> size = files.Size(file.final());
  if (size.status().code() == StatusCode::kNotFound) {
    return DataLoss(
        fmt::format("File '{}' of checkpoint {} is missing, and so is '{}', its final name. It "
                    "held {} bytes of "
                    "committed rows; somebody has deleted or moved it.",
                    file.in_progress(),
                    file.checkpoint(),
                    file.final(),
                    file.size()));
  }
  RETURN_IF_ERROR(FileStatus(size.status(), "look at", file.final()));
  // Somebody's rename came before, and may have crashed before it was durable: a rename to the same
  // name changes nothing and makes it so.
  return FileStatus(files.Rename(file.final(), file.final()), "make durable", file.final());
}

Status MakeAllVisible(DirectoryStore& files, const std::vector<proto::PendingFile>& pending) {
  for (const proto::PendingFile& file : pending) {
    RETURN_IF_ERROR(MakeVisible(files, file));
  }
  return OkStatus();
}

/// A restored file must have kept all bytes that the checkpoint counts on.
Status CheckSize(DirectoryStore& files, const proto::PendingFile& file) {
  StatusOr<std::uint64_t> size = files.Size(file.in_progress());
  std::string_view name = file.in_progress();
  if (size.status().code() == StatusCode::kNotFound) {
    size = files.Size(file.final());
    name = file.final();
  }
  if (size.ok() && *size != file.size()) {
    return DataLoss(fmt::format("File '{}' has {} bytes; checkpoint {} sealed it with {}.",
                                name,
                                *size,
                                file.checkpoint(),
                                file.size()));
  }
  return size.status().code() == StatusCode::kNotFound ? OkStatus()  // MakeVisible() says more.
                                                       : FileStatus(size.status(), "look at", name);
}

Status Settle(DirectoryStore& files, const std::vector<proto::PendingFile>& pending) {
  for (const proto::PendingFile& file : pending) {
    RETURN_IF_ERROR(CheckSize(files, file));
    RETURN_IF_ERROR(MakeVisible(files, file));
  }
  return OkStatus();
}

/// The attempt in "part-...-17.GENERATION-ATTEMPT".
std::optional<Attempt> AttemptOf(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  const std::size_t dash = key.rfind('-');
  if (dot == std::string_view::npos || dash == std::string_view::npos || dash < dot) {
    return std::nullopt;
  }
  const auto generation = ParseInteger(key.substr(dot + 1, dash - dot - 1));
  const auto n = ParseInteger(key.substr(dash + 1));
  if (!generation.ok() || !n.ok()) {
    return std::nullopt;
  }
  return Attempt{Generation(static_cast<std::uint64_t>(*generation)),
                 static_cast<std::uint32_t>(*n)};
}

/// Failures are left to the next attempt: such a file is invisible and costs only space.
void DeleteOlder(DirectoryStore& files, const std::string& prefix, Attempt newest) {
  const StatusOr<std::vector<std::string>> keys = files.List(prefix);
  if (!keys.ok()) {
    return;
  }
  for (const std::string& key : *keys) {
    const std::optional<Attempt> attempt = AttemptOf(key);
    if (attempt.has_value() && *attempt < newest) {
      files.Delete(key).IgnoreError();
    }
  }
}

bool HasChanges(const columnar::Batch& batch) {
  const auto kinds = batch.change_kinds();
  return std::any_of(kinds.begin(), kinds.end(), [](columnar::ChangeKind kind) {
    return kind != columnar::ChangeKind::kInsert;
  });
}

StatusOr<proto::PendingFile> ParseEntry(const proto::OperatorStateEntry& entry) {
  proto::PendingFile file;
  if (entry.name() != kListName || entry.version() != kVersion ||
      !file.ParseFromString(entry.value())) {
    return DataLoss(fmt::format(
        "Entry '{}' of list '{}' in the checkpoint cannot be read by a file sink (version {}; this "
        "program reads version {}).",
        entry.key(),
        entry.name(),
        entry.version(),
        kVersion));
  }
  return file;
}

}  // namespace

struct FileSink::OpenFile {
  std::string key;
  std::uint64_t size = 0;                      // Bytes given to works so far.
  std::unique_ptr<storage::WritableFile> out;  // Used by works only, one at a time.

  Status Append(DirectoryStore& files, std::string_view bytes) {
    if (out == nullptr) {
      ASSIGN_OR_RETURN(out, files.OpenForWrite(key));
    }
    return out->Append(bytes);
  }
  Status Seal() {
    if (out == nullptr) {
      return FailedPrecondition("it could not be opened");  // The write before has said why.
    }
    RETURN_IF_ERROR(out->Sync());
    return out->Close();
  }
};

FileSink::FileSink(proto::FilesystemSinkSpec spec,
                   columnar::SchemaPtr schema,
                   runtime::ConnectorContext context)
    : spec_(std::move(spec)),
      context_(std::move(context)),
      writer_(fmt::format("{:016x}", Hash64(context_.lineage + "/" + context_.operator_id))),
      json_(std::move(schema),
            spec_.json(),
            spec_.changelog() == proto::CHANGELOG_COLUMN ? kChangeKindField : std::string_view()),
      work_(*context_.executor, *context_.mailbox) {}

FileSink::~FileSink() = default;

void FileSink::Start(CheckpointId /*restored*/,
                     std::span<const proto::OperatorStateEntry> entries,
                     runtime::SinkListener& listener) {
  listener_ = &listener;
  for (const proto::OperatorStateEntry& entry : entries) {
    StatusOr<proto::PendingFile> file = ParseEntry(entry);
    if (!file.ok()) {
      return Fail(file.status());
    }
    pending_.push_back(*std::move(file));
  }
  if (pending_.empty()) {
    return listener.OnReplayed();
  }
  work_.Add<Status>(
      [files = context_.files, pending = pending_] { return Settle(*files, pending); },
      [this](const Status& settled) {
        if (!settled.ok()) {
          return Fail(settled);
        }
        pending_.clear();  // Nothing is sealed before: works keep their order.
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
  RETURN_IF_ERROR(json_.Append(batch, &buffer_));
  if (buffer_.size() >= kFlushBytes) {
    Flush();
  }
  return OkStatus();
}

void FileSink::Flush() {
  if (file_ == nullptr) {
    file_ = std::make_shared<OpenFile>();
    file_->key = fmt::format("{}/{}/part-{}-{}-{}.{}-{}",
                             spec_.path(),
                             kInProgressFolder,
                             writer_,
                             context_.subtask,
                             ++file_count_,
                             context_.generation,
                             context_.attempt);
  }
  const std::size_t size = buffer_.size();
  file_->size += size;
  queued_bytes_ += size;
  work_.Add<Status>(
      [files = context_.files, file = file_, bytes = std::exchange(buffer_, {})] {
        return FileStatus(file->Append(*files, bytes), "write", file->key);
      },
      [this, size](const Status& status) { OnFlushed(size, status); });
}

void FileSink::OnFlushed(std::size_t bytes, const Status& status) {
  const bool had_room = HasRoom();
  queued_bytes_ -= bytes;
  if (!status.ok()) {
    Fail(status);
  }
  if (!had_room && HasRoom()) {
    context_.wake();
  }
}

void FileSink::Snapshot(CheckpointId checkpoint,
                        UniqueFunction<void(StatusOr<StateEntries>)> done) {
  if (!buffer_.empty()) {
    Flush();
  }
  if (file_ != nullptr) {
    Seal(checkpoint, std::move(done));
  } else if (work_.idle()) {
    done(failure_.ok() ? StatusOr<StateEntries>(EntriesUpTo(checkpoint)) : failure_);
  } else {
    // Behind the works under way, since they change what is pending.
    work_.Add<Status>(
        [] { return OkStatus(); },
        [this, checkpoint, done = std::move(done)](const Status&) mutable {
          done(failure_.ok() ? StatusOr<StateEntries>(EntriesUpTo(checkpoint)) : failure_);
        });
  }
}

void FileSink::Seal(CheckpointId checkpoint, UniqueFunction<void(StatusOr<StateEntries>)> done) {
  proto::PendingFile sealed;
  sealed.set_in_progress(file_->key);
  sealed.set_final(fmt::format(
      "{}/part-{}-{}-{}.jsonl", spec_.path(), writer_, context_.subtask, checkpoint.value()));
  sealed.set_size(file_->size);
  sealed.set_checkpoint(checkpoint.value());
  work_.Add<Status>([file = std::exchange(
                         file_, nullptr)] { return FileStatus(file->Seal(), "sync", file->key); },
                    [this, checkpoint, sealed = std::move(sealed), done = std::move(done)](
                        const Status& status) mutable {
                      // A write that failed before has lost rows of this file, even where the sync
                      // went well.
                      if (failure_.ok() && !status.ok()) {
                        Fail(status);
                      }
                      if (!failure_.ok()) {
                        return done(failure_);
                      }
                      pending_.push_back(std::move(sealed));
                      done(EntriesUpTo(checkpoint));
                      if (Mutated(Mutation::kCommitBeforeComplete)) {
                        Complete(checkpoint);
                      }
                    });
}

StateEntries FileSink::EntriesUpTo(CheckpointId checkpoint) const {
  StateEntries entries;
  for (const proto::PendingFile& file : pending_) {
    if (file.checkpoint() > checkpoint.value()) {
      continue;
    }
    proto::OperatorStateEntry entry;
    entry.set_name(std::string(kListName));
    entry.set_key(file.in_progress());
    entry.set_value(file.SerializeAsString());
    entry.set_version(kVersion);
    entry.set_redistribution(proto::REDISTRIBUTE_BY_OWNER);
    entries.push_back(std::move(entry));
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
  const std::vector<proto::PendingFile> ready(pending_.begin(), end);
  const auto committed = [this, checkpoint](const Status& status) {
    if (!status.ok()) {
      return Fail(status);
    }
    std::erase_if(pending_, [checkpoint](const auto& file) {
      return file.checkpoint() <= checkpoint.value();
    });
    listener_->OnCommitted(checkpoint);
    DeleteLeftovers();
  };
  if (ready.empty() && work_.idle()) {
    return committed(OkStatus());
  }
  work_.Add<Status>([files = context_.files, ready] { return MakeAllVisible(*files, ready); },
                    committed);
}

void FileSink::Abort(CheckpointId /*checkpoint*/) {
  // Its file stays pending, and the next checkpoint names it too.
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
