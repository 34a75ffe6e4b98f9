// SPDX-License-Identifier: Apache-2.0
//
// Reading ordered tables.
#include <algorithm>

#include "state/ordered_table.h"

namespace thalweg::state {

void OrderedRows::Clear() {
  values.clear();
  sub_keys.clear();
  origins.clear();
}

const std::uint8_t* OrderedTable::Lookup(SlotId slot, std::string_view sub_key) const {
  if (slot == kNoSlot) {
    return nullptr;
  }
  const RunOfRows& run = run_of(slot);
  const EntryRuns::Place place = runs_.LowerBound(run, sub_key);
  if (!runs_.IsAt(run, place, sub_key)) {
    return nullptr;
  }
  const std::uint8_t* const entry = runs_.At(run, place);
  return IsLiveEntry(entry) ? entry_value(entry) : nullptr;
}

std::optional<OrderedRow> OrderedTable::First(SlotId slot) const {
  if (slot == kNoSlot) {
    return std::nullopt;
  }
  const RunOfRows& run = run_of(slot);
  EntryRuns::Place place;
  while (const std::uint8_t* const entry = runs_.At(run, place)) {
    if (IsLiveEntry(entry)) {
      return RowAt(entry);
    }
    place = runs_.Next(run, place);
  }
  return std::nullopt;
}

std::optional<OrderedRow> OrderedTable::LiveAtOrBefore(const RunOfRows& run,
                                                       EntryRuns::Place place) const {
  do {
    const std::uint8_t* const entry = runs_.At(run, place);
    if (entry != nullptr && IsLiveEntry(entry)) {
      return RowAt(entry);
    }
  } while (runs_.Previous(run, &place));
  return std::nullopt;
}

std::optional<OrderedRow> OrderedTable::Last(SlotId slot) const {
  if (slot == kNoSlot) {
    return std::nullopt;
  }
  return LiveAtOrBefore(run_of(slot), runs_.End(run_of(slot)));
}

std::optional<OrderedRow> OrderedTable::LastAtMost(SlotId slot, std::string_view sub_key) const {
  if (slot == kNoSlot) {
    return std::nullopt;
  }
  const RunOfRows& run = run_of(slot);
  EntryRuns::Place place = runs_.LowerBound(run, sub_key);
  if (!runs_.IsAt(run, place, sub_key) && !runs_.Previous(run, &place)) {
    return std::nullopt;
  }
  return LiveAtOrBefore(run, place);
}

std::size_t OrderedTable::Count(SlotId slot) const {
  if (slot == kNoSlot) {
    return 0;
  }
  const RunOfRows& run = run_of(slot);
  if (shape_.entry.ttl_seconds == 0) {
    return run.entry_count - run.dead_count;
  }
  std::size_t count = 0;
  for (const Segment& segment : EntryRuns::Segments(run)) {
    for (std::size_t i = 0; i < segment.count; ++i) {
      count += IsLiveEntry(runs_.entry(segment, i)) ? 1 : 0;
    }
  }
  return count;
}

bool OrderedTable::Scan(std::span<const SlotId> slots,
                        std::size_t limit,
                        ScanPosition* position,
                        OrderedRows* out) const {
  constexpr std::size_t kAhead = 8;
  std::size_t left = limit;
  for (; position->origin < slots.size(); ++position->origin, position->row = 0) {
    const std::size_t origin = position->origin;
    if (origin + 2 * kAhead < slots.size() && slots[origin + 2 * kAhead] != kNoSlot) {
      __builtin_prefetch(row(slots[origin + 2 * kAhead]));
    }
    if (origin + kAhead < slots.size() && slots[origin + kAhead] != kNoSlot) {
      const std::uint8_t* const data = run_of(slots[origin + kAhead]).whole.data;
      __builtin_prefetch(data);
      __builtin_prefetch(data + 64);
    }
    if (slots[origin] == kNoSlot) {
      continue;
    }
    const RunOfRows& run = run_of(slots[origin]);
    const bool all_live = run.dead_count == 0 && shape_.entry.ttl_seconds == 0;
    std::size_t skip = position->row;
    for (const Segment& segment : EntryRuns::Segments(run)) {
      if (skip >= segment.count) {
        skip -= segment.count;
        continue;
      }
      for (std::size_t i = skip; i < segment.count; ++i) {
        if (left == 0) {
          return false;
        }
        const std::uint8_t* const entry = runs_.entry(segment, i);
        ++position->row;
        if (all_live || IsLiveEntry(entry)) {
          out->values.push_back(entry_value(entry));
          out->sub_keys.push_back(shape_.entry.KeyOf(entry));
          out->origins.push_back(static_cast<std::uint32_t>(origin));
          --left;
        }
      }
      skip = 0;
    }
  }
  return true;
}

void OrderedTable::ScanRange(SlotId slot,
                             const SubKeyRange& range,
                             std::size_t limit,
                             std::uint32_t origin,
                             OrderedRows* out) const {
  if (slot == kNoSlot) {
    return;
  }
  const RunOfRows& run = run_of(slot);
  EntryRuns::Place place = runs_.LowerBound(run, range.begin);
  while (const std::uint8_t* const entry = runs_.At(run, place)) {
    const std::string_view sub_key = shape_.entry.KeyOf(entry);
    if (limit == 0 || (range.end && sub_key >= *range.end)) {
      return;
    }
    if (IsLiveEntry(entry)) {
      out->values.push_back(entry_value(entry));
      out->sub_keys.push_back(sub_key);
      out->origins.push_back(origin);
      --limit;
    }
    place = runs_.Next(run, place);
  }
}

void OrderedTable::ScanRangeReverse(SlotId slot,
                                    const SubKeyRange& range,
                                    std::size_t limit,
                                    std::uint32_t origin,
                                    OrderedRows* out) const {
  if (slot == kNoSlot) {
    return;
  }
  const RunOfRows& run = run_of(slot);
  EntryRuns::Place place = range.end ? runs_.LowerBound(run, *range.end) : runs_.End(run);
  while (limit > 0 && runs_.Previous(run, &place)) {
    const std::uint8_t* const entry = runs_.At(run, place);
    const std::string_view sub_key = shape_.entry.KeyOf(entry);
    if (sub_key < range.begin) {
      return;
    }
    if (IsLiveEntry(entry)) {
      out->values.push_back(entry_value(entry));
      out->sub_keys.push_back(sub_key);
      out->origins.push_back(origin);
      --limit;
    }
  }
}

}  // namespace thalweg::state
