// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_WORKER_SESSIONS_H_
#define THALWEG_COORDINATOR_WORKER_SESSIONS_H_

// The connections of the workers: one stream each, dialled by the worker. Translates frames to
// messages and back and knows which worker speaks on which connection; decides nothing else.

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "coordinator/environment.h"
#include "proto/control.pb.h"
#include "transport/transport.h"

namespace thalweg::coordinator {

/// The version of the control protocol that this program speaks.
inline constexpr std::uint32_t kProtocolVersion = 1;

class WorkerListener {
 public:
  virtual ~WorkerListener() = default;

  /// A worker has introduced itself on a new connection, or again on the same one. An older
  /// connection of the same worker has been closed, and OnWorkerGone() called, before.
  virtual void OnRegister(const WorkerId& worker, const proto::RegisterWorker& message) = 0;

  /// Any other message of a worker that has introduced itself.
  virtual void OnWorkerMessage(const WorkerId& worker, const proto::WorkerMessage& message) = 0;

  /// The connection of a worker that had introduced itself is over.
  virtual void OnWorkerGone(const WorkerId& worker, const std::string& reason) = 0;
};

/// On the mailbox's thread.
class WorkerSessions {
 public:
  /// `environment` and `listener` outlive it.
  WorkerSessions(const Environment& environment,
                 transport::Address address,
                 WorkerListener& listener);
  ~WorkerSessions();

  /// Starts to accept workers. Errors are the transport's.
  Status Listen();

  /// Refuses new connections and closes all others without calling the listener.
  void Close();

  /// To a worker that is connected; dropped otherwise.
  void Send(const WorkerId& worker, const proto::CoordinatorMessage& message);

  /// Closes the worker's connection; OnWorkerGone() is called before this returns.
  void Drop(const WorkerId& worker, const std::string& reason);

 private:
  class Session;

  std::shared_ptr<transport::ConnectionHandler> Accept(
      std::unique_ptr<transport::Connection> connection);
  void OnFrame(Session& session, const transport::Frame& frame);
  void OnRegister(Session& session, const proto::RegisterWorker& message);
  void OnClosed(Session& session, const std::string& reason);
  void Refuse(Session& session, const std::string& reason);

  const Environment& environment_;
  const transport::Address address_;
  WorkerListener& listener_;
  bool listening_ = false;
  std::uint64_t last_session_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Session>> sessions_;  // By number, from 1.
  std::map<WorkerId, Session*> by_worker_;
  Lifeline lifeline_;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_WORKER_SESSIONS_H_
