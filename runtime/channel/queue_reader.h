// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_CHANNEL_QUEUE_READER_H_
#define THALWEG_RUNTIME_CHANNEL_QUEUE_READER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/function.h"
#include "base/status.h"
#include "runtime/channel/channel.h"

namespace thalweg::runtime {

/// The receiving end of a channel from another worker. The exchange pushes what came over the wire,
/// by a mail on the receiver's lane, and hears of each batch that was read: that credit goes back
/// to the sender. The sender's credits bound the queue.
class QueueReader final : public ChannelReader {
 public:
  /// `on_credit` is called on the lane with the number of batches that were read.
  explicit QueueReader(UniqueFunction<void(std::uint32_t)> on_credit,
                       std::size_t credits = kChannelCredits);

  /// On the receiver's lane. kDataLoss: the sender sent a batch without a credit. A barrier beyond
  /// kChannelBarriers is dropped.
  Status Push(Item item);

  std::optional<Item> Read() override;
  bool HasQueuedBarrier() const override { return barrier_count_ > 0; }

  /// Batches that wait.
  std::size_t batch_count() const { return batch_count_; }

 private:
  UniqueFunction<void(std::uint32_t)> on_credit_;
  const std::size_t credits_;
  std::deque<Item> items_;
  std::size_t batch_count_ = 0;
  std::size_t barrier_count_ = 0;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CHANNEL_QUEUE_READER_H_
