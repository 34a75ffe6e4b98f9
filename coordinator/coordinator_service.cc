// SPDX-License-Identifier: Apache-2.0
//
// From any thread to the coordinator's mailbox and back to the caller's.

#include "coordinator/coordinator_service.h"

#include <utility>

#include "coordinator/coordinator_core.h"

namespace thalweg::coordinator {
namespace {

/// Answers in the caller's mailbox.
template <class T>
UniqueFunction<void(T)> Reply(Mailbox& mailbox, UniqueFunction<void(T)> done) {
  return [&mailbox, done = std::move(done)](T value) mutable {
    mailbox.Post(
        [done = std::move(done), value = std::move(value)]() mutable { done(std::move(value)); });
  };
}

}  // namespace

CoordinatorService::CoordinatorService(const Environment& environment,
                                       CoordinatorOptions options,
                                       CoordinatorListener& listener)
    : mailbox_(environment.mailbox),
      core_(std::make_shared<CoordinatorCore>(environment, std::move(options), listener)) {}

CoordinatorService::~CoordinatorService() = default;

void CoordinatorService::Post(UniqueFunction<void(CoordinatorCore&)> call) {
  mailbox_.Post([weak = std::weak_ptr<CoordinatorCore>(core_), call = std::move(call)]() mutable {
    if (const std::shared_ptr<CoordinatorCore> core = weak.lock()) {
      call(*core);
    }
  });
}

void CoordinatorService::Start() {
  Post([](CoordinatorCore& core) { core.Start(); });
}

void CoordinatorService::Submit(SubmitRequest request,
                                Mailbox& mailbox,
                                Callback<StatusOr<JobId>> done) {
  Post([request = std::move(request), done = Reply(mailbox, std::move(done))](
           CoordinatorCore& core) mutable { core.Submit(std::move(request), std::move(done)); });
}

void CoordinatorService::Cancel(JobId job, Mailbox& mailbox, Callback<Status> done) {
  Post([job = std::move(job), done = Reply(mailbox, std::move(done))](
           CoordinatorCore& core) mutable { core.Cancel(job, std::move(done)); });
}

void CoordinatorService::Stop(JobId job, bool drain, Mailbox& mailbox, Callback<Status> done) {
  Post([job = std::move(job), drain, done = Reply(mailbox, std::move(done))](
           CoordinatorCore& core) mutable { core.Stop(job, drain, std::move(done)); });
}

void CoordinatorService::Change(JobId job,
                                proto::JobGraph graph,
                                Mailbox& mailbox,
                                Callback<Status> done) {
  Post([job = std::move(job), graph = std::move(graph), done = Reply(mailbox, std::move(done))](
           CoordinatorCore& core) mutable { core.Change(job, std::move(graph), std::move(done)); });
}

void CoordinatorService::Describe(JobId job,
                                  Mailbox& mailbox,
                                  Callback<StatusOr<JobDescription>> done) {
  Post([job = std::move(job), done = Reply(mailbox, std::move(done))](
           CoordinatorCore& core) mutable { core.Describe(job, std::move(done)); });
}

void CoordinatorService::List(Mailbox& mailbox,
                              Callback<StatusOr<std::vector<JobDescription>>> done) {
  Post([done = Reply(mailbox, std::move(done))](CoordinatorCore& core) mutable {
    core.List(std::move(done));
  });
}

void CoordinatorService::ListWorkers(Mailbox& mailbox,
                                     Callback<StatusOr<std::vector<WorkerDescription>>> done) {
  Post([done = Reply(mailbox, std::move(done))](CoordinatorCore& core) mutable {
    core.ListWorkers(std::move(done));
  });
}

void CoordinatorService::Watch(JobId job, Mailbox& mailbox, Callback<StatusOr<JobOutcome>> done) {
  Post([job = std::move(job), done = Reply(mailbox, std::move(done))](
           CoordinatorCore& core) mutable { core.Watch(job, std::move(done)); });
}

}  // namespace thalweg::coordinator
