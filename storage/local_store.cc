// SPDX-License-Identifier: Apache-2.0

#include "storage/local_store.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "storage/file_calls.h"

namespace thalweg::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporaryFolder = ".thalweg-tmp";  // No key begins with a dot.

// Others remove a directory that has become empty while we are about to write into it; then we make
// it again.
constexpr int kPlaceTries = 16;

/// A written and synced file without a place yet; removed when it goes.
class TemporaryFile {
 public:
  TemporaryFile(FileCalls& calls, fs::path path, FileHandle handle)
      : calls_(calls), path_(std::move(path)), handle_(std::move(handle)) {}
  TemporaryFile(TemporaryFile&& other) noexcept
      : calls_(other.calls_),
        path_(std::exchange(other.path_, fs::path())),
        handle_(std::move(other.handle_)) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) {
      calls_.Unlink(path_);  // What stays behind is removed by the next Open().
    }
  }

  const fs::path& path() const { return path_; }
  int file() const { return handle_.get(); }

 private:
  FileCalls& calls_;
  fs::path path_;
  FileHandle handle_;
};

/// A name that no process has used before.
std::string TemporaryName() {
  static const std::uint64_t process = SystemRandom().Next();
  static std::atomic<std::uint64_t> next{0};
  return fmt::format("{:016x}-{}", process, next.fetch_add(1, std::memory_order_relaxed));
}

StatusOr<TemporaryFile> WriteTemporary(FileCalls& calls,
                                       fs::path path,
                                       std::string_view key,
                                       std::string_view bytes) {
  FileHandle handle(calls.Open(path, O_WRONLY | O_CREAT | O_EXCL));
  if (!handle.is_open()) {
    return FileError(errno, "creating a temporary file for", key, path);
  }
  TemporaryFile temporary(calls, std::move(path), std::move(handle));
  // Tells RemoveLeftovers() of other processes that the writer lives. Where locks are not supported
  // nobody removes.
  ::flock(temporary.file(), LOCK_EX | LOCK_NB);
  RETURN_IF_ERROR(WriteAll(calls, temporary.file(), bytes, key, temporary.path()));
  if (calls.Sync(temporary.file()) != 0) {
    return FileError(errno, "syncing", key, temporary.path());
  }
  return temporary;
}

/// Removes temporary files whose writer is dead: nobody holds their lock.
void RemoveLeftovers(FileCalls& calls, const fs::path& folder) {
  std::error_code ignored;  // A folder that cannot be listed fails the first write, with a message.
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const FileHandle handle(::open(entry.path().c_str(), O_RDWR | O_CLOEXEC));
    if (handle.is_open() && ::flock(handle.get(), LOCK_EX | LOCK_NB) == 0) {
      calls.Unlink(entry.path());
    }
  }
}

/// Checks that names can be linked, on which put-if-absent rests.
Status CheckLinks(FileCalls& calls, const fs::path& root) {
  ASSIGN_OR_RETURN(const TemporaryFile probe,
                   WriteTemporary(calls, root / kTemporaryFolder / TemporaryName(), "", ""));
  const fs::path link = root / kTemporaryFolder / TemporaryName();
  if (calls.Link(probe.path(), link) == 0) {
    calls.Unlink(link);
    return OkStatus();
  }
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) {
    return FileError(errno, "linking", "", link);
  }
  return FailedPrecondition(fmt::format(
      "The file system of '{}' has no hard links, which exactly-once needs. Use another "
      "file system or an object store.",
      root.string()));
}

