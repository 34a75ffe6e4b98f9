// SPDX-License-Identifier: Apache-2.0

#include "transport/grpc/server.h"

#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "transport/grpc/channel_settings.h"

namespace thalweg::transport {

/// Who listens. The mails in flight hold it weakly, so that StopListening() frees it.
struct Server::Listener {
  Listener(Mailbox& box, Acceptor accept) : mailbox(box), acceptor(std::move(accept)) {}

  Mailbox& mailbox;
  Acceptor acceptor;  // Used by the mailbox's thread only.
};

/// A stream that was, or will be, called from elsewhere.
class ServerStream final : public Stream {
 public:
  explicit ServerStream(Server& server) : Stream(server.streams_), server_(server) {}

  void Request() {
    server_.service_.RequestCall(
        &context_, &stream_, server_.queue_.get(), server_.queue_.get(), Begin(Event::kAccept));
  }
  void Accept(Mailbox& mailbox) {
    SetInlet(std::make_shared<Inlet>(mailbox));
    set().Add(shared_from_this());
    Open();
  }
  void Start(std::weak_ptr<ConnectionHandler> handler) { inlet().Start(std::move(handler)); }
  void Refuse(grpc::StatusCode code, const std::string& why) {
    set().Add(shared_from_this());
    stream_.Finish(grpc::Status(code, why), Begin(Event::kFinish));
  }
  const std::string& method() const { return context_.method(); }

  void Cancel() override { context_.TryCancel(); }

 private:
  void OnAccepted(bool ok) override {
    if (ok) {
      server_.OnCaller(std::static_pointer_cast<ServerStream>(shared_from_this()));
    }
  }
  void StartRead(grpc::ByteBuffer* to) override { stream_.Read(to, Begin(Event::kRead)); }
  void StartWrite(const grpc::ByteBuffer& message) override {
    stream_.Write(message, Begin(Event::kWrite));
  }
  bool StartHalfClose() override { return false; }
  void StartFinish() override { stream_.Finish(grpc::Status::OK, Begin(Event::kFinish)); }
  Status EndOf() override { return Unavailable("The connection was closed by the peer."); }

  Server& server_;  // Used while operations run: the server waits for them.
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
};

StatusOr<std::unique_ptr<Server>> Server::Start(const Address& address,
                                                const GrpcOptions& options) {
  const std::size_t colon = address.value.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.value.size()) {
    return InvalidArgument(
        fmt::format("'{}' is no address to listen at. Give HOST:PORT, such as 127.0.0.1:6123; port "
                    "0 takes a free one.",
                    address.value));
  }
  std::unique_ptr<Server> server(new Server());
  grpc::ServerBuilder builder;
  ApplyServerSettings(options, builder);
  int port = 0;
  builder.AddListeningPort(address.value, grpc::InsecureServerCredentials(), &port);
  builder.RegisterAsyncGenericService(&server->service_);
  server->queue_ = builder.AddCompletionQueue();
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || port == 0) {
    if (server->server_ != nullptr) {
      server->server_->Shutdown();
    }
    server->queue_->Shutdown();
    void* tag = nullptr;
    for (bool ok = false; server->queue_->Next(&tag, &ok);) {
    }
    return AlreadyExists(fmt::format(
        "Cannot listen at '{}': another process has the port, or the host is not this one. Use "
        "another port; 0 takes a free one.",
        address.value));
  }
  server->address_.value = fmt::format("{}:{}", address.value.substr(0, colon), port);
  server->RequestStream();
  server->thread_ = std::thread([raw = server.get()] { raw->RunQueue(); });
  return server;
}

Server::~Server() {
  if (!thread_.joinable()) {
    return;  // Never started.
  }
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    listeners_.clear();
  }
  server_->Shutdown(std::chrono::system_clock::time_point());  // At once: all calls are cancelled.
  streams_.CancelAll();
  queue_->Shutdown();
  thread_.join();
}

void Server::RunQueue() {
  void* tag = nullptr;
  for (bool ok = false; queue_->Next(&tag, &ok);) {
    Stream::OnEvent(tag, ok);
  }
}

void Server::RequestStream() {
  std::make_shared<ServerStream>(*this)->Request();
}

Status Server::Listen(const std::string& service, Mailbox& mailbox, Acceptor acceptor) {
  MutexLock lock(mutex_);
  std::shared_ptr<Listener>& listener = listeners_[MethodOf(service)];
  if (listener != nullptr) {
    return AlreadyExists(fmt::format(
        "Somebody listens at '{}' already. Stop it, or use another address.", address_.value));
  }
  listener = std::make_shared<Listener>(mailbox, std::move(acceptor));
  return OkStatus();
}

void Server::StopListening(const std::string& service) {
  std::shared_ptr<Listener> listener;  // Freed outside of the lock: it may own much.
  MutexLock lock(mutex_);
  const auto found = listeners_.find(MethodOf(service));
  if (found != listeners_.end()) {
    listener = std::move(found->second);
    listeners_.erase(found);
  }
}

void Server::OnCaller(const std::shared_ptr<ServerStream>& stream) {
  MutexLock lock(mutex_);  // Until the mail is posted: StopListening() promises that none follows.
  if (stopping_) {
    return;
  }
  RequestStream();
  const auto found = listeners_.find(stream->method());
  if (found == listeners_.end()) {
    return stream->Refuse(
        grpc::StatusCode::UNAVAILABLE,
        fmt::format("nobody takes '{}' at '{}'", stream->method(), address_.value));
  }
  const std::shared_ptr<Listener>& listener = found->second;
  stream->Accept(listener->mailbox);
  listener->mailbox.Post([weak = std::weak_ptr(listener),
                          stream,
                          connection = std::make_unique<StreamConnection>(stream)]() mutable {
    const std::shared_ptr<Listener> listener = weak.lock();
    if (listener == nullptr) {
      return;  // It has stopped listening; the connection closes as it goes.
    }
    const std::shared_ptr<ConnectionHandler> handler = listener->acceptor(std::move(connection));
    if (handler == nullptr) {
      stream->Close();
    } else {
      stream->Start(handler);
    }
  });
}

}  // namespace thalweg::transport
