// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_JOIN_SIDE_H_
#define THALWEG_RUNTIME_OPERATORS_JOIN_SIDE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "columnar/batch.h"
#include "columnar/row_codec.h"
#include "state/ordered_table.h"
#include "state/row_buffer.h"

namespace thalweg::state {
class TaskState;
}  // namespace thalweg::state

namespace thalweg::runtime {

/// What a join keeps of one input, and how.
///
/// Plain: every row by itself, in the order of arrival. Counted: a row is kept once, under its own
/// bytes, with the number of its copies and the number of rows of the other input that match it:
/// what is needed where matches cannot be told from the other side's keys alone.
class JoinSide {
 public:
  struct Options {
    columnar::SchemaPtr schema;
    std::vector<std::uint32_t> keys;
    std::vector<bool> null_safe;  // By key; empty: none is.
    bool retracts = false;
    bool tracked = false;  // Rows without a match are in the result, or decide about it.
    bool counted = false;
    Milliseconds ttl{0};
  };
  explicit JoinSide(Options options);

  const Options& options() const { return options_; }
  std::size_t width() const { return options_.schema->size(); }
  std::vector<columnar::Field> key_fields() const;

  void Declare(state::TaskState& state, const OperatorId& operator_id, std::string name);
  state::OrderedTable& table() { return *table_; }
  const state::OrderedTable& table() const { return *table_; }

  /// Whether the key of a row can match anything.
  bool CanMatch(const columnar::Batch& batch, std::size_t row) const;

  /// Keeps rows of a batch, slots[i] for rows[i]. `matches` by row of the batch; counted only.
  void Add(const columnar::Batch& batch,
           std::span<const std::uint32_t> rows,
           std::span<const state::SlotId> slots,
           std::span<const std::int64_t> matches);
  /// Gives rows up; those that are not there have expired.
  void Remove(const columnar::Batch& batch,
              std::span<const std::uint32_t> rows,
              std::span<const state::SlotId> slots);

  /// One column per field of rows that a scan of the table found.
  StatusOr<std::vector<columnar::ColumnPtr>> Columns(const state::OrderedRows& rows) const;
  /// The same of counted rows by their sub-keys.
  StatusOr<std::vector<columnar::ColumnPtr>> ColumnsOf(
      std::span<const std::string_view> sub_keys) const;

  // Of one row's value.
  std::int64_t CopiesOf(const std::uint8_t* value) const;
  /// REQUIRES: counted.
  std::int64_t MatchesOf(const std::uint8_t* value) const;
  void AddMatches(state::SlotId slot, std::string_view sub_key, std::int64_t more);

 private:
  void FillBuffer(const columnar::Batch& batch, std::span<const std::uint32_t> rows);
  void Encode(const columnar::Batch& batch, std::span<const std::uint32_t> rows);

  const Options options_;
  const columnar::RowCodec codec_;  // Counted.
  state::OrderedTable* table_ = nullptr;

  // Kept for their memory.
  state::RowBuffer buffer_;
  columnar::ByteRows encoded_;
  std::vector<std::uint8_t> found_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_JOIN_SIDE_H_
