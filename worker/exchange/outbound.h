// SPDX-License-Identifier: Apache-2.0
//
// The sending half of the exchange: one stream to each worker that takes rows from here.
//
//   lane A: OutboundChannel ─┐ frames
//   lane B: OutboundChannel ─┴────▶ OutboundStream ──▶ connection
//           OutboundChannel ◀───── credits (on the worker's own thread)
#ifndef THALWEG_WORKER_EXCHANGE_OUTBOUND_H_
#define THALWEG_WORKER_EXCHANGE_OUTBOUND_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>

#include "base/function.h"
#include "runtime/channel/channel.h"
#include "runtime/channel/waker.h"
#include "transport/transport.h"
#include "worker/exchange/wire.h"

namespace thalweg {
class Mailbox;
}  // namespace thalweg

namespace thalweg::worker {

class OutboundStream;

/// Credits of one channel. Lane and stream share it.
struct OutboundCredits {
  explicit OutboundCredits(std::shared_ptr<runtime::Waker> sender) : waker(std::move(sender)) {}

  const std::shared_ptr<runtime::Waker> waker;  // Of the sending task.
  std::atomic<std::uint32_t> available{runtime::kChannelCredits};
};

/// The writing end of a channel to another worker; used on the sender's lane. Outlived by nothing:
/// a stream that has broken takes its items in silence, and has told so.
class OutboundChannel final : public runtime::ChannelWriter {
 public:
  OutboundChannel(std::shared_ptr<OutboundStream> stream,
                  ChannelKey key,
                  std::shared_ptr<OutboundCredits> credits);

  bool HasRoom() const override { return credits_->available.load() > 0; }
  void Write(runtime::Item item) override;

 private:
  const std::shared_ptr<OutboundStream> stream_;
  const ChannelKey key_;
  const std::shared_ptr<OutboundCredits> credits_;
  std::uint64_t next_sequence_ = 1;
};

/// One stream of frames to one worker for one attempt. Made and destroyed on the worker's own
/// thread.
class OutboundStream final : public transport::ConnectionHandler,
                             public std::enable_shared_from_this<OutboundStream> {
 public:
  /// `on_broken` is called at most once, on the mailbox given to Open(): the attempt must start
  /// again.
  explicit OutboundStream(UniqueFunction<void(Status)> on_broken)
      : on_broken_(std::move(on_broken)) {}

  /// Dials and says hello.
  void Open(transport::Transport& transport,
            const transport::Address& peer,
            Mailbox& mailbox,
            const Hello& hello);
  /// No further calls of `on_broken`; frames are dropped from now on.
  void Close();

  /// A channel of this stream; `waker` wakes its sending task when a credit comes.
  std::unique_ptr<runtime::ChannelWriter> AddChannel(const ChannelKey& key,
                                                     std::shared_ptr<runtime::Waker> waker);

  /// Any thread: the stream cannot go on.
  void Fail(Status status);
  /// Any thread.
  void Send(transport::Frame frame) { connection_->Send(std::move(frame)); }

  void OnFrame(transport::Frame frame) override;
  void OnClosed(const Status& status) override;

 private:
  void Break(Status status);

  // Set by Open(), before any lane knows the stream.
  std::unique_ptr<transport::Connection> connection_;
  Mailbox* mailbox_ = nullptr;

  // On the worker's own thread only.
  UniqueFunction<void(Status)> on_broken_;
  std::map<ChannelKey, std::shared_ptr<OutboundCredits>> channels_;
};

}  // namespace thalweg::worker

#endif  // THALWEG_WORKER_EXCHANGE_OUTBOUND_H_
