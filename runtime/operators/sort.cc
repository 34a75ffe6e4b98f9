// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/sort.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/coding.h"
#include "columnar/column_builder.h"
#include "runtime/operators/order_keys.h"
#include "state/task_state.h"

namespace thalweg::runtime {
namespace {

using columnar::ColumnPtr;
using columnar::DataType;
using state::Residency;
using state::SlotId;

/// Rows of a bucket at most, unless they are all equal in the order columns.
constexpr std::int64_t kBucketRows = 16'384;
constexpr std::size_t kArrivalBytes = 8;
constexpr char kBucketList[] = "buckets";
constexpr char kCursorList[] = "cursor";

/// A stretch of the order. Rows lie under its number as key, so that it spills as one.
struct Bucket {
  std::int64_t id = 0;
  std::int64_t count = 0;
  std::int64_t split_above = kBucketRows;  // Not looked at again before it has more rows.
};

/// Buckets by the least order prefix that they may hold; the first begins with nothing.
using Directory = std::map<std::string, Bucket, std::less<>>;

std::string_view PrefixOf(std::string_view sub_key) {
  return sub_key.substr(0, sub_key.size() - kArrivalBytes);
}

class Sort final : public KeyedStep {
 public:
  Sort(const proto::Step& step, const StepContext& context, columnar::SchemaPtr output)
      : step_(step.sort()),
        operator_id_(step.operator_id()),
        input_schema_(context.inputs[0]),
        output_(std::move(output)),
        end_(step_.limit() == 0 ? -1 : static_cast<std::int64_t>(step_.offset() + step_.limit())),
        order_(OrderOf(step_.order()), *input_schema_),
        arrivals_(operator_id_),
        encoder_({DataType::BigInt().NotNull()}) {
    directory_.try_emplace("");
  }

  Status Declare(state::TaskState& state) override {
    table_ = &state.AddOrderedTable({.operator_id = operator_id_,
                                     .name = "buckets",
                                     .keys = {{"bucket", DataType::BigInt().NotNull()}},
                                     .sub_keys = order_.fields(),
                                     .values = input_schema_->fields()});
    return OkStatus();
  }

  StatusOr<StepResult> Open(state::TaskState& state) override {
    RETURN_IF_ERROR(arrivals_.Restore(state.operator_state()));
    RETURN_IF_ERROR(Restore(state.operator_state()));
    return StepResult::kDone;
  }

  StatusOr<StepResult> Process(const KeyedInput& input, Output& output) override {
    if (input.batch.empty()) {
      return StepResult::kDone;
    }
    input_.emplace(input);
    applied_ = false;
    order_.Encode(input.batch);
    RETURN_IF_ERROR(Deal());
    return Continue(output);
  }

  StatusOr<StepResult> Continue(Output& output) override {
    if (!input_.has_value()) {
      return firing_ ? Give(output) : StepResult::kDone;
    }
    ASSIGN_OR_RETURN(const bool absorbed, Absorb());
    if (!absorbed) {
      return StepResult::kParked;
    }
    input_.reset();
    return StepResult::kDone;
  }

  StatusOr<StepResult> OnWatermark(EventMillis watermark, Output& output) override {
    if (watermark != kMaxWatermark) {
      return StepResult::kDone;
    }
    firing_ = true;
    return Give(output);
  }

  Status BeforeFreeze(state::TaskState& state) override {
    arrivals_.Save(state.operator_state());
    state::OperatorState::Entries buckets;
    for (const auto& [begin, bucket] : directory_) {
      proto::OperatorStateEntry& entry = buckets.emplace_back(NewEntry(begin));
      ByteWriter value(*entry.mutable_value());
      value.PutFixed64(static_cast<std::uint64_t>(bucket.id));
      value.PutFixed64(static_cast<std::uint64_t>(bucket.count));
    }
    state.operator_state().Set(operator_id_, kBucketList, std::move(buckets));
    proto::OperatorStateEntry cursor = NewEntry(next_);
    ByteWriter(*cursor.mutable_value()).PutFixed64(static_cast<std::uint64_t>(passed_));
    state.operator_state().Set(operator_id_, kCursorList, {std::move(cursor)});
    return OkStatus();
  }

