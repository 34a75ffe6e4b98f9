// SPDX-License-Identifier: Apache-2.0

#include "tests/coordinator/fake_worker.h"

#include <algorithm>
#include <utility>

#include "base/mutation.h"
#include "coordinator/deployment.h"
#include "coordinator/graph.h"
#include "coordinator/test_graphs.h"
#include "coordinator/worker_sessions.h"
#include "fmt/format.h"

namespace thalweg::coordinator {
namespace {

constexpr Microseconds kRedialDelay{100'000};
constexpr Microseconds kBeatInterval{1'000'000};
constexpr Microseconds kCoordinatorPatience{3'000'000};
constexpr std::uint64_t kDeclineOnceIn = 40;
constexpr std::uint64_t kRepeatOnceIn = 8;

}  // namespace

FakeWorker::FakeWorker(testing::SimNetwork& network,
                       testing::SimNode& node,
                       FakeWorkerOptions options,
                       Witness& witness)
    : loop_(node.loop()),
      mailbox_(node),
      timers_(node),
      transport_(network, node),
      options_(std::move(options)),
      id_(fmt::format("{}.{}", node.name(), node.incarnation())),
      witness_(witness) {}

void FakeWorker::Start() {
  Dial();
  Beat();
}

void FakeWorker::Dial() {
  const auto& address = options_.coordinators[dials_++ % options_.coordinators.size()];
  last_heard_ = loop_.now();
  connection_ = transport_.Dial(address, mailbox_, shared_from_this());
  proto::WorkerMessage message;
  proto::RegisterWorker& hello = *message.mutable_register_();
  hello.set_protocol_version(kProtocolVersion);
  hello.set_worker_id(id_);
  hello.set_exchange_address(id_);
  hello.set_slots(options_.slots);
  for (const auto& [id, job] : jobs_) {
    if (job.deployed) {
      proto::DeploymentStatus& running = *hello.add_running();
      running.set_job_id(id);
      *running.mutable_attempt() = job.deployed->attempt();
    }
  }
  connection_->Send({.head = message.SerializeAsString(), .body = nullptr});
}

void FakeWorker::Beat() {
  if (connection_ != nullptr && loop_.now() - last_heard_ > kCoordinatorPatience) {
    connection_->Close();
  }
  proto::WorkerMessage message;
  message.mutable_heartbeat()->set_sequence(++beats_);
  Send(message);
  timers_.At(loop_.now() + kBeatInterval, mailbox_, [this] { Beat(); });
}

void FakeWorker::OnClosed(const Status&) {
  connection_ = nullptr;
  timers_.At(loop_.now() + kRedialDelay, mailbox_, [this] {
    if (connection_ == nullptr) {
      Dial();
    }
  });
}

void FakeWorker::OnFrame(transport::Frame frame) {
  last_heard_ = loop_.now();
  proto::CoordinatorMessage message;
  if (!message.ParseFromString(frame.head)) {
    return;
  }
  const Generation generation(message.generation());
  if (generation < newest_generation_ && !Mutated(Mutation::kFencingOff)) {
    if (connection_ != nullptr) {
      connection_->Close();
    }
    return;
  }
  newest_generation_ = std::max(newest_generation_, generation);
  switch (message.message_case()) {
    case proto::CoordinatorMessage::kDeploy:
      OnDeploy(message.deploy());
      break;
    case proto::CoordinatorMessage::kTrigger:
      OnTrigger(message.trigger());
      break;
    case proto::CoordinatorMessage::kComplete:
      OnComplete(message.complete());
      break;
    case proto::CoordinatorMessage::kCancel:
      OnCancel(message.cancel());
      break;
    default:
      break;
  }
}

void FakeWorker::OnDeploy(const proto::DeployJob& deploy) {
  Job& job = jobs_[deploy.job_id()];
  const Attempt attempt = FromProto(deploy.attempt());
  if (attempt <= job.newest && !Mutated(Mutation::kFencingOff)) {
    return;
  }
  witness_.OnCommand(attempt.generation,
                     options_.coordinators[(dials_ - 1) % options_.coordinators.size()].value);
  job.newest = std::max(job.newest, attempt);
  job.deployed = deploy;
  witness_.OnDeploy(deploy);
  for (const std::uint64_t task : deploy.tasks()) {
    Later(deploy, options_.delay_max, [this, task](const proto::DeployJob& running) {
      SendStatus(running, task, proto::TASK_RUNNING);
    });
    if (deploy.restored_checkpoint() > 0 && IsSink(deploy, TaskId(task))) {
      Later(deploy, options_.replay_max, [this, task](const proto::DeployJob& running) {
        proto::WorkerMessage message;
        message.mutable_replayed()->set_job_id(running.job_id());
        *message.mutable_replayed()->mutable_attempt() = running.attempt();
        message.mutable_replayed()->set_task(task);
        witness_.OnReplayed(message.replayed());
        Send(message);
      });
    }
  }
  if (input_ended_) {
    ReportEnd(deploy);
  }
}

void FakeWorker::OnTrigger(const proto::TriggerCheckpoint& trigger) {
  const proto::DeployJob* deploy = Running(trigger.job_id(), trigger.attempt());
  if (deploy == nullptr) {
    return;
  }
  for (const std::uint64_t task : deploy->tasks()) {
    Later(*deploy,
          options_.delay_max,
          [this, task, id = trigger.checkpoint_id()](const proto::DeployJob& running) {
            proto::WorkerMessage message;
            if (loop_.random().Chance(kDeclineOnceIn)) {
              proto::CheckpointDeclined& declined = *message.mutable_declined();
              declined.set_job_id(running.job_id());
              *declined.mutable_attempt() = running.attempt();
              declined.set_checkpoint_id(id);
              declined.set_task(task);
            } else {
              proto::CheckpointAck& ack = *message.mutable_ack();
              ack.set_job_id(running.job_id());
              *ack.mutable_attempt() = running.attempt();
              ack.set_checkpoint_id(id);
              *ack.mutable_snapshot() = SnapshotOf(running.graph(), TaskId(task));
              proto::OperatorStateEntry& entry = *ack.mutable_snapshot()->add_entries();
              const int vertex = static_cast<int>(VertexIndexOf(TaskId(task)));
              entry.set_operator_id(running.graph().vertices(vertex).steps(0).operator_id());
              entry.set_redistribution(proto::REDISTRIBUTE_TO_ONE);
              entry.set_name(std::string(kSignature));
              entry.set_value(
                  fmt::format("{}-{}", running.attempt().generation(), running.attempt().n()));
            }
            Send(message);
          });
  }
}

void FakeWorker::OnComplete(const proto::CompleteCheckpoint& complete) {
  const proto::DeployJob* deploy = Running(complete.job_id(), complete.attempt());
  if (deploy == nullptr) {
    return;
  }
  witness_.OnComplete(id_, complete);
  for (const std::uint64_t task : deploy->tasks()) {
    if (!IsSink(*deploy, TaskId(task))) {
      continue;
    }
    Later(*deploy,
          options_.delay_max,
          [this, task, id = complete.checkpoint_id()](const proto::DeployJob& running) {
            proto::WorkerMessage message;
            proto::CommitAck& commit = *message.mutable_commit_ack();
            commit.set_job_id(running.job_id());
            *commit.mutable_attempt() = running.attempt();
            commit.set_checkpoint_id(id);
            commit.set_task(task);
            witness_.OnCommitted(commit);
            Send(message);
          });
  }
}

void FakeWorker::OnCancel(const proto::CancelJob& cancel) {
  Job& job = jobs_[cancel.job_id()];
  const Attempt attempt = FromProto(cancel.attempt());
  if (job.deployed && FromProto(job.deployed->attempt()) <= attempt) {
    job.deployed = std::nullopt;
  }
  job.newest = std::max(job.newest, attempt);
  proto::WorkerMessage message;
  message.mutable_gone()->set_job_id(cancel.job_id());
  *message.mutable_gone()->mutable_attempt() = cancel.attempt();
  Send(message);
}

void FakeWorker::EndInput() {
  input_ended_ = true;
  for (const auto& [id, job] : jobs_) {
    if (job.deployed) {
      ReportEnd(*job.deployed);
    }
  }
}

void FakeWorker::ReportEnd(const proto::DeployJob& deploy) {
  for (const std::uint64_t task : deploy.tasks()) {
    Later(deploy, options_.delay_max, [this, task](const proto::DeployJob& running) {
      SendStatus(running, task, proto::TASK_ENDED);
    });
  }
}

const proto::DeployJob* FakeWorker::Running(const std::string& job,
                                            const proto::AttemptId& attempt) {
  const auto found = jobs_.find(job);
  if (found == jobs_.end() || !found->second.deployed ||
      FromProto(found->second.deployed->attempt()) != FromProto(attempt)) {
    return nullptr;
  }
  return &*found->second.deployed;
}

bool FakeWorker::IsSink(const proto::DeployJob& deploy, TaskId task) {
  return SinkTasksOf(deploy.graph()).contains(task);
}

void FakeWorker::SendStatus(const proto::DeployJob& deploy,
                            std::uint64_t task,
                            proto::TaskState state) {
  proto::WorkerMessage message;
  proto::TaskStatus& status = *message.mutable_task_status();
  status.set_job_id(deploy.job_id());
  *status.mutable_attempt() = deploy.attempt();
  status.set_task(task);
  status.set_state(state);
  Send(message);
}

void FakeWorker::Send(const proto::WorkerMessage& message) {
  if (connection_ == nullptr) {
    return;
  }
  connection_->Send({.head = message.SerializeAsString(), .body = nullptr});
  if (!message.has_heartbeat()) {
    said_.push_back(message);
  }
  if (!said_.empty() && loop_.random().Chance(kRepeatOnceIn)) {
    const std::size_t old = loop_.random().Uniform(said_.size());
    connection_->Send({.head = said_[old].SerializeAsString(), .body = nullptr});
  }
}

void FakeWorker::Later(const proto::DeployJob& deploy,
                       Microseconds delay_max,
                       UniqueFunction<void(const proto::DeployJob&)> call) {
  timers_.At(
      loop_.now() + loop_.RandomDelay(Microseconds(0), delay_max),
      mailbox_,
      [this, job = deploy.job_id(), attempt = deploy.attempt(), call = std::move(call)]() mutable {
        if (const proto::DeployJob* running = Running(job, attempt)) {
          call(*running);
        }
      });
}

}  // namespace thalweg::coordinator
