// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/rank.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "columnar/column_builder.h"
#include "runtime/operators/changelog_batch.h"
#include "runtime/operators/final_keys.h"
#include "runtime/operators/order_keys.h"
#include "state/ordered_table.h"
#include "state/task_state.h"

namespace thalweg::runtime {
namespace {

using columnar::ChangeKind;
using columnar::ColumnPtr;
using state::Residency;
using state::ScanResult;
using state::SlotId;

/// Rows that are looked at for one group of keys at the end of input, about.
constexpr std::size_t kFinalRows = 65'536;

/// The wanted ranks of some keys at one moment.
struct Ranking {
  std::vector<ColumnPtr> columns;     // One row per entry.
  std::vector<std::string> sub_keys;  // Of each entry.
  std::vector<std::size_t> begins;    // Where each key's entries begin, and the end.

  std::size_t count(std::size_t key) const { return begins[key + 1] - begins[key]; }
};

class Rank final : public KeyedStep {
 public:
  Rank(const proto::Step& step, const StepContext& context, columnar::SchemaPtr output)
      : step_(step.rank()),
        operator_id_(step.operator_id()),
        input_schema_(context.inputs[0]),
        output_(std::move(output)),
        end_(step_.offset() + step_.limit()),
        replaces_(step_.emits_rank() || (step_.offset() == 0 && step_.limit() == 1)),
        order_(OrderOf(step_.order()), *input_schema_),
        arrivals_(operator_id_) {}

  Status Declare(state::TaskState& state) override {
    std::vector<columnar::Field> keys;
    for (const std::uint32_t key : step_.keys()) {
      keys.push_back(input_schema_->field(key));
    }
    if (step_.emit_at_end()) {
      final_keys_.Declare(state, operator_id_, keys);
    }
    table_ = &state.AddOrderedTable({.operator_id = operator_id_,
                                     .name = "rows",
                                     .keys = std::move(keys),
                                     .sub_keys = order_.fields(),
                                     .values = input_schema_->fields(),
                                     .ttl = Milliseconds(step_.state_ttl_millis())});
    return OkStatus();
  }

  StatusOr<StepResult> Open(state::TaskState& state) override {
    RETURN_IF_ERROR(arrivals_.Restore(state.operator_state()));
    return StepResult::kDone;
  }

  StatusOr<StepResult> Process(const KeyedInput& input, Output& output) override {
    if (input.batch.empty()) {
      return StepResult::kDone;
    }
    input_.emplace(input);
    applied_ = false;
    return Continue(output);
  }

  StatusOr<StepResult> Continue(Output& output) override {
    if (!input_.has_value()) {
      return firing_ ? GiveFinal(output) : StepResult::kDone;
    }
    if (!applied_) {
      if (!Resolve()) {
        return StepResult::kParked;
      }
      RETURN_IF_ERROR(Apply());
      applied_ = true;
    }
    if (!EmitChanges(output)) {
      return StepResult::kMore;
    }
    input_.reset();
    return StepResult::kDone;
  }

  StatusOr<StepResult> OnWatermark(EventMillis watermark, Output& output) override {
    if (!step_.emit_at_end() || watermark != kMaxWatermark) {
      return StepResult::kDone;
    }
    firing_ = true;
    return GiveFinal(output);
  }

  Status BeforeFreeze(state::TaskState& state) override {
    arrivals_.Save(state.operator_state());
    return OkStatus();
  }

 private:
  bool Resolve() {
    slots_.resize(input_->batch.row_count());
    return table_->Resolve(input_->keys, slots_) == Residency::kReady &&
           (!step_.emit_at_end() || final_keys_.Note(input_->keys) == Residency::kReady);
  }

  // ---- A batch.

  Status Apply() {
    order_.Encode(input_->batch);
    RETURN_IF_ERROR(SelectRows());
    if (touched_.empty()) {
      return OkStatus();
    }
    Ranking before;
    if (!step_.emit_at_end()) {
      ASSIGN_OR_RETURN(before, RankingOf(touched_));
    }
    AddRows();
    RemoveRows();
    if (!step_.input_retracts()) {
      Trim();
    }
    if (step_.emit_at_end()) {
      return OkStatus();
    }
    ASSIGN_OR_RETURN(Ranking after, RankingOf(touched_));
    MakeChanges(std::move(before), std::move(after));
    return OkStatus();
  }

