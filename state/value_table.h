// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_VALUE_TABLE_H_
#define THALWEG_STATE_VALUE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "state/keyed_rows.h"
#include "state/row_buffer.h"
#include "state/row_layout.h"
#include "state/table_spec.h"

namespace thalweg::state {

/// Key -> one row of typed fields.
///
///   if (table.Resolve(keys, slots) == Residency::kParked) return StepResult::kParked;
///   table.Touch(slots);
///   const FieldPlace count = table.layout().place(0);
///   const RowPages::View values = table.values();
///   for (SlotId slot : slots) {
///     std::uint8_t* row = values.row(slot);
///     StoreField(row, count, LoadField<std::int64_t>(row, count) + 1);
///   }
///
/// A key that was never seen has the initial row, all zero; so let zero mean "nothing yet". Used by
/// the task's thread only.
class ValueTable final : public KeyedRows {
 public:
  ValueTable(TableContext& context, const TableSpec& spec);
  ~ValueTable() override;

  const RowLayout& layout() const { return layout_; }

  /// The value of a row. Read freely; write only between Touch() of the slot and the next call that
  /// may make rows. Long strings are changed through strings().Assign().
  std::uint8_t* value(SlotId slot) { return row(slot) + shape_.row.value_offset; }
  const std::uint8_t* value(SlotId slot) const { return row(slot) + shape_.row.value_offset; }

  /// The values of all rows, for loops over slots: `values.row(slot)` is value(slot), and cheaper
  /// when the view is a local variable. Valid until a call that may make rows.
  RowPages::View values() const { return pages_.view(shape_.row.value_offset); }

  /// Must come before the values of these slots are written (one slot may stand there many times):
  /// marks them for the next snapshot, keeps what a snapshot under way still needs, renews their
  /// time to live.
  void Touch(std::span<const SlotId> slots);
  /// Touch(), and values[i] becomes value(slots[i]): valid until a call that may make rows.
  void Touch(std::span<const SlotId> slots, std::span<std::uint8_t*> values);
  /// Touch(), and appends to `first` the positions in `slots` of the first occurrence of each slot,
  /// ascending: for one change per key and batch, with the old values read before the new ones are
  /// written.
  void TouchFirst(std::span<const SlotId> slots, std::vector<std::uint32_t>* first);
  /// The same without Touch(), for a batch that comes in parts: slots of earlier parts count as
  /// seen until Unsee(), which must be given all slots that were named as first ones.
  void SeeFirst(std::span<const SlotId> slots, std::vector<std::uint32_t>* first);
  void Unsee(std::span<const SlotId> slots);

  /// Forgets these rows; a slot may stand there many times and must not be used afterwards.
  void Erase(std::span<const SlotId> slots);

  /// Copies whole values in: value i of `rows` to slots[i]; for equal slots the last one stays.
  /// Includes Touch().
  void Write(std::span<const SlotId> slots, const RowBuffer& rows);

 private:
  const RowLayout layout_;
  std::vector<std::uint64_t> seen_;     // A bit per slot, all zero but within a batch.
  std::vector<std::uint8_t> is_first_;  // Scratch of SeeFirst().
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_VALUE_TABLE_H_
