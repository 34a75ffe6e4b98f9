// SPDX-License-Identifier: Apache-2.0
//
// Expressions as the parser leaves them: names are not resolved, functions are not looked up,
// types of columns are unknown. Nodes are immutable and shared.
#ifndef THALWEG_SQL_PARSER_AST_EXPRESSION_H_
#define THALWEG_SQL_PARSER_AST_EXPRESSION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "columnar/type.h"
#include "sql/parser/source.h"

namespace thalweg::sql::ast {

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;
struct Query;
using QueryPtr = std::shared_ptr<const Query>;

/// Compared with regard to case. `name` is without its quotes.
struct Identifier {
  std::string name;
  bool quoted = false;
  SourceSpan span;
};

/// `a`, `a.b`, ...: at least one part.
struct QualifiedName {
  std::vector<Identifier> parts;
  SourceSpan span;

  const Identifier& last() const { return parts.back(); }
};

enum class TimeUnit : std::uint8_t {
  kMillennium,
  kCentury,
  kDecade,
  kYear,
  kQuarter,
  kMonth,
  kWeek,
  kDay,
  kHour,
  kMinute,
  kSecond,
  kMillisecond,
  kMicrosecond,
  kNanosecond,
};
/// "YEAR".
std::string_view TextOf(TimeUnit unit);

struct NullLiteral {};
struct BooleanLiteral {
  bool value = false;
};
/// `12`, `1.50`, `1e3`, `-7`: the text as written, with a sign where one stood directly before it.
/// An exponent makes it a DOUBLE, a point a DECIMAL, else it is the smallest of INT, BIGINT and
/// DECIMAL that holds it.
struct NumberLiteral {
  std::string text;
};
struct StringLiteral {
  std::string value;
};
/// X'0aff'.
struct BinaryLiteral {
  std::string bytes;
};
struct DateLiteral {
  std::string text;
};
struct TimeLiteral {
  std::string text;
};
struct TimestampLiteral {
  std::string text;
};
/// INTERVAL [-] 'text' unit[(precision)] [TO unit[(fraction)]], such as INTERVAL '1:30' HOUR TO
/// MINUTE. Also WEEK and QUARTER. An interval over an expression, INTERVAL x DAY, is refused.
struct IntervalLiteral {
  bool negative = false;
  std::string text;
  TimeUnit from = TimeUnit::kSecond;
  std::optional<TimeUnit> to;
};

/// A column, with the table, database and catalog or the row fields that may be around it: which
/// is which is the binder's to find out.
struct ColumnName {
  QualifiedName name;
};

/// `*`, `t.*` or `t.column.*`.
struct Star {
  std::optional<QualifiedName> qualifier;
};

enum class SortDirection : std::uint8_t { kAscending, kDescending };
enum class NullOrder : std::uint8_t { kDefault, kFirst, kLast };

struct OrderItem {
  ExpressionPtr expression;
  SortDirection direction = SortDirection::kAscending;
  NullOrder nulls = NullOrder::kDefault;
  SourceSpan span;
};

enum class FrameUnit : std::uint8_t { kRows, kRange };
enum class FrameBoundKind : std::uint8_t {
  kUnboundedPreceding,
  kPreceding,
  kCurrentRow,
  kFollowing,
  kUnboundedFollowing,
};
struct FrameBound {
  FrameBoundKind kind = FrameBoundKind::kCurrentRow;
  ExpressionPtr offset;  // Of kPreceding and kFollowing; else null.
  SourceSpan span;
};
/// Without BETWEEN the end is CURRENT ROW.
struct Frame {
  FrameUnit unit = FrameUnit::kRange;
  FrameBound start;
  FrameBound end;
  SourceSpan span;
};

/// What stands in OVER (...) and in WINDOW w AS (...). `OVER w` has only `base` and is `bare`.
struct WindowSpec {
  std::optional<Identifier> base;
  bool bare = false;
  std::vector<ExpressionPtr> partition_by;
  std::vector<OrderItem> order_by;
  std::optional<Frame> frame;
  SourceSpan span;
};

struct Argument {
  std::optional<Identifier> name;  // `name => value`.
  ExpressionPtr value;
};

/// What JSON functions do when a path finds nothing, or when something goes wrong.
enum class JsonFallback : std::uint8_t {
  kNull,
  kError,
  kDefault,
  kTrue,
  kFalse,
  kUnknown,
  kEmptyArray,
  kEmptyObject,
};
struct JsonBehavior {
  JsonFallback fallback = JsonFallback::kNull;
  ExpressionPtr default_value;  // Of kDefault; else null.
  SourceSpan span;
};
enum class JsonWrapper : std::uint8_t { kWithout, kConditional, kUnconditional };
enum class JsonOnNull : std::uint8_t { kNull, kAbsent };

/// The clauses of JSON_VALUE, JSON_QUERY, JSON_EXISTS, JSON_OBJECT, JSON_ARRAY and their
/// aggregates; absent ones were not written.
struct JsonClauses {
  std::optional<columnar::DataType> returning;
  std::optional<JsonBehavior> on_empty;
  std::optional<JsonBehavior> on_error;
  std::optional<JsonWrapper> wrapper;
  std::optional<JsonOnNull> on_null;
};

enum class NullTreatment : std::uint8_t { kDefault, kRespect, kIgnore };

/// A call of a function, as written. The special forms of the dialect are calls too:
///
///   EXTRACT(DAY FROM x)            EXTRACT(Symbol DAY, x)
///   FLOOR(x TO HOUR), CEIL         FLOOR(x, Symbol HOUR)
///   TIMESTAMPADD(DAY, n, x)        TIMESTAMPADD(Symbol DAY, n, x); TIMESTAMPDIFF too
///   TRIM([BOTH] [c] FROM x)        TRIM(Symbol BOTH, c, x); c is ' ' unless given; TRIM(x) also
///   POSITION(a IN b)               POSITION(a, b)
///   SUBSTRING(x FROM a [FOR b])    SUBSTRING(x, a [, b])
///   OVERLAY(x PLACING y FROM a)    OVERLAY(x, y, a [, b])
///   JSON_OBJECT(KEY k VALUE v)     JSON_OBJECT(k, v, ...); JSON_OBJECTAGG too
///   CURRENT_TIMESTAMP and such     a call that is not `parenthesized`
///   COUNT(*)                       COUNT(Star)
struct Call {
  QualifiedName function;
  std::vector<Argument> arguments;
  bool parenthesized = true;
  bool distinct = false;
  std::vector<OrderItem> order_by;  // Inside the parentheses, as ARRAY_AGG(x ORDER BY y).
  ExpressionPtr filter;             // FILTER (WHERE ...); else null.
  std::vector<OrderItem> within_group;
  NullTreatment nulls = NullTreatment::kDefault;
  std::optional<WindowSpec> over;
  std::optional<JsonClauses> json;
};

enum class Operator : std::uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kConcat,
  kNegate,
  kPlus,  // Unary.
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kAnd,  // Two or more operands: a chain is one node, so that long ones stay flat.
  kOr,   // Likewise.
  kNot,
  kIsNull,
  kIsNotNull,
  kIsTrue,
  kIsNotTrue,
  kIsFalse,
  kIsNotFalse,
  kIsUnknown,
  kIsNotUnknown,
  kIsJson,  // [VALUE].
  kIsNotJson,
  kIsJsonObject,
  kIsNotJsonObject,
  kIsJsonArray,
  kIsNotJsonArray,
  kIsJsonScalar,
  kIsNotJsonScalar,
  kIsDistinctFrom,
  kIsNotDistinctFrom,
  kOverlaps,  // Both operands are a RowConstructor of two.
};
/// "+", "IS NOT NULL".
std::string_view TextOf(Operator op);

