// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_SLICED_TABLE_H_
#define THALWEG_STATE_SLICED_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "state/slot.h"
#include "state/table_spec.h"
#include "state/value_table.h"

namespace thalweg::state {

/// What one call of a scan gave.
enum class ScanResult {
  kRows,    // Some rows; ask again for more.
  kParked,  // Spilled rows are being read; ask again after the task's wake-up.
  kEnd,     // All rows of the slice were given (by earlier calls).
};

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

  /// The slice that ends at `slice_end`, made if it is not there. The reference holds until
  /// Drop(). REQUIRES: no scan of this slice has begun.
  ValueTable& Slice(std::int64_t slice_end);
  /// Null when there is none.
  ValueTable* FindSlice(std::int64_t slice_end);
  /// Ends of all live slices, ascending. A slice lives until Drop(), even when it has no rows.
  std::vector<std::int64_t> Slices() const;
  std::optional<std::int64_t> first_slice() const;

  /// Gives the next rows of the slice, at most `limit`, replacing `slots`. They are not to be
  /// written. The rows given count as done at the next barrier: emit them before it.
  ScanResult Scan(std::int64_t slice_end, std::size_t limit, std::vector<SlotId>* slots);
  /// True from the first Scan() until Drop(), also after a restore in between.
  bool IsScanning(std::int64_t slice_end) const;

  /// Forgets the slice; no effect when there is none.
  void Drop(std::int64_t slice_end);

 private:
  struct Live;
  TableContext& context_;
  const TableSpec spec_;
  std::map<std::int64_t, std::unique_ptr<Live>> live_;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_SLICED_TABLE_H_
