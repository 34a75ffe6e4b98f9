// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/final_keys.h"

#include <utility>

#include "runtime/operators/key_bytes.h"
#include "state/task_state.h"

namespace thalweg::runtime {

using state::Residency;
using state::ScanResult;

void FinalKeys::Declare(state::TaskState& state,
                        const OperatorId& operator_id,
                        std::vector<columnar::Field> keys) {
  std::vector<columnar::DataType> types;
  for (const columnar::Field& key : keys) {
    types.push_back(key.type);
  }
  key_stride_ = columnar::KeyEncoder(std::move(types)).fixed_stride();
  table_ = &state.AddSlicedTable({.operator_id = operator_id,
                                  .name = "keys",
                                  .keys = std::move(keys),
                                  .sub_keys = {},
                                  .values = {{"seen", columnar::DataType::Boolean().NotNull()}}});
}

Residency FinalKeys::Note(const columnar::EncodedKeys& keys, state::RowSelection selection) {
  state::ValueTable& table = table_->Slice(kFinalSlice);
  slots_.resize(selection.count(keys.count));
  return table.Resolve(keys, slots_, selection);
}

ScanResult FinalKeys::Next(std::size_t limit, columnar::EncodedKeys* keys) {
  const ScanResult result = table_->Scan(kFinalSlice, limit, &slots_);
  if (result == ScanResult::kEnd) {
    table_->Drop(kFinalSlice);
  }
  if (result != ScanResult::kRows) {
    return result;
  }
  const state::ValueTable& table = *table_->FindSlice(kFinalSlice);
  views_.clear();
  for (const state::SlotId slot : slots_) {
    views_.push_back(table.key(slot));
  }
  EncodedKeysOf(views_, key_stride_, keys);
  return result;
}

}  // namespace thalweg::runtime
