// SPDX-License-Identifier: Apache-2.0
//
// Aggregate functions over rows of state. A function, bound to its types, keeps a few fields in
// each group's row; everything is done batch-wise on pointers to such rows:
//
//   Accumulate / Retract   input rows into their groups' rows
//   Merge                  partial rows into rows: a local phase, slices of a larger window
//   Emit                   rows to a column of results
//
// An all-zero row is a group that has seen nothing.
#ifndef THALWEG_RUNTIME_EXPR_AGGREGATE_H_
#define THALWEG_RUNTIME_EXPR_AGGREGATE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/column.h"
#include "columnar/type.h"
#include "state/row_layout.h"
#include "state/string_slabs.h"

namespace thalweg::runtime {

/// Some input rows and the row values of their groups. One group may stand there many times.
struct GroupedRows {
  std::span<std::uint8_t* const> values;  // Row value of each entry's group.
  std::span<const std::uint32_t> rows;    // Input row of each entry; empty: see `first`.
  state::StringSlabs* strings = nullptr;  // Of the table that the values lie in.
  std::size_t first = 0;                  // Where `rows` is empty: entry i is row first + i.

  std::size_t size() const { return values.size(); }
  std::size_t row(std::size_t i) const { return rows.empty() ? first + i : rows[i]; }
};

/// What a function is bound to.
struct AggregateShape {
  std::vector<columnar::DataType> arguments;
  columnar::DataType result;
  bool retracts = false;  // Retract() will be called.
  /// Every row of a group gives the function a value: its argument is NOT NULL, and no filter holds
  /// rows back. Then a group that exists has seen one.
  bool sees_all_rows = false;
};

/// A bound function. Immutable once placed; any number of tables with that layout.
class Aggregate {
 public:
  virtual ~Aggregate() = default;

  /// The fields it keeps in a row.
  const std::vector<columnar::Field>& fields() const { return fields_; }

  /// Says where: its fields are first, first + 1, ... of `layout`, which outlives this.
  void Place(const state::RowLayout& layout, std::size_t first) {
    layout_ = &layout;
    first_ = first;
    OnPlaced();
  }

  /// Adds rows whose argument is not NULL; `argument` is null for a function without one.
  /// kOutOfRange: a sum that no type can hold.
  virtual Status Accumulate(const columnar::Column* argument, const GroupedRows& rows) const = 0;
  /// Takes such rows back. REQUIRES: shape.retracts.
  virtual Status Retract(const columnar::Column* argument, const GroupedRows& rows) const = 0;
  /// into[i] = into[i] and from[i] together. `strings` is of the table of `into`.
  virtual Status Merge(std::span<std::uint8_t* const> into,
                       std::span<const std::uint8_t* const> from,
                       state::StringSlabs& strings) const = 0;
  /// The result of each row.
  virtual StatusOr<columnar::ColumnPtr> Emit(std::span<const std::uint8_t* const> rows) const = 0;

 protected:
  explicit Aggregate(std::vector<columnar::Field> fields) : fields_(std::move(fields)) {}
  virtual void OnPlaced() {}
  const state::RowLayout& layout() const { return *layout_; }
  /// Index in the layout of the function's own field i.
  std::size_t field(std::size_t i) const { return first_ + i; }
  const state::FieldPlace& place(std::size_t i) const { return layout_->place(first_ + i); }

 private:
  std::vector<columnar::Field> fields_;
  const state::RowLayout* layout_ = nullptr;
  std::size_t first_ = 0;
};

struct AggregateFunction {
  std::string_view name;
  std::string_view signature;
  std::string_view documentation;
  std::uint32_t min_arguments;
  std::uint32_t max_arguments;
  /// The result's type. kInvalidArgument says in a few words what it takes.
  StatusOr<columnar::DataType> (*result)(std::span<const columnar::DataType> arguments);
  /// Null when the function cannot retract from fields of a row alone: MIN and MAX then work on
  /// counted values in an ordered table.
  std::unique_ptr<Aggregate> (*bind)(const AggregateShape& shape);
};

/// Null: there is none of that name.
const AggregateFunction* FindAggregate(std::string_view name);
/// By name.
std::span<const AggregateFunction> AllAggregates();

/// The result of a call. kInvalidArgument names the function and quotes its signature.
StatusOr<columnar::DataType> AggregateResult(std::string_view name,
                                             std::span<const columnar::DataType> arguments);

// One file each.
std::unique_ptr<Aggregate> BindCount(const AggregateShape& shape);
std::unique_ptr<Aggregate> BindSum(const AggregateShape& shape);
std::unique_ptr<Aggregate> BindAverage(const AggregateShape& shape);
std::unique_ptr<Aggregate> BindMinimum(const AggregateShape& shape);
std::unique_ptr<Aggregate> BindMaximum(const AggregateShape& shape);
std::unique_ptr<Aggregate> BindVariance(const AggregateShape& shape);
std::unique_ptr<Aggregate> BindSampleVariance(const AggregateShape& shape);
std::unique_ptr<Aggregate> BindDeviation(const AggregateShape& shape);
std::unique_ptr<Aggregate> BindSampleDeviation(const AggregateShape& shape);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_AGGREGATE_H_
