// SPDX-License-Identifier: Apache-2.0
#include "worker/exchange/inbound.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "base/executor.h"
#include "base/mutation.h"
#include "base/mutex.h"
#include "runtime/channel/queue_reader.h"

namespace thalweg::worker {

/// Lanes give credits back through this before and after the stream is there: a task reads nothing
/// before frames have come, so the stream is set by then; after Close() credits go nowhere.
struct InboundChannels::CreditPath {
  Mutex mutex;
  std::shared_ptr<InboundStream> stream GUARDED_BY(mutex);

  void Give(const ChannelKey& key, std::uint32_t credits) {
    std::shared_ptr<InboundStream> to;
    {
      const MutexLock lock(mutex);
      to = stream;
    }
    if (to != nullptr) {
      to->Send(EncodeCredit(key, credits));
    }
  }

  void Set(std::shared_ptr<InboundStream> to) {
    const MutexLock lock(mutex);
    stream = std::move(to);
  }
};

std::shared_ptr<InboundChannels::CreditPath> InboundChannels::MakeCreditPath() {
  return std::make_shared<CreditPath>();
}

std::unique_ptr<runtime::ChannelReader> InboundChannels::AddChannel(const ChannelKey& key,
                                                                    columnar::SchemaPtr schema,
                                                                    std::shared_ptr<Mailbox> task) {
  auto reader =
      std::make_unique<runtime::QueueReader>([credits = credits_, key](std::uint32_t count) {
        if (!Mutated(Mutation::kCreditLeaked)) {
          credits->Give(key, count);
        }
      });
  const bool added =
      channels_
          .emplace(key,
                   Channel{.task = std::move(task),
                           .decoder = std::make_shared<ItemDecoder>(std::move(schema)),
                           .reader = reader.get()})
          .second;
  CHECK(added);
  return reader;
}

void InboundChannels::Attach(std::shared_ptr<InboundStream> stream) {
  credits_->Set(stream);
  stream_ = std::move(stream);
}

void InboundChannels::OnFrame(const transport::Frame& frame) {
  proto::ExchangeFrame parsed;
  if (!parsed.ParseFromString(frame.head) || !parsed.has_head()) {
    Break(DataLoss("A stream between workers carries something that is no item"));
    return;
  }
  const ChannelKey key = FromProto(parsed.head().channel());
  const auto found = channels_.find(key);
  if (found == channels_.end()) {
    Break(DataLoss("A worker sends on a channel that does not exist: " + ToString(key)));
    return;
  }
  const Channel& channel = found->second;
  // Decoding is work, so the lane that needs the rows does it.
  channel.task->Post([self = shared_from_this(),
                      decoder = channel.decoder,
                      reader = channel.reader,
                      head = std::move(*parsed.mutable_head()),
                      body = frame.body] {
    StatusOr<std::optional<runtime::Item>> item = decoder->Decode(head, body.get());
    if (!item.ok()) {
      self->Fail(item.status());
      return;
    }
    if (item->has_value()) {
      if (const Status pushed = reader->Push(*std::move(*item)); !pushed.ok()) {
        self->Fail(pushed);
      }
    }
  });
}

void InboundChannels::Fail(Status status) {
  mailbox_.Post([self = shared_from_this(), status = std::move(status)] { self->Break(status); });
}

void InboundChannels::Close() {
  on_broken_ = nullptr;
  credits_->Set(nullptr);
  if (const std::shared_ptr<InboundStream> stream = std::exchange(stream_, nullptr)) {
    stream->Close();
  }
}

void InboundChannels::Break(Status status) {
  if (on_broken_ == nullptr) {
    return;
  }
  UniqueFunction<void(Status)> on_broken = std::exchange(on_broken_, nullptr);
  on_broken(std::move(status));
}

void InboundStream::Claim(std::shared_ptr<InboundChannels> channels) {
  CHECK(channels_ == nullptr);
  channels_ = std::move(channels);
  channels_->Attach(shared_from_this());
  for (const transport::Frame& frame : std::exchange(waiting_, {})) {
    channels_->OnFrame(frame);
  }
  if (!closed_.ok()) {
    channels_->Fail(closed_);
  }
}

void InboundStream::Close() {
  channels_ = nullptr;
  waiting_.clear();
  connection_->Close();
}

void InboundStream::OnFrame(transport::Frame frame) {
  if (on_hello_ != nullptr) {
    const StatusOr<Hello> hello = DecodeHello(frame);
    UniqueFunction<bool(const Hello&)> on_hello = std::exchange(on_hello_, nullptr);
    if (!hello.ok() || !on_hello(*hello)) {
      Close();
    }
    return;
  }
  if (channels_ != nullptr) {
    channels_->OnFrame(frame);
    return;
  }
  waiting_.push_back(std::move(frame));
  if (waiting_.size() > kMaxUnclaimedFrames) {
    closed_ = ResourceExhausted("A worker sent more frames than its credits allow");
    Close();
  }
}

void InboundStream::OnClosed(const Status& status) {
  if (channels_ != nullptr) {
    channels_->Fail(status);
  } else if (closed_.ok()) {
    closed_ = status;
  }
}

}  // namespace thalweg::worker
