// SPDX-License-Identifier: Apache-2.0
//
// Items of channels as frames of a connection. Pure: what is sent when is decided in outbound.h and
// inbound.h.
#ifndef THALWEG_WORKER_EXCHANGE_WIRE_H_
#define THALWEG_WORKER_EXCHANGE_WIRE_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "columnar/type.h"
#include "proto/exchange.pb.h"
#include "runtime/channel/item.h"
#include "transport/transport.h"

namespace thalweg::worker {

/// Of hello and frames. Another one is refused.
inline constexpr std::uint32_t kExchangeVersion = 1;

/// Most bytes of an encoded batch in one frame: below the transport's limit, and small enough that
/// other channels of the stream get their turn.
inline constexpr std::size_t kMaxPieceBytes = std::size_t{4} << 20;

/// Most bytes of one encoded batch. 8,192 rows of 32 KiB.
inline constexpr std::size_t kMaxEncodedBatchBytes = std::size_t{256} << 20;

/// One stream of frames: all channels of one attempt from one worker to another.
struct StreamId {
  JobId job;
  Attempt attempt;
  WorkerId sender;

  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};

/// One parallel connection of an edge.
struct ChannelKey {
  std::uint32_t edge = 0;
  std::uint32_t sender = 0;    // Subtask.
  std::uint32_t receiver = 0;  // Subtask.

  friend auto operator<=>(const ChannelKey&, const ChannelKey&) = default;
};

std::string ToString(const ChannelKey& channel);

ChannelKey FromProto(const proto::ChannelId& channel);

/// What a sender says first.
struct Hello {
  StreamId stream;
  WorkerId receiver;  // Who is meant; another process may have its address by now.

  friend bool operator==(const Hello&, const Hello&) = default;
};

/// The first frame of a stream.
transport::Frame EncodeHello(const Hello& hello);
/// kInvalidArgument: another version, or not a hello.
StatusOr<Hello> DecodeHello(const transport::Frame& frame);

transport::Frame EncodeCredit(const ChannelKey& channel, std::uint32_t credits);

/// The frames of one item, numbered from `sequence` on. Several for a large batch.
/// kResourceExhausted: a batch above kMaxEncodedBatchBytes; the message says what to do.
StatusOr<std::vector<transport::Frame>> EncodeItem(const ChannelKey& channel,
                                                   std::uint64_t sequence,
                                                   const runtime::Item& item);

/// Puts the frames of one channel together again. Checks that none is missing, repeated or
/// malformed.
class ItemDecoder {
 public:
  explicit ItemDecoder(columnar::SchemaPtr schema) : schema_(std::move(schema)) {}

  /// The item that this frame completes, or nothing when more pieces follow. kDataLoss: the frame
  /// does not follow the last one, or its bytes are no batch of the schema; the stream must be
  /// given up.
  StatusOr<std::optional<runtime::Item>> Decode(const proto::ExchangeHead& head,
                                                const std::string* body);

 private:
  StatusOr<std::optional<runtime::Item>> DecodeBatch(bool more, const std::string* body);

  const columnar::SchemaPtr schema_;
  std::uint64_t last_sequence_ = 0;
  std::string pieces_;  // Of an unfinished batch.
};

}  // namespace thalweg::worker

#endif  // THALWEG_WORKER_EXCHANGE_WIRE_H_
