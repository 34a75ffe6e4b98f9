// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/visible_files.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/config.h"

namespace thalweg::connectors {
namespace {

using storage::DirectoryStore;

constexpr std::uint64_t kCopyBytes = 4U << 20;
constexpr std::uint64_t kCheckedBytes = 1U << 20;  // Read at once to compare a checksum.

Status FileStatus(const Status& status, std::string_view doing, std::string_view file) {
  return status.ok()
             ? status
             : MakeStatus(
                   status.code(),
                   fmt::format("Sink could not {} '{}': {}", doing, file, MessageOf(status)));
}

Status Missing(std::string_view in_progress,
               std::string_view final_name,
               std::uint64_t checkpoint,
               std::uint64_t size) {
  return DataLoss(
      fmt::format("File '{}' of checkpoint {} is missing, and so is '{}', its final name. It held "
                  "{} bytes of committed rows; somebody has deleted or moved it.",
                  in_progress,
                  checkpoint,
                  final_name,
                  size));
}

/// Somebody's rename came before, and may have crashed before it was durable: a rename to the same
/// name changes nothing and makes it so.
Status MakeDurable(DirectoryStore& files, const std::string& file) {
  return FileStatus(files.Rename(file, file), "make durable", file);
}

Status MakeOneVisible(DirectoryStore& files, const proto::PendingFile& file) {
  const Status renamed = files.Rename(file.in_progress(), file.final());
  if (renamed.code() != StatusCode::kNotFound) {
    return FileStatus(renamed, "rename to its final name", file.in_progress());
  }
  const StatusOr<std::uint64_t> size = files.Size(file.final());
  if (size.status().code() == StatusCode::kNotFound) {
    return Missing(file.in_progress(), file.final(), file.checkpoint(), file.size());
  }
  RETURN_IF_ERROR(FileStatus(size.status(), "look at", file.final()));
  return MakeDurable(files, file.final());
}

Status WrongSize(std::string_view file,
                 std::uint64_t size,
                 std::uint64_t checkpoint,
                 std::uint64_t wanted) {
  return DataLoss(fmt::format(
      "File '{}' has {} bytes; checkpoint {} sealed it with {}.", file, size, checkpoint, wanted));
}

Status CheckChecksum(DirectoryStore& files, std::string_view name, const proto::PendingFile& file) {
  RunningHash hash;
  for (std::uint64_t at = 0; at < file.size(); at += kCheckedBytes) {
    const StatusOr<std::string> bytes = files.GetRange(name, at, kCheckedBytes);
    RETURN_IF_ERROR(FileStatus(bytes.status(), "read", name));
    hash.Add(*bytes);
  }
  if (hash.Digest() != file.checksum()) {
    return DataLoss(fmt::format(
        "File '{}' fails the checksum that checkpoint {} has of it; restore it from a backup.",
        name,
        file.checkpoint()));
  }
  return OkStatus();
}

/// A restored file must have kept all bytes that the checkpoint counts on.
Status CheckBytes(DirectoryStore& files, const proto::PendingFile& file) {
  StatusOr<std::uint64_t> size = files.Size(file.in_progress());
  std::string_view name = file.in_progress();
  if (size.status().code() == StatusCode::kNotFound) {
    size = files.Size(file.final());
    name = file.final();
  }
  if (size.ok() && *size != file.size()) {
    return WrongSize(name, *size, file.checkpoint(), file.size());
  }
  if (size.status().code() == StatusCode::kNotFound) {
    return OkStatus();  // MakeOneVisible() says more.
  }
  RETURN_IF_ERROR(FileStatus(size.status(), "look at", name));
  return file.has_checksum() ? CheckChecksum(files, name, file) : OkStatus();
}

/// The first `size` bytes of `from` as a new durable file `to`.
Status CopyBeginning(DirectoryStore& files,
                     const std::string& from,
                     const std::string& to,
                     std::uint64_t size) {
  ASSIGN_OR_RETURN(const std::unique_ptr<storage::WritableFile> out, files.OpenForWrite(to));
  for (std::uint64_t at = 0; at < size;) {
    ASSIGN_OR_RETURN(const std::string bytes,
                     files.GetRange(from, at, std::min(size - at, kCopyBytes)));
    if (bytes.empty()) {
      return Unavailable("It has become shorter while it was copied.");
    }
    RETURN_IF_ERROR(out->Append(bytes));
    at += bytes.size();
  }
  RETURN_IF_ERROR(out->Sync());
  return out->Close();
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

}  // namespace

Status PartFile::Append(DirectoryStore& files, std::string_view bytes) {
  const auto append = [&]() -> Status {
    if (out == nullptr) {
      ASSIGN_OR_RETURN(out, files.OpenForWrite(key));
    }
    hash.Add(bytes);
    return out->Append(bytes);
  };
  return FileStatus(append(), "write", key);
}

Status PartFile::Sync() {
  return FileStatus(
      out == nullptr ? FailedPrecondition("it could not be opened") : out->Sync(), "sync", key);
}

Status PartFile::Seal() {
  RETURN_IF_ERROR(Sync());
  return FileStatus(out->Close(), "close", key);
}

Status MakeVisible(DirectoryStore& files, const std::vector<proto::PendingFile>& pending) {
  for (const proto::PendingFile& file : pending) {
    RETURN_IF_ERROR(MakeOneVisible(files, file));
  }
  return OkStatus();
}

Status Settle(DirectoryStore& files, const std::vector<proto::PendingFile>& pending) {
  for (const proto::PendingFile& file : pending) {
    RETURN_IF_ERROR(CheckBytes(files, file));
    RETURN_IF_ERROR(MakeOneVisible(files, file));
  }
  return OkStatus();
}

Status SettleOpen(DirectoryStore& files, const proto::OpenFile& open, const std::string& copy) {
  const StatusOr<std::uint64_t> settled = files.Size(open.final());
  if (settled.ok()) {
    return *settled == open.size()
               ? MakeDurable(files, open.final())
               : WrongSize(open.final(), *settled, open.checkpoint(), open.size());
  }
  if (settled.status().code() != StatusCode::kNotFound) {
    return FileStatus(settled.status(), "look at", open.final());
  }
  const StatusOr<std::uint64_t> size = files.Size(open.in_progress());
  if (size.status().code() == StatusCode::kNotFound) {
    return Missing(open.in_progress(), open.final(), open.checkpoint(), open.size());
  }
  RETURN_IF_ERROR(FileStatus(size.status(), "look at", open.in_progress()));
  if (*size < open.size()) {
    return WrongSize(open.in_progress(), *size, open.checkpoint(), open.size());
  }
  RETURN_IF_ERROR(
      FileStatus(CopyBeginning(files, open.in_progress(), copy, open.size()), "copy", copy));
  return FileStatus(files.Rename(copy, open.final()), "rename to its final name", copy);
}

Status WriteMarkers(DirectoryStore& files, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    RETURN_IF_ERROR(FileStatus(files.Put(key, ""), "write", key));
  }
  return OkStatus();
}

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

}  // namespace thalweg::connectors
