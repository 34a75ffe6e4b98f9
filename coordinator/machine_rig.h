// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_MACHINE_RIG_H_
#define THALWEG_COORDINATOR_MACHINE_RIG_H_

// Drives one JobMachine in a test: plays its workers, its log and its clock, and keeps what it
// decided. Nothing happens by itself: the test says when a record is durable and who answers.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "coordinator/deployment.h"
#include "coordinator/graph.h"
#include "coordinator/job_machine.h"
#include "coordinator/test_graphs.h"
#include "storage/layout.h"

namespace thalweg::coordinator {

class MachineRig {
 public:
  /// A new job, started, with workers of one slot each.
  explicit MachineRig(const proto::JobGraph& graph,
                      const std::vector<std::string>& workers = {},
                      const JobMachineOptions& options = {})
      : MachineRig(Submitted(graph), Generation(1), workers, options) {}

  /// A job that a leader with this generation finds in the log.
  MachineRig(JobLogState log,
             Generation generation,
             const std::vector<std::string>& workers,
             const JobMachineOptions& options = {}) {
    auto machine = JobMachine::Create(TestJob(), generation, std::move(log), workers_, options);
    CHECK_OK(machine);
    machine_ = *std::move(machine);
    for (const std::string& worker : workers) {
      AddWorker(worker, 1);
    }
    if (!workers.empty()) {
      Start();
    }
  }

  static JobId TestJob() { return JobId("0123456789abcdef0123456789abcdef"); }
  static std::string FileOf(std::uint64_t checkpoint) {
    return storage::AttemptFilesPrefix(TestJob(), {.generation = Generation(1), .n = 1}) +
           std::to_string(checkpoint);
  }

  JobMachine& machine() { return *machine_; }
  MonoTime now() const { return now_; }

  void Take(Decisions decisions) {
    std::vector<std::string> drops;
    for (Decision& decision : decisions) {
      if (auto* send = std::get_if<SendDecision>(&decision)) {
        sent_.push_back(std::move(*send));
      } else if (auto* append = std::get_if<AppendDecision>(&decision)) {
        CHECK(!appending_);
        appending_ = std::move(append->record);
      } else if (auto* files = std::get_if<DeleteFilesDecision>(&decision)) {
        deleted_.insert(deleted_.end(), files->keys.begin(), files->keys.end());
      } else if (std::holds_alternative<DeleteAllFilesDecision>(decision)) {
        deleted_all_ = true;
      } else if (std::holds_alternative<TruncateDecision>(decision)) {
        ++truncations_;
      } else if (auto* drop = std::get_if<DropWorkerDecision>(&decision)) {
        drops.push_back(drop->worker.value());
      }
    }
    for (const std::string& worker : drops) {
      dropped_.push_back(worker);
      LoseWorker(worker);
    }
  }

  // The world.
  void Start() { Take(machine_->Start(now_)); }
  void Tick() { Take(machine_->OnTick(now_)); }
  void Advance(std::int64_t millis) {
    now_ += Milliseconds(millis);
    Tick();
  }
  void AddWorker(const std::string& name, std::uint32_t slots) {
    workers_.Add(WorkerId(name), name + ":1", slots, now_);
  }
  void LoseWorker(const std::string& name) {
    workers_.Remove(WorkerId(name));
    Take(machine_->OnWorkerLost(WorkerId(name), now_));
  }
  void Appended() {
    CHECK(appending_.has_value());
    appending_ = std::nullopt;
    Take(machine_->OnAppended(now_));
  }

  // Users.
  void Cancel() { Take(Must(machine_->Cancel())); }
  void Stop(bool drain) { Take(Must(machine_->Stop(drain))); }
  Status Change(proto::JobGraph graph) {
    StatusOr<Decisions> decisions = machine_->Change(std::move(graph));
    if (decisions.ok()) {
      Take(*std::move(decisions));
    }
    return decisions.status();
  }

  // Workers. They speak as the current attempt unless told otherwise.
  void SetSpeaker(const Attempt& attempt) { speaker_ = attempt; }

