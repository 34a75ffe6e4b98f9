// SPDX-License-Identifier: Apache-2.0
//
// What all kinds of table share: one row per key, found through an index, with the bookkeeping that
// lets a snapshot be taken while the rows go on changing.
//
//   row:  hash u32 | meta u32 | [last write, seconds u32, 4 free] | key | value
//
// meta is the epoch of the last write and flags. The epoch is the number of the freeze that will
// take the row; so "is this row in the current dirty list?" is one comparison. A row that is erased
// while a run or the spill may hold it stays as a dead row until its tombstone is durable.
#ifndef THALWEG_STATE_KEYED_ROWS_H_
#define THALWEG_STATE_KEYED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/coding.h"
#include "base/ids.h"
#include "columnar/key_codec.h"
#include "state/row_layout.h"
#include "state/row_pages.h"
#include "state/slot.h"
#include "state/slot_index.h"
#include "state/string_slabs.h"

namespace thalweg::state {

class FrozenPart;
class SpillGate;

/// What the tables of one task have in common; owned by the TaskState.
struct TableContext {
  KeyGroupRange range;
  std::uint32_t key_group_count = 0;
  std::uint32_t epoch = 1;          // Of writes made now.
  std::uint32_t durable_epoch = 0;  // All epochs up to here are durable.
  bool copying = false;             // The rows of epoch - 1 are still being copied.
  std::uint32_t now_seconds = 0;    // Processing time, since the Unix epoch.
  SpillGate* spill = nullptr;       // Null: nothing is ever spilled.
};

/// How rows of a table are made up.
struct RowShape {
  std::size_t key_stride = 0;  // Bytes of every key; 0: a StateString.
  bool has_ttl = false;
  std::uint32_t ttl_seconds = 0;
  std::uint32_t key_offset = 0;
  std::uint32_t value_offset = 0;
  std::uint32_t stride = 0;

  static RowShape Of(std::size_t key_stride, std::size_t value_size, std::uint32_t ttl_seconds);

  std::string_view KeyOf(const std::uint8_t* row) const {
    return key_stride != 0
               ? std::string_view(reinterpret_cast<const char*>(row) + key_offset, key_stride)
               : reinterpret_cast<const StateString*>(row + key_offset)->view();
  }
};

/// The `meta` word of rows and of entries in ordered tables.
namespace meta {
inline constexpr std::uint32_t kFresh = 1;   // In no run and not spilled: may go without tombstone.
inline constexpr std::uint32_t kDead = 2;    // Erased; stands for a tombstone.
inline constexpr std::uint32_t kCopied = 4;  // The freeze of this epoch has its copy.
inline constexpr std::uint32_t kFree = 8;    // The slot is unused.
inline constexpr int kEpochShift = 4;
inline constexpr std::uint32_t kEpochMax = 0xFFFFFFFFU >> kEpochShift;

constexpr std::uint32_t EpochOf(std::uint32_t word) {
  return word >> kEpochShift;
}
constexpr std::uint32_t Make(std::uint32_t epoch, std::uint32_t flags) {
  return (epoch << kEpochShift) | flags;
}
}  // namespace meta

/// A subset of the rows of a batch; empty with `all` set means every row.
struct RowSelection {
  std::span<const std::uint32_t> rows;
  bool all = true;

  RowSelection() = default;
  RowSelection(std::span<const std::uint32_t> selected) : rows(selected), all(false) {}  // NOLINT
  std::size_t count(std::size_t batch_rows) const { return all ? batch_rows : rows.size(); }
  std::size_t row(std::size_t i) const { return all ? i : rows[i]; }
};

class KeyedRows {
 public:
  KeyedRows(TableContext& context,
            const RowShape& shape,
            std::vector<std::uint32_t> string_offsets);
  virtual ~KeyedRows();
  KeyedRows(const KeyedRows&) = delete;
  KeyedRows& operator=(const KeyedRows&) = delete;

  /// Finds the slot of each key, and makes an initial row (all zero) for each key that has none.
  /// `slots` has one entry per selected row. Pointers to rows are invalid afterwards.
  Residency Resolve(const columnar::EncodedKeys& keys,
                    std::span<SlotId> slots,
                    RowSelection selection = {});
  /// The same without making rows: kNoSlot for keys that have none.
  Residency Find(const columnar::EncodedKeys& keys,
                 std::span<SlotId> slots,
                 RowSelection selection = {});

  std::string_view key(SlotId slot) const { return shape_.KeyOf(pages_.row(slot)); }
  std::uint32_t stored_hash(SlotId slot) const {
    return LoadFixed<std::uint32_t>(pages_.row(slot));
  }
  /// Live rows, dead ones excluded.
  std::size_t size() const { return live_count_; }
  StringSlabs& strings() { return *slabs_; }

 protected:
  TableContext& context_;
  const RowShape shape_;
  const std::vector<std::uint32_t> string_offsets_;  // In the row.
  RowPages pages_;
  SlotIndex index_;
  std::shared_ptr<StringSlabs> slabs_;
  std::size_t live_count_ = 0;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_KEYED_ROWS_H_