bool IsDirectory(const fs::path& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

StatusOr<std::string> ReadRange(std::string_view key,
                                const fs::path& path,
                                std::uint64_t offset,
                                std::uint64_t length) {
  const FileHandle handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (!handle.is_open() || ::fstat(handle.get(), &info) != 0) {
    return FileError(errno, "reading", key, path);
  }
  if (S_ISDIR(info.st_mode)) {
    return FileError(ENOENT, "reading", key, path);
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (offset > size) {
    return OutOfRange(
        fmt::format("The value of '{}' in '{}' has {} bytes, offset {} is behind them.",
                    key,
                    path.string(),
                    size,
                    offset));
  }
  std::string bytes(std::min(length, size - offset), '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::pread(
        handle.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno != EINTR) {
      return FileError(errno, "reading", key, path);
    }
    if (count == 0) {
      bytes.resize(done);  // Truncated since; the checksum above us tells.
    }
    done += count < 0 ? 0 : static_cast<std::size_t>(count);
  }
  return bytes;
}

/// A file that is being written in its place.
class LocalFile final : public WritableFile {
 public:
  LocalFile(FileCalls& calls, std::string key, fs::path path, FileHandle handle)
      : calls_(calls), key_(std::move(key)), path_(std::move(path)), handle_(std::move(handle)) {}

  Status Append(std::string_view bytes) override {
    return WriteAll(calls_, handle_.get(), bytes, key_, path_);
  }

  Status Sync() override {
    // The name has been durable since OpenForWrite().
    return calls_.Sync(handle_.get()) == 0 ? OkStatus() : FileError(errno, "syncing", key_, path_);
  }

  Status Close() override {
    handle_ = FileHandle();
    return OkStatus();
  }

  std::optional<fs::path> local_path() const override { return path_; }

 private:
  FileCalls& calls_;
  const std::string key_;
  const fs::path path_;
  FileHandle handle_;
};

/// Adds the keys below `directory` that begin with `prefix`. `key` is the directory's own, empty or
/// ending with '/'.
Status ListInto(const fs::path& directory,
                const std::string& key,
                std::string_view prefix,
                std::vector<std::string>& keys) {
  std::error_code error;
  std::vector<std::string> folders;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::string child = key + entry->path().filename().string();
    if (child[key.size()] == '.') {
      continue;
    }
    // Set when it has gone since it was listed: then it counts as a key that went during the call.
    std::error_code gone;
    if (!entry->is_directory(gone)) {
      if (child.starts_with(prefix)) {
        keys.push_back(std::move(child));
      }
      continue;
    }
    child += '/';
    if (child.starts_with(prefix) || prefix.starts_with(child)) {
      folders.push_back(std::move(child));
    }
  }
  if (error && error.value() != ENOENT && error.value() != ENOTDIR) {
    return FileError(error.value(), "listing", key, directory);
  }
  for (const std::string& folder : folders) {
    RETURN_IF_ERROR(ListInto(directory / folder.substr(key.size()), folder, prefix, keys));
  }
  return OkStatus();
}

}  // namespace

StatusOr<std::unique_ptr<LocalStore>> LocalStore::Open(const fs::path& root) {
  return Open(root, FileCalls::System());
}

StatusOr<std::unique_ptr<LocalStore>> LocalStore::Open(const fs::path& root, FileCalls& calls) {
  std::error_code error;
  const fs::path absolute = fs::absolute(root, error);
  fs::create_directories(absolute / kTemporaryFolder, error);
  if (error) {
    return FileError(error.value(), "creating", "", absolute);
  }
  RemoveLeftovers(calls, absolute / kTemporaryFolder);
  RETURN_IF_ERROR(CheckLinks(calls, absolute));
  RETURN_IF_ERROR(SyncDirectory(calls, absolute.parent_path()));
  return std::unique_ptr<LocalStore>(new LocalStore(absolute, absolute / kTemporaryFolder, calls));
}

StatusOr<std::unique_ptr<LocalStore>> LocalStore::OpenFolderOfOthers(const fs::path& root) {
  if (!IsDirectory(root)) {
    return FileError(errno == 0 ? ENOTDIR : errno, "opening", "", root);
  }
  std::error_code error;
  const fs::path absolute = fs::absolute(root, error);
  if (error) {
    return FileError(error.value(), "opening", "", root);
  }
  return std::unique_ptr<LocalStore>(new LocalStore(absolute, fs::path(), FileCalls::System()));
}

LocalStore::LocalStore(fs::path root, fs::path temporaries, FileCalls& calls)
    : root_(std::move(root)), temporaries_(std::move(temporaries)), calls_(calls) {}

