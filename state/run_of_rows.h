// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_RUN_OF_ROWS_H_
#define THALWEG_STATE_RUN_OF_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "state/row_shape.h"
#include "state/string_slabs.h"

namespace thalweg::state {

/// Entries that lie behind each other, or (in a run of blocks) the list of blocks.
struct Segment {
  std::uint8_t* data;
  std::uint32_t count;
  std::uint32_t capacity;
};

/// The ordered entries of one key: the value of the key's row. All zero: no entries.
///
/// Few entries lie in one piece that doubles as it fills. More than kBlockEntries lie in blocks of
/// that many, so that neither the slack nor the copying of an insert grows with the run.
struct RunOfRows {
  Segment whole;              // Or the list of blocks, whose data are Segments.
  std::uint32_t entry_count;  // Dead ones included.
  std::uint32_t dead_count;
  std::uint32_t is_blocked;  // 0 or 1.
  std::uint32_t unused;
};
static_assert(sizeof(RunOfRows) == 32);

/// The operations on runs of one table. Does not look into values.
class EntryRuns {
 public:
  static constexpr std::uint32_t kBlockEntries = 64;

  /// A place in a run: before entry `index` of segment `segment`. At the end of a run: behind the
  /// last entry of the last segment.
  struct Place {
    std::size_t segment = 0;
    std::size_t index = 0;
  };

  explicit EntryRuns(const RowShape& shape) : shape_(shape) {}

  static std::span<Segment> Segments(RunOfRows& run) {
    return run.is_blocked != 0
               ? std::span<Segment>(reinterpret_cast<Segment*>(run.whole.data), run.whole.count)
               : std::span<Segment>(&run.whole, run.whole.count == 0 ? 0 : 1);
  }
  static std::span<const Segment> Segments(const RunOfRows& run) {
    return Segments(const_cast<RunOfRows&>(run));
  }

  std::uint8_t* entry(const Segment& segment, std::size_t index) const {
    return segment.data + index * shape_.stride;
  }
  /// Null at the end of the run.
  std::uint8_t* At(const RunOfRows& run, Place place) const;

  /// The first entry whose sub-key is not less than `sub_key`.
  Place LowerBound(const RunOfRows& run, std::string_view sub_key) const;
  Place End(const RunOfRows& run) const;
  /// The place behind; REQUIRES: not at the end.
  Place Next(const RunOfRows& run, Place place) const;
  /// The same place, after an EraseAt() there, as At() wants it: not behind a segment's last entry
  /// while another segment follows.
  Place Normalize(const RunOfRows& run, Place place) const {
    const std::span<const Segment> segments = Segments(run);
    return place.segment + 1 < segments.size() && place.index >= segments[place.segment].count
               ? Place{place.segment + 1, 0}
               : place;
  }
  /// False: `place` is the begin of the run.
  bool Previous(const RunOfRows& run, Place* place) const;
  bool IsAt(const RunOfRows& run, Place place, std::string_view sub_key) const {
    const std::uint8_t* const found = At(run, place);
    return found != nullptr && shape_.KeyOf(found) == sub_key;
  }

  /// Makes room for an entry there and returns it, undefined.
  std::uint8_t* InsertAt(RunOfRows& run, Place place);
  /// Takes the entry out.
  void EraseAt(RunOfRows& run, Place place);
  /// Frees all pieces; the run is empty then.
  void Clear(RunOfRows& run);
  /// Moves the entries for which keep(entry) is true together and frees what is empty then.
  template <class Keep>
  void Compact(RunOfRows& run, Keep&& keep) {
    std::uint32_t kept = 0;
    for (Segment& segment : Segments(run)) {
      std::uint32_t to = 0;
      for (std::uint32_t from = 0; from < segment.count; ++from) {
        std::uint8_t* const moved = entry(segment, from);
        if (keep(moved)) {
          if (to != from) {
            std::memcpy(entry(segment, to), moved, shape_.stride);
          }
          ++to;
        }
      }
      segment.count = to;
      kept += to;
    }
    run.entry_count = kept;
    DropEmpty(run);
  }

  std::size_t used_bytes() const { return pieces_.used_bytes(); }

 private:
  std::uint8_t* AllocateEntries(std::uint32_t capacity) {
    return pieces_.Allocate(std::size_t{capacity} * shape_.stride);
  }
  void FreeSegment(const Segment& segment) {
    pieces_.Free(segment.data, std::size_t{segment.capacity} * shape_.stride);
  }
  void GrowWhole(RunOfRows& run);
  void InsertSegment(RunOfRows& run, std::size_t at, const Segment& segment);
  void DropEmpty(RunOfRows& run);

  const RowShape shape_;
  StringSlabs pieces_;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_RUN_OF_ROWS_H_