  /// Which rows add, which take back, and which keys they touch, each once. A row that comes behind
  /// the last wanted rank of a full key is not looked at again.
  Status SelectRows() {
    touched_.clear();
    touched_index_.clear();
    added_.clear();
    removed_.clear();
    const auto kinds = input_->batch.change_kinds();
    for (std::uint32_t row = 0; row < slots_.size(); ++row) {
      const bool adds = kinds.empty() || columnar::IsAddition(kinds[row]);
      if (!adds && !step_.input_retracts()) {
        return InvalidArgument(
            "The ranking got a row that is taken back (-U or -D), but the plan says that its input "
            "only adds rows");
      }
      if (!step_.input_retracts() && IsBehind(slots_[row], order_.prefix(row))) {
        continue;
      }
      (adds ? added_ : removed_).push_back(row);
      if (touched_index_.try_emplace(slots_[row], touched_.size()).second) {
        touched_.push_back(slots_[row]);
      }
    }
    return OkStatus();
  }

  bool IsBehind(SlotId slot, std::string_view prefix) const {
    if (table_->Count(slot) < end_) {
      return false;
    }
    // A new row comes behind those of equal order.
    const auto last = table_->Last(slot);
    return last->sub_key.substr(0, std::min(last->sub_key.size(), prefix.size())) <= prefix;
  }

  void AddRows() {
    if (added_.empty()) {
      return;
    }
    part_slots_.clear();
    sub_keys_.offsets.assign(1, 0);
    for (const std::uint32_t row : added_) {
      part_slots_.push_back(slots_[row]);
      order_.AppendSubKey(row, arrivals_.Next(), &sub_keys_);
    }
    FillBuffer(added_);
    table_->Put(part_slots_, sub_keys_, buffer_);
  }

  /// After AddRows(): a batch may add and remove one row. A row that is not there has expired.
  void RemoveRows() {
    if (removed_.empty()) {
      return;
    }
    FillBuffer(removed_);
    for (std::size_t i = 0; i < removed_.size(); ++i) {
      EraseOrdered(*table_, slots_[removed_[i]], order_.prefix(removed_[i]), buffer_.row(i));
    }
  }

  void FillBuffer(const std::vector<std::uint32_t>& rows) {
    buffer_.Reset(table_->layout(), rows.size());
    for (std::size_t i = 0; i < input_schema_->size(); ++i) {
      buffer_.SetColumn(i, input_->batch.column(i), rows);
    }
  }

  void Trim() {
    for (const SlotId slot : touched_) {
      for (std::size_t count = table_->Count(slot); count > end_; --count) {
        table_->Erase(slot, std::string(table_->Last(slot)->sub_key));
      }
    }
  }

  StatusOr<Ranking> RankingOf(std::span<const SlotId> slots) {
    Ranking ranking;
    rows_.Clear();
    std::vector<std::int64_t> ranks;
    for (const SlotId slot : slots) {
      ranking.begins.push_back(rows_.values.size());
      const std::size_t begin = rows_.values.size();
      table_->ScanRange(slot, {.begin = {}, .end = std::nullopt}, end_, 0, &rows_);
      const std::size_t skipped =
          std::min<std::size_t>(step_.offset(), rows_.values.size() - begin);
      const auto from = static_cast<std::ptrdiff_t>(begin);
      const auto to = static_cast<std::ptrdiff_t>(begin + skipped);
      rows_.values.erase(rows_.values.begin() + from, rows_.values.begin() + to);
      rows_.sub_keys.erase(rows_.sub_keys.begin() + from, rows_.sub_keys.begin() + to);
      for (std::size_t i = begin; i < rows_.values.size(); ++i) {
        ranks.push_back(static_cast<std::int64_t>(step_.offset() + 1 + i - begin));
      }
    }
    ranking.begins.push_back(rows_.values.size());
    ranking.sub_keys.assign(rows_.sub_keys.begin(), rows_.sub_keys.end());
    for (std::size_t i = 0; i < input_schema_->size(); ++i) {
      ASSIGN_OR_RETURN(ColumnPtr column, state::GatherField(table_->layout(), i, rows_.values));
      ranking.columns.push_back(std::move(column));
    }
    if (step_.emits_rank()) {
      columnar::ColumnBuilder builder(columnar::DataType::BigInt().NotNull(), ranks.size());
      for (const std::int64_t rank : ranks) {
        builder.Append(rank);
      }
      ranking.columns.push_back(builder.Finish());
    }
    return ranking;
  }

  void MakeChanges(Ranking before, Ranking after) {
    std::vector<ChangelogBatch::Change> changes;
    for (std::size_t key = 0; key < touched_.size(); ++key) {
      replaces_ ? Replace(before, after, key, &changes) : Exchange(before, after, key, &changes);
    }
    changes_.Set({}, std::move(before.columns), std::move(after.columns), std::move(changes));
  }

