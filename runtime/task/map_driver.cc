// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <variant>

#include "base/check.h"
#include "runtime/task/step_driver.h"

namespace thalweg::runtime {
namespace {

// Hands on what is not a batch.
void Forward(const Item& mark, Slot& out) {
  if (const auto* watermark = std::get_if<Watermark>(&mark)) {
    out.EmitWatermark(watermark->millis);
  } else if (std::holds_alternative<Idle>(mark)) {
    out.EmitIdle();
  } else {
    CHECK(std::holds_alternative<End>(mark));
    out.EmitEnd();
  }
}

class MapDriver final : public StepDriver {
 public:
  MapDriver(std::unique_ptr<MapStep> step, Slot& out) : step_(std::move(step)), out_(out) {}

  Status Open(state::TaskState& /*state*/, SliceTime /*now*/) override { return OkStatus(); }

  bool CanTake(SlotItem front, bool /*absorb*/) const override {
    return !more_ && (front != SlotItem::kBatch || out_.HasRoom());
  }

  Status Take(GateItem item, SliceTime now) override {
    if (const auto* batch = std::get_if<columnar::Batch>(&item.item)) {
      step_->OnSlice(now.wall);
      watermark_ = batch->marks().empty() ? kMinWatermark : batch->marks().back().watermark;
      return Settle(step_->Process(*batch, out_));
    }
    Forward(item.item, out_);
    return OkStatus();
  }

  StatusOr<bool> Work(SliceTime now) override {
    if (!more_ || !out_.HasRoom()) {
      return false;
    }
    step_->OnSlice(now.wall);
    RETURN_IF_ERROR(Settle(step_->Continue(out_)));
    return true;
  }
  StatusOr<bool> Fire(SliceTime /*now*/) override { return false; }

  StepSituation situation() const override { return {.blocks_barrier = more_}; }
  Status BeforeFreeze(state::TaskState& /*state*/) override { return OkStatus(); }

 private:
  Status Settle(const StatusOr<StepResult>& result) {
    RETURN_IF_ERROR(result.status());
    CHECK(*result == StepResult::kDone || *result == StepResult::kMore);
    more_ = *result == StepResult::kMore;
    if (!more_) {
      // The rows that carried the last mark may all have gone.
      out_.EmitWatermark(watermark_);
    }
    return OkStatus();
  }

  const std::unique_ptr<MapStep> step_;
  Slot& out_;
  bool more_ = false;
  EventMillis watermark_ = kMinWatermark;  // The last mark of the batch that is being processed.
};

class EventTimeDriver final : public StepDriver {
 public:
  EventTimeDriver(std::unique_ptr<EventTimeStep> step, Slot& out)
      : step_(std::move(step)), out_(out) {}

  Status Open(state::TaskState& state, SliceTime now) override {
    return step_->Open(state, now.mono);
  }

  bool CanTake(SlotItem front, bool /*absorb*/) const override {
    return front != SlotItem::kBatch || out_.HasRoom();
  }

  Status Take(GateItem item, SliceTime now) override {
    if (const auto* batch = std::get_if<columnar::Batch>(&item.item)) {
      const StatusOr<StepResult> result = step_->Process(*batch, now.mono, out_);
      RETURN_IF_ERROR(result.status());
      CHECK(*result == StepResult::kDone);
      return OkStatus();
    }
    const auto* watermark = std::get_if<Watermark>(&item.item);
    if (watermark == nullptr || watermark->millis == kMaxWatermark) {
      Forward(item.item, out_);
    }
    ended_ = ended_ || std::holds_alternative<End>(item.item);
    return OkStatus();
  }

  StatusOr<bool> Work(SliceTime now) override {
    const std::optional<MonoTime> due = WakeAt(now);
    if (!due.has_value() || *due > now.mono) {
      return false;
    }
    step_->OnTime(now.mono, out_);
    return true;
  }
  StatusOr<bool> Fire(SliceTime /*now*/) override { return false; }

  StepSituation situation() const override { return {}; }
  std::optional<MonoTime> WakeAt(SliceTime /*now*/) const override {
    return ended_ ? std::nullopt : step_->WakeAt();
  }
  Status BeforeFreeze(state::TaskState& state) override { return step_->BeforeFreeze(state); }

 private:
  const std::unique_ptr<EventTimeStep> step_;
  Slot& out_;
  bool ended_ = false;  // Nothing is to be said about time any more.
};

}  // namespace

std::unique_ptr<StepDriver> MakeMapDriver(std::unique_ptr<MapStep> step, Slot& out) {
  return std::make_unique<MapDriver>(std::move(step), out);
}

std::unique_ptr<StepDriver> MakeEventTimeDriver(std::unique_ptr<EventTimeStep> step, Slot& out) {
  return std::make_unique<EventTimeDriver>(std::move(step), out);
}

}  // namespace thalweg::runtime
