// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/memory_store.h"

#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace thalweg::testing {
namespace {

using storage::DirectoryStore;
using storage::PutOutcome;
using storage::ValidateKey;
using storage::WritableFile;
using File = MemoryDisk::File;

Status Missing(std::string_view key) {
  return NotFound(fmt::format("There is no value of '{}' in memory.", key));
}

/// A directory cannot hold "a" and "a/b"; neither does its twin.
Status CheckPlace(const MemoryDisk& disk, std::string_view key) REQUIRES_LOCK(disk.mutex) {
  RETURN_IF_ERROR(ValidateKey(key));
  const std::string folder = std::string(key) + "/";
  const auto below = disk.files.lower_bound(folder);
  bool is_free = below == disk.files.end() || !below->first.starts_with(folder);
  for (std::size_t slash = key.find('/'); slash != std::string_view::npos;
       slash = key.find('/', slash + 1)) {
    is_free = is_free && !disk.files.contains(key.substr(0, slash));
  }
  return is_free ? OkStatus()
                 : InvalidArgument(fmt::format("The key '{}' lies below or above another.", key));
}

std::shared_ptr<File> DurableFile(std::string_view bytes) {
  return std::make_shared<File>(File{std::string(bytes), bytes.size(), true, nullptr});
}

}  // namespace

class MemoryStore::Writer final : public WritableFile {
 public:
  Writer(MemoryStore& store, std::shared_ptr<File> file)
      : store_(store), crashes_(store.crashes_), file_(std::move(file)) {}

  Status Append(std::string_view bytes) override {
    MutexLock lock(store_.disk_->mutex);
    RETURN_IF_ERROR(CheckAlive());
    file_->bytes.append(bytes);
    return OkStatus();
  }

  Status Sync() override {
    MutexLock lock(store_.disk_->mutex);
    RETURN_IF_ERROR(CheckAlive());
    file_->synced_bytes = file_->bytes.size();
    file_->durable_name = true;
    return OkStatus();
  }

  Status Close() override {
    MutexLock lock(store_.disk_->mutex);
    RETURN_IF_ERROR(CheckAlive());
    file_.reset();
    return OkStatus();
  }

  std::optional<std::filesystem::path> local_path() const override { return std::nullopt; }

 private:
  Status CheckAlive() const {
    CHECK(file_ != nullptr);  // No call may follow Close().
    return crashes_ == store_.crashes_ ? OkStatus() : Unavailable("The host has crashed.");
  }

  MemoryStore& store_;
  const std::uint64_t crashes_;
  std::shared_ptr<File> file_;
};

std::shared_ptr<MemoryDisk> CopyOf(MemoryDisk& disk) {
  auto copy = std::make_shared<MemoryDisk>();
  const MutexLock lock(disk.mutex);
  const MutexLock copy_lock(copy->mutex);
  for (const auto& [key, file] : disk.files) {
    copy->files.emplace(key, DurableFile(file->bytes));
  }
  return copy;
}

MemoryStore::MemoryStore(std::uint64_t seed) : MemoryStore(std::make_shared<MemoryDisk>(), seed) {}

MemoryStore::MemoryStore(std::shared_ptr<MemoryDisk> disk, std::uint64_t seed)
    : disk_(std::move(disk)), random_(seed) {}

MemoryStore::~MemoryStore() = default;

void MemoryStore::Crash() {
  MutexLock lock(disk_->mutex);
  ++crashes_;
  for (auto at = disk_->files.begin(); at != disk_->files.end();) {
    File& file = *at->second;
    if (file.writer != this) {
      ++at;
      continue;
    }
    if (!file.durable_name && random_.Chance(2)) {
      at = disk_->files.erase(at);
      continue;
    }
    const std::size_t unsynced = file.bytes.size() - file.synced_bytes;
    const std::size_t kept = file.synced_bytes + random_.Uniform(unsynced + 1);
    const std::size_t length = file.bytes.size();
    file.bytes.resize(kept);
    if (random_.Chance(3)) {
      file.bytes.resize(length);  // The length was written, the bytes were not: zeros.
    }
    file = File{std::move(file.bytes), file.bytes.size(), true, nullptr};
    file.synced_bytes = file.bytes.size();
    ++at;
  }
}

