// SPDX-License-Identifier: Apache-2.0

#include "transport/grpc/frame_buffer.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <grpcpp/support/slice.h>

#include "base/coding.h"

namespace thalweg::transport {
namespace {

constexpr std::uint8_t kFrame = 0;
constexpr std::uint8_t kEnd = 1;
constexpr std::size_t kPrefixBytes = 1 + sizeof(std::uint32_t);

grpc::Slice PrefixedSlice(std::uint8_t kind, std::uint32_t number, std::string_view text) {
  grpc::Slice slice(kPrefixBytes + text.size());
  auto* to = const_cast<std::uint8_t*>(slice.begin());  // Nobody else has seen it yet.
  to[0] = kind;
  StoreFixed<std::uint32_t>(to + 1, number);
  if (!text.empty()) {
    std::memcpy(to + kPrefixBytes, text.data(), text.size());
  }
  return slice;
}

void Release(void* body) {
  delete static_cast<std::shared_ptr<const std::string>*>(body);
}

/// Takes bytes from the slices of a buffer, wherever they are cut.
class SliceReader {
 public:
  explicit SliceReader(const std::vector<grpc::Slice>& slices) : slices_(slices) {}

  /// REQUIRES: that many bytes are left.
  void Read(char* to, std::size_t size) {
    while (size > 0) {
      const grpc::Slice& slice = slices_[slice_];
      const std::size_t part = std::min(size, slice.size() - offset_);
      std::memcpy(to, slice.begin() + offset_, part);
      to += part;
      size -= part;
      offset_ += part;
      if (offset_ == slice.size()) {
        ++slice_;
        offset_ = 0;
      }
    }
  }
  std::string ReadString(std::size_t size) {
    std::string text;
    text.resize(size);
    Read(text.data(), size);
    return text;
  }

 private:
  const std::vector<grpc::Slice>& slices_;
  std::size_t slice_ = 0;
  std::size_t offset_ = 0;
};

}  // namespace

grpc::ByteBuffer EncodeFrame(Frame frame) {
  grpc::Slice slices[2];
  slices[0] = PrefixedSlice(kFrame, static_cast<std::uint32_t>(frame.head.size()), frame.head);
  if (frame.body == nullptr || frame.body->empty()) {
    return {slices, 1};
  }
  auto* body =
      new std::shared_ptr<const std::string>(std::move(frame.body));  // Release() frees it.
  slices[1] = grpc::Slice(const_cast<char*>((*body)->data()), (*body)->size(), Release, body);
  return {slices, 2};
}

grpc::ByteBuffer EncodeEnd(const Status& status) {
  const grpc::Slice slice =
      PrefixedSlice(kEnd, static_cast<std::uint32_t>(status.code()), MessageOf(status));
  return {&slice, 1};
}

StatusOr<WireMessage> DecodeMessage(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) {
    return InvalidArgument("a message without bytes");
  }
  const std::size_t size = buffer.Length();
  if (size < kPrefixBytes) {
    return InvalidArgument(fmt::format("a message of {} bytes", size));
  }
  SliceReader reader(slices);
  char prefix[kPrefixBytes];
  reader.Read(prefix, kPrefixBytes);
  const auto kind = static_cast<std::uint8_t>(prefix[0]);
  const auto number = LoadFixed<std::uint32_t>(prefix + 1);
  std::size_t left = size - kPrefixBytes;
  WireMessage message;
  if (kind == kEnd) {
    const auto code = static_cast<StatusCode>(number);
    if (code == StatusCode::kOk) {
      return InvalidArgument("an end without a reason");
    }
    message.end = MakeStatus(code, reader.ReadString(left));
    return message;
  }
  if (kind != kFrame) {
    return InvalidArgument(fmt::format("a message of the unknown kind {}", kind));
  }
  if (number > left || size > kMaxFrameBytes + kPrefixBytes) {
    return InvalidArgument(
        fmt::format("a frame of {} bytes with a head of {} bytes", left, number));
  }
  message.frame.head = reader.ReadString(number);
  left -= number;
  if (left > 0) {
    message.frame.body = std::make_shared<const std::string>(reader.ReadString(left));
  }
  return message;
}

}  // namespace thalweg::transport
