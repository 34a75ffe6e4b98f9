// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel/router.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/ids.h"
#include "columnar/batch_builder.h"
#include "columnar/hash.h"
#include "columnar/partition.h"

namespace thalweg::runtime {
namespace {

using Channels = std::vector<std::unique_ptr<ChannelWriter>>;

// What routers have in common: their channels.
class ChannelsRouter : public Router {
 public:
  explicit ChannelsRouter(Channels channels) : channels_(std::move(channels)) {
    CHECK(!channels_.empty());
  }

  bool HasRoom() const override {
    return std::ranges::all_of(channels_, [](const auto& channel) { return channel->HasRoom(); });
  }
  void EmitWatermark(EventMillis watermark) override { Broadcast(Watermark{watermark}); }
  bool Flush() override { return true; }
  void Broadcast(const Item& mark) override {
    for (const auto& channel : channels_) {
      channel->Write(mark);
    }
  }

 protected:
  std::size_t channel_count() const { return channels_.size(); }
  ChannelWriter& channel(std::size_t i) { return *channels_[i]; }

 private:
  const Channels channels_;
};

// Each batch to all channels; with one channel this is also the way of a forward edge.
class CopyRouter final : public ChannelsRouter {
 public:
  using ChannelsRouter::ChannelsRouter;

  void Emit(const columnar::Batch& batch) override { Broadcast(batch); }
};

// Whole batches in turn.
class TurnRouter final : public ChannelsRouter {
 public:
  TurnRouter(Channels channels, std::uint32_t first)
      : ChannelsRouter(std::move(channels)), next_(first % channel_count()) {}

  void Emit(const columnar::Batch& batch) override {
    channel(next_).Write(batch);
    if (!batch.marks().empty()) {
      const Watermark last{batch.marks().back().watermark};
      for (std::size_t i = 0; i < channel_count(); ++i) {
        if (i != next_) {
          channel(i).Write(last);
        }
      }
    }
    next_ = (next_ + 1) % channel_count();
  }

 private:
  std::size_t next_;
};

// Rows by the owner of their key group. Each channel has an open batch, which leaves when it is
// full, so that many receivers do not mean small batches.
//
// With a credit on every channel an Emit() always finds room: an open batch holds less than
// kMaxBatchRows, so at most one per channel becomes full.
class HashRouter final : public ChannelsRouter {
 public:
  HashRouter(RouterOptions options, Channels channels)
      : ChannelsRouter(std::move(channels)), options_(std::move(options)) {
    const auto count = static_cast<std::uint32_t>(channel_count());
    CHECK_GE(options_.key_group_count, count);
    open_.resize(count);
    owner_.resize(options_.key_group_count);
    for (std::uint32_t group = 0; group < options_.key_group_count; ++group) {
      owner_[group] = SubtaskOf(KeyGroup(group), count, options_.key_group_count);
    }
  }

  void Emit(const columnar::Batch& batch) override {
    FindTargets(batch);
    columnar::PartitionRows(targets_, static_cast<std::uint32_t>(channel_count()), &partitioned_);
    row_bytes_ = batch.ReferencedBytes() / batch.row_count();
    for (std::size_t target = 0; target < channel_count(); ++target) {
      const std::span<const std::uint32_t> rows = partitioned_[target];
      if (open_[target].rows() == 0 && rows.size() == batch.row_count()) {
        channel(target).Write(batch);  // Nothing to collect it with, nothing to cut off.
      } else {
        Append(target, batch, rows);
      }
    }
  }

  void EmitWatermark(EventMillis watermark) override {
    for (std::size_t target = 0; target < channel_count(); ++target) {
      if (open_[target].rows() == 0) {
        channel(target).Write(Watermark{watermark});
      } else {
        open_[target].builder->AddMark(watermark);
      }
    }
  }

  bool Flush() override {
    bool all = true;
    for (std::size_t target = 0; target < channel_count(); ++target) {
      if (open_[target].rows() > 0) {
        if (channel(target).HasRoom()) {
          Send(target);
        } else {
          all = false;
        }
      }
    }
    return all;
  }

