// SPDX-License-Identifier: Apache-2.0
//
// What a durable record costs: the floor under the time of a checkpoint. The directory is the one
// that TMPDIR names.

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "storage/durable_log.h"
#include "storage/local_store.h"

namespace thalweg::storage {
namespace {

/// A store in a new directory that goes with it.
class ScratchStore {
 public:
  ScratchStore() {
    std::string name = (std::filesystem::temp_directory_path() / "thalweg-bench.XXXXXX").string();
    CHECK(::mkdtemp(name.data()) != nullptr);
    root_ = name;
    StatusOr<std::unique_ptr<LocalStore>> store = LocalStore::Open(root_);
    CHECK_OK(store);
    store_ = *std::move(store);
  }
  ~ScratchStore() { std::filesystem::remove_all(root_); }
  ScratchStore(const ScratchStore&) = delete;
  ScratchStore& operator=(const ScratchStore&) = delete;

  LocalStore& operator*() { return *store_; }

 private:
  std::filesystem::path root_;
  std::unique_ptr<LocalStore> store_;
};

/// Appends a record of range(0) bytes, as a leader appends a manifest.
void BM_Append(benchmark::State& state) {
  ScratchStore scratch;
  const DurableLog log(*scratch, "log", 1);
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
  std::uint64_t slot = 0;
  for (auto step : state) {
    const StatusOr<AppendOutcome> outcome = log.Append(slot++, bytes);
    CHECK_OK(outcome);
  }
}
BENCHMARK(BM_Append)->Arg(1 << 10)->Arg(1 << 20)->UseRealTime()->Unit(benchmark::kMicrosecond);

/// Reads a truncated log of range(0) live records from its beginning, as a new leader does.
void BM_Read(benchmark::State& state) {
  ScratchStore scratch;
  const DurableLog log(*scratch, "log", 1);
  const auto live = static_cast<std::uint64_t>(state.range(0));
  const std::uint64_t end = 2 * kTombstonesKept + live;
  for (std::uint64_t slot = 0; slot < end; ++slot) {
    CHECK_OK(log.Append(slot, std::string(1024, 'x')));
  }
  CHECK_OK(log.Truncate(end - live));
  for (auto step : state) {
    const StatusOr<LogContents> contents = log.Read(0);
    CHECK_OK(contents);
    CHECK_EQ(contents->records.size(), live);
  }
}
BENCHMARK(BM_Read)->Arg(1)->Arg(100)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace thalweg::storage
