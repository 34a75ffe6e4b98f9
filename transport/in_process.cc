// SPDX-License-Identifier: Apache-2.0

#include "transport/in_process.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include <fmt/format.h>

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

/// One end of a connection. What the peer sends lands here and is handed to the handler, item by
/// item, by mails: one mail per item, so the mailbox stays fair between its connections.
///
/// Locks: no two ends are ever locked at once; a mailbox is called with the end's lock held.
class End : public std::enable_shared_from_this<End> {
 public:
  explicit End(Mailbox& mailbox) : mailbox_(&mailbox) {}

  /// Before any other call.
  void Connect(const std::shared_ptr<End>& peer) { peer_ = peer; }

  /// Begins to hand over what has arrived and will arrive.
  void Start(std::weak_ptr<ConnectionHandler> handler) {
    MutexLock lock(mutex_);
    handler_ = std::move(handler);
    started_ = true;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      PostRun();
    }
  }

  void Send(Frame frame) {
    const std::shared_ptr<End> peer = peer_.lock();
    if (peer == nullptr || ended()) {
      return;
    }
    const std::size_t size = SizeOf(frame);
    if (size > kMaxFrameBytes) {
      Break(*peer,
            ResourceExhausted(fmt::format(
                "A frame of {} bytes is too large, the limit is {}.", size, kMaxFrameBytes)));
    } else if (!peer->Arrive(std::move(frame), size)) {
      Break(*peer,
            ResourceExhausted(fmt::format("The peer has stopped reading: more than {} bytes wait "
                                          "for it.",
                                          kMaxQueuedBytes)));
    }
  }

  void Close() {
    DropFrames();  // None follows a Close() of one's own.
    Finish(Cancelled("The connection was closed by this end."));
    if (const std::shared_ptr<End> peer = peer_.lock(); peer != nullptr) {
      peer->Finish(Unavailable("The connection was closed by the peer."));
    }
  }

  /// From here on neither handler nor mailbox is touched.
  void Detach() {
    Close();
    MutexLock lock(mutex_);
    mailbox_ = nullptr;
    handler_.reset();
  }

  /// Takes a frame from the peer; false when too much waits.
  bool Arrive(Frame frame, std::size_t size) {
    MutexLock lock(mutex_);
    if (ended_) {
      return true;  // Dropped: the peer will hear that this end is closed.
    }
    if (queued_bytes_ + size > kMaxQueuedBytes) {
      return false;
    }
    queued_bytes_ += size;
    items_.push_back({std::move(frame), std::nullopt});
    PostRun();
    return true;
  }

  /// Puts the end of the connection behind what has arrived. The first one counts.
  void Finish(Status status) {
    MutexLock lock(mutex_);
    if (ended_) {
      return;
    }
    ended_ = true;
    items_.push_back({Frame(), std::move(status)});
    PostRun();
  }

 private:
  struct Item {
    Frame frame;
    std::optional<Status> end;  // Set: the last item.
  };

  bool ended() {
    MutexLock lock(mutex_);
    return ended_;
  }

  void Break(End& peer, const Status& status) {
    Finish(status);
    peer.Finish(status);
  }

  void DropFrames() {
    MutexLock lock(mutex_);
    std::erase_if(items_, [](const Item& item) { return !item.end.has_value(); });
    queued_bytes_ = 0;
  }

  void PostRun() REQUIRES_LOCK(mutex_) {
    if (mailbox_ != nullptr && started_) {
      mailbox_->Post([self = shared_from_this()] { self->RunOne(); });
    }
  }

  /// In the mailbox's thread.
  void RunOne() {
    Item item;
    std::shared_ptr<ConnectionHandler> handler;
    {
      MutexLock lock(mutex_);
      if (mailbox_ == nullptr || items_.empty()) {
        return;  // Detached, or its frame was dropped by Close().
      }
      item = std::move(items_.front());
      items_.pop_front();
      queued_bytes_ -= SizeOf(item.frame);
      handler = handler_.lock();
    }
    if (handler == nullptr) {
      return;
    }
    if (item.end.has_value()) {
      handler->OnClosed(*item.end);
    } else {
      handler->OnFrame(std::move(item.frame));
    }
  }

  std::weak_ptr<End> peer_;  // Constant after Connect().

  Mutex mutex_;
  Mailbox* mailbox_ GUARDED_BY(mutex_);  // Null: detached.
  std::weak_ptr<ConnectionHandler> handler_ GUARDED_BY(mutex_);
  std::deque<Item> items_ GUARDED_BY(mutex_);
  std::size_t queued_bytes_ GUARDED_BY(mutex_) = 0;
  bool started_ GUARDED_BY(mutex_) = false;
  bool ended_ GUARDED_BY(mutex_) = false;  // The last item is in items_ or has been run.
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
    end->Start(handler);
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
  near->Start(handler);
  auto connection = std::make_unique<InProcessConnection>(near);
  MutexLock lock(mutex_);  // Until the mail is posted: StopListening() promises that none follows.
  const auto found = listeners_.find(address);
  if (found == listeners_.end()) {
    near->Finish(Unavailable(fmt::format("Nobody listens at '{}'.", address.value)));
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
