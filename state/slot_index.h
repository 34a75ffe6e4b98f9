// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_SLOT_INDEX_H_
#define THALWEG_STATE_SLOT_INDEX_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <emmintrin.h>

#include "state/slot.h"

namespace thalweg::state {

/// From stored hashes to slots: the index of a table.
///
/// One cache line holds 8 hashes and 8 slots; a look-up compares all 8 at once and nearly always
/// touches one line. Lines are chosen by the hash re-multiplied, as keys of one task share upper
/// bits. A large index grows step by step: the old lines stay readable while entries move over,
/// so that no batch pays for a whole rehash. Growth never looks at rows.
class SlotIndex {
  struct alignas(64) Line {
    std::uint32_t tags[8];   // 0: free. Used places come first.
    std::uint32_t slots[8];  // In old lines kNoSlot: erased since.
  };

 public:
  SlotIndex();
  ~SlotIndex();
  SlotIndex(SlotIndex&&) noexcept;
  SlotIndex& operator=(SlotIndex&&) noexcept;

  /// Looks at the place where an entry most probably is. To be held by value in a local variable,
  /// as RowPages::View; valid until the next change of the index.
  class Probe {
   public:
    void Prefetch(std::uint32_t hash) const {
      __builtin_prefetch(&lines_[LineOf(Tag(hash), shift_)]);
    }
    /// A slot that probably is the one of `hash`, or kNoSlot when there is none or Find() must look
    /// further.
    SlotId Guess(std::uint32_t hash) const {
      const std::uint32_t tag = Tag(hash);
      const Line& line = lines_[LineOf(tag, shift_)];
      const unsigned matches = Matches(line, tag);
      return matches == 0 ? kNoSlot : line.slots[std::countr_zero(matches)];
    }
    /// True: no entry has this hash, so that Find() need not be asked.
    bool IsCertainlyAbsent(std::uint32_t hash) const {
      const std::uint32_t tag = Tag(hash);
      const Line& line = lines_[LineOf(tag, shift_)];
      return is_whole_ && line.tags[7] == 0 && Matches(line, tag) == 0;
    }

   private:
    friend class SlotIndex;
    Probe(const Line* lines, int shift, bool is_whole)
        : lines_(lines), shift_(shift), is_whole_(is_whole) {}

    const Line* lines_;
    int shift_;
    bool is_whole_;  // There are no old lines.
  };
  Probe probe() const { return {lines_.get(), shift_, old_lines_ == nullptr}; }

  /// The first slot with that hash for which is_key(slot), else kNoSlot.
  template <class IsKey>
  SlotId Find(std::uint32_t hash, IsKey&& is_key) const {
    const std::uint32_t tag = Tag(hash);
    const SlotId slot = FindIn(lines_.get(), shift_, tag, is_key);
    return slot != kNoSlot || old_lines_ == nullptr
               ? slot
               : FindIn(old_lines_.get(), old_shift_, tag, is_key);
  }

  /// Adds an entry. REQUIRES: no entry with this slot is there.
  void Insert(std::uint32_t hash, SlotId slot);
  /// Removes the entry. REQUIRES: it is there.
  void Erase(std::uint32_t hash, SlotId slot);
  /// Moves a share of the entries that still wait in the old lines; cheap when none do. Called once
  /// per batch with the number of its rows.
  void Migrate(std::size_t rows);
  /// Makes room for `count` entries at once.
  void Reserve(std::size_t count);
  /// About so many entries are to be expected: an index that has become somewhat large grows to
  /// that size at one go instead of doubling again and again.
  void Expect(std::size_t count) { expected_ = count; }

  /// Calls visit(hash, slot) for each entry, in no order that means anything.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    ForEachIn(lines_.get(), 0, LineCount(shift_), visit);
    if (old_lines_ != nullptr) {
      ForEachIn(old_lines_.get(), migrated_, LineCount(old_shift_), visit);
    }
  }

  std::size_t size() const { return size_; }
  std::size_t bytes() const;

 private:
  struct FreeLines {
    FreeLines() : mapped_bytes(0) {}
    explicit FreeLines(std::size_t bytes) : mapped_bytes(bytes) {}
    void operator()(Line* lines) const;

    std::size_t mapped_bytes;  // 0: from the heap.
  };
  using Lines = std::unique_ptr<Line[], FreeLines>;

  // A hash of 0 would look like a free place.
  static std::uint32_t Tag(std::uint32_t hash) { return hash + (hash == 0); }
  static std::size_t LineOf(std::uint32_t tag, int shift) {
    return static_cast<std::size_t>((std::uint64_t{tag} * 0x9E3779B97F4A7C15U) >> shift);
  }
  static std::size_t LineCount(int shift) { return std::size_t{1} << (64 - shift); }
  static unsigned Matches(const Line& line, std::uint32_t tag) {
    const __m128i wanted = _mm_set1_epi32(static_cast<int>(tag));
    const auto* tags = reinterpret_cast<const __m128i*>(line.tags);
    const __m128i low = _mm_cmpeq_epi32(_mm_load_si128(tags), wanted);
    const __m128i high = _mm_cmpeq_epi32(_mm_load_si128(tags + 1), wanted);
    const __m128i words = _mm_packs_epi32(low, high);
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(words, words))) & 0xFFU;
  }
  template <class IsKey>
  static SlotId FindIn(const Line* lines, int shift, std::uint32_t tag, IsKey& is_key) {
    const std::size_t mask = LineCount(shift) - 1;
    for (std::size_t at = LineOf(tag, shift);; at = (at + 1) & mask) {
      const Line& line = lines[at];
      for (unsigned matches = Matches(line, tag); matches != 0; matches &= matches - 1) {
        const SlotId slot = line.slots[std::countr_zero(matches)];
        if (slot != kNoSlot && is_key(slot)) {
          return slot;
        }
      }
      if (line.tags[7] == 0) {
        return kNoSlot;
      }
    }
  }
  template <class Visit>
  static void ForEachIn(const Line* lines, std::size_t begin, std::size_t end, Visit& visit) {
    for (std::size_t at = begin; at < end; ++at) {
      for (int i = 0; i < 8 && lines[at].tags[i] != 0; ++i) {
        if (lines[at].slots[i] != kNoSlot) {
          visit(lines[at].tags[i], lines[at].slots[i]);
        }
      }
    }
  }
  static Lines Allocate(int shift);
  static void InsertIn(Line* lines, int shift, std::uint32_t tag, SlotId slot);
  static bool EraseIn(Line* lines, int shift, std::uint32_t tag, SlotId slot);
  static bool MarkErased(Line* lines, int shift, std::uint32_t tag, SlotId slot);
  void Grow(int shift);

  Lines lines_;
  int shift_;  // 64 minus the logarithm of the line count.
  std::size_t size_ = 0;
  std::size_t grow_at_;
  std::size_t expected_ = 0;
  // While growing: lines before migrated_ are copied, but stay for look-ups that pass over them.
  Lines old_lines_;
  int old_shift_ = 0;
  std::size_t migrated_ = 0;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_SLOT_INDEX_H_
