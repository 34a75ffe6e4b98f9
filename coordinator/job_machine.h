// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_JOB_MACHINE_H_
#define THALWEG_COORDINATOR_JOB_MACHINE_H_

// Everything that is decided about one job: events in, decisions out.
//
// The job's state (job_state.h) is what users see; its deployment goes round below it:
//
//   kWaiting ──slots free, delay over, log idle──▶ kDeployed ──ended and durable──┐
//       ▲                                             │ fails, is cancelled        │
//       └────────── all workers confirmed ── kCancelling ◀─────────────────────────┘
//                                               └────────▶ kOver
//
// Durable before visible holds by construction. What must be durable is an AppendDecision, and what
// depends on it is decided in OnAppended() alone: complete() there for a manifest, cancel and stop
// for an intent, the end for an end. Appends go out one at a time, in order. A restart is decided
// only while none is under way: a manifest whose fate is unknown may be the newest durable one.
//
// Pure: no clock, no lock, no I/O. One thread at a time.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "coordinator/checkpoint_tracker.h"
#include "coordinator/decision.h"
#include "coordinator/deployment.h"
#include "coordinator/garbage.h"
#include "coordinator/job_state.h"
#include "coordinator/log_replay.h"
#include "coordinator/restart_policy.h"
#include "coordinator/restore_gate.h"
#include "coordinator/worker_table.h"
#include "proto/control.pb.h"

namespace thalweg::coordinator {

struct JobMachineOptions {
  Milliseconds cancel_timeout{5'000};  // A worker that has not confirmed by then counts as lost.
  Milliseconds orphan_grace{600'000};  // Between the two listings that make a file an orphan.
  std::size_t truncate_after = 256;    // Manifests between two truncations of the job's log.
};

class JobMachine {
 public:
  /// Takes the job over as its log stands, this leader's generation included. `workers` is shared
  /// by all jobs and outlives them. kInvalidArgument, kUnimplemented: the stored graph cannot run
  /// in this program.
  static StatusOr<std::unique_ptr<JobMachine>> Create(JobId job,
                                                      Generation generation,
                                                      JobLogState log,
                                                      WorkerTable& workers,
                                                      const JobMachineOptions& options);

  /// First of all, once.
  Decisions Start(MonoTime now);

  /// The record of the last AppendDecision is durable.
  Decisions OnAppended(MonoTime now);

  /// A message about this job. Repeats and whatever is not of the current attempt are ignored.
  Decisions OnMessage(const WorkerId& from, const proto::WorkerMessage& message, MonoTime now);

  /// The worker has been taken out of the table.
  Decisions OnWorkerLost(const WorkerId& worker, MonoTime now);

  /// A host reports that its previous process died with a task of this job on a lane.
  Decisions OnDeath(MonoTime now);

  /// The answer to a ListFilesDecision.
  Decisions OnListed(const std::vector<std::string>& keys, MonoTime now);

  /// Time has passed, or slots may have become free.
  Decisions OnTick(MonoTime now);

  /// What users want. The decisions hold the append of the intent; it is in force once appended.
  /// kFailedPrecondition: the job is in a state that does not allow it. Repeats are OK.
  StatusOr<Decisions> Cancel();
  StatusOr<Decisions> Stop(bool drain);

  /// Runs the job with another graph from its newest checkpoint on; takes up a job that was stopped
  /// or has failed. Errors of NormalizeGraph() and PlanRestore() too: nothing has changed then.
  StatusOr<Decisions> Change(proto::JobGraph graph);

  /// When OnTick() has something to do next.
  std::optional<MonoTime> WakeAt() const;

  /// Does this worker hold tasks of this attempt, which is the one that runs?
  bool IsLive(const Attempt& attempt, const WorkerId& worker) const;

  const JobId& job() const { return job_; }
  JobState state() const { return state_; }
  const std::string& reason() const { return reason_; }
  Attempt attempt() const { return attempt_; }
  std::uint32_t missing_slots() const { return missing_slots_; }
  std::uint32_t restarts() const { return policy_.restarts(); }
  const JobLogState& log() const { return log_; }
  const CheckpointStats& checkpoints() const { return tracker_.stats(); }

  /// Appends decided so far; with appended_count() it tells when an own one is durable.
  std::uint64_t append_count() const { return append_count_; }
  std::uint64_t appended_count() const { return append_count_ - appends_.size(); }

 private:
  enum class Phase { kWaiting, kDeployed, kCancelling, kOver };

  JobMachine(JobId job,
             Generation generation,
             JobLogState log,
             WorkerTable& workers,
             const JobMachineOptions& options);

  const proto::JobGraph& graph() const { return log_.submitted()->graph(); }
  Status AdoptOptions();

  // job_machine.cc: the job's life.
  void MoveTo(JobState state, std::string reason);
  void Append(proto::LogRecord record);
  void OnSubmittedAppended(MonoTime now);
  void OnIntentAppended(MonoTime now);
  void OnEndedAppended(MonoTime now);
  bool IsCancelWanted() const;
  void End(proto::JobEnd end, std::string reason, MonoTime now);
  void AppendEnded();
  Decisions Take() { return std::exchange(out_, {}); }

  // job_machine_deploy.cc: attempts, one after the other.
  void TryDeploy(MonoTime now);
  void OnTaskStatus(const WorkerId& from, const proto::TaskStatus& status, MonoTime now);
  void OnAllRun(MonoTime now);
  void FailAttempt(StatusCode code, const std::string& reason, MonoTime now);
  void StopDeployment(MonoTime now);
  void LeaveIfAllGone(MonoTime now);
  void AfterGone(MonoTime now);
  void SendToAll(const proto::CoordinatorMessage& message);
  bool IsCurrent(const std::string& job, const proto::AttemptId& attempt) const;

  // job_machine_checkpoint.cc: checkpoints of the current attempt, and their files.
  void Carry(std::vector<CheckpointStep> steps, MonoTime now);
  void Persist(PersistStep step, MonoTime now);
  void OnManifestAppended(const proto::Manifest& manifest, MonoTime now);
  void Complete(CheckpointId id, MonoTime now);
  void OnReplayed(TaskId task, MonoTime now);
  void OnCommitted(TaskId task, CheckpointId id, MonoTime now);
  void Settled(MonoTime now);
  void CollectGarbage();
  void ListOrphans(MonoTime now);

  // Constant after construction.
  const JobId job_;
  const Generation generation_;
  const JobMachineOptions options_;
  WorkerTable& workers_;

  // The job.
  JobLogState log_;  // What is durable.
  JobState state_ = JobState::kCreated;
  std::string reason_;  // Of the last failure or the end.
  std::optional<proto::JobEnded> ending_;
  bool ended_appending_ = false;
  std::deque<proto::LogRecord> appends_;  // The first one is under way.
  std::uint64_t append_count_ = 0;

  // Its deployment.
  Phase phase_ = Phase::kWaiting;
  Attempt attempt_;
  std::optional<Deployment> deployment_;
  Placement last_placement_;
  std::uint32_t missing_slots_ = 0;
  std::optional<MonoTime> restart_at_;
  MonoTime cancel_deadline_;
  RestartPolicy policy_{RestartOptions{}};

  // Its checkpoints.
  CheckpointTracker tracker_{CheckpointOptions{}};
  RestoreGate gate_;
  std::optional<std::set<TaskId>>
      committing_;  // Sinks that have not committed the last checkpoint.
  SupersededFiles superseded_;
  OrphanFinder orphans_;
  int listings_left_ = 2;
  std::optional<MonoTime> list_at_;

  Decisions out_;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_JOB_MACHINE_H_
