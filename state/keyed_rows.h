// SPDX-License-Identifier: Apache-2.0
//
// What all kinds of table share: one row per key, found through an index, with the bookkeeping that
// lets a snapshot be taken while the rows go on changing.
//
// A row that is erased while a run or the spill may hold it stays as a dead row, which is its
// tombstone, until that is durable. Writing a row for the first time after a freeze copies it first
// if the freeze has not come to it yet.
#ifndef THALWEG_STATE_KEYED_ROWS_H_
#define THALWEG_STATE_KEYED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "columnar/hash.h"
#include "columnar/key_codec.h"
#include "state/frozen_part.h"
#include "state/row_pages.h"
#include "state/row_shape.h"
#include "state/slot.h"
#include "state/slot_index.h"
#include "state/spill.h"
#include "state/string_slabs.h"

namespace thalweg::state {

class KeyedRows;
class SliceScan;

/// A key that is not in memory but may be spilled.
struct Miss {
  std::uint32_t hash;
  std::string key;
};

/// Reads spilled rows for tables.
class SpillGate {
 public:
  virtual ~SpillGate() = default;
  /// Reads the rows of `misses` and puts them into `rows`, then wakes the task.
  virtual void Read(KeyedRows& rows, std::vector<Miss> misses) = 0;
  /// The row or entry of this image is gone: what is spilled of it must go too.
  virtual void Forget(const KeyedRows& rows, const std::uint8_t* image) = 0;
  /// Reads all spilled rows of a key group, gives them to KeyedRows::OnGroupRead(), then wakes the
  /// task.
  virtual void ReadGroup(KeyedRows& rows, KeyGroup group) = 0;
  /// All of these rows are gone.
  virtual void ForgetAll(const KeyedRows& rows) = 0;
};

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

/// Some rows of a batch; made from nothing it means all of them.
class RowSelection {
 public:
  RowSelection() = default;
  RowSelection(std::span<const std::uint32_t> rows)
      : list_(rows.data()),
        count_(rows.size()) {
  }  // NOLINT(google-explicit-constructor): a list of rows is a selection.
  /// Rows [first, first + count).
  static RowSelection Range(std::size_t first, std::size_t count) {
    RowSelection range;
    range.first_ = first;
    range.count_ = count;
    return range;
  }

  std::size_t count(std::size_t batch_rows) const { return count_ == kAll ? batch_rows : count_; }
  /// Null: the rows stand behind each other, from first() on.
  const std::uint32_t* list() const { return list_; }
  std::size_t first() const { return first_; }

 private:
  static constexpr std::size_t kAll = ~std::size_t{0};

  const std::uint32_t* list_ = nullptr;
  std::size_t first_ = 0;
  std::size_t count_ = kAll;
};

/// Base of the tables. The first part is for steps, the second for the TaskState.
class KeyedRows {
 public:
  KeyedRows(TableContext& context, ImageShape shape);
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

  std::string_view key(SlotId slot) const { return shape_.row.KeyOf(pages_.row(slot)); }
  std::uint32_t stored_hash(SlotId slot) const { return HashOf(pages_.row(slot)); }
  /// Keys that have a row in memory.
  std::size_t size() const { return live_count_; }
  StringSlabs& strings() { return *slabs_; }

  // ---- For the TaskState.

  const RowsIdentity& identity() const { return identity_; }
  void set_identity(const RowsIdentity& identity) { identity_ = identity; }
  const ImageShape& shape() const { return shape_; }
  virtual std::size_t live_bytes() const {
    return pages_.live_bytes() + slabs_->used_bytes() + index_.bytes();
  }

  /// Rows written in the current epoch, about.
  std::size_t dirty_count() const { return dirty_.size(); }
  /// Everything becomes part of the next freeze.
  void MarkAllDirty();
  /// The context's epoch has just been raised: what was dirty is frozen.
  void BeginFreeze();
  /// Copies up to `limit` frozen rows; returns how many rows were looked at, 0 when none is left.
  std::size_t CopyFrozen(std::size_t limit);
  bool has_frozen_left() const { return copy_left_; }
  /// The copies, when all are made; null when there are none.
  std::unique_ptr<FrozenPart> TakeFrozen();
  /// The freeze under way is given up; OnDropped() follows.
  void CancelCopy();
  /// The context's durable epoch was raised.
  void OnDurable();
  /// What was written in `epoch` is in no snapshot after all: it joins the current dirty rows.
  void OnDropped(std::uint32_t epoch);
  /// Looks at up to `limit` rows for expired ones and erases them; goes round and round.
  void Sweep(std::size_t limit);
  /// Frees what no step can refer to any more. Called only while no step holds slots.
  virtual void ReleaseUnheld();

