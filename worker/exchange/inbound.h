// SPDX-License-Identifier: Apache-2.0
//
// The receiving half of the exchange. A sender may dial before this worker has been told of the
// attempt: such a stream waits unclaimed, with what its first credits let it send, until the
// deployment claims it.
//
//   connection ──▶ InboundStream ──claimed by──▶ InboundChannels ──mail──▶ lane: QueueReader
//                                 ◀── credits ──────────────────────────────────────┘
#ifndef THALWEG_WORKER_EXCHANGE_INBOUND_H_
#define THALWEG_WORKER_EXCHANGE_INBOUND_H_

#include <cstddef>
#include <deque>
#include <map>
#include <memory>

#include "base/function.h"
#include "columnar/type.h"
#include "runtime/channel/channel.h"
#include "transport/transport.h"
#include "worker/exchange/wire.h"

namespace thalweg {
class Mailbox;
}  // namespace thalweg

namespace thalweg::runtime {
class QueueReader;
}  // namespace thalweg::runtime

namespace thalweg::worker {

class InboundStream;

/// Most frames that wait on an unclaimed stream: the credits and marks of 2,048 channels. A sender
/// that sends more does not keep to its credits.
inline constexpr std::size_t kMaxUnclaimedFrames = std::size_t{1} << 15;

/// All channels of one attempt from one sending worker. Made by the deployment; frames come on the
/// worker's own thread.
class InboundChannels : public std::enable_shared_from_this<InboundChannels> {
 public:
  /// `on_broken` is called at most once, on the worker's own thread `mailbox`: the attempt must
  /// start again.
  InboundChannels(Mailbox& mailbox, UniqueFunction<void(Status)> on_broken)
      : mailbox_(mailbox), on_broken_(std::move(on_broken)) {}

  /// The reading end of a channel, for the task whose mails go to `task`. Before Attach().
  std::unique_ptr<runtime::ChannelReader> AddChannel(const ChannelKey& key,
                                                     columnar::SchemaPtr schema,
                                                     std::shared_ptr<Mailbox> task);

  /// Frames come from this stream now, and credits go to it.
  void Attach(std::shared_ptr<InboundStream> stream);
  void OnFrame(const transport::Frame& frame);
  /// Any thread: the stream cannot go on.
  void Fail(Status status);
  /// On the worker's own thread. No further calls of `on_broken`; the stream is closed.
  void Close();

 private:
  struct Channel {
    std::shared_ptr<Mailbox> task;
    std::shared_ptr<ItemDecoder> decoder;  // Used on the task's lane.
    runtime::QueueReader* reader;          // Lives as long as the task, as do its mails.
  };
  // What lanes use to give credits back; set once, when the stream is attached.
  struct CreditPath;

  void Break(Status status);

  Mailbox& mailbox_;
  UniqueFunction<void(Status)> on_broken_;
  std::map<ChannelKey, Channel> channels_;
  std::shared_ptr<CreditPath> credits_ = MakeCreditPath();
  std::shared_ptr<InboundStream> stream_;

  static std::shared_ptr<CreditPath> MakeCreditPath();
};

/// One accepted connection. On the worker's own thread, but for Send().
class InboundStream final : public transport::ConnectionHandler,
                            public std::enable_shared_from_this<InboundStream> {
 public:
  explicit InboundStream(std::unique_ptr<transport::Connection> connection)
      : connection_(std::move(connection)) {}

  /// `on_hello` is called once, with the first frame; false refuses the stream. Set before frames
  /// can come.
  void set_on_hello(UniqueFunction<bool(const Hello&)> on_hello) {
    on_hello_ = std::move(on_hello);
  }
  /// Also true for a stream that has ended without.
  bool has_said_hello() const { return on_hello_ == nullptr || !closed_.ok(); }

  /// Hands on the frames that wait and all that follow.
  void Claim(std::shared_ptr<InboundChannels> channels);
  /// Any thread.
  void Send(transport::Frame frame) { connection_->Send(std::move(frame)); }
  void Close();

  void OnFrame(transport::Frame frame) override;
  void OnClosed(const Status& status) override;

 private:
  const std::unique_ptr<transport::Connection> connection_;
  UniqueFunction<bool(const Hello&)> on_hello_;
  std::shared_ptr<InboundChannels> channels_;
  std::deque<transport::Frame> waiting_;
  Status closed_;  // Told to who claims a stream that has ended already.
};

}  // namespace thalweg::worker

#endif  // THALWEG_WORKER_EXCHANGE_INBOUND_H_
