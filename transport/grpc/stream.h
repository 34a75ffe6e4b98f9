// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_TRANSPORT_GRPC_STREAM_H_
#define THALWEG_TRANSPORT_GRPC_STREAM_H_

// One bidirectional stream of gRPC as one end of a connection, driven by a completion queue.
//
// The queue's thread hands every completed operation to OnEvent(). At most one read and one write
// are under way; a stream always reads, so one slow connection never holds up the bytes of another
// on the same wire, and what is to be sent waits here.
//
//   client   start ──> read* ∥ write*, half-close ──> finish ──> gone
//   server  accept ──> read* ∥ write* ──────────────> finish ──> gone

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include "base/mutex.h"
#include "base/status.h"
#include "transport/inlet.h"
#include "transport/transport.h"

namespace thalweg::transport {

class Stream;

/// The streams that have operations under way. Any thread.
class StreamSet {
 public:
  void Add(const std::shared_ptr<Stream>& stream);
  void Remove(Stream* stream);
  /// Cancels all and waits until the last one has gone. REQUIRES: nobody adds any more.
  void CancelAll();

 private:
  Mutex mutex_;
  CondVar changed_;
  std::map<Stream*, std::weak_ptr<Stream>> streams_ GUARDED_BY(mutex_);
};

/// Any thread, unless said otherwise. Kept alive by its operations until the last has completed.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  enum class Event { kAccept, kStart, kRead, kWrite, kFinish };
  /// What the completion queue gives back.
  struct Tag {
    Event event;
    std::shared_ptr<Stream> stream;  // Set while the operation is under way.
  };

  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Called by the queue's thread, once per operation.
  static void OnEvent(void* tag, bool ok);

  void Send(Frame frame);
  /// This end's owner closes: what was sent before is delivered, nothing is received any more.
  void Close();
  void Detach();
  /// The transport ends: everything under way is given up.
  virtual void Cancel() = 0;

 protected:
  explicit Stream(StreamSet& set) : set_(set) {}

  /// Before the first operation.
  void SetInlet(std::shared_ptr<Inlet> inlet) { inlet_ = std::move(inlet); }
  Inlet& inlet() { return *inlet_; }
  StreamSet& set() { return set_; }

  /// The tag of an operation that begins now.
  void* Begin(Event event);

  /// From here on reads and writes are allowed; starts both.
  void Open();

  virtual void OnAccepted(bool /*ok*/) {}
  virtual void StartRead(grpc::ByteBuffer* to) = 0;
  virtual void StartWrite(const grpc::ByteBuffer& message) = 0;
  /// Nothing more will be written. False: finishing says so, there is no operation for it.
  virtual bool StartHalfClose() = 0;
  virtual void StartFinish() = 0;
  /// What the end that was not asked for says to the handler.
  virtual Status EndOf() = 0;

 private:
  void OnStarted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished();

  /// Ends the connection by this end's own decision, and tells the peer why.
  void Break(const Status& status) REQUIRES_LOCK(mutex_);
  void Take(const grpc::ByteBuffer& message) REQUIRES_LOCK(mutex_);
  /// Starts what may be started now: the next write, the half-close or the finish.
  void GoOn() REQUIRES_LOCK(mutex_);

  StreamSet& set_;
  std::shared_ptr<Inlet> inlet_;  // Constant once operations run.

  struct Outgoing {
    grpc::ByteBuffer message;
    std::size_t size;
  };
  Mutex mutex_;
  grpc::ByteBuffer incoming_;                         // Of the read under way.
  std::deque<Outgoing> outgoing_ GUARDED_BY(mutex_);  // The first one is being written.
  std::size_t outgoing_bytes_ GUARDED_BY(mutex_) = 0;
  bool open_ GUARDED_BY(mutex_) = false;
  bool writing_ GUARDED_BY(mutex_) = false;
  bool closing_ GUARDED_BY(mutex_) = false;      // Nothing is taken for sending any more.
  bool half_closed_ GUARDED_BY(mutex_) = false;  // The peer has been told so.
  bool over_ GUARDED_BY(mutex_) = false;         // Reading has ended: nothing can be delivered.
  bool finishing_ GUARDED_BY(mutex_) = false;
};

/// One end as its owner holds it.
class StreamConnection final : public Connection {
 public:
  explicit StreamConnection(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
  ~StreamConnection() override { stream_->Detach(); }

  void Send(Frame frame) override { stream_->Send(std::move(frame)); }
  void Close() override { stream_->Close(); }

 private:
  const std::shared_ptr<Stream> stream_;
};

}  // namespace thalweg::transport

#endif  // THALWEG_TRANSPORT_GRPC_STREAM_H_
