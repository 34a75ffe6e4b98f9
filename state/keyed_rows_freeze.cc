// SPDX-License-Identifier: Apache-2.0
//
// Which rows belong to which snapshot.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/mutation.h"
#include "state/keyed_rows.h"

namespace thalweg::state {

void KeyedRows::CopyIfFrozen(SlotId slot) {
  const std::uint32_t word = MetaOf(row(slot));
  if (context_.copying && meta::EpochOf(word) == context_.epoch - 1 &&
      (word & meta::kCopied) == 0 && !Mutated(Mutation::kFreezeDoesNotCopy)) {
    CopyRow(slot);
  }
}

void KeyedRows::TouchRow(SlotId slot) {
  std::uint8_t* const touched = row(slot);
  if (shape_.row.ttl_seconds != 0) {
    CopyIfFrozen(slot);
    StoreFixed(touched + RowShape::kWrittenOffset, context_.now_seconds);
  }
  if (meta::EpochOf(MetaOf(touched)) != context_.epoch) {
    CopyIfFrozen(slot);
    SetMeta(touched, meta::Make(context_.epoch, MetaOf(touched) & (meta::kFresh | meta::kDead)));
    MarkDirty(slot);
  }
}

void KeyedRows::TouchMany(std::span<const SlotId> slots) {
  touched_.resize(slots.size());
  TouchMany(slots, 0, touched_.data());
}

void KeyedRows::TouchMany(std::span<const SlotId> slots, std::size_t offset, std::uint8_t** rows) {
  const RowPages::View pages = pages_.view();
  if (context_.copying) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      TouchRow(slots[i]);
      rows[i] = pages.row(slots[i]) + offset;
    }
    return;
  }
  // Flags first, the list in a second pass: appending next to loads that miss the cache would make
  // each miss wait for the one before it.
  flags_.resize(slots.size());
  const std::uint32_t epoch = context_.epoch;
  const std::uint32_t epoch_word = meta::Make(epoch, 0);
  std::uint8_t* const flags = flags_.data();
  std::size_t changed = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    std::uint8_t* const touched = pages.row(slots[i]);
    const std::uint32_t word = MetaOf(touched);
    const bool is_changed = meta::EpochOf(word) != epoch;
    flags[i] = is_changed;
    changed += is_changed;
    SetMeta(touched, epoch_word | (word & (meta::kFresh | meta::kDead)));
    rows[i] = touched + offset;
  }
  if (shape_.row.ttl_seconds != 0) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      StoreFixed(rows[i] - offset + RowShape::kWrittenOffset, context_.now_seconds);
    }
  }
  if (changed == 0) {
    return;
  }
  std::size_t end = dirty_.size();
  dirty_.resize(end + changed + 1);  // Every slot is written at the end first, even the last one.
  SlotId* const list = dirty_.data();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    list[end] = slots[i];
    end += flags[i];
  }
  dirty_.resize(end);
}

void KeyedRows::MarkAllDirty() {
  for (SlotId slot = 0; slot < pages_.end(); ++slot) {
    if ((MetaOf(row(slot)) & meta::kFree) == 0) {
      TouchRow(slot);
      DirtyEntries(slot);
    }
  }
}

void KeyedRows::BeginFreeze() {
  CHECK(!copy_left_);
  if (dirty_.empty() && dead_.empty()) {
    return;
  }
  in_flight_.push_back({context_.epoch - 1, std::move(dirty_), std::move(dead_)});
  const std::size_t dirty_count = in_flight_.back().slots.size();
  dirty_ = std::exchange(spare_, {});
  dead_ = {};
  // With many dirty rows, walking all of them in order is faster than jumping.
  copy_by_page_ = dirty_count > pages_.end() / 8;
  copy_at_ = 0;
  copy_end_ = copy_by_page_ ? pages_.end() : dirty_count;
  copy_left_ = copy_end_ > 0;
}

