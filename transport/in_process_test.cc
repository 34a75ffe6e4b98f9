// SPDX-License-Identifier: Apache-2.0

#include "transport/in_process.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transport/transport_test_util.h"

namespace thalweg::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class InProcessTest : public ::testing::Test {
 protected:
  void Listen() {
    const Status status =
        transport_.Listen(address_, server_box_, [this](std::unique_ptr<Connection> connection) {
          server_ = std::make_shared<Recorder>();
          server_->connection = std::move(connection);
          return server_;
        });
    ASSERT_TRUE(status.ok()) << status;
  }
  void Dial() { client_->connection = transport_.Dial(address_, client_box_, client_); }
  void ListenAndDial() {
    Listen();
    Dial();
    server_box_.RunAll();
    ASSERT_NE(server_, nullptr);
  }
  void RunAll() {
    while (server_box_.RunOne() || client_box_.RunOne()) {
    }
  }

  const Address address_{"somewhere"};
  TestMailbox server_box_;
  TestMailbox client_box_;
  InProcessTransport transport_;
  std::shared_ptr<Recorder> client_ = std::make_shared<Recorder>();
  std::shared_ptr<Recorder> server_;
};

TEST_F(InProcessTest, CarriesFramesBothWaysInOrder) {
  Listen();
  Dial();
  client_->connection->Send({"one", nullptr});  // Before anybody has accepted.
  client_->connection->Send({"two", nullptr});
  RunAll();
  server_->connection->Send({"three", nullptr});
  client_->connection->Send({"four", nullptr});
  RunAll();
  EXPECT_THAT(server_->heads, ElementsAre("one", "two", "four"));
  EXPECT_THAT(client_->heads, ElementsAre("three"));
}

TEST_F(InProcessTest, SharesBodiesWithoutCopying) {
  ListenAndDial();
  const auto body = std::make_shared<const std::string>("body");
  client_->connection->Send({"head", body});
  RunAll();
  EXPECT_EQ(server_->last_body, body);
}

TEST_F(InProcessTest, NeverCallsAHandlerFromInsideOfSend) {
  ListenAndDial();
  client_->connection->Send({"one", nullptr});
  EXPECT_THAT(server_->heads, IsEmpty());
  EXPECT_EQ(server_box_.size(), 1);
}

TEST_F(InProcessTest, ADialToNobodyIsClosed) {
  Dial();
  client_->connection->Send({"lost", nullptr});
  EXPECT_THAT(client_->closed, IsEmpty());  // Not from inside of Dial().
  RunAll();
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST_F(InProcessTest, AnAddressHasOneListener) {
  Listen();
  const Status second =
      transport_.Listen(address_, server_box_, [](std::unique_ptr<Connection>) { return nullptr; });
  EXPECT_EQ(second.code(), StatusCode::kAlreadyExists);
  transport_.StopListening(address_);
  transport_.StopListening(address_);
  Listen();
}

TEST_F(InProcessTest, ARefusedDialIsClosed) {
  ASSERT_TRUE(
      transport_.Listen(address_, server_box_, [](std::unique_ptr<Connection>) { return nullptr; })
          .ok());
  Dial();
  RunAll();
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST_F(InProcessTest, ADialInFlightWhenTheListenerStopsIsClosed) {
  Listen();
  Dial();
  transport_.StopListening(address_);
  RunAll();
  EXPECT_EQ(server_, nullptr);
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST_F(InProcessTest, CloseDeliversWhatWasSentBefore) {
  ListenAndDial();
  client_->connection->Send({"last", nullptr});
  client_->connection->Close();
  client_->connection->Close();
  client_->connection->Send({"too late", nullptr});
  RunAll();
  EXPECT_THAT(server_->heads, ElementsAre("last"));
  EXPECT_THAT(server_->closed, ElementsAre(StatusCode::kUnavailable));
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kCancelled));
}

TEST_F(InProcessTest, NoFrameFollowsAnOwnClose) {
  ListenAndDial();
  server_->connection->Send({"on its way", nullptr});
  client_->connection->Close();
  RunAll();
  EXPECT_THAT(client_->heads, IsEmpty());
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kCancelled));
}

