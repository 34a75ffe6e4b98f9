// SPDX-License-Identifier: Apache-2.0
#include "state/ordered_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/mutation.h"
#include "state/shape_of.h"

namespace thalweg::state {

OrderedTable::OrderedTable(TableContext& context, const TableSpec& spec)
    : KeyedRows(context, ShapeOfOrdered(spec)), layout_(spec.values), runs_(shape_.entry) {}

OrderedTable::~OrderedTable() = default;

std::size_t OrderedTable::live_bytes() const {
  return KeyedRows::live_bytes() + runs_.used_bytes();
}

bool OrderedTable::IsLiveEntry(const std::uint8_t* entry) const {
  return (MetaOf(entry) & meta::kDead) == 0 &&
         (shape_.entry.ttl_seconds == 0 ||
          LoadFixed<std::uint32_t>(entry + RowShape::kWrittenOffset) + shape_.entry.ttl_seconds >
              context_.now_seconds);
}

void OrderedTable::SetSubKey(std::uint8_t* entry, std::string_view sub_key) {
  std::uint8_t* const stored = entry + shape_.entry.key_offset;
  if (shape_.entry.key_stride != 0) {
    CHECK_EQ(sub_key.size(), std::size_t{shape_.entry.key_stride});
    std::memcpy(stored, sub_key.data(), sub_key.size());
  } else {
    *reinterpret_cast<StateString*>(stored) = slabs_->Store(sub_key);
  }
}

std::uint8_t* OrderedTable::InsertEntry(RunOfRows& run,
                                        EntryRuns::Place place,
                                        std::string_view sub_key,
                                        std::uint32_t meta_word) {
  std::uint8_t* const entry = runs_.InsertAt(run, place);
  std::memset(entry, 0, shape_.entry.stride);
  SetMeta(entry, meta_word);
  SetSubKey(entry, sub_key);
  return entry;
}

void OrderedTable::FreeStrings(std::uint8_t* value) {
  for (const std::uint32_t offset : shape_.string_offsets) {
    slabs_->Release(*reinterpret_cast<StateString*>(value + offset));
  }
}

void OrderedTable::FreeSubKey(std::uint8_t* entry) {
  if (shape_.entry.key_stride == 0) {
    slabs_->Release(*reinterpret_cast<StateString*>(entry + shape_.entry.key_offset));
  }
}

void OrderedTable::SetValue(std::uint8_t* value, const std::uint8_t* from) {
  FreeStrings(value);
  std::memcpy(value, from, layout_.size());
  for (const std::uint32_t offset : shape_.string_offsets) {
    auto& field = *reinterpret_cast<StateString*>(value + offset);
    field = slabs_->Store(field.view());
  }
}

std::uint8_t* OrderedTable::EditAt(SlotId slot,
                                   EntryRuns::Place place,
                                   std::string_view sub_key,
                                   bool* created) {
  RunOfRows& run = run_of(slot);
  std::uint8_t* entry = runs_.IsAt(run, place, sub_key) ? runs_.At(run, place) : nullptr;
  bool is_new = entry == nullptr;
  if (is_new) {
    entry = InsertEntry(run, place, sub_key, meta::Make(context_.epoch, meta::kFresh));
  } else {
    const std::uint32_t word = MetaOf(entry);
    if (!IsLiveEntry(entry)) {
      is_new = true;
      run.dead_count -= (word & meta::kDead) != 0 ? 1 : 0;
      FreeStrings(entry_value(entry));
      std::memset(entry_value(entry), 0, layout_.size());
    }
    SetMeta(entry, meta::Make(context_.epoch, word & meta::kFresh));
  }
  if (shape_.entry.ttl_seconds != 0) {
    StoreFixed(entry + RowShape::kWrittenOffset, context_.now_seconds);
  }
  if (created != nullptr) {
    *created = is_new;
  }
  return entry_value(entry);
}

std::uint8_t* OrderedTable::Edit(SlotId slot, std::string_view sub_key, bool* created) {
  TouchRow(slot);
  return EditAt(slot, runs_.LowerBound(run_of(slot), sub_key), sub_key, created);
}

void OrderedTable::Append(std::span<const SlotId> slots, const RowBuffer& rows) {
  CHECK_EQ(slots.size(), rows.count());
  CHECK_EQ(std::size_t{shape_.entry.key_stride}, kSequenceBytes);
  TouchMany(slots);
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (i + 2 * kAhead < slots.size()) {
      __builtin_prefetch(row(slots[i + 2 * kAhead]));
    }
    if (i + kAhead < slots.size()) {
      const RunOfRows& ahead = run_of(slots[i + kAhead]);
      if (ahead.is_blocked == 0 && ahead.whole.count > 0) {
        __builtin_prefetch(runs_.entry(ahead.whole, ahead.whole.count - 1));
        __builtin_prefetch(runs_.entry(ahead.whole, ahead.whole.count));
      }
    }
    RunOfRows& run = run_of(slots[i]);
    std::uint64_t number = 0;
    if (run.entry_count > 0) {
      const Segment& last = EntryRuns::Segments(run).back();
      number = ReverseBytes(LoadFixed<std::uint64_t>(runs_.entry(last, last.count - 1) +
                                                     shape_.entry.key_offset)) +
               1;
    }
    std::uint8_t* const entry = runs_.InsertAt(run, runs_.End(run));
    StoreFixed<std::uint32_t>(entry, 0);
    SetMeta(entry, meta::Make(context_.epoch, meta::kFresh));
    if (shape_.entry.ttl_seconds != 0) {
      StoreFixed(entry + RowShape::kWrittenOffset, std::uint64_t{context_.now_seconds});
    }
    StoreFixed(entry + shape_.entry.key_offset, ReverseBytes(number));
    std::uint8_t* const value = entry_value(entry);
    std::memcpy(value, rows.row(i), layout_.size());
    for (const std::uint32_t offset : shape_.string_offsets) {
      auto& field = *reinterpret_cast<StateString*>(value + offset);
      field = slabs_->Store(field.view());
    }
  }
}