StatusOr<fs::path> LocalStore::TemporaryFor(std::string_view key) {
  if (!temporaries_.empty()) {
    return temporaries_ / TemporaryName();
  }
  const fs::path folder = (root_ / key).parent_path();
  if (const int error = MakeDurable(folder); error != 0) {
    return FileError(error, "creating the folder of", key, folder);
  }
  return folder / ("." + TemporaryName());
}

StatusOr<PutOutcome> LocalStore::PutIfAbsent(std::string_view key, std::string_view bytes) {
  RETURN_IF_ERROR(ValidateKey(key));
  ASSIGN_OR_RETURN(fs::path path_before, TemporaryFor(key));
  ASSIGN_OR_RETURN(const TemporaryFile temporary,
                   WriteTemporary(calls_, std::move(path_before), key, bytes));
  PutOutcome outcome = PutOutcome::kCreated;
  RETURN_IF_ERROR(Place(key, [&](const fs::path& path) {
    outcome = PutOutcome::kCreated;
    if (calls_.Link(temporary.path(), path) == 0) {
      return 0;
    }
    if (errno == EEXIST) {
      // The directory is synced in this case too: another's value, once seen, must not vanish.
      outcome = PutOutcome::kExists;
      return IsDirectory(path) ? EISDIR : 0;
    }
    return errno;
  }));
  return outcome;
}

Status LocalStore::Put(std::string_view key, std::string_view bytes) {
  RETURN_IF_ERROR(ValidateKey(key));
  ASSIGN_OR_RETURN(fs::path path_before, TemporaryFor(key));
  ASSIGN_OR_RETURN(const TemporaryFile temporary,
                   WriteTemporary(calls_, std::move(path_before), key, bytes));
  return Place(key, [&](const fs::path& path) {
    return calls_.Rename(temporary.path(), path) == 0 ? 0 : errno;
  });
}

StatusOr<std::string> LocalStore::Get(std::string_view key) {
  return GetRange(key, 0, ~std::uint64_t{0});
}

StatusOr<std::string> LocalStore::GetRange(std::string_view key,
                                           std::uint64_t offset,
                                           std::uint64_t length) {
  RETURN_IF_ERROR(ValidateKey(key));
  return ReadRange(key, root_ / key, offset, length);
}

StatusOr<std::uint64_t> LocalStore::Size(std::string_view key) {
  RETURN_IF_ERROR(ValidateKey(key));
  const fs::path path = root_ / key;
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return FileError(errno, "reading", key, path);
  }
  return S_ISDIR(info.st_mode) ? FileError(ENOENT, "reading", key, path)
                               : StatusOr<std::uint64_t>(static_cast<std::uint64_t>(info.st_size));
}

StatusOr<WallTime> LocalStore::ModifiedAt(std::string_view key) {
  RETURN_IF_ERROR(ValidateKey(key));
  const fs::path path = root_ / key;
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return FileError(errno, "reading", key, path);
  }
  return WallTime(
      Milliseconds(std::int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000));
}

StatusOr<std::vector<std::string>> LocalStore::List(std::string_view prefix) {
  // Begins at the deepest directory that the prefix names, so that listing one log does not walk
  // all jobs.
  const std::size_t slash = prefix.rfind('/');
  const std::string folder(slash == std::string_view::npos ? "" : prefix.substr(0, slash + 1));
  std::vector<std::string> keys;
  if (!folder.empty() && !ValidateKey(prefix.substr(0, slash)).ok()) {
    return keys;  // No key looks like this.
  }
  RETURN_IF_ERROR(ListInto(root_ / folder, folder, prefix, keys));
  std::sort(keys.begin(), keys.end());
  return keys;
}

Status LocalStore::Delete(std::string_view key) {
  RETURN_IF_ERROR(ValidateKey(key));
  const fs::path path = root_ / key;
  if (calls_.Unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR && errno != EISDIR) {
    return FileError(errno, "deleting", key, path);
  }
  RemoveEmptyDirectories(path.parent_path());
  return OkStatus();
}

