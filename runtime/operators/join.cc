// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/join.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "runtime/expr/predicate.h"
#include "state/ordered_table.h"
#include "state/task_state.h"

namespace thalweg::runtime {
namespace {

using columnar::Batch;
using columnar::ChangeKind;
using columnar::ColumnPtr;
using state::Residency;
using state::SlotId;

/// What is kept of one input.
struct Side {
  columnar::SchemaPtr schema;
  std::vector<std::uint32_t> keys;
  std::vector<bool> null_safe;  // By key; empty: none is.
  bool retracts = false;
  Milliseconds ttl{0};
  state::OrderedTable* rows = nullptr;
};

class Join final : public KeyedStep {
 public:
  Join(OperatorId operator_id,
       std::array<Side, 2> sides,
       std::optional<Predicate> residual,
       TimeZone zone,
       columnar::SchemaPtr output)
      : operator_id_(std::move(operator_id)),
        sides_(std::move(sides)),
        residual_(std::move(residual)),
        zone_(std::move(zone)),
        output_(std::move(output)) {}

  Status Declare(state::TaskState& state) override {
    for (std::size_t i = 0; i < 2; ++i) {
      Side& side = sides_[i];
      std::vector<columnar::Field> keys;
      for (const std::uint32_t key : side.keys) {
        keys.push_back(side.schema->field(key));
      }
      side.rows = &state.AddOrderedTable({.operator_id = operator_id_,
                                          .name = i == 0 ? "left" : "right",
                                          .keys = std::move(keys),
                                          .sub_keys = {},
                                          .values = side.schema->fields(),
                                          .ttl = side.ttl});
    }
    return OkStatus();
  }

  StatusOr<StepResult> Open(state::TaskState& /*state*/) override { return StepResult::kDone; }

  StatusOr<StepResult> Process(const KeyedInput& input, Output& output) override {
    input_.emplace(input);
    resolved_ = false;
    RETURN_IF_ERROR(SelectRows());
    return Continue(output);
  }

  StatusOr<StepResult> Continue(Output& output) override {
    if (!resolved_) {
      if (!Resolve()) {
        return StepResult::kParked;
      }
      Keep();
    }
    while (!scanned_) {
      if (!output.HasRoom()) {
        return StepResult::kMore;
      }
      RETURN_IF_ERROR(EmitMatches(output));
    }
    input_.reset();
    matches_.Clear();
    return StepResult::kDone;
  }

 private:
  Side& own() { return sides_[input_->input]; }
  Side& other() { return sides_[1 - input_->input]; }

  /// Rows without a NULL in their key, and which of them add and which take back.
  Status SelectRows() {
    const Batch& batch = input_->batch;
    live_.clear();
    added_.clear();
    retracted_.clear();
    const auto kinds = batch.change_kinds();
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      bool null = false;
      for (std::size_t i = 0; i < own().keys.size(); ++i) {
        const bool null_safe = !own().null_safe.empty() && own().null_safe[i];
        null |= !null_safe && batch.column(own().keys[i])->IsNull(row);
      }
      if (null) {
        continue;
      }
      live_.push_back(row);
      const bool adds = kinds.empty() || columnar::IsAddition(kinds[row]);
      (adds ? added_ : retracted_).push_back(row);
    }
    if (!retracted_.empty() && !own().retracts) {
      return InvalidArgument(
          "The join got a row that is taken back (-U or -D), but the plan says "
          "that this input only adds rows");
    }
    return OkStatus();
  }

  /// Nothing changes before both sides are in memory.
  bool Resolve() {
    own_slots_.resize(live_.size());
    other_slots_.resize(live_.size());
    const state::RowSelection live{std::span<const std::uint32_t>(live_)};
    if (!live_.empty() &&
        (own().rows->Resolve(input_->keys, own_slots_, live) == Residency::kParked ||
         other().rows->Find(input_->keys, other_slots_, live) == Residency::kParked)) {
      return false;
    }
    resolved_ = true;
    position_ = {};
    scanned_ = live_.empty();
    return true;
  }

  /// Rows are added before others are taken back: a batch may do both to one row.
  void Keep() {
    std::vector<SlotId>& slots = part_slots_;
    PartOf(IsAddition, &slots);
    if (!slots.empty()) {
      FillBuffer(added_);
      own().rows->Append(slots, buffer_);
    }
    if (retracted_.empty()) {
      return;
    }
    PartOf([](ChangeKind kind) { return !columnar::IsAddition(kind); }, &slots);
    FillBuffer(retracted_);
    found_.resize(slots.size());
    own().rows->EraseEqual(slots, buffer_, found_);
  }

  static bool IsAddition(ChangeKind kind) { return columnar::IsAddition(kind); }

  /// Own slots of those live rows whose kind is wanted.
  template <class Wanted>
  void PartOf(Wanted wanted, std::vector<SlotId>* slots) const {
    slots->clear();
    for (std::size_t i = 0; i < live_.size(); ++i) {
      if (wanted(input_->batch.change_kind(live_[i]))) {
        slots->push_back(own_slots_[i]);
      }
    }
  }