struct Operation {
  Operator op = Operator::kAdd;
  std::vector<ExpressionPtr> operands;
  SourceSpan op_span;
};

struct Between {
  ExpressionPtr operand;
  ExpressionPtr low;
  ExpressionPtr high;
  bool negated = false;
  bool symmetric = false;
};

/// `operand [NOT] IN (list)`, or over a query, which then is not null.
struct In {
  ExpressionPtr operand;
  std::vector<ExpressionPtr> list;
  QueryPtr query;
  bool negated = false;
};

enum class PatternKind : std::uint8_t { kLike, kSimilarTo };
struct Like {
  PatternKind kind = PatternKind::kLike;
  ExpressionPtr operand;
  ExpressionPtr pattern;
  ExpressionPtr escape;  // Null unless given.
  bool negated = false;
};

/// NOT EXISTS is kNot around it.
struct Exists {
  QueryPtr query;
};

struct ScalarQuery {
  QueryPtr query;
};

struct CaseBranch {
  ExpressionPtr when;
  ExpressionPtr then;
};
struct Case {
  ExpressionPtr operand;  // CASE operand WHEN value ...; null in CASE WHEN condition ....
  std::vector<CaseBranch> branches;
  ExpressionPtr otherwise;  // Null unless given.
};

struct Cast {
  ExpressionPtr operand;
  columnar::DataType type;
  SourceSpan type_span;
  bool safe = false;  // TRY_CAST.
};

