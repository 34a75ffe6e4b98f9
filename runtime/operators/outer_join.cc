// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/outer_join.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "runtime/expr/predicate.h"
#include "runtime/operators/final_keys.h"
#include "runtime/operators/join_probe.h"
#include "runtime/operators/join_side.h"
#include "runtime/plan/output_schema.h"
#include "state/task_state.h"

namespace thalweg::runtime {
namespace {

using columnar::Batch;
using columnar::ChangeKind;
using columnar::Column;
using columnar::ColumnPtr;
using state::Residency;
using state::ScanResult;
using state::SlotId;

/// Keys whose rows are joined together at the end of input.
constexpr std::size_t kFinalKeys = 256;

/// Result rows that are known and not yet emitted: row i is left_rows[i] of the left columns with
/// right_rows[i] of the right ones.
struct Pending {
  std::vector<ColumnPtr> left;
  std::vector<ColumnPtr> right;
  std::vector<std::uint32_t> left_rows;
  std::vector<std::uint32_t> right_rows;
  std::vector<ChangeKind> kinds;
  std::size_t next = 0;

  bool empty() const { return next == kinds.size(); }
  void Clear() { *this = Pending(); }
  void Add(std::uint32_t left_row, std::uint32_t right_row, ChangeKind kind) {
    left_rows.push_back(left_row);
    right_rows.push_back(right_row);
    kinds.push_back(kind);
  }

  Batch Next(const columnar::SchemaPtr& schema) {
    const std::size_t count = std::min(kinds.size() - next, columnar::kMaxBatchRows);
    std::vector<ColumnPtr> columns;
    for (const ColumnPtr& column : left) {
      columns.push_back(columnar::Gather(column, std::span(left_rows).subspan(next, count)));
    }
    for (const ColumnPtr& column : right) {
      columns.push_back(columnar::Gather(column, std::span(right_rows).subspan(next, count)));
    }
    const std::span<const ChangeKind> part(kinds.data() + next, count);
    next += count;
    const Batch batch(schema, std::move(columns), count);
    const bool all_inserts = std::all_of(
        part.begin(), part.end(), [](ChangeKind kind) { return kind == ChangeKind::kInsert; });
    return all_inserts ? batch : batch.WithChangeKinds(part);
  }
};

/// Rows of the other side whose standing changes with a batch: those in whole keys, or, where rows
/// are counted, single ones.
struct OtherRows {
  std::vector<SlotId> slots;
  state::ScanPosition position;
  bool scanned = false;
  std::vector<std::string> sub_keys;
  std::vector<std::int64_t> copies;
  std::size_t next = 0;

  void Clear() { *this = OtherRows(); }
};

/// A row of the other side that matches rows of the batch.
struct Touched {
  SlotId slot;
  std::string sub_key;
  std::int64_t copies;
  std::int64_t before;  // Rows that matched it.
  std::int64_t change = 0;
  bool any_added = false;
};

/// What a batch does: first rows of the other side are taken back that were there for want of a
/// match, then come the batch's own rows, joined or padded, then those rows of the other side that
/// have lost their last match.
class OuterJoin final : public KeyedStep {
 public:
  OuterJoin(const proto::Step& step,
            std::array<JoinSide::Options, 2> sides,
            std::optional<Predicate> residual,
            columnar::SchemaPtr joined,
            columnar::SchemaPtr output)
      : kind_(step.join().kind()),
        at_end_(step.join().emit_at_end()),
        operator_id_(step.operator_id()),
        sides_{JoinSide(std::move(sides[0])), JoinSide(std::move(sides[1]))},
        residual_(std::move(residual)),
        output_(std::move(output)),
        probe_(std::move(joined), residual_.has_value() ? &*residual_ : nullptr) {}

  Status Declare(state::TaskState& state) override {
    sides_[0].Declare(state, operator_id_, "left");
    sides_[1].Declare(state, operator_id_, "right");
    if (at_end_) {
      final_keys_.Declare(state, operator_id_, sides_[0].key_fields());
    }
    return OkStatus();
  }

  StatusOr<StepResult> Open(state::TaskState& /*state*/) override { return StepResult::kDone; }

