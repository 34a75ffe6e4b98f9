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
#include "tests/sim/sim_jobs.h"

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
///               deployed, and checkpoint ids rise along the log
///   owner       one owner per task in an attempt, and key groups owned once in a manifest
///   acks        a manifest is made of what its own attempt's tasks have acknowledged
///   fenced      a worker that runs an attempt never speaks for an older one again
///   state       what a restored checkpoint remembers is what an undisturbed run remembers with its
///               barrier behind the same rows (tests/sim/sim_state.h)
///   promise     what tests/coordinator/witness.h knows of; after a restore no complete() is sent
///               before every sink has settled, among others
///   credit      no frame comes without a credit, no credit is given twice
class SimOracles {
 public:
  /// Begins to watch; the cluster outlives this, which must live as long as the cluster runs.
  /// `kind` is what the job computes; absent: its state is not compared with anything.
  SimOracles(SimCluster& cluster, JobId job, std::optional<SimJob> kind = std::nullopt);

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
  void OnAck(const proto::CheckpointAck& ack);
  /// A worker's process says something as a part of this attempt.
  void OnSpeaks(const SimNode& worker, const proto::AttemptId& attempt, bool runs);
  void CheckState(std::uint64_t checkpoint);
  /// Reads records that have come to the log since the last call.
  void ReadLog();
  void CheckManifest(const proto::Manifest& manifest);
  void CheckAcks(const proto::Manifest& manifest);
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
    // Hashes of the snapshots acknowledged, by checkpoint and task.
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> acked;
  };
  using AttemptKey = std::pair<std::uint64_t, std::uint32_t>;  // Generation, n.
  std::map<AttemptKey, AttemptFacts> attempts_;
  // The newest attempt that runs on a worker's process.
  std::map<std::pair<std::string, std::uint32_t>, AttemptKey> running_;
  const std::optional<SimJob> kind_;
  std::map<std::uint64_t, proto::Manifest> manifests_;  // By checkpoint.
  std::set<std::uint64_t> compared_;                    // Checkpoints whose state was looked at.
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_SIM_SIM_ORACLES_H_
