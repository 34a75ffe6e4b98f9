// SPDX-License-Identifier: Apache-2.0
//
// A channel connects one subtask of an edge's sender to one of its receiver. It keeps order and
// loses nothing. Batches need a credit each; barriers, watermarks, idleness and the end travel in
// space that is reserved beside the credits, so a full channel never holds up a barrier's sender.
//
//   sender task ── ChannelWriter ══> bounded queue ══> ChannelReader ── receiver task
//
// Two implementations stand behind these interfaces: LocalChannel between two tasks of a process,
// and the exchange between workers (its receiving end is QueueReader).
#ifndef THALWEG_RUNTIME_CHANNEL_CHANNEL_H_
#define THALWEG_RUNTIME_CHANNEL_CHANNEL_H_

#include <cstddef>
#include <optional>

#include "runtime/channel/item.h"

namespace thalweg::runtime {

/// Batches waiting on one channel at most: the credits of its sender. So a slow task stops its
/// senders after this many batches; sixteen of 32 KiB cover a round trip of 1 ms at 500 MB/s.
inline constexpr std::size_t kChannelCredits = 16;

/// Barriers waiting on one channel at most. Eight checkpoints are in flight, and a channel that has
/// not moved may hold those of aborted ones too. A barrier beyond is dropped, which is safe: its
/// checkpoint cannot complete, is aborted in time, and the next barrier takes its place.
inline constexpr std::size_t kChannelBarriers = 32;

/// The sender's end; used on the sender's lane.
class ChannelWriter {
 public:
  virtual ~ChannelWriter() = default;

  /// Whether there is a credit for a batch. Once true it stays so until the next batch. After
  /// false the sender's task is woken when there is room again.
  virtual bool HasRoom() const = 0;

  /// REQUIRES: HasRoom() for a batch, which has rows; everything else always fits. Wakes the
  /// receiver.
  virtual void Write(Item item) = 0;
};

/// The receiver's end; used on the receiver's lane.
class ChannelReader {
 public:
  virtual ~ChannelReader() = default;

  /// The next item, if one has come; gives a batch's credit back. After nothing the receiver's
  /// task is woken when there is something.
  virtual std::optional<Item> Read() = 0;

  /// Whether a barrier waits somewhere in the queue.
  virtual bool HasQueuedBarrier() const = 0;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CHANNEL_CHANNEL_H_
