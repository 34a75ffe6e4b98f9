// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_TRANSPORT_GRPC_GRPC_TRANSPORT_H_
#define THALWEG_TRANSPORT_GRPC_GRPC_TRANSPORT_H_

// The transport between processes: every connection is one bidirectional stream of gRPC on a TCP
// connection of its own, so that connections do not share a window.
//
//   GrpcTransport transport(GrpcOptions{});
//   ASSIGN_OR_RETURN(const Address bound, transport.Bind(Address{"127.0.0.1:0"}));
//   transport.Listen(bound, mailbox, acceptor);   // ... and tell others bound.value

#include <memory>

#include "base/status.h"
#include "base/time.h"
#include "transport/transport.h"

namespace thalweg::transport {

struct GrpcOptions {
  /// A peer is asked whether it is there after this time without a frame from it, and taken for
  /// dead when it does not answer for `keepalive_timeout`: how a half-open connection ends.
  Milliseconds keepalive_interval{2'000};  // At least 100 ms.
  Milliseconds keepalive_timeout{3'000};   // At least 100 ms.
  /// A dial that has not come through by then is kUnavailable.
  Milliseconds connect_timeout{3'000};  // At least 100 ms.
};

/// Addresses are "host:port" or "host:port/service": several may listen at one port, each under a
/// name of its own. Safe from any thread. Its destructor breaks what is left of its
/// connections: their handlers hear kUnavailable.
class GrpcTransport final : public Transport {
 public:
  explicit GrpcTransport(const GrpcOptions& options);
  ~GrpcTransport() override;

  /// Takes the port, and answers with the address that others dial: port 0 has become a real one.
  /// Dials are refused until Listen(). kAlreadyExists: another process, or this one, has the port.
  /// kInvalidArgument: no "host:port".
  StatusOr<Address> Bind(const Address& address);

  /// Binds too, unless Bind() has answered with this address. The port is kept until the transport
  /// goes.
  Status Listen(const Address& address, Mailbox& mailbox, Acceptor acceptor) override;
  void StopListening(const Address& address) override;
  std::unique_ptr<Connection> Dial(const Address& address,
                                   Mailbox& mailbox,
                                   std::shared_ptr<ConnectionHandler> handler) override;

 private:
  class Impl;  // Keeps gRPC's headers out of this one.
  const std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg::transport

#endif  // THALWEG_TRANSPORT_GRPC_GRPC_TRANSPORT_H_
