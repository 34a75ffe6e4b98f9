// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/join_probe.h"

#include <numeric>
#include <utility>

namespace thalweg::runtime {

using columnar::ColumnPtr;

void JoinProbe::Begin(const columnar::Batch& batch,
                      std::span<const std::uint32_t> rows,
                      const JoinSide& other,
                      std::span<const state::SlotId> slots,
                      bool is_left) {
  batch_ = &batch;
  rows_ = rows;
  other_ = &other;
  slots_ = slots;
  is_left_ = is_left;
  done_ = false;
  position_ = {};
  found_.Clear();
  selection_.clear();
}

StatusOr<bool> JoinProbe::Next() {
  selection_.clear();
  if (done_) {
    return false;
  }
  found_.Clear();
  has_columns_ = false;
  done_ = other_->table().Scan(slots_, columnar::kMaxBatchRows, &position_, &found_);
  RETURN_IF_ERROR(SelectPairs());
  return true;
}

Status JoinProbe::FillColumns() {
  if (!has_columns_) {
    ASSIGN_OR_RETURN(columns_, other_->Columns(found_));
    has_columns_ = true;
  }
  return OkStatus();
}

Status JoinProbe::SelectPairs() {
  const std::size_t count = found_.values.size();
  if (count == 0) {
    return OkStatus();
  }
  if (residual_ == nullptr) {
    selection_.resize(count);
    std::iota(selection_.begin(), selection_.end(), 0U);
    return OkStatus();
  }
  RETURN_IF_ERROR(FillColumns());
  std::vector<std::uint32_t> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows[i] = rows_[found_.origins[i]];
  }
  std::vector<ColumnPtr> mine;
  for (const ColumnPtr& column : batch_->columns()) {
    mine.push_back(columnar::Gather(column, rows));
  }
  std::vector<ColumnPtr> both = is_left_ ? std::move(mine) : columns_;
  const std::vector<ColumnPtr>& second = is_left_ ? columns_ : mine;
  both.insert(both.end(), second.begin(), second.end());
  return residual_->Select(columnar::Batch(joined_, std::move(both), count), &selection_);
}

}  // namespace thalweg::runtime