  /// Rank for rank.
  void Replace(const Ranking& before,
               const Ranking& after,
               std::size_t key,
               std::vector<ChangelogBatch::Change>* changes) const {
    const std::size_t old_count = before.count(key);
    const std::size_t new_count = after.count(key);
    for (std::size_t i = 0; i < std::max(old_count, new_count); ++i) {
      const auto old_row = static_cast<std::uint32_t>(before.begins[key] + i);
      const auto new_row = static_cast<std::uint32_t>(after.begins[key] + i);
      if (i >= old_count) {
        changes->push_back({new_row, ChangeKind::kInsert, false});
      } else if (i >= new_count) {
        changes->push_back({old_row, ChangeKind::kDelete, true});
      } else if (before.sub_keys[old_row] != after.sub_keys[new_row]) {
        if (step_.needs_update_before()) {
          changes->push_back({old_row, ChangeKind::kUpdateBefore, true});
        }
        changes->push_back({new_row, ChangeKind::kUpdateAfter, false});
      }
    }
  }

  /// Rows that left the ranks go, then those that are new there come.
  void Exchange(const Ranking& before,
                const Ranking& after,
                std::size_t key,
                std::vector<ChangelogBatch::Change>* changes) const {
    const auto missing = [&](const Ranking& from, const Ranking& in, auto&& found) {
      std::size_t other = in.begins[key];
      for (std::size_t row = from.begins[key]; row < from.begins[key + 1]; ++row) {
        while (other < in.begins[key + 1] && in.sub_keys[other] < from.sub_keys[row]) {
          ++other;
        }
        if (other == in.begins[key + 1] || in.sub_keys[other] != from.sub_keys[row]) {
          found(static_cast<std::uint32_t>(row));
        }
      }
    };
    missing(before, after, [&](std::uint32_t row) {
      changes->push_back({row, ChangeKind::kDelete, true});
    });
    missing(after, before, [&](std::uint32_t row) {
      changes->push_back({row, ChangeKind::kInsert, false});
    });
  }

  /// False: the output is full.
  bool EmitChanges(Output& output) {
    while (!changes_.empty()) {
      if (!output.HasRoom()) {
        return false;
      }
      output.Emit(changes_.Next(output_));
    }
    changes_.Clear();
    return true;
  }

  // ---- The end of input.

  StatusOr<StepResult> GiveFinal(Output& output) {
    while (true) {
      if (!EmitChanges(output)) {
        return StepResult::kMore;
      }
      if (!given_) {
        if (!output.HasRoom()) {
          return StepResult::kFiring;
        }
        const std::size_t limit =
            std::clamp<std::size_t>(kFinalRows / end_, 1, columnar::kMaxBatchRows);
        const ScanResult result = final_keys_.Next(limit, &final_);
        if (result == ScanResult::kParked) {
          return StepResult::kParked;
        }
        if (result == ScanResult::kEnd) {
          firing_ = false;
          return StepResult::kDone;
        }
        given_ = true;
      }
      slots_.resize(final_.count);
      if (table_->Find(final_, slots_) == Residency::kParked) {
        return StepResult::kParked;
      }
      ASSIGN_OR_RETURN(Ranking ranking, RankingOf(slots_));
      std::vector<ChangelogBatch::Change> changes;
      for (std::uint32_t row = 0; row < ranking.sub_keys.size(); ++row) {
        changes.push_back({row, ChangeKind::kInsert, false});
      }
      changes_.Set({}, {}, std::move(ranking.columns), std::move(changes));
      given_ = false;
    }
  }

  const proto::RankStep step_;
  const OperatorId operator_id_;
  const columnar::SchemaPtr input_schema_;
  const columnar::SchemaPtr output_;
  const std::size_t end_;  // The last wanted rank.
  const bool replaces_;    // Changes are told rank for rank.
  OrderKeys order_;
  ArrivalCounter arrivals_;
  FinalKeys final_keys_;
  state::OrderedTable* table_ = nullptr;

  // The batch at hand.
  std::optional<KeyedInput> input_;
  bool applied_ = false;
  std::vector<SlotId> slots_;
  std::vector<SlotId> touched_;  // In the order of their first rows.
  std::unordered_map<SlotId, std::size_t> touched_index_;
  std::vector<std::uint32_t> added_;
  std::vector<std::uint32_t> removed_;
  ChangelogBatch changes_;

  // The end of input.
  bool firing_ = false;
  bool given_ = false;  // final_ is not emitted yet.
  columnar::EncodedKeys final_;

  // Kept for their memory.
  std::vector<SlotId> part_slots_;
  columnar::ByteRows sub_keys_;
  state::RowBuffer buffer_;
  state::OrderedRows rows_;
};

}  // namespace

std::unique_ptr<KeyedStep> MakeRank(const proto::Step& step,
                                    const StepContext& context,
                                    columnar::SchemaPtr output) {
  return std::make_unique<Rank>(step, context, std::move(output));
}

}  // namespace thalweg::runtime
