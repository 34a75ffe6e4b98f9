// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel/gate.h"

#include <algorithm>
#include <variant>

#include "base/check.h"

namespace thalweg::runtime {

Gate::Gate(std::vector<GateChannel> channels)
    : channels_(std::move(channels)), aligner_(channels_.size()), watermarks_(channels_.size()) {}

std::optional<GateItem> Gate::Read(GateMode mode, MonoTime now) {
  // An item may give nothing, such as a watermark that another channel holds back: then the next
  // channel has its turn, until all of them have nothing.
  std::size_t empty_count = 0;
  while (ready_.empty() && empty_count < channels_.size()) {
    const std::size_t channel = next_;
    next_ = (next_ + 1) % channels_.size();
    ChannelReader& reader = *channels_[channel].reader;
    const bool may_read =
        !aligner_.IsBlocked(channel) && (mode == GateMode::kAll || reader.HasQueuedBarrier());
    std::optional<Item> item = may_read ? reader.Read() : std::nullopt;
    if (item.has_value()) {
      Handle(channel, std::move(*item), now);
      empty_count = 0;
    } else {
      ++empty_count;
    }
  }
  return TakeReady();
}

std::optional<GateItem> Gate::TakeReady() {
  if (ready_.empty()) {
    return std::nullopt;
  }
  GateItem item = std::move(ready_.front());
  ready_.pop_front();
  return item;
}

bool Gate::HasQueuedBarrier() const {
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    if (!aligner_.IsBlocked(i) && channels_[i].reader->HasQueuedBarrier()) {
      return true;
    }
  }
  return false;
}

void Gate::Handle(std::size_t channel, Item item, MonoTime now) {
  if (auto* batch = std::get_if<columnar::Batch>(&item)) {
    HandleBatch(channel, std::move(*batch));
  } else if (const auto* watermark = std::get_if<Watermark>(&item)) {
    Push(watermarks_.OnWatermark(channel, watermark->millis));
  } else if (std::holds_alternative<Idle>(item)) {
    Push(watermarks_.OnIdle(channel));
    PushIdle();
  } else if (const auto* barrier = std::get_if<Barrier>(&item)) {
    const bool was_aligning = aligner_.aligning();
    const BarrierAligner::Outcome outcome = aligner_.OnBarrier(channel, *barrier);
    if (!was_aligning || outcome.lost.has_value()) {
      alignment_start_ = now;
    }
    Apply(outcome, now);
  } else {
    Push(watermarks_.OnEnd(channel));
    // Ended before the alignment is decided: a barrier that this end completes comes behind it.
    if (watermarks_.AllEnded()) {
      ready_.push_back({.item = End()});
    } else {
      PushIdle();
    }
    Apply(aligner_.OnEnd(channel), now);
  }
}

void Gate::HandleBatch(std::size_t channel, columnar::Batch batch) {
  watermarks_.OnActive(channel);
  idle_ = false;
  if (!batch.marks().empty()) {
    std::vector<columnar::WatermarkMark> marks;
    for (const columnar::WatermarkMark& mark : batch.marks()) {
      if (const auto risen = watermarks_.OnWatermark(channel, mark.watermark)) {
        marks.push_back({.row = mark.row, .watermark = *risen});
      }
    }
    if (!std::ranges::equal(marks, batch.marks())) {
      batch = batch.WithMarks(std::move(marks));
    }
  }
  ready_.push_back({.item = std::move(batch), .input = channels_[channel].input});
}

void Gate::Apply(const BarrierAligner::Outcome& outcome, MonoTime now) {
  if (outcome.lost.has_value()) {
    lost_.push_back(*outcome.lost);
  }
  if (outcome.reached.has_value()) {
    alignment_time_ = now - alignment_start_;
    ready_.push_back({.item = *outcome.reached});
  }
}

void Gate::Push(std::optional<EventMillis> risen) {
  if (risen.has_value()) {
    idle_ = false;
    ready_.push_back({.item = Watermark{*risen}});
  }
}

void Gate::PushIdle() {
  if (watermarks_.AllIdle() && !idle_) {
    idle_ = true;
    ready_.push_back({.item = Idle()});
  }
}

}  // namespace thalweg::runtime
