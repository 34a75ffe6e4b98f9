// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/mutation.h"
#include "runtime/task/step_driver.h"

namespace thalweg::runtime {
namespace {

// Three watermarks: what has come in, what the step was told, what has gone out. A batch is only
// taken when the step was told all that came before it, except while the step is firing: then the
// batch itself says so with a mark before its first row.
class KeyedDriver final : public StepDriver {
 public:
  KeyedDriver(KeyedPart part, Slot& out) : part_(std::move(part)), out_(out) {
    CHECK_EQ(part_.key_columns.size(), part_.encoders.size());
  }

  Status Open(state::TaskState& state, SliceTime /*now*/) override {
    return Settle(part_.step->Open(state));
  }

  bool CanTake(SlotItem front, bool absorb) const override {
    if (front != SlotItem::kBatch) {
      return true;
    }
    if (left_ == StepResult::kFiring) {
      return absorb;
    }
    return left_ == StepResult::kDone && !OwesMarks() && out_.HasRoom();
  }

  Status Take(GateItem item, SliceTime now) override {
    if (auto* batch = std::get_if<columnar::Batch>(&item.item)) {
      return Process(std::move(*batch), item.input, now.wall);
    }
    if (const auto* watermark = std::get_if<Watermark>(&item.item)) {
      watermark_in_ = std::max(watermark_in_, watermark->millis);
      idle_ = false;
    } else if (std::holds_alternative<Idle>(item.item)) {
      idle_ = true;
    } else {
      end_ = true;
    }
    return OkStatus();
  }

  StatusOr<bool> Work(SliceTime now) override {
    switch (left_) {
      case StepResult::kFiring:
        return false;
      case StepResult::kParked:
        if (!std::exchange(unparked_, false)) {
          return false;
        }
        RETURN_IF_ERROR(Settle(part_.step->Continue(out_)));
        return true;
      case StepResult::kMore:
        if (!out_.HasRoom()) {
          return false;
        }
        RETURN_IF_ERROR(Settle(part_.step->Continue(out_)));
        return true;
      case StepResult::kDone:
        return Begin(now);
    }
    return false;
  }

  StatusOr<bool> Fire(SliceTime /*now*/) override {
    if (left_ != StepResult::kFiring || !out_.HasRoom()) {
      return false;
    }
    RETURN_IF_ERROR(Settle(part_.step->Continue(out_)));
    return true;
  }

  StepSituation situation() const override {
    const bool busy = left_ == StepResult::kMore || left_ == StepResult::kParked;
    const bool firing = left_ == StepResult::kFiring;
    return {
        .blocks_barrier = busy || (!firing && OwesMarks()), .firing = firing, .holds_slots = busy};
  }

  void Unpark() override { unparked_ = true; }

  std::optional<MonoTime> WakeAt(SliceTime now) const override {
    const std::optional<WallTime> due = part_.step->WakeAt();
    if (!due.has_value() || left_ != StepResult::kDone || !out_.HasRoom()) {
      return std::nullopt;  // What is missing wakes the task.
    }
    return now.mono + std::max(*due - now.wall, Milliseconds(0));
  }

  Status BeforeFreeze(state::TaskState& state) override { return part_.step->BeforeFreeze(state); }

 private:
  bool OwesMarks() const { return watermark_in_ > watermark_told_ || idle_ || end_; }

  Status Process(columnar::Batch batch, std::uint32_t input, WallTime now) {
    if (left_ == StepResult::kFiring && watermark_in_ > watermark_told_) {
      batch = WithFirstMark(batch);
    }
    if (!batch.marks().empty()) {
      watermark_in_ = std::max(watermark_in_, batch.marks().back().watermark);
    }
    idle_ = false;
    part_.encoders[input].Encode(batch, part_.key_columns[input], &keys_);
    batch_ = std::move(batch);
    const bool was_firing = left_ == StepResult::kFiring;
    StatusOr<StepResult> result =
        part_.step->Process({.batch = *batch_, .keys = keys_, .input = input, .now = now}, out_);
    if (was_firing && result.ok() && *result == StepResult::kDone) {
      result = StepResult::kFiring;  // The input is done; the firing is not.
    }
    return Settle(result);
  }

  columnar::Batch WithFirstMark(const columnar::Batch& batch) const {
    std::vector<columnar::WatermarkMark> marks;
    if (batch.marks().empty() || batch.marks().front().row > 0) {
      marks.push_back({.row = 0, .watermark = watermark_in_});
    }
    marks.insert(marks.end(), batch.marks().begin(), batch.marks().end());
    return batch.WithMarks(std::move(marks));
  }

  // Tells the step what it was not told yet, or lets marks leave. REQUIRES: nothing is left.
  StatusOr<bool> Begin(SliceTime now) {
    if (watermark_in_ > watermark_told_) {
      if (!out_.HasRoom()) {
        return false;
      }
      watermark_told_ = watermark_in_;
      if (Mutated(Mutation::kWatermarkBeforeResults)) {
        out_.EmitWatermark(watermark_told_);
      }
      RETURN_IF_ERROR(Settle(part_.step->OnWatermark(watermark_told_, out_)));
      return true;
    }
    if (idle_) {
      idle_ = false;
      out_.EmitIdle();
      return true;
    }
    if (end_) {
      end_ = false;
      out_.EmitEnd();
      return true;
    }
    const std::optional<WallTime> due = part_.step->WakeAt();
    if (!due.has_value() || *due > now.wall || !out_.HasRoom()) {
      return false;
    }
    RETURN_IF_ERROR(Settle(part_.step->OnTime(now.wall, out_)));
    return true;
  }

  Status Settle(const StatusOr<StepResult>& result) {
    RETURN_IF_ERROR(result.status());
    left_ = *result;
    unparked_ = false;  // Only a wake-up after the step was parked counts.
    if (left_ == StepResult::kDone || left_ == StepResult::kFiring) {
      batch_.reset();
    }
    if (left_ == StepResult::kDone) {
      out_.EmitWatermark(watermark_told_);
    }
    return OkStatus();
  }

  KeyedPart part_;
  Slot& out_;
  StepResult left_ = StepResult::kDone;
  bool unparked_ = false;
  // What the step processes, until it is done with it.
  std::optional<columnar::Batch> batch_;
  columnar::EncodedKeys keys_;
  EventMillis watermark_in_ = kMinWatermark;
  EventMillis watermark_told_ = kMinWatermark;
  bool idle_ = false;  // Has come in and not gone out.
  bool end_ = false;   // The same.
};

}  // namespace

std::unique_ptr<StepDriver> MakeKeyedDriver(KeyedPart part, Slot& out) {
  return std::make_unique<KeyedDriver>(std::move(part), out);
}

}  // namespace thalweg::runtime
