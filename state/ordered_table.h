// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_ORDERED_TABLE_H_
#define THALWEG_STATE_ORDERED_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "columnar/byte_rows.h"
#include "state/keyed_rows.h"
#include "state/row_buffer.h"
#include "state/row_layout.h"
#include "state/run_of_rows.h"
#include "state/table_spec.h"

namespace thalweg::state {

/// One row of an ordered table. Both point into the table: valid until its next change.
struct OrderedRow {
  std::string_view sub_key;
  const std::uint8_t* value;
};

/// What a scan found. Row i belongs to the slot at position origins[i] of the scanned slots.
struct OrderedRows {
  std::vector<const std::uint8_t*> values;
  std::vector<std::string_view> sub_keys;
  std::vector<std::uint32_t> origins;

  void Clear();
};

/// Where a scan goes on.
struct ScanPosition {
  std::size_t origin = 0;  // Position in the scanned slots.
  std::size_t row = 0;     // Rows of that slot already given.
};

/// Sub-keys from `begin` (inclusive) to `end` (exclusive); no `end`: to the last one.
struct SubKeyRange {
  std::string_view begin;
  std::optional<std::string_view> end;
};

/// Key -> rows ordered by a sub-key (bytes, compared by memcmp; columnar::OrderedCodec makes them).
///
/// A key's rows lie in one piece of memory while they are few, so that a probe reads them at one
/// go, and in blocks when they are many. Rows given by Append() have a running number per key as
/// sub-key: the order of insertion, which a restore keeps.
///
/// First Resolve() or Find() the keys, then work on slots; kNoSlot is allowed and means no rows.
/// Used by the task's thread only.
class OrderedTable final : public KeyedRows {
 public:
  OrderedTable(TableContext& context, const TableSpec& spec);
  ~OrderedTable() override;

  /// Of the rows' values.
  const RowLayout& layout() const { return layout_; }

  /// Adds rows.row(i) behind the rows of slots[i].
  void Append(std::span<const SlotId> slots, const RowBuffer& rows);
  /// Inserts rows.row(i) under sub_keys[i], or replaces the row that is there.
  void Put(std::span<const SlotId> slots,
           const columnar::ByteRows& sub_keys,
           const RowBuffer& rows);
  /// The value under the sub-key for writing in place, an initial one if there was none (then
  /// *created is true). Valid until the table's next change. Long strings are changed through
  /// strings().Assign().
  std::uint8_t* Edit(SlotId slot, std::string_view sub_key, bool* created = nullptr);

  /// Null when there is no such row.
  const std::uint8_t* Lookup(SlotId slot, std::string_view sub_key) const;
  std::optional<OrderedRow> First(SlotId slot) const;
  std::optional<OrderedRow> Last(SlotId slot) const;
  /// The last row whose sub-key is at most `sub_key`.
  std::optional<OrderedRow> LastAtMost(SlotId slot, std::string_view sub_key) const;
  /// Rows of the key.
  std::size_t Count(SlotId slot) const;

  /// Adds the rows of all slots to `out`, slot by slot in sub-key order, at most `limit` in this
  /// call. False: more is left; call again with the same position. Nothing may change in between.
  bool Scan(std::span<const SlotId> slots,
            std::size_t limit,
            ScanPosition* position,
            OrderedRows* out) const;
  /// Adds up to `limit` rows of one slot that lie in `range`, from its begin on, or from its end on
  /// downwards; their origin is `origin`.
  void ScanRange(SlotId slot,
                 const SubKeyRange& range,
                 std::size_t limit,
                 std::uint32_t origin,
                 OrderedRows* out) const;
  void ScanRangeReverse(SlotId slot,
                        const SubKeyRange& range,
                        std::size_t limit,
                        std::uint32_t origin,
                        OrderedRows* out) const;

  /// False: there was no such row.
  bool Erase(SlotId slot, std::string_view sub_key);
  /// Erases, for each i, the first row of slots[i] whose value equals rows.row(i). found[i] is 1
  /// when there was one, else 0.
  void EraseEqual(std::span<const SlotId> slots,
                  const RowBuffer& rows,
                  std::span<std::uint8_t> found);
  /// Erases the rows in the range and tells how many they were.
  std::size_t EraseRange(SlotId slot, const SubKeyRange& range);

  // ---- For the TaskState.

  std::size_t live_bytes() const override;
  void ReleaseUnheld() override;
  /// An initial, clean entry from a run; the value is for the caller to fill. REQUIRES: the sub-key
  /// has none.
  std::uint8_t* LoadEntry(SlotId slot, std::string_view sub_key, std::uint32_t written_seconds);

 protected:
  void CopyRow(SlotId slot) override;
  void ClearValue(std::uint8_t* key_row) override;
  void OnInserted(SlotId slot) override { empty_.push_back(slot); }
  void RelabelEntries(SlotId slot, std::uint32_t dropped) override;
  void DirtyEntries(SlotId slot) override;
  void VisitImages(SlotId slot,
                   const std::function<void(const std::uint8_t*)>& visit) const override;
  bool AreEntriesEvictable(SlotId slot) const override;
  void SweepRow(SlotId slot) override;
  void ReleaseDead(SlotId slot) override;

 private:
  RunOfRows& run_of(SlotId slot) { return *reinterpret_cast<RunOfRows*>(value_of(row(slot))); }
  const RunOfRows& run_of(SlotId slot) const {
    return *reinterpret_cast<const RunOfRows*>(row(slot) + shape_.row.value_offset);
  }
  std::uint8_t* entry_value(std::uint8_t* entry) const { return entry + shape_.entry.value_offset; }
  const std::uint8_t* entry_value(const std::uint8_t* entry) const {
    return entry + shape_.entry.value_offset;
  }
  OrderedRow RowAt(const std::uint8_t* entry) const {
    return {shape_.entry.KeyOf(entry), entry_value(entry)};
  }
  bool IsLiveEntry(const std::uint8_t* entry) const;
  std::uint8_t* InsertEntry(RunOfRows& run,
                            EntryRuns::Place place,
                            std::string_view sub_key,
                            std::uint32_t meta_word);
  std::uint8_t* EditAt(SlotId slot,
                       EntryRuns::Place place,
                       std::string_view sub_key,
                       bool* created);
  void SetSubKey(std::uint8_t* entry, std::string_view sub_key);
  void SetValue(std::uint8_t* value, const std::uint8_t* from);
  void FreeStrings(std::uint8_t* value);
  void FreeSubKey(std::uint8_t* entry);
  void EraseAt(SlotId slot, EntryRuns::Place place);
  EntryRuns::Place EraseAndAdvance(SlotId slot, EntryRuns::Place place);
  std::optional<OrderedRow> LiveAtOrBefore(const RunOfRows& run, EntryRuns::Place place) const;
  template <class Visit>
  void ForEachEntry(SlotId slot, Visit&& visit);

  const RowLayout layout_;
  EntryRuns runs_;
  std::vector<SlotId> empty_;  // Keys that had no rows at some time since ReleaseUnheld().
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_ORDERED_TABLE_H_
