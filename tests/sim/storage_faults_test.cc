// SPDX-License-Identifier: Apache-2.0
//
// A whole job, once for every single call of a disk that fails: while it runs, while it is
// restored, and when the host dies in the middle of a write. Whatever happens before a manifest
// costs at most a checkpoint; the job goes on, and its rows are those of an undisturbed run.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/small_job_rig.h"

namespace thalweg::testing {
namespace {

enum class Disk { kCheckpointsOfWorker, kFilesOfWorker, kCheckpointsOfCoordinator };

FaultyStore& StoreOf(Disk disk, SimCluster& cluster) {
  switch (disk) {
    case Disk::kCheckpointsOfWorker:
      return cluster.checkpoints_of_worker(0);
    case Disk::kFilesOfWorker:
      return cluster.files_of_worker(0);
    case Disk::kCheckpointsOfCoordinator:
      break;
  }
  return cluster.checkpoints_of_coordinator(0);
}

std::string NameOf(Disk disk) {
  constexpr const char* kNames[] = {
      "CheckpointsOfWorker", "FilesOfWorker", "CheckpointsOfCoordinator"};
  return kNames[static_cast<int>(disk)];
}

std::string NameOf(StoreFault fault) {
  constexpr const char* kNames[] = {"Refused", "LostReply", "NoSpace", "FlippedBit", "Dropped"};
  return kNames[static_cast<int>(fault)];
}

/// How a call fails: which calls count, and what becomes of the n-th one.
struct Failure {
  StoreCalls calls;
  StoreFault fault;
};
constexpr Failure kFailures[] = {{StoreCalls::kWrites, StoreFault::kRefused},
                                 {StoreCalls::kWrites, StoreFault::kLostReply},
                                 {StoreCalls::kWrites, StoreFault::kNoSpace},
                                 {StoreCalls::kReads, StoreFault::kRefused}};

std::string NameOf(const Failure& failure) {
  return NameOf(failure.fault) + (failure.calls == StoreCalls::kWrites ? "Write" : "Read");
}

using DiskAndFailure = std::tuple<Disk, Failure>;

class EveryCall : public ::testing::TestWithParam<DiskAndFailure> {
 protected:
  Disk disk() const { return std::get<0>(GetParam()); }
  Failure failure() const { return std::get<1>(GetParam()); }
};

TEST_P(EveryCall, FailsOnceWhileTheJobRuns) {
  // For reads, so often that the worker merges runs: it reads them only then, or to restore.
  const bool merges = disk() == Disk::kCheckpointsOfWorker && failure().calls == StoreCalls::kReads;
  const std::int64_t interval_millis = merges ? 8 : kSmallJobIntervalMillis;
  std::uint64_t n = 0;
  for (bool met = true; met; ++n) {
    SmallJobRig rig(interval_millis);
    FaultyStore& store = StoreOf(disk(), rig.cluster());
    store.FailNth(failure().calls, n, failure().fault);
    rig.Begin();
    ASSERT_EQ(rig.RunToEnd(), "") << "call " << n;
    met = store.calls(failure().calls) > n;
  }
  // Else the disk was hardly used, and nothing was tried. A sink only looks for what older attempts
  // left.
  const bool hardly_used = disk() == Disk::kFilesOfWorker && failure().calls == StoreCalls::kReads;
  EXPECT_GT(n, hardly_used ? 1U : 8U);
}

TEST_P(EveryCall, FailsOnceWhileTheJobIsRestored) {
  std::uint64_t n = 0;
  for (const std::size_t manifests : {1, 3}) {
    n = 0;
    for (bool met = true; met; ++n) {
      SmallJobRig rig;
      rig.Begin();
      ASSERT_TRUE(rig.RunUntilManifests(manifests));
      FaultyStore& store = StoreOf(disk(), rig.cluster());
      const std::uint64_t before = store.calls(failure().calls);
      store.FailNth(failure().calls, n, failure().fault);
      if (disk() == Disk::kCheckpointsOfCoordinator) {
        rig.cluster().CrashCoordinator(0, CrashKind::kProcess);
        rig.cluster().StartCoordinator(0);
      } else {
        rig.cluster().CrashWorker(0, CrashKind::kProcess);
        rig.cluster().StartWorker(0);
      }
      ASSERT_EQ(rig.RunToEnd(), "") << "call " << n << " after " << manifests << " checkpoints";
      met = store.calls(failure().calls) > before + n;
    }
    EXPECT_GT(n, 2U);
  }
}

INSTANTIATE_TEST_SUITE_P(Disks,
                         EveryCall,
                         ::testing::Combine(::testing::Values(Disk::kCheckpointsOfWorker,
                                                              Disk::kFilesOfWorker,
                                                              Disk::kCheckpointsOfCoordinator),
                                            ::testing::ValuesIn(kFailures)),
                         [](const ::testing::TestParamInfo<DiskAndFailure>& info) {
                           return NameOf(std::get<0>(info.param)) + NameOf(std::get<1>(info.param));
                         });

/// What lies under `prefix` on a disk: sizes by key.
std::map<std::string, std::size_t> SizesOf(MemoryDisk& disk, const std::string& prefix) {
  std::map<std::string, std::size_t> sizes;
  const MutexLock lock(disk.mutex);
  for (auto at = disk.files.lower_bound(prefix);
       at != disk.files.end() && at->first.starts_with(prefix);
       ++at) {
    sizes.emplace(at->first, at->second->bytes.size());
  }
  return sizes;
}

/// The host of the worker dies in the n-th write of one of its disks: nothing of that call or any
/// later one is done, and what was not synced is lost or torn.
class DyingHost {
 public:
  DyingHost(SmallJobRig& rig, Disk disk, std::uint64_t n)
      : rig_(rig), store_(StoreOf(disk, rig.cluster())), n_(n) {
    store_.set_hook([this](std::string_view, std::string_view) {
      if (!struck_ && store_.calls(StoreCalls::kWrites) >= n_) {
        struck_ = true;
        store_.FailFrom(StoreCalls::kAll, 0, StoreFault::kRefused);
        rig_.loop().After(Microseconds(0), [this] { Die(); });
      }
    });
  }