  StatusOr<StepResult> Process(const KeyedInput& input, Output& output) override {
    input_.emplace(input);
    own_ = input.input;
    prepared_ = false;
    RETURN_IF_ERROR(SelectRows());
    return Continue(output);
  }

  StatusOr<StepResult> Continue(Output& output) override {
    if (!input_.has_value()) {
      return firing_ ? GiveFinal(output) : StepResult::kDone;
    }
    if (!prepared_) {
      if (!Resolve()) {
        return StepResult::kParked;
      }
      if (at_end_) {
        Keep();
        input_.reset();
        return StepResult::kDone;
      }
      RETURN_IF_ERROR(Prepare());
      prepared_ = true;
    }
    ASSIGN_OR_RETURN(const bool emitted, EmitBatch(output));
    if (!emitted) {
      return StepResult::kMore;
    }
    input_.reset();
    return StepResult::kDone;
  }

  StatusOr<StepResult> OnWatermark(EventMillis watermark, Output& output) override {
    if (!at_end_ || watermark != kMaxWatermark) {
      return StepResult::kDone;
    }
    firing_ = true;
    return GiveFinal(output);
  }

 private:
  bool gives_pairs() const { return kind_ != proto::JOIN_SEMI && kind_ != proto::JOIN_ANTI; }
  JoinSide& own() { return sides_[own_]; }
  JoinSide& other() { return sides_[1 - own_]; }

  // ---- Before anything leaves.

  /// Rows of the result (rows_), those among them that can match (live_), those to be kept.
  Status SelectRows() {
    const Batch& batch = input_->batch;
    rows_.clear();
    live_.clear();
    bool any_removed = false;
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      const bool can_match = own().CanMatch(batch, row);
      if (!can_match && !own().options().tracked) {
        continue;
      }
      rows_.push_back(row);
      if (can_match) {
        live_.push_back(row);
      }
      any_removed |= !columnar::IsAddition(batch.change_kind(row));
    }
    if (any_removed && !own().options().retracts) {
      return InvalidArgument(
          "The join got a row that is taken back (-U or -D), but the plan says "
          "that this input only adds rows");
    }
    return OkStatus();
  }

  /// What is not known to have no match must be kept; at the end all rows are needed.
  const std::vector<std::uint32_t>& kept() const { return at_end_ ? rows_ : live_; }

  bool Resolve() {
    const state::RowSelection selection{std::span<const std::uint32_t>(kept())};
    own_slots_.resize(kept().size());
    if (!kept().empty() &&
        own().table().Resolve(input_->keys, own_slots_, selection) == Residency::kParked) {
      return false;
    }
    if (at_end_) {
      return kept().empty() || final_keys_.Note(input_->keys, selection) == Residency::kReady;
    }
    std::vector<SlotId> found(live_.size());
    if (!live_.empty() &&
        other().table().Find(input_->keys, found, selection) == Residency::kParked) {
      return false;
    }
    other_slots_.assign(rows_.size(), state::kNoSlot);
    std::size_t next = 0;
    for (std::size_t i = 0; i < rows_.size() && next < live_.size(); ++i) {
      if (rows_[i] == live_[next]) {
        other_slots_[i] = found[next++];
      }
    }
    return true;
  }

  Status Prepare() {
    batch_ = input_->batch;
    delete_.Clear();
    insert_.Clear();
    touched_.clear();
    RETURN_IF_ERROR(CountMatches(!other().options().counted ? nullptr : &touched_));
    const bool by_key = other().options().tracked && !other().options().counted;
    std::vector<KeyChange> keys;
    if (by_key) {
      keys = KeysOfBatch();
    }
    Keep();
    for (const KeyChange& key : keys) {
      const auto after = static_cast<std::int64_t>(own().table().Count(key.own));
      if (TakesBack(key.before, after, key.any_added)) {
        delete_.slots.push_back(key.other);
      }
      if (Brings(key.before, after, key.any_added)) {
        insert_.slots.push_back(key.other);
      }
    }
    for (const Touched& row : touched_) {
      const std::int64_t after = row.before + row.change;
      other().AddMatches(row.slot, row.sub_key, row.change);
      if (TakesBack(row.before, after, row.any_added)) {
        delete_.sub_keys.push_back(row.sub_key);
        delete_.copies.push_back(row.copies);
      }
      if (Brings(row.before, after, row.any_added)) {
        insert_.sub_keys.push_back(row.sub_key);
        insert_.copies.push_back(row.copies);
      }
    }
    BeginOwn();
    phase_ = 0;
    return OkStatus();
  }

