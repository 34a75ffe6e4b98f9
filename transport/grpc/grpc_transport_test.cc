// SPDX-License-Identifier: Apache-2.0

#include "transport/grpc/grpc_transport.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include "transport/grpc/channel_settings.h"
#include "transport/transport_test_util.h"

namespace thalweg::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Two transports as two processes would have them. The test's own thread empties both boxes.
class GrpcTransportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const StatusOr<Address> bound = server_transport_->Bind(Address{"127.0.0.1:0"});
    ASSERT_TRUE(bound.ok()) << bound.status();
    address_ = *bound;
  }
  void Listen() {
    const Status status = server_transport_->Listen(
        address_, server_box_, [this](std::unique_ptr<Connection> connection) {
          server_ = std::make_shared<Recorder>();
          server_->connection = std::move(connection);
          return server_;
        });
    ASSERT_TRUE(status.ok()) << status;
  }
  void Dial() { client_->connection = client_transport_->Dial(address_, client_box_, client_); }
  void ListenAndDial() {
    Listen();
    Dial();
    server_box_.RunUntil([this] { return server_ != nullptr; });
  }
  void RunUntilClientIsClosed() {
    client_box_.RunUntil([this] { return !client_->closed.empty(); });
  }
  void RunUntilServerIsClosed() {
    server_box_.RunUntil([this] { return !server_->closed.empty(); });
  }
  void RunUntilServerHas(std::size_t frames) {
    server_box_.RunUntil([this, frames] { return server_->heads.size() >= frames; });
  }
  void RunUntilClientHas(std::size_t frames) {
    client_box_.RunUntil([this, frames] { return client_->heads.size() >= frames; });
  }

  Address address_;
  TestMailbox server_box_;
  TestMailbox client_box_;
  std::unique_ptr<GrpcTransport> server_transport_ = std::make_unique<GrpcTransport>(GrpcOptions());
  std::unique_ptr<GrpcTransport> client_transport_ = std::make_unique<GrpcTransport>(GrpcOptions());
  std::shared_ptr<Recorder> client_ = std::make_shared<Recorder>();
  std::shared_ptr<Recorder> server_;
};

TEST_F(GrpcTransportTest, CarriesFramesBothWaysInOrder) {
  Listen();
  Dial();
  client_->connection->Send({"one", nullptr});  // Before anybody has accepted.
  client_->connection->Send({"two", std::make_shared<const std::string>(300'000, 'x')});
  server_box_.RunUntil([this] { return server_ != nullptr && server_->heads.size() == 2; });
  EXPECT_EQ(*server_->last_body, std::string(300'000, 'x'));
  server_->connection->Send({"three", nullptr});
  client_->connection->Send({"four", nullptr});
  RunUntilServerHas(3);
  RunUntilClientHas(1);
  EXPECT_THAT(server_->heads, ElementsAre("one", "two", "four"));
  EXPECT_THAT(client_->heads, ElementsAre("three"));
}

TEST_F(GrpcTransportTest, ADialToNobodyIsClosed) {
  Dial();
  client_->connection->Send({"lost", nullptr});
  RunUntilClientIsClosed();
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST_F(GrpcTransportTest, ADialToAPortWithoutAProcessIsClosed) {
  server_transport_.reset();
  Dial();
  RunUntilClientIsClosed();
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST_F(GrpcTransportTest, APortBelongsToOne) {
  EXPECT_EQ(client_transport_->Bind(address_).status().code(), StatusCode::kAlreadyExists);
  Listen();
  const Status second = server_transport_->Listen(
      address_, server_box_, [](std::unique_ptr<Connection>) { return nullptr; });
  EXPECT_EQ(second.code(), StatusCode::kAlreadyExists);
  server_transport_->StopListening(address_);
  server_transport_->StopListening(address_);
  Listen();
}

TEST_F(GrpcTransportTest, SeveralServicesShareAPort) {
  Listen();
  auto other = std::make_shared<Recorder>();
  const auto accept = [&](std::unique_ptr<Connection> connection) {
    other->connection = std::move(connection);
    return other;
  };
  const Address service{address_.value + "/other"};
  ASSERT_TRUE(server_transport_->Listen(service, server_box_, accept).ok());
  client_->connection = client_transport_->Dial(service, client_box_, client_);
  client_->connection->Send({"for the other one", nullptr});
  server_box_.RunUntil([&] { return !other->heads.empty(); });
  EXPECT_THAT(other->heads, ElementsAre("for the other one"));
  EXPECT_EQ(server_, nullptr);
}

TEST_F(GrpcTransportTest, AnAddressNeedsHostAndPort) {
  const Status status = client_transport_->Bind(Address{"somewhere"}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("HOST:PORT"));
}

TEST_F(GrpcTransportTest, ARefusedDialIsClosed) {
  bool refused = false;
  const auto refuse = [&](std::unique_ptr<Connection>) {
    refused = true;
    return nullptr;
  };
  ASSERT_TRUE(server_transport_->Listen(address_, server_box_, refuse).ok());
  Dial();
  server_box_.RunUntil([&] { return refused; });
  RunUntilClientIsClosed();
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST_F(GrpcTransportTest, CloseDeliversWhatWasSentBefore) {
  ListenAndDial();
  client_->connection->Send({"last", std::make_shared<const std::string>(1'000'000, 'x')});
  client_->connection->Close();
  client_->connection->Close();
  client_->connection->Send({"too late", nullptr});
  RunUntilServerIsClosed();
  RunUntilClientIsClosed();
  EXPECT_THAT(server_->heads, ElementsAre("last"));
  EXPECT_THAT(server_->closed, ElementsAre(StatusCode::kUnavailable));
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kCancelled));
}

TEST_F(GrpcTransportTest, TheServersCloseDeliversWhatWasSentBefore) {
  ListenAndDial();
  server_->connection->Send({"last", std::make_shared<const std::string>(1'000'000, 'x')});
  server_->connection->Close();
  RunUntilClientIsClosed();
  RunUntilServerIsClosed();
  EXPECT_THAT(client_->heads, ElementsAre("last"));
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kUnavailable));
  EXPECT_THAT(server_->closed, ElementsAre(StatusCode::kCancelled));
}

TEST_F(GrpcTransportTest, ADestroyedConnectionIsSilentAndClosesThePeer) {
  ListenAndDial();
  client_->connection.reset();
  RunUntilServerIsClosed();
  EXPECT_THAT(client_->closed, IsEmpty());
  EXPECT_THAT(server_->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST_F(GrpcTransportTest, ADestroyedTransportBreaksItsConnections) {
  ListenAndDial();
  server_transport_.reset();
  RunUntilClientIsClosed();
  RunUntilServerIsClosed();
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kUnavailable));
  EXPECT_THAT(server_->closed, ElementsAre(StatusCode::kUnavailable));
  server_->connection->Send({"into the void", nullptr});
}

TEST_F(GrpcTransportTest, AFrameThatIsTooLargeClosesBothEnds) {
  ListenAndDial();
  client_->connection->Send({"fits", nullptr});
  client_->connection->Send({"x", std::make_shared<const std::string>(kMaxFrameBytes, 'x')});
  RunUntilClientIsClosed();
  RunUntilServerIsClosed();
  EXPECT_THAT(server_->heads, ElementsAre("fits"));
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kResourceExhausted));
  EXPECT_THAT(server_->closed, ElementsAre(StatusCode::kResourceExhausted));
}

TEST_F(GrpcTransportTest, TheLargestFrameArrives) {
  ListenAndDial();
  client_->connection->Send({"", std::make_shared<const std::string>(kMaxFrameBytes, 'x')});
  RunUntilServerHas(1);
  EXPECT_EQ(server_->last_body->size(), kMaxFrameBytes);
}

TEST_F(GrpcTransportTest, APeerThatStopsReadingIsClosedAtTheBound) {
  ListenAndDial();
  const auto body = std::make_shared<const std::string>(kMaxFrameBytes, 'x');
  // Each end holds up to the bound, the wire less than another one.
  for (std::size_t sent = 0; sent < 3 * kMaxQueuedBytes; sent += kMaxFrameBytes) {
    client_->connection->Send({"", body});
  }
  RunUntilClientIsClosed();
  RunUntilServerIsClosed();
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kResourceExhausted));
  EXPECT_THAT(server_->closed, ElementsAre(StatusCode::kResourceExhausted));
}