  void Report(TaskId task, proto::TaskState state, StatusCode code, const std::string& error) {
    proto::WorkerMessage message;
    proto::TaskStatus& status = *message.mutable_task_status();
    status.set_job_id(TestJob().value());
    *status.mutable_attempt() = Speaker();
    status.set_task(task.value());
    status.set_state(state);
    status.set_error(error);
    status.set_error_code(static_cast<std::int32_t>(code));
    Tell(task, message);
  }
  void Fail(TaskId task, StatusCode code, const std::string& error = "broken") {
    Report(task, proto::TASK_FAILED, code, error);
  }
  void AllRun() {
    for (const TaskId task : Tasks()) {
      Report(task, proto::TASK_RUNNING, StatusCode::kOk, "");
    }
  }
  void AllEnd() {
    for (const TaskId task : Tasks()) {
      Report(task, proto::TASK_ENDED, StatusCode::kOk, "");
    }
  }
  void Gone(const std::string& worker) {
    proto::WorkerMessage message;
    message.mutable_gone()->set_job_id(TestJob().value());
    *message.mutable_gone()->mutable_attempt() = Speaker();
    Take(machine_->OnMessage(WorkerId(worker), message, now_));
  }
  void AllGone() {
    for (const auto& [worker, entry] : std::map(workers_.workers())) {
      Gone(worker.value());
    }
  }
  /// One task fails, all workers confirm, and the delay passes.
  void Restart() {
    Fail(MakeTaskId(0, 0), StatusCode::kUnavailable);
    AllGone();
    Advance(60'000);
  }
  void TriggerNext() { Advance(1'000); }
  /// The "count" tasks name one file if `with_state_of` says so.
  void AckAll(std::uint64_t checkpoint, const std::string& with_state_of = "") {
    for (const TaskId task : Tasks()) {
      proto::WorkerMessage message;
      proto::CheckpointAck& ack = *message.mutable_ack();
      ack.set_job_id(TestJob().value());
      *ack.mutable_attempt() = Speaker();
      ack.set_checkpoint_id(checkpoint);
      *ack.mutable_snapshot() = SnapshotOf(Graph(), task);
      if (!with_state_of.empty() && VertexIndexOf(task) == 1) {
        ack.mutable_snapshot()->add_tables()->set_operator_id(with_state_of);
        ack.mutable_snapshot()->add_runs()->set_file(FileOf(checkpoint));
      }
      Tell(task, message);
    }
  }
  /// Triggered, acknowledged, durable.
  void TakeCheckpoint(std::uint64_t checkpoint, const std::string& with_state_of = "") {
    TriggerNext();
    AckAll(checkpoint, with_state_of);
    Appended();
  }
  void Committed(TaskId task, std::uint64_t checkpoint) {
    proto::WorkerMessage message;
    proto::CommitAck& commit = *message.mutable_commit_ack();
    commit.set_job_id(TestJob().value());
    *commit.mutable_attempt() = Speaker();
    commit.set_checkpoint_id(checkpoint);
    commit.set_task(task.value());
    Tell(task, message);
  }
  void Replayed(TaskId task) {
    proto::WorkerMessage message;
    proto::SinkReplayed& replayed = *message.mutable_replayed();
    replayed.set_job_id(TestJob().value());
    *replayed.mutable_attempt() = Speaker();
    replayed.set_task(task.value());
    Tell(task, message);
  }

  // What was decided.
  const std::vector<SendDecision>& sent() const { return sent_; }
  void ClearSent() {
    RememberDeploy();
    sent_.clear();
  }
  /// The workers that got a message of this kind, in order.
  std::vector<std::string> Sent(const std::string& kind) const {
    std::vector<std::string> workers;
    for (const SendDecision& send : sent_) {
      const auto* field = send.message.GetDescriptor()->FindFieldByName(kind);
      if (send.message.GetReflection()->HasField(send.message, field)) {
        workers.push_back(send.worker.value());
      }
    }
    return workers;
  }
  const proto::CoordinatorMessage& LastSent(const std::string& worker) const {
    for (auto send = sent_.rbegin(); send != sent_.rend(); ++send) {
      if (send->worker.value() == worker) {
        return send->message;
      }
    }
    static const proto::CoordinatorMessage kNone;
    return kNone;
  }
  const proto::LogRecord* appending() const { return appending_ ? &*appending_ : nullptr; }
  const std::vector<std::string>& deleted() const { return deleted_; }
  bool deleted_all() const { return deleted_all_; }
  int truncations() const { return truncations_; }
  const std::vector<std::string>& dropped() const { return dropped_; }

 private:
  static JobLogState Submitted(const proto::JobGraph& graph) {
    proto::LogRecord record;
    record.set_generation(1);
    record.mutable_submitted()->set_job_id(TestJob().value());
    record.mutable_submitted()->set_lineage("lineage");
    *record.mutable_submitted()->mutable_graph() = graph;
    JobLogState log;
    CHECK_OK(log.Apply(record));
    return log;
  }

  static Decisions Must(StatusOr<Decisions> decisions) {
    CHECK_OK(decisions);
    return *std::move(decisions);
  }

  const proto::JobGraph& Graph() const { return machine_->log().submitted()->graph(); }
  std::vector<TaskId> Tasks() const { return TasksOf(Graph()); }
  proto::AttemptId Speaker() const { return ToProto(speaker_.value_or(machine_->attempt())); }

  /// From the worker that the task was deployed to last.
  void Tell(TaskId task, const proto::WorkerMessage& message) {
    RememberDeploy();
    WorkerId from;
    for (const proto::TaskPlacement& place : last_deploy_.placements()) {
      if (place.task() == task.value()) {
        from = WorkerId(place.worker_id());
      }
    }
    Take(machine_->OnMessage(from, message, now_));
  }
  void RememberDeploy() {
    for (const SendDecision& send : sent_) {
      if (send.message.has_deploy()) {
        last_deploy_ = send.message.deploy();
      }
    }
  }

  MonoTime now_{};
  WorkerTable workers_;
  std::unique_ptr<JobMachine> machine_;
  std::optional<Attempt> speaker_;
  proto::DeployJob last_deploy_;

  std::vector<SendDecision> sent_;
  std::optional<proto::LogRecord> appending_;
  std::vector<std::string> deleted_;
  bool deleted_all_ = false;
  int truncations_ = 0;
  std::vector<std::string> dropped_;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_MACHINE_RIG_H_
