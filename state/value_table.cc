// SPDX-License-Identifier: Apache-2.0
#include "state/value_table.h"

#include <cstring>

#include "base/check.h"
#include "state/shape_of.h"

namespace thalweg::state {

ValueTable::ValueTable(TableContext& context, const TableSpec& spec)
    : KeyedRows(context, ShapeOfValues(spec)), layout_(spec.values) {}

ValueTable::~ValueTable() = default;

void ValueTable::Touch(std::span<const SlotId> slots) {
  TouchMany(slots);
}

void ValueTable::Touch(std::span<const SlotId> slots, std::span<std::uint8_t*> values) {
  CHECK_EQ(slots.size(), values.size());
  TouchMany(slots, shape_.row.value_offset, values.data());
}

void ValueTable::TouchFirst(std::span<const SlotId> slots, std::vector<std::uint32_t>* first) {
  TouchMany(slots);
  const std::size_t begin = first->size();
  SeeFirst(slots, first);
  for (std::size_t i = begin; i < first->size(); ++i) {
    seen_[slots[(*first)[i]] / 64] = 0;
  }
}

void ValueTable::SeeFirst(std::span<const SlotId> slots, std::vector<std::uint32_t>* first) {
  if (seen_.size() * 64 < pages_.end()) {
    seen_.resize((std::size_t{pages_.end()} + 63) / 64, 0);
  }
  // As in TouchMany(): flags first, the list in a second pass.
  is_first_.resize(slots.size());
  std::uint8_t* const is_first = is_first_.data();
  std::uint64_t* const seen = seen_.data();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    std::uint64_t& word = seen[slots[i] / 64];
    const std::uint64_t bit = std::uint64_t{1} << (slots[i] % 64);
    is_first[i] = (word & bit) == 0;
    word |= bit;
  }
  std::size_t end = first->size();
  first->resize(end + slots.size());
  std::uint32_t* const list = first->data();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    list[end] = static_cast<std::uint32_t>(i);
    end += is_first[i];
  }
  first->resize(end);
}

void ValueTable::Unsee(std::span<const SlotId> slots) {
  for (const SlotId slot : slots) {
    seen_[slot / 64] = 0;
  }
}

void ValueTable::Erase(std::span<const SlotId> slots) {
  for (const SlotId slot : slots) {
    EraseRow(slot);
  }
}

void ValueTable::Write(std::span<const SlotId> slots, const RowBuffer& rows) {
  CHECK_EQ(slots.size(), rows.count());
  CHECK_EQ(rows.layout().size(), layout_.size());
  TouchMany(slots);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    std::uint8_t* const target = value(slots[i]);
    for (const std::uint32_t offset : layout_.string_offsets()) {
      slabs_->Release(*reinterpret_cast<StateString*>(target + offset));
    }
    std::memcpy(target, rows.row(i), layout_.size());
    for (const std::uint32_t offset : layout_.string_offsets()) {
      auto& field = *reinterpret_cast<StateString*>(target + offset);
      field = slabs_->Store(field.view());
    }
  }
}

}  // namespace thalweg::state
