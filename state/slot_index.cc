// SPDX-License-Identifier: Apache-2.0
#include "state/slot_index.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include <sys/mman.h>

#include "base/check.h"

namespace thalweg::state {
namespace {

constexpr int kFirstShift = 64 - 3;  // 8 lines: 512 bytes for the smallest table.
// Above this many lines (about 340 k entries) an index grows step by step.
constexpr std::size_t kGrowAtOnceLines = std::size_t{1} << 16;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
// An index with fewer entries says nothing about how large it will become.
constexpr std::size_t kExpectFrom = 2048;

// Fuller than 65 % and chains get long.
std::size_t GrowAt(std::size_t line_count) {
  return line_count * 8 * 65 / 100;
}

// Zeroed memory in huge pages, which cost nothing before they are touched.
void* MapHuge(std::size_t bytes) {
  const std::size_t with_slack = bytes + kHugePage;
  void* const mapped = mmap(nullptr,
                            with_slack,
                            PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                            -1,
                            0);
  CHECK(mapped != MAP_FAILED);
  auto* const begin = static_cast<std::uint8_t*>(mapped);
  const std::size_t before =
      (kHugePage - reinterpret_cast<std::uintptr_t>(begin) % kHugePage) % kHugePage;
  if (before > 0) {
    munmap(begin, before);
  }
  munmap(begin + before + bytes, kHugePage - before);
  madvise(begin + before, bytes, MADV_HUGEPAGE);
  return begin + before;
}

}  // namespace

void SlotIndex::FreeLines::operator()(Line* lines) const {
  if (mapped_bytes > 0) {
    munmap(lines, mapped_bytes);
  } else {
    std::free(lines);
  }
}

SlotIndex::Lines SlotIndex::Allocate(int shift) {
  const std::size_t bytes = LineCount(shift) * sizeof(Line);
  if (bytes >= kHugePage) {
    return Lines(static_cast<Line*>(MapHuge(bytes)), FreeLines(bytes));
  }
  void* const memory = std::aligned_alloc(sizeof(Line), bytes);
  CHECK(memory != nullptr);
  std::memset(memory, 0, bytes);
  return Lines(static_cast<Line*>(memory));
}

SlotIndex::SlotIndex()
    : lines_(Allocate(kFirstShift)),
      shift_(kFirstShift),
      grow_at_(GrowAt(LineCount(kFirstShift))) {}
SlotIndex::~SlotIndex() = default;
SlotIndex::SlotIndex(SlotIndex&&) noexcept = default;
SlotIndex& SlotIndex::operator=(SlotIndex&&) noexcept = default;

std::size_t SlotIndex::bytes() const {
  return (LineCount(shift_) + (old_lines_ == nullptr ? 0 : LineCount(old_shift_))) * sizeof(Line);
}

void SlotIndex::InsertIn(Line* lines, int shift, std::uint32_t tag, SlotId slot) {
  const std::size_t mask = LineCount(shift) - 1;
  for (std::size_t at = LineOf(tag, shift);; at = (at + 1) & mask) {
    Line& line = lines[at];
    if (line.tags[7] == 0) {
      const int place = std::countr_zero(Matches(line, 0));
      line.tags[place] = tag;
      line.slots[place] = slot;
      return;
    }
  }
}

void SlotIndex::Insert(std::uint32_t hash, SlotId slot) {
  if (size_ >= grow_at_) [[unlikely]] {
    int shift = shift_ - 1;
    while (size_ >= kExpectFrom && GrowAt(LineCount(shift)) < expected_) {
      --shift;
    }
    Grow(shift);
  }
  InsertIn(lines_.get(), shift_, Tag(hash), slot);
  ++size_;
}

bool SlotIndex::EraseIn(Line* lines, int shift, std::uint32_t tag, SlotId slot) {
  const std::size_t mask = LineCount(shift) - 1;
  std::size_t at = LineOf(tag, shift);
  int place = -1;
  for (;; at = (at + 1) & mask) {
    Line& line = lines[at];
    for (unsigned matches = Matches(line, tag); matches != 0; matches &= matches - 1) {
      if (line.slots[std::countr_zero(matches)] == slot) {
        place = std::countr_zero(matches);
      }
    }
    if (place >= 0) {
      break;
    }
    if (line.tags[7] == 0) {
      return false;
    }
  }
  // A full line may have sent entries on to later lines. Bring one back into the hole, and so on,
  // so that a line with a free place always ends a search.
  for (;;) {
    Line& hole = lines[at];
    const bool was_full = hole.tags[7] != 0;
    std::size_t from = at;
    int from_place = -1;
    while (was_full && from_place < 0) {
      from = (from + 1) & mask;
      const Line& next = lines[from];
      for (int i = 0; i < 8 && next.tags[i] != 0; ++i) {
        const std::size_t home = LineOf(next.tags[i], shift);
        // Entries whose home lies cyclically in (at, from] do not need the hole's line.
        if (((from - home) & mask) >= ((from - at) & mask)) {
          from_place = i;
          break;
        }
      }
      if (from_place < 0 && next.tags[7] == 0) {
        break;
      }
    }
    if (from_place < 0) {
      int last = 7;
      while (hole.tags[last] == 0) {
        --last;
      }
      hole.tags[place] = hole.tags[last];
      hole.slots[place] = hole.slots[last];
      hole.tags[last] = 0;
      return true;
    }
    hole.tags[place] = lines[from].tags[from_place];
    hole.slots[place] = lines[from].slots[from_place];
    at = from;
    place = from_place;
  }
}

bool SlotIndex::MarkErased(Line* lines, int shift, std::uint32_t tag, SlotId slot) {
  const std::size_t mask = LineCount(shift) - 1;
  for (std::size_t at = LineOf(tag, shift);; at = (at + 1) & mask) {
    Line& line = lines[at];
    for (unsigned matches = Matches(line, tag); matches != 0; matches &= matches - 1) {
      SlotId& found = line.slots[std::countr_zero(matches)];
      if (found == slot) {
        found = kNoSlot;
        return true;
      }
    }
    if (line.tags[7] == 0) {
      return false;
    }
  }
}

void SlotIndex::Erase(std::uint32_t hash, SlotId slot) {
  const std::uint32_t tag = Tag(hash);
  bool found = EraseIn(lines_.get(), shift_, tag, slot);
  if (old_lines_ != nullptr) {
    found |= MarkErased(old_lines_.get(), old_shift_, tag, slot);
  }
  CHECK(found);
  --size_;
}

void SlotIndex::Grow(int shift) {
  if (old_lines_ != nullptr) {
    Migrate(LineCount(old_shift_) * 8);
  }
  old_lines_ = std::exchange(lines_, Allocate(shift));
  old_shift_ = std::exchange(shift_, shift);
  migrated_ = 0;
  grow_at_ = GrowAt(LineCount(shift_));
  if (LineCount(old_shift_) <= kGrowAtOnceLines) {
    Migrate(LineCount(old_shift_) * 8);
  }
}

void SlotIndex::Migrate(std::size_t rows) {
  if (old_lines_ == nullptr) {
    return;
  }
  // One line per two rows is done long before the new lines can fill up.
  const std::size_t end = std::min(LineCount(old_shift_), migrated_ + rows / 2 + 8);
  auto move = [this](std::uint32_t tag, SlotId slot) { InsertIn(lines_.get(), shift_, tag, slot); };
  ForEachIn(old_lines_.get(), migrated_, end, move);
  migrated_ = end;
  if (migrated_ == LineCount(old_shift_)) {
    old_lines_.reset();
  }
}

void SlotIndex::Reserve(std::size_t count) {
  int shift = shift_;
  while (GrowAt(LineCount(shift)) < count) {
    --shift;
  }
  if (shift != shift_) {
    Grow(shift);
    Migrate(LineCount(old_shift_) * 8);
  }
}

}  // namespace thalweg::state
