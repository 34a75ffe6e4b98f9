// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_WORKER_EXCHANGE_HUB_H_
#define THALWEG_WORKER_EXCHANGE_HUB_H_

#include <cstddef>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "transport/transport.h"
#include "worker/exchange/inbound.h"
#include "worker/exchange/wire.h"

namespace thalweg {
class Clock;
class Mailbox;
}  // namespace thalweg

namespace thalweg::worker {

/// Streams that wait for their deployment at most. More than that are refused; their senders'
/// attempts start again.
inline constexpr std::size_t kMaxUnclaimedStreams = 4096;

/// How long a stream waits for its deployment.
inline constexpr Milliseconds kUnclaimedPatience{60'000};

/// Brings streams that other workers dial and the deployments that they are for together, whichever
/// comes first. All calls on the worker's own thread.
class ExchangeHub {
 public:
  /// `self` is this worker: streams that mean another one are refused.
  ExchangeHub(WorkerId self, transport::Transport& transport, Mailbox& mailbox, const Clock& clock)
      : self_(std::move(self)), transport_(transport), mailbox_(mailbox), clock_(clock) {}
  ~ExchangeHub();

  /// Takes streams at `address` from now on.
  Status Listen(const transport::Address& address);

  /// Gives the stream, now or when it comes, to `channels`, until Forget().
  void Claim(const StreamId& id, std::shared_ptr<InboundChannels> channels);

  /// Refuses streams of this attempt of the job and of older ones from now on, and closes those
  /// that wait. Claimed ones are closed by their deployment.
  void Forget(const JobId& job, const Attempt& attempt);

  /// Closes streams that have waited for too long.
  void Sweep(MonoTime now);

  std::size_t unclaimed_count() const { return unclaimed_.size(); }

 private:
  struct Unclaimed {
    std::shared_ptr<InboundStream> stream;
    MonoTime since;
  };

  std::shared_ptr<transport::ConnectionHandler> Accept(
      std::unique_ptr<transport::Connection> connection);
  bool OnHello(const Hello& hello, const std::shared_ptr<InboundStream>& stream);
  bool IsForgotten(const JobId& job, const Attempt& attempt) const;

  const WorkerId self_;
  transport::Transport& transport_;
  Mailbox& mailbox_;
  const Clock& clock_;
  transport::Address address_;
  bool listening_ = false;
  // Connections whose hello has not come; kept alive here. Pruned when the next one is accepted.
  std::vector<std::shared_ptr<InboundStream>> silent_;
  std::map<StreamId, Unclaimed> unclaimed_;
  std::map<StreamId, std::shared_ptr<InboundChannels>> expected_;
  std::map<JobId, Attempt> forgotten_;  // Newest attempt of each job that has gone.
};

}  // namespace thalweg::worker

#endif  // THALWEG_WORKER_EXCHANGE_HUB_H_
