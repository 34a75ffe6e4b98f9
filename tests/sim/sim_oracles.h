// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_TESTS_SIM_SIM_ORACLES_H_
#define THALWEG_TESTS_SIM_SIM_ORACLES_H_

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/ids.h"
#include "proto/control.pb.h"
#include "tests/coordinator/witness.h"
#include "tests/sim/sim_cluster.h"

namespace thalweg::testing {

/// Something that must never happen, and who noticed it.
struct Violation {
  std::string oracle;
  std::string what;
};

/// Watches what goes over the wire and what lies in the job's log while a simulated cluster runs.
/// The first violation counts.
///
///   durable     complete(N) is sent only when manifest N lies in the log
///   regress     no attempt restores a checkpoint older than one that was completed before it was
///   deployed, and
///               checkpoint ids rise along the log
///   owner       one owner per task in an attempt, and key groups owned once in a manifest
///   fenced      after a command of generation G was obeyed, no worker obeys a lower one
///   gate        after a restore no complete() is sent before every sink has settled
///   promise     what tests/coordinator/witness.h knows of
///   credit      no frame comes without a credit, no credit is given twice
class SimOracles {
 public:
  /// Begins to watch; the cluster outlives this, which must live as long as the cluster runs.
  SimOracles(SimCluster& cluster, JobId job);

  const std::optional<Violation>& violation() const { return violation_; }

  /// Deployed so far, and manifests seen so far.
  std::size_t attempts() const { return attempts_.size(); }
  std::size_t checkpoints() const { return durable_.size(); }

  /// Looks at everything that can only be judged at the end.
  void CheckAtEnd();

 private:
  void OnFrame(const FrameEvent& frame);
  void ShowWitness(const FrameEvent& frame);
  void HearWitness();
  void OnDeploy(const proto::DeployJob& deploy);
  void OnComplete(const proto::CompleteCheckpoint& complete);
  void OnReplayed(const proto::SinkReplayed& replayed);
  /// Reads records that have come to the log since the last call.
  void ReadLog();
  void CheckManifest(const proto::Manifest& manifest);
  void CheckLogLines();
  void Report(std::string oracle, std::string what);

  SimCluster& cluster_;
  const JobId job_;
  std::optional<Violation> violation_;
  coordinator::Witness witness_;
  std::set<std::string> read_slots_;
  std::set<std::uint64_t> durable_;  // Checkpoints whose manifest was seen.
  std::uint64_t newest_manifest_ = 0;
  std::uint64_t newest_completed_ = 0;  // For which a complete() was sent.
  // For each attempt, the checkpoint completed last before its first deployment, and the owners of
  // its tasks.
  struct AttemptFacts {
    std::uint64_t completed_before = 0;
    std::map<std::uint64_t, std::string> owners;
    std::set<std::uint64_t>
        unsettled;  // Tasks with a sink that have not reported since the restore.
  };
  std::map<std::pair<std::uint64_t, std::uint32_t>, AttemptFacts> attempts_;
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_SIM_SIM_ORACLES_H_
