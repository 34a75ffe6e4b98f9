// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_COUNTED_VALUES_H_
#define THALWEG_RUNTIME_OPERATORS_COUNTED_VALUES_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "columnar/byte_rows.h"
#include "columnar/column.h"
#include "columnar/key_codec.h"
#include "columnar/ordered_codec.h"
#include "columnar/type.h"
#include "runtime/expr/aggregate.h"
#include "state/ordered_table.h"

namespace thalweg::state {
class TaskState;
}  // namespace thalweg::state

namespace thalweg::runtime {

/// What a table of counted values is for.
struct CountedValuesSpec {
  OperatorId operator_id;
  std::string name;
  std::vector<columnar::Field> keys;
  columnar::DataType value;
  bool sliced = false;  // Counted apart for each slice of time, which leads the sub-key.
  Milliseconds ttl{0};
};

/// How often each value of a column occurs in a group, in the order of the values: what DISTINCT
/// and retracting MIN and MAX look at. A value that occurs no more is gone.
class CountedValues {
 public:
  explicit CountedValues(CountedValuesSpec spec);

  void Declare(state::TaskState& state);

  /// Finds the groups of all rows of a batch; kParked as for KeyedRows::Resolve().
  state::Residency Resolve(const columnar::EncodedKeys& keys);

  /// Encodes the values of a batch. `slices`: the slice of each row, when sliced.
  void Encode(const columnar::ColumnPtr& values, const columnar::ColumnPtr& slices);

  /// Counts the values of `rows` (none NULL); `fresh` are those rows whose value is new in its
  /// group. REQUIRES: Resolve() and Encode() for the batch.
  void Add(const GroupedRows& rows, std::vector<std::uint32_t>* fresh);
  /// Takes values back; `gone` are those rows whose value was the last of its kind. A value that
  /// was never counted is ignored.
  void Remove(const GroupedRows& rows, std::vector<std::uint32_t>* gone);

  /// The least or greatest value of the groups of these rows of the batch, NULL where there is
  /// none. REQUIRES: not sliced.
  StatusOr<columnar::ColumnPtr> Extremes(std::span<const std::uint32_t> rows, bool greatest) const;

  /// Forgets a slice of these groups. kParked: ask again.
  state::Residency DropSlice(const columnar::EncodedKeys& keys, std::int64_t slice);

 private:
  const CountedValuesSpec spec_;
  const columnar::SchemaPtr encoded_;  // The columns of a sub-key.
  const columnar::OrderedCodec codec_;
  state::OrderedTable* table_ = nullptr;
  std::vector<state::SlotId> slots_;  // Of the batch's rows.
  columnar::ByteRows sub_keys_;       // The same.
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_COUNTED_VALUES_H_
