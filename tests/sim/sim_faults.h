// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_TESTS_SIM_SIM_FAULTS_H_
#define THALWEG_TESTS_SIM_SIM_FAULTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "tests/sim/sim_cluster.h"

namespace thalweg::testing {

/// What befalls a cluster, drawn from a seed: crashes at times, at frames and at calls of the disk,
/// pauses, partitions, broken links, failing and full disks, a second coordinator, a leader that
/// comes back to workers that have obeyed another one. Each ends by itself, so a job that is right
/// comes to its end.
class SimFaults {
 public:
  /// Draws `count` faults that begin within `horizon` of now and sets them up. The cluster outlives
  /// this.
  SimFaults(SimCluster& cluster, SimLoop& loop, std::uint64_t count, Microseconds horizon);

  /// In words, in the order in which they were drawn.
  const std::vector<std::string>& descriptions() const { return descriptions_; }

 private:
  void Draw(Microseconds begin);
  void CrashWorkerAt(Microseconds begin);
  void CrashCoordinatorAt(Microseconds begin);
  void SecondCoordinatorAt(Microseconds begin);
  void UsurpAt(Microseconds begin);
  void PauseAt(Microseconds begin);
  void PartitionAt(Microseconds begin);
  void BreakAt(Microseconds begin);
  void CrashAtFrame(Microseconds begin);
  void CrashAtDiskCall(Microseconds begin);
  void FailDiskAt(Microseconds begin);
  void FillDiskAt(Microseconds begin);

  /// Crashes the host's process and starts it again after a while.
  void CrashAndRestartWorker(std::size_t host, CrashKind kind);
  void CrashAndRestartCoordinator(std::size_t host, CrashKind kind);

  std::size_t AnyWorker() { return random_.Uniform(cluster_.worker_count()); }
  std::size_t AnyCoordinator() { return random_.Uniform(cluster_.coordinator_count()); }
  SimNode& AnyNode();
  CrashKind AnyCrash() { return random_.Chance(2) ? CrashKind::kProcess : CrashKind::kHost; }
  Microseconds Between(std::int64_t min_micros, std::int64_t max_micros);
  void At(Microseconds begin, std::string description, UniqueFunction<void()> event);

  SimCluster& cluster_;
  SimLoop& loop_;
  SeededRandom random_;
  std::vector<std::string> descriptions_;
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_SIM_SIM_FAULTS_H_