  bool struck() const { return struck_; }
  /// Files that the crash has shortened or taken away.
  std::size_t torn() const { return torn_; }
  /// What was wrong, at that moment, with the files that the newest manifest names.
  const std::string& damage() const { return damage_; }

 private:
  void Die() {
    SimCluster& cluster = rig_.cluster();
    const auto before = Sizes();
    cluster.CrashWorker(0, CrashKind::kHost);
    const auto after = Sizes();
    for (const auto& [key, size] : before) {
      const auto found = after.find(key);
      torn_ += found == after.end() || found->second != size ? 1 : 0;
    }
    const std::vector<proto::Manifest> manifests = rig_.Manifests();
    if (!manifests.empty()) {
      damage_ = DamageOf(manifests.back(), *cluster.checkpoint_disk());
    }
    store_.Heal();
    rig_.loop().After(Microseconds(100'000), [&cluster] { cluster.StartWorker(0); });
  }
  std::map<std::string, std::size_t> Sizes() {
    std::map<std::string, std::size_t> sizes = SizesOf(*rig_.cluster().checkpoint_disk(), "");
    sizes.merge(SizesOf(*rig_.cluster().file_disk(), ""));
    return sizes;
  }

  SmallJobRig& rig_;
  FaultyStore& store_;
  const std::uint64_t n_;
  bool struck_ = false;
  std::size_t torn_ = 0;
  std::string damage_;
};

class EveryTear : public ::testing::TestWithParam<Disk> {};

TEST_P(EveryTear, BeforeTheManifestCostsOnlyTheCheckpoint) {
  std::size_t torn = 0;
  bool struck = true;
  for (std::uint64_t n = 0; struck; ++n) {
    SmallJobRig rig;
    DyingHost host(rig, GetParam(), n);
    rig.Begin();
    ASSERT_EQ(rig.RunToEnd(), "") << "write " << n;
    EXPECT_EQ(host.damage(), "") << "write " << n;
    struck = host.struck();
    torn += host.torn();
  }
  EXPECT_GT(torn, 5U);  // Else no write was interrupted, and nothing was tried.
}

INSTANTIATE_TEST_SUITE_P(Disks,
                         EveryTear,
                         ::testing::Values(Disk::kCheckpointsOfWorker, Disk::kFilesOfWorker),
                         [](const ::testing::TestParamInfo<Disk>& info) {
                           return NameOf(info.param);
                         });

}  // namespace
}  // namespace thalweg::testing
