// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_JOIN_PROBE_H_
#define THALWEG_RUNTIME_OPERATORS_JOIN_PROBE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/status.h"
#include "columnar/batch.h"
#include "runtime/expr/predicate.h"
#include "runtime/operators/join_side.h"

namespace thalweg::runtime {

/// Finds the matches of some rows in the other side of a join, a bounded number at a time.
class JoinProbe {
 public:
  /// `joined`: left, then right columns. `residual` may be null; both outlive this.
  JoinProbe(columnar::SchemaPtr joined, const Predicate* residual)
      : joined_(std::move(joined)), residual_(residual) {}

  /// slots[i], in `other`, are where rows[i] of `batch` may find matches. All outlive the probe's
  /// use.
  void Begin(const columnar::Batch& batch,
             std::span<const std::uint32_t> rows,
             const JoinSide& other,
             std::span<const state::SlotId> slots,
             bool is_left);

  /// Looks at the next rows of the other side. False: all have been looked at before.
  StatusOr<bool> Next();

  // What the last Next() found. Pair i is row origins(i) of `rows` with entry entry(i) of found().
  std::size_t pair_count() const { return selection_.size(); }
  std::uint32_t origin(std::size_t pair) const { return found_.origins[selection_[pair]]; }
  std::uint32_t entry(std::size_t pair) const { return selection_[pair]; }
  const state::OrderedRows& found() const { return found_; }
  /// The columns of found(); REQUIRES: a residual condition, or FillColumns().
  const std::vector<columnar::ColumnPtr>& columns() const { return columns_; }
  Status FillColumns();
  /// All matches of the rows before this position have been found.
  std::size_t complete_rows() const {
    return done_ ? rows_.size() : static_cast<std::size_t>(position_.origin);
  }

 private:
  Status SelectPairs();

  const columnar::SchemaPtr joined_;
  const Predicate* const residual_;
  const columnar::Batch* batch_ = nullptr;
  std::span<const std::uint32_t> rows_;
  const JoinSide* other_ = nullptr;
  std::span<const state::SlotId> slots_;
  bool is_left_ = true;
  bool done_ = true;
  state::ScanPosition position_;
  state::OrderedRows found_;
  std::vector<columnar::ColumnPtr> columns_;
  bool has_columns_ = false;
  Selection selection_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_JOIN_PROBE_H_
