// SPDX-License-Identifier: Apache-2.0

#include "transport/grpc/stream.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "transport/grpc/frame_buffer.h"

namespace thalweg::transport {

void StreamSet::Add(const std::shared_ptr<Stream>& stream) {
  MutexLock lock(mutex_);
  streams_.emplace(stream.get(), stream);
}

void StreamSet::Remove(Stream* stream) {
  MutexLock lock(mutex_);
  streams_.erase(stream);
  changed_.NotifyAll();
}

void StreamSet::CancelAll() {
  std::vector<std::shared_ptr<Stream>> streams;
  {
    MutexLock lock(mutex_);
    for (const auto& [key, weak] : streams_) {
      if (std::shared_ptr<Stream> stream = weak.lock(); stream != nullptr) {
        streams.push_back(std::move(stream));
      }
    }
  }
  for (const std::shared_ptr<Stream>& stream : streams) {
    stream->Cancel();
  }
  streams.clear();
  MutexLock lock(mutex_);
  while (!streams_.empty()) {
    changed_.Wait(mutex_);
  }
}

void Stream::OnEvent(void* tag, bool ok) {
  auto* const done = static_cast<Tag*>(tag);
  const Event event = done->event;
  const std::shared_ptr<Stream> stream = std::move(done->stream);
  delete done;
  switch (event) {
    case Event::kAccept:
      return stream->OnAccepted(ok);
    case Event::kStart:
      return stream->OnStarted(ok);
    case Event::kRead:
      return stream->OnRead(ok);
    case Event::kWrite:
      return stream->OnWritten(ok);
    case Event::kFinish:
      return stream->OnFinished();
  }
}

void* Stream::Begin(Event event) {
  return new Tag{event, shared_from_this()};  // OnEvent() deletes it.
}

void Stream::Open() {
  MutexLock lock(mutex_);
  open_ = true;
  StartRead(&incoming_);
  GoOn();
}

void Stream::Send(Frame frame) {
  MutexLock lock(mutex_);
  if (closing_ || over_ || inlet_->ended()) {
    return;
  }
  const std::size_t size = SizeOf(frame);
  if (size > kMaxFrameBytes) {
    return Break(FrameTooLarge(size));
  }
  if (outgoing_bytes_ + size > kMaxQueuedBytes) {
    return Break(PeerStoppedReading());
  }
  outgoing_bytes_ += size;
  outgoing_.push_back({EncodeFrame(std::move(frame)), size});
  GoOn();
}

void Stream::Break(const Status& status) {
  inlet_->Finish(status);
  if (!closing_) {  // Otherwise the peer may have been told already that nothing follows.
    outgoing_.push_back({EncodeEnd(status), 0});
    closing_ = true;
  }
  GoOn();
}

void Stream::Close() {
  inlet_->Close();
  MutexLock lock(mutex_);
  closing_ = true;
  GoOn();
}

void Stream::Detach() {
  Close();
  inlet_->Detach();
}

void Stream::OnStarted(bool ok) {
  if (ok) {
    return Open();
  }
  MutexLock lock(mutex_);
  over_ = true;
  GoOn();
}

void Stream::OnRead(bool ok) {
  MutexLock lock(mutex_);
  if (ok) {
    Take(incoming_);
    incoming_.Clear();
    if (!finishing_) {
      StartRead(&incoming_);
    }
    return;
  }
  over_ = true;
  GoOn();
}

void Stream::Take(const grpc::ByteBuffer& bytes) {
  StatusOr<WireMessage> message = DecodeMessage(bytes);
  if (!message.ok()) {
    return Break(Unavailable(
        fmt::format("The peer sent {}; it is no Thalweg process, or one of another version.",
                    MessageOf(message.status()))));
  }
  if (message->end.has_value()) {
    inlet_->Finish(*std::move(message->end));
    closing_ = true;
    GoOn();
  } else if (!inlet_->Arrive(std::move(message->frame))) {
    Break(PeerStoppedReading());
  }
}

void Stream::OnWritten(bool ok) {
  MutexLock lock(mutex_);
  writing_ = false;
  if (!outgoing_.empty()) {
    outgoing_bytes_ -= outgoing_.front().size;
    outgoing_.pop_front();
  }
  if (!ok) {
    // The stream is broken; the read under way ends too and says so.
    outgoing_.clear();
    outgoing_bytes_ = 0;
    closing_ = true;
    half_closed_ = true;
  }
  GoOn();
}

void Stream::GoOn() {
  if (writing_ || finishing_) {
    return;
  }
  if (over_) {
    outgoing_.clear();
    outgoing_bytes_ = 0;
    finishing_ = true;
    return StartFinish();
  }
  if (!open_) {
    return;
  }
  if (!outgoing_.empty()) {
    writing_ = true;
    return StartWrite(outgoing_.front().message);
  }
  if (closing_ && !half_closed_) {
    half_closed_ = true;
    if (StartHalfClose()) {
      writing_ = true;
    } else {
      finishing_ = true;
      StartFinish();
    }
  }
}

void Stream::OnFinished() {
  if (inlet_ != nullptr) {  // Null: a caller that was refused.
    inlet_->Finish(EndOf());
  }
  set_.Remove(this);
}

}  // namespace thalweg::transport
