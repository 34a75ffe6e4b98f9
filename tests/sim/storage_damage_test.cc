// SPDX-License-Identifier: Apache-2.0
//
// Damage in the newest durable checkpoint. Its output may be visible, so there is no way back
// behind it: the job stops, says which file it is, and leaves everything as it lies, so that the
// file can be put back and the job taken up again.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/control.pb.h"
#include "tests/sim/small_job_rig.h"

namespace thalweg::testing {
namespace {

using ::testing::HasSubstr;

enum class Damage { kFirstByte, kMiddleByte, kLastByte, kCut, kEmptied, kDeleted };
constexpr Damage kDamages[] = {Damage::kFirstByte,
                               Damage::kMiddleByte,
                               Damage::kLastByte,
                               Damage::kCut,
                               Damage::kEmptied,
                               Damage::kDeleted};

void Do(Damage damage, const std::shared_ptr<MemoryDisk>& disk, const std::string& key) {
  MemoryStore store(disk, 1);
  const std::string bytes = *store.Get(key);
  switch (damage) {
    case Damage::kFirstByte:
      return store.Corrupt(key, 0);
    case Damage::kMiddleByte:
      return store.Corrupt(key, bytes.size() / 2);
    case Damage::kLastByte:
      return store.Corrupt(key, bytes.size() - 1);
    case Damage::kCut:
      return store.Overwrite(key, bytes.substr(0, bytes.size() - 1));
    case Damage::kEmptied:
      return store.Overwrite(key, "");
    case Damage::kDeleted:
      EXPECT_TRUE(store.Delete(key).ok());
  }
}

using Files = std::vector<std::pair<std::string, std::string>>;

/// Is every file of `before` there, byte for byte?
bool AllKept(const Files& before, const Files& now) {
  return std::ranges::all_of(
      before, [&](const auto& file) { return std::ranges::find(now, file) != now.end(); });
}

/// A job that has come to rest behind its second durable checkpoint: the worker or the coordinator
/// is down.
class DamagedJob {
 public:
  explicit DamagedJob(bool is_worker_down) : is_worker_down_(is_worker_down) {
    SimCluster& cluster = rig_.cluster();
    rig_.Begin();
    EXPECT_TRUE(rig_.RunUntilManifests(3));
    if (is_worker_down) {
      cluster.CrashWorker(0, CrashKind::kProcess);
    } else {
      cluster.CrashCoordinator(0, CrashKind::kProcess);
    }
    rig_.loop().RunFor(Microseconds(200'000));  // An append that was under way has ended.
    newest_ = rig_.Manifests().back();
    visible_ = rig_.VisibleFiles();
    cluster.AddFrameHook([this](const FrameEvent& frame) {
      proto::CoordinatorMessage message;
      if (frame.from.name().starts_with("coordinator") &&
          message.ParseFromString(frame.frame.head) && message.has_deploy()) {
        restored_.insert(message.deploy().restored_checkpoint());
      }
    });
  }

  SmallJobRig& rig() { return rig_; }
  const proto::Manifest& newest() const { return newest_; }

  /// Starts what is down and runs to the end of the job.
  void RestartAndEnd() {
    if (is_worker_down_) {
      rig_.cluster().StartWorker(0);
    } else {
      rig_.cluster().StartCoordinator(0);
    }
    ASSERT_TRUE(rig_.RunUntilEnded());
  }

  /// The job has stopped because of `file`, and nothing else has changed.
  void ExpectStoppedBy(const std::string& file) {
    ASSERT_TRUE(rig_.cluster().outcome().has_value());
    EXPECT_EQ(rig_.cluster().outcome()->state, coordinator::JobState::kFailed);
    EXPECT_THAT(rig_.cluster().outcome()->reason, HasSubstr(file));
    EXPECT_TRUE(AllKept(visible_, rig_.VisibleFiles()));
    restored_.erase(newest_.checkpoint_id());
    EXPECT_TRUE(restored_.empty()) << "An older checkpoint was deployed: " << *restored_.begin();
    // It stays so.
    const Files then = rig_.VisibleFiles();
    rig_.loop().RunFor(Microseconds(20'000'000));
    EXPECT_EQ(rig_.VisibleFiles(), then);
  }

 private:
  SmallJobRig rig_;
  const bool is_worker_down_;
  proto::Manifest newest_;
  Files visible_;
  std::set<std::uint64_t> restored_;
};

TEST(StorageDamageTest, InAnyRunFileStopsTheJobAndNamesTheFile) {
  const std::vector<std::string> files = RunFilesOf(DamagedJob(true).newest());
  ASSERT_GE(files.size(), 2U);
  for (const std::string& file : files) {
    for (const Damage damage : kDamages) {
      SCOPED_TRACE(file + ", damage " + std::to_string(static_cast<int>(damage)));
      DamagedJob job(/*is_worker_down=*/true);
      Do(damage, job.rig().cluster().checkpoint_disk(), file);
      job.RestartAndEnd();
      job.ExpectStoppedBy(file);
    }
  }
}

TEST(StorageDamageTest, InTheNewestManifestStopsTheJobAndNamesTheSlot) {
  for (const Damage damage : {Damage::kFirstByte,
                              Damage::kMiddleByte,
                              Damage::kLastByte,
                              Damage::kCut,
                              Damage::kEmptied,
                              Damage::kDeleted}) {
    SCOPED_TRACE("damage " + std::to_string(static_cast<int>(damage)));
    DamagedJob job(/*is_worker_down=*/false);
    const std::string slot = job.rig().LastSlot();
    Do(damage, job.rig().cluster().checkpoint_disk(), slot);
    job.RestartAndEnd();
    job.ExpectStoppedBy(slot);
  }
}

TEST(StorageDamageTest, InASealedFileOfTheSinkStopsTheJobAndNamesTheFile) {
  for (const Damage damage : {Damage::kCut, Damage::kEmptied, Damage::kDeleted}) {
    SCOPED_TRACE("damage " + std::to_string(static_cast<int>(damage)));
    DamagedJob job(/*is_worker_down=*/true);
    // The worker died as the manifest became durable, so the sink was never told.
    const std::vector<std::string> pending = PendingFilesOf(job.newest());
    ASSERT_FALSE(pending.empty());
    Do(damage, job.rig().cluster().file_disk(), pending.back());
    job.RestartAndEnd();
    job.ExpectStoppedBy(pending.back());
  }
}

TEST(StorageDamageTest, OnceTheFileIsPutBackAChangeTakesTheJobUp) {
  DamagedJob job(/*is_worker_down=*/true);
  SimCluster& cluster = job.rig().cluster();
  const std::string file = RunFilesOf(job.newest()).front();
  MemoryStore store(cluster.checkpoint_disk(), 1);
  const std::string bytes = *store.Get(file);
  Do(Damage::kMiddleByte, cluster.checkpoint_disk(), file);
  job.RestartAndEnd();
  job.ExpectStoppedBy(file);

  store.Overwrite(file, bytes);
  SmallJobRig again(CopyOf(*cluster.checkpoint_disk()), CopyOf(*cluster.file_disk()));
  again.TakeUp();
  EXPECT_EQ(again.RunToEnd(), "");
}

}  // namespace
}  // namespace thalweg::testing
