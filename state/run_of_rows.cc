// SPDX-License-Identifier: Apache-2.0
#include "state/run_of_rows.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace thalweg::state {

std::uint8_t* EntryRuns::At(const RunOfRows& run, Place place) const {
  const std::span<const Segment> segments = Segments(run);
  if (place.segment >= segments.size() || place.index >= segments[place.segment].count) {
    return nullptr;
  }
  return entry(segments[place.segment], place.index);
}

EntryRuns::Place EntryRuns::LowerBound(const RunOfRows& run, std::string_view sub_key) const {
  const std::span<const Segment> segments = Segments(run);
  const auto segment =
      std::partition_point(segments.begin(), segments.end(), [&](const Segment& s) {
        return shape_.KeyOf(entry(s, s.count - 1)) < sub_key;
      });
  if (segment == segments.end()) {
    return End(run);
  }
  std::size_t begin = 0;
  std::size_t end = segment->count;
  while (begin < end) {
    const std::size_t middle = (begin + end) / 2;
    if (shape_.KeyOf(entry(*segment, middle)) < sub_key) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return {static_cast<std::size_t>(segment - segments.begin()), begin};
}

EntryRuns::Place EntryRuns::End(const RunOfRows& run) const {
  const std::span<const Segment> segments = Segments(run);
  return segments.empty() ? Place() : Place{segments.size() - 1, segments.back().count};
}

EntryRuns::Place EntryRuns::Next(const RunOfRows& run, Place place) const {
  const std::span<const Segment> segments = Segments(run);
  if (place.index + 1 < segments[place.segment].count || place.segment + 1 == segments.size()) {
    return {place.segment, place.index + 1};
  }
  return {place.segment + 1, 0};
}

bool EntryRuns::Previous(const RunOfRows& run, Place* place) const {
  if (place->index > 0) {
    --place->index;
    return true;
  }
  if (place->segment == 0) {
    return false;
  }
  --place->segment;
  place->index = Segments(run)[place->segment].count - 1;
  return true;
}

void EntryRuns::GrowWhole(RunOfRows& run) {
  Segment& whole = run.whole;
  const std::uint32_t capacity = std::max(1U, whole.capacity * 2);
  std::uint8_t* const data = AllocateEntries(capacity);
  if (whole.capacity > 0) {
    std::memcpy(data, whole.data, std::size_t{whole.count} * shape_.stride);
    FreeSegment(whole);
  }
  whole.data = data;
  whole.capacity = capacity;
}

void EntryRuns::InsertSegment(RunOfRows& run, std::size_t at, const Segment& segment) {
  Segment& list = run.whole;
  if (list.count == list.capacity) {
    const std::uint32_t capacity = std::max(4U, list.capacity * 2);
    std::uint8_t* const data = pieces_.Allocate(capacity * sizeof(Segment));
    if (list.capacity > 0) {
      std::memcpy(data, list.data, list.count * sizeof(Segment));
      pieces_.Free(list.data, list.capacity * sizeof(Segment));
    }
    list.data = data;
    list.capacity = capacity;
  }
  auto* const segments = reinterpret_cast<Segment*>(list.data);
  std::memmove(segments + at + 1, segments + at, (list.count - at) * sizeof(Segment));
  segments[at] = segment;
  ++list.count;
}

std::uint8_t* EntryRuns::InsertAt(RunOfRows& run, Place place) {
  if (run.is_blocked == 0 && run.whole.count == run.whole.capacity) {
    if (run.whole.capacity < kBlockEntries) {
      GrowWhole(run);
    } else {
      const Segment first = run.whole;
      run.whole = {};
      run.is_blocked = 1;
      InsertSegment(run, 0, first);
    }
  }
  if (run.is_blocked != 0) {
    const Segment full = Segments(run)[place.segment];
    if (full.count == full.capacity) {
      // A run that only grows at its end keeps full blocks; else a block is cut in the middle.
      const bool at_end = place.segment + 1 == Segments(run).size() && place.index == full.count;
      const std::uint32_t kept = at_end ? full.count : full.count / 2;
      const Segment next{AllocateEntries(kBlockEntries), full.count - kept, kBlockEntries};
      std::memcpy(next.data, entry(full, kept), std::size_t{next.count} * shape_.stride);
      Segments(run)[place.segment].count = kept;
      InsertSegment(run, place.segment + 1, next);
      if (at_end || place.index > kept) {
        place = {place.segment + 1, place.index - kept};
      }
    }
  }
  Segment& segment = run.is_blocked != 0 ? Segments(run)[place.segment] : run.whole;
  std::uint8_t* const inserted = entry(segment, place.index);
  std::memmove(inserted + shape_.stride, inserted, (segment.count - place.index) * shape_.stride);
  ++segment.count;
  ++run.entry_count;
  return inserted;
}

void EntryRuns::EraseAt(RunOfRows& run, Place place) {
  Segment& segment = Segments(run)[place.segment];
  std::uint8_t* const erased = entry(segment, place.index);
  std::memmove(erased,
               erased + shape_.stride,
               (segment.count - place.index - 1) * std::size_t{shape_.stride});
  --segment.count;
  --run.entry_count;
  if (segment.count == 0) {
    DropEmpty(run);
  }
}

void EntryRuns::DropEmpty(RunOfRows& run) {
  if (run.entry_count == 0) {
    // A whole of no entries is not among Segments(); its piece still is to be freed.
    if (run.is_blocked == 0 && run.whole.capacity > 0) {
      FreeSegment(run.whole);
      run = {};
    } else {
      Clear(run);
    }
    return;
  }
  if (run.is_blocked == 0) {
    return;
  }
  auto* const segments = reinterpret_cast<Segment*>(run.whole.data);
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < run.whole.count; ++i) {
    if (segments[i].count == 0) {
      FreeSegment(segments[i]);
    } else {
      segments[kept++] = segments[i];
    }
  }
  run.whole.count = kept;
}

void EntryRuns::Clear(RunOfRows& run) {
  if (run.is_blocked != 0) {
    for (const Segment& segment : Segments(run)) {
      FreeSegment(segment);
    }
    pieces_.Free(run.whole.data, run.whole.capacity * sizeof(Segment));
  } else if (run.whole.capacity > 0) {
    FreeSegment(run.whole);
  }
  run = {};
}

}  // namespace thalweg::state