TEST_F(InProcessTest, ClosingWhatThePeerHasClosedChangesNothing) {
  ListenAndDial();
  server_->connection->Send({"on its way", nullptr});
  server_->connection->Close();
  client_->connection->Close();
  RunAll();
  client_->connection->Close();
  RunAll();
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kUnavailable));
  EXPECT_THAT(server_->closed, ElementsAre(StatusCode::kCancelled));
}

TEST_F(InProcessTest, ADestroyedConnectionIsSilentAndClosesThePeer) {
  ListenAndDial();
  server_->connection->Send({"on its way", nullptr});
  client_->connection.reset();
  const std::size_t mails = client_box_.size();
  server_->connection->Send({"into the void", nullptr});
  EXPECT_EQ(client_box_.size(), mails);
  RunAll();
  EXPECT_THAT(client_->heads, IsEmpty());
  EXPECT_THAT(client_->closed, IsEmpty());
  EXPECT_THAT(server_->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST_F(InProcessTest, AHandlerMayDestroyItselfAndItsConnectionWhileItIsCalled) {
  ListenAndDial();
  server_->on_frame = [this] { server_.reset(); };
  client_->connection->Send({"one", nullptr});
  client_->connection->Send({"two", nullptr});
  RunAll();
  EXPECT_EQ(server_, nullptr);
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST_F(InProcessTest, AHandlerThatHasGoneIsNotKeptAlive) {
  ListenAndDial();
  const std::weak_ptr<Recorder> weak = server_;
  client_->connection->Send({"one", nullptr});
  server_.reset();
  EXPECT_TRUE(weak.expired());
  RunAll();
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST_F(InProcessTest, AFrameThatIsTooLargeClosesBothEnds) {
  ListenAndDial();
  client_->connection->Send({"", std::make_shared<const std::string>(kMaxFrameBytes, 'x')});
  client_->connection->Send({"x", std::make_shared<const std::string>(kMaxFrameBytes, 'x')});
  RunAll();
  EXPECT_THAT(server_->heads, ElementsAre(""));
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kResourceExhausted));
  EXPECT_THAT(server_->closed, ElementsAre(StatusCode::kResourceExhausted));
}

TEST_F(InProcessTest, APeerThatStopsReadingIsClosedAtTheBound) {
  ListenAndDial();
  const auto body = std::make_shared<const std::string>(kMaxFrameBytes, 'x');
  for (std::size_t sent = 0; sent < kMaxQueuedBytes; sent += kMaxFrameBytes) {
    client_->connection->Send({"", body});
  }
  client_box_.RunAll();
  EXPECT_THAT(client_->closed, IsEmpty());
  client_->connection->Send({"x", nullptr});
  RunAll();
  EXPECT_THAT(client_->closed, ElementsAre(StatusCode::kResourceExhausted));
  EXPECT_EQ(server_->heads.size(), kMaxQueuedBytes / kMaxFrameBytes);
  EXPECT_THAT(server_->closed, ElementsAre(StatusCode::kResourceExhausted));
}

TEST_F(InProcessTest, WhatWasReadDoesNotCountAgainstTheBound) {
  ListenAndDial();
  const auto body = std::make_shared<const std::string>(kMaxFrameBytes, 'x');
  for (std::size_t sent = 0; sent < 3 * kMaxQueuedBytes; sent += kMaxFrameBytes) {
    client_->connection->Send({"", body});
    server_box_.RunAll();
  }
  RunAll();
  EXPECT_THAT(client_->closed, IsEmpty());
}

// Each side answers each number with the next; the owners live on threads of their own.
TEST_F(InProcessTest, TwoThreadsTalk) {
  constexpr std::size_t kFrames = 2'000;
  Listen();
  std::thread server([this] {
    server_box_.RunUntil([this] { return server_ != nullptr && server_->heads.size() > 0; });
    server_->on_frame = [this] { server_->connection->Send({"echo", nullptr}); };
    server_->on_frame();
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

TEST_F(InProcessTest, EndsMayBeDestroyedOnTwoThreadsAtOnce) {
  for (int round = 0; round < 200; ++round) {
    ListenAndDial();
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
    transport_.StopListening(address_);
  }
  RunAll();
  EXPECT_THAT(client_->closed, IsEmpty());
}

}  // namespace
}  // namespace thalweg::transport
