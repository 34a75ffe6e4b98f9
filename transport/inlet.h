// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_TRANSPORT_INLET_H_
#define THALWEG_TRANSPORT_INLET_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/status.h"
#include "transport/transport.h"

namespace thalweg::transport {

/// Where one end of a connection receives: what arrives waits here and is handed to the handler,
/// item by item, by mails: one mail per item, so the mailbox stays fair between its connections.
/// Every transport has one per end, so all keep the promises of transport.h in the same way.
///
/// Any thread. A mailbox is called with the inlet's lock held; no two inlets are ever locked at
/// once.
class Inlet : public std::enable_shared_from_this<Inlet> {
 public:
  /// `mailbox` is used until Detach().
  explicit Inlet(Mailbox& mailbox) : mailbox_(&mailbox) {}

  /// Begins to hand over what has arrived and will arrive.
  void Start(std::weak_ptr<ConnectionHandler> handler);

  /// Takes a frame from the peer; false when more than kMaxQueuedBytes would wait. Dropped, and
  /// true, when the connection has ended.
  bool Arrive(Frame frame);

  /// Puts the end of the connection behind what has arrived. The first one counts.
  void Finish(Status status);

  /// This end was closed by its owner: no frame follows, and the end is kCancelled unless another
  /// one has come before.
  void Close();

  /// From here on neither handler nor mailbox is touched.
  void Detach();

  /// Whether the last item has been put in.
  bool ended();

 private:
  struct Item {
    Frame frame;
    std::optional<Status> end;  // Set: the last item.
  };

  void PostRun() REQUIRES_LOCK(mutex_);
  /// In the mailbox's thread.
  void RunOne();

  Mutex mutex_;
  Mailbox* mailbox_ GUARDED_BY(mutex_);  // Null: detached.
  std::weak_ptr<ConnectionHandler> handler_ GUARDED_BY(mutex_);
  std::deque<Item> items_ GUARDED_BY(mutex_);
  std::size_t queued_bytes_ GUARDED_BY(mutex_) = 0;
  bool started_ GUARDED_BY(mutex_) = false;
  bool ended_ GUARDED_BY(mutex_) = false;  // The last item is in items_ or has been run.
};

/// What a frame above kMaxFrameBytes ends a connection with.
Status FrameTooLarge(std::size_t size);
/// What more than kMaxQueuedBytes end a connection with.
Status PeerStoppedReading();

}  // namespace thalweg::transport

#endif  // THALWEG_TRANSPORT_INLET_H_