void OrderedTable::Put(std::span<const SlotId> slots,
                       const columnar::ByteRows& sub_keys,
                       const RowBuffer& rows) {
  CHECK_EQ(slots.size(), rows.count());
  CHECK_EQ(slots.size(), sub_keys.size());
  TouchMany(slots);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const EntryRuns::Place place = runs_.LowerBound(run_of(slots[i]), sub_keys[i]);
    SetValue(EditAt(slots[i], place, sub_keys[i], nullptr), rows.row(i));
  }
}

void OrderedTable::EraseAt(SlotId slot, EntryRuns::Place place) {
  TouchRow(slot);
  RunOfRows& run = run_of(slot);
  std::uint8_t* const entry = runs_.At(run, place);
  FreeStrings(entry_value(entry));
  if ((MetaOf(entry) & meta::kFresh) != 0) {
    FreeSubKey(entry);
    runs_.EraseAt(run, place);
    if (run.entry_count == 0) {
      empty_.push_back(slot);
    }
    return;
  }
  std::memset(entry_value(entry), 0, layout_.size());
  SetMeta(entry, meta::Make(context_.epoch, meta::kDead));
  ++run.dead_count;
  NoteDead(slot);
}

bool OrderedTable::Erase(SlotId slot, std::string_view sub_key) {
  if (slot == kNoSlot) {
    return false;
  }
  const EntryRuns::Place place = runs_.LowerBound(run_of(slot), sub_key);
  if (!runs_.IsAt(run_of(slot), place, sub_key) || !IsLiveEntry(runs_.At(run_of(slot), place))) {
    return false;
  }
  EraseAt(slot, place);
  return true;
}

