// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_WORKER_DEPLOYMENT_H_
#define THALWEG_WORKER_DEPLOYMENT_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/function.h"
#include "base/ids.h"
#include "base/status.h"
#include "proto/control.pb.h"
#include "runtime/channel/channel.h"
#include "worker/exchange/hub.h"
#include "worker/exchange/outbound.h"
#include "worker/worker_options.h"

namespace thalweg::runtime {
class TaskInbox;
}  // namespace thalweg::runtime

namespace thalweg::worker {

/// Takes what a deployment has to tell the coordinator.
using SendToCoordinator = UniqueFunction<void(const proto::WorkerMessage&)>;

/// This worker's tasks of one attempt of one job: builds them and their channels, puts them on
/// lanes, passes commands in and reports out. Lives until Remove() is done. All calls on the
/// worker's own thread.
class Deployment final : public std::enable_shared_from_this<Deployment> {
 public:
  /// `send` may be called until Remove() or the destructor. The references outlive the deployment.
  Deployment(proto::DeployJob deploy,
             const WorkerOptions& options,
             WorkerEnvironment& environment,
             ExchangeHub& hub,
             SendToCoordinator send);
  ~Deployment();

  /// Builds and starts everything. A failure (a plan that does not fit, an unknown connector) is
  /// reported as that of the task that it concerns.
  void Start();

  void Trigger(const proto::TriggerCheckpoint& trigger);
  void Complete(CheckpointId checkpoint);
  void Abort(CheckpointId checkpoint);

  /// Destroys the tasks without side effects; `done` is called when nothing of them runs any more.
  /// Nothing is reported from now on.
  void Remove(UniqueFunction<void()> done);

  const JobId& job() const { return job_; }
  const Attempt& attempt() const { return attempt_; }
  const std::vector<TaskId>& tasks() const { return task_ids_; }

 private:
  class Reporter;
  struct LocalTask;
  using ChannelReaders = std::vector<std::unique_ptr<runtime::ChannelReader>>;
  using ChannelWriters = std::vector<std::unique_ptr<runtime::ChannelWriter>>;

  void PlaceTasks();
  Status ConnectEdges();
  Status ConnectEdge(std::uint32_t edge_index);
  Status ConnectChannel(const ChannelKey& key, TaskId from, TaskId to);
  Status StartTask(LocalTask& task);

  LocalTask* FindLocal(TaskId task);
  OutboundStream& StreamTo(const WorkerId& worker);
  InboundChannels& StreamFrom(const WorkerId& worker);
  void OnStreamBroken(const WorkerId& peer, const Status& status);

  /// Runs `call` on the lane of every task, while the task lives.
  template <class Call>
  void TellTasks(const Call& call);
  void Report(const proto::WorkerMessage& message);
  void ReportFailure(TaskId task, const Status& status);
  void OnTaskRemoved();

  const proto::DeployJob deploy_;
  const WorkerOptions& options_;
  WorkerEnvironment& environment_;
  ExchangeHub& hub_;
  SendToCoordinator send_;
  const JobId job_;
  const Attempt attempt_;
  std::vector<TaskId> task_ids_;                              // Of this worker.
  std::map<TaskId, const proto::TaskPlacement*> placements_;  // Of the job.
  std::map<TaskId, std::unique_ptr<LocalTask>> local_;
  std::map<WorkerId, std::shared_ptr<OutboundStream>> outbound_;
  std::map<WorkerId, std::shared_ptr<InboundChannels>> inbound_;
  UniqueFunction<void()> removed_;
  std::size_t removing_ = 0;  // Tasks whose lane has not confirmed.
};

}  // namespace thalweg::worker

#endif  // THALWEG_WORKER_DEPLOYMENT_H_
