// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/slot.h"

#include <utility>

#include "base/check.h"

namespace thalweg::runtime {

void Slot::Emit(columnar::Batch batch, std::uint32_t input) {
  CHECK(HasRoom());
  const EventMillis newest = batch.marks().empty() ? newest_ : batch.marks().back().watermark;
  if (batch.empty()) {
    EmitWatermark(newest);
    return;
  }
  if (rows_ != nullptr) {
    rows_->Add(batch.row_count());
  }
  newest_ = std::max(newest_, newest);
  batch_ = std::move(batch);
  input_ = input;
}

void Slot::EmitWatermark(EventMillis watermark) {
  if (watermark > newest_) {
    newest_ = watermark;
    watermark_ = watermark;
    idle_ = false;
  }
}

void Slot::EmitEnd() {
  EmitWatermark(kMaxWatermark);
  idle_ = false;
  end_ = true;
}

SlotItem Slot::front() const {
  return batch_.has_value()       ? SlotItem::kBatch
         : watermark_.has_value() ? SlotItem::kWatermark
         : idle_                  ? SlotItem::kIdle
         : end_                   ? SlotItem::kEnd
                                  : SlotItem::kNone;
}

GateItem Slot::Take() {
  switch (front()) {
    case SlotItem::kBatch:
      return {.item = *std::exchange(batch_, std::nullopt), .input = input_};
    case SlotItem::kWatermark:
      return {.item = Watermark{*std::exchange(watermark_, std::nullopt)}};
    case SlotItem::kIdle:
      idle_ = false;
      return {.item = Idle()};
    default:
      CHECK(std::exchange(end_, false));
      return {.item = End()};
  }
}

}  // namespace thalweg::runtime
