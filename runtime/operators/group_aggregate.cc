// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/group_aggregate.h"

#include <optional>
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

/// Works in two passes over segments of a batch. The first finds the groups, keeps their old
/// results and adds the rows; the second compares and makes the changes. A segment is the whole
/// batch, or, row-wise, as many rows as have different groups.
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
    const GroupedRows rows = {
        values_, whole ? std::span<const std::uint32_t>() : rows_, &table_->strings()};
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
