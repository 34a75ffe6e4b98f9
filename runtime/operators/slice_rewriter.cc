// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/slice_rewriter.h"

#include <utility>

#include "base/check.h"
#include "columnar/batch.h"
#include "columnar/key_codec.h"
#include "runtime/operators/key_bytes.h"
#include "state/row_buffer.h"

namespace thalweg::runtime {

using state::ScanResult;
using state::SlotId;

StatusOr<bool> SliceRewriter::Run() {
  std::vector<SlotId> slots;
  while (true) {
    switch (table_->Scan(slice_end_, columnar::kMaxBatchRows, &slots)) {
      case ScanResult::kParked:
        return false;
      case ScanResult::kRows:
        RETURN_IF_ERROR(Keep(slots));
        break;
      case ScanResult::kEnd:
        PutBack();
        return true;
    }
  }
}

Status SliceRewriter::Keep(const std::vector<SlotId>& slots) {
  const state::ValueTable& table = *table_->FindSlice(slice_end_);
  Chunk chunk;
  std::vector<const std::uint8_t*> values;
  for (const SlotId slot : slots) {
    chunk.keys.emplace_back(table.key(slot));
    values.push_back(table.value(slot));
  }
  for (std::size_t field = 0; field < table.layout().field_count(); ++field) {
    ASSIGN_OR_RETURN(columnar::ColumnPtr column, state::GatherField(table.layout(), field, values));
    chunk.fields.push_back(std::move(column));
  }
  chunks_.push_back(std::move(chunk));
  return OkStatus();
}

void SliceRewriter::PutBack() {
  table_->Drop(slice_end_);
  state::ValueTable& table = table_->Slice(slice_end_);
  columnar::EncodedKeys keys;
  state::RowBuffer rows;
  std::vector<SlotId> slots;
  for (const Chunk& chunk : chunks_) {
    const std::vector<std::string_view> views(chunk.keys.begin(), chunk.keys.end());
    EncodedKeysOf(views, key_stride_, &keys);
    slots.resize(views.size());
    // Nothing of a new slice is spilled.
    CHECK(table.Resolve(keys, slots) == state::Residency::kReady);
    rows.Reset(table.layout(), views.size());
    for (std::size_t field = 0; field < chunk.fields.size(); ++field) {
      rows.SetColumn(field, chunk.fields[field]);
    }
    table.Write(slots, rows);
  }
}

}  // namespace thalweg::runtime
