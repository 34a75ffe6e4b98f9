// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_STORAGE_STORE_H_
#define THALWEG_STORAGE_STORE_H_

// Where bytes survive.
//
// A Store maps keys to immutable-looking values and offers what a directory and an object store
// have in common: put, put-if-absent, get, list and delete. A DirectoryStore adds what only a
// directory can do: files that grow, rename, and a local path that another library can open.
//
//   RETURN_IF_ERROR(store.Put("jobs/7/base.run", run));
//   ASSIGN_OR_RETURN(const std::string run, store.Get("jobs/7/base.run"));
//
// Keys are one or more segments joined by '/'; see ValidateKey(). A key that has a value must not
// be the beginning of another ("a" and "a/b"): a directory refuses the second with
// kInvalidArgument. All calls block: make them from a BlockingExecutor's threads, never from a
// lane. All calls may be made from any thread at once.
//
// Errors have one meaning everywhere, and each message names the key, the place behind it and the
// remedy:
//   kInvalidArgument     the key or the range is malformed; nothing was done.
//   kNotFound            no value under this key.
//   kPermissionDenied    the store refuses this process.
//   kResourceExhausted   no space, quota or file handles; free some, then repeat.
//   kDataLoss            the medium failed under stored bytes.
//   kUnavailable         anything that may pass; repeat.
// After an error a write may have happened or not. Every call may be repeated after every error; a
// repeated PutIfAbsent() can find its own first try (DurableLog tells the two apart).

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"

namespace thalweg::storage {

/// Longest key in bytes: an object store's limit, so that a job can move from a directory to one.
inline constexpr std::size_t kMaxKeyBytes = 1024;

/// Checks that `key` is made of segments of printable ASCII without space, '\', '"' or a leading
/// dot, joined by single slashes, at most kMaxKeyBytes long and 255 bytes a segment. So no key can
/// leave its directory
/// ("..") or hide in it.
Status ValidateKey(std::string_view key);

enum class PutOutcome {
  kCreated,  // The key had no value and has this one now, durably.
  kExists,   // The key has a value, durably; perhaps one of our own earlier tries.
};

/// Keys and values; what directories and object stores both offer. See the head of this file for
/// keys, threads and errors.
class Store {
 public:
  virtual ~Store() = default;

  /// Writes the value if the key has none. Of many callers at once exactly one gets kCreated.
  /// Durable on return.
  virtual StatusOr<PutOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) = 0;

  /// Writes or replaces the value: readers see the old bytes or the new, never a mixture. Durable
  /// on return.
  virtual Status Put(std::string_view key, std::string_view bytes) = 0;

  /// Returns the whole value.
  virtual StatusOr<std::string> Get(std::string_view key) = 0;

  /// Returns the bytes [offset, offset + length) of the value, fewer where the value ends before;
  /// an offset behind the end is kOutOfRange.
  virtual StatusOr<std::string> GetRange(std::string_view key,
                                         std::uint64_t offset,
                                         std::uint64_t length) = 0;

  /// Returns the size of the value in bytes.
  virtual StatusOr<std::uint64_t> Size(std::string_view key) = 0;

  /// Returns when the value was written last, as far as the store knows. kUnimplemented: it keeps
  /// no such times.
  virtual StatusOr<WallTime> ModifiedAt(std::string_view key);

  /// Returns all keys that begin with `prefix` (bytewise; it may end inside a segment or be empty),
  /// sorted. Keys that come or go during the call may be in the answer or not.
  virtual StatusOr<std::vector<std::string>> List(std::string_view prefix) = 0;

  /// Removes the key; OK when there is none. Not durable: after a machine's crash the key may be
  /// back.
  virtual Status Delete(std::string_view key) = 0;
};

/// A file that grows. One thread at a time. Destroying it without Close() is allowed and gives up
/// unsynced bytes.
class WritableFile {
 public:
  virtual ~WritableFile() = default;

  /// Adds bytes at the end. They survive a crash of this process once Close() returned, of the
  /// machine once Sync() did.
  virtual Status Append(std::string_view bytes) = 0;

  /// Makes all appended bytes and the file's name durable. After an error the file must be given
  /// up: what it holds is unknown.
  virtual Status Sync() = 0;

  /// Hands all bytes to the system and frees the handle. Does not sync. No call may follow.
  virtual Status Close() = 0;

  /// Where the file lies, for a library that wants to read it; absent when there is no such place.
  virtual std::optional<std::filesystem::path> local_path() const = 0;
};

/// A store with the extra powers of a directory.
class DirectoryStore : public Store {
 public:
  /// Creates an empty file under `key`, replacing a value that is there, and opens it for
  /// appending.
  virtual StatusOr<std::unique_ptr<WritableFile>> OpenForWrite(std::string_view key) = 0;

  /// Moves a value, replacing one at `to`. Durable on return. kNotFound when `from` has no value;
  /// so a repeat after an error must be ready for that.
  virtual Status Rename(std::string_view from, std::string_view to) = 0;

  /// The path of the key's file, whether it exists or not; absent when values do not lie in local
  /// files.
  virtual std::optional<std::filesystem::path> LocalPath(std::string_view key) const = 0;
};

}  // namespace thalweg::storage

#endif  // THALWEG_STORAGE_STORE_H_