void OrderedTable::EraseEqual(std::span<const SlotId> slots,
                              const RowBuffer& rows,
                              std::span<std::uint8_t> found) {
  CHECK_EQ(slots.size(), rows.count());
  CHECK_EQ(slots.size(), found.size());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    found[i] = 0;
    if (slots[i] == kNoSlot) {
      continue;
    }
    const RunOfRows& run = run_of(slots[i]);
    const std::span<const Segment> segments = EntryRuns::Segments(run);
    for (std::size_t s = 0; s < segments.size() && found[i] == 0; ++s) {
      for (std::size_t e = 0; e < segments[s].count; ++e) {
        const std::uint8_t* const entry = runs_.entry(segments[s], e);
        if (IsLiveEntry(entry) && EqualValues(layout_, entry_value(entry), rows.row(i))) {
          EraseAt(slots[i], {s, e});
          found[i] = 1;
          break;
        }
      }
    }
  }
}

std::size_t OrderedTable::EraseRange(SlotId slot, const SubKeyRange& range) {
  if (slot == kNoSlot) {
    return 0;
  }
  std::size_t erased = 0;
  EntryRuns::Place place = runs_.LowerBound(run_of(slot), range.begin);
  for (;;) {
    const std::uint8_t* const entry = runs_.At(run_of(slot), place);
    if (entry == nullptr || (range.end && shape_.entry.KeyOf(entry) >= *range.end)) {
      return erased;
    }
    if (!IsLiveEntry(entry)) {
      place = runs_.Next(run_of(slot), place);
      continue;
    }
    ++erased;
    place = EraseAndAdvance(slot, place);
  }
}

EntryRuns::Place OrderedTable::EraseAndAdvance(SlotId slot, EntryRuns::Place place) {
  const std::uint32_t before = run_of(slot).entry_count;
  EraseAt(slot, place);
  const RunOfRows& run = run_of(slot);
  // A fresh entry is gone and the next one has moved here; a dead one stays.
  return run.entry_count < before ? runs_.Normalize(run, place) : runs_.Next(run, place);
}

// ---- What the TaskState asks for.

void OrderedTable::CopyRow(SlotId slot) {
  std::uint8_t* const key_row = row(slot);
  const bool mutated = Mutated(Mutation::kFreezeDoesNotCopy);
  const std::uint32_t frozen = context_.epoch - 1;
  for (const Segment& segment : EntryRuns::Segments(run_of(slot))) {
    for (std::size_t i = 0; i < segment.count; ++i) {
      std::uint8_t* const entry = runs_.entry(segment, i);
      const std::uint32_t word = MetaOf(entry);
      const std::uint32_t epoch = meta::EpochOf(word);
      if ((word & meta::kCopied) != 0 || !(epoch == frozen || (mutated && epoch > frozen))) {
        continue;
      }
      std::uint8_t* const image = AddImage();
      std::memcpy(image, key_row, shape_.row.value_offset);
      std::memcpy(image + shape_.row.value_offset, entry, shape_.entry.stride);
      SetMeta(entry, (word | meta::kCopied) & ~meta::kFresh);
    }
  }
  SetMeta(key_row, (MetaOf(key_row) | meta::kCopied) & ~meta::kFresh);
}

void OrderedTable::ClearValue(std::uint8_t* key_row) {
  RunOfRows& run = *reinterpret_cast<RunOfRows*>(value_of(key_row));
  for (const Segment& segment : EntryRuns::Segments(run)) {
    for (std::size_t i = 0; i < segment.count; ++i) {
      std::uint8_t* const entry = runs_.entry(segment, i);
      FreeStrings(entry_value(entry));
      FreeSubKey(entry);
    }
  }
  runs_.Clear(run);
}

template <class Visit>
void OrderedTable::ForEachEntry(SlotId slot, Visit&& visit) {
  for (const Segment& segment : EntryRuns::Segments(run_of(slot))) {
    for (std::size_t i = 0; i < segment.count; ++i) {
      visit(runs_.entry(segment, i));
    }
  }
}

void OrderedTable::RelabelEntries(SlotId slot, std::uint32_t dropped) {
  bool any = false;
  ForEachEntry(slot,
               [&](std::uint8_t* entry) { any = any || meta::EpochOf(MetaOf(entry)) == dropped; });
  if (!any) {
    return;
  }
  TouchRow(slot);
  ForEachEntry(slot, [&](std::uint8_t* entry) {
    const std::uint32_t word = MetaOf(entry);
    if (meta::EpochOf(word) == dropped) {
      SetMeta(entry, meta::Make(context_.epoch, word & (meta::kFresh | meta::kDead)));
    }
  });
}

