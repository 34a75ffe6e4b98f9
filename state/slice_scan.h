// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_SLICE_SCAN_H_
#define THALWEG_STATE_SLICE_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "proto/checkpoint.pb.h"
#include "state/keyed_rows.h"
#include "state/slot.h"

namespace thalweg::state {

/// What one call of a scan gave.
enum class ScanResult {
  kRows,    // Some rows; ask again for more.
  kParked,  // Spilled rows are being read; ask again after the task's wake-up.
  kEnd,     // All rows of the slice were given (by earlier calls).
};

/// One way through the rows of a slice, ordered by (hash, key): key group by key group, each sorted
/// when its turn comes, so that no call sorts more than one of them.
///
/// What was given before a restore, perhaps by several tasks with other ranges, is left out.
class SliceScan {
 public:
  SliceScan(KeyedRows& rows, TableContext& context, std::vector<proto::SliceDone> done);

  ScanResult Next(std::size_t limit, std::vector<SlotId>* slots);

  /// What has been given so far, for the snapshot.
  std::vector<proto::SliceDone> Done() const;
  /// Rows of key groups before this one are needed no more, rows of the group must stay in memory.
  std::uint32_t current_group() const { return group_; }

 private:
  // A row's hash above its slot: in the order of these, rows are sorted by hash.
  using Entry = std::uint64_t;

  void Partition();
  // Sorts what is to be given of the current group. False: it is being read from the spill.
  bool OpenGroup();
  void AddToGroup(std::span<const SlotId> slots);
  void SortGroup();
  bool IsDone(std::uint32_t group, std::uint32_t hash, std::string_view key) const;

  KeyedRows& rows_;
  TableContext& context_;
  const std::vector<proto::SliceDone> done_;  // From the restore.

  std::vector<SlotId> entries_;      // By key group.
  std::vector<std::size_t> begins_;  // Of each group in entries_, and the end.
  std::uint32_t group_;              // Of which rows are given now.
  bool group_open_ = false;
  bool group_asked_ = false;   // For its spilled rows.
  std::vector<Entry> sorted_;  // Rows of the current group.
  std::vector<Entry> buffer_;  // Scratch of SortGroup().
  std::size_t at_ = 0;
  std::uint32_t last_hash_ = 0;  // Of the last row given.
  std::string last_key_;
  bool any_given_ = false;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_SLICE_SCAN_H_
