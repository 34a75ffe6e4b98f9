// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_JOB_HOST_H_
#define THALWEG_COORDINATOR_JOB_HOST_H_

// One job at the edge: reads its log, owns its machine, carries the machine's decisions out and
// brings the outcome of each back as the next event.
//
//   kOpening ──log read, generation appended──▶ kRunning
//       └── damaged, or a graph that this program cannot run ──▶ kBroken ◀── log cannot be written

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/function.h"
#include "base/ids.h"
#include "base/status.h"
#include "coordinator/decision.h"
#include "coordinator/environment.h"
#include "coordinator/job_description.h"
#include "coordinator/job_machine.h"
#include "coordinator/log_replay.h"
#include "coordinator/log_writer.h"
#include "coordinator/worker_table.h"

namespace thalweg::coordinator {

/// What a host wants of its coordinator.
class JobHostOwner {
 public:
  virtual ~JobHostOwner() = default;

  virtual void SendTo(const WorkerId& worker, proto::CoordinatorMessage message) = 0;

  /// Ends the worker's connection, which comes back to all hosts as a lost worker.
  virtual void DropWorker(const WorkerId& worker, const std::string& reason) = 0;

  /// Another coordinator leads.
  virtual void OnDeposed(const Status& status) = 0;

  /// An event has been dealt with: slots may have become free.
  virtual void AfterEvent() = 0;
};

/// On the mailbox's thread.
class JobHost final : private ForeignRecordObserver {
 public:
  struct Options {
    Generation generation;
    std::uint64_t nonce = 0;
    JobMachineOptions machine;
  };

  /// All references outlive the host.
  JobHost(const Environment& environment,
          JobId job,
          const Options& options,
          WorkerTable& workers,
          JobHostOwner& owner);

  /// Reads the job's log and appends this leader's generation to it, and with it `submission`
  /// unless the log has an equal one. `done` is told once these are durable; an error leaves the
  /// host broken. Once.
  void Open(std::optional<proto::JobSubmitted> submission,
            UniqueFunction<void(const Status&)> done);

  /// Starts the machine. REQUIRES: Open() has succeeded.
  void Activate();

  /// No further word to anybody: this coordinator does not lead any more. What waits is answered
  /// with `status`.
  void Stop(const Status& status);

  /// Runs `call` once the job runs or is broken; at once if it is.
  void WhenReady(UniqueFunction<void()> call);

  // Events; ignored while there is no machine.
  void OnTick();
  void OnMessage(const WorkerId& from, const proto::WorkerMessage& message);
  void OnWorkerLost(const WorkerId& worker);
  void OnDeath();

  // Users' wishes; `done` is told when the wish is durable. REQUIRES: ready.
  void Cancel(UniqueFunction<void(const Status&)> done);
  void StopJob(bool drain, UniqueFunction<void(const Status&)> done);
  void Change(proto::JobGraph graph, UniqueFunction<void(const Status&)> done);

  /// Told when the job has ended. REQUIRES: ready.
  void Watch(UniqueFunction<void(StatusOr<JobOutcome>)> done);

  /// Null while the job is being opened and when it is broken.
  const JobMachine* machine() const { return machine_.get(); }

  /// Why the job cannot be run at all; OK otherwise.
  const Status& broken() const { return broken_; }

  const JobId& job() const { return job_; }

 private:
  struct Waiter {
    std::uint64_t append_count;
    UniqueFunction<void(const Status&)> done;
  };

  Status OnForeign(const proto::LogRecord& record) override;
  void OnRead(StatusOr<LogWriter::Records> records, std::optional<proto::JobSubmitted> submission);
  void AppendOpening(proto::LogRecord record, UniqueFunction<void()> next);
  void OnLogFailed(const Status& status);
  void Break(const Status& status);
  void FinishOpening(const Status& status);

  void Carry(Decisions decisions);
  void CarryOne(Decision& decision, std::vector<DropWorkerDecision>& drops);
  void OnAppended(const Status& status);
  void DeleteFiles(std::vector<std::string> keys);
  void DeleteAllFiles();
  void ListFiles();
  void Rearm();
  void AnswerWaiters();
  void Wish(StatusOr<Decisions> decisions, UniqueFunction<void(const Status&)> done);
  void TellWatchers(const StatusOr<JobOutcome>& outcome);

  // Constant after construction.
  const Environment& environment_;
  const JobId job_;
  const Options options_;
  WorkerTable& workers_;
  JobHostOwner& owner_;

  bool stopped_ = false;
  bool ready_ = false;
  Status broken_;
  LogWriter writer_;
  JobLogState log_;  // While opening; then it is the machine's.
  UniqueFunction<void(const Status&)> opened_;
  std::unique_ptr<JobMachine> machine_;
  std::optional<TimerHandle> timer_;
  std::optional<MonoTime> timer_due_;
  std::vector<UniqueFunction<void()>> when_ready_;
  std::deque<Waiter> waiters_;  // By rising append count.
  std::vector<UniqueFunction<void(StatusOr<JobOutcome>)>> watchers_;
  Lifeline lifeline_;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_JOB_HOST_H_