 private:
  static proto::OperatorStateEntry NewEntry(const std::string& key) {
    proto::OperatorStateEntry entry;
    entry.set_key(key);
    entry.set_version(1);
    entry.set_redistribution(proto::REDISTRIBUTE_TO_ALL);
    return entry;
  }

  Status Restore(const state::OperatorState& state) {
    const auto buckets = state.Get(operator_id_, kBucketList);
    if (!buckets.empty()) {
      directory_.clear();
    }
    for (const proto::OperatorStateEntry& entry : buckets) {
      ByteReader value(entry.value());
      std::uint64_t id = 0;
      std::uint64_t count = 0;
      if (entry.version() != 1 || !value.ReadFixed64(id) || !value.ReadFixed64(count)) {
        return DataLoss("The state of a sort has an entry that cannot be read");
      }
      directory_[entry.key()] = {.id = static_cast<std::int64_t>(id),
                                 .count = static_cast<std::int64_t>(count)};
      next_id_ = std::max(next_id_, static_cast<std::int64_t>(id) + 1);
    }
    for (const proto::OperatorStateEntry& entry : state.Get(operator_id_, kCursorList)) {
      ByteReader value(entry.value());
      std::uint64_t passed = 0;
      if (entry.version() != 1 || !value.ReadFixed64(passed)) {
        return DataLoss("The state of a sort has an entry that cannot be read");
      }
      next_ = entry.key();
      passed_ = static_cast<std::int64_t>(passed);
    }
    return OkStatus();
  }

  // ---- Taking rows in.

  Directory::iterator BucketOf(std::string_view prefix) {
    return std::prev(directory_.upper_bound(prefix));
  }

  /// Which rows add, which take back, and to which buckets they go.
  Status Deal() {
    added_.clear();
    removed_.clear();
    touched_.clear();
    bucket_of_.assign(input_->batch.row_count(), 0);
    std::map<std::int64_t, std::size_t> index;
    for (std::uint32_t row = 0; row < input_->batch.row_count(); ++row) {
      const bool adds = columnar::IsAddition(input_->batch.change_kind(row));
      if (!adds && !step_.input_retracts()) {
        return InvalidArgument(
            "The sort got a row that is taken back (-U or -D), but the plan says that its input "
            "only adds rows");
      }
      if (cutoff_.has_value() && order_.prefix(row) >= *cutoff_) {
        continue;
      }
      const auto bucket = BucketOf(order_.prefix(row));
      const auto [place, is_new] = index.try_emplace(bucket->second.id, touched_.size());
      if (is_new) {
        touched_.push_back(bucket);
      }
      bucket_of_[row] = place->second;
      (adds ? added_ : removed_).push_back(row);
    }
    return OkStatus();
  }

  /// False: spilled rows are being read.
  StatusOr<bool> Absorb() {
    if (!applied_) {
      std::vector<std::int64_t> ids;
      for (const auto& bucket : touched_) {
        ids.push_back(bucket->second.id);
      }
      if (!ids.empty() && !Resolve(ids)) {
        return false;
      }
      Apply();
      applied_ = true;
    }
    while (!touched_.empty()) {
      ASSIGN_OR_RETURN(const bool fits, SplitLast());
      if (!fits) {
        return false;
      }
    }
    return DropUnwanted();
  }

  /// Slots of these buckets into slots_.
  bool Resolve(const std::vector<std::int64_t>& ids) {
    columnar::ColumnBuilder builder(DataType::BigInt().NotNull(), ids.size());
    for (const std::int64_t id : ids) {
      builder.Append(id);
    }
    const columnar::Batch batch(columnar::Schema::Make({{"bucket", DataType::BigInt().NotNull()}}),
                                {builder.Finish()});
    const std::uint32_t column = 0;
    encoder_.Encode(batch, {&column, 1}, &keys_);
    slots_.resize(ids.size());
    return table_->Resolve(keys_, slots_) == Residency::kReady;
  }

