// SPDX-License-Identifier: Apache-2.0
#include "worker/exchange/wire.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/batch_builder.h"

namespace thalweg::worker {
namespace {

using columnar::Batch;
using columnar::DataType;

constexpr ChannelKey kChannel{.edge = 3, .sender = 1, .receiver = 2};

columnar::SchemaPtr TextSchema() {
  return std::make_shared<const columnar::Schema>(
      std::vector<columnar::Field>{{"text", DataType::String()}});
}

Batch TextBatch(const std::vector<std::string>& texts) {
  columnar::ColumnBuilder column(DataType::String());
  for (const std::string& text : texts) {
    column.AppendString(text);
  }
  return Batch(TextSchema(), {column.Finish()}, texts.size());
}

std::vector<runtime::Item> Decode(ItemDecoder& decoder,
                                  const std::vector<transport::Frame>& frames) {
  std::vector<runtime::Item> items;
  for (const transport::Frame& frame : frames) {
    proto::ExchangeFrame parsed;
    EXPECT_TRUE(parsed.ParseFromString(frame.head));
    StatusOr<std::optional<runtime::Item>> item = decoder.Decode(parsed.head(), frame.body.get());
    EXPECT_TRUE(item.ok()) << item.status();
    if (item.ok() && item->has_value()) {
      items.push_back(std::move(**item));
    }
  }
  return items;
}

std::vector<transport::Frame> Encode(std::uint64_t sequence, const runtime::Item& item) {
  StatusOr<std::vector<transport::Frame>> frames = EncodeItem(kChannel, sequence, item);
  EXPECT_TRUE(frames.ok());
  return *std::move(frames);
}

TEST(WireTest, CarriesAStreamsIdentityInItsHello) {
  const Hello hello{.stream = {.job = JobId("0123456789abcdef0123456789abcdef"),
                               .attempt = {.generation = Generation(7), .n = 3},
                               .sender = WorkerId("w1")},
                    .receiver = WorkerId("w2")};
  EXPECT_EQ(*DecodeHello(EncodeHello(hello)), hello);
}

TEST(WireTest, RefusesAHelloOfAnotherVersion) {
  transport::Frame frame = EncodeHello({.stream = {.job = JobId("j"),
                                                   .attempt = {.generation = Generation(1), .n = 1},
                                                   .sender = WorkerId("w")},
                                        .receiver = WorkerId("v")});
  proto::ExchangeFrame parsed;
  ASSERT_TRUE(parsed.ParseFromString(frame.head));
  parsed.mutable_hello()->set_protocol_version(99);
  frame.head = parsed.SerializeAsString();
  const Status status = DecodeHello(frame).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(status)), testing::HasSubstr("version 99"));
}

TEST(WireTest, GivesBackEveryKindOfItem) {
  const std::vector<runtime::Item> items = {
      TextBatch({"a", "a long text that does not fit a view"})
          .WithMarks({{.row = 1, .watermark = 5}}),
      runtime::Watermark{-1},
      runtime::Barrier{.checkpoint = CheckpointId(9), .kind = proto::CHECKPOINT_DRAIN},
      runtime::Idle{},
      runtime::End{},
  };
  ItemDecoder decoder(TextSchema());
  std::uint64_t sequence = 1;
  for (const runtime::Item& item : items) {
    const std::vector<transport::Frame> frames = Encode(sequence, item);
    sequence += frames.size();
    const std::vector<runtime::Item> decoded = Decode(decoder, frames);
    ASSERT_EQ(decoded.size(), 1U);
    ASSERT_EQ(decoded[0].index(), item.index());
    if (const auto* batch = std::get_if<Batch>(&item)) {
      EXPECT_TRUE(columnar::Equal(std::get<Batch>(decoded[0]), *batch));
    } else if (const auto* barrier = std::get_if<runtime::Barrier>(&item)) {
      EXPECT_EQ(std::get<runtime::Barrier>(decoded[0]), *barrier);
    } else if (const auto* watermark = std::get_if<runtime::Watermark>(&item)) {
      EXPECT_EQ(std::get<runtime::Watermark>(decoded[0]), *watermark);
    }
  }
}

TEST(WireTest, PutsALargeBatchTogetherFromItsPieces) {
  const Batch batch =
      TextBatch({std::string(kMaxPieceBytes, 'x'), std::string(kMaxPieceBytes, 'y'), "z"});
  const std::vector<transport::Frame> frames = Encode(1, batch);
  EXPECT_EQ(frames.size(), 3U);
  ItemDecoder decoder(TextSchema());
  const std::vector<runtime::Item> decoded = Decode(decoder, frames);
  ASSERT_EQ(decoded.size(), 1U);
  EXPECT_TRUE(columnar::Equal(std::get<Batch>(decoded[0]), batch));
}

TEST(WireTest, NoticesAMissingFrame) {
  ItemDecoder decoder(TextSchema());
  Decode(decoder, Encode(1, runtime::Watermark{1}));
  proto::ExchangeFrame parsed;
  ASSERT_TRUE(parsed.ParseFromString(Encode(3, runtime::Watermark{3})[0].head));
  EXPECT_EQ(decoder.Decode(parsed.head(), nullptr).status().code(), StatusCode::kDataLoss);
}

TEST(WireTest, NoticesARepeatedFrame) {
  ItemDecoder decoder(TextSchema());
  const std::vector<transport::Frame> frames = Encode(1, runtime::Watermark{1});
  Decode(decoder, frames);
  proto::ExchangeFrame parsed;
  ASSERT_TRUE(parsed.ParseFromString(frames[0].head));
  EXPECT_EQ(decoder.Decode(parsed.head(), nullptr).status().code(), StatusCode::kDataLoss);
}

TEST(WireTest, NoticesAMarkInsideABatch) {
  ItemDecoder decoder(TextSchema());
  const std::vector<transport::Frame> pieces = Encode(1, TextBatch({std::string(5 << 20, 'x')}));
  ASSERT_EQ(pieces.size(), 2U);
  Decode(decoder, {pieces[0]});
  proto::ExchangeFrame parsed;
  ASSERT_TRUE(parsed.ParseFromString(Encode(2, runtime::End{})[0].head));
  EXPECT_EQ(decoder.Decode(parsed.head(), nullptr).status().code(), StatusCode::kDataLoss);
}

TEST(WireTest, NoticesABatchOfAnotherSchema) {
  const auto numbers = std::make_shared<const columnar::Schema>(
      std::vector<columnar::Field>{{"a", DataType::BigInt()}, {"b", DataType::BigInt()}});
  ItemDecoder decoder(numbers);
  const std::vector<transport::Frame> frames = Encode(1, TextBatch({"a"}));
  proto::ExchangeFrame parsed;
  ASSERT_TRUE(parsed.ParseFromString(frames[0].head));
  EXPECT_EQ(decoder.Decode(parsed.head(), frames[0].body.get()).status().code(),
            StatusCode::kDataLoss);
}

}  // namespace
}  // namespace thalweg::worker
