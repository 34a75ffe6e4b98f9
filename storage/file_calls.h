// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_STORAGE_FILE_CALLS_H_
#define THALWEG_STORAGE_FILE_CALLS_H_

// The system calls by which a LocalStore changes its directory, so that a test can fail each of
// them, or stop the world there as a kill does. Reading goes to the system directly: it changes
// nothing.

#include <cstddef>
#include <filesystem>
#include <string_view>

#include <sys/types.h>

#include "base/status.h"

namespace thalweg::storage {

/// Each call is the one of POSIX with that name: -1 and errno on failure.
class FileCalls {
 public:
  virtual ~FileCalls() = default;

  static FileCalls& System();

  virtual int Open(const std::filesystem::path& path, int flags);
  virtual ssize_t Write(int file, const char* bytes, std::size_t size);
  virtual int Sync(int file);
  virtual int Link(const std::filesystem::path& from, const std::filesystem::path& to);
  virtual int Rename(const std::filesystem::path& from, const std::filesystem::path& to);
  virtual int Unlink(const std::filesystem::path& path);
  virtual int MakeDirectory(const std::filesystem::path& path);
  virtual int RemoveDirectory(const std::filesystem::path& path);
};

/// Closes a file descriptor when it goes.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int file) : file_(file) {}
  FileHandle(FileHandle&& other) noexcept;
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle();

  int get() const { return file_; }
  bool is_open() const { return file_ >= 0; }

 private:
  int file_ = -1;
};

/// The status of a failed call by its errno, as the table in storage/store.h maps them. `doing` is
/// a phrase such as "writing"; `key` may be empty.
Status FileError(int error,
                 std::string_view doing,
                 std::string_view key,
                 const std::filesystem::path& path);

/// Writes all bytes.
Status WriteAll(FileCalls& calls,
                int file,
                std::string_view bytes,
                std::string_view key,
                const std::filesystem::path& path);

/// Syncs a directory, which makes the names in it durable.
Status SyncDirectory(FileCalls& calls, const std::filesystem::path& directory);

}  // namespace thalweg::storage

#endif  // THALWEG_STORAGE_FILE_CALLS_H_
