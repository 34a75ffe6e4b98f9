// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/group_aggregate.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "runtime/operators/aggregate_set.h"
#include "runtime/operators/changelog_batch.h"
#include "state/task_state.h"
#include "state/value_table.h"

namespace thalweg::runtime {
namespace {

using columnar::ChangeKind;
using columnar::ColumnPtr;
using state::Residency;
using state::SlotId;

std::vector<const proto::AggregateCall*> CallsOf(const proto::AggregateStep& step) {
  std::vector<const proto::AggregateCall*> calls;
  for (const proto::AggregateCall& call : step.calls()) {
    calls.push_back(&call);
  }
  return calls;
}

std::vector<columnar::Field> KeysOf(const proto::AggregateStep& step,
                                    const columnar::Schema& input) {
  std::vector<columnar::Field> keys;
  for (const std::uint32_t key : step.keys()) {
    keys.push_back(input.field(key));
  }
  return keys;
}

// Rows that are taken through all passes together: their groups stay in the nearest cache.
constexpr std::size_t kBlockRows = 256;

/// Works in two passes over segments of a batch. The first finds the groups, keeps their old
/// results and adds the rows; the second compares and makes the changes. A segment is the whole
/// batch, or, row-wise, as many rows as have different groups.
///
/// Where results can be told from copies of rows (no strings, no counted values), the whole batch
/// is taken block by block instead: the old rows are kept as they were, and results are read once,
/// in the order in which they are given out.
class GroupAggregate final : public KeyedStep {
 public:
  GroupAggregate(const proto::Step& step, const StepContext& context, columnar::SchemaPtr output)
      : step_(step.aggregate()),
        operator_id_(step.operator_id()),
        output_(std::move(output)),
        keys_(KeysOf(step_, *context.inputs[0])),
        aggregates_(CallsOf(step_),
                    *context.inputs[0],
                    {.operator_id = operator_id_,
                     .keys = keys_,
                     .retracts = step_.input_retracts(),
                     .ttl = Milliseconds(step_.state_ttl_millis())}) {}

  Status Declare(state::TaskState& state) override {
    table_ = &state.AddValueTable({.operator_id = operator_id_,
                                   .name = "groups",
                                   .keys = keys_,
                                   .sub_keys = {},
                                   .values = aggregates_.fields(),
                                   .ttl = Milliseconds(step_.state_ttl_millis())});
    aggregates_.Place(table_->layout());
    aggregates_.Declare(state);
    by_blocks_ = !step_.mini_batch_disabled() && !step_.merges_partials() &&
                 !aggregates_.has_counted_values() && table_->layout().string_offsets().empty();
    return OkStatus();
  }

  StatusOr<StepResult> Open(state::TaskState& /*state*/) override { return StepResult::kDone; }

  StatusOr<StepResult> Process(const KeyedInput& input, Output& output) override {
    input_.emplace(input);
    resolved_ = false;
    next_row_ = 0;
    return Continue(output);
  }

  StatusOr<StepResult> Continue(Output& output) override {
    if (by_blocks_) {
      return ContinueBlocks(output);
    }
    if (!resolved_ && !Resolve()) {
      return StepResult::kParked;
    }
    while (true) {
      while (!changes_.empty()) {
        if (!output.HasRoom()) {
          return StepResult::kMore;
        }
        output.Emit(changes_.Next(output_));
      }
      if (next_row_ == slots_.size()) {
        EraseEmpty();
        input_.reset();
        changes_.Clear();
        return StepResult::kDone;
      }
      const std::size_t end = SegmentEnd();
      RETURN_IF_ERROR(Apply(next_row_, end));
      next_row_ = end;
    }
  }

 private:
  bool Resolve() {
    slots_.resize(input_->batch.row_count());
    if (slots_.empty()) {
      resolved_ = true;
      return true;
    }
    if (table_->Resolve(input_->keys, slots_) == Residency::kParked ||
        aggregates_.Resolve(input_->keys) == Residency::kParked) {
      return false;
    }
    aggregates_.Encode(input_->batch, nullptr);
    resolved_ = true;
    return true;
  }

  // ---- By blocks.

