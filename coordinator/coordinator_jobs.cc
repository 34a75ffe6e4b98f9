// SPDX-License-Identifier: Apache-2.0
//
// What users ask of a coordinator.

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "coordinator/coordinator_core.h"
#include "coordinator/graph.h"
#include "fmt/format.h"

namespace thalweg::coordinator {
namespace {

Status CheckGraph(proto::JobGraph& graph) {
  RETURN_IF_ERROR(NormalizeGraph(graph));
  RETURN_IF_ERROR(CheckpointOptionsFrom(graph.checkpoints()).status());
  return RestartOptionsFrom(graph.restart()).status();
}

bool IsJobId(const JobId& job) {
  constexpr std::size_t kDigits = 32;
  return job.value().size() == kDigits &&
         job.value().find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

JobHost* CoordinatorCore::FindHost(const JobId& job) {
  const auto found = hosts_.find(job);
  return found == hosts_.end() ? nullptr : found->second.get();
}

JobHost& CoordinatorCore::AddHost(const JobId& job) {
  auto& host = hosts_[job];
  CHECK(host == nullptr);
  host = std::make_unique<JobHost>(
      environment_,
      job,
      JobHost::Options{.generation = generation_, .nonce = nonce_, .machine = options_.jobs},
      workers_,
      static_cast<JobHostOwner&>(*this));
  order_.push_back(job);
  return *host;
}

void CoordinatorCore::Submit(SubmitRequest request, Done<StatusOr<JobId>> done) {
  if (const Status status = CheckGraph(request.graph); !status.ok()) {
    done(status);
    return;
  }
  if (request.job && !IsJobId(*request.job)) {
    done(InvalidArgument(
        fmt::format("'{}' is no job id: these are 32 hexadecimal digits.", request.job->value())));
    return;
  }
  WhenDecided([this, request = std::move(request), done = std::move(done)]() mutable {
    if (phase_ == Phase::kOver) {
      done(Over());
      return;
    }
    const JobId job = request.job ? *request.job : NewJobId(environment_.random);
    if (JobHost* host = FindHost(job)) {
      SubmitAgain(*host, request.graph, std::move(done));
    } else if (const auto other = FindLiveName(request.graph.name());
               request.unique_name && other.has_value()) {
      done(AlreadyExists(fmt::format(
          "Job {} has the name '{}' and has not ended. Cancel or stop it, or give another name.",
          other->value(),
          request.graph.name())));
    } else {
      SubmitNew(job, std::move(request.graph), std::move(done));
    }
  });
}

std::optional<JobId> CoordinatorCore::FindLiveName(const std::string& name) const {
  for (const JobId& job : order_) {
    const JobMachine* const machine = hosts_.at(job)->machine();
    if (machine != nullptr && !IsEnd(machine->state()) &&
        machine->log().submitted()->graph().name() == name) {
      return job;
    }
  }
  return std::nullopt;
}

void CoordinatorCore::SubmitNew(JobId job, proto::JobGraph graph, Done<StatusOr<JobId>> done) {
  proto::JobSubmitted submission;
  submission.set_job_id(job.value());
  submission.set_lineage(NewJobId(environment_.random).value());
  *submission.mutable_graph() = std::move(graph);
  AddHost(job).Open(std::move(submission),
                    [this, job, done = std::move(done)](const Status& status) mutable {
                      if (status.ok()) {
                        OnJobDurable(job, std::move(done));
                      } else {
                        done(status);
                      }
                    });
}

void CoordinatorCore::OnJobDurable(const JobId& job, Done<StatusOr<JobId>> done) {
  // The job's own log first: a job that the cluster's log names must have one.
  proto::LogRecord record;
  record.set_job_added(job.value());
  cluster_log_.Append(generation_,
                      std::move(record),
                      [this, job, done = std::move(done)](const Status& status) mutable {
                        if (phase_ == Phase::kOver) {
                          done(Over());
                          return;
                        }
                        if (!status.ok()) {
                          StepDown(status);
                          done(Over());
                          return;
                        }
                        hosts_.at(job)->Activate();
                        done(job);
                      });
}

void CoordinatorCore::SubmitAgain(JobHost& host,
                                  const proto::JobGraph& graph,
                                  Done<StatusOr<JobId>> done) {
  host.WhenReady([this, &host, graph, done = std::move(done)]() mutable {
    if (phase_ == Phase::kOver) {
      done(Over());
    } else if (!host.broken().ok()) {
      done(host.broken());
    } else if (host.machine()->log().submitted()->graph().SerializeAsString() !=
               graph.SerializeAsString()) {
      done(AlreadyExists(
          fmt::format("Job {} exists with another graph; change it instead.", host.job().value())));
    } else {
      done(host.job());
    }
  });
}

void CoordinatorCore::WithJob(const JobId& job,
                              UniqueFunction<void(JobHost&)> call,
                              UniqueFunction<void(const Status&)> failed) {
  WhenDecided([this, job, call = std::move(call), failed = std::move(failed)]() mutable {
    if (phase_ == Phase::kOver) {
      failed(Over());
      return;
    }
    JobHost* const host = FindHost(job);
    if (host == nullptr) {
      failed(NotFound(fmt::format("There is no job {}.", job.value())));
      return;
    }
    host->WhenReady([this, host, call = std::move(call), failed = std::move(failed)]() mutable {
      if (phase_ == Phase::kOver) {
        failed(Over());
      } else {
        call(*host);
      }
    });
  });
}

namespace {

/// One callback for two ways out of a call; exactly one of them is taken.
template <class T>
class SharedDone {
 public:
  explicit SharedDone(UniqueFunction<void(T)> done)
      : done_(std::make_shared<UniqueFunction<void(T)>>(std::move(done))) {}
  void operator()(T value) const { (*done_)(std::move(value)); }

 private:
  std::shared_ptr<UniqueFunction<void(T)>> done_;
};

}  // namespace

void CoordinatorCore::Cancel(const JobId& job, Done<Status> done) {
  const SharedDone<Status> shared(std::move(done));
  WithJob(job, [shared](JobHost& host) { host.Cancel(shared); }, shared);
}

void CoordinatorCore::Stop(const JobId& job, bool drain, Done<Status> done) {
  const SharedDone<Status> shared(std::move(done));
  WithJob(job, [shared, drain](JobHost& host) { host.StopJob(drain, shared); }, shared);
}

void CoordinatorCore::Change(const JobId& job, proto::JobGraph graph, Done<Status> done) {
  const SharedDone<Status> shared(std::move(done));
  WithJob(
      job,
      [shared, graph = std::move(graph)](JobHost& host) mutable {
        host.Change(std::move(graph), shared);
      },
      shared);
}

void CoordinatorCore::Watch(const JobId& job, Done<StatusOr<JobOutcome>> done) {
  const SharedDone<StatusOr<JobOutcome>> shared(std::move(done));
  WithJob(
      job,
      [shared](JobHost& host) { host.Watch(shared); },
      [shared](const Status& status) { shared(status); });
}

void CoordinatorCore::Describe(const JobId& job, Done<StatusOr<JobDescription>> done) {
  const SharedDone<StatusOr<JobDescription>> shared(std::move(done));
  WithJob(
      job,
      [shared](JobHost& host) { shared(DescriptionOf(host)); },
      [shared](const Status& status) { shared(status); });
}

void CoordinatorCore::List(Done<StatusOr<std::vector<JobDescription>>> done) {
  WhenDecided([this, done = std::move(done)]() mutable {
    if (phase_ == Phase::kOver) {
      done(Over());
      return;
    }
    std::vector<JobDescription> descriptions;
    for (const JobId& job : order_) {
      descriptions.push_back(DescriptionOf(*hosts_.at(job)));
    }
    done(std::move(descriptions));
  });
}

void CoordinatorCore::ListWorkers(Done<StatusOr<std::vector<WorkerDescription>>> done) {
  WhenDecided([this, done = std::move(done)]() mutable {
    if (phase_ == Phase::kOver) {
      done(Over());
      return;
    }
    const std::map<WorkerId, std::uint32_t> free = workers_.FreeSlots();
    const MonoTime now = environment_.clock.Now();
    std::vector<WorkerDescription> descriptions;
    for (const auto& [id, worker] : workers_.workers()) {
      const auto found = free.find(id);
      descriptions.push_back(
          {.worker = id,
           .exchange_address = worker.exchange_address,
           .slots = worker.slots,
           .free_slots = found == free.end() ? 0 : found->second,
           .since_heard = std::chrono::duration_cast<Milliseconds>(now - worker.last_heard)});
    }
    done(std::move(descriptions));
  });
}

JobDescription CoordinatorCore::DescriptionOf(const JobHost& host) {
  JobDescription description;
  description.job = host.job();
  if (!host.broken().ok()) {
    description.state = JobState::kFailed;
    description.reason = MessageOf(host.broken());
    return description;
  }
  const JobMachine* const machine = host.machine();
  if (machine == nullptr) {
    return description;  // Being opened.
  }
  const proto::JobGraph& graph = machine->log().submitted()->graph();
  description.name = graph.name();
  description.state = machine->state();
  description.reason = machine->reason();
  description.attempt = machine->attempt();
  if (const proto::Manifest* newest = machine->log().newest()) {
    description.newest_checkpoint = CheckpointId(newest->checkpoint_id());
  }
  description.slots_needed = SlotsNeeded(graph);
  description.missing_slots = machine->missing_slots();
  description.restarts = machine->restarts();
  description.checkpoints = machine->checkpoints();
  return description;
}

}  // namespace thalweg::coordinator
