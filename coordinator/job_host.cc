// SPDX-License-Identifier: Apache-2.0

#include "coordinator/job_host.h"

#include <utility>

#include "base/check.h"
#include "base/mutation.h"
#include "coordinator/deployment.h"
#include "fmt/format.h"
#include "storage/layout.h"

namespace thalweg::coordinator {

JobHost::JobHost(const Environment& environment,
                 JobId job,
                 const Options& options,
                 WorkerTable& workers,
                 JobHostOwner& owner)
    : environment_(environment),
      job_(std::move(job)),
      options_(options),
      workers_(workers),
      owner_(owner),
      writer_(environment, storage::JobLogPrefix(job_), options.nonce, *this) {}

void JobHost::Open(std::optional<proto::JobSubmitted> submission,
                   UniqueFunction<void(const Status&)> done) {
  opened_ = std::move(done);
  writer_.ReadAll(
      [this, submission = std::move(submission)](StatusOr<LogWriter::Records> records) mutable {
        OnRead(std::move(records), std::move(submission));
      });
}

void JobHost::OnRead(StatusOr<LogWriter::Records> records,
                     std::optional<proto::JobSubmitted> submission) {
  if (stopped_) {
    return;
  }
  Status status = records.status();
  for (std::size_t i = 0; status.ok() && i < records->size(); ++i) {
    status = OnForeign((*records)[i]);
  }
  if (!status.ok()) {
    OnLogFailed(status);
    return;
  }
  auto submit = [this, submission = std::move(submission)]() mutable {
    const bool known =
        !submission || (log_.submitted() && log_.submitted()->graph().SerializeAsString() ==
                                                submission->graph().SerializeAsString());
    if (known) {
      FinishOpening(log_.submitted() ? OkStatus()
                                     : DataLoss("The log holds no submission of a job."));
      return;
    }
    if (log_.submitted()) {
      submission->set_lineage(log_.submitted()->lineage());
    }
    proto::LogRecord record;
    *record.mutable_submitted() = *std::move(submission);
    AppendOpening(std::move(record), [this] { FinishOpening(OkStatus()); });
  };
  // In an empty log the submission carries the generation itself.
  if (records->empty() || Mutated(Mutation::kCommandBeforeGeneration)) {
    submit();
    return;
  }
  proto::LogRecord record;
  record.mutable_new_generation()->set_generation(options_.generation.value());
  AppendOpening(std::move(record), std::move(submit));
}

void JobHost::AppendOpening(proto::LogRecord record, UniqueFunction<void()> next) {
  proto::LogRecord copy = record;
  copy.set_generation(options_.generation.value());
  writer_.Append(
      options_.generation,
      std::move(record),
      [this, copy = std::move(copy), next = std::move(next)](const Status& status) mutable {
        if (stopped_) {
          return;
        }
        const Status applied = status.ok() ? log_.Apply(copy).status() : status;
        if (applied.ok()) {
          next();
        } else {
          OnLogFailed(applied);
        }
      });
}

Status JobHost::OnForeign(const proto::LogRecord& record) {
  if (Generation(record.generation()) > options_.generation &&
      !Mutated(Mutation::kLostSlotIgnored)) {
    return FailedPrecondition(fmt::format("Generation {} leads; this is generation {}.",
                                          record.generation(),
                                          options_.generation.value()));
  }
  if (machine_ != nullptr) {
    // Behind our own generation's record a lower one has no say.
    environment_.log.Error("A deposed leader wrote to a log, its record is skipped",
                           {{"job", job_}, {"generation", record.generation()}});
    return OkStatus();
  }
  const StatusOr<Folded> folded = log_.Apply(record);
  return folded.status();
}

void JobHost::FinishOpening(const Status& status) {
  if (!status.ok()) {
    Break(status);
  }
  if (opened_) {
    std::exchange(opened_, nullptr)(status);
  }
}

void JobHost::Activate() {
  if (stopped_) {
    return;
  }
  StatusOr<std::unique_ptr<JobMachine>> machine =
      JobMachine::Create(job_, options_.generation, std::move(log_), workers_, options_.machine);
  if (!machine.ok()) {
    Break(machine.status());
    return;
  }
  machine_ = *std::move(machine);
  ready_ = true;
  Carry(machine_->Start(environment_.clock.Now()));
  for (UniqueFunction<void()>& call : std::exchange(when_ready_, {})) {
    call();
  }
}

void JobHost::OnLogFailed(const Status& status) {
  if (stopped_) {
    return;
  }
  if (status.code() == StatusCode::kFailedPrecondition) {
    owner_.OnDeposed(status);
    return;
  }
  FinishOpening(Annotate(status, fmt::format("The log of job {}", job_.value())));
}

void JobHost::Break(const Status& status) {
  environment_.log.Error("The job cannot be run", {{"job", job_}, {"error", MessageOf(status)}});
  broken_ = status;
  ready_ = true;
  if (machine_ != nullptr) {
    // Nothing of it can become durable any more, so nothing of it should run.
    proto::CoordinatorMessage message;
    message.mutable_cancel()->set_job_id(job_.value());
    *message.mutable_cancel()->mutable_attempt() = ToProto(machine_->attempt());
    for (const auto& [worker, entry] : workers_.workers()) {
      if (entry.slots_in_use.contains(job_)) {
        owner_.SendTo(worker, message);
        workers_.AddUnwanted(worker, job_, machine_->attempt());
      }
    }
    workers_.Release(job_);
  }
  for (Waiter& waiter : std::exchange(waiters_, {})) {
    waiter.done(status);
  }
  TellWatchers(JobOutcome{.state = JobState::kFailed, .reason = std::string(MessageOf(status))});
  for (UniqueFunction<void()>& call : std::exchange(when_ready_, {})) {
    call();
  }
}

void JobHost::Stop(const Status& status) {
  stopped_ = true;
  if (timer_) {
    environment_.timers.Cancel(*std::exchange(timer_, std::nullopt));
  }
  if (opened_) {
    std::exchange(opened_, nullptr)(status);
  }
  for (Waiter& waiter : std::exchange(waiters_, {})) {
    waiter.done(status);
  }
  TellWatchers(status);
  // Those who wait for the job to be ready find out that nobody leads.
  ready_ = true;
  for (UniqueFunction<void()>& call : std::exchange(when_ready_, {})) {
    call();
  }
}

void JobHost::WhenReady(UniqueFunction<void()> call) {
  if (ready_) {
    call();
  } else {
    when_ready_.push_back(std::move(call));
  }
}

void JobHost::OnTick() {
  if (machine_ != nullptr && broken_.ok()) {
    Carry(machine_->OnTick(environment_.clock.Now()));
  }
}

void JobHost::OnMessage(const WorkerId& from, const proto::WorkerMessage& message) {
  if (machine_ != nullptr && broken_.ok()) {
    Carry(machine_->OnMessage(from, message, environment_.clock.Now()));
  }
}

void JobHost::OnWorkerLost(const WorkerId& worker) {
  if (machine_ != nullptr && broken_.ok()) {
    Carry(machine_->OnWorkerLost(worker, environment_.clock.Now()));
  }
}

void JobHost::OnDeath() {
  if (machine_ != nullptr && broken_.ok()) {
    Carry(machine_->OnDeath(environment_.clock.Now()));
  }
}

void JobHost::Carry(Decisions decisions) {
  if (stopped_) {
    return;
  }
  std::vector<DropWorkerDecision> drops;
  for (Decision& decision : decisions) {
    CarryOne(decision, drops);
  }
  Rearm();
  // Last: these come back as events.
  for (const DropWorkerDecision& drop : drops) {
    owner_.DropWorker(drop.worker, drop.reason);
  }
  owner_.AfterEvent();
}

void JobHost::CarryOne(Decision& decision, std::vector<DropWorkerDecision>& drops) {
  if (auto* send = std::get_if<SendDecision>(&decision)) {
    owner_.SendTo(send->worker, std::move(send->message));
  } else if (auto* append = std::get_if<AppendDecision>(&decision)) {
    writer_.Append(options_.generation, std::move(append->record), [this](const Status& status) {
      OnAppended(status);
    });
  } else if (std::holds_alternative<TruncateDecision>(decision)) {
    writer_.TruncateBeforeLast();
  } else if (auto* drop = std::get_if<DropWorkerDecision>(&decision)) {
    drops.push_back(std::move(*drop));
  } else if (auto* files = std::get_if<DeleteFilesDecision>(&decision)) {
    DeleteFiles(std::move(files->keys));
  } else if (std::holds_alternative<DeleteAllFilesDecision>(decision)) {
    DeleteAllFiles();
  } else if (std::holds_alternative<ListFilesDecision>(decision)) {
    ListFiles();
  } else if (const auto* state = std::get_if<StateDecision>(&decision)) {
    environment_.log.Info(
        "The job has changed its state",
        {{"job", job_}, {"state", NameOf(state->state)}, {"reason", state->reason}});
    if (IsEnd(state->state)) {
      TellWatchers(JobOutcome{.state = state->state, .reason = state->reason});
    }
  }
}

void JobHost::OnAppended(const Status& status) {
  if (stopped_ || !broken_.ok()) {
    return;
  }
  if (!status.ok()) {
    if (status.code() == StatusCode::kFailedPrecondition) {
      owner_.OnDeposed(status);
    } else {
      Break(Annotate(status, fmt::format("The log of job {}", job_.value())));
    }
    return;
  }
  Decisions decisions = machine_->OnAppended(environment_.clock.Now());
  AnswerWaiters();
  Carry(std::move(decisions));
}

void JobHost::DeleteFiles(std::vector<std::string> keys) {
  auto failed = lifeline_.Guard([this](const Status& status) {
    environment_.log.Warn("A file was not deleted", {{"job", job_}, {"error", MessageOf(status)}});
  });
  environment_.executor.Submit(
      [store = &environment_.store,
       keys = std::move(keys),
       failed = std::move(failed)]() mutable -> UniqueFunction<void()> {
        Status status;
        for (const std::string& key : keys) {
          status.Update(store->Delete(key));
        }
        return [status, failed = std::move(failed)]() mutable {
          if (!status.ok()) {
            failed(status);
          }
        };
      },
      environment_.mailbox);
}

void JobHost::DeleteAllFiles() {
  auto listed = lifeline_.Guard([this](StatusOr<std::vector<std::string>> keys) {
    if (keys.ok() && !keys->empty() && !stopped_) {
      DeleteFiles(*std::move(keys));
    }
  });
  environment_.executor.Submit(
      [store = &environment_.store,
       prefix = storage::JobFilesPrefix(job_),
       listed = std::move(listed)]() mutable -> UniqueFunction<void()> {
        return [keys = store->List(prefix), listed = std::move(listed)]() mutable {
          listed(std::move(keys));
        };
      },
      environment_.mailbox);
}

void JobHost::ListFiles() {
  writer_.ReadAgainAndList(
      options_.generation,
      storage::JobFilesPrefix(job_),
      [this](StatusOr<std::vector<std::string>> keys) {
        if (stopped_ || !broken_.ok()) {
          return;
        }
        if (keys.status().code() == StatusCode::kFailedPrecondition) {
          owner_.OnDeposed(keys.status());
          return;
        }
        // What could not be listed is not deleted; the next leader looks again.
        Carry(machine_->OnListed(keys.ok() ? *keys : std::vector<std::string>{},
                                 environment_.clock.Now()));
      });
}

void JobHost::Rearm() {
  const std::optional<MonoTime> due = machine_->WakeAt();
  if (timer_ && due == timer_due_) {
    return;
  }
  if (timer_) {
    environment_.timers.Cancel(*std::exchange(timer_, std::nullopt));
  }
  timer_due_ = due;
  if (due) {
    timer_ = environment_.timers.At(*due, environment_.mailbox, lifeline_.Guard([this] {
      timer_ = std::nullopt;
      OnTick();
    }));
  }
}

void JobHost::Wish(StatusOr<Decisions> decisions, UniqueFunction<void(const Status&)> done) {
  if (!decisions.ok()) {
    done(decisions.status());
    return;
  }
  waiters_.push_back({.append_count = machine_->append_count(), .done = std::move(done)});
  AnswerWaiters();
  Carry(*std::move(decisions));
}

void JobHost::AnswerWaiters() {
  while (!waiters_.empty() && waiters_.front().append_count <= machine_->appended_count()) {
    Waiter waiter = std::move(waiters_.front());
    waiters_.pop_front();
    waiter.done(OkStatus());
  }
}

void JobHost::Cancel(UniqueFunction<void(const Status&)> done) {
  if (!broken_.ok()) {
    done(broken_);
    return;
  }
  Wish(machine_->Cancel(), std::move(done));
}

void JobHost::StopJob(bool drain, UniqueFunction<void(const Status&)> done) {
  if (!broken_.ok()) {
    done(broken_);
    return;
  }
  Wish(machine_->Stop(drain), std::move(done));
}

void JobHost::Change(proto::JobGraph graph, UniqueFunction<void(const Status&)> done) {
  if (!broken_.ok()) {
    done(broken_);
    return;
  }
  Wish(machine_->Change(std::move(graph)), std::move(done));
}

void JobHost::Watch(UniqueFunction<void(StatusOr<JobOutcome>)> done) {
  if (!broken_.ok()) {
    done(JobOutcome{.state = JobState::kFailed, .reason = std::string(MessageOf(broken_))});
  } else if (IsEnd(machine_->state())) {
    done(JobOutcome{.state = machine_->state(), .reason = machine_->reason()});
  } else {
    watchers_.push_back(std::move(done));
  }
}

void JobHost::TellWatchers(const StatusOr<JobOutcome>& outcome) {
  for (auto& watcher : std::exchange(watchers_, {})) {
    watcher(outcome);
  }
}

}  // namespace thalweg::coordinator
