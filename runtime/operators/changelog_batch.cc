// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/changelog_batch.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "columnar/int128.h"

namespace thalweg::runtime {

using columnar::Batch;
using columnar::ChangeKind;
using columnar::Column;
using columnar::ColumnPtr;
using columnar::Physical;

void ChangelogBatch::Set(std::vector<ColumnPtr> keys,
                         std::vector<ColumnPtr> before,
                         std::vector<ColumnPtr> after,
                         std::vector<Change> changes) {
  keys_ = std::move(keys);
  after_begin_ = 0;
  if (before.empty()) {
    values_ = std::move(after);
  } else {
    values_.clear();
    for (std::size_t i = 0; i < after.size(); ++i) {
      after_begin_ = static_cast<std::uint32_t>(before[i]->length());
      const std::array<ColumnPtr, 2> both = {before[i],
                                             columnar::WithType(after[i], before[i]->type())};
      values_.push_back(columnar::Concat(both));
    }
  }
  changes_ = std::move(changes);
  next_ = 0;
}

Batch ChangelogBatch::Next(const columnar::SchemaPtr& schema) {
  std::size_t end = std::min(changes_.size(), next_ + columnar::kMaxBatchRows);
  if (end < changes_.size() && changes_[end - 1].kind == ChangeKind::kUpdateBefore) {
    --end;
  }
  const std::size_t count = end - next_;
  std::vector<std::uint32_t> groups(count);
  std::vector<std::uint32_t> rows(count);
  std::vector<ChangeKind> kinds(count);
  bool all_inserts = true;
  for (std::size_t i = 0; i < count; ++i) {
    const Change& change = changes_[next_ + i];
    groups[i] = change.group;
    rows[i] = change.group + (change.old_values ? 0 : after_begin_);
    kinds[i] = change.kind;
    all_inserts &= change.kind == ChangeKind::kInsert;
  }
  next_ = end;
  std::vector<ColumnPtr> columns;
  for (const ColumnPtr& key : keys_) {
    columns.push_back(columnar::Gather(key, groups));
  }
  for (const ColumnPtr& value : values_) {
    columns.push_back(columnar::Gather(value, rows));
  }
  const Batch batch(schema, std::move(columns), count);
  return all_inserts ? batch : batch.WithChangeKinds(kinds);
}

void ChangelogBatch::Clear() {
  *this = ChangelogBatch();
}

namespace {

template <class T>
void MarkFixed(const Column& a, const Column& b, std::span<std::uint8_t> changed) {
  const T* x = a.Values<T>().data();
  const T* y = b.Values<T>().data();
  for (std::size_t i = 0; i < changed.size(); ++i) {
    // Values under a NULL are zero, so only the nulls themselves are left to compare. Bits, not
    // numbers: NaN has not changed when it is the same NaN.
    changed[i] |= std::memcmp(&x[i * a.stride()], &y[i * b.stride()], sizeof(T)) != 0;
  }
}

}  // namespace

void MarkChanged(const Column& a, const Column& b, std::span<std::uint8_t> changed) {
  DCHECK_EQ(a.length(), changed.size());
  if (a.MayHaveNulls() || b.MayHaveNulls()) {
    for (std::size_t i = 0; i < changed.size(); ++i) {
      changed[i] |= a.IsNull(i) != b.IsNull(i);
    }
  }
  switch (a.physical()) {
    case Physical::kString:
      for (std::size_t i = 0; i < changed.size(); ++i) {
        changed[i] |= a.StringAt(i) != b.StringAt(i);
      }
      break;
    case Physical::kInt128:
      MarkFixed<columnar::Int128>(a, b, changed);
      break;
    default:
      switch (columnar::WidthOf(a.physical())) {
        case 1:
          MarkFixed<std::uint8_t>(a, b, changed);
          break;
        case 2:
          MarkFixed<std::uint16_t>(a, b, changed);
          break;
        case 4:
          MarkFixed<std::uint32_t>(a, b, changed);
          break;
        default:
          CHECK_EQ(columnar::WidthOf(a.physical()), 8U);
          MarkFixed<std::uint64_t>(a, b, changed);
      }
  }
}

}  // namespace thalweg::runtime