  /// From now on keys of this group may be spilled: a miss must ask.
  void SetMaySpill(KeyGroup group);
  /// True: Resolve() and Find() may answer kParked.
  bool may_park() const { return !may_spill_.empty(); }
  bool MaySpill(KeyGroup group) const {
    return !may_spill_.empty() && may_spill_[group.value() - context_.range.begin] != 0;
  }
  /// A miss was answered and nothing is there: remembered until ReleaseUnheld().
  void LoadAbsent(std::uint32_t hash, std::string_view key);

  /// Calls visit(hash, slot) for every row, dead ones too, in no order that means anything.
  template <class Visit>
  void ForEachSlot(Visit&& visit) const {
    index_.ForEach(visit);
  }
  bool IsLiveRow(SlotId slot) const { return IsLive(slot); }
  void Prefetch(SlotId slot) const { __builtin_prefetch(pages_.row(slot)); }
  /// The group that a scan asked for has been read; `slots` are the rows that the spill held.
  void OnGroupRead(std::vector<SlotId> slots) { group_read_ = std::move(slots); }
  bool TakeGroup(std::vector<SlotId>* slots);
  /// The scan that goes over these rows; it says which of them are needed. Null: none.
  void set_scan(const SliceScan* scan) { scan_ = scan; }
  /// While true this object must not go, even if its slice is dropped.
  bool IsCopyingOrReading() const { return copy_left_ || part_ != nullptr || reads_under_way_ > 0; }
  /// Brackets a read of spilled rows for this object.
  void BeginRead() { ++reads_under_way_; }
  void EndRead() { --reads_under_way_; }

  std::uint32_t meta_word(SlotId slot) const { return MetaOf(pages_.row(slot)); }
  SlotId SlotOf(std::uint32_t hash, std::string_view key) const { return FindKey(hash, key); }
  /// The row was just read from the spill: it need not be written there again until it changes.
  /// kNoSlot: there is no such row.
  SlotId MarkSpilledRow(std::uint32_t hash, std::string_view key);
  bool MarkSpilled(std::uint32_t hash, std::string_view key) {
    return MarkSpilledRow(hash, key) != kNoSlot;
  }
  /// Up to `count` rows that are clean, the coldest first, as far as that is known.
  void PickEvictable(std::size_t count, std::vector<SlotId>* slots);
  /// Appends what the spill must hold of the row; nothing when it holds it already.
  void EncodeForSpill(SlotId slot, std::vector<SpillWrite>* writes) const;
  /// Frees the row if it has not changed since its meta word was `meta_word`.
  void ReleaseEvicted(SlotId slot, std::uint32_t meta_word);

  /// Makes room before a restore.
  void Reserve(std::size_t rows) { index_.Reserve(rows); }
  /// About so many rows are to be expected.
  void Expect(std::size_t rows) { index_.Expect(rows); }
  /// The key's row, made clean and initial if there is none: for what comes from a run.
  SlotId Load(std::uint32_t hash, std::string_view key, std::uint32_t written_seconds);

 protected:
  /// Copies one frozen row, or its frozen entries, to AddImage(); clears kFresh, sets kCopied.
  virtual void CopyRow(SlotId slot);
  /// Frees what the value refers to and makes it all zero.
  virtual void ClearValue(std::uint8_t* row);
  /// A row was made for a new key.
  virtual void OnInserted(SlotId /*slot*/) {}
  /// Of a frozen epoch that was dropped; the row has been touched already.
  virtual void RelabelEntries(SlotId /*slot*/, std::uint32_t /*dropped*/) {}
  /// Everything of this row is to be written again; the row has been touched already.
  virtual void DirtyEntries(SlotId /*slot*/) {}
  /// Calls visit(image) for the row, or for each entry of an ordered table's key.
  virtual void VisitImages(SlotId slot,
                           const std::function<void(const std::uint8_t*)>& visit) const;
  /// Besides the row itself: are all of its entries clean, and not too many to move at once?
  virtual bool AreEntriesEvictable(SlotId /*slot*/) const { return true; }
  /// Removes what has expired in the row or the row.
  virtual void SweepRow(SlotId slot);
  /// What became durable as erased goes; OnDurable() calls it for slots noted by NoteDead().
  virtual void ReleaseDead(SlotId slot);

