// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_TRANSPORT_TRANSPORT_H_
#define THALWEG_TRANSPORT_TRANSPORT_H_

// Connections that carry frames between the parts of a cluster, and decide nothing.
//
// A connection is what TCP or one bidirectional stream gives: both ends send frames, order is kept,
// a frame arrives at most once, and a break is told to each end once, perhaps to one of them much
// later. What was sent before a break may have arrived or not; protocols above number what must not
// be lost. One control stream per worker and one exchange stream per pair of workers are both such
// connections; credits for data are messages above.
//
//   class Session : public ConnectionHandler { ... };
//   auto session = std::make_shared<Session>();
//   session->connection = transport.Dial(Address{"coordinator:6123"}, mailbox, session);
//   session->connection->Send({.head = hello.SerializeAsString()});
//
// Threads. Send() and Close() may be called from any thread. A handler is called as mails of the
// Mailbox that was given to Dial() or Listen(): one call at a time, never from inside Send(),
// Close(), Dial() or Listen().
//
// Lifetime. Nothing here owns anything of the caller:
//   - The transport keeps a weak reference to the handler. Keep the handler as long as you want to
//   hear from it; a handler that has
//     gone is not called, and frames for it are dropped.
//   - Destroying the Connection closes it; from then on its handler is not called and its Mailbox
//   gets no mail from it. (When it is destroyed on
//     another thread than the mailbox's, a call that is running at this moment ends normally.) So a
//     handler may own its connection, and tearing down a part needs no waiting.
//   - A Mailbox outlives every Connection and every listening address that names it.

#include <compare>
#include <cstddef>
#include <memory>
#include <string>

#include "base/executor.h"
#include "base/function.h"
#include "base/status.h"

namespace thalweg::transport {

/// Largest frame, head and body together. A sender splits what is larger (exchange frames are 256
/// KiB, plans a few MiB).
inline constexpr std::size_t kMaxFrameBytes = std::size_t{64} << 20;

/// Most bytes sent on a connection and not yet taken by the peer's handler. Credits keep data far
/// below this; who exceeds it sends to a peer that has stopped reading, and the connection is
/// closed with kResourceExhausted at both ends.
inline constexpr std::size_t kMaxQueuedBytes = std::size_t{256} << 20;

/// Where a part listens: "host:port" for a network, any name in one process.
struct Address {
  std::string value;
  auto operator<=>(const Address&) const = default;
};

/// One message: a small serialized head that the receiver parses, and bytes that travel beside it
/// unparsed and shared, not copied.
struct Frame {
  std::string head;
  std::shared_ptr<const std::string> body;  // May be null, which arrives as null or as empty.
};

/// What counts against the limits above.
inline std::size_t SizeOf(const Frame& frame) {
  return frame.head.size() + (frame.body == nullptr ? 0 : frame.body->size());
}

/// One end of a connection.
class Connection {
 public:
  /// Closes, and ends all calls to the handler.
  virtual ~Connection() = default;

  /// Queues a frame for the peer. Never blocks, never calls back. Frames may be sent at once,
  /// before the dial has succeeded. After the connection has ended, for whatever reason, frames are
  /// dropped in silence: OnClosed() tells or has told. A frame above kMaxFrameBytes, or one too
  /// many for kMaxQueuedBytes, ends the connection with kResourceExhausted.
  virtual void Send(Frame frame) = 0;

  /// Ends the connection in order: the peer gets all frames sent before, then
  /// OnClosed(kUnavailable). This end's handler gets OnClosed(kCancelled) and no further frame. May
  /// be repeated.
  virtual void Close() = 0;
};

/// What the owner of one end hears.
class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;

  virtual void OnFrame(Frame frame) = 0;

  /// The connection is over: called exactly once and last, unless the Connection was destroyed
  /// before. kUnavailable: nobody listens there, the link broke or the peer closed; dial again.
  /// kCancelled: closed by this end. kResourceExhausted: a limit of this file; the message says
  /// which.
  virtual void OnClosed(const Status& status) = 0;
};

/// Takes a new connection from a dialler and returns its handler, which the callee keeps somewhere
/// (the transport does not); null refuses. Called as a mail of the Mailbox given to Listen();
/// frames follow only after it has returned.
using Acceptor =
    UniqueFunction<std::shared_ptr<ConnectionHandler>(std::unique_ptr<Connection> connection)>;

class Transport {
 public:
  virtual ~Transport() = default;

  /// Accepts connections at `address` until StopListening(). kAlreadyExists: somebody listens
  /// there. kInvalidArgument: no such kind of address.
  virtual Status Listen(const Address& address, Mailbox& mailbox, Acceptor acceptor) = 0;

  /// Refuses new connections; accepted ones live on. `mailbox` gets no further mail of the listener
  /// and the acceptor is freed, at the latest when a call of it that is running ends. OK to call
  /// when nobody listens.
  virtual void StopListening(const Address& address) = 0;

  /// Starts connecting and returns at once. A dial that fails is OnClosed(kUnavailable).
  virtual std::unique_ptr<Connection> Dial(const Address& address,
                                           Mailbox& mailbox,
                                           std::shared_ptr<ConnectionHandler> handler) = 0;
};

}  // namespace thalweg::transport

#endif  // THALWEG_TRANSPORT_TRANSPORT_H_
