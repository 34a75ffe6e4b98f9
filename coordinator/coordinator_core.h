// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_COORDINATOR_CORE_H_
#define THALWEG_COORDINATOR_COORDINATOR_CORE_H_

// The inside of CoordinatorService: the same, on one thread and with callbacks at once.
//
//   kIdle ──Start──▶ kElecting ──generation durable──▶ kLeading ──higher generation seen──▶ kOver
//                        └──────────────cluster's log damaged──────────────────────────────▲

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/function.h"
#include "base/ids.h"
#include "base/status.h"
#include "coordinator/coordinator_service.h"
#include "coordinator/environment.h"
#include "coordinator/job_description.h"
#include "coordinator/job_host.h"
#include "coordinator/log_replay.h"
#include "coordinator/log_writer.h"
#include "coordinator/worker_sessions.h"
#include "coordinator/worker_table.h"

namespace thalweg::coordinator {

/// Elections lost in a row after which a coordinator gives up.
inline constexpr int kElectionsMax = 100;

class CoordinatorCore final : private ForeignRecordObserver,
                              private WorkerListener,
                              private JobHostOwner {
 public:
  template <class T>
  using Done = UniqueFunction<void(T)>;

  CoordinatorCore(const Environment& environment,
                  CoordinatorOptions options,
                  CoordinatorListener& listener);
  ~CoordinatorCore() override = default;

  void Start();
  void Submit(SubmitRequest request, Done<StatusOr<JobId>> done);
  void Cancel(const JobId& job, Done<Status> done);
  void Stop(const JobId& job, bool drain, Done<Status> done);
  void Change(const JobId& job, proto::JobGraph graph, Done<Status> done);
  void Describe(const JobId& job, Done<StatusOr<JobDescription>> done);
  void List(Done<StatusOr<std::vector<JobDescription>>> done);
  void ListWorkers(Done<StatusOr<std::vector<WorkerDescription>>> done);
  void Watch(const JobId& job, Done<StatusOr<JobOutcome>> done);

 private:
  enum class Phase { kIdle, kElecting, kLeading, kOver };

  // Leadership.
  void Elect();
  void OnClusterRead(StatusOr<LogWriter::Records> records);
  void OnElected(const Status& status);
  Status OnForeign(const proto::LogRecord& record) override;
  void Lead();
  void CheckLeadership();
  void StepDown(const Status& status);
  Status Over() const;
  /// Runs `call` when this process leads or is over.
  void WhenDecided(UniqueFunction<void()> call);

  // Jobs.
  JobHost* FindHost(const JobId& job);
  JobHost& AddHost(const JobId& job);
  /// The job of this name that has not ended, if any.
  std::optional<JobId> FindLiveName(const std::string& name) const;
  void SubmitNew(JobId job, proto::JobGraph graph, Done<StatusOr<JobId>> done);
  void OnJobDurable(const JobId& job, Done<StatusOr<JobId>> done);
  void SubmitAgain(JobHost& host, const proto::JobGraph& graph, Done<StatusOr<JobId>> done);
  /// Runs `call` with the host of a job that runs or is broken, or `failed` with the reason why
  /// not.
  void WithJob(const JobId& job,
               UniqueFunction<void(JobHost&)> call,
               UniqueFunction<void(const Status&)> failed);
  static JobDescription DescriptionOf(const JobHost& host);

  // Workers.
  void OnRegister(const WorkerId& worker, const proto::RegisterWorker& message) override;
  void OnWorkerMessage(const WorkerId& worker, const proto::WorkerMessage& message) override;
  void OnWorkerGone(const WorkerId& worker, const std::string& reason) override;
  void CancelUnwanted(const WorkerId& worker, const proto::RegisterWorker& message);
  void ArmHeartbeatTimer();
  void DropSilentWorkers();

  // What the hosts want.
  void SendTo(const WorkerId& worker, proto::CoordinatorMessage message) override;
  void DropWorker(const WorkerId& worker, const std::string& reason) override;
  void OnDeposed(const Status& status) override { StepDown(status); }
  void AfterEvent() override;

  // Constant after construction.
  const Environment environment_;
  const CoordinatorOptions options_;
  CoordinatorListener& listener_;
  const std::uint64_t nonce_;

  Phase phase_ = Phase::kIdle;
  Status over_;
  int elections_ = 0;
  Generation generation_;
  ClusterLogState cluster_;
  LogWriter cluster_log_;
  std::vector<UniqueFunction<void()>> when_decided_;

  WorkerTable workers_;
  std::uint64_t slots_version_ = 0;  // Of workers_, when waiting jobs last had their chance.
  bool offering_slots_ = false;
  std::map<JobId, std::unique_ptr<JobHost>> hosts_;
  std::vector<JobId> order_;  // Of submission.
  WorkerSessions sessions_;
  std::optional<TimerHandle> heartbeat_timer_;
  Lifeline lifeline_;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_COORDINATOR_CORE_H_
