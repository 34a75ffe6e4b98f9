// SPDX-License-Identifier: Apache-2.0

#include "coordinator/worker_sessions.h"

#include <optional>
#include <utility>

#include "fmt/format.h"

namespace thalweg::coordinator {

/// One connection.
class WorkerSessions::Session final : public transport::ConnectionHandler {
 public:
  Session(WorkerSessions& owner,
          std::uint64_t number,
          std::unique_ptr<transport::Connection> connection)
      : number(number), owner_(owner), connection_(std::move(connection)) {}

  void OnFrame(transport::Frame frame) override { owner_.OnFrame(*this, frame); }
  void OnClosed(const Status& status) override {
    owner_.OnClosed(*this, std::string(MessageOf(status)));
  }

  void Send(const proto::CoordinatorMessage& message) {
    connection_->Send({.head = message.SerializeAsString(), .body = nullptr});
  }
  void Close() { connection_->Close(); }

  const std::uint64_t number;
  std::optional<WorkerId> worker;  // Once it has introduced itself.

 private:
  WorkerSessions& owner_;
  const std::unique_ptr<transport::Connection> connection_;
};

WorkerSessions::WorkerSessions(const Environment& environment,
                               transport::Address address,
                               WorkerListener& listener)
    : environment_(environment), address_(std::move(address)), listener_(listener) {}

WorkerSessions::~WorkerSessions() {
  Close();
}

Status WorkerSessions::Listen() {
  // A transport may free the acceptor late, so it must not count on this object.
  auto guarded = lifeline_.Guard([this](std::unique_ptr<transport::Connection> connection,
                                        std::shared_ptr<transport::ConnectionHandler>* handler) {
    *handler = Accept(std::move(connection));
  });
  RETURN_IF_ERROR(environment_.transport.Listen(
      address_,
      environment_.mailbox,
      [guarded = std::move(guarded)](std::unique_ptr<transport::Connection> connection) mutable {
        std::shared_ptr<transport::ConnectionHandler> handler;
        guarded(std::move(connection), &handler);
        return handler;
      }));
  listening_ = true;
  return OkStatus();
}

void WorkerSessions::Close() {
  if (std::exchange(listening_, false)) {
    environment_.transport.StopListening(address_);
  }
  by_worker_.clear();
  std::exchange(sessions_, {}).clear();
}

std::shared_ptr<transport::ConnectionHandler> WorkerSessions::Accept(
    std::unique_ptr<transport::Connection> connection) {
  if (!listening_) {
    return nullptr;
  }
  auto session = std::make_shared<Session>(*this, ++last_session_, std::move(connection));
  sessions_.emplace(session->number, session);
  return session;
}

void WorkerSessions::OnFrame(Session& session, const transport::Frame& frame) {
  proto::WorkerMessage message;
  if (!message.ParseFromString(frame.head)) {
    OnClosed(session, "It sent a frame that is no message.");
    return;
  }
  if (message.has_register_()) {
    OnRegister(session, message.register_());
  } else if (session.worker) {
    // A copy: the session may end inside the call.
    const WorkerId worker = *session.worker;
    listener_.OnWorkerMessage(worker, message);
  }
}

void WorkerSessions::OnRegister(Session& session, const proto::RegisterWorker& message) {
  if (message.protocol_version() != kProtocolVersion) {
    Refuse(session,
           fmt::format("Worker '{}' speaks version {} of the control protocol, this coordinator "
                       "version {}.",
                       message.worker_id(),
                       message.protocol_version(),
                       kProtocolVersion));
    return;
  }
  const WorkerId worker(message.worker_id());
  if (worker.value().empty() || (session.worker && *session.worker != worker)) {
    Refuse(session, "A connection belongs to one worker with a name.");
    return;
  }
  const auto older = by_worker_.find(worker);
  if (older != by_worker_.end() && older->second != &session) {
    OnClosed(*older->second, "It has opened another connection.");
  }
  session.worker = worker;
  by_worker_[worker] = &session;
  listener_.OnRegister(worker, message);
}

void WorkerSessions::Refuse(Session& session, const std::string& reason) {
  proto::CoordinatorMessage message;
  message.mutable_refused()->set_reason(reason);
  session.Send(message);
  session.Close();
  OnClosed(session, reason);
}

void WorkerSessions::OnClosed(Session& session, const std::string& reason) {
  const auto node = sessions_.extract(session.number);
  if (node.empty() || !session.worker) {
    return;
  }
  // Alive until the end of this call, by `node`.
  by_worker_.erase(*session.worker);
  session.Close();
  listener_.OnWorkerGone(*session.worker, reason);
}

void WorkerSessions::Send(const WorkerId& worker, const proto::CoordinatorMessage& message) {
  if (const auto found = by_worker_.find(worker); found != by_worker_.end()) {
    found->second->Send(message);
  }
}

void WorkerSessions::Drop(const WorkerId& worker, const std::string& reason) {
  if (const auto found = by_worker_.find(worker); found != by_worker_.end()) {
    OnClosed(*found->second, reason);
  }
}

}  // namespace thalweg::coordinator