  /// matches_ of the rows, by row of batch_, where somebody asks for them. `touched`: null, or the
  /// rows of the other side that match, each once, in the order of first appearance.
  Status CountMatches(std::vector<Touched>* touched) {
    matches_.assign(batch_.row_count(), 0);
    if (!own().options().counted && touched == nullptr && !residual_.has_value()) {
      if (own().options().tracked) {
        for (std::size_t i = 0; i < rows_.size(); ++i) {
          matches_[rows_[i]] = static_cast<std::int64_t>(other().table().Count(other_slots_[i]));
        }
      }
      return OkStatus();
    }
    if (!own().options().tracked && touched == nullptr) {
      return OkStatus();
    }
    std::map<std::pair<SlotId, std::string>, std::size_t> index;
    probe_.Begin(batch_, rows_, other(), other_slots_, own_ == 0);
    while (true) {
      ASSIGN_OR_RETURN(const bool found, probe_.Next());
      if (!found) {
        return OkStatus();
      }
      for (std::size_t pair = 0; pair < probe_.pair_count(); ++pair) {
        const std::uint8_t* const value = probe_.found().values[probe_.entry(pair)];
        const std::uint32_t row = rows_[probe_.origin(pair)];
        matches_[row] += other().CopiesOf(value);
        if (touched == nullptr) {
          continue;
        }
        const SlotId slot = other_slots_[probe_.origin(pair)];
        std::string sub_key(probe_.found().sub_keys[probe_.entry(pair)]);
        const auto [place, is_new] = index.try_emplace({slot, sub_key}, touched->size());
        if (is_new) {
          touched->push_back({.slot = slot,
                              .sub_key = std::move(sub_key),
                              .copies = other().CopiesOf(value),
                              .before = other().MatchesOf(value)});
        }
        const bool adds = columnar::IsAddition(batch_.change_kind(row));
        (*touched)[place->second].change += adds ? 1 : -1;
        (*touched)[place->second].any_added |= adds;
      }
    }
  }

  struct KeyChange {
    SlotId own;
    SlotId other;
    std::int64_t before;  // Own rows of the key.
    bool any_added = false;
  };

  /// Each key of the batch once, in the order of first appearance.
  std::vector<KeyChange> KeysOfBatch() {
    std::vector<KeyChange> keys;
    std::unordered_map<SlotId, std::size_t> index;
    std::size_t next = 0;
    for (std::size_t i = 0; i < rows_.size() && next < live_.size(); ++i) {
      if (rows_[i] != live_[next]) {
        continue;
      }
      const SlotId slot = own_slots_[next++];
      const auto [place, is_new] = index.try_emplace(slot, keys.size());
      if (is_new) {
        keys.push_back({.own = slot,
                        .other = other_slots_[i],
                        .before = static_cast<std::int64_t>(own().table().Count(slot))});
      }
      keys[place->second].any_added |= columnar::IsAddition(batch_.change_kind(rows_[i]));
    }
    return keys;
  }

  // A row of the other side, by how many rows matched it before and do after the batch. A padded
  // row is taken back as soon as any joined one is sent, even if that goes in the same batch: who
  // reads them by the row's key must see one or the other last.
  bool TakesBack(std::int64_t before, std::int64_t after, bool any_added) const {
    switch (kind_) {
      case proto::JOIN_SEMI:
        return before > 0 && after <= 0;
      case proto::JOIN_ANTI:
        return before <= 0 && after > 0;
      default:
        return before <= 0 && any_added;
    }
  }
  bool Brings(std::int64_t before, std::int64_t after, bool any_added) const {
    switch (kind_) {
      case proto::JOIN_SEMI:
        return before <= 0 && after > 0;
      case proto::JOIN_ANTI:
        return before > 0 && after <= 0;
      default:
        return after <= 0 && (before > 0 || any_added);
    }
  }

