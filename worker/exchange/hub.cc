// SPDX-License-Identifier: Apache-2.0
#include "worker/exchange/hub.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/clock.h"

namespace thalweg::worker {

ExchangeHub::~ExchangeHub() {
  if (listening_) {
    transport_.StopListening(address_);
  }
  for (const std::shared_ptr<InboundStream>& stream : silent_) {
    stream->Close();
  }
  for (auto& [id, waiting] : unclaimed_) {
    waiting.stream->Close();
  }
}

Status ExchangeHub::Listen(const transport::Address& address) {
  RETURN_IF_ERROR(transport_.Listen(
      address, mailbox_, [this](std::unique_ptr<transport::Connection> connection) {
        return Accept(std::move(connection));
      }));
  address_ = address;
  listening_ = true;
  return OkStatus();
}

void ExchangeHub::Claim(const StreamId& id, std::shared_ptr<InboundChannels> channels) {
  const auto waiting = unclaimed_.find(id);
  if (waiting == unclaimed_.end()) {
    CHECK(expected_.emplace(id, std::move(channels)).second);
    return;
  }
  const std::shared_ptr<InboundStream> stream = std::move(waiting->second.stream);
  unclaimed_.erase(waiting);
  stream->Claim(std::move(channels));
}

void ExchangeHub::Forget(const JobId& job, const Attempt& attempt) {
  Attempt& forgotten = forgotten_[job];
  forgotten = std::max(forgotten, attempt);
  const auto is_old = [&](const StreamId& id) { return id.job == job && id.attempt <= attempt; };
  std::erase_if(expected_, [&](const auto& entry) { return is_old(entry.first); });
  for (auto it = unclaimed_.begin(); it != unclaimed_.end();) {
    if (is_old(it->first)) {
      it->second.stream->Close();
      it = unclaimed_.erase(it);
    } else {
      ++it;
    }
  }
}

void ExchangeHub::Sweep(MonoTime now) {
  for (auto it = unclaimed_.begin(); it != unclaimed_.end();) {
    if (now - it->second.since >= kUnclaimedPatience) {
      it->second.stream->Close();
      it = unclaimed_.erase(it);
    } else {
      ++it;
    }
  }
}

std::shared_ptr<transport::ConnectionHandler> ExchangeHub::Accept(
    std::unique_ptr<transport::Connection> connection) {
  std::erase_if(silent_, [](const std::shared_ptr<InboundStream>& stream) {
    return stream->has_said_hello();
  });
  if (silent_.size() + unclaimed_.size() >= kMaxUnclaimedStreams) {
    return nullptr;
  }
  auto stream = std::make_shared<InboundStream>(std::move(connection));
  stream->set_on_hello([this, weak = std::weak_ptr(stream)](const Hello& hello) {
    const std::shared_ptr<InboundStream> self = weak.lock();
    return self != nullptr && OnHello(hello, self);
  });
  silent_.push_back(stream);
  return stream;
}

bool ExchangeHub::OnHello(const Hello& hello, const std::shared_ptr<InboundStream>& stream) {
  const StreamId& id = hello.stream;
  if (hello.receiver != self_ || IsForgotten(id.job, id.attempt)) {
    return false;
  }
  const auto expected = expected_.find(id);
  if (expected != expected_.end()) {
    const std::shared_ptr<InboundChannels> channels = std::move(expected->second);
    expected_.erase(expected);
    stream->Claim(channels);
    return true;
  }
  return unclaimed_.emplace(id, Unclaimed{.stream = stream, .since = clock_.Now()}).second;
}

bool ExchangeHub::IsForgotten(const JobId& job, const Attempt& attempt) const {
  const auto found = forgotten_.find(job);
  return found != forgotten_.end() && attempt <= found->second;
}

}  // namespace thalweg::worker