  /// Rows are added before others are taken back: a batch may do both to one row.
  void Apply() {
    if (!added_.empty()) {
      std::vector<SlotId> slots;
      sub_keys_.offsets.assign(1, 0);
      for (const std::uint32_t row : added_) {
        slots.push_back(slots_[bucket_of_[row]]);
        order_.AppendSubKey(row, arrivals_.Next(), &sub_keys_);
        ++touched_[bucket_of_[row]]->second.count;
      }
      FillBuffer(added_);
      table_->Put(slots, sub_keys_, buffer_);
    }
    if (!removed_.empty()) {
      FillBuffer(removed_);
      for (std::size_t i = 0; i < removed_.size(); ++i) {
        const std::size_t bucket = bucket_of_[removed_[i]];
        if (EraseOrdered(*table_, slots_[bucket], order_.prefix(removed_[i]), buffer_.row(i))) {
          --touched_[bucket]->second.count;
        }
      }
    }
  }

  void FillBuffer(const std::vector<std::uint32_t>& rows) {
    buffer_.Reset(table_->layout(), rows.size());
    for (std::size_t i = 0; i < input_schema_->size(); ++i) {
      buffer_.SetColumn(i, input_->batch.column(i), rows);
    }
  }

  /// Cuts the last touched bucket in two until it is small enough. False: parked.
  StatusOr<bool> SplitLast() {
    const auto bucket = touched_.back();
    if (bucket->second.count <= bucket->second.split_above) {
      touched_.pop_back();
      return true;
    }
    if (!Resolve({bucket->second.id, next_id_})) {
      return false;
    }
    rows_.Clear();
    table_->ScanRange(slots_[0], {.begin = {}, .end = std::nullopt}, kAllRows, 0, &rows_);
    const std::size_t cut = CutOf(rows_);
    if (cut == 0) {
      bucket->second.split_above = 2 * bucket->second.count;
      return true;
    }
    const std::string begin(PrefixOf(rows_.sub_keys[cut]));
    const std::span<const std::uint8_t* const> values = std::span(rows_.values).subspan(cut);
    std::vector<ColumnPtr> columns;
    for (std::size_t i = 0; i < input_schema_->size(); ++i) {
      ASSIGN_OR_RETURN(ColumnPtr column, state::GatherField(table_->layout(), i, values));
      columns.push_back(std::move(column));
    }
    sub_keys_.offsets.assign(1, 0);
    sub_keys_.bytes.clear();
    for (std::size_t i = cut; i < rows_.sub_keys.size(); ++i) {
      sub_keys_.bytes.append(rows_.sub_keys[i]);
      sub_keys_.offsets.push_back(static_cast<std::uint32_t>(sub_keys_.bytes.size()));
    }
    buffer_.Reset(table_->layout(), values.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      buffer_.SetColumn(i, columns[i]);
    }
    table_->EraseRange(slots_[0], {.begin = begin, .end = std::nullopt});
    table_->Put(std::vector<SlotId>(values.size(), slots_[1]), sub_keys_, buffer_);
    const auto moved = static_cast<std::int64_t>(values.size());
    bucket->second.count = static_cast<std::int64_t>(cut);
    touched_.push_back(
        directory_.try_emplace(begin, Bucket{.id = next_id_++, .count = moved}).first);
    return true;
  }

  /// The place nearest to the middle where the order prefix changes; 0: there is none.
  static std::size_t CutOf(const state::OrderedRows& rows) {
    const std::size_t count = rows.sub_keys.size();
    const auto changes = [&](std::size_t i) {
      return PrefixOf(rows.sub_keys[i - 1]) != PrefixOf(rows.sub_keys[i]);
    };
    for (std::size_t away = 0; away <= count / 2; ++away) {
      const std::size_t low = count / 2 - away;
      const std::size_t high = count / 2 + away;
      if (low > 0 && changes(low)) {
        return low;
      }
      if (high > 0 && high < count && changes(high)) {
        return high;
      }
    }
    return 0;
  }