  /// Rows are added before others are taken back: a batch may do both to one row.
  void Keep() {
    std::vector<std::uint32_t> added;
    std::vector<std::uint32_t> removed;
    std::vector<SlotId> added_slots;
    std::vector<SlotId> removed_slots;
    for (std::size_t i = 0; i < kept().size(); ++i) {
      const bool adds = columnar::IsAddition(input_->batch.change_kind(kept()[i]));
      (adds ? added : removed).push_back(kept()[i]);
      (adds ? added_slots : removed_slots).push_back(own_slots_[i]);
    }
    own().Add(input_->batch, added, added_slots, matches_);
    own().Remove(input_->batch, removed, removed_slots);
  }

  // ---- What leaves.

  /// False: the output is full.
  StatusOr<bool> EmitBatch(Output& output) {
    while (true) {
      if (!EmitPending(output)) {
        return false;
      }
      bool filled = false;
      if (phase_ == 0) {
        ASSIGN_OR_RETURN(filled, FillOther(&delete_, ChangeKind::kDelete));
      } else if (phase_ == 1) {
        ASSIGN_OR_RETURN(filled, FillOwn());
      } else {
        ASSIGN_OR_RETURN(filled, FillOther(&insert_, ChangeKind::kInsert));
      }
      if (!filled && ++phase_ > 2) {
        return true;
      }
    }
  }

  bool EmitPending(Output& output) {
    while (!pending_.empty()) {
      if (!output.HasRoom()) {
        return false;
      }
      output.Emit(pending_.Next(output_));
    }
    pending_.Clear();
    return true;
  }

  /// Rows of the other side alone. False: there are no more.
  StatusOr<bool> FillOther(OtherRows* rows, ChangeKind kind) {
    std::vector<ColumnPtr> columns;
    std::vector<std::int64_t> copies;
    if (!rows->sub_keys.empty()) {
      const std::size_t count =
          std::min(rows->sub_keys.size() - rows->next, columnar::kMaxBatchRows);
      if (count == 0) {
        return false;
      }
      const auto begin = rows->sub_keys.begin() + static_cast<std::ptrdiff_t>(rows->next);
      const std::vector<std::string_view> views(begin, begin + static_cast<std::ptrdiff_t>(count));
      ASSIGN_OR_RETURN(columns, other().ColumnsOf(views));
      for (std::size_t i = 0; i < count; ++i) {
        copies.push_back(rows->copies[rows->next + i]);
      }
      rows->next += count;
    } else {
      if (rows->scanned || rows->slots.empty()) {
        return false;
      }
      found_.Clear();
      rows->scanned =
          other().table().Scan(rows->slots, columnar::kMaxBatchRows, &rows->position, &found_);
      ASSIGN_OR_RETURN(columns, other().Columns(found_));
      copies.assign(found_.values.size(), 1);
    }
    SetPending(std::move(columns), /*of_own=*/false, {});
    for (std::uint32_t i = 0; i < copies.size(); ++i) {
      for (std::int64_t copy = 0; copy < copies[i]; ++copy) {
        AddPair(0, i, kind);
      }
    }
    return true;
  }

  /// Columns of one side, and those of the other with one row of NULLs behind them or alone.
  void SetPending(std::vector<ColumnPtr> columns, bool of_own, std::vector<ColumnPtr> opposite) {
    const bool is_left = (own_ == 0) == of_own;
    const std::size_t left_width = sides_[0].width();
    if (gives_pairs()) {
      const std::size_t first = is_left ? left_width : 0;
      const std::size_t width = sides_[is_left ? 1 : 0].width();
      std::vector<ColumnPtr> padded;
      for (std::size_t i = 0; i < width; ++i) {
        const columnar::DataType& type = output_->type(first + i);
        if (opposite.empty()) {
          padded.push_back(Column::Nulls(type.Nullable(), 1));
        } else if (type.nullable()) {
          const std::array<ColumnPtr, 2> parts = {columnar::WithType(opposite[i], type),
                                                  Column::Nulls(type, 1)};
          padded.push_back(columnar::Concat(parts));
        } else {
          padded.push_back(opposite[i]);
        }
      }
      opposite = std::move(padded);
    }
    pending_.left = is_left ? std::move(columns) : std::move(opposite);
    if (gives_pairs()) {
      pending_.right = is_left ? std::move(opposite) : std::move(columns);
    }
  }

