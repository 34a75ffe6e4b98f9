// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_CLIENT_REMOTE_REMOTE_CLUSTER_H_
#define THALWEG_CLIENT_REMOTE_REMOTE_CLUSTER_H_

#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "proto/client.pb.h"
#include "transport/transport.h"

namespace thalweg::client {

/// The service of a coordinator that clients dial: "host:port" becomes "host:port/clients".
transport::Address ClientAddress(const transport::Address& coordinator);

/// The service that workers dial.
transport::Address WorkerServiceOf(const transport::Address& coordinator);

/// A cluster of other processes, through its coordinator. Calls block and may come from any thread.
///
/// kUnavailable from any call: the coordinator is away or does not lead any more; what was asked
/// may have been done. Connect again and repeat: Submit() with the same id is answered as the first
/// one.
class RemoteCluster {
 public:
  /// Dials and greets. kUnavailable: nobody is there; kFailedPrecondition: a coordinator of another
  /// release; kDeadlineExceeded: no answer within `patience`. `transport` outlives the cluster.
  static StatusOr<std::unique_ptr<RemoteCluster>> Connect(transport::Transport& transport,
                                                          const transport::Address& coordinator,
                                                          Milliseconds patience);
  ~RemoteCluster();

  /// What the coordinator said of itself.
  const proto::ClientHelloAnswer& hello() const { return hello_; }

  /// Blocks until the job is durable. kAlreadyExists: its name is taken by a job that has not
  /// ended. kInvalidArgument: the program is wrong; the message says where.
  StatusOr<JobId> Submit(const proto::SubmitJob& submission);
  StatusOr<std::vector<proto::JobInfo>> List();
  /// By id, or by the name of a job.
  StatusOr<proto::JobInfo> Describe(const std::string& job);
  Status Cancel(const JobId& job);
  Status Stop(const JobId& job, bool drain);
  /// Blocks until the job has ended; state and reason alone are set.
  StatusOr<proto::JobInfo> Wait(const JobId& job);
  StatusOr<std::vector<proto::WorkerInfo>> ListWorkers();

 private:
  class Caller;
  RemoteCluster(std::unique_ptr<Caller> caller, proto::ClientHelloAnswer hello);

  const std::unique_ptr<Caller> caller_;
  const proto::ClientHelloAnswer hello_;
};

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_REMOTE_REMOTE_CLUSTER_H_
