// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_CHANGELOG_BATCH_H_
#define THALWEG_RUNTIME_OPERATORS_CHANGELOG_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "columnar/batch.h"

namespace thalweg::runtime {

/// The changes of some groups, before they become batches: each group has a key, results before
/// and results after.
class ChangelogBatch {
 public:
  /// What happened to one group.
  struct Change {
    std::uint32_t group;
    columnar::ChangeKind kind;
    bool old_values;  // Else the new ones.
  };

  /// `keys`, `before` and `after` have one row per group. `before` may be empty when no change has
  /// old values. -U and +U of a group stand behind each other in `changes`.
  void Set(std::vector<columnar::ColumnPtr> keys,
           std::vector<columnar::ColumnPtr> before,
           std::vector<columnar::ColumnPtr> after,
           std::vector<Change> changes);

  bool empty() const { return next_ == changes_.size(); }
  /// At most kMaxBatchRows changes; a -U and its +U are not torn apart. REQUIRES: !empty().
  columnar::Batch Next(const columnar::SchemaPtr& schema);
  void Clear();

 private:
  std::vector<columnar::ColumnPtr> keys_;
  std::vector<columnar::ColumnPtr> values_;  // Before and after behind each other, or after alone.
  std::uint32_t after_begin_ = 0;            // First row of the results after.
  std::vector<Change> changes_;
  std::size_t next_ = 0;
};

/// changed[i] becomes 1 where the columns differ in row i; NULL equals NULL.
void MarkChanged(const columnar::Column& a,
                 const columnar::Column& b,
                 std::span<std::uint8_t> changed);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_CHANGELOG_BATCH_H_
