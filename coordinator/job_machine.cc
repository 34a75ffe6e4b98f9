// SPDX-License-Identifier: Apache-2.0

#include "coordinator/job_machine.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "coordinator/graph.h"
#include "coordinator/restore_planner.h"
#include "fmt/format.h"

namespace thalweg::coordinator {

JobMachine::JobMachine(JobId job,
                       Generation generation,
                       JobLogState log,
                       WorkerTable& workers,
                       const JobMachineOptions& options)
    : job_(std::move(job)),
      generation_(generation),
      options_(options),
      workers_(workers),
      log_(std::move(log)),
      attempt_{.generation = generation, .n = 0},
      superseded_(job_),
      orphans_(job_, generation, options.orphan_grace) {}

StatusOr<std::unique_ptr<JobMachine>> JobMachine::Create(JobId job,
                                                         Generation generation,
                                                         JobLogState log,
                                                         WorkerTable& workers,
                                                         const JobMachineOptions& options) {
  CHECK(log.submitted().has_value());
  // An earlier leader has seen to these; what it left is an orphan.
  log.TakeSuperseded();
  std::unique_ptr<JobMachine> machine(
      new JobMachine(std::move(job), generation, std::move(log), workers, options));
  proto::JobGraph graph = machine->graph();
  RETURN_IF_ERROR(NormalizeGraph(graph));
  RETURN_IF_ERROR(machine->AdoptOptions());
  return machine;
}

Status JobMachine::AdoptOptions() {
  ASSIGN_OR_RETURN(const CheckpointOptions checkpoints,
                   CheckpointOptionsFrom(graph().checkpoints()));
  ASSIGN_OR_RETURN(const RestartOptions restart, RestartOptionsFrom(graph().restart()));
  tracker_.set_options(checkpoints);
  policy_ = RestartPolicy(restart);
  return OkStatus();
}

Decisions JobMachine::Start(MonoTime now) {
  if (log_.ended()) {
    state_ = StateOf(log_.ended()->end());
    reason_ = log_.ended()->reason();
    phase_ = Phase::kOver;
    return Take();
  }
  if (log_.newest() != nullptr) {
    state_ = JobState::kRestarting;
  }
  if (log_.intent()) {
    MoveTo(IsCancelWanted() ? JobState::kCancelling : JobState::kStopping, "");
  }
  AfterGone(now);
  return Take();
}

void JobMachine::MoveTo(JobState state, std::string reason) {
  if (state == state_) {
    return;
  }
  CHECK(MayMove(state_, state));
  state_ = state;
  reason_ = std::move(reason);
  out_.push_back(StateDecision{.state = state_, .reason = reason_});
}

void JobMachine::Append(proto::LogRecord record) {
  appends_.push_back(std::move(record));
  ++append_count_;
  if (appends_.size() == 1) {
    out_.push_back(AppendDecision{.record = appends_.front()});
  }
}

Decisions JobMachine::OnAppended(MonoTime now) {
  CHECK(!appends_.empty());
  proto::LogRecord record = std::move(appends_.front());
  appends_.pop_front();
  record.set_generation(generation_.value());
  const StatusOr<Folded> folded = log_.Apply(record);
  CHECK_OK(folded);
  if (!appends_.empty()) {
    out_.push_back(AppendDecision{.record = appends_.front()});
  }
  switch (record.record_case()) {
    case proto::LogRecord::kManifest:
      OnManifestAppended(record.manifest(), now);
      break;
    case proto::LogRecord::kIntent:
      OnIntentAppended(now);
      break;
    case proto::LogRecord::kEnded:
      OnEndedAppended(now);
      break;
    case proto::LogRecord::kSubmitted:
      OnSubmittedAppended(now);
      break;
    case proto::LogRecord::kState:
      out_.push_back(TruncateDecision{});
      CollectGarbage();
      break;
    default:
      break;
  }
  // A restart may have waited for the log to come to rest.
  TryDeploy(now);
  return Take();
}

bool JobMachine::IsCancelWanted() const {
  return log_.intent() && log_.intent()->wanted() == proto::JOB_CANCELED;
}

StatusOr<Decisions> JobMachine::Cancel() {
  if (state_ == JobState::kCanceled || state_ == JobState::kCancelling) {
    return Decisions{};
  }
  if (IsEnd(state_) || ending_) {
    return FailedPrecondition(
        fmt::format("Job {} cannot be cancelled: it is {}.",
                    job_.value(),
                    IsEnd(state_) ? NameOf(state_) : NameOf(StateOf(ending_->end()))));
  }
  proto::LogRecord record;
  record.mutable_intent()->set_wanted(proto::JOB_CANCELED);
  Append(std::move(record));
  return Take();
}

StatusOr<Decisions> JobMachine::Stop(bool drain) {
  if (state_ == JobState::kStopped || state_ == JobState::kStopping) {
    return Decisions{};
  }
  if (IsEnd(state_) || ending_ || state_ == JobState::kCancelling) {
    return FailedPrecondition(
        fmt::format("Job {} cannot be stopped: it is {}.",
                    job_.value(),
                    ending_ ? NameOf(StateOf(ending_->end())) : NameOf(state_)));
  }
  proto::LogRecord record;
  record.mutable_intent()->set_wanted(proto::JOB_STOPPED);
  record.mutable_intent()->set_drain(drain);
  Append(std::move(record));
  return Take();
}

StatusOr<Decisions> JobMachine::Change(proto::JobGraph graph) {
  const bool taken_up = state_ == JobState::kStopped || state_ == JobState::kFailed;
  const bool alive = state_ == JobState::kCreated || state_ == JobState::kRunning ||
                     state_ == JobState::kRestarting;
  if (!(taken_up || (alive && !ending_ && !log_.settling()))) {
    return FailedPrecondition(fmt::format(
        "Job {} cannot be changed: it is {} or about to end.", job_.value(), NameOf(state_)));
  }
  if (log_.newest() != nullptr && log_.newest()->kind() == proto::CHECKPOINT_DRAIN) {
    return FailedPrecondition(fmt::format(
        "Job {} was drained: its last watermark is behind all further rows.", job_.value()));
  }
  if (graph.key_group_count() == 0) {
    graph.set_key_group_count(this->graph().key_group_count());
  }
  RETURN_IF_ERROR(NormalizeGraph(graph));
  RETURN_IF_ERROR(CheckpointOptionsFrom(graph.checkpoints()).status());
  RETURN_IF_ERROR(RestartOptionsFrom(graph.restart()).status());
  if (graph.key_group_count() != this->graph().key_group_count()) {
    return FailedPrecondition(fmt::format("Job {} has {} key groups; their number is fixed.",
                                          job_.value(),
                                          this->graph().key_group_count()));
  }
  if (log_.newest() != nullptr) {
    RETURN_IF_ERROR(PlanRestore(*log_.newest(), graph).status());
  }
  proto::LogRecord record;
  *record.mutable_submitted() = *log_.submitted();
  *record.mutable_submitted()->mutable_graph() = std::move(graph);
  Append(std::move(record));
  return Take();
}

void JobMachine::OnSubmittedAppended(MonoTime now) {
  CHECK_OK(AdoptOptions());
  if (IsEnd(state_)) {
    ending_ = std::nullopt;
    ended_appending_ = false;
  }
  if (ending_ || state_ == JobState::kCancelling) {
    return;
  }
  // A stop that became durable in the meantime is carried on with the new graph.
  if (state_ != JobState::kCreated && state_ != JobState::kStopping) {
    MoveTo(JobState::kRestarting, "The job was changed.");
  }
  restart_at_ = std::nullopt;
  if (phase_ == Phase::kDeployed) {
    StopDeployment(now);
  } else if (phase_ == Phase::kOver) {
    phase_ = Phase::kWaiting;
  }
}

void JobMachine::OnIntentAppended(MonoTime now) {
  if (ending_ || IsEnd(state_)) {
    return;  // The end was decided while the intent was under way.
  }
  if (!IsCancelWanted()) {
    MoveTo(JobState::kStopping, "");
    if (phase_ == Phase::kDeployed && deployment_->all_run() && !log_.settling()) {
      tracker_.RequestLast(log_.intent()->drain() ? proto::CHECKPOINT_DRAIN
                                                  : proto::CHECKPOINT_STOP);
      Carry(tracker_.OnTick(now), now);
    }
    return;
  }
  MoveTo(JobState::kCancelling, "");
  if (phase_ == Phase::kDeployed) {
    StopDeployment(now);
  } else if (phase_ == Phase::kWaiting) {
    AfterGone(now);
  }
}

void JobMachine::End(proto::JobEnd end, std::string reason, MonoTime now) {
  if (ending_) {
    return;
  }
  ending_.emplace();
  ending_->set_end(end);
  ending_->set_reason(std::move(reason));
  if (end == proto::JOB_FAILED && phase_ == Phase::kDeployed) {
    StopDeployment(now);  // Appended when nothing runs any more.
  } else if (phase_ != Phase::kCancelling) {
    AppendEnded();
  }
}

void JobMachine::AppendEnded() {
  if (std::exchange(ended_appending_, true)) {
    return;
  }
  proto::LogRecord record;
  *record.mutable_ended() = *ending_;
  Append(std::move(record));
}

void JobMachine::OnEndedAppended(MonoTime now) {
  MoveTo(StateOf(log_.ended()->end()), log_.ended()->reason());
  if (phase_ == Phase::kDeployed) {
    StopDeployment(now);
  } else if (phase_ == Phase::kWaiting) {
    AfterGone(now);
  }
}

Decisions JobMachine::OnDeath(MonoTime now) {
  if (!IsEnd(state_) && !IsCancelWanted() && policy_.OnDeath()) {
    End(proto::JOB_FAILED,
        fmt::format("{} workers died with a task of this job on a lane, without a checkpoint "
                    "between them.",
                    kDeathsMax),
        now);
  }
  return Take();
}

Decisions JobMachine::OnTick(MonoTime now) {
  if (phase_ == Phase::kDeployed && !ending_) {
    Carry(tracker_.OnTick(now), now);
  }
  if (phase_ == Phase::kCancelling && now >= cancel_deadline_) {
    for (const WorkerId& worker : deployment_->waiting_for_gone()) {
      out_.push_back(DropWorkerDecision{
          .worker = worker,
          .reason = fmt::format("It has not confirmed in {} ms that its tasks are gone.",
                                options_.cancel_timeout.count())});
    }
  }
  ListOrphans(now);
  TryDeploy(now);
  return Take();
}

std::optional<MonoTime> JobMachine::WakeAt() const {
  std::optional<MonoTime> wake;
  const auto consider = [&](std::optional<MonoTime> at) {
    if (at) {
      wake = wake ? std::min(*wake, *at) : *at;
    }
  };
  switch (phase_) {
    case Phase::kDeployed:
      if (!ending_) {
        consider(tracker_.WakeAt());
      }
      break;
    case Phase::kCancelling:
      consider(cancel_deadline_);
      break;
    case Phase::kWaiting:
      consider(restart_at_);
      break;
    case Phase::kOver:
      break;
  }
  consider(list_at_);
  return wake;
}

}  // namespace thalweg::coordinator
