// SPDX-License-Identifier: Apache-2.0
#include "state/row_loader.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "columnar/hash.h"

namespace thalweg::state {
namespace {

Status Damaged(const TableMatch& match, std::string_view what) {
  return DataLoss(fmt::format("A row of state table {} of operator {} has {}.",
                              match.schema->name(),
                              match.schema->operator_id(),
                              what));
}

// A key of the wrong length would be read past its end.
bool KeyFits(std::string_view key, std::size_t stride) {
  return stride == 0 || key.size() == stride;
}

// Of the old task: another one may have had this slice still.
bool IsLiveSlice(const proto::TableSchema& schema, std::int64_t slice) {
  return std::find(schema.live_slices().begin(), schema.live_slices().end(), slice) !=
         schema.live_slices().end();
}

}  // namespace

const TableMatch* RowLoader::Find(std::uint32_t table) const {
  for (const TableMatch& match : matches_) {
    if (match.schema->table() == table) {
      return &match;
    }
  }
  return nullptr;
}

Status RowLoader::Load(std::string_view key_bytes, std::string_view value) {
  RunKey key;
  if (!ReadRunKeyHead(key_bytes, &key)) {
    return DataLoss("A row of state has a key that is too short.");
  }
  const TableMatch* const match = Find(key.table);
  if (match == nullptr || match->table == nullptr || value.empty()) {
    return OkStatus();
  }
  if (!ReadRunKey(key_bytes, match->schema->sliced(), &key)) {
    return Damaged(*match, "a key that is not one of this table");
  }
  const std::uint64_t hash = columnar::HashKeyBytes(key.key);
  const KeyGroup group = columnar::KeyGroupOf(hash, key_group_count_);
  if (group.value() != key.key_group || !range_.Contains(group)) {
    return Damaged(*match, "a key in the wrong key group");
  }
  if (match->schema->sliced() && !match->all_slices && !IsLiveSlice(*match->schema, key.slice)) {
    return OkStatus();
  }
  // A timer's value is its mark alone.
  const RowLayout none({});
  const bool is_timer = match->table->timers != nullptr;
  if (!ReadRunValue(value, is_timer ? none : *match->layout, match->has_ttl, &value_)) {
    return Damaged(*match, "a value that is not one of this table");
  }
  const std::uint32_t stored = columnar::StoredHash(hash);
  DeclaredTable& table = *match->table;
  if (table.ordered != nullptr) {
    return LoadOrderedRow(*match, key, stored);
  }
  if (is_timer) {
    return LoadTimer(*match, key, stored);
  }
  ValueTable* const rows =
      table.sliced != nullptr ? table.sliced->FindSlice(key.slice) : table.values.get();
  return rows == nullptr ? OkStatus() : LoadValueRow(*match, *rows, key, stored);
}

Status RowLoader::LoadValueRow(const TableMatch& match,
                               ValueTable& rows,
                               const RunKey& key,
                               std::uint32_t hash) {
  if (!KeyFits(key.key, rows.shape().row.key_stride) || !key.rest.empty()) {
    return Damaged(match, "a key of another length");
  }
  const SlotId slot = rows.Load(hash, key.key, value_.written_seconds);
  FillValue(match, rows.layout(), rows.strings(), rows.value(slot));
  return OkStatus();
}

Status RowLoader::LoadOrderedRow(const TableMatch& match, const RunKey& key, std::uint32_t hash) {
  OrderedTable& rows = *match.table->ordered;
  if (!KeyFits(key.key, rows.shape().row.key_stride) ||
      !KeyFits(key.rest, rows.shape().entry.key_stride)) {
    return Damaged(match, "a key of another length");
  }
  const SlotId slot = rows.Load(hash, key.key, 0);
  FillValue(
      match, rows.layout(), rows.strings(), rows.LoadEntry(slot, key.rest, value_.written_seconds));
  return OkStatus();
}

Status RowLoader::LoadTimer(const TableMatch& match, const RunKey& key, std::uint32_t hash) {
  TimerTable& rows = *match.table->timers;
  std::int64_t time = 0;
  if (!KeyFits(key.key, rows.key_stride()) || !ReadTimerRest(key.rest, &time)) {
    return Damaged(match, "a key that is not a timer's");
  }
  rows.LoadTimer(hash, key.key, time);
  return OkStatus();
}

void RowLoader::FillValue(const TableMatch& match,
                          const RowLayout& layout,
                          StringSlabs& slabs,
                          std::uint8_t* value) {
  const auto* const old = reinterpret_cast<const std::uint8_t*>(value_.value.data());
  for (const std::uint32_t offset : layout.string_offsets()) {
    slabs.Release(*reinterpret_cast<StateString*>(value + offset));
  }
  if (match.identical) {
    std::memcpy(value, old, layout.size());
  } else {
    std::memset(value, 0, layout.size());
    for (const auto& [from, to] : match.fields) {
      const FieldPlace& source = match.layout->place(from);
      const FieldPlace& target = layout.place(to);
      std::memcpy(value + target.offset, old + source.offset, target.width);
      if (target.valid_mask != 0) {
        SetValid(value, target, IsValid(old, source));
      }
    }
  }
  for (const std::uint32_t offset : layout.string_offsets()) {
    auto& field = *reinterpret_cast<StateString*>(value + offset);
    field = slabs.Store(field.view());
  }
}

}  // namespace thalweg::state
