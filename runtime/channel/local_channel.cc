// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel/local_channel.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/mutation.h"

namespace thalweg::runtime {
namespace {

// Event time at the end of the queue: a watermark and whether the channel is idle behind it, in one
// word, so that the reader sees both or neither. Two bits of range go; no row needs them.
class PackedMark {
 public:
  PackedMark(EventMillis watermark, bool idle)
      : word_((std::clamp(watermark, kLeast, kGreatest) << 1) | (idle ? 1 : 0)) {}
  explicit PackedMark(std::int64_t word) : word_(word) {}

  std::int64_t word() const { return word_; }
  bool idle() const { return (word_ & 1) != 0; }
  EventMillis watermark() const {
    const EventMillis millis = word_ >> 1;
    return millis == kLeast ? kMinWatermark : millis == kGreatest ? kMaxWatermark : millis;
  }

 private:
  static constexpr EventMillis kGreatest = (EventMillis{1} << 62) - 1;
  static constexpr EventMillis kLeast = -kGreatest - 1;

  std::int64_t word_;
};

// Batches, barriers and the end lie in a ring. Watermarks and idleness do not: the newest lies in
// `mark`, which holds behind all entries, and each entry carries the mark that held before it.
//
// Reader and writer each store their own position and then load the other's, all sequentially
// consistent: so either the writer sees that the reader has made room, or the reader sees that the
// writer found none and wakes it; the same the other way round for an empty queue.
struct Queue {
  struct Entry {
    Item item;
    std::int64_t mark_before = 0;
  };

  explicit Queue(LocalChannelOptions channel_options)
      : options(std::move(channel_options)), entries(options.credits + kChannelBarriers + 1) {}

  Entry& at(std::uint64_t position) { return entries[position % entries.size()]; }

  const LocalChannelOptions options;
  std::vector<Entry> entries;

  // Written by the sender.
  alignas(64) std::atomic<std::uint64_t> tail{0};
  std::atomic<std::uint64_t> batches_written{0};
  std::atomic<std::uint64_t> barriers_written{0};
  std::atomic<std::int64_t> mark{PackedMark(kMinWatermark, false).word()};

  // Written by the receiver.
  alignas(64) std::atomic<std::uint64_t> head{0};
  std::atomic<std::uint64_t> batches_read{0};
  std::atomic<std::uint64_t> barriers_read{0};
};

class LocalWriter final : public ChannelWriter {
 public:
  explicit LocalWriter(std::shared_ptr<Queue> queue) : queue_(std::move(queue)) {}

  bool HasRoom() const override {
    const std::uint64_t written = queue_->batches_written.load(std::memory_order_relaxed);
    return written - queue_->batches_read.load() < queue_->options.credits;
  }

  void Write(Item item) override {
    if (const auto* watermark = std::get_if<Watermark>(&item)) {
      SetMark(PackedMark(std::max(watermark->millis, mark().watermark()), false));
    } else if (std::holds_alternative<Idle>(item)) {
      SetMark(PackedMark(mark().watermark(), true));
    } else {
      Push(std::move(item));
    }
  }

 private:
  PackedMark mark() const { return PackedMark(queue_->mark.load(std::memory_order_relaxed)); }

  void SetMark(PackedMark mark) {
    queue_->mark.store(mark.word());
    WakeIfEmptyBefore(queue_->tail.load(std::memory_order_relaxed));
  }

  void Push(Item item) {
    const bool is_batch = std::holds_alternative<columnar::Batch>(item);
    if (is_batch) {
      CHECK(HasRoom());
      queue_->mark.store(PackedMark(mark().watermark(), false).word(), std::memory_order_relaxed);
    } else if (std::holds_alternative<Barrier>(item)) {
      const std::uint64_t written = queue_->barriers_written.load(std::memory_order_relaxed);
      if (written - queue_->barriers_read.load() >= kChannelBarriers) {
        return;
      }
      queue_->barriers_written.store(written + 1);
    } else {
      CHECK(!ended_);
      ended_ = true;
    }
    const std::uint64_t tail = queue_->tail.load(std::memory_order_relaxed);
    Queue::Entry& entry = queue_->at(tail);
    entry.item = std::move(item);
    entry.mark_before = mark().word();
    if (is_batch) {
      queue_->batches_written.store(queue_->batches_written.load(std::memory_order_relaxed) + 1);
    }
    queue_->tail.store(tail + 1);
    WakeIfEmptyBefore(tail);
  }