TEST_F(GrpcTransportTest, BytesOfAnotherProgramAreRefused) {
  Listen();
  grpc::GenericStub stub(grpc::CreateChannel(address_.value, grpc::InsecureChannelCredentials()));
  const auto call = [&](const std::string& method, const std::string& bytes) {
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    const auto reader = stub.PrepareUnaryCall(&context, method, request, &queue);
    reader->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    reader->Finish(&response, &status, &queue);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return status;
  };
  EXPECT_EQ(call("/grpc.health.v1.Health/Check", "").error_code(), grpc::StatusCode::UNAVAILABLE);
  std::thread caller([&] { call(MethodOf(""), "GET / HTTP/1.1"); });
  server_box_.RunUntil([this] { return server_ != nullptr && !server_->closed.empty(); });
  caller.join();
  EXPECT_THAT(server_->heads, IsEmpty());
  EXPECT_THAT(server_->closed, ElementsAre(StatusCode::kUnavailable));
}

// Each side answers each number; the owners live on threads of their own.
TEST_F(GrpcTransportTest, TwoThreadsTalk) {
  constexpr std::size_t kFrames = 2'000;
  Listen();
  std::thread server([this] {
    server_box_.RunUntil([this] { return server_ != nullptr && !server_->heads.empty(); });
    server_->on_frame = [this] { server_->connection->Send({"echo", nullptr}); };
    for (std::size_t i = 0; i < server_->heads.size(); ++i) {
      server_->on_frame();
    }
    server_box_.RunUntil([this] { return !server_->closed.empty(); });
  });
  std::thread client([this] {
    Dial();
    for (std::size_t i = 0; i < kFrames; ++i) {
      client_->connection->Send({std::to_string(i), nullptr});
    }
    client_box_.RunUntil([this] { return client_->heads.size() == kFrames; });
    client_->connection->Close();
  });
  server.join();
  client.join();
  ASSERT_EQ(server_->heads.size(), kFrames);
  for (std::size_t i = 0; i < kFrames; ++i) {
    ASSERT_EQ(server_->heads[i], std::to_string(i));
  }
}

TEST_F(GrpcTransportTest, EndsMayBeDestroyedOnTwoThreadsAtOnce) {
  Listen();
  for (int round = 0; round < 50; ++round) {
    server_.reset();
    Dial();
    server_box_.RunUntil([this] { return server_ != nullptr; });
    std::thread other([this] {
      for (int i = 0; i < 10; ++i) {
        server_->connection->Send({"x", nullptr});
      }
      server_->connection.reset();
    });
    for (int i = 0; i < 10; ++i) {
      client_->connection->Send({"x", nullptr});
    }
    client_->connection.reset();
    other.join();
  }
  EXPECT_THAT(client_->closed, IsEmpty());
}

}  // namespace
}  // namespace thalweg::transport