StatusOr<std::unique_ptr<WritableFile>> LocalStore::OpenForWrite(std::string_view key) {
  RETURN_IF_ERROR(ValidateKey(key));
  FileHandle handle;
  RETURN_IF_ERROR(Place(key, [&](const fs::path& path) {
    handle = FileHandle(calls_.Open(path, O_WRONLY | O_CREAT | O_TRUNC));
    return handle.is_open() ? 0 : errno;
  }));
  return std::make_unique<LocalFile>(calls_, std::string(key), root_ / key, std::move(handle));
}

Status LocalStore::Rename(std::string_view from, std::string_view to) {
  RETURN_IF_ERROR(ValidateKey(from));
  RETURN_IF_ERROR(ValidateKey(to));
  const fs::path source = root_ / from;
  if (IsDirectory(source)) {
    return FileError(ENOENT, "renaming", from, source);
  }
  bool is_missing = false;
  const Status placed = Place(to, [&](const fs::path& path) {
    if (calls_.Rename(source, path) == 0) {
      return 0;
    }
    is_missing = errno == ENOENT && ::access(source.c_str(), F_OK) != 0;
    return is_missing
               ? ENOTDIR
               : errno;  // For ENOENT, Place() would make the target's directory and try again.
  });
  if (is_missing) {
    return FileError(ENOENT, "renaming", from, source);
  }
  RETURN_IF_ERROR(placed);
  RETURN_IF_ERROR(SyncDirectory(calls_, source.parent_path()));
  RemoveEmptyDirectories(source.parent_path());
  return OkStatus();
}

std::optional<fs::path> LocalStore::LocalPath(std::string_view key) const {
  return root_ / key;
}

Status LocalStore::Place(std::string_view key, const std::function<int(const fs::path&)>& place) {
  const fs::path path = root_ / key;
  const fs::path directory = path.parent_path();
  for (int tries = 0; tries < kPlaceTries; ++tries) {
    int error = MakeDurable(directory);
    error = error != 0 ? error : place(path);
    if (error == 0) {
      RETURN_IF_ERROR(SyncDirectory(calls_, directory));
      error = MakeDurable(directory);  // Does nothing, unless it was removed and made again since.
    }
    if (error == 0) {
      return OkStatus();
    }
    if (error != ENOENT) {
      return FileError(error, "writing", key, path);
    }
    Forget(directory);  // Somebody removed it when it was empty.
  }
  return Unavailable(
      fmt::format("Storage could not place '{}' in '{}': others remove its directory. Try again.",
                  key,
                  path.string()));
}

int LocalStore::MakeDurable(const fs::path& directory) {
  if (directory == root_ || IsDurable(directory)) {
    return 0;
  }
  const fs::path parent = directory.parent_path();
  if (const int error = MakeDurable(parent); error != 0) {
    return error;
  }
  if (calls_.MakeDirectory(directory) != 0 && errno != EEXIST) {
    const int error = errno;
    if (error == ENOENT) {
      Forget(parent);
    }
    return error;
  }
  // Also when it was there: its maker may not have come to this yet.
  const FileHandle handle(calls_.Open(parent, O_RDONLY | O_DIRECTORY));
  if (!handle.is_open() || calls_.Sync(handle.get()) != 0) {
    return errno;
  }
  MutexLock lock(mutex_);
  durable_directories_.insert(directory.string());
  return 0;
}

bool LocalStore::IsDurable(const fs::path& directory) {
  MutexLock lock(mutex_);
  return durable_directories_.contains(directory.string());
}

void LocalStore::Forget(const fs::path& directory) {
  MutexLock lock(mutex_);
  durable_directories_.erase(directory.string());
}

void LocalStore::RemoveEmptyDirectories(fs::path directory) {
  std::error_code error;
  for (; directory != root_ && fs::is_empty(directory, error) && !error;
       directory = directory.parent_path()) {
    Forget(directory);  // First: who makes it again must sync it again.
    if (calls_.RemoveDirectory(directory) != 0) {
      return;  // Somebody has written into it meanwhile.
    }
  }
}

}  // namespace thalweg::storage
