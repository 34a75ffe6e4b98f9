// SPDX-License-Identifier: Apache-2.0

#include "transport/grpc/frame_buffer.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::transport {
namespace {

using ::testing::HasSubstr;

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

/// The same bytes in slices of `size`.
grpc::ByteBuffer Cut(const std::string& bytes, std::size_t size) {
  std::vector<grpc::Slice> slices;
  for (std::size_t i = 0; i < bytes.size(); i += size) {
    slices.emplace_back(bytes.substr(i, size));
  }
  return {slices.data(), slices.size()};
}

TEST(FrameBufferTest, AFrameComesBackHoweverItsBytesAreCut) {
  const auto body = std::make_shared<const std::string>(std::string(100'000, 'b') + "end");
  const std::string bytes = BytesOf(EncodeFrame({"head", body}));
  for (const std::size_t size : {1UL, 3UL, 4'096UL, bytes.size()}) {
    const StatusOr<WireMessage> message = DecodeMessage(Cut(bytes, size));
    ASSERT_TRUE(message.ok()) << message.status();
    EXPECT_EQ(message->frame.head, "head");
    ASSERT_NE(message->frame.body, nullptr);
    EXPECT_EQ(*message->frame.body, *body);
    EXPECT_FALSE(message->end.has_value());
  }
}

TEST(FrameBufferTest, ABodyIsSharedWithTheBufferAndFreedWithIt) {
  auto body = std::make_shared<const std::string>(1'000, 'b');
  const std::weak_ptr<const std::string> weak = body;
  {
    grpc::ByteBuffer buffer = EncodeFrame({"head", std::move(body)});
    EXPECT_FALSE(weak.expired());
  }
  EXPECT_TRUE(weak.expired());
}

TEST(FrameBufferTest, AnEmptyBodyArrivesAsNull) {
  const StatusOr<WireMessage> message = DecodeMessage(EncodeFrame({"", nullptr}));
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->frame.head, "");
  EXPECT_EQ(message->frame.body, nullptr);
}

TEST(FrameBufferTest, AnEndCarriesItsReason) {
  const StatusOr<WireMessage> message = DecodeMessage(EncodeEnd(ResourceExhausted("too much")));
  ASSERT_TRUE(message.ok());
  ASSERT_TRUE(message->end.has_value());
  EXPECT_EQ(*message->end, ResourceExhausted("too much"));
}

TEST(FrameBufferTest, BytesThatAreNoMessageAreRefused) {
  const auto refused = [](const std::string& bytes) {
    return std::string(MessageOf(DecodeMessage(Cut(bytes, 3)).status()));
  };
  EXPECT_THAT(refused("abc"), HasSubstr("3 bytes"));
  EXPECT_THAT(refused(std::string("\x07\0\0\0\0", 5)), HasSubstr("unknown kind 7"));
  EXPECT_THAT(refused(std::string("\x00\xff\xff\xff\xffhead", 9)), HasSubstr("head of 4294967295"));
  EXPECT_THAT(refused(std::string("\x01\0\0\0\0why", 8)), HasSubstr("without a reason"));
}

}  // namespace
}  // namespace thalweg::transport