  std::uint8_t* row(SlotId slot) { return pages_.row(slot); }
  const std::uint8_t* row(SlotId slot) const { return pages_.row(slot); }
  std::uint8_t* value_of(std::uint8_t* row) const { return row + shape_.row.value_offset; }
  std::uint8_t* AddImage();
  bool IsLive(SlotId slot) const {
    return (MetaOf(pages_.row(slot)) & (meta::kDead | meta::kFree)) == 0;
  }
  bool IsExpired(const std::uint8_t* row) const {
    return shape_.row.ttl_seconds != 0 &&
           LoadFixed<std::uint32_t>(row + RowShape::kWrittenOffset) + shape_.row.ttl_seconds <=
               context_.now_seconds;
  }

  bool MaySpillRow(SlotId slot) const {
    return !may_spill_.empty() &&
           MaySpill(columnar::KeyGroupOfStored(stored_hash(slot), context_.key_group_count));
  }
  SlotId FindKey(std::uint32_t hash, std::string_view key) const;
  /// A new initial row, fresh and dirty. REQUIRES: the key has no row.
  SlotId Insert(std::uint32_t hash, std::string_view key, std::uint32_t meta_word);
  void MarkDirty(SlotId slot) { dirty_.push_back(slot); }
  /// Before the first write of a row in this epoch.
  void TouchRow(SlotId slot);
  void TouchMany(std::span<const SlotId> slots);
  /// The same, and rows[i] becomes row(slots[i]) + `offset`.
  void TouchMany(std::span<const SlotId> slots, std::size_t offset, std::uint8_t** rows);
  void EraseRow(SlotId slot);
  /// Makes a dead or expired row an initial one.
  void Revive(SlotId slot);
  void NoteDead(SlotId slot) { dead_.push_back(slot); }
  /// Takes the row out of the index and frees its slot at once.
  void Release(SlotId slot);

  TableContext& context_;
  const ImageShape shape_;
  RowPages pages_;
  SlotIndex index_;
  std::shared_ptr<StringSlabs> slabs_;
  std::size_t live_count_ = 0;

 private:
  struct InFlight {
    std::uint32_t epoch;
    std::vector<SlotId> slots;  // Written in that epoch; a slot may stand there twice.
    std::vector<SlotId> dead;   // Erased in that epoch, or with entries that were.
  };
  template <bool kInsert, class Keys, class Rows>
  void ResolveWith(const Keys& keys,
                   std::span<const std::uint64_t> hashes,
                   std::span<SlotId> slots,
                   const Rows& rows);
  template <bool kInsert>
  Residency Dispatch(const columnar::EncodedKeys& keys,
                     std::span<SlotId> slots,
                     RowSelection selection);
  template <bool kInsert>
  SlotId ResolveSlowly(std::uint32_t hash, std::string_view key, bool is_absent);
  void CopyIfFrozen(SlotId slot);
  /// Does a scan stand in the row's key group, so that its slot must stay what it is?
  bool IsBeingScanned(SlotId slot) const;

  RowsIdentity identity_;
  std::vector<std::uint8_t> may_spill_;  // By key group of the range; empty: none.
  std::vector<SlotId> absent_;
  std::optional<std::vector<SlotId>> group_read_;
  const SliceScan* scan_ = nullptr;
  int reads_under_way_ = 0;
  std::vector<SlotId> dirty_;
  std::vector<SlotId> dead_;
  std::vector<SlotId> spare_;       // Empty, with memory.
  std::deque<InFlight> in_flight_;  // Oldest first.
  // The copy under way, of in_flight_.back().
  std::unique_ptr<FrozenPart> part_;
  bool copy_left_ = false;
  bool copy_by_page_ = false;  // Look at all slots in order rather than follow the list.
  std::size_t copy_at_ = 0;
  std::size_t copy_end_ = 0;
  SlotId sweep_at_ = 0;
  SlotId evict_at_ = 0;
  std::vector<std::uint8_t> flags_;     // Scratch of TouchMany(),
  std::vector<std::uint8_t*> touched_;  // and of it too.
  std::vector<Miss> misses_;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_KEYED_ROWS_H_