  StatusOr<StepResult> ContinueBlocks(Output& output) {
    if (!resolved_) {
      ASSIGN_OR_RETURN(resolved_, AbsorbBlocks());
      if (!resolved_) {
        return StepResult::kParked;
      }
      RETURN_IF_ERROR(ListChanges());
    }
    while (next_change_ < change_rows_.size()) {
      if (!output.HasRoom()) {
        return StepResult::kMore;
      }
      ASSIGN_OR_RETURN(columnar::Batch changes, NextChanges());
      output.Emit(std::move(changes));
    }
    EraseEmpty();
    input_.reset();
    return StepResult::kDone;
  }

  /// Adds all rows and keeps their groups' old rows; false: spilled rows are being read.
  StatusOr<bool> AbsorbBlocks() {
    const std::size_t count = input_->batch.row_count();
    group_slots_.clear();
    group_rows_.clear();
    old_rows_.clear();
    old_rows_.reserve(count * table_->layout().size());
    // What may park must be all or nothing.
    const std::size_t block = table_->may_park() ? count : kBlockRows;
    Status status;
    for (std::size_t begin = 0; begin < count && status.ok(); begin += block) {
      const std::size_t size = std::min(block, count - begin);
      slots_.resize(size);
      values_.resize(size);
      if (table_->Resolve(input_->keys, slots_, state::RowSelection::Range(begin, size)) ==
          Residency::kParked) {
        return false;
      }
      table_->Touch(slots_, values_);
      KeepOldRows(begin);
      status = aggregates_.Accumulate(
          input_->batch,
          {.values = values_, .rows = {}, .strings = &table_->strings(), .first = begin});
    }
    table_->Unsee(group_slots_);
    RETURN_IF_ERROR(status);
    return true;
  }

  void KeepOldRows(std::size_t begin) {
    first_.clear();
    table_->SeeFirst(slots_, &first_);
    const std::size_t group = group_slots_.size();
    const std::size_t size = table_->layout().size();
    group_slots_.resize(group + first_.size());
    group_rows_.resize(group + first_.size());
    old_rows_.resize((group + first_.size()) * size);
    std::uint8_t* old_row = old_rows_.data() + group * size;
    for (std::size_t j = 0; j < first_.size(); ++j, old_row += size) {
      group_slots_[group + j] = slots_[first_[j]];
      group_rows_[group + j] = static_cast<std::uint32_t>(begin + first_[j]);
      std::memcpy(old_row, values_[first_[j]], size);
    }
  }

  /// Which rows, old copies or as they are now, are to be given out, and as what.
  Status ListChanges() {
    const std::size_t count = group_slots_.size();
    const std::size_t size = table_->layout().size();
    const state::RowPages::View values = table_->values();
    groups_.resize(count);
    for (std::size_t j = 0; j < count; ++j) {
      groups_[j] = values.row(group_slots_[j]);
    }
    const bool always = AlwaysChanges();
    if (!always) {
      RETURN_IF_ERROR(CompareRows());
    }
    change_values_.resize(count * 2);
    change_rows_.resize(count * 2);
    change_kinds_.resize(count * 2);
    const bool tells_old = step_.needs_update_before();
    const std::uint8_t* old_row = old_rows_.data();
    std::size_t end = 0;
    const auto list = [&](const std::uint8_t* value, std::size_t j, ChangeKind kind) {
      change_values_[end] = value;
      change_rows_[end] = group_rows_[j];
      change_kinds_[end] = kind;
    };
    for (std::size_t j = 0; j < count; ++j, old_row += size) {
      const bool existed = aggregates_.RowCount(old_row) > 0;
      const bool exists = aggregates_.RowCount(groups_[j]) > 0;
      if (!exists) [[unlikely]] {
        empty_.push_back(group_slots_[j]);
        list(old_row, j, ChangeKind::kDelete);
        end += existed ? 1 : 0;
        continue;
      }
      const bool told = !existed || always || changed_[j] != 0;
      list(old_row, j, ChangeKind::kUpdateBefore);
      end += existed && told && tells_old ? 1 : 0;
      list(groups_[j], j, existed ? ChangeKind::kUpdateAfter : ChangeKind::kInsert);
      end += told ? 1 : 0;
    }
    change_values_.resize(end);
    change_rows_.resize(end);
    change_kinds_.resize(end);
    next_change_ = 0;
    return OkStatus();
  }

