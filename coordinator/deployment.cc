// SPDX-License-Identifier: Apache-2.0

#include "coordinator/deployment.h"

#include <utility>

#include "base/check.h"
#include "coordinator/graph.h"

namespace thalweg::coordinator {

proto::AttemptId ToProto(const Attempt& attempt) {
  proto::AttemptId id;
  id.set_generation(attempt.generation.value());
  id.set_n(attempt.n);
  return id;
}

Attempt FromProto(const proto::AttemptId& attempt) {
  return {.generation = Generation(attempt.generation()), .n = attempt.n()};
}

Deployment::Deployment(Attempt attempt, Placement placement, const proto::JobGraph& graph)
    : attempt_(attempt),
      placement_(std::move(placement)),
      workers_(placement_.begin(), placement_.end()) {
  for (const TaskId task : TasksOf(graph)) {
    CHECK_LT(SubtaskIndexOf(task), placement_.size());
    tasks_.insert(task);
  }
  waiting_to_run_ = tasks_;
  waiting_to_end_ = tasks_;
}

std::map<WorkerId, proto::DeployJob> BuildDeployMessages(const DeployPlan& plan,
                                                         const Deployment& deployment,
                                                         const WorkerTable& workers) {
  proto::DeployJob common;
  common.set_job_id(plan.job.value());
  *common.mutable_attempt() = ToProto(deployment.attempt());
  *common.mutable_graph() = plan.graph;
  common.set_lineage(plan.lineage);
  common.set_restored_checkpoint(plan.restored.value());
  const std::vector<TaskId> tasks = TasksOf(plan.graph);
  for (const TaskId task : tasks) {
    const WorkerId& id = deployment.WorkerOf(task);
    const WorkerTable::Worker* worker = workers.Find(id);
    CHECK(worker != nullptr);
    proto::TaskPlacement& place = *common.add_placements();
    place.set_task(task.value());
    place.set_worker_id(id.value());
    place.set_exchange_address(worker->exchange_address);
  }

  std::map<WorkerId, proto::DeployJob> messages;
  for (const WorkerId& worker : deployment.workers()) {
    messages.emplace(worker, common);
  }
  for (const TaskId task : tasks) {
    proto::DeployJob& message = messages.at(deployment.WorkerOf(task));
    message.add_tasks(task.value());
    if (const auto restore = plan.restores.find(task); restore != plan.restores.end()) {
      *message.add_restores() = restore->second;
    }
  }
  return messages;
}

}  // namespace thalweg::coordinator
