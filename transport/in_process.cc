// SPDX-License-Identifier: Apache-2.0

#include "transport/in_process.h"

#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "transport/inlet.h"

namespace thalweg::transport {
namespace internal {

/// Who listens at one address. The mails in flight hold it weakly, so that StopListening() frees
/// it.
struct InProcessListener {
  InProcessListener(Mailbox& box, Acceptor accept) : mailbox(box), acceptor(std::move(accept)) {}

  Mailbox& mailbox;
  Acceptor acceptor;  // Used by the mailbox's thread only.
};

}  // namespace internal

namespace {

using internal::InProcessListener;

/// One end of a connection: where it receives, and the peer that it sends to.
class End {
 public:
  explicit End(Mailbox& mailbox) : inlet_(std::make_shared<Inlet>(mailbox)) {}

  /// Before any other call.
  void Connect(const std::shared_ptr<End>& peer) { peer_ = peer; }

  Inlet& inlet() { return *inlet_; }

  void Send(Frame frame) {
    const std::shared_ptr<End> peer = peer_.lock();
    if (peer == nullptr || inlet_->ended()) {
      return;
    }
    if (const std::size_t size = SizeOf(frame); size > kMaxFrameBytes) {
      Break(*peer, FrameTooLarge(size));
    } else if (!peer->inlet_->Arrive(std::move(frame))) {
      Break(*peer, PeerStoppedReading());
    }
  }

  void Close() {
    inlet_->Close();
    if (const std::shared_ptr<End> peer = peer_.lock(); peer != nullptr) {
      peer->inlet_->Finish(Unavailable("The connection was closed by the peer."));
    }
  }

  void Detach() {
    Close();
    inlet_->Detach();
  }

 private:
  void Break(End& peer, const Status& status) {
    inlet_->Finish(status);
    peer.inlet_->Finish(status);
  }

  const std::shared_ptr<Inlet> inlet_;
  std::weak_ptr<End> peer_;  // Constant after Connect().
};

class InProcessConnection final : public Connection {
 public:
  explicit InProcessConnection(std::shared_ptr<End> end) : end_(std::move(end)) {}
  ~InProcessConnection() override { end_->Detach(); }

  void Send(Frame frame) override { end_->Send(std::move(frame)); }
  void Close() override { end_->Close(); }

 private:
  const std::shared_ptr<End> end_;
};

/// In the listener's mailbox: makes the callee's end known to it. A connection that is dropped
/// here, in whatever way, is closed by its destructor.
void Accept(const std::weak_ptr<InProcessListener>& weak_listener,
            const std::shared_ptr<End>& end,
            std::unique_ptr<Connection> connection) {
  const std::shared_ptr<InProcessListener> listener = weak_listener.lock();
  if (listener == nullptr) {
    return;  // It has stopped listening.
  }
  const std::shared_ptr<ConnectionHandler> handler = listener->acceptor(std::move(connection));
  if (handler == nullptr) {
    end->Close();
  } else {
    end->inlet().Start(handler);
  }
}

}  // namespace

InProcessTransport::InProcessTransport() = default;
InProcessTransport::~InProcessTransport() = default;

Status InProcessTransport::Listen(const Address& address, Mailbox& mailbox, Acceptor acceptor) {
  MutexLock lock(mutex_);
  if (listeners_.contains(address)) {
    return AlreadyExists(fmt::format(
        "Somebody listens at '{}' already. Stop it, or use another address.", address.value));
  }
  listeners_[address] = std::make_shared<InProcessListener>(mailbox, std::move(acceptor));
  return OkStatus();
}

void InProcessTransport::StopListening(const Address& address) {
  std::shared_ptr<InProcessListener> listener;  // Freed outside of the lock: it may own much.
  MutexLock lock(mutex_);
  const auto found = listeners_.find(address);
  if (found != listeners_.end()) {
    listener = std::move(found->second);
    listeners_.erase(found);
  }
}

std::unique_ptr<Connection> InProcessTransport::Dial(const Address& address,
                                                     Mailbox& mailbox,
                                                     std::shared_ptr<ConnectionHandler> handler) {
  auto near = std::make_shared<End>(mailbox);
  near->inlet().Start(handler);
  auto connection = std::make_unique<InProcessConnection>(near);
  MutexLock lock(mutex_);  // Until the mail is posted: StopListening() promises that none follows.
  const auto found = listeners_.find(address);
  if (found == listeners_.end()) {
    near->inlet().Finish(Unavailable(fmt::format("Nobody listens at '{}'.", address.value)));
    return connection;
  }
  auto far = std::make_shared<End>(found->second->mailbox);
  near->Connect(far);
  far->Connect(near);
  found->second->mailbox.Post([listener = std::weak_ptr(found->second),
                               far,
                               accepted = std::make_unique<InProcessConnection>(far)]() mutable {
    Accept(listener, far, std::move(accepted));
  });
  return connection;
}

}  // namespace thalweg::transport