  /// Forgets whole buckets behind the limit. False: parked.
  StatusOr<bool> DropUnwanted() {
    if (end_ < 0 || step_.input_retracts()) {
      return true;
    }
    std::int64_t total = 0;
    for (const auto& [begin, bucket] : directory_) {
      total += bucket.count;
    }
    while (directory_.size() > 1 && total - std::prev(directory_.end())->second.count >= end_) {
      const auto last = std::prev(directory_.end());
      if (!Resolve({last->second.id})) {
        return false;
      }
      table_->EraseRange(slots_[0], {.begin = {}, .end = std::nullopt});
      total -= last->second.count;
      cutoff_ = last->first;
      directory_.erase(last);
    }
    return true;
  }

  // ---- Giving rows out. Where it has come to, next_ and passed_, is part of the state.

  StatusOr<StepResult> Give(Output& output) {
    while (true) {
      if (!output.HasRoom()) {
        return StepResult::kFiring;
      }
      const auto bucket = BucketOf(next_.empty() ? std::string_view() : std::string_view(next_));
      if (end_ >= 0 && passed_ >= end_) {
        firing_ = false;
        return StepResult::kDone;
      }
      if (!Resolve({bucket->second.id})) {
        return StepResult::kParked;
      }
      rows_.Clear();
      table_->ScanRange(
          slots_[0], {.begin = next_, .end = std::nullopt}, columnar::kMaxBatchRows, 0, &rows_);
      if (rows_.values.empty()) {
        const auto following = std::next(bucket);
        if (following == directory_.end()) {
          firing_ = false;
          return StepResult::kDone;
        }
        next_ = following->first;
        continue;
      }
      RETURN_IF_ERROR(Emit(output));
    }
  }

  /// Of the rows at hand those that are wanted.
  Status Emit(Output& output) {
    const auto count = static_cast<std::int64_t>(rows_.values.size());
    const std::int64_t begin =
        std::clamp<std::int64_t>(static_cast<std::int64_t>(step_.offset()) - passed_, 0, count);
    const std::int64_t end = end_ < 0 ? count : std::min(count, end_ - passed_);
    next_ = std::string(rows_.sub_keys.back()) + '\0';
    passed_ += count;
    if (begin >= end) {
      return OkStatus();
    }
    const auto values =
        std::span<const std::uint8_t* const>(rows_.values)
            .subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    std::vector<ColumnPtr> columns;
    for (std::size_t i = 0; i < input_schema_->size(); ++i) {
      ASSIGN_OR_RETURN(ColumnPtr column, state::GatherField(table_->layout(), i, values));
      columns.push_back(std::move(column));
    }
    output.Emit(columnar::Batch(output_, std::move(columns), values.size()));
    return OkStatus();
  }

  static constexpr std::size_t kAllRows = static_cast<std::size_t>(-1);

  const proto::SortStep step_;
  const OperatorId operator_id_;
  const columnar::SchemaPtr input_schema_;
  const columnar::SchemaPtr output_;
  const std::int64_t end_;  // Position behind the last wanted row; -1: all are wanted.
  OrderKeys order_;
  ArrivalCounter arrivals_;
  const columnar::KeyEncoder encoder_;
  state::OrderedTable* table_ = nullptr;
  Directory directory_;
  std::int64_t next_id_ = 1;
  std::optional<std::string> cutoff_;  // Rows of this prefix and behind it are not wanted.

  // The batch at hand.
  std::optional<KeyedInput> input_;
  bool applied_ = false;
  std::vector<std::uint32_t> added_;
  std::vector<std::uint32_t> removed_;
  std::vector<Directory::iterator> touched_;
  std::vector<std::size_t> bucket_of_;  // By row: index into touched_.

  bool firing_ = false;
  std::string next_;         // Sub-key from which on rows are to be given.
  std::int64_t passed_ = 0;  // Rows before it.

  // Kept for their memory.
  columnar::EncodedKeys keys_;
  std::vector<SlotId> slots_;
  columnar::ByteRows sub_keys_;
  state::RowBuffer buffer_;
  state::OrderedRows rows_;
};

}  // namespace

std::unique_ptr<KeyedStep> MakeSort(const proto::Step& step,
                                    const StepContext& context,
                                    columnar::SchemaPtr output) {
  return std::make_unique<Sort>(step, context, std::move(output));
}

}  // namespace thalweg::runtime