void MemoryStore::Corrupt(std::string_view key, std::size_t byte_index) {
  MutexLock lock(disk_->mutex);
  const auto found = disk_->files.find(key);
  CHECK(found != disk_->files.end());
  CHECK_LT(byte_index, found->second->bytes.size());
  found->second->bytes[byte_index] = static_cast<char>(found->second->bytes[byte_index] ^ 0x10);
}

void MemoryStore::Overwrite(std::string_view key, std::string_view bytes) {
  MutexLock lock(disk_->mutex);
  const auto found = disk_->files.find(key);
  CHECK(found != disk_->files.end());
  found->second = DurableFile(bytes);
}

StatusOr<PutOutcome> MemoryStore::PutIfAbsent(std::string_view key, std::string_view bytes) {
  MutexLock lock(disk_->mutex);
  RETURN_IF_ERROR(CheckPlace(*disk_, key));
  const bool created = disk_->files.try_emplace(std::string(key), DurableFile(bytes)).second;
  return created ? PutOutcome::kCreated : PutOutcome::kExists;
}

Status MemoryStore::Put(std::string_view key, std::string_view bytes) {
  MutexLock lock(disk_->mutex);
  RETURN_IF_ERROR(CheckPlace(*disk_, key));
  disk_->files.insert_or_assign(std::string(key), DurableFile(bytes));
  return OkStatus();
}

StatusOr<std::string> MemoryStore::Get(std::string_view key) {
  return GetRange(key, 0, ~std::uint64_t{0});
}

StatusOr<std::string> MemoryStore::GetRange(std::string_view key,
                                            std::uint64_t offset,
                                            std::uint64_t length) {
  RETURN_IF_ERROR(ValidateKey(key));
  MutexLock lock(disk_->mutex);
  const auto found = disk_->files.find(key);
  if (found == disk_->files.end()) {
    return Missing(key);
  }
  const std::string& bytes = found->second->bytes;
  if (offset > bytes.size()) {
    return OutOfRange(fmt::format(
        "The value of '{}' has {} bytes, offset {} is behind them.", key, bytes.size(), offset));
  }
  return bytes.substr(offset, length);
}

StatusOr<std::uint64_t> MemoryStore::Size(std::string_view key) {
  RETURN_IF_ERROR(ValidateKey(key));
  MutexLock lock(disk_->mutex);
  const auto found = disk_->files.find(key);
  if (found == disk_->files.end()) {
    return Missing(key);
  }
  return found->second->bytes.size();
}

StatusOr<WallTime> MemoryStore::ModifiedAt(std::string_view key) {
  RETURN_IF_ERROR(Size(key).status());
  return WallTime();
}

StatusOr<std::vector<std::string>> MemoryStore::List(std::string_view prefix) {
  MutexLock lock(disk_->mutex);
  std::vector<std::string> keys;
  for (auto at = disk_->files.lower_bound(prefix);
       at != disk_->files.end() && at->first.starts_with(prefix);
       ++at) {
    keys.push_back(at->first);
  }
  return keys;
}

Status MemoryStore::Delete(std::string_view key) {
  RETURN_IF_ERROR(ValidateKey(key));
  MutexLock lock(disk_->mutex);
  const auto found = disk_->files.find(key);
  if (found != disk_->files.end()) {
    disk_->files.erase(found);
  }
  return OkStatus();
}

StatusOr<std::unique_ptr<WritableFile>> MemoryStore::OpenForWrite(std::string_view key) {
  MutexLock lock(disk_->mutex);
  RETURN_IF_ERROR(CheckPlace(*disk_, key));
  auto file = std::make_shared<File>(File{"", 0, false, this});
  disk_->files.insert_or_assign(std::string(key), file);
  return std::make_unique<Writer>(*this, std::move(file));
}

Status MemoryStore::Rename(std::string_view from, std::string_view to) {
  RETURN_IF_ERROR(ValidateKey(from));
  MutexLock lock(disk_->mutex);
  const auto found = disk_->files.find(from);
  if (found == disk_->files.end()) {
    return Missing(from);
  }
  const std::shared_ptr<File> file = found->second;
  disk_->files.erase(found);
  const Status place = CheckPlace(*disk_, to);
  file->durable_name = file->durable_name || place.ok();
  disk_->files.insert_or_assign(std::string(place.ok() ? to : from), file);
  return place;
}

std::optional<std::filesystem::path> MemoryStore::LocalPath(std::string_view /*key*/) const {
  return std::nullopt;
}

}  // namespace thalweg::testing
