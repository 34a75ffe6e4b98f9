// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/chain.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace thalweg::runtime {
namespace {

std::unique_ptr<StepDriver> MakeDriver(StepPart part, Slot& out) {
  if (auto* map = std::get_if<std::unique_ptr<MapStep>>(&part)) {
    return MakeMapDriver(std::move(*map), out);
  }
  if (auto* event_time = std::get_if<std::unique_ptr<EventTimeStep>>(&part)) {
    return MakeEventTimeDriver(std::move(*event_time), out);
  }
  return MakeKeyedDriver(std::move(std::get<KeyedPart>(part)), out);
}

}  // namespace

Chain::Chain(ChainParts parts) : parts_(std::move(parts)) {
  parts_.rows.resize(parts_.steps.size() + 1);
  slots_.push_back(std::make_unique<Slot>(parts_.rows[0]));
  for (std::size_t i = 0; i < parts_.steps.size(); ++i) {
    slots_.push_back(std::make_unique<Slot>(parts_.rows[i + 1]));
    drivers_.push_back(MakeDriver(std::move(parts_.steps[i]), *slots_.back()));
  }
}

Status Chain::Open(state::TaskState& state, SliceTime now) {
  for (const auto& driver : drivers_) {
    RETURN_IF_ERROR(driver->Open(state, now));
  }
  return OkStatus();
}

StatusOr<ChainMove> Chain::Move(SliceTime now) {
  ASSIGN_OR_RETURN(const bool moved, MoveDeepest(now));
  if (moved) {
    return ChainMove::kMoved;
  }
  if (head().barrier().has_value() && BarrierMayPass()) {
    return ChainMove::kBarrier;
  }
  // A barrier that is queued comes before the next results of a firing, which can take long.
  ASSIGN_OR_RETURN(const bool pulled, Pull(now));
  if (pulled) {
    return ChainMove::kMoved;
  }
  ASSIGN_OR_RETURN(const bool fired, Fire(now));
  if (fired) {
    return ChainMove::kMoved;
  }
  // Nothing else is waiting: what has been collected leaves.
  const bool flushed = parts_.tail->Flush();
  blocked_ = !flushed || slots_.back()->front() != SlotItem::kNone;
  return ChainMove::kIdle;
}

StatusOr<bool> Chain::MoveDeepest(SliceTime now) {
  ASSIGN_OR_RETURN(const bool left, MoveTail());
  if (left) {
    return true;
  }
  const bool absorb = IsFiring() && (head().barrier().has_value() || head().HasQueuedBarrier());
  for (std::size_t i = drivers_.size(); i-- > 0;) {
    ASSIGN_OR_RETURN(const bool worked, drivers_[i]->Work(now));
    if (worked) {
      return true;
    }
    const SlotItem front = slots_[i]->front();
    if (front != SlotItem::kNone && drivers_[i]->CanTake(front, absorb)) {
      RETURN_IF_ERROR(drivers_[i]->Take(slots_[i]->Take(), now));
      return true;
    }
  }
  return false;
}

StatusOr<bool> Chain::MoveTail() {
  const SlotItem front = slots_.back()->front();
  if (front == SlotItem::kNone || !parts_.tail->CanTake(front)) {
    return false;
  }
  RETURN_IF_ERROR(parts_.tail->Take(slots_.back()->Take().item));
  ended_ = ended_ || front == SlotItem::kEnd;
  return true;
}

StatusOr<bool> Chain::Pull(SliceTime now) {
  if (head().barrier().has_value() || !slots_.front()->HasRoom()) {
    return false;
  }
  if (IsFiring()) {
    if (!head().HasQueuedBarrier()) {
      return false;
    }
    return head().Pull(GateMode::kToBarrier, now, *slots_.front());
  }
  return head().Pull(GateMode::kAll, now, *slots_.front());
}

StatusOr<bool> Chain::Fire(SliceTime now) {
  for (std::size_t i = drivers_.size(); i-- > 0;) {
    ASSIGN_OR_RETURN(const bool fired, drivers_[i]->Fire(now));
    if (fired) {
      return true;
    }
  }
  return false;
}

bool Chain::IsFiring() const {
  return std::ranges::any_of(drivers_,
                             [](const auto& driver) { return driver->situation().firing; });
}

bool Chain::BarrierMayPass() {
  const bool drain = head().barrier()->kind == proto::CHECKPOINT_DRAIN;
  for (const auto& driver : drivers_) {
    const StepSituation situation = driver->situation();
    // The checkpoint of a drain is the last one: all results must lie before it.
    if (situation.blocks_barrier || (drain && situation.firing)) {
      return false;
    }
  }
  return std::ranges::all_of(slots_, [](const auto& slot) { return slot->HasRoom(); }) &&
         parts_.tail->Flush();
}

void Chain::PassBarrier() {
  CHECK(head().barrier().has_value());
  parts_.tail->PassBarrier(*head().barrier());
  head().PassBarrier();
}

Status Chain::BeforeFreeze(state::TaskState& state) {
  for (const auto& driver : drivers_) {
    RETURN_IF_ERROR(driver->BeforeFreeze(state));
  }
  return OkStatus();
}

void Chain::Unpark() {
  for (const auto& driver : drivers_) {
    driver->Unpark();
  }
}

std::optional<MonoTime> Chain::WakeAt(SliceTime now) const {
  std::optional<MonoTime> first;
  if (!parts_.head->barrier().has_value() && slots_.front()->HasRoom() && !IsFiring()) {
    first = parts_.head->WakeAt();
  }
  for (const auto& driver : drivers_) {
    const std::optional<MonoTime> at = driver->WakeAt(now);
    if (at.has_value() && (!first.has_value() || *at < *first)) {
      first = at;
    }
  }
  return first;
}

bool Chain::HoldsSlots() const {
  return std::ranges::any_of(drivers_,
                             [](const auto& driver) { return driver->situation().holds_slots; });
}

}  // namespace thalweg::runtime