 private:
  struct OpenBatch {
    std::optional<columnar::BatchBuilder> builder;
    std::size_t bytes = 0;

    std::size_t rows() const { return builder.has_value() ? builder->row_count() : 0; }
  };

  void FindTargets(const columnar::Batch& batch) {
    hashes_.resize(batch.row_count());
    targets_.resize(batch.row_count());
    columnar::HashKeys(batch, options_.keys, hashes_);
    for (std::size_t row = 0; row < hashes_.size(); ++row) {
      targets_[row] = owner_[columnar::KeyGroupOf(hashes_[row], options_.key_group_count).value()];
    }
  }

  // Appends `rows` (ascending) of the batch and all its marks, each mark before the rows that it
  // was before. A batch that becomes full leaves at once.
  void Append(std::size_t target,
              const columnar::Batch& batch,
              std::span<const std::uint32_t> rows) {
    OpenBatch& open = open_[target];
    if (!open.builder.has_value()) {
      open.builder.emplace(batch.schema());
    }
    for (const columnar::WatermarkMark& mark : batch.marks()) {
      const auto cut = std::ranges::lower_bound(rows, mark.row);
      const auto before = static_cast<std::size_t>(cut - rows.begin());
      AppendRows(target, batch, rows.first(before));
      rows = rows.subspan(before);
      if (open.rows() == 0) {
        channel(target).Write(Watermark{mark.watermark});
      } else {
        open.builder->AddMark(mark.watermark);
      }
    }
    AppendRows(target, batch, rows);
    if (open.rows() == columnar::kMaxBatchRows || open.bytes >= kOpenBatchBytes) {
      SendOnce(target);
    }
  }

  void AppendRows(std::size_t target,
                  const columnar::Batch& batch,
                  std::span<const std::uint32_t> rows) {
    OpenBatch& open = open_[target];
    const std::size_t fits = std::min(rows.size(), columnar::kMaxBatchRows - open.rows());
    AppendPart(open, batch, rows.first(fits));
    if (fits < rows.size()) {
      SendOnce(target);
      AppendPart(open, batch, rows.subspan(fits));
    }
  }

  void AppendPart(OpenBatch& open,
                  const columnar::Batch& batch,
                  std::span<const std::uint32_t> rows) {
    if (!rows.empty()) {
      open.builder->AppendRows(batch, rows);
      open.bytes += row_bytes_ * rows.size();
    }
  }

  // Sends the open batch while the credit that HasRoom() promised is there; a batch that has become
  // full by bytes behind one that was full by rows waits for the next Emit() or Flush().
  void SendOnce(std::size_t target) {
    if (channel(target).HasRoom()) {
      Send(target);
    }
  }

  void Send(std::size_t target) {
    channel(target).Write(open_[target].builder->Finish());
    open_[target].bytes = 0;
  }

  const RouterOptions options_;
  std::vector<std::uint32_t> owner_;  // Channel by key group.
  std::vector<OpenBatch> open_;
  // Kept for their memory.
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> targets_;
  columnar::PartitionedRows partitioned_;
  std::size_t row_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Router> MakeRouter(RouterOptions options,
                                   std::vector<std::unique_ptr<ChannelWriter>> channels) {
  switch (options.partitioning) {
    case proto::PARTITION_HASH:
      if (channels.size() > 1) {
        return std::make_unique<HashRouter>(std::move(options), std::move(channels));
      }
      break;
    case proto::PARTITION_REBALANCE:
      return std::make_unique<TurnRouter>(std::move(channels), options.subtask);
    case proto::PARTITION_FORWARD:
      CHECK_EQ(channels.size(), 1);
      break;
    default:
      CHECK_EQ(options.partitioning, proto::PARTITION_BROADCAST);
  }
  return std::make_unique<CopyRouter>(std::move(channels));
}

}  // namespace thalweg::runtime