/// a[i] of an ARRAY, from 1, and m[k] of a MAP.
struct ElementAt {
  ExpressionPtr collection;
  ExpressionPtr index;
};

/// `(expression).field`, `f(x).field`, `a[1].field`; of a column it is part of the ColumnName.
struct FieldAccess {
  ExpressionPtr row;
  Identifier field;
};

/// ROW(a, b), or (a, b) which is not `keyword`.
struct RowConstructor {
  std::vector<ExpressionPtr> fields;
  bool keyword = true;
};

struct ArrayConstructor {
  std::vector<ExpressionPtr> elements;
};

/// MAP[k1, v1, k2, v2]: keys and values in turn; an even number.
struct MapConstructor {
  std::vector<ExpressionPtr> entries;
};

/// A keyword as an argument: a unit of time, BOTH, LEADING, TRAILING. Upper case.
struct Symbol {
  std::string text;
};

/// TABLE t [PARTITION BY ...] [ORDER BY ...], or TABLE (query), as argument of a table function.
struct TableArgument {
  std::optional<QualifiedName> table;
  QueryPtr query;  // Null when `table` is given.
  std::vector<ExpressionPtr> partition_by;
  std::vector<OrderItem> order_by;
};

/// DESCRIPTOR(a, b).
struct Descriptor {
  std::vector<Identifier> columns;
};

struct Expression {
  using Node = std::variant<NullLiteral,
                            BooleanLiteral,
                            NumberLiteral,
                            StringLiteral,
                            BinaryLiteral,
                            DateLiteral,
                            TimeLiteral,
                            TimestampLiteral,
                            IntervalLiteral,
                            ColumnName,
                            Star,
                            Call,
                            Operation,
                            Between,
                            In,
                            Like,
                            Exists,
                            ScalarQuery,
                            Case,
                            Cast,
                            ElementAt,
                            FieldAccess,
                            RowConstructor,
                            ArrayConstructor,
                            MapConstructor,
                            Symbol,
                            TableArgument,
                            Descriptor>;

  Node node;
  SourceSpan span;
  /// Levels of nodes from here down, sub-queries included; at most kMaxTreeHeight, so that walks
  /// may recurse.
  std::uint32_t height = 1;

  /// The node if it is a `T`, else null: `if (const auto* call = expression.As<ast::Call>())`.
  template <class T>
  const T* As() const {
    return std::get_if<T>(&node);
  }
};

}  // namespace thalweg::sql::ast

#endif  // THALWEG_SQL_PARSER_AST_EXPRESSION_H_