void OrderedTable::DirtyEntries(SlotId slot) {
  ForEachEntry(slot, [&](std::uint8_t* entry) {
    SetMeta(entry, meta::Make(context_.epoch, MetaOf(entry) & (meta::kFresh | meta::kDead)));
  });
}

void OrderedTable::SweepRow(SlotId slot) {
  if (shape_.entry.ttl_seconds == 0) {
    return;
  }
  EntryRuns::Place place;
  while (const std::uint8_t* const entry = runs_.At(run_of(slot), place)) {
    const bool expired = (MetaOf(entry) & meta::kDead) == 0 && !IsLiveEntry(entry);
    place = expired ? EraseAndAdvance(slot, place) : runs_.Next(run_of(slot), place);
  }
}

void OrderedTable::ReleaseDead(SlotId slot) {
  if ((MetaOf(row(slot)) & meta::kFree) != 0 || run_of(slot).dead_count == 0) {
    return;
  }
  RunOfRows& run = run_of(slot);
  std::string image;
  const bool may_spill = MaySpillRow(slot);
  runs_.Compact(run, [&](std::uint8_t* entry) {
    const std::uint32_t word = MetaOf(entry);
    if ((word & meta::kDead) == 0 || meta::EpochOf(word) > context_.durable_epoch) {
      return true;
    }
    if (may_spill) {
      image.assign(reinterpret_cast<const char*>(row(slot)), shape_.row.value_offset);
      image.append(reinterpret_cast<const char*>(entry), shape_.entry.stride);
      context_.spill->Forget(*this, reinterpret_cast<const std::uint8_t*>(image.data()));
    }
    FreeSubKey(entry);
    --run.dead_count;
    return false;
  });
  if (run.entry_count == 0) {
    empty_.push_back(slot);
  }
}

void OrderedTable::ReleaseUnheld() {
  KeyedRows::ReleaseUnheld();
  for (const SlotId slot : std::exchange(empty_, {})) {
    if ((MetaOf(row(slot)) & meta::kFree) == 0 && run_of(slot).entry_count == 0) {
      Release(slot);
    }
  }
}

void OrderedTable::VisitImages(SlotId slot,
                               const std::function<void(const std::uint8_t*)>& visit) const {
  std::string image;
  for (const Segment& segment : EntryRuns::Segments(run_of(slot))) {
    for (std::size_t i = 0; i < segment.count; ++i) {
      image.assign(reinterpret_cast<const char*>(row(slot)), shape_.row.value_offset);
      image.append(reinterpret_cast<const char*>(runs_.entry(segment, i)), shape_.entry.stride);
      visit(reinterpret_cast<const std::uint8_t*>(image.data()));
    }
  }
}

bool OrderedTable::AreEntriesEvictable(SlotId slot) const {
  // A giant key stays: to read it back for one probe would cost more than it saves.
  constexpr std::uint32_t kMostEntries = 4096;
  const RunOfRows& run = run_of(slot);
  if (run.entry_count == 0 || run.entry_count > kMostEntries || run.dead_count > 0) {
    return false;
  }
  for (const Segment& segment : EntryRuns::Segments(run)) {
    for (std::size_t i = 0; i < segment.count; ++i) {
      if (meta::EpochOf(MetaOf(runs_.entry(segment, i))) > context_.durable_epoch) {
        return false;
      }
    }
  }
  return true;
}

std::uint8_t* OrderedTable::LoadEntry(SlotId slot,
                                      std::string_view sub_key,
                                      std::uint32_t written_seconds) {
  RunOfRows& run = run_of(slot);
  std::uint8_t* const entry =
      InsertEntry(run, runs_.LowerBound(run, sub_key), sub_key, meta::Make(0, 0));
  if (shape_.entry.ttl_seconds != 0) {
    StoreFixed(entry + RowShape::kWrittenOffset, written_seconds);
  }
  return entry_value(entry);
}

}  // namespace thalweg::state