  void FillBuffer(const std::vector<std::uint32_t>& rows) {
    const Batch& batch = input_->batch;
    buffer_.Reset(own().rows->layout(), rows.size());
    const bool all = rows.size() == batch.row_count();
    for (std::size_t i = 0; i < batch.column_count(); ++i) {
      if (all) {
        buffer_.SetColumn(i, batch.column(i));
      } else {
        buffer_.SetColumn(i, batch.column(i), rows);
      }
    }
  }

  /// The next full batch of matches, less what the residual condition drops.
  Status EmitMatches(Output& output) {
    matches_.Clear();
    scanned_ = other().rows->Scan(other_slots_, columnar::kMaxBatchRows, &position_, &matches_);
    if (matches_.values.empty()) {
      return OkStatus();
    }
    ASSIGN_OR_RETURN(Batch joined, Joined());
    if (residual_.has_value()) {
      RETURN_IF_ERROR(residual_->Select(joined, &selection_, {.zone = &zone_}));
      if (selection_.empty()) {
        return OkStatus();
      }
      if (selection_.size() < joined.row_count()) {
        joined = joined.Take(selection_);
      }
    }
    output.Emit(std::move(joined));
    return OkStatus();
  }

  StatusOr<Batch> Joined() {
    const std::size_t count = matches_.values.size();
    origin_rows_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      origin_rows_[i] = live_[matches_.origins[i]];
    }
    std::vector<ColumnPtr> mine;
    for (const ColumnPtr& column : input_->batch.columns()) {
      mine.push_back(columnar::Gather(column, origin_rows_));
    }
    std::vector<ColumnPtr> theirs;
    for (std::size_t i = 0; i < other().schema->size(); ++i) {
      ASSIGN_OR_RETURN(ColumnPtr column,
                       state::GatherField(other().rows->layout(), i, matches_.values));
      theirs.push_back(std::move(column));
    }
    std::vector<ColumnPtr>& left = input_->input == 0 ? mine : theirs;
    std::vector<ColumnPtr>& right = input_->input == 0 ? theirs : mine;
    left.insert(left.end(), right.begin(), right.end());
    Batch joined(output_, std::move(left), count);
    if (input_->batch.change_kinds().empty()) {
      return joined;
    }
    std::vector<ChangeKind> kinds(count);
    for (std::size_t i = 0; i < count; ++i) {
      kinds[i] = input_->batch.change_kinds()[origin_rows_[i]];
    }
    return joined.WithChangeKinds(kinds);
  }

  const OperatorId operator_id_;
  std::array<Side, 2> sides_;
  const std::optional<Predicate> residual_;
  const TimeZone zone_;  // Of the session; the condition may read it.
  const columnar::SchemaPtr output_;

  // The batch at hand, and how far its matches are emitted.
  std::optional<KeyedInput> input_;
  bool resolved_ = false;
  bool scanned_ = true;
  state::ScanPosition position_;
  std::vector<std::uint32_t> live_;  // Rows that take part.
  std::vector<std::uint32_t> added_;
  std::vector<std::uint32_t> retracted_;
  std::vector<SlotId> own_slots_;    // By live row.
  std::vector<SlotId> other_slots_;  // The same.

  // Kept for their memory.
  std::vector<SlotId> part_slots_;
  state::RowBuffer buffer_;
  std::vector<std::uint8_t> found_;
  state::OrderedRows matches_;
  std::vector<std::uint32_t> origin_rows_;
  Selection selection_;
};

}  // namespace

StatusOr<std::unique_ptr<KeyedStep>> MakeJoin(const proto::Step& step,
                                              const StepContext& context,
                                              columnar::SchemaPtr output) {
  const proto::JoinStep& join = step.join();
  std::array<Side, 2> sides;
  sides[0] = {.schema = context.inputs[0],
              .keys = {join.left_keys().begin(), join.left_keys().end()},
              .null_safe = std::vector<bool>(join.null_safe().begin(), join.null_safe().end()),
              .retracts = join.left_retracts(),
              .ttl = Milliseconds(join.left_ttl_millis())};
  sides[1] = {.schema = context.inputs[1],
              .keys = {join.right_keys().begin(), join.right_keys().end()},
              .null_safe = std::vector<bool>(join.null_safe().begin(), join.null_safe().end()),
              .retracts = join.right_retracts(),
              .ttl = Milliseconds(join.right_ttl_millis())};
  std::optional<Predicate> residual;
  if (join.has_residual()) {
    ASSIGN_OR_RETURN(residual, Predicate::Compile(join.residual(), *output));
    if (residual->stability() > Stability::kSession) {
      return Unimplemented(
          "The condition of a join asks the clock or for random numbers, which is not supported; "
          "compute that in a column before the join");
    }
  }
  return std::make_unique<Join>(OperatorId(step.operator_id()),
                                std::move(sides),
                                std::move(residual),
                                context.zone,
                                std::move(output));
}

}  // namespace thalweg::runtime
