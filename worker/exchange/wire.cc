// SPDX-License-Identifier: Apache-2.0
#include "worker/exchange/wire.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "columnar/batch.h"
#include "columnar/batch_wire.h"

namespace thalweg::worker {
namespace {

void SetChannel(const ChannelKey& channel, proto::ChannelId* out) {
  out->set_edge(channel.edge);
  out->set_sender(channel.sender);
  out->set_receiver(channel.receiver);
}

transport::Frame ToFrame(const proto::ExchangeFrame& head,
                         std::shared_ptr<const std::string> body) {
  return {.head = head.SerializeAsString(), .body = std::move(body)};
}

std::vector<transport::Frame> EncodePieces(proto::ExchangeFrame frame, std::string bytes) {
  std::vector<transport::Frame> frames;
  proto::ExchangeHead* head = frame.mutable_head();
  if (bytes.size() <= kMaxPieceBytes) {
    head->mutable_batch()->set_more(false);
    frames.push_back(ToFrame(frame, std::make_shared<const std::string>(std::move(bytes))));
    return frames;
  }
  for (std::size_t begin = 0; begin < bytes.size(); begin += kMaxPieceBytes) {
    head->mutable_batch()->set_more(begin + kMaxPieceBytes < bytes.size());
    frames.push_back(
        ToFrame(frame, std::make_shared<const std::string>(bytes.substr(begin, kMaxPieceBytes))));
    head->set_sequence(head->sequence() + 1);
  }
  return frames;
}

}  // namespace

std::string ToString(const ChannelKey& channel) {
  return "edge " + std::to_string(channel.edge) + " from subtask " +
         std::to_string(channel.sender) + " to subtask " + std::to_string(channel.receiver);
}

ChannelKey FromProto(const proto::ChannelId& channel) {
  return {.edge = channel.edge(), .sender = channel.sender(), .receiver = channel.receiver()};
}

transport::Frame EncodeHello(const Hello& hello) {
  proto::ExchangeFrame frame;
  proto::ExchangeHello* out = frame.mutable_hello();
  out->set_protocol_version(kExchangeVersion);
  out->set_job_id(hello.stream.job.value());
  out->mutable_attempt()->set_generation(hello.stream.attempt.generation.value());
  out->mutable_attempt()->set_n(hello.stream.attempt.n);
  out->set_sender_worker(hello.stream.sender.value());
  out->set_receiver_worker(hello.receiver.value());
  return ToFrame(frame, nullptr);
}

StatusOr<Hello> DecodeHello(const transport::Frame& frame) {
  proto::ExchangeFrame parsed;
  if (!parsed.ParseFromString(frame.head) || !parsed.has_hello()) {
    return InvalidArgument("A worker's first frame is not a hello; is it another program?");
  }
  const proto::ExchangeHello& hello = parsed.hello();
  if (hello.protocol_version() != kExchangeVersion) {
    return InvalidArgument(
        "Worker " + hello.sender_worker() + " speaks version " +
        std::to_string(hello.protocol_version()) + " of the exchange, this one version " +
        std::to_string(kExchangeVersion) + "; run the same program on all workers");
  }
  const Attempt attempt{.generation = Generation(hello.attempt().generation()),
                        .n = hello.attempt().n()};
  return Hello{.stream = {.job = JobId(hello.job_id()),
                          .attempt = attempt,
                          .sender = WorkerId(hello.sender_worker())},
               .receiver = WorkerId(hello.receiver_worker())};
}

transport::Frame EncodeCredit(const ChannelKey& channel, std::uint32_t credits) {
  proto::ExchangeFrame frame;
  SetChannel(channel, frame.mutable_credit()->mutable_channel());
  frame.mutable_credit()->set_credits(credits);
  return ToFrame(frame, nullptr);
}

StatusOr<std::vector<transport::Frame>> EncodeItem(const ChannelKey& channel,
                                                   std::uint64_t sequence,
                                                   const runtime::Item& item) {
  proto::ExchangeFrame frame;
  proto::ExchangeHead* head = frame.mutable_head();
  SetChannel(channel, head->mutable_channel());
  head->set_sequence(sequence);
  if (const auto* batch = std::get_if<columnar::Batch>(&item)) {
    std::string bytes;
    columnar::EncodeBatch(*batch, &bytes);
    if (bytes.size() > kMaxEncodedBatchBytes) {
      return ResourceExhausted("A batch of " + std::to_string(batch->row_count()) + " rows takes " +
                               std::to_string(bytes.size()) + " bytes on " + ToString(channel) +
                               ", above the limit of " + std::to_string(kMaxEncodedBatchBytes) +
                               "; drop or shorten the widest columns before it");
    }
    return EncodePieces(std::move(frame), std::move(bytes));
  }
  if (const auto* barrier = std::get_if<runtime::Barrier>(&item)) {
    head->mutable_barrier()->set_checkpoint_id(barrier->checkpoint.value());
    head->mutable_barrier()->set_kind(static_cast<std::uint32_t>(barrier->kind));
  } else if (const auto* watermark = std::get_if<runtime::Watermark>(&item)) {
    head->set_watermark(watermark->millis);
  } else if (std::holds_alternative<runtime::Idle>(item)) {
    head->set_idle(true);
  } else {
    head->set_end(true);
  }
  std::vector<transport::Frame> frames;
  frames.push_back(ToFrame(frame, nullptr));
  return frames;
}

StatusOr<std::optional<runtime::Item>> ItemDecoder::Decode(const proto::ExchangeHead& head,
                                                           const std::string* body) {
  if (head.sequence() != last_sequence_ + 1) {
    return DataLoss("A stream between workers has a gap: frame " + std::to_string(head.sequence()) +
                    " follows frame " + std::to_string(last_sequence_) + " on " +
                    ToString(FromProto(head.channel())));
  }
  last_sequence_ = head.sequence();
  if (head.item_case() == proto::ExchangeHead::kBatch) {
    return DecodeBatch(head.batch().more(), body);
  }
  if (!pieces_.empty()) {
    return DataLoss("A mark stands inside a batch on " + ToString(FromProto(head.channel())));
  }
  switch (head.item_case()) {
    case proto::ExchangeHead::kBarrier:
      if (!proto::CheckpointKind_IsValid(static_cast<int>(head.barrier().kind()))) {
        return DataLoss("A barrier has the unknown kind " + std::to_string(head.barrier().kind()));
      }
      return runtime::Item(
          runtime::Barrier{.checkpoint = CheckpointId(head.barrier().checkpoint_id()),
                           .kind = static_cast<proto::CheckpointKind>(head.barrier().kind())});
    case proto::ExchangeHead::kWatermark:
      return runtime::Item(runtime::Watermark{head.watermark()});
    case proto::ExchangeHead::kIdle:
      return runtime::Item(runtime::Idle{});
    case proto::ExchangeHead::kEnd:
      return runtime::Item(runtime::End{});
    default:
      return DataLoss("A frame carries nothing that this version knows on " +
                      ToString(FromProto(head.channel())));
  }
}

StatusOr<std::optional<runtime::Item>> ItemDecoder::DecodeBatch(bool more,
                                                                const std::string* body) {
  if (body == nullptr) {
    return DataLoss("A batch came without its bytes");
  }
  if (pieces_.size() + body->size() > kMaxEncodedBatchBytes) {
    return DataLoss("A batch is larger than any sender may make it");
  }
  if (!more && pieces_.empty()) {
    ASSIGN_OR_RETURN(columnar::Batch batch, columnar::DecodeBatch(schema_, *body));
    return runtime::Item(std::move(batch));
  }
  pieces_ += *body;
  if (more) {
    return std::optional<runtime::Item>();
  }
  const std::string whole = std::exchange(pieces_, std::string());
  ASSIGN_OR_RETURN(columnar::Batch batch, columnar::DecodeBatch(schema_, whole));
  return runtime::Item(std::move(batch));
}

}  // namespace thalweg::worker
