// SPDX-License-Identifier: Apache-2.0
//
// Attempts of a job, one after the other.

#include <utility>

#include "base/check.h"
#include "base/mutation.h"
#include "coordinator/graph.h"
#include "coordinator/job_machine.h"
#include "coordinator/restore_planner.h"
#include "fmt/format.h"

namespace thalweg::coordinator {

void JobMachine::TryDeploy(MonoTime now) {
  if (phase_ != Phase::kWaiting || ending_ || IsCancelWanted() ||
      (restart_at_ && now < *restart_at_)) {
    return;
  }
  restart_at_ = std::nullopt;
  // An append under way may be the manifest that the restart has to use.
  if (!appends_.empty() && !Mutated(Mutation::kRestoreWhileAppending)) {
    return;
  }
  PlaceResult placed = Place(SlotsNeeded(graph()), workers_.FreeSlots(), last_placement_);
  missing_slots_ = placed.missing_slots;
  if (missing_slots_ > 0) {
    return;
  }
  const proto::Manifest* manifest = log_.newest();
  if (Mutated(Mutation::kRestoreSecondNewest) && log_.manifests().size() > 1) {
    manifest = &log_.manifests().front();
  }
  DeployPlan plan{.job = job_,
                  .lineage = log_.submitted()->lineage(),
                  .graph = graph(),
                  .restores = {},
                  .restored = CheckpointId(0)};
  if (manifest != nullptr) {
    StatusOr<std::map<TaskId, proto::TaskRestore>> restores = PlanRestore(*manifest, graph());
    if (!restores.ok()) {
      End(proto::JOB_FAILED, std::string(MessageOf(restores.status())), now);
      return;
    }
    plan.restores = *std::move(restores);
    plan.restored = CheckpointId(manifest->checkpoint_id());
  }
  ++attempt_.n;
  workers_.Reserve(job_, placed.placement);
  deployment_.emplace(attempt_, std::move(placed.placement), graph());
  gate_.Close(manifest == nullptr ? std::set<TaskId>{} : SinkTasksOf(graph()));
  phase_ = Phase::kDeployed;
  for (auto& [worker, deploy] : BuildDeployMessages(plan, *deployment_, workers_)) {
    SendDecision send{.worker = worker, .message = {}};
    *send.message.mutable_deploy() = std::move(deploy);
    out_.push_back(std::move(send));
  }
}

bool JobMachine::IsCurrent(const std::string& job, const proto::AttemptId& attempt) const {
  return job == job_.value() && phase_ == Phase::kDeployed &&
         (FromProto(attempt) == deployment_->attempt() || Mutated(Mutation::kStaleAttemptAccepted));
}

bool JobMachine::IsLive(const Attempt& attempt, const WorkerId& worker) const {
  return phase_ == Phase::kDeployed && attempt == deployment_->attempt() &&
         deployment_->workers().contains(worker);
}

Decisions JobMachine::OnMessage(const WorkerId& from,
                                const proto::WorkerMessage& message,
                                MonoTime now) {
  switch (message.message_case()) {
    case proto::WorkerMessage::kTaskStatus:
      OnTaskStatus(from, message.task_status(), now);
      break;
    case proto::WorkerMessage::kAck: {
      const proto::CheckpointAck& ack = message.ack();
      if (IsCurrent(ack.job_id(), ack.attempt()) &&
          deployment_->Has(TaskId(ack.snapshot().task()))) {
        Carry(tracker_.OnAck(CheckpointId(ack.checkpoint_id()), ack.snapshot(), now), now);
      }
      break;
    }
    case proto::WorkerMessage::kDeclined: {
      const proto::CheckpointDeclined& declined = message.declined();
      if (IsCurrent(declined.job_id(), declined.attempt())) {
        Carry(tracker_.OnDeclined(CheckpointId(declined.checkpoint_id()), declined.reason(), now),
              now);
      }
      break;
    }
    case proto::WorkerMessage::kCommitAck: {
      const proto::CommitAck& commit = message.commit_ack();
      if (IsCurrent(commit.job_id(), commit.attempt())) {
        OnCommitted(TaskId(commit.task()), CheckpointId(commit.checkpoint_id()), now);
      }
      break;
    }
    case proto::WorkerMessage::kReplayed: {
      const proto::SinkReplayed& replayed = message.replayed();
      if (IsCurrent(replayed.job_id(), replayed.attempt())) {
        OnReplayed(TaskId(replayed.task()), now);
      }
      break;
    }
    case proto::WorkerMessage::kGone:
      if (phase_ == Phase::kCancelling && FromProto(message.gone().attempt()) >= attempt_) {
        deployment_->OnGone(from);
        LeaveIfAllGone(now);
      }
      break;
    default:
      break;
  }
  return Take();
}

void JobMachine::OnTaskStatus(const WorkerId& from, const proto::TaskStatus& status, MonoTime now) {
  const TaskId task(status.task());
  if (status.state() == proto::TASK_FAILED) {
    // Of the newest attempt, even when it is being cancelled already: the first report of a failure
    // often is not the cause but its neighbour.
    if (FromProto(status.attempt()) == attempt_) {
      FailAttempt(static_cast<StatusCode>(status.error_code()),
                  fmt::format("Task {} of vertex {} on worker {} failed: {}",
                              SubtaskIndexOf(task),
                              VertexIndexOf(task),
                              from.value(),
                              status.error()),
                  now);
    }
    return;
  }
  if (!IsCurrent(status.job_id(), status.attempt()) || !deployment_->Has(task) ||
      deployment_->WorkerOf(task) != from) {
    return;
  }
  const bool all_ended = status.state() == proto::TASK_ENDED && deployment_->OnEnded(task);
  if (deployment_->OnRunning(task)) {
    OnAllRun(now);
  } else if (all_ended && !log_.settling()) {
    tracker_.RequestLast(proto::CHECKPOINT_FINAL);
    Carry(tracker_.OnTick(now), now);
  }
}

void JobMachine::OnAllRun(MonoTime now) {
  if (state_ != JobState::kStopping) {
    MoveTo(JobState::kRunning, "");
  }
  if (log_.settling()) {
    // The last checkpoint is durable already: only what it left pending has to become visible.
    if (gate_.is_open()) {
      Settled(now);
    }
    return;
  }
  const proto::Manifest* newest = log_.newest();
  tracker_.Start(
      deployment_->TaskSet(), CheckpointId(newest == nullptr ? 0 : newest->checkpoint_id()), now);
  if (log_.intent()) {
    tracker_.RequestLast(log_.intent()->drain() ? proto::CHECKPOINT_DRAIN : proto::CHECKPOINT_STOP);
  } else if (deployment_->all_ended()) {
    tracker_.RequestLast(proto::CHECKPOINT_FINAL);
  }
  Carry(tracker_.OnTick(now), now);
}

Decisions JobMachine::OnWorkerLost(const WorkerId& worker, MonoTime now) {
  if (!deployment_ || !deployment_->workers().contains(worker)) {
    return Take();
  }
  if (phase_ == Phase::kCancelling) {
    deployment_->OnGone(worker);
    LeaveIfAllGone(now);
  } else {
    FailAttempt(StatusCode::kUnavailable, fmt::format("Worker {} is lost.", worker.value()), now);
  }
  return Take();
}

void JobMachine::FailAttempt(StatusCode code, const std::string& reason, MonoTime now) {
  if (ending_ || IsEnd(state_) || IsCancelWanted()) {
    return;
  }
  if (!MayRestart(code)) {
    End(proto::JOB_FAILED, reason, now);
    return;
  }
  if (phase_ != Phase::kDeployed) {
    return;  // This attempt has failed already.
  }
  restart_at_ = policy_.OnFailure(now);
  if (!restart_at_) {
    End(proto::JOB_FAILED,
        fmt::format("{} restarts have not helped: {}", policy_.restarts(), reason),
        now);
    return;
  }
  if (state_ != JobState::kStopping) {
    MoveTo(JobState::kRestarting, reason);
  }
  reason_ = reason;
  StopDeployment(now);
}

void JobMachine::StopDeployment(MonoTime now) {
  CHECK(phase_ == Phase::kDeployed);
  phase_ = Phase::kCancelling;
  tracker_.Halt(now);
  committing_ = std::nullopt;
  cancel_deadline_ = now + options_.cancel_timeout;
  deployment_->StartCancel();
  for (const WorkerId& worker : deployment_->workers()) {
    if (workers_.Find(worker) == nullptr) {
      deployment_->OnGone(worker);
    }
  }
  proto::CoordinatorMessage message;
  message.mutable_cancel()->set_job_id(job_.value());
  *message.mutable_cancel()->mutable_attempt() = ToProto(attempt_);
  SendToAll(message);
  LeaveIfAllGone(now);
}

void JobMachine::LeaveIfAllGone(MonoTime now) {
  if (!deployment_->waiting_for_gone().empty()) {
    return;
  }
  workers_.Release(job_);
  last_placement_ = deployment_->placement();
  deployment_ = std::nullopt;
  phase_ = Phase::kWaiting;
  AfterGone(now);
}

void JobMachine::AfterGone(MonoTime now) {
  if (log_.ended()) {
    phase_ = Phase::kOver;
    // A failed or stopped job may be taken up again, so its files stay.
    if (state_ == JobState::kFinished || state_ == JobState::kCanceled) {
      out_.push_back(DeleteAllFilesDecision{});
    }
    return;
  }
  if (IsCancelWanted() && !ending_) {
    ending_.emplace();
    ending_->set_end(proto::JOB_CANCELED);
  }
  if (ending_) {
    AppendEnded();
    return;
  }
  TryDeploy(now);
}

void JobMachine::SendToAll(const proto::CoordinatorMessage& message) {
  for (const WorkerId& worker : deployment_->workers()) {
    if (workers_.Find(worker) != nullptr) {
      out_.push_back(SendDecision{.worker = worker, .message = message});
    }
  }
}

}  // namespace thalweg::coordinator
