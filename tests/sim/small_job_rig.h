// SPDX-License-Identifier: Apache-2.0
//
// One small job on one worker and one coordinator, for tests that go through every call of a disk.
//
//   SmallJobRig rig;
//   rig.cluster().checkpoints_of_worker(0).FailNth(StoreCalls::kWrites, 17, StoreFault::kRefused);
//   rig.Begin();
//   EXPECT_EQ(rig.RunToEnd(), "");
#ifndef THALWEG_TESTS_SIM_SMALL_JOB_RIG_H_
#define THALWEG_TESTS_SIM_SMALL_JOB_RIG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/checkpoint.pb.h"
#include "tests/sim/sim_cluster.h"
#include "tests/sim/sim_jobs.h"
#include "tests/sim/sim_oracles.h"
#include "tests/testing/sim_loop.h"

namespace thalweg::testing {

inline constexpr std::int64_t kSmallJobIntervalMillis = 40;

/// An updating aggregate of an updating aggregate into exactly-once files; every snapshot of its
/// tables is a file. An undisturbed run takes a handful of checkpoints.
class SmallJobRig {
 public:
  explicit SmallJobRig(std::int64_t checkpoint_interval_millis = kSmallJobIntervalMillis);
  /// Goes on with what lies on these disks.
  SmallJobRig(std::shared_ptr<MemoryDisk> checkpoints, std::shared_ptr<MemoryDisk> files);

  SimCluster& cluster() { return *cluster_; }
  SimLoop& loop() { return loop_; }
  const SimOracles& oracles() const { return *oracles_; }

  /// Starts all processes and submits the job.
  void Begin();
  /// Starts all processes on disks that hold the job, which has failed, and goes on with it.
  void TakeUp();
  /// Runs until the job has ended. What is wrong, in words: it has not ended, has not finished, an
  /// oracle was violated, or the rows are not those of an undisturbed run. Empty: all is right.
  std::string RunToEnd();
  /// Runs until the job has ended, well or not; false when it does not.
  bool RunUntilEnded();
  /// Runs until `count` manifests are durable; false when the job ends before.
  bool RunUntilManifests(std::size_t count);

  /// Those of the job's log as it lies on the disk.
  std::vector<proto::Manifest> Manifests();
  /// The key of the last slot of the job's log.
  std::string LastSlot();
  std::vector<std::pair<std::string, std::string>> VisibleFiles() const;

 private:
  SmallJobRig(std::shared_ptr<MemoryDisk> checkpoints,
              std::shared_ptr<MemoryDisk> files,
              proto::JobGraph graph);
  std::size_t CountSlots();

  SimLoop loop_{7};
  const proto::JobGraph graph_;
  std::unique_ptr<SimCluster> cluster_;
  std::unique_ptr<SimOracles> oracles_;
};

/// The keys of all run files that the manifest names, each once.
std::vector<std::string> RunFilesOf(const proto::Manifest& manifest);

/// What a file sink has sealed and not yet shown, as the manifest names it: keys of the files in
/// progress.
std::vector<std::string> PendingFilesOf(const proto::Manifest& manifest);

/// What is wrong with the run files that the manifest names, as they lie on the disk; empty:
/// nothing.
std::string DamageOf(const proto::Manifest& manifest, MemoryDisk& disk);

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_SIM_SMALL_JOB_RIG_H_
