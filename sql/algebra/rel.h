// SPDX-License-Identifier: Apache-2.0
//
// Relational algebra: what a query means, before it is decided how it runs. Immutable trees that
// share their parts. Each column carries what planning must know of it: whether it is a time
// attribute, whether it is a bound of a window.
#ifndef THALWEG_SQL_ALGEBRA_REL_H_
#define THALWEG_SQL_ALGEBRA_REL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "columnar/type.h"
#include "proto/plan.pb.h"
#include "sql/catalog/table.h"
#include "sql/expression/expression.h"

namespace thalweg::sql {

/// Where windows lie, and in which time.
struct WindowInfo {
  proto::WindowSpec spec;
  bool processing_time = false;
  columnar::DataType time_type = columnar::DataType::Timestamp(3);

  std::string ToString() const;  // "TUMBLE(size 10 s)".
  friend bool operator==(const WindowInfo& a, const WindowInfo& b) {
    return a.ToString() == b.ToString();
  }
};
using WindowPtr = std::shared_ptr<const WindowInfo>;

enum class TimeRole : std::uint8_t { kNone, kRowtime, kProctime };
enum class WindowRole : std::uint8_t { kNone, kStart, kEnd, kTime };

struct RelColumn {
  std::string name;
  columnar::DataType type;
  TimeRole time = TimeRole::kNone;
  WindowRole role = WindowRole::kNone;
  WindowPtr window = nullptr;  // Of columns with a role.
  // Came into being by renaming a duplicate: written without a name of its own.
  bool generated = false;
};

struct Rel;
using RelPtr = std::shared_ptr<const Rel>;

/// What is read of a table: a column, or a field inside a ROW column.
struct ScanPath {
  std::uint32_t column = 0;
  std::vector<std::uint32_t> fields;

  friend auto operator<=>(const ScanPath&, const ScanPath&) = default;
};

/// The rows of a table, computed columns and watermark included.
struct Scan {
  TablePtr table;
  Configuration options;  // The table's, with those of hints over them.
  std::vector<ScanPath> paths;

  /// Equal for scans that may be one.
  std::string SourceDigest() const;
};

/// Constant rows; a row has a literal for each column.
struct ValuesRel {
  std::vector<ExprList> rows;
};

struct ProjectRel {
  ExprList expressions;
};

struct FilterRel {
  ExprPtr condition;
};

/// `condition` is over left, then right columns; null: all pairs.
struct JoinRel {
  proto::JoinKind kind = proto::JOIN_INNER;
  ExprPtr condition;
  std::int64_t left_ttl_millis = -1;  // STATE_TTL hint; -1: none.
  std::int64_t right_ttl_millis = -1;
};

struct AggregateCallRel {
  std::string function;
  std::vector<std::uint32_t> arguments = {};
  bool distinct = false;
  std::optional<std::uint32_t> filter = {};
  columnar::DataType type = columnar::DataType::BigInt();
};

/// Columns: the keys, then the calls. With `window` keys and calls are per window, and the columns
/// end with window_start, window_end, window_time.
struct AggregateRel {
  std::vector<std::uint32_t> keys;
  std::vector<AggregateCallRel> calls;
  WindowPtr window;
  // With `window`: the input's columns that bound it; they are not among the keys.
  std::uint32_t window_start = 0;
  std::uint32_t window_end = 0;
  // Set: the rows are put into their windows here, by this column of the input; `window_start` and
  // `window_end` mean nothing then.
  std::optional<std::uint32_t> time_column = {};
  std::int64_t ttl_millis = -1;  // STATE_TTL hint; -1: none.
};

/// Appends window_start, window_end, window_time.
struct WindowTableRel {
  WindowPtr window;
  std::uint32_t time_column = 0;
};

struct OrderKey {
  std::uint32_t column = 0;
  bool descending = false;
  bool nulls_first = true;
};

/// ROW_NUMBER() OVER (PARTITION BY keys ORDER BY order), appended as a column; with `limit` only
/// the rows numbered offset + 1 to offset + limit, and the column only with `emits_rank`.
struct RowNumberRel {
  std::vector<std::uint32_t> keys;
  std::vector<OrderKey> order;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> limit;
  bool emits_rank = true;
  SourceSpan span;  // Of the call, for messages.
  SourcePtr source;
};

/// All rows of all inputs.
struct UnionRel {};

/// ORDER BY with LIMIT and OFFSET of the whole result.
struct SortRel {
  std::vector<OrderKey> order;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> limit;
  SourceSpan span;
  SourcePtr source;
};

struct Rel {
  using Node = std::variant<Scan,
                            ValuesRel,
                            ProjectRel,
                            FilterRel,
                            JoinRel,
                            AggregateRel,
                            WindowTableRel,
                            RowNumberRel,
                            UnionRel,
                            SortRel>;
  Node node;
  std::vector<RelPtr> inputs;
  std::vector<RelColumn> columns;

  template <class T>
  const T* As() const {
    return std::get_if<T>(&node);
  }
  const RelPtr& input(std::size_t i = 0) const { return inputs[i]; }
};

// Each derives the columns of the result, with their roles.
RelPtr MakeScan(TablePtr table, Configuration options);
/// With other paths; names of columns are kept where a path is a whole column.
RelPtr MakeScan(TablePtr table, Configuration options, std::vector<ScanPath> paths);
RelPtr MakeValues(std::vector<ExprList> rows, std::vector<RelColumn> columns);
RelPtr MakeProject(RelPtr input, ExprList expressions, std::vector<std::string> names);
RelPtr MakeFilter(RelPtr input, ExprPtr condition);
RelPtr MakeJoin(RelPtr left, RelPtr right, JoinRel join);
RelPtr MakeAggregate(RelPtr input, AggregateRel aggregate, std::vector<std::string> names);
RelPtr MakeWindowTable(RelPtr input, WindowTableRel window);
RelPtr MakeRowNumber(RelPtr input, RowNumberRel rank, std::string name);
RelPtr MakeUnion(std::vector<RelPtr> inputs);
RelPtr MakeSort(RelPtr input, SortRel sort);

/// A reference to column i of a relation.
ExprPtr ColumnOf(const Rel& rel, std::size_t i, SourceSpan span = {});
ExprList ColumnsOf(const Rel& rel);
std::vector<std::string> NamesOf(const Rel& rel);
columnar::SchemaPtr SchemaOf(const Rel& rel);

/// The tree as indented text, for EXPLAIN and tests.
std::string ToText(const Rel& rel);
/// An expression over a relation's columns as text.
std::string ToText(const Expr& expression, const std::vector<RelColumn>& columns);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_ALGEBRA_REL_H_