  void AddPair(std::uint32_t own_row, std::uint32_t other_row, ChangeKind kind) {
    own_ == 0 ? pending_.Add(own_row, other_row, kind) : pending_.Add(other_row, own_row, kind);
  }

  void BeginOwn() {
    own_done_ = false;
    next_pad_ = 0;
    probe_.Begin(batch_, rows_, other(), other_slots_, own_ == 0);
  }

  /// Rows of the batch. False: there are no more.
  StatusOr<bool> FillOwn() {
    if (own_done_) {
      return false;
    }
    std::vector<ColumnPtr> mine(batch_.columns().begin(), batch_.columns().end());
    if (!gives_pairs()) {
      own_done_ = true;
      if (own_ == 0) {
        SetPending(std::move(mine), /*of_own=*/true, {});
        for (const std::uint32_t row : rows_) {
          if ((matches_[row] > 0) == (kind_ == proto::JOIN_SEMI)) {
            AddPair(row, 0, batch_.change_kind(row));
          }
        }
      }
      return true;
    }
    if (pads_only_) {
      own_done_ = true;
      SetPending(std::move(mine), /*of_own=*/true, {});
      AddPadsBefore(rows_.size(), 0);
      return true;
    }
    ASSIGN_OR_RETURN(const bool found, probe_.Next());
    if (!found) {
      own_done_ = true;
      return false;
    }
    std::uint32_t pad = 0;
    std::vector<ColumnPtr> theirs;
    if (probe_.pair_count() > 0) {
      RETURN_IF_ERROR(probe_.FillColumns());
      theirs = probe_.columns();
      pad = static_cast<std::uint32_t>(probe_.found().values.size());
    }
    SetPending(std::move(mine), /*of_own=*/true, std::move(theirs));
    for (std::size_t pair = 0; pair < probe_.pair_count(); ++pair) {
      AddPadsBefore(probe_.origin(pair), pad);
      const std::uint32_t row = rows_[probe_.origin(pair)];
      const std::uint32_t entry = probe_.entry(pair);
      const std::int64_t copies = other().CopiesOf(probe_.found().values[entry]);
      for (std::int64_t copy = 0; copy < copies; ++copy) {
        AddPair(row, entry, batch_.change_kind(row));
      }
    }
    AddPadsBefore(probe_.complete_rows(), pad);
    return true;
  }

  /// Padded rows for those of rows_ before `end` that have no match.
  void AddPadsBefore(std::size_t end, std::uint32_t pad) {
    for (; next_pad_ < end; ++next_pad_) {
      const std::uint32_t row = rows_[next_pad_];
      if (own().options().tracked && matches_[row] == 0) {
        AddPair(row, pad, batch_.change_kind(row));
      }
    }
  }

  // ---- The end of input: key after key, the left rows with their matches, then the right rows
  // that have none.

  StatusOr<StepResult> GiveFinal(Output& output) {
    while (true) {
      if (!EmitPending(output)) {
        return StepResult::kMore;
      }
      if (!own_done_) {
        RETURN_IF_ERROR(FillOwn().status());
        continue;
      }
      if (!given_) {
        if (!output.HasRoom()) {
          return StepResult::kFiring;
        }
        const ScanResult result = final_keys_.Next(kFinalKeys, &final_);
        if (result == ScanResult::kParked) {
          return StepResult::kParked;
        }
        if (result == ScanResult::kEnd) {
          firing_ = false;
          return StepResult::kDone;
        }
        given_ = true;
        found_slots_ = false;
      }
      if (!found_slots_ && !FindFinal()) {
        return StepResult::kParked;
      }
      ASSIGN_OR_RETURN(given_, NextFinalRows());
    }
  }

  bool FindFinal() {
    for (std::size_t side = 0; side < 2; ++side) {
      final_slots_[side].resize(final_.count);
      if (sides_[side].table().Find(final_, final_slots_[side]) == Residency::kParked) {
        return false;
      }
    }
    found_slots_ = true;
    own_ = 0;
    position_ = {};
    return true;
  }

