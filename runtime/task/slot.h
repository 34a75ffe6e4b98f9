// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_TASK_SLOT_H_
#define THALWEG_RUNTIME_TASK_SLOT_H_

#include <cstdint>
#include <optional>

#include "base/counters.h"
#include "runtime/channel/gate.h"
#include "runtime/connector/output.h"

namespace thalweg::runtime {

/// What lies in front of a slot.
enum class SlotItem { kNone, kBatch, kWatermark, kIdle, kEnd };

/// The place between two neighbours of a chain: at most one batch, and behind it what is known
/// about event time and the end. A barrier never lies here: it passes the chain as a whole, when
/// all slots are empty.
class Slot final : public Output {
 public:
  /// `rows` counts what is emitted; may be null.
  explicit Slot(Counter* rows = nullptr) : rows_(rows) {}

  bool HasRoom() const override { return front() == SlotItem::kNone; }
  void Emit(columnar::Batch batch) override { Emit(std::move(batch), 0); }
  void EmitWatermark(EventMillis watermark) override;
  void EmitIdle() override { idle_ = true; }

  /// A batch of one of the inputs of the next step.
  void Emit(columnar::Batch batch, std::uint32_t input);
  /// kMaxWatermark, then the end.
  void EmitEnd();

  SlotItem front() const;
  /// REQUIRES: the slot is not empty.
  GateItem Take();

 private:
  std::optional<columnar::Batch> batch_;
  std::uint32_t input_ = 0;
  std::optional<EventMillis> watermark_;
  bool idle_ = false;
  bool end_ = false;
  EventMillis newest_ = kMinWatermark;  // Of all that was emitted.
  Counter* const rows_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TASK_SLOT_H_
