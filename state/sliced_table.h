// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_SLICED_TABLE_H_
#define THALWEG_STATE_SLICED_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "proto/checkpoint.pb.h"
#include "state/slice_scan.h"
#include "state/slot.h"
#include "state/table_spec.h"
#include "state/value_table.h"

namespace thalweg::state {

/// One ValueTable per slice of time: what windows are made of. Firing and dropping a slice never
/// walks the keys of others, and a dropped slice needs no tombstones.
///
/// A scan gives the rows of a slice in an order that is a function of their keys alone (by hash,
/// then key bytes). How far it has come is part of the state: after a restore, also at another
/// parallelism, it goes on behind the last row given before the barrier.
class SlicedTable {
 public:
  SlicedTable(TableContext& context, const TableSpec& spec);
  ~SlicedTable();

  const RowLayout& layout() const { return layout_; }

  /// The slice that ends at `slice_end`, made if it is not there. The reference holds until
  /// Drop(). REQUIRES: Scan() has not been called for it. A scan that a restore cut short may take
  /// rows of key groups that it had not come to, until it is taken up again.
  ValueTable& Slice(std::int64_t slice_end);
  /// Null when there is none.
  ValueTable* FindSlice(std::int64_t slice_end);
  /// Ends of all live slices, ascending. A slice lives until Drop(), even when it has no rows.
  std::vector<std::int64_t> Slices() const;
  std::optional<std::int64_t> first_slice() const;

  /// Gives the next rows of the slice, at most `limit`, replacing `slots`. They are not to be
  /// written. The rows given count as done at the next barrier: emit them before it. A slice that
  /// is not there is kEnd.
  ScanResult Scan(std::int64_t slice_end, std::size_t limit, std::vector<SlotId>* slots);
  /// True from the first Scan() until Drop(), also after a restore in between.
  bool IsScanning(std::int64_t slice_end) const;

  /// Forgets the slice; no effect when there is none.
  void Drop(std::int64_t slice_end);

  // ---- For the TaskState.

  void set_table(std::uint32_t number);
  /// Writes slices and scans into the table's schema.
  void Describe(proto::TableSchema* schema) const;
  /// Takes over slices and scans of one old task, whose range is given.
  void Restore(const proto::TableSchema& schema, KeyGroupRange old_range);
  /// A slice was made anew that older runs may hold rows of: the next snapshot must do without
  /// them.
  bool needs_base() const { return needs_base_; }
  /// No older run counts any more, or none holds rows of a dropped slice.
  void ForgetDropped();
  /// Calls visit(ValueTable&) for each live slice, and for dropped ones that a freeze under way
  /// still copies.
  template <class Visit>
  void ForEachTable(Visit&& visit) {
    for (auto& [end, live] : live_) {
      visit(live.table());
    }
    for (Live& dropped : dropped_) {
      visit(dropped.table());
    }
  }
  /// Frees dropped slices that no freeze needs any more.
  void ReleaseDropped();

 private:
  struct Live {
    std::unique_ptr<ValueTable> rows;
    bool is_scanning = false;
    std::vector<proto::SliceDone> done;  // From a restore, until the scan takes them.
    std::unique_ptr<SliceScan> scan;     // Null after a restore, until the next Scan().

    ValueTable& table() { return *rows; }
  };
  Live& Open(std::int64_t slice_end);

  TableContext& context_;
  const TableSpec spec_;
  const RowLayout layout_;
  std::uint32_t number_ = 0;
  std::map<std::int64_t, Live> live_;
  std::vector<Live> dropped_;
  std::optional<std::int64_t> dropped_through_;
  std::size_t expected_rows_ = 0;  // Of a slice: as many as the last dropped one had.
  bool needs_base_ = false;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_SLICED_TABLE_H_
