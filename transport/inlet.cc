// SPDX-License-Identifier: Apache-2.0

#include "transport/inlet.h"

#include <utility>

#include <fmt/format.h>

namespace thalweg::transport {

void Inlet::Start(std::weak_ptr<ConnectionHandler> handler) {
  MutexLock lock(mutex_);
  handler_ = std::move(handler);
  started_ = true;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    PostRun();
  }
}

bool Inlet::Arrive(Frame frame) {
  const std::size_t size = SizeOf(frame);
  MutexLock lock(mutex_);
  if (ended_) {
    return true;  // Dropped: the peer will hear that this end is closed.
  }
  if (queued_bytes_ + size > kMaxQueuedBytes) {
    return false;
  }
  queued_bytes_ += size;
  items_.push_back({std::move(frame), std::nullopt});
  PostRun();
  return true;
}

void Inlet::Finish(Status status) {
  MutexLock lock(mutex_);
  if (ended_) {
    return;
  }
  ended_ = true;
  items_.push_back({Frame(), std::move(status)});
  PostRun();
}

void Inlet::Close() {
  {
    MutexLock lock(mutex_);
    std::erase_if(items_, [](const Item& item) { return !item.end.has_value(); });
    queued_bytes_ = 0;
  }
  Finish(Cancelled("The connection was closed by this end."));
}

void Inlet::Detach() {
  MutexLock lock(mutex_);
  mailbox_ = nullptr;
  handler_.reset();
}

bool Inlet::ended() {
  MutexLock lock(mutex_);
  return ended_;
}

void Inlet::PostRun() {
  if (mailbox_ != nullptr && started_) {
    mailbox_->Post([self = shared_from_this()] { self->RunOne(); });
  }
}

void Inlet::RunOne() {
  Item item;
  std::shared_ptr<ConnectionHandler> handler;
  {
    MutexLock lock(mutex_);
    if (mailbox_ == nullptr || items_.empty()) {
      return;  // Detached, or its frame was dropped by Close().
    }
    item = std::move(items_.front());
    items_.pop_front();
    queued_bytes_ -= SizeOf(item.frame);
    handler = handler_.lock();
  }
  if (handler == nullptr) {
    return;
  }
  if (item.end.has_value()) {
    handler->OnClosed(*item.end);
  } else {
    handler->OnFrame(std::move(item.frame));
  }
}

Status FrameTooLarge(std::size_t size) {
  return ResourceExhausted(
      fmt::format("A frame of {} bytes is too large, the limit is {}.", size, kMaxFrameBytes));
}

Status PeerStoppedReading() {
  return ResourceExhausted(fmt::format(
      "The peer has stopped reading: more than {} bytes wait for it.", kMaxQueuedBytes));
}

}  // namespace thalweg::transport
