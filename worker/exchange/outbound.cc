// SPDX-License-Identifier: Apache-2.0
#include "worker/exchange/outbound.h"

#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/executor.h"
#include "columnar/batch.h"

namespace thalweg::worker {

OutboundChannel::OutboundChannel(std::shared_ptr<OutboundStream> stream,
                                 ChannelKey key,
                                 std::shared_ptr<OutboundCredits> credits)
    : stream_(std::move(stream)), key_(key), credits_(std::move(credits)) {}

void OutboundChannel::Write(runtime::Item item) {
  const auto* batch = std::get_if<columnar::Batch>(&item);
  if (batch != nullptr && !batch->empty()) {
    CHECK(credits_->available.fetch_sub(1) > 0);
  }
  StatusOr<std::vector<transport::Frame>> frames = EncodeItem(key_, next_sequence_, item);
  if (!frames.ok()) {
    stream_->Fail(frames.status());
    return;
  }
  next_sequence_ += frames->size();
  for (transport::Frame& frame : *frames) {
    stream_->Send(std::move(frame));
  }
}

void OutboundStream::Open(transport::Transport& transport,
                          const transport::Address& peer,
                          Mailbox& mailbox,
                          const Hello& hello) {
  mailbox_ = &mailbox;
  connection_ = transport.Dial(peer, mailbox, shared_from_this());
  connection_->Send(EncodeHello(hello));
}

void OutboundStream::Close() {
  on_broken_ = nullptr;
  if (connection_ != nullptr) {
    connection_->Close();
  }
}

std::unique_ptr<runtime::ChannelWriter> OutboundStream::AddChannel(
    const ChannelKey& key, std::shared_ptr<runtime::Waker> waker) {
  auto credits = std::make_shared<OutboundCredits>(std::move(waker));
  CHECK(channels_.emplace(key, credits).second);
  return std::make_unique<OutboundChannel>(shared_from_this(), key, std::move(credits));
}

void OutboundStream::Fail(Status status) {
  mailbox_->Post([self = shared_from_this(), status = std::move(status)] { self->Break(status); });
}

void OutboundStream::OnFrame(transport::Frame frame) {
  proto::ExchangeFrame parsed;
  if (!parsed.ParseFromString(frame.head) || !parsed.has_credit()) {
    Break(DataLoss("A worker answered with something that is no credit"));
    return;
  }
  const ChannelKey key = FromProto(parsed.credit().channel());
  const auto found = channels_.find(key);
  if (found == channels_.end()) {
    Break(DataLoss("A worker gave a credit for a channel that does not exist: " + ToString(key)));
    return;
  }
  OutboundCredits& credits = *found->second;
  const std::uint32_t before = credits.available.fetch_add(parsed.credit().credits());
  if (before + parsed.credit().credits() > runtime::kChannelCredits) {
    Break(DataLoss("A worker gave back more credits than it was given on " + ToString(key)));
    return;
  }
  credits.waker->Wake();
}

void OutboundStream::OnClosed(const Status& status) {
  Break(status);
}

void OutboundStream::Break(Status status) {
  if (on_broken_ == nullptr) {
    return;
  }
  // Moved out first: the call may close this stream.
  UniqueFunction<void(Status)> on_broken = std::exchange(on_broken_, nullptr);
  on_broken(std::move(status));
}

}  // namespace thalweg::worker