std::uint8_t* KeyedRows::AddImage() {
  if (part_ == nullptr) {
    part_ = std::make_unique<FrozenPart>(identity_, shape_, slabs_);
  }
  return part_->Add();
}

void KeyedRows::CopyRow(SlotId slot) {
  std::uint8_t* const copied = row(slot);
  std::memcpy(AddImage(), copied, shape_.row.stride);
  SetMeta(copied, (MetaOf(copied) | meta::kCopied) & ~meta::kFresh);
}

std::size_t KeyedRows::CopyFrozen(std::size_t limit) {
  if (!copy_left_) {
    return 0;
  }
  const std::size_t end = copy_at_ + std::min(limit, copy_end_ - copy_at_);
  const std::size_t looked_at = end - copy_at_;
  const std::vector<SlotId>& list = in_flight_.back().slots;
  const std::uint32_t frozen = in_flight_.back().epoch;
  const bool mutated = Mutated(Mutation::kFreezeDoesNotCopy);
  constexpr std::size_t kAhead = 16;
  for (; copy_at_ < end; ++copy_at_) {
    if (!copy_by_page_ && copy_at_ + kAhead < end) {
      __builtin_prefetch(row(list[copy_at_ + kAhead]));
    }
    const SlotId slot = copy_by_page_ ? static_cast<SlotId>(copy_at_) : list[copy_at_];
    const std::uint32_t word = MetaOf(row(slot));
    const std::uint32_t epoch = meta::EpochOf(word);
    if ((word & (meta::kFree | meta::kCopied)) == 0 &&
        (epoch == frozen || (mutated && epoch > frozen))) {
      CopyRow(slot);
    }
  }
  copy_left_ = copy_at_ < copy_end_;
  return looked_at;
}

std::unique_ptr<FrozenPart> KeyedRows::TakeFrozen() {
  CHECK(!copy_left_);
  return std::move(part_);
}

void KeyedRows::CancelCopy() {
  copy_left_ = false;
  if (part_ != nullptr) {
    slabs_->Unpin();
    part_.reset();
  }
}

void KeyedRows::ReleaseDead(SlotId slot) {
  const std::uint32_t word = MetaOf(row(slot));
  if ((word & meta::kDead) != 0 && meta::EpochOf(word) <= context_.durable_epoch) {
    if (MaySpillRow(slot)) {
      context_.spill->Forget(*this, row(slot));
    }
    Release(slot);
  }
}

void KeyedRows::OnDurable() {
  while (!in_flight_.empty() && in_flight_.front().epoch <= context_.durable_epoch) {
    InFlight durable = std::move(in_flight_.front());
    in_flight_.pop_front();
    for (const SlotId slot : durable.dead) {
      ReleaseDead(slot);
    }
    // The next freeze needs a list of about this size; a new one costs page faults.
    durable.slots.clear();
    spare_ = std::move(durable.slots);
  }
}

void KeyedRows::OnDropped(std::uint32_t epoch) {
  const auto dropped = std::find_if(
      in_flight_.begin(), in_flight_.end(), [&](const InFlight& i) { return i.epoch == epoch; });
  if (dropped == in_flight_.end()) {
    return;
  }
  const InFlight changes = std::move(*dropped);
  in_flight_.erase(dropped);
  if (Mutated(Mutation::kAbortedDirtyDropped)) {
    return;
  }
  for (const SlotId slot : changes.slots) {
    const std::uint32_t word = MetaOf(row(slot));
    if ((word & meta::kFree) != 0) {
      continue;
    }
    if (meta::EpochOf(word) == epoch) {
      const std::uint32_t flags = word & (meta::kFresh | meta::kDead);
      SetMeta(row(slot), meta::Make(context_.epoch, flags));
      MarkDirty(slot);
    }
    RelabelEntries(slot, epoch);
  }
  dead_.insert(dead_.end(), changes.dead.begin(), changes.dead.end());
}

}  // namespace thalweg::state
