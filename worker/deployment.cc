// SPDX-License-Identifier: Apache-2.0
#include "worker/deployment.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/counters.h"
#include "base/log.h"
#include "columnar/type.h"
#include "columnar/type_proto.h"
#include "runtime/channel/local_channel.h"
#include "runtime/plan/plan.h"
#include "runtime/task/lane.h"
#include "runtime/task/task.h"
#include "runtime/task/task_builder.h"
#include "runtime/task/task_inbox.h"
#include "runtime/task/task_listener.h"

namespace thalweg::worker {

/// Carries what a task says on its lane to the worker's own thread.
class Deployment::Reporter final : public runtime::TaskListener {
 public:
  Reporter(std::weak_ptr<Deployment> deployment, Mailbox& mailbox, proto::TaskStatus identity)
      : deployment_(std::move(deployment)), mailbox_(mailbox), identity_(std::move(identity)) {}

  void OnRunning() override {
    proto::WorkerMessage message;
    *message.mutable_task_status() = identity_;
    message.mutable_task_status()->set_state(proto::TASK_RUNNING);
    Post(std::move(message));
  }

  void OnAck(CheckpointId checkpoint,
             proto::TaskSnapshot snapshot,
             const runtime::SnapshotTimings& timings) override {
    proto::WorkerMessage message;
    proto::CheckpointAck* ack = message.mutable_ack();
    Identify(ack);
    ack->set_checkpoint_id(checkpoint.value());
    *ack->mutable_snapshot() = std::move(snapshot);
    ack->set_alignment_micros(timings.alignment.count());
    ack->set_sync_micros(timings.pause.count());
    ack->set_async_micros(timings.background.count());
    Post(std::move(message));
  }

  void OnDeclined(CheckpointId checkpoint, const Status& reason) override {
    proto::WorkerMessage message;
    Identify(message.mutable_declined());
    message.mutable_declined()->set_checkpoint_id(checkpoint.value());
    message.mutable_declined()->set_task(identity_.task());
    message.mutable_declined()->set_reason(std::string(MessageOf(reason)));
    Post(std::move(message));
  }

  void OnEnded() override {
    proto::WorkerMessage message;
    *message.mutable_task_status() = identity_;
    message.mutable_task_status()->set_state(proto::TASK_ENDED);
    Post(std::move(message));
  }

  void OnCommitted(CheckpointId checkpoint) override {
    proto::WorkerMessage message;
    Identify(message.mutable_commit_ack());
    message.mutable_commit_ack()->set_checkpoint_id(checkpoint.value());
    message.mutable_commit_ack()->set_task(identity_.task());
    Post(std::move(message));
  }

  void OnReplayed() override {
    proto::WorkerMessage message;
    Identify(message.mutable_replayed());
    message.mutable_replayed()->set_task(identity_.task());
    Post(std::move(message));
  }

  void OnFailed(const Status& status) override {
    proto::WorkerMessage message;
    *message.mutable_task_status() = identity_;
    message.mutable_task_status()->set_state(proto::TASK_FAILED);
    message.mutable_task_status()->set_error(std::string(MessageOf(status)));
    message.mutable_task_status()->set_error_code(static_cast<int>(status.code()));
    Post(std::move(message));
  }

 private:
  template <class Message>
  void Identify(Message* message) const {
    message->set_job_id(identity_.job_id());
    *message->mutable_attempt() = identity_.attempt();
  }

  void Post(proto::WorkerMessage message) {
    mailbox_.Post([deployment = deployment_, message = std::move(message)] {
      if (const std::shared_ptr<Deployment> alive = deployment.lock()) {
        alive->Report(message);
      }
    });
  }

