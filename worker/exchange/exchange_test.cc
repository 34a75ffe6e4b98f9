// SPDX-License-Identifier: Apache-2.0
//
// Both halves of the exchange and the hub between two simulated workers.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.h"
#include "columnar/batch_builder.h"
#include "runtime/channel/queue_reader.h"
#include "tests/testing/sim_loop.h"
#include "tests/testing/sim_node.h"
#include "tests/testing/sim_transport.h"
#include "worker/exchange/hub.h"
#include "worker/exchange/inbound.h"
#include "worker/exchange/outbound.h"

namespace thalweg::worker {
namespace {

using columnar::Batch;
using columnar::DataType;

constexpr ChannelKey kChannel{.edge = 0, .sender = 0, .receiver = 0};
const transport::Address kReceiverAddress{"receiver"};

columnar::SchemaPtr NumberSchema() {
  return std::make_shared<const columnar::Schema>(
      std::vector<columnar::Field>{{"n", DataType::BigInt()}});
}

Batch NumberBatch(std::int64_t number) {
  columnar::ColumnBuilder column(DataType::BigInt());
  column.Append(number);
  return Batch(NumberSchema(), {column.Finish()}, 1);
}

struct CountingWaker final : runtime::Waker {
  int count = 0;
  void Wake() override { ++count; }
};

StreamId Stream(std::uint32_t attempt) {
  return {.job = JobId("job"),
          .attempt = {.generation = Generation(1), .n = attempt},
          .sender = WorkerId("sender")};
}

/// A sending worker with one channel, and a receiving one with a hub.
class ExchangeTest : public ::testing::Test {
 protected:
  ExchangeTest() { EXPECT_TRUE(hub_->Listen(kReceiverAddress).ok()); }
  ~ExchangeTest() override {
    if (outbound_ != nullptr) {
      outbound_->Close();
    }
    if (inbound_ != nullptr) {
      inbound_->Close();
    }
  }

  void OpenSender(std::uint32_t attempt = 1, const std::string& receiver = "receiver") {
    outbound_ = std::make_shared<OutboundStream>([this](Status status) { sender_broke_ = status; });
    outbound_->Open(sender_transport_,
                    kReceiverAddress,
                    sender_mailbox_,
                    {.stream = Stream(attempt), .receiver = WorkerId(receiver)});
    writer_ = outbound_->AddChannel(kChannel, waker_);
  }

  void ClaimReceiver(std::uint32_t attempt = 1) {
    inbound_ = std::make_shared<InboundChannels>(
        receiver_mailbox_, [this](Status status) { receiver_broke_ = status; });
    reader_ = inbound_->AddChannel(kChannel, NumberSchema(), task_mailbox_);
    hub_->Claim(Stream(attempt), inbound_);
  }

  std::optional<std::int64_t> ReadNumber() {
    std::optional<runtime::Item> item = reader_->Read();
    if (!item.has_value()) {
      return std::nullopt;
    }
    return std::get<Batch>(*item).column(0)->Values<std::int64_t>()[0];
  }

  void Settle() { loop_.RunFor(Milliseconds(100)); }