  void WakeIfEmptyBefore(std::uint64_t tail) {
    if (queue_->head.load() == tail) {
      queue_->options.receiver->Wake();
    }
  }

  const std::shared_ptr<Queue> queue_;
  bool ended_ = false;
};

class LocalReader final : public ChannelReader {
 public:
  explicit LocalReader(std::shared_ptr<Queue> queue) : queue_(std::move(queue)) {}

  std::optional<Item> Read() override {
    if (!next_.has_value() && !Fetch()) {
      return std::nullopt;
    }
    if (std::optional<Item> mark = TakeMark(); mark.has_value()) {
      return mark;
    }
    std::optional<Item> item = std::exchange(next_, std::nullopt);
    if (item.has_value() && std::holds_alternative<columnar::Batch>(*item)) {
      idle_ = false;
    }
    return item;
  }

  bool HasQueuedBarrier() const override {
    return (next_.has_value() && std::holds_alternative<Barrier>(*next_)) ||
           queue_->barriers_written.load() != queue_->barriers_read.load(std::memory_order_relaxed);
  }

 private:
  // Takes the next entry into next_ and mark_; without entries only the mark. False: nothing new.
  bool Fetch() {
    // The mark first: when there is still no entry after it was loaded, it lies behind all that was
    // read so far and before all that will come.
    const std::int64_t mark = queue_->mark.load();
    const std::uint64_t head = queue_->head.load(std::memory_order_relaxed);
    if (queue_->tail.load() == head) {
      mark_ = PackedMark(mark);
      return mark_.watermark() > watermark_ || (mark_.idle() && !idle_);
    }
    Queue::Entry& entry = queue_->at(head);
    mark_ = PackedMark(entry.mark_before);
    next_ = std::exchange(entry.item, Item(End()));
    Release(head);
    return true;
  }

  void Release(std::uint64_t head) {
    queue_->head.store(head + 1);
    if (std::holds_alternative<Barrier>(*next_)) {
      queue_->barriers_read.store(queue_->barriers_read.load(std::memory_order_relaxed) + 1);
    } else if (std::holds_alternative<columnar::Batch>(*next_) &&
               !Mutated(Mutation::kCreditLeaked)) {
      const std::uint64_t read = queue_->batches_read.load(std::memory_order_relaxed);
      queue_->batches_read.store(read + 1);
      if (queue_->batches_written.load() - read == queue_->options.credits) {
        queue_->options.sender->Wake();
      }
    }
  }

  std::optional<Item> TakeMark() {
    if (mark_.watermark() > watermark_) {
      watermark_ = mark_.watermark();
      idle_ = false;
      return Watermark{watermark_};
    }
    if (mark_.idle() && !idle_) {
      idle_ = true;
      return Idle();
    }
    return std::nullopt;
  }

  const std::shared_ptr<Queue> queue_;
  std::optional<Item> next_;  // Taken from the ring, given out after its mark.
  PackedMark mark_{kMinWatermark, false};
  // What was given out.
  EventMillis watermark_ = kMinWatermark;
  bool idle_ = false;
};

}  // namespace

LocalChannel MakeLocalChannel(LocalChannelOptions options) {
  CHECK(options.sender != nullptr && options.receiver != nullptr);
  CHECK_GT(options.credits, 0);
  auto queue = std::make_shared<Queue>(std::move(options));
  return {std::make_unique<LocalWriter>(queue), std::make_unique<LocalReader>(queue)};
}

}  // namespace thalweg::runtime
