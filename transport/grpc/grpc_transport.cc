// SPDX-License-Identifier: Apache-2.0

#include "transport/grpc/grpc_transport.h"

#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <grpc/support/log.h>
#include <grpcpp/channel.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include "base/mutex.h"
#include "transport/grpc/channel_settings.h"
#include "transport/grpc/server.h"
#include "transport/grpc/stream.h"

namespace thalweg::transport {
namespace {

/// A stream that this process has dialled.
class ClientStream final : public Stream {
 public:
  ClientStream(const Address& address,
               const grpc::ChannelArguments& settings,
               grpc::CompletionQueue& queue,
               StreamSet& set)
      : Stream(set),
        address_(address),
        stub_(grpc::CreateCustomChannel(
            Split(address).host_and_port.value, grpc::InsecureChannelCredentials(), settings)),
        stream_(stub_.PrepareCall(&context_, MethodOf(Split(address).service), &queue)) {}

  void Start(Mailbox& mailbox, std::weak_ptr<ConnectionHandler> handler) {
    SetInlet(std::make_shared<Inlet>(mailbox));
    inlet().Start(std::move(handler));
    set().Add(shared_from_this());
    stream_->StartCall(Begin(Event::kStart));
  }

  void Cancel() override { context_.TryCancel(); }

 private:
  void StartRead(grpc::ByteBuffer* to) override { stream_->Read(to, Begin(Event::kRead)); }
  void StartWrite(const grpc::ByteBuffer& message) override {
    stream_->Write(message, Begin(Event::kWrite));
  }
  bool StartHalfClose() override {
    stream_->WritesDone(Begin(Event::kWrite));
    return true;
  }
  void StartFinish() override { stream_->Finish(&status_, Begin(Event::kFinish)); }

  Status EndOf() override {
    if (status_.ok()) {
      return Unavailable("The connection was closed by the peer.");
    }
    return Unavailable(
        fmt::format("No connection to '{}': {}.", address_.value, status_.error_message()));
  }

  const Address address_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::Status status_;
};

/// gRPC writes to standard error what it also reports by its status. Who looks for a fault of
/// gRPC itself sets GRPC_VERBOSITY.
void SilenceLibrary() {
  constexpr auto kAboveErrors = static_cast<gpr_log_severity>(GPR_LOG_SEVERITY_ERROR + 1);
  if (std::getenv("GRPC_VERBOSITY") == nullptr) {
    gpr_set_log_verbosity(kAboveErrors);
  }
}

}  // namespace

class GrpcTransport::Impl {
 public:
  explicit Impl(const GrpcOptions& options)
      : options_(options), settings_(ClientSettings(options)), thread_([this] { RunQueue(); }) {
    SilenceLibrary();
  }

  ~Impl() {
    servers_.clear();
    dialled_.CancelAll();
    queue_.Shutdown();
    thread_.join();
  }

  StatusOr<Address> Bind(const Address& address) {
    MutexLock lock(mutex_);
    ASSIGN_OR_RETURN(Server* const server, StartServer(address));
    return server->address();
  }

  Status Listen(const Address& address, Mailbox& mailbox, Acceptor acceptor) {
    const AddressParts parts = Split(address);
    MutexLock lock(mutex_);
    const auto found = servers_.find(parts.host_and_port);
    if (found != servers_.end()) {
      return found->second->Listen(parts.service, mailbox, std::move(acceptor));
    }
    ASSIGN_OR_RETURN(Server* const server, StartServer(parts.host_and_port));
    return server->Listen(parts.service, mailbox, std::move(acceptor));
  }

  void StopListening(const Address& address) {
    const AddressParts parts = Split(address);
    MutexLock lock(mutex_);
    const auto found = servers_.find(parts.host_and_port);
    if (found != servers_.end()) {
      found->second->StopListening(parts.service);
    }
  }

  std::unique_ptr<Connection> Dial(const Address& address,
                                   Mailbox& mailbox,
                                   const std::shared_ptr<ConnectionHandler>& handler) {
    auto stream = std::make_shared<ClientStream>(address, settings_, queue_, dialled_);
    stream->Start(mailbox, handler);
    return std::make_unique<StreamConnection>(std::move(stream));
  }

 private:
  StatusOr<Server*> StartServer(const Address& address) REQUIRES_LOCK(mutex_) {
    ASSIGN_OR_RETURN(std::unique_ptr<Server> server, Server::Start(address, options_));
    const Address bound = server->address();
    return (servers_[bound] = std::move(server)).get();
  }

  void RunQueue() {
    void* tag = nullptr;
    for (bool ok = false; queue_.Next(&tag, &ok);) {
      Stream::OnEvent(tag, ok);
    }
  }

  const GrpcOptions options_;
  const grpc::ChannelArguments settings_;
  grpc::CompletionQueue queue_;  // Of dialled streams.
  StreamSet dialled_;

  Mutex mutex_;
  std::map<Address, std::unique_ptr<Server>> servers_ GUARDED_BY(mutex_);

  std::thread thread_;  // Last: it uses what is above.
};

GrpcTransport::GrpcTransport(const GrpcOptions& options) : impl_(std::make_unique<Impl>(options)) {}
GrpcTransport::~GrpcTransport() = default;

StatusOr<Address> GrpcTransport::Bind(const Address& address) {
  return impl_->Bind(address);
}

Status GrpcTransport::Listen(const Address& address, Mailbox& mailbox, Acceptor acceptor) {
  return impl_->Listen(address, mailbox, std::move(acceptor));
}

void GrpcTransport::StopListening(const Address& address) {
  impl_->StopListening(address);
}

std::unique_ptr<Connection> GrpcTransport::Dial(const Address& address,
                                                Mailbox& mailbox,
                                                std::shared_ptr<ConnectionHandler> handler) {
  return impl_->Dial(address, mailbox, handler);
}

}  // namespace thalweg::transport
