// SPDX-License-Identifier: Apache-2.0
//
// Leadership and workers; jobs are in coordinator_jobs.cc.

#include "coordinator/coordinator_core.h"

#include <utility>

#include "base/check.h"
#include "coordinator/deployment.h"
#include "fmt/format.h"
#include "storage/layout.h"

namespace thalweg::coordinator {

CoordinatorCore::CoordinatorCore(const Environment& environment,
                                 CoordinatorOptions options,
                                 CoordinatorListener& listener)
    : environment_(environment),
      options_(std::move(options)),
      listener_(listener),
      nonce_(environment.random.Next()),
      cluster_log_(environment_, storage::ClusterLogPrefix(), nonce_, *this),
      sessions_(environment_, options_.address, *this) {}

void CoordinatorCore::Start() {
  CHECK(phase_ == Phase::kIdle);
  phase_ = Phase::kElecting;
  Elect();
}

void CoordinatorCore::Elect() {
  cluster_ = ClusterLogState();
  cluster_log_.ReadAll(
      [this](StatusOr<LogWriter::Records> records) { OnClusterRead(std::move(records)); });
}

void CoordinatorCore::OnClusterRead(StatusOr<LogWriter::Records> records) {
  Status status = records.status();
  for (std::size_t i = 0; status.ok() && i < records->size(); ++i) {
    status = cluster_.Apply((*records)[i]).status();
  }
  if (!status.ok()) {
    StepDown(Annotate(status, "The cluster's log"));
    return;
  }
  generation_ = Generation(cluster_.generation().value() + 1);
  proto::LogRecord record;
  record.mutable_new_generation()->set_generation(generation_.value());
  record.mutable_new_generation()->set_leader(options_.name);
  cluster_log_.Append(
      generation_, std::move(record), [this](const Status& appended) { OnElected(appended); });
}

Status CoordinatorCore::OnForeign(const proto::LogRecord& record) {
  // Somebody else was elected with the number that this process wanted.
  if (phase_ == Phase::kElecting && Generation(record.generation()) >= generation_) {
    return FailedPrecondition(
        fmt::format("Generation {} has been taken by another.", record.generation()));
  }
  return cluster_.Apply(record).status();
}

void CoordinatorCore::OnElected(const Status& status) {
  if (status.ok()) {
    Lead();
  } else if (status.code() == StatusCode::kFailedPrecondition && ++elections_ < kElectionsMax) {
    Elect();
  } else {
    StepDown(Annotate(status, "The cluster's log"));
  }
}

void CoordinatorCore::Lead() {
  phase_ = Phase::kLeading;
  environment_.log.Info("Leading", {{"generation", generation_}, {"name", options_.name}});
  if (const Status status = sessions_.Listen(); !status.ok()) {
    StepDown(status);
    return;
  }
  for (const JobId& job : cluster_.jobs()) {
    JobHost& host = AddHost(job);
    host.Open(std::nullopt, [&host](const Status& status) {
      if (status.ok()) {
        host.Activate();
      }
    });
  }
  CheckLeadership();
  listener_.OnLeading(generation_);
  for (UniqueFunction<void()>& call : std::exchange(when_decided_, {})) {
    call();
  }
}

void CoordinatorCore::CheckLeadership() {
  // A leader that has nothing to append would never collide, and its workers would wait for
  // nothing.
  environment_.timers.At(environment_.clock.Now() + options_.leadership_check,
                         environment_.mailbox,
                         lifeline_.Guard([this] {
                           cluster_log_.ReadAgain(generation_, [this](const Status& status) {
                             if (status.code() == StatusCode::kFailedPrecondition) {
                               StepDown(status);
                             } else if (phase_ == Phase::kLeading) {
                               CheckLeadership();
                             }
                           });
                         }));
}

void CoordinatorCore::StepDown(const Status& status) {
  if (phase_ == Phase::kOver) {
    return;
  }
  environment_.log.Warn("Stepping down",
                        {{"generation", generation_}, {"reason", MessageOf(status)}});
  phase_ = Phase::kOver;
  over_ = status;
  sessions_.Close();
  if (heartbeat_timer_) {
    environment_.timers.Cancel(*std::exchange(heartbeat_timer_, std::nullopt));
  }
  for (const JobId& job : order_) {
    hosts_.at(job)->Stop(Over());
  }
  for (UniqueFunction<void()>& call : std::exchange(when_decided_, {})) {
    call();
  }
  // As a mail of its own: this may be deep inside a host's call.
  environment_.mailbox.Post(lifeline_.Guard([this] { listener_.OnSteppedDown(over_); }));
}

Status CoordinatorCore::Over() const {
  return Unavailable(fmt::format("This coordinator has stepped down; ask the one that leads. {}",
                                 MessageOf(over_)));
}

void CoordinatorCore::WhenDecided(UniqueFunction<void()> call) {
  if (phase_ == Phase::kLeading || phase_ == Phase::kOver) {
    call();
  } else {
    when_decided_.push_back(std::move(call));
  }
}

void CoordinatorCore::OnRegister(const WorkerId& worker, const proto::RegisterWorker& message) {
  const MonoTime now = environment_.clock.Now();
  const bool repeated = workers_.Find(worker) != nullptr;
  if (repeated) {
    workers_.OnHeard(worker, now);
  } else {
    environment_.log.Info("A worker has registered",
                          {{"worker", worker}, {"slots", message.slots()}});
    workers_.Add(worker, message.exchange_address(), message.slots(), now);
  }
  proto::CoordinatorMessage accepted;
  accepted.mutable_accepted()->set_generation(generation_.value());
  accepted.mutable_accepted()->set_heartbeat_interval_millis(options_.heartbeat_interval.count());
  SendTo(worker, std::move(accepted));
  CancelUnwanted(worker, message);
  if (!repeated) {
    for (const std::string& job : message.died_with_jobs()) {
      if (JobHost* host = FindHost(JobId(job))) {
        host->OnDeath();
      }
    }
  }
  ArmHeartbeatTimer();
  AfterEvent();
}

void CoordinatorCore::CancelUnwanted(const WorkerId& worker, const proto::RegisterWorker& message) {
  for (const proto::DeploymentStatus& running : message.running()) {
    const JobId job(running.job_id());
    const JobHost* host = FindHost(job);
    if (host != nullptr && host->machine() != nullptr && host->broken().ok() &&
        host->machine()->IsLive(FromProto(running.attempt()), worker)) {
      continue;
    }
    workers_.AddUnwanted(worker, job, FromProto(running.attempt()));
    proto::CoordinatorMessage cancel;
    cancel.mutable_cancel()->set_job_id(running.job_id());
    *cancel.mutable_cancel()->mutable_attempt() = running.attempt();
    SendTo(worker, std::move(cancel));
  }
}

void CoordinatorCore::OnWorkerMessage(const WorkerId& worker, const proto::WorkerMessage& message) {
  workers_.OnHeard(worker, environment_.clock.Now());
  std::string job;
  switch (message.message_case()) {
    case proto::WorkerMessage::kHeartbeat: {
      proto::CoordinatorMessage echo;
      *echo.mutable_heartbeat() = message.heartbeat();
      SendTo(worker, std::move(echo));
      return;
    }
    case proto::WorkerMessage::kGone:
      job = message.gone().job_id();
      workers_.OnGone(worker, JobId(job), FromProto(message.gone().attempt()));
      break;
    case proto::WorkerMessage::kTaskStatus:
      job = message.task_status().job_id();
      break;
    case proto::WorkerMessage::kAck:
      job = message.ack().job_id();
      break;
    case proto::WorkerMessage::kDeclined:
      job = message.declined().job_id();
      break;
    case proto::WorkerMessage::kCommitAck:
      job = message.commit_ack().job_id();
      break;
    case proto::WorkerMessage::kReplayed:
      job = message.replayed().job_id();
      break;
    default:
      return;
  }
  if (JobHost* host = FindHost(JobId(job))) {
    host->OnMessage(worker, message);
  }
  AfterEvent();
}

void CoordinatorCore::OnWorkerGone(const WorkerId& worker, const std::string& reason) {
  environment_.log.Warn("A worker is lost", {{"worker", worker}, {"reason", reason}});
  workers_.Remove(worker);
  for (const JobId& job : std::vector<JobId>(order_)) {
    hosts_.at(job)->OnWorkerLost(worker);
  }
  AfterEvent();
}

void CoordinatorCore::ArmHeartbeatTimer() {
  // One timer for all: it fires for the oldest sign of life, and is then armed for the next.
  if (heartbeat_timer_ || phase_ != Phase::kLeading) {
    return;
  }
  if (const auto due = workers_.NextLoss(options_.heartbeat_patience)) {
    heartbeat_timer_ = environment_.timers.At(*due, environment_.mailbox, lifeline_.Guard([this] {
      heartbeat_timer_ = std::nullopt;
      DropSilentWorkers();
    }));
  }
}

void CoordinatorCore::DropSilentWorkers() {
  for (const WorkerId& worker :
       workers_.LostWorkers(environment_.clock.Now(), options_.heartbeat_patience)) {
    DropWorker(worker,
               fmt::format("It was not heard of for {} ms.", options_.heartbeat_patience.count()));
  }
  ArmHeartbeatTimer();
}

void CoordinatorCore::SendTo(const WorkerId& worker, proto::CoordinatorMessage message) {
  if (phase_ != Phase::kLeading) {
    return;
  }
  message.set_generation(generation_.value());
  sessions_.Send(worker, message);
}

void CoordinatorCore::DropWorker(const WorkerId& worker, const std::string& reason) {
  sessions_.Drop(worker, reason);
}

void CoordinatorCore::AfterEvent() {
  if (offering_slots_ || phase_ != Phase::kLeading) {
    return;
  }
  offering_slots_ = true;
  while (slots_version_ != workers_.version()) {
    slots_version_ = workers_.version();
    for (const JobId& job : std::vector<JobId>(order_)) {
      JobHost& host = *hosts_.at(job);
      if (host.machine() != nullptr && host.machine()->missing_slots() > 0) {
        host.OnTick();
      }
    }
  }
  offering_slots_ = false;
}

}  // namespace thalweg::coordinator
