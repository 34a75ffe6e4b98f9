// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_WITNESS_H_
#define THALWEG_COORDINATOR_WITNESS_H_

// Sees what workers of a test are commanded, compares it with what is durable, and writes down
// every broken promise.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "proto/control.pb.h"
#include "tests/testing/memory_store.h"

namespace thalweg::coordinator {

/// Names the entry by which a fake worker signs a snapshot with its attempt.
inline constexpr std::string_view kSignature = "signature";

class Witness {
 public:
  explicit Witness(std::shared_ptr<testing::MemoryDisk> disk);

  // What workers obey. `leader` names the process that sent it.
  void OnCommand(Generation generation, const std::string& leader);
  void OnDeploy(const proto::DeployJob& deploy);
  void OnComplete(const std::string& worker, const proto::CompleteCheckpoint& complete);

  // What workers report.
  void OnReplayed(const proto::SinkReplayed& replayed);
  void OnCommitted(const proto::CommitAck& committed);

  /// A user was told that the job has finished.
  void OnFinished(const JobId& job);

  /// Reads the job's log to its end and compares its manifests with each other and with what was
  /// deployed.
  void CheckLog(const JobId& job);

  /// Sentences, in the order of events.
  const std::vector<std::string>& violations() const { return violations_; }

  std::uint64_t completes() const { return completes_; }
  std::uint64_t deploys() const { return deploys_; }

 private:
  struct Deployed {
    std::uint64_t restored = 0;
    std::set<std::uint64_t> tasks;
    std::set<TaskId> sinks;
    std::set<TaskId> replayed;
  };
  struct Durable {
    std::uint64_t checkpoint = 0;
    Attempt taken_by;
    proto::CheckpointKind kind = proto::CHECKPOINT_PERIODIC;
  };
  struct Job {
    // The log, as far as it has been read. What is truncated later stays known.
    std::uint64_t next_slot = 0;
    std::set<Generation> generations;
    std::vector<Durable> manifests;

    // The newest checkpoint that a worker was told is complete, by the attempt that took it.
    std::map<Attempt, std::uint64_t> completed;
    std::map<std::pair<std::string, Attempt>, std::uint64_t> heard;  // The same, by worker.
    std::map<Attempt, Deployed> attempts;
    std::map<std::uint64_t, std::set<TaskId>> committed;
  };

  /// The job, with its log read to the end.
  Job& Read(const std::string& id);
  void ReadRecord(Job& job, const proto::LogRecord& record);
  void CheckManifest(const proto::Manifest& manifest);
  void Violation(std::string sentence);

  /// The newest checkpoint that this attempt must know to be complete. A worker that has not heard
  /// of a later attempt may still be told to run this one, late or by a deposed leader: then nobody
  /// listens to what it does.
  static std::uint64_t CompletedFor(const Job& job, const Attempt& attempt);

  testing::MemoryStore store_;
  std::map<Generation, std::string> leaders_;
  std::map<std::string, Job> jobs_;
  std::vector<std::string> violations_;
  std::uint64_t completes_ = 0;
  std::uint64_t deploys_ = 0;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_WITNESS_H_
