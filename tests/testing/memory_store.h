// SPDX-License-Identifier: Apache-2.0
//
// A store in memory that forgets what was not synced.
//
// A MemoryDisk is the medium, shared by all hosts of a cluster; a MemoryStore is one host's view of
// it. Crash() is the crash of that host: the files that it was writing lose what was appended after
// the last Sync(), or keep a seeded part of it, or a part and then garbage; a file never synced may
// be gone. All other calls are durable when they return, as the contract of Store says.
#ifndef THALWEG_TESTS_TESTING_MEMORY_STORE_H_
#define THALWEG_TESTS_TESTING_MEMORY_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/random.h"
#include "storage/store.h"

namespace thalweg::testing {

/// The bytes of all keys. Safe from any thread.
class MemoryDisk {
 public:
  struct File {
    std::string bytes;
    std::size_t synced_bytes = 0;  // What a crash of the writer leaves at least.
    bool durable_name = false;     // Does the key survive a crash of the writer?
    const void* writer = nullptr;  // The host whose crash matters; null once all is durable.
  };

  Mutex mutex;
  std::map<std::string, std::shared_ptr<File>, std::less<>> files GUARDED_BY(mutex);
};

/// Another disk with all that lies on this one now, durably.
std::shared_ptr<MemoryDisk> CopyOf(MemoryDisk& disk);

class MemoryStore final : public storage::DirectoryStore {
 public:
  /// With a disk of its own.
  explicit MemoryStore(std::uint64_t seed = 1);
  MemoryStore(std::shared_ptr<MemoryDisk> disk, std::uint64_t seed);
  ~MemoryStore() override;

  /// Loses this host's unsynced bytes. Its open files fail from now on with kUnavailable.
  void Crash();

  /// Changes stored bytes behind everybody's back, for tests of damage. REQUIRES: the key exists.
  void Corrupt(std::string_view key, std::size_t byte_index);
  void Overwrite(std::string_view key, std::string_view bytes);

  const std::shared_ptr<MemoryDisk>& disk() const { return disk_; }

  StatusOr<storage::PutOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override;
  Status Put(std::string_view key, std::string_view bytes) override;
  StatusOr<std::string> Get(std::string_view key) override;
  StatusOr<std::string> GetRange(std::string_view key,
                                 std::uint64_t offset,
                                 std::uint64_t length) override;
  StatusOr<std::uint64_t> Size(std::string_view key) override;
  /// Always the beginning of time: the disk has no clock.
  StatusOr<WallTime> ModifiedAt(std::string_view key) override;
  StatusOr<std::vector<std::string>> List(std::string_view prefix) override;
  Status Delete(std::string_view key) override;

  StatusOr<std::unique_ptr<storage::WritableFile>> OpenForWrite(std::string_view key) override;
  Status Rename(std::string_view from, std::string_view to) override;
  std::optional<std::filesystem::path> LocalPath(std::string_view key) const override;

 private:
  class Writer;

  const std::shared_ptr<MemoryDisk> disk_;
  // Guarded by the disk's mutex, as are the files.
  SeededRandom random_;
  std::uint64_t crashes_ = 0;  // Writers opened before the last crash are dead.
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_MEMORY_STORE_H_