  testing::SimLoop loop_{1};
  testing::SimNetwork network_{loop_};
  testing::SimNode sender_{loop_, "sender"};
  testing::SimNode receiver_{loop_, "receiver"};
  testing::SimClock clock_{loop_};
  testing::SimMailbox sender_mailbox_{sender_};
  testing::SimMailbox receiver_mailbox_{receiver_};
  std::shared_ptr<testing::SimMailbox> task_mailbox_ =
      std::make_shared<testing::SimMailbox>(receiver_);
  testing::SimTransport sender_transport_{network_, sender_};
  testing::SimTransport receiver_transport_{network_, receiver_};
  std::unique_ptr<ExchangeHub> hub_ = std::make_unique<ExchangeHub>(
      WorkerId("receiver"), receiver_transport_, receiver_mailbox_, clock_);
  std::shared_ptr<CountingWaker> waker_ = std::make_shared<CountingWaker>();
  std::shared_ptr<OutboundStream> outbound_;
  std::unique_ptr<runtime::ChannelWriter> writer_;
  std::shared_ptr<InboundChannels> inbound_;
  std::unique_ptr<runtime::ChannelReader> reader_;
  std::optional<Status> sender_broke_;
  std::optional<Status> receiver_broke_;
};

TEST_F(ExchangeTest, CarriesItemsInOrderToADeploymentThatWaits) {
  ClaimReceiver();
  OpenSender();
  writer_->Write(NumberBatch(1));
  writer_->Write(NumberBatch(2));
  Settle();
  EXPECT_EQ(ReadNumber(), 1);
  EXPECT_EQ(ReadNumber(), 2);
  EXPECT_EQ(ReadNumber(), std::nullopt);
}

TEST_F(ExchangeTest, KeepsWhatCameBeforeTheDeployment) {
  OpenSender();
  writer_->Write(NumberBatch(1));
  Settle();
  EXPECT_EQ(hub_->unclaimed_count(), 1U);
  ClaimReceiver();
  Settle();
  EXPECT_EQ(ReadNumber(), 1);
  EXPECT_EQ(hub_->unclaimed_count(), 0U);
}

TEST_F(ExchangeTest, StopsTheSenderAfterItsCreditsUntilTheReceiverReads) {
  ClaimReceiver();
  OpenSender();
  for (std::size_t i = 0; i < runtime::kChannelCredits; ++i) {
    ASSERT_TRUE(writer_->HasRoom());
    writer_->Write(NumberBatch(static_cast<std::int64_t>(i)));
  }
  Settle();
  EXPECT_FALSE(writer_->HasRoom());
  EXPECT_EQ(waker_->count, 0);
  ASSERT_EQ(ReadNumber(), 0);
  Settle();
  EXPECT_TRUE(writer_->HasRoom());
  EXPECT_GT(waker_->count, 0);
}

TEST_F(ExchangeTest, LetsMarksPassAFullChannel) {
  ClaimReceiver();
  OpenSender();
  for (std::size_t i = 0; i < runtime::kChannelCredits; ++i) {
    writer_->Write(NumberBatch(0));
  }
  writer_->Write(runtime::Barrier{.checkpoint = CheckpointId(1)});
  Settle();
  EXPECT_TRUE(reader_->HasQueuedBarrier());
}

TEST_F(ExchangeTest, TellsBothEndsOfABrokenLink) {
  ClaimReceiver();
  OpenSender();
  Settle();
  network_.Break(sender_, receiver_);
  Settle();
  ASSERT_TRUE(sender_broke_.has_value());
  ASSERT_TRUE(receiver_broke_.has_value());
  EXPECT_EQ(sender_broke_->code(), StatusCode::kUnavailable);
}

TEST_F(ExchangeTest, TellsADeploymentThatItsStreamHadEndedBefore) {
  OpenSender();
  Settle();
  outbound_->Close();
  Settle();
  ClaimReceiver();
  Settle();
  EXPECT_TRUE(receiver_broke_.has_value());
}

TEST_F(ExchangeTest, RefusesStreamsOfAnAttemptThatIsOver) {
  hub_->Forget(JobId("job"), {.generation = Generation(1), .n = 2});
  OpenSender(/*attempt=*/2);
  Settle();
  EXPECT_TRUE(sender_broke_.has_value());
  EXPECT_EQ(hub_->unclaimed_count(), 0U);
}

TEST_F(ExchangeTest, RefusesAStreamThatMeansTheProcessBeforeThisOne) {
  ClaimReceiver();
  OpenSender(/*attempt=*/1, /*receiver=*/"receiver that died");
  writer_->Write(NumberBatch(1));
  Settle();
  EXPECT_TRUE(sender_broke_.has_value());
  EXPECT_FALSE(receiver_broke_.has_value());
  EXPECT_EQ(ReadNumber(), std::nullopt);
}

TEST_F(ExchangeTest, GivesUpStreamsThatNobodyClaims) {
  OpenSender();
  Settle();
  hub_->Sweep(clock_.Now() + kUnclaimedPatience);
  Settle();
  EXPECT_TRUE(sender_broke_.has_value());
  EXPECT_EQ(hub_->unclaimed_count(), 0U);
}

TEST_F(ExchangeTest, BreaksAStreamOnAnUnknownChannel) {
  ClaimReceiver();
  OpenSender();
  const auto other = outbound_->AddChannel({.edge = 9, .sender = 0, .receiver = 0}, waker_);
  other->Write(NumberBatch(1));
  Settle();
  ASSERT_TRUE(receiver_broke_.has_value());
  EXPECT_EQ(receiver_broke_->code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(*receiver_broke_)), ::testing::HasSubstr("edge 9"));
}

}  // namespace
}  // namespace thalweg::worker
