// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_CHANNEL_ROUTER_H_
#define THALWEG_RUNTIME_CHANNEL_ROUTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "columnar/batch.h"
#include "proto/plan.pb.h"
#include "runtime/channel/channel.h"

namespace thalweg::runtime {

/// An open batch of a hash router leaves when it refers to this much memory.
inline constexpr std::size_t kOpenBatchBytes = std::size_t{1} << 20;

/// Spreads the output of a task over the channels of one edge. Used on the sender's lane.
class Router {
 public:
  virtual ~Router() = default;

  /// Whether Emit() may be called: every channel has a credit. Stays true until the next Emit().
  virtual bool HasRoom() const = 0;
  /// Takes a batch with rows. Its marks reach every channel, each at the row that it belongs to.
  virtual void Emit(const columnar::Batch& batch) = 0;
  /// Reaches every channel behind all rows so far. Needs no room.
  virtual void EmitWatermark(EventMillis watermark) = 0;

  /// Sends what has been collected. False: a channel had no room; call again.
  virtual bool Flush() = 0;
  /// A barrier, idleness or the end, to all channels at once. REQUIRES: Flush() was true and
  /// nothing was emitted since.
  virtual void Broadcast(const Item& mark) = 0;
};

struct RouterOptions {
  proto::Partitioning partitioning = proto::PARTITION_FORWARD;
  std::vector<std::uint32_t> keys = {};  // Columns; PARTITION_HASH.
  std::uint32_t key_group_count = 0;
  std::uint32_t subtask = 0;  // Of the sender.
};

/// `channels` by receiving subtask; for PARTITION_FORWARD the one channel.
std::unique_ptr<Router> MakeRouter(RouterOptions options,
                                   std::vector<std::unique_ptr<ChannelWriter>> channels);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CHANNEL_ROUTER_H_
