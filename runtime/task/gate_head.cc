// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <variant>

#include "base/check.h"
#include "runtime/task/head.h"

namespace thalweg::runtime {
namespace {

class GateHead final : public Head {
 public:
  explicit GateHead(Gate gate) : gate_(std::move(gate)) {}

  StatusOr<bool> Pull(GateMode mode, SliceTime now, Slot& out) override {
    std::optional<GateItem> item = gate_.Read(mode, now.mono);
    if (!item.has_value()) {
      return false;
    }
    if (auto* batch = std::get_if<columnar::Batch>(&item->item)) {
      out.Emit(std::move(*batch), item->input);
    } else if (const auto* barrier = std::get_if<Barrier>(&item->item)) {
      barrier_ = *barrier;
    } else if (const auto* watermark = std::get_if<Watermark>(&item->item)) {
      out.EmitWatermark(watermark->millis);
    } else if (std::holds_alternative<Idle>(item->item)) {
      out.EmitIdle();
    } else {
      out.EmitEnd();
    }
    return true;
  }

  bool HasQueuedBarrier() const override { return gate_.HasQueuedBarrier(); }
  void Abort(CheckpointId checkpoint) override {
    Head::Abort(checkpoint);
    gate_.Abort(checkpoint);
  }
  std::vector<CheckpointId> TakeLost() override { return gate_.TakeLost(); }
  Microseconds alignment_time() const override { return gate_.alignment_time(); }

 private:
  Gate gate_;
};

}  // namespace

void Head::Abort(CheckpointId checkpoint) {
  if (barrier_.has_value() && barrier_->checkpoint == checkpoint) {
    barrier_.reset();
  }
}

std::unique_ptr<Head> MakeGateHead(Gate gate) {
  return std::make_unique<GateHead>(std::move(gate));
}

}  // namespace thalweg::runtime
