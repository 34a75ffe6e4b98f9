// SPDX-License-Identifier: Apache-2.0
//
// The aggregates of one step, over rows of a table that the step owns. Field 0 of a row counts the
// rows of the group: it tells whether the group exists, and is COUNT(*).
#ifndef THALWEG_RUNTIME_OPERATORS_AGGREGATE_SET_H_
#define THALWEG_RUNTIME_OPERATORS_AGGREGATE_SET_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/coding.h"
#include "base/status.h"
#include "columnar/batch.h"
#include "proto/plan.pb.h"
#include "runtime/expr/aggregate.h"
#include "runtime/operators/counted_values.h"
#include "state/row_buffer.h"
#include "state/row_layout.h"

namespace thalweg::runtime {

/// What all aggregates of a step have in common.
struct AggregateSetOptions {
  OperatorId operator_id;
  std::vector<columnar::Field> keys;
  bool retracts = false;
  bool sliced = false;  // Groups are kept apart for each slice of time.
  Milliseconds ttl{0};
};

class AggregateSet {
 public:
  /// The plan was validated: what does not fit is a bug.
  AggregateSet(std::span<const proto::AggregateCall* const> calls,
               const columnar::Schema& input,
               AggregateSetOptions options);
  ~AggregateSet();

  /// Of a group's row.
  const std::vector<columnar::Field>& fields() const { return fields_; }
  /// Declares the tables of counted values, if any.
  void Declare(state::TaskState& state);
  /// The layout of fields(); outlives this.
  void Place(const state::RowLayout& layout);

  /// Rows in the group; REQUIRES: Place().
  std::int64_t RowCount(const std::uint8_t* value) const {
    return LoadFixed<std::int64_t>(value + row_count_offset_);
  }

  /// Before Accumulate(): finds the batch's groups in the tables of counted values. kParked: ask
  /// again with the same keys.
  state::Residency Resolve(const columnar::EncodedKeys& keys);
  /// The same, for the values of the batch. `slices`: the slice of each row, when sliced.
  void Encode(const columnar::Batch& batch, const columnar::ColumnPtr& slices);

  /// Adds the rows, and takes back those that are -U or -D. kInvalidArgument: there are such, but
  /// the plan said that there would be none. kOutOfRange: a sum too large for any type.
  Status Accumulate(const columnar::Batch& batch, const GroupedRows& rows);

  /// Adds groups to groups: values[i] = values[i] and from[i] together, both rows of fields().
  /// `strings` is of the table of `values`. REQUIRES: no counted values.
  Status Merge(std::span<std::uint8_t* const> values,
               std::span<const std::uint8_t* const> from,
               state::StringSlabs& strings) const;
  /// Adds rows of partial states, of which columns first_column and on are fields().
  Status MergeColumns(const columnar::Batch& batch,
                      std::size_t first_column,
                      const GroupedRows& rows);

  /// Each call's results. values[i] is the row of the group of batch row rows[i]; `rows` matters
  /// for retracting MIN and MAX only.
  StatusOr<std::vector<columnar::ColumnPtr>> Emit(std::span<const std::uint8_t* const> values,
                                                  std::span<const std::uint32_t> rows) const;

  /// Forgets the counted values of a slice. kParked: ask again with the same keys.
  state::Residency DropSlice(const columnar::EncodedKeys& keys, std::int64_t slice);
  bool has_counted_values() const { return !counted_.empty(); }
  /// Whether one of the results changes with every row that is added.
  bool counts_rows() const { return counts_rows_; }

 private:
  struct Call;
  struct Counted;
  struct Scratch;

  void AddCall(const proto::AggregateCall& call, const columnar::Schema& input);
  Counted& CountedFor(std::uint32_t argument, std::int32_t filter, const columnar::Schema& input);
  Status Split(const columnar::Batch& batch, const GroupedRows& rows);
  GroupedRows Narrow(const columnar::Batch& batch,
                     const GroupedRows& rows,
                     std::int32_t argument,
                     std::int32_t filter,
                     Scratch* scratch) const;
  Status AccumulatePlain(const columnar::Batch& batch, const Call& call);
  Status AccumulateCounted(const columnar::Batch& batch, Counted& counted);

  const AggregateSetOptions options_;
  std::vector<columnar::Field> fields_;
  std::vector<Call> calls_;
  std::vector<std::unique_ptr<Counted>> counted_;
  const state::RowLayout* layout_ = nullptr;
  std::size_t row_count_offset_ = 0;
  bool counts_rows_ = false;

  // Of the batch at hand; kept for their memory.
  GroupedRows added_;
  GroupedRows retracted_;
  std::unique_ptr<Scratch> added_scratch_;
  std::unique_ptr<Scratch> retracted_scratch_;
  std::unique_ptr<Scratch> narrow_scratch_;
  std::unique_ptr<Scratch> distinct_scratch_;
  std::vector<std::uint32_t> positions_;
  state::RowBuffer partials_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_AGGREGATE_SET_H_