  /// Sets changed_ for groups whose results are others now.
  Status CompareRows() {
    const std::size_t size = table_->layout().size();
    std::vector<const std::uint8_t*> old_values(groups_.size());
    for (std::size_t j = 0; j < groups_.size(); ++j) {
      old_values[j] = old_rows_.data() + j * size;
    }
    ASSIGN_OR_RETURN(const std::vector<ColumnPtr> before,
                     aggregates_.Emit(old_values, group_rows_));
    ASSIGN_OR_RETURN(const std::vector<ColumnPtr> after, aggregates_.Emit(groups_, group_rows_));
    changed_.assign(groups_.size(), 0);
    for (std::size_t i = 0; i < after.size(); ++i) {
      MarkChanged(*before[i], *columnar::WithType(after[i], before[i]->type()), changed_);
    }
    return OkStatus();
  }

  StatusOr<columnar::Batch> NextChanges() {
    std::size_t end = std::min(change_rows_.size(), next_change_ + columnar::kMaxBatchRows);
    // A -U and its +U are not torn apart.
    if (end < change_rows_.size() && change_kinds_[end - 1] == ChangeKind::kUpdateBefore) {
      --end;
    }
    const std::size_t begin = std::exchange(next_change_, end);
    const auto part = [&](const auto& list) { return std::span(list).subspan(begin, end - begin); };
    std::vector<ColumnPtr> columns;
    for (const std::uint32_t key : step_.keys()) {
      columns.push_back(columnar::Gather(input_->batch.column(key), part(change_rows_)));
    }
    ASSIGN_OR_RETURN(const std::vector<ColumnPtr> results,
                     aggregates_.Emit(part(change_values_), part(change_rows_)));
    columns.insert(columns.end(), results.begin(), results.end());
    const columnar::Batch batch(output_, std::move(columns), end - begin);
    const auto kinds = part(change_kinds_);
    const bool all_inserts = std::all_of(
        kinds.begin(), kinds.end(), [](ChangeKind kind) { return kind == ChangeKind::kInsert; });
    return all_inserts ? batch : batch.WithChangeKinds(kinds);
  }

  // ---- By segments.

  /// Row-wise: up to the first row whose group was already seen.
  std::size_t SegmentEnd() {
    if (!step_.mini_batch_disabled()) {
      return slots_.size();
    }
    std::size_t end = next_row_;
    seen_.clear();
    while (end < slots_.size() && seen_.emplace(slots_[end], end).second) {
      ++end;
    }
    return end;
  }

  Status Apply(std::size_t begin, std::size_t end) {
    const std::span<const SlotId> slots(slots_.data() + begin, end - begin);
    first_.clear();
    table_->TouchFirst(slots, &first_);
    values_.resize(slots.size());
    rows_.resize(slots.size());
    for (std::size_t i = 0; i < slots.size(); ++i) {
      values_[i] = table_->value(slots[i]);
      rows_[i] = static_cast<std::uint32_t>(begin + i);
    }
    groups_.resize(first_.size());
    group_rows_.resize(first_.size());
    existed_.resize(first_.size());
    for (std::size_t j = 0; j < first_.size(); ++j) {
      groups_[j] = values_[first_[j]];
      group_rows_[j] = rows_[first_[j]];
      existed_[j] = aggregates_.RowCount(groups_[j]) > 0;
    }
    std::vector<ColumnPtr> before;
    if (NeedsOldValues()) {
      ASSIGN_OR_RETURN(before, aggregates_.Emit(groups_, group_rows_));
    }
    const bool whole = slots.size() == slots_.size();
    const GroupedRows rows = {.values = values_,
                              .rows = whole ? std::span<const std::uint32_t>() : rows_,
                              .strings = &table_->strings()};
    RETURN_IF_ERROR(step_.merges_partials()
                        ? aggregates_.MergeColumns(input_->batch, keys_.size(), rows)
                        : aggregates_.Accumulate(input_->batch, rows));
    ASSIGN_OR_RETURN(std::vector<ColumnPtr> after, aggregates_.Emit(groups_, group_rows_));
    MakeChanges(std::move(before), std::move(after));
    NoteEmpty(slots);
    return OkStatus();
  }

