// SPDX-License-Identifier: Apache-2.0

#include "storage/file_calls.h"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace thalweg::storage {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kDirectoryMode = 0755;

struct ErrorMeaning {
  StatusCode code;
  const char* remedy;
};

ErrorMeaning MeaningOf(int error) {
  switch (error) {
    case ENOENT:
      return {StatusCode::kNotFound, "There is no such file."};
    case ENOSPC:
    case EDQUOT:
      return {StatusCode::kResourceExhausted, "Free space or raise the quota, then repeat."};
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return {StatusCode::kResourceExhausted, "Raise the limit of open files or memory."};
    case EIO:
      return {StatusCode::kDataLoss, "The disk reports an error: check it before going on."};
    case EACCES:
    case EPERM:
    case EROFS:
      return {StatusCode::kPermissionDenied, "Give this user the right to it."};
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY:
    case ENAMETOOLONG:
    case ELOOP:
      return {StatusCode::kInvalidArgument,
              "No key may be too long for the file system or lie below another key."};
    default:
      return {StatusCode::kUnavailable, "Try again."};
  }
}

}  // namespace

FileCalls& FileCalls::System() {
  static FileCalls calls;
  return calls;
}

int FileCalls::Open(const std::filesystem::path& path, int flags) {
  return ::open(path.c_str(), flags | O_CLOEXEC, kFileMode);
}
ssize_t FileCalls::Write(int file, const char* bytes, std::size_t size) {
  return ::write(file, bytes, size);
}
int FileCalls::Sync(int file) {
  return ::fsync(file);
}
int FileCalls::Link(const std::filesystem::path& from, const std::filesystem::path& to) {
  return ::link(from.c_str(), to.c_str());
}
int FileCalls::Rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  return ::rename(from.c_str(), to.c_str());
}
int FileCalls::Unlink(const std::filesystem::path& path) {
  return ::unlink(path.c_str());
}
int FileCalls::MakeDirectory(const std::filesystem::path& path) {
  return ::mkdir(path.c_str(), kDirectoryMode);
}
int FileCalls::RemoveDirectory(const std::filesystem::path& path) {
  return ::rmdir(path.c_str());
}

FileHandle::FileHandle(FileHandle&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

FileHandle::~FileHandle() {
  if (file_ >= 0) {
    ::close(file_);  // Its result says nothing that a sync before has not said.
  }
}

Status FileError(int error,
                 std::string_view doing,
                 std::string_view key,
                 const std::filesystem::path& path) {
  const ErrorMeaning meaning = MeaningOf(error);
  const std::string subject = key.empty()
                                  ? fmt::format("'{}'", path.string())
                                  : fmt::format("the value of '{}' in '{}'", key, path.string());
  return MakeStatus(meaning.code,
                    fmt::format("Storage failed while {} {}: {}. {}",
                                doing,
                                subject,
                                std::generic_category().message(error),
                                meaning.remedy));
}

Status WriteAll(FileCalls& calls,
                int file,
                std::string_view bytes,
                std::string_view key,
                const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = calls.Write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return FileError(errno, "writing", key, path);
    }
    bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return OkStatus();
}

Status SyncDirectory(FileCalls& calls, const std::filesystem::path& directory) {
  const FileHandle handle(calls.Open(directory, O_RDONLY | O_DIRECTORY));
  if (!handle.is_open() || calls.Sync(handle.get()) != 0) {
    return FileError(errno, "syncing the directory", "", directory);
  }
  return OkStatus();
}

}  // namespace thalweg::storage
