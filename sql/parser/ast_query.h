// SPDX-License-Identifier: Apache-2.0
//
// Queries as the parser leaves them. Nodes are immutable and shared.
#ifndef THALWEG_SQL_PARSER_AST_QUERY_H_
#define THALWEG_SQL_PARSER_AST_QUERY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sql/parser/ast_expression.h"
#include "sql/parser/source.h"

namespace thalweg::sql::ast {

/// One entry inside /*+ NAME(entry, ...) */: 'key'='value', or a name or number alone, which is
/// `key` without a value.
struct HintOption {
  std::string key;
  std::optional<std::string> value;
  SourceSpan span;
};

struct Hint {
  Identifier name;
  std::vector<HintOption> options;
  SourceSpan span;
};

struct TableReference;
using TableReferencePtr = std::shared_ptr<const TableReference>;

/// `name [hints] [FOR SYSTEM_TIME AS OF x]`.
struct NamedTable {
  QualifiedName name;
  std::vector<Hint> hints;
  ExpressionPtr system_time;  // Null unless given.
};

/// `(query)`, with VALUES too. LATERAL lets it see the tables to its left.
struct DerivedTable {
  QueryPtr query;
  bool lateral = false;
};

/// `TABLE(f(...))`, `LATERAL TABLE(f(...))` and `f(...)`: TUMBLE and the like, and table functions.
/// `call` holds a Call.
struct TableFunction {
  ExpressionPtr call;
  bool lateral = false;
};

struct Unnest {
  std::vector<ExpressionPtr> collections;
  bool with_ordinality = false;
};

enum class JoinKind : std::uint8_t {
  kInner,
  kLeft,
  kRight,
  kFull,
  kCross,
  kComma,  // `a, b`: CROSS JOIN, whose condition stands in WHERE.
};

/// At most one of `on`, `using_columns`, `natural` is given.
struct Join {
  JoinKind kind = JoinKind::kInner;
  bool natural = false;
  TableReferencePtr left;
  TableReferencePtr right;
  ExpressionPtr on;  // Null unless given.
  std::vector<Identifier> using_columns;
  SourceSpan join_span;  // Of the words JOIN, LEFT JOIN, ...
};

/// The regular expression behind PATTERN: variables, sequences, alternatives (which the dialect
/// does not run), and repetitions of one of them.
struct RowPattern {
  enum class Kind : std::uint8_t { kVariable, kSequence, kAlternatives, kRepeat };
  Kind kind = Kind::kVariable;
  Identifier variable;               // Of kVariable.
  std::vector<RowPattern> children;  // One of kRepeat.
  std::uint32_t min = 1;             // Of kRepeat, as max and reluctant.
  std::optional<std::uint32_t> max;  // Absent: any number.
  bool reluctant = false;
  SourceSpan span;
};

enum class AfterMatch : std::uint8_t {
  kDefault,
  kNextRow,
  kPastLastRow,
  kToFirst,
  kToLast,
};

struct Measure {
  ExpressionPtr expression;
  Identifier name;
};

struct PatternDefinition {
  Identifier variable;
  ExpressionPtr condition;
};

struct MatchRecognize {
  TableReferencePtr input;
  std::vector<ExpressionPtr> partition_by;
  std::vector<OrderItem> order_by;
  std::vector<Measure> measures;
  bool all_rows = false;  // ALL ROWS PER MATCH.
  AfterMatch after_match = AfterMatch::kDefault;
  std::optional<Identifier> skip_to;  // Of kToFirst and kToLast.
  RowPattern pattern;
  ExpressionPtr within;  // Null unless given.
  std::vector<PatternDefinition> definitions;
};

struct TableReference {
  using Node = std::variant<NamedTable, DerivedTable, TableFunction, Unnest, Join, MatchRecognize>;

  Node node;
  std::optional<Identifier> alias;
  std::vector<Identifier> columns;  // `AS alias (a, b)`.
  SourceSpan span;
  std::uint32_t height = 1;  // As Expression::height.

  template <class T>
  const T* As() const {
    return std::get_if<T>(&node);
  }
};

struct SelectItem {
  ExpressionPtr expression;  // May be a Star.
  std::optional<Identifier> alias;
};

/// GROUP BY a, (b, c), ROLLUP(a, b), CUBE(a, b), GROUPING SETS((a, b), a, ()).
struct GroupingElement {
  enum class Kind : std::uint8_t { kExpressions, kRollup, kCube, kGroupingSets };
  Kind kind = Kind::kExpressions;
  std::vector<ExpressionPtr> expressions;  // Of kExpressions: none of `()`, several of `(a, b)`.
  std::vector<GroupingElement> elements;   // Of the other kinds.
  SourceSpan span;
};

struct NamedWindow {
  Identifier name;
  WindowSpec spec;
};

struct Select {
  std::vector<Hint> hints;
  bool distinct = false;
  std::vector<SelectItem> items;
  TableReferencePtr from;  // Null in a SELECT without FROM.
  ExpressionPtr where;     // Null unless given, as the next ones.
  std::vector<GroupingElement> group_by;
  ExpressionPtr having;
  std::vector<NamedWindow> windows;
  ExpressionPtr qualify;
};

struct Values {
  std::vector<std::vector<ExpressionPtr>> rows;
};

enum class SetOperator : std::uint8_t { kUnion, kExcept, kIntersect };

struct SetOperation {
  SetOperator op = SetOperator::kUnion;
  bool all = false;
  QueryPtr left;
  QueryPtr right;
  SourceSpan op_span;
};

/// `WITH name (columns) AS (query)`.
struct CommonTable {
  Identifier name;
  std::vector<Identifier> columns;
  QueryPtr query;
};

/// [WITH ...] body [ORDER BY] [LIMIT | OFFSET | FETCH]. `TABLE t` is SELECT * FROM t. A query in
/// parentheses is that query, unless it has a clause of its own and one stands outside too: then
/// the body is the inner query.
struct Query {
  using Body = std::variant<Select, Values, SetOperation, QueryPtr>;

  std::vector<CommonTable> with;
  Body body;
  std::vector<OrderItem> order_by;
  ExpressionPtr offset;  // Null unless given.
  ExpressionPtr limit;   // LIMIT n or FETCH NEXT n ROWS ONLY; null: all.
  SourceSpan span;
  std::uint32_t height = 1;  // As Expression::height.

  template <class T>
  const T* As() const {
    return std::get_if<T>(&body);
  }
};

}  // namespace thalweg::sql::ast

#endif  // THALWEG_SQL_PARSER_AST_QUERY_H_
