// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_WORKER_WORKER_H_
#define THALWEG_WORKER_WORKER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "proto/control.pb.h"
#include "worker/control_session.h"
#include "worker/exchange/hub.h"
#include "worker/worker_options.h"

namespace thalweg::worker {

class Deployment;

/// One worker: takes tasks from the coordinator that leads, runs them on its lanes, and tells what
/// becomes of them. It decides nothing but what it must refuse: whatever carries a lower generation
/// or attempt than it has seen.
///
///   Deploy ──▶ [older attempt of the job goes] ──▶ Deployment: tasks on lanes, streams to other
///   workers Cancel ──▶ tasks are destroyed ──▶ TASK_GONE for each
///
/// All calls on the worker's own thread (`environment.mailbox`). When it is destroyed its lanes
/// must have stopped, or Stop() must have come to its end: tasks use what the worker owns.
class Worker {
 public:
  Worker(WorkerOptions options, WorkerEnvironment environment);
  ~Worker();

  /// Listens for other workers and registers. kAlreadyExists: the exchange address is taken.
  Status Start();

  /// Leaves the coordinator and destroys all tasks; `done` is called when the last one has gone.
  void Stop(UniqueFunction<void()> done);

  bool attached() const { return session_.attached(); }
  Generation generation() const { return session_.generation(); }

 private:
  // What this worker knows of one job.
  struct Job {
    Attempt newest;                             // Seen in a deployment or a cancel.
    std::shared_ptr<Deployment> current;        // Running, or on its way out.
    std::unique_ptr<proto::DeployJob> waiting;  // For `current` to be gone.
    std::vector<proto::AttemptId> cancelled;    // To be answered when `current` is gone.
  };

  proto::RegisterWorker Registration() const;
  void OnCommand(const proto::CoordinatorMessage& message);
  void OnDeploy(const proto::DeployJob& deploy);
  void OnCancel(const proto::CancelJob& cancel);
  void Launch(const JobId& id, Job& job, const proto::DeployJob& deploy);
  void Remove(const JobId& id, Job& job);
  void OnGone(const JobId& id);
  void SendGone(const JobId& id, const proto::AttemptId& attempt);
  /// The running deployment of exactly this attempt, or null.
  Deployment* Find(const std::string& job_id, const proto::AttemptId& attempt);

  const WorkerOptions options_;
  WorkerEnvironment environment_;
  ExchangeHub hub_;
  ControlSession session_;
  std::map<JobId, Job> jobs_;
  UniqueFunction<void()> stopped_;  // Set while stopping.
};

}  // namespace thalweg::worker

#endif  // THALWEG_WORKER_WORKER_H_