  /// The next rows of the keys at hand become the batch. False: there are no more.
  StatusOr<bool> NextFinalRows() {
    while (true) {
      found_.Clear();
      own().table().Scan(final_slots_[own_], columnar::kMaxBatchRows, &position_, &found_);
      if (!found_.values.empty()) {
        break;
      }
      if (own_ == 1 || !sides_[1].options().tracked) {
        return false;
      }
      own_ = 1;
      position_ = {};
    }
    const std::size_t count = found_.values.size();
    ASSIGN_OR_RETURN(std::vector<ColumnPtr> columns, own().Columns(found_));
    batch_ = Batch(own().options().schema, std::move(columns), count);
    rows_.resize(count);
    std::iota(rows_.begin(), rows_.end(), 0U);
    other_slots_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      other_slots_[i] =
          own().CanMatch(batch_, i) ? final_slots_[1 - own_][found_.origins[i]] : state::kNoSlot;
    }
    RETURN_IF_ERROR(CountMatches(nullptr));
    pads_only_ = own_ == 1;
    BeginOwn();
    return true;
  }

  const proto::JoinKind kind_;
  const bool at_end_;
  const OperatorId operator_id_;
  std::array<JoinSide, 2> sides_;
  const std::optional<Predicate> residual_;
  const columnar::SchemaPtr output_;
  FinalKeys final_keys_;

  // The batch at hand.
  std::optional<KeyedInput> input_;
  std::uint32_t own_ = 0;  // Its side.
  bool prepared_ = false;
  std::vector<std::uint32_t> rows_;  // That are in the result, or were.
  std::vector<std::uint32_t> live_;  // Those of them that can match.
  std::vector<SlotId> own_slots_;    // By kept row.
  std::vector<SlotId> other_slots_;  // By row of rows_.
  Batch batch_;
  std::vector<std::int64_t> matches_;
  std::vector<Touched> touched_;
  OtherRows delete_;
  OtherRows insert_;

  // How far it is emitted.
  JoinProbe probe_;
  int phase_ = 0;
  bool own_done_ = true;
  bool pads_only_ = false;
  std::size_t next_pad_ = 0;  // Into rows_.
  Pending pending_;
  state::OrderedRows found_;

  // The end of input.
  bool firing_ = false;
  bool given_ = false;        // Rows of final_ are still to be emitted.
  bool found_slots_ = false;  // final_slots_ are of final_.
  columnar::EncodedKeys final_;
  std::array<std::vector<SlotId>, 2> final_slots_;
  state::ScanPosition position_;
};

}  // namespace

StatusOr<std::unique_ptr<KeyedStep>> MakeOuterJoin(const proto::Step& step,
                                                   const StepContext& context,
                                                   columnar::SchemaPtr output) {
  const proto::JoinStep& join = step.join();
  const proto::JoinKind kind = join.kind();
  std::array<JoinSide::Options, 2> sides;
  sides[0] = {.schema = context.inputs[0],
              .keys = {join.left_keys().begin(), join.left_keys().end()},
              .null_safe = std::vector<bool>(join.null_safe().begin(), join.null_safe().end()),
              .retracts = join.left_retracts(),
              .tracked = kind != proto::JOIN_INNER && kind != proto::JOIN_RIGHT,
              .ttl = Milliseconds(join.left_ttl_millis())};
  sides[1] = {.schema = context.inputs[1],
              .keys = {join.right_keys().begin(), join.right_keys().end()},
              .null_safe = std::vector<bool>(join.null_safe().begin(), join.null_safe().end()),
              .retracts = join.right_retracts(),
              .tracked = kind == proto::JOIN_RIGHT || kind == proto::JOIN_FULL,
              .ttl = Milliseconds(join.right_ttl_millis())};
  for (std::size_t i = 0; i < 2; ++i) {
    // Where a residual condition decides, or rows vanish unseen, a key does not tell.
    sides[i].counted = sides[i].tracked && !join.emit_at_end() &&
                       (join.has_residual() || sides[1 - i].ttl.count() > 0);
  }
  columnar::SchemaPtr joined = JoinedSchema(*context.inputs[0], *context.inputs[1]);
  std::optional<Predicate> residual;
  if (join.has_residual()) {
    ASSIGN_OR_RETURN(residual, Predicate::Compile(join.residual(), *joined));
  }
  return std::make_unique<OuterJoin>(
      step, std::move(sides), std::move(residual), std::move(joined), std::move(output));
}

}  // namespace thalweg::runtime
