// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel/barrier_aligner.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/mutation.h"

namespace thalweg::runtime {

BarrierAligner::BarrierAligner(std::size_t channel_count) : channels_(channel_count) {
  CHECK_GT(channel_count, 0);
}

BarrierAligner::Outcome BarrierAligner::OnBarrier(std::size_t channel, const Barrier& barrier) {
  CHECK(!channels_[channel].delivered);
  Outcome outcome;
  const bool expected = current_.has_value() && barrier.checkpoint == current_->checkpoint;
  if (!expected) {
    if (barrier.checkpoint <= newest_ || aborted_.contains(barrier.checkpoint)) {
      return outcome;
    }
    if (current_.has_value()) {
      outcome.lost = current_->checkpoint;
      Release();
    }
    current_ = barrier;
    newest_ = barrier.checkpoint;
    aborted_.erase(aborted_.begin(), aborted_.upper_bound(newest_));
    owed_ = static_cast<std::size_t>(std::count_if(
        channels_.begin(), channels_.end(), [](const Channel& c) { return !c.ended; }));
  }
  channels_[channel].delivered = true;
  owed_ -= channels_[channel].ended ? 0 : 1;
  outcome.reached = Reached().reached;
  return outcome;
}

BarrierAligner::Outcome BarrierAligner::OnEnd(std::size_t channel) {
  CHECK(!channels_[channel].ended && !channels_[channel].delivered);
  channels_[channel].ended = true;
  if (!current_.has_value()) {
    return {};
  }
  --owed_;
  return Reached();
}

void BarrierAligner::Abort(CheckpointId checkpoint) {
  if (current_.has_value() && current_->checkpoint == checkpoint) {
    Release();
  } else if (checkpoint > newest_) {
    aborted_.insert(checkpoint);
  }
}

BarrierAligner::Outcome BarrierAligner::Reached() {
  Outcome outcome;
  if (owed_ == 0 || Mutated(Mutation::kAlignmentOff)) {
    outcome.reached = current_;
    Release();
  }
  return outcome;
}

void BarrierAligner::Release() {
  current_.reset();
  owed_ = 0;
  for (Channel& channel : channels_) {
    channel.delivered = false;
  }
}

}  // namespace thalweg::runtime