  /// For -U and -D, and to see whether anything has changed.
  bool NeedsOldValues() const {
    return step_.needs_update_before() || step_.input_retracts() || !AlwaysChanges();
  }
  /// With a time to live every row is told, so that state behind this step lives as long.
  bool AlwaysChanges() const {
    return (aggregates_.counts_rows() && !step_.input_retracts()) || step_.state_ttl_millis() > 0;
  }

  void MakeChanges(std::vector<ColumnPtr> before, std::vector<ColumnPtr> after) {
    changed_.assign(groups_.size(), AlwaysChanges());
    if (!AlwaysChanges()) {
      for (std::size_t i = 0; i < after.size(); ++i) {
        MarkChanged(*before[i], *after[i], changed_);
      }
    }
    std::vector<ChangelogBatch::Change> changes;
    changes.reserve(groups_.size() * 2);
    for (std::uint32_t j = 0; j < groups_.size(); ++j) {
      const bool exists = aggregates_.RowCount(groups_[j]) > 0;
      if (!existed_[j]) {
        if (exists) {
          changes.push_back({j, ChangeKind::kInsert, false});
        }
      } else if (!exists) {
        changes.push_back({j, ChangeKind::kDelete, true});
      } else if (changed_[j]) {
        if (step_.needs_update_before()) {
          changes.push_back({j, ChangeKind::kUpdateBefore, true});
        }
        changes.push_back({j, ChangeKind::kUpdateAfter, false});
      }
    }
    std::vector<ColumnPtr> keys;
    for (const std::uint32_t key : step_.keys()) {
      keys.push_back(columnar::Gather(input_->batch.column(key), group_rows_));
    }
    changes_.Set(std::move(keys), std::move(before), std::move(after), std::move(changes));
  }

  /// Groups that may have lost their last row. They are erased behind the last segment: until then
  /// a later row may find its slot there.
  void NoteEmpty(std::span<const SlotId> slots) {
    if (!step_.input_retracts()) {
      return;
    }
    for (std::size_t j = 0; j < groups_.size(); ++j) {
      if (aggregates_.RowCount(groups_[j]) <= 0) {
        empty_.push_back(slots[first_[j]]);
      }
    }
  }

  void EraseEmpty() {
    std::erase_if(empty_,
                  [&](SlotId slot) { return aggregates_.RowCount(table_->value(slot)) > 0; });
    if (!empty_.empty()) {
      table_->Erase(empty_);
      empty_.clear();
    }
  }

  const proto::AggregateStep step_;
  const OperatorId operator_id_;
  const columnar::SchemaPtr output_;
  const std::vector<columnar::Field> keys_;
  AggregateSet aggregates_;
  state::ValueTable* table_ = nullptr;

  // The batch at hand.
  std::optional<KeyedInput> input_;
  bool resolved_ = false;
  std::size_t next_row_ = 0;  // Of the next segment.
  std::vector<SlotId> slots_;
  std::vector<SlotId> empty_;
  ChangelogBatch changes_;
  bool by_blocks_ = false;

  // By blocks: the groups of the batch, in order of their first rows,
  std::vector<SlotId> group_slots_;
  std::vector<std::uint8_t> old_rows_;  // Their values before the batch.
  // and the changes.
  std::vector<const std::uint8_t*> change_values_;
  std::vector<std::uint32_t> change_rows_;
  std::vector<ChangeKind> change_kinds_;
  std::size_t next_change_ = 0;

  // The segment at hand; kept for their memory. By row:
  std::vector<std::uint8_t*> values_;
  std::vector<std::uint32_t> rows_;
  std::unordered_map<SlotId, std::size_t> seen_;  // Asked only, never walked.
  // By group, in order of its first row:
  std::vector<std::uint32_t> first_;
  std::vector<std::uint8_t*> groups_;
  std::vector<std::uint32_t> group_rows_;
  std::vector<std::uint8_t> existed_;
  std::vector<std::uint8_t> changed_;
};

}  // namespace

std::unique_ptr<KeyedStep> MakeGroupAggregate(const proto::Step& step,
                                              const StepContext& context,
                                              columnar::SchemaPtr output) {
  return std::make_unique<GroupAggregate>(step, context, std::move(output));
}

}  // namespace thalweg::runtime
