// SPDX-License-Identifier: Apache-2.0
//
// A store that fails as told: at the n-th call, at random from a seed, or when it is full.
//
//   FaultyStore store(memory);
//   store.FailNth(StoreCalls::kWrites, n, StoreFault::kLostReply);  // Done, but reported as
//   failed.
//   ... run the code under test for n = 0, 1, 2, ... until store.calls(StoreCalls::kWrites) <= n
//   ...
#ifndef THALWEG_TESTS_TESTING_FAULTY_STORE_H_
#define THALWEG_TESTS_TESTING_FAULTY_STORE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/random.h"
#include "storage/store.h"

namespace thalweg::testing {

/// Which calls a rule is about.
enum class StoreCalls {
  kWrites,  // PutIfAbsent, Put, Delete, Rename, OpenForWrite, and Append, Sync and Close of a file.
  kReads,   // Get, GetRange, Size, List.
  kAll,
};

enum class StoreFault {
  kRefused,     // Not done, kUnavailable.
  kLostReply,   // Done, kUnavailable.
  kNoSpace,     // Not done, kResourceExhausted; for writes.
  kFlippedBit,  // Done with one seeded bit changed, OK; for Get, GetRange and writes of bytes.
  kDropped,  // For Get and GetRange: kNotFound. For writes: not done, and OK, as a lying disk does.
};

/// Decorates a store, which outlives it. Safe from any thread.
class FaultyStore final : public storage::DirectoryStore {
 public:
  explicit FaultyStore(storage::DirectoryStore& target, std::uint64_t seed = 1);

  /// The n-th call from now (0 is the next one) of these gets the fault, once. Rules add up.
  void FailNth(StoreCalls calls, std::uint64_t n, StoreFault fault);
  /// From the n-th call from now all of these get the fault, until Heal().
  void FailFrom(StoreCalls calls, std::uint64_t n, StoreFault fault);
  /// Each of these calls gets the fault once in `once_in` times on average, until Heal().
  void FailAtRandom(StoreCalls calls, std::uint64_t once_in, StoreFault fault);
  /// Writes of more bytes than this from now fail with kResourceExhausted.
  void SetSpace(std::uint64_t bytes);
  /// Takes back all rules.
  void Heal();

  /// Called before each call with its name ("Get") and key: for tests that crash a node there. Set
  /// it before the store is shared.
  void set_hook(std::function<void(std::string_view call, std::string_view key)> hook);

  /// Calls seen so far.
  std::uint64_t calls(StoreCalls calls) const;

  StatusOr<storage::PutOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override;
  Status Put(std::string_view key, std::string_view bytes) override;
  StatusOr<std::string> Get(std::string_view key) override;
  StatusOr<std::string> GetRange(std::string_view key,
                                 std::uint64_t offset,
                                 std::uint64_t length) override;
  StatusOr<std::uint64_t> Size(std::string_view key) override;
  StatusOr<WallTime> ModifiedAt(std::string_view key) override;
  StatusOr<std::vector<std::string>> List(std::string_view prefix) override;
  Status Delete(std::string_view key) override;

  StatusOr<std::unique_ptr<storage::WritableFile>> OpenForWrite(std::string_view key) override;
  Status Rename(std::string_view from, std::string_view to) override;
  std::optional<std::filesystem::path> LocalPath(std::string_view key) const override;

 private:
  class Writer;
  struct Rule {
    StoreCalls calls;
    StoreFault fault;
    std::uint64_t first;  // The call number, of these calls, that it begins with.
    bool once;
    std::uint64_t once_in;  // 1: always.
  };

  /// Counts one call and returns its fault, if any. `bytes` are what it would write.
  std::optional<StoreFault> Next(StoreCalls kind,
                                 std::string_view call,
                                 std::string_view key,
                                 std::uint64_t bytes);
  std::uint64_t CallsOf(StoreCalls calls) const REQUIRES_LOCK(mutex_);
  std::string Flip(std::string_view bytes);

  /// Runs one writing call. `lie` is what a dropped write returns.
  template <class Result, class Do>
  Result Write(std::string_view call,
               std::string_view key,
               std::string_view bytes,
               Result lie,
               Do&& perform);
  template <class Do>
  StatusOr<std::string> Read(std::string_view call, std::string_view key, Do&& perform);

  storage::DirectoryStore& target_;
  std::function<void(std::string_view, std::string_view)> hook_;

  mutable Mutex mutex_;
  SeededRandom random_ GUARDED_BY(mutex_);
  std::vector<Rule> rules_ GUARDED_BY(mutex_);
  std::array<std::uint64_t, 2> calls_ GUARDED_BY(mutex_) = {0, 0};  // Writes, reads.
  std::uint64_t space_left_ GUARDED_BY(mutex_) = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_FAULTY_STORE_H_
