// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_ORDER_KEYS_H_
#define THALWEG_RUNTIME_OPERATORS_ORDER_KEYS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "columnar/batch.h"
#include "columnar/byte_rows.h"
#include "columnar/ordered_codec.h"
#include "proto/plan.pb.h"
#include "state/operator_state.h"
#include "state/ordered_table.h"

namespace thalweg::runtime {

/// Sub-keys of rows kept in an order: the order columns, then the number of the row's arrival, so
/// that equal rows are different entries in the order in which they came.
class OrderKeys {
 public:
  /// REQUIRES: columns that were checked with the plan.
  OrderKeys(std::span<const proto::OrderColumn* const> order, const columnar::Schema& input);

  /// Of a table with such sub-keys.
  std::vector<columnar::Field> fields() const;

  /// Encodes the order columns of a batch.
  void Encode(const columnar::Batch& batch);
  /// REQUIRES: Encode() of the batch.
  std::string_view prefix(std::size_t row) const {
    return columns_.empty() ? std::string_view() : prefixes_[row];
  }
  /// Appends the sub-key of a row.
  void AppendSubKey(std::size_t row, std::uint64_t arrival, columnar::ByteRows* out) const;

 private:
  std::vector<std::uint32_t> columns_;
  std::vector<columnar::Field> fields_;
  std::optional<columnar::OrderedCodec> codec_;  // None without columns.
  columnar::ByteRows prefixes_;
};

/// Erases one row with these order columns that equals `value`; false: there is none.
bool EraseOrdered(state::OrderedTable& table,
                  state::SlotId slot,
                  std::string_view prefix,
                  const std::uint8_t* value);

/// Numbers rows as they arrive at a task. Numbers rise through restores, also at another
/// parallelism: each task goes on behind the greatest number of all.
class ArrivalCounter {
 public:
  explicit ArrivalCounter(OperatorId operator_id) : operator_id_(std::move(operator_id)) {}

  std::uint64_t Next() { return next_++; }

  /// kDataLoss: an entry that Save() has not written.
  Status Restore(state::OperatorState& state);
  void Save(state::OperatorState& state) const;

 private:
  const OperatorId operator_id_;
  std::uint64_t next_ = 0;
};

/// The columns of an ORDER BY as pointers.
template <class Columns>
std::vector<const proto::OrderColumn*> OrderOf(const Columns& order) {
  std::vector<const proto::OrderColumn*> columns;
  for (const proto::OrderColumn& column : order) {
    columns.push_back(&column);
  }
  return columns;
}

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_ORDER_KEYS_H_
