// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_TRANSPORT_GRPC_SERVER_H_
#define THALWEG_TRANSPORT_GRPC_SERVER_H_

#include <map>
#include <memory>
#include <string>
#include <thread>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/status.h"
#include "transport/grpc/grpc_transport.h"
#include "transport/grpc/stream.h"
#include "transport/transport.h"

namespace thalweg::transport {

/// One port, and a thread that runs the streams accepted there.
class Server {
 public:
  /// Errors as GrpcTransport::Bind().
  static StatusOr<std::unique_ptr<Server>> Start(const Address& address,
                                                 const GrpcOptions& options);
  /// Breaks the streams that are left.
  ~Server();

  const Address& address() const { return address_; }

  /// `service` is the last part of the address. kAlreadyExists: somebody listens.
  Status Listen(const std::string& service, Mailbox& mailbox, Acceptor acceptor);
  void StopListening(const std::string& service);

 private:
  friend class ServerStream;
  struct Listener;

  Server() = default;
  void RunQueue();
  /// Waits for the next caller.
  void RequestStream();
  /// A caller is there. In the queue's thread.
  void OnCaller(const std::shared_ptr<class ServerStream>& stream);

  Address address_;
  grpc::AsyncGenericService service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  StreamSet streams_;

  Mutex mutex_;
  // By method. Callers of other methods are refused.
  std::map<std::string, std::shared_ptr<Listener>> listeners_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace thalweg::transport

#endif  // THALWEG_TRANSPORT_GRPC_SERVER_H_
