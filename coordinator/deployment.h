// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_DEPLOYMENT_H_
#define THALWEG_COORDINATOR_DEPLOYMENT_H_

// One attempt of a job on its workers: which task runs where, how far each has come, and, once it
// is being cancelled, who has not yet confirmed.

#include <map>
#include <set>
#include <vector>

#include "base/ids.h"
#include "coordinator/scheduler.h"
#include "coordinator/worker_table.h"
#include "proto/control.pb.h"
#include "proto/plan.pb.h"

namespace thalweg::coordinator {

class Deployment {
 public:
  Deployment(Attempt attempt, Placement placement, const proto::JobGraph& graph);

  Attempt attempt() const { return attempt_; }
  const Placement& placement() const { return placement_; }

  /// Those with a task of this attempt.
  const std::set<WorkerId>& workers() const { return workers_; }
  bool Has(TaskId task) const { return tasks_.contains(task); }
  std::set<TaskId> TaskSet() const { return {tasks_.begin(), tasks_.end()}; }
  const WorkerId& WorkerOf(TaskId task) const { return placement_[SubtaskIndexOf(task)]; }

  /// True: all tasks run, for the first time.
  bool OnRunning(TaskId task) { return waiting_to_run_.erase(task) > 0 && all_run(); }
  bool all_run() const { return waiting_to_run_.empty(); }

  /// True: all tasks have ended, for the first time.
  bool OnEnded(TaskId task) { return waiting_to_end_.erase(task) > 0 && all_ended(); }
  bool all_ended() const { return waiting_to_end_.empty(); }

  /// Starts waiting for every worker to confirm that nothing runs any more.
  void StartCancel() { waiting_for_gone_ = workers_; }

  /// A worker has confirmed, or is lost.
  void OnGone(const WorkerId& worker) { waiting_for_gone_.erase(worker); }
  const std::set<WorkerId>& waiting_for_gone() const { return waiting_for_gone_; }

 private:
  const Attempt attempt_;
  const Placement placement_;
  std::set<WorkerId> workers_;
  std::set<TaskId> tasks_;
  std::set<TaskId> waiting_to_run_;
  std::set<TaskId> waiting_to_end_;
  std::set<WorkerId> waiting_for_gone_;
};

/// What the deploy messages of one attempt have in common.
struct DeployPlan {
  JobId job;
  std::string lineage;
  const proto::JobGraph& graph;
  std::map<TaskId, proto::TaskRestore> restores;  // Empty at the first start.
  CheckpointId restored;                          // 0: none.
};

/// The message for each worker of the deployment. REQUIRES: all of them are in `workers`.
std::map<WorkerId, proto::DeployJob> BuildDeployMessages(const DeployPlan& plan,
                                                         const Deployment& deployment,
                                                         const WorkerTable& workers);

proto::AttemptId ToProto(const Attempt& attempt);
Attempt FromProto(const proto::AttemptId& attempt);

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_DEPLOYMENT_H_
