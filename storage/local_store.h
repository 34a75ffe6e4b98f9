// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_STORAGE_LOCAL_STORE_H_
#define THALWEG_STORAGE_LOCAL_STORE_H_

// A directory as a store: a local disk, or a mount that all machines of a cluster share.
//
// A value is written to a temporary file in `<root>/.thalweg-tmp`, synced, then linked
// (put-if-absent) or renamed (put) to its place, and the directory that holds its name is synced.
// So a crash at any instruction leaves the old value, the new one or none; never half of one.
//
// The writer holds a file lock on its temporary file. Open() removes those whose lock is free:
// their writer is dead.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "storage/store.h"

namespace thalweg::storage {

class FileCalls;

class LocalStore final : public DirectoryStore {
 public:
  /// Opens the directory `root`, creating it if needed, and removes temporary files left by a
  /// crash. The file system must have hard links; kFailedPrecondition when it has none.
  static StatusOr<std::unique_ptr<LocalStore>> Open(const std::filesystem::path& root);

  /// The same over other system calls, which outlive the store: for tests that fail or kill at each
  /// of them.
  static StatusOr<std::unique_ptr<LocalStore>> Open(const std::filesystem::path& root,
                                                    FileCalls& calls);

  /// Opens a directory that belongs to others and exists, such as "/": nothing is made in it until
  /// a value is written. Temporary files lie hidden beside their values, and one that a crash
  /// leaves stays there. kNotFound: there is no such directory.
  static StatusOr<std::unique_ptr<LocalStore>> OpenFolderOfOthers(
      const std::filesystem::path& root);

  StatusOr<PutOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override;
  Status Put(std::string_view key, std::string_view bytes) override;
  StatusOr<std::string> Get(std::string_view key) override;
  StatusOr<std::string> GetRange(std::string_view key,
                                 std::uint64_t offset,
                                 std::uint64_t length) override;
  StatusOr<std::uint64_t> Size(std::string_view key) override;
  StatusOr<WallTime> ModifiedAt(std::string_view key) override;
  StatusOr<std::vector<std::string>> List(std::string_view prefix) override;
  Status Delete(std::string_view key) override;

  StatusOr<std::unique_ptr<WritableFile>> OpenForWrite(std::string_view key) override;
  Status Rename(std::string_view from, std::string_view to) override;
  std::optional<std::filesystem::path> LocalPath(std::string_view key) const override;

 private:
  LocalStore(std::filesystem::path root, std::filesystem::path temporaries, FileCalls& calls);

  /// Where the value of `key` is written before it is put into its place.
  StatusOr<std::filesystem::path> TemporaryFor(std::string_view key);

  /// Runs `place`, which returns 0 or an errno, on the key's path. The directory is durable before
  /// and synced after it.
  Status Place(std::string_view key, const std::function<int(const std::filesystem::path&)>& place);
  /// Makes a directory and all above it, durably; returns 0 or an errno.
  int MakeDurable(const std::filesystem::path& directory);
  bool IsDurable(const std::filesystem::path& directory);
  void Forget(const std::filesystem::path& directory);
  /// Removes the directory and those above it as long as they are empty.
  void RemoveEmptyDirectories(std::filesystem::path directory);

  // Constant after construction.
  const std::filesystem::path root_;
  const std::filesystem::path temporaries_;  // Empty: they lie beside the values.
  FileCalls& calls_;

  Mutex mutex_;
  // Directories whose whole path is known to be durable, as seen by this process.
  std::set<std::string> durable_directories_ GUARDED_BY(mutex_);
};

}  // namespace thalweg::storage

#endif  // THALWEG_STORAGE_LOCAL_STORE_H_
