// SPDX-License-Identifier: Apache-2.0
#include "worker/worker.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/mutation.h"
#include "worker/deployment.h"

namespace thalweg::worker {
namespace {

Attempt FromProto(const proto::AttemptId& attempt) {
  return {.generation = Generation(attempt.generation()), .n = attempt.n()};
}

void ToProto(const Attempt& attempt, proto::AttemptId* out) {
  out->set_generation(attempt.generation.value());
  out->set_n(attempt.n);
}

}  // namespace

Worker::Worker(WorkerOptions options, WorkerEnvironment environment)
    : options_(std::move(options)),
      environment_(std::move(environment)),
      hub_(options_.id, environment_.transport, environment_.mailbox, environment_.clock),
      session_(
          options_,
          environment_,
          [this] { return Registration(); },
          [this](const proto::CoordinatorMessage& message) { OnCommand(message); }) {
  CHECK(!environment_.lanes.empty());
  CHECK(!options_.coordinators.empty());
}

Worker::~Worker() = default;

Status Worker::Start() {
  RETURN_IF_ERROR(hub_.Listen(options_.exchange));
  session_.Start();
  return OkStatus();
}

void Worker::Stop(UniqueFunction<void()> done) {
  session_.Stop();
  stopped_ = std::move(done);
  for (auto& [id, job] : jobs_) {
    job.waiting.reset();
    if (job.current != nullptr) {
      Remove(id, job);
    }
  }
  OnGone(JobId());
}

proto::RegisterWorker Worker::Registration() const {
  proto::RegisterWorker registration;
  registration.set_worker_id(options_.id.value());
  registration.set_exchange_address(options_.exchange.value);
  registration.set_slots(options_.slots);
  for (const auto& [id, job] : jobs_) {
    if (job.current != nullptr) {
      proto::DeploymentStatus* running = registration.add_running();
      running->set_job_id(id.value());
      ToProto(job.current->attempt(), running->mutable_attempt());
    }
  }
  return registration;
}

void Worker::OnCommand(const proto::CoordinatorMessage& message) {
  switch (message.message_case()) {
    case proto::CoordinatorMessage::kDeploy:
      OnDeploy(message.deploy());
      return;
    case proto::CoordinatorMessage::kCancel:
      OnCancel(message.cancel());
      return;
    case proto::CoordinatorMessage::kTrigger:
      if (Deployment* d = Find(message.trigger().job_id(), message.trigger().attempt())) {
        d->Trigger(message.trigger());
      }
      return;
    case proto::CoordinatorMessage::kComplete:
      if (Deployment* d = Find(message.complete().job_id(), message.complete().attempt())) {
        d->Complete(CheckpointId(message.complete().checkpoint_id()));
      }
      return;
    case proto::CoordinatorMessage::kAbort:
      if (Deployment* d = Find(message.abort().job_id(), message.abort().attempt())) {
        d->Abort(CheckpointId(message.abort().checkpoint_id()));
      }
      return;
    default:
      environment_.log.Warn("The coordinator sent a command that this version does not know");
  }
}

void Worker::OnDeploy(const proto::DeployJob& deploy) {
  const JobId id(deploy.job_id());
  const Attempt attempt = FromProto(deploy.attempt());
  Job& job = jobs_[id];
  const bool is_repeat = attempt == job.newest;
  if (is_repeat || (attempt < job.newest && !Mutated(Mutation::kFencingOff))) {
    return;
  }
  job.newest = attempt;
  hub_.Sweep(environment_.clock.Now());
  if (job.current == nullptr) {
    Launch(id, job, deploy);
    return;
  }
  // One attempt of a job at a time: two would need twice the memory and serve nobody.
  job.waiting = std::make_unique<proto::DeployJob>(deploy);
  Remove(id, job);
}

void Worker::OnCancel(const proto::CancelJob& cancel) {
  const JobId id(cancel.job_id());
  const Attempt attempt = FromProto(cancel.attempt());
  Job& job = jobs_[id];
  job.newest = std::max(job.newest, attempt);
  hub_.Forget(id, attempt);
  if (job.waiting != nullptr && FromProto(job.waiting->attempt()) <= attempt) {
    job.waiting.reset();
  }
  const bool runs = job.current != nullptr &&
                    (job.current->attempt() <= attempt || Mutated(Mutation::kFencingOff));
  if (!runs) {
    SendGone(id, cancel.attempt());
    return;
  }
  job.cancelled.push_back(cancel.attempt());
  Remove(id, job);
}

void Worker::Launch(const JobId& id, Job& job, const proto::DeployJob& deploy) {
  environment_.log.Info("Deploying",
                        {{"job", id},
                         {"generation", deploy.attempt().generation()},
                         {"attempt", deploy.attempt().n()},
                         {"tasks", deploy.tasks_size()}});
  job.current = std::make_shared<Deployment>(
      deploy, options_, environment_, hub_, [this](const proto::WorkerMessage& message) {
        session_.Send(message);
      });
  job.current->Start();
}

void Worker::Remove(const JobId& id, Job& job) {
  hub_.Forget(id, job.current->attempt());
  job.current->Remove([this, id] { OnGone(id); });
}

void Worker::OnGone(const JobId& id) {
  if (const auto found = jobs_.find(id); found != jobs_.end()) {
    Job& job = found->second;
    job.current.reset();
    for (const proto::AttemptId& attempt : std::exchange(job.cancelled, {})) {
      SendGone(id, attempt);
    }
    if (const auto waiting = std::exchange(job.waiting, nullptr)) {
      Launch(id, job, *waiting);
    }
  }
  const bool all_gone =
      std::ranges::all_of(jobs_, [](const auto& entry) { return entry.second.current == nullptr; });
  if (stopped_ != nullptr && all_gone) {
    std::exchange(stopped_, nullptr)();
  }
}

void Worker::SendGone(const JobId& id, const proto::AttemptId& attempt) {
  proto::WorkerMessage message;
  message.mutable_gone()->set_job_id(id.value());
  *message.mutable_gone()->mutable_attempt() = attempt;
  session_.Send(message);
}

Deployment* Worker::Find(const std::string& job_id, const proto::AttemptId& attempt) {
  const auto found = jobs_.find(JobId(job_id));
  if (found == jobs_.end() || found->second.current == nullptr) {
    return nullptr;
  }
  const Job& job = found->second;
  const bool is_current = FromProto(attempt) == job.current->attempt();
  return is_current || Mutated(Mutation::kFencingOff) ? job.current.get() : nullptr;
}

}  // namespace thalweg::worker