  const std::weak_ptr<Deployment> deployment_;
  Mailbox& mailbox_;
  const proto::TaskStatus identity_;
};

/// A task of this worker, from its placement on a lane to its removal.
struct Deployment::LocalTask {
  TaskId id;
  runtime::Lane* lane = nullptr;
  std::shared_ptr<runtime::TaskInbox> inbox;
  std::unique_ptr<Reporter> reporter;
  // Collected while edges are connected, then handed to the task.
  std::vector<runtime::GateChannel> inputs;
  std::vector<ChannelWriters> outputs;
  // Set on the lane, used on the lane: commands find the task here while it lives.
  runtime::Task* task = nullptr;
};

Deployment::Deployment(proto::DeployJob deploy,
                       const WorkerOptions& options,
                       WorkerEnvironment& environment,
                       ExchangeHub& hub,
                       SendToCoordinator send)
    : deploy_(std::move(deploy)),
      options_(options),
      environment_(environment),
      hub_(hub),
      send_(std::move(send)),
      job_(deploy_.job_id()),
      attempt_{.generation = Generation(deploy_.attempt().generation()),
               .n = deploy_.attempt().n()} {
  for (const std::uint64_t task : deploy_.tasks()) {
    task_ids_.emplace_back(task);
  }
  for (const proto::TaskPlacement& placement : deploy_.placements()) {
    placements_[TaskId(placement.task())] = &placement;
  }
}

Deployment::~Deployment() {
  for (auto& [peer, stream] : outbound_) {
    stream->Close();
  }
  for (auto& [peer, channels] : inbound_) {
    channels->Close();
  }
}

void Deployment::Start() {
  PlaceTasks();
  if (const Status connected = ConnectEdges(); !connected.ok()) {
    ReportFailure(task_ids_.empty() ? TaskId(0) : task_ids_.front(), connected);
    return;
  }
  for (auto& [peer, stream] : outbound_) {
    const auto placed = std::ranges::find_if(placements_, [&peer = peer](const auto& entry) {
      return entry.second->worker_id() == peer.value();
    });
    stream->Open(
        environment_.transport,
        transport::Address{placed->second->exchange_address()},
        environment_.mailbox,
        {.stream = {.job = job_, .attempt = attempt_, .sender = options_.id}, .receiver = peer});
  }
  for (auto& [peer, channels] : inbound_) {
    hub_.Claim({.job = job_, .attempt = attempt_, .sender = peer}, channels);
  }
  for (auto& [id, task] : local_) {
    if (const Status started = StartTask(*task); !started.ok()) {
      ReportFailure(id, started);
    }
  }
}

void Deployment::PlaceTasks() {
  for (const TaskId id : task_ids_) {
    auto task = std::make_unique<LocalTask>();
    task->id = id;
    // Subtasks of one pipeline share a lane, so that rows forwarded along it stay in one core's
    // cache.
    task->lane = environment_.lanes[SubtaskIndexOf(id) % environment_.lanes.size()];
    task->inbox = task->lane->MakeInbox();
    proto::TaskStatus identity;
    identity.set_job_id(deploy_.job_id());
    *identity.mutable_attempt() = deploy_.attempt();
    identity.set_task(id.value());
    task->reporter =
        std::make_unique<Reporter>(weak_from_this(), environment_.mailbox, std::move(identity));
    local_.emplace(id, std::move(task));
  }
}

Status Deployment::ConnectEdges() {
  const proto::JobGraph& graph = deploy_.graph();
  for (int edge = 0; edge < graph.edges_size(); ++edge) {
    const proto::Edge& spec = graph.edges(edge);
    if (spec.from() >= static_cast<std::uint32_t>(graph.vertices_size()) ||
        spec.to() >= static_cast<std::uint32_t>(graph.vertices_size())) {
      return InvalidArgument("The plan's edge " + std::to_string(edge) +
                             " names a vertex that does not exist");
    }
    for (auto& [id, task] : local_) {
      if (VertexIndexOf(id) == spec.from()) {
        task->outputs.emplace_back();
      }
    }
    RETURN_IF_ERROR(ConnectEdge(static_cast<std::uint32_t>(edge)));
  }
  return OkStatus();
}

Status Deployment::ConnectEdge(std::uint32_t edge_index) {
  const proto::JobGraph& graph = deploy_.graph();
  const proto::Edge& edge = graph.edges(static_cast<int>(edge_index));
  const std::uint32_t senders = graph.vertices(static_cast<int>(edge.from())).parallelism();
  const std::uint32_t receivers = graph.vertices(static_cast<int>(edge.to())).parallelism();
  for (std::uint32_t sender = 0; sender < senders; ++sender) {
    for (std::uint32_t receiver = 0; receiver < receivers; ++receiver) {
      if (edge.partitioning() == proto::PARTITION_FORWARD && sender != receiver) {
        continue;
      }
      RETURN_IF_ERROR(ConnectChannel({.edge = edge_index, .sender = sender, .receiver = receiver},
                                     MakeTaskId(edge.from(), sender),
                                     MakeTaskId(edge.to(), receiver)));
    }
  }
  return OkStatus();
}

Status Deployment::ConnectChannel(const ChannelKey& key, TaskId from, TaskId to) {
  LocalTask* sender = FindLocal(from);
  LocalTask* receiver = FindLocal(to);
  if (sender == nullptr && receiver == nullptr) {
    return OkStatus();
  }
  const auto from_placed = placements_.find(from);
  const auto to_placed = placements_.find(to);
  if (from_placed == placements_.end() || to_placed == placements_.end()) {
    return InvalidArgument("The deployment does not say where all tasks of " + ToString(key) +
                           " run");
  }
  const std::uint32_t input = deploy_.graph().edges(static_cast<int>(key.edge)).input();
  if (sender != nullptr && receiver != nullptr) {
    runtime::LocalChannel channel =
        runtime::MakeLocalChannel({.sender = sender->inbox, .receiver = receiver->inbox});
    sender->outputs.back().push_back(std::move(channel.writer));
    receiver->inputs.push_back({.reader = std::move(channel.reader), .input = input});
  } else if (sender != nullptr) {
    sender->outputs.back().push_back(
        StreamTo(WorkerId(to_placed->second->worker_id())).AddChannel(key, sender->inbox));
  } else {
    const proto::Edge& edge = deploy_.graph().edges(static_cast<int>(key.edge));
    ASSIGN_OR_RETURN(columnar::SchemaPtr schema,
                     columnar::SchemaFromProto(runtime::EdgeSchemaOf(deploy_.graph(), edge)));
    receiver->inputs.push_back({.reader = StreamFrom(WorkerId(from_placed->second->worker_id()))
                                              .AddChannel(key, std::move(schema), receiver->inbox),
                                .input = input});
  }
  return OkStatus();
}

Status Deployment::StartTask(LocalTask& local) {
  runtime::TaskSurroundings surroundings;
  surroundings.job_id = deploy_.job_id();
  surroundings.lineage = deploy_.lineage();
  surroundings.attempt = attempt_;
  surroundings.graph = &deploy_.graph();
  surroundings.connectors = &environment_.connectors;
  surroundings.executor = &environment_.executor;
  surroundings.clock = &environment_.clock;
  surroundings.store = &environment_.checkpoints;
  surroundings.files = &environment_.files;
  surroundings.budget = environment_.budget;
  surroundings.spill = environment_.spill;
  surroundings.inline_run_max = options_.inline_run_max;
  if (environment_.metrics != nullptr) {
    surroundings.metrics = &environment_.metrics->AddGroup(deploy_.job_id());
  }

  runtime::TaskSpec spec;
  spec.id = local.id;
  spec.listener = local.reporter.get();
  spec.inbox = local.inbox;
  spec.lane = &local.lane->mailbox();
  spec.inputs = std::move(local.inputs);
  spec.outputs = std::move(local.outputs);
  spec.restored = CheckpointId(deploy_.restored_checkpoint());
  for (const proto::TaskRestore& restore : deploy_.restores()) {
    if (TaskId(restore.task()) == local.id) {
      spec.restores.assign(restore.snapshots().begin(), restore.snapshots().end());
    }
  }
  ASSIGN_OR_RETURN(std::unique_ptr<runtime::Task> task,
                   runtime::BuildTask(std::move(spec), surroundings));
  // The record outlives the task: it is freed only after the lane has confirmed the removal.
  local.lane->mailbox().Post([record = &local, task = std::move(task)]() mutable {
    record->task = task.get();
    record->lane->Add(std::move(task));
  });
  return OkStatus();
}

template <class Call>
void Deployment::TellTasks(const Call& call) {
  for (auto& [id, local] : local_) {
    local->inbox->Post([record = local.get(), call] {
      if (record->task != nullptr) {
        call(*record->task);
      }
    });
  }
}

void Deployment::Trigger(const proto::TriggerCheckpoint& trigger) {
  TellTasks([checkpoint = CheckpointId(trigger.checkpoint_id()), kind = trigger.kind()](
                runtime::Task& task) { task.TriggerCheckpoint(checkpoint, kind); });
}

void Deployment::Complete(CheckpointId checkpoint) {
  TellTasks([checkpoint](runtime::Task& task) { task.CompleteCheckpoint(checkpoint); });
}

void Deployment::Abort(CheckpointId checkpoint) {
  TellTasks([checkpoint](runtime::Task& task) { task.AbortCheckpoint(checkpoint); });
}

void Deployment::Remove(UniqueFunction<void()> done) {
  const bool is_under_way = removed_ != nullptr;
  removed_ = std::move(done);
  if (is_under_way) {
    return;
  }
  send_ = nullptr;
  for (auto& [peer, stream] : outbound_) {
    stream->Close();
  }
  for (auto& [peer, channels] : inbound_) {
    channels->Close();
  }
  removing_ = local_.size();
  for (auto& [id, local] : local_) {
    local->lane->mailbox().Post([self = shared_from_this(), record = local.get()] {
      record->task = nullptr;
      record->lane->Remove(*record->inbox);
      self->environment_.mailbox.Post([self] { self->OnTaskRemoved(); });
    });
  }
  if (local_.empty()) {
    environment_.mailbox.Post([self = shared_from_this()] { self->removed_(); });
  }
}

void Deployment::OnTaskRemoved() {
  if (--removing_ == 0) {
    removed_();
  }
}

Deployment::LocalTask* Deployment::FindLocal(TaskId task) {
  const auto found = local_.find(task);
  return found == local_.end() ? nullptr : found->second.get();
}

OutboundStream& Deployment::StreamTo(const WorkerId& worker) {
  std::shared_ptr<OutboundStream>& stream = outbound_[worker];
  if (stream == nullptr) {
    stream = std::make_shared<OutboundStream>(
        [this, worker](const Status& status) { OnStreamBroken(worker, status); });
  }
  return *stream;
}

InboundChannels& Deployment::StreamFrom(const WorkerId& worker) {
  std::shared_ptr<InboundChannels>& channels = inbound_[worker];
  if (channels == nullptr) {
    channels = std::make_shared<InboundChannels>(
        environment_.mailbox,
        [this, worker](const Status& status) { OnStreamBroken(worker, status); });
  }
  return *channels;
}

void Deployment::OnStreamBroken(const WorkerId& peer, const Status& status) {
  // Whatever the peer did, another attempt may meet a better one: kDataLoss is for what is stored.
  ReportFailure(task_ids_.front(),
                Unavailable("The exchange with worker " + peer.value() +
                            " broke: " + std::string(MessageOf(status))));
}

void Deployment::Report(const proto::WorkerMessage& message) {
  if (send_ != nullptr) {
    send_(message);
  }
}

void Deployment::ReportFailure(TaskId task, const Status& status) {
  environment_.log.Warn("A task failed",
                        {{"job", job_}, {"task", task}, {"reason", MessageOf(status)}});
  proto::WorkerMessage message;
  proto::TaskStatus* failed = message.mutable_task_status();
  failed->set_job_id(deploy_.job_id());
  *failed->mutable_attempt() = deploy_.attempt();
  failed->set_task(task.value());
  failed->set_state(proto::TASK_FAILED);
  failed->set_error(std::string(MessageOf(status)));
  failed->set_error_code(static_cast<int>(status.code()));
  Report(message);
}

}  // namespace thalweg::worker
