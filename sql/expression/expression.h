// SPDX-License-Identifier: Apache-2.0
//
// Expressions with their names found and their types known: what the binder makes of the parser's,
// what rules rewrite and what becomes the plan's. Immutable trees that share their parts.
#ifndef THALWEG_SQL_EXPRESSION_EXPRESSION_H_
#define THALWEG_SQL_EXPRESSION_EXPRESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "columnar/datum.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"
#include "sql/parser/source.h"

namespace thalweg::sql {

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;
using ExprList = std::vector<ExprPtr>;

/// A column of the input, a constant, or a call of a function of the registry.
struct Expr {
  enum class Kind : std::uint8_t { kColumn, kLiteral, kCall };

  Expr(Kind k, columnar::DataType t) : kind(k), type(std::move(t)) {}

  bool is_column() const { return kind == Kind::kColumn; }
  bool is_literal() const { return kind == Kind::kLiteral; }
  bool is_call(std::string_view name) const { return kind == Kind::kCall && function == name; }
  /// NULL as written, which takes whatever type its surroundings want.
  bool is_untyped_null() const { return untyped_null; }

  Kind kind;
  columnar::DataType type;
  std::uint32_t column = 0;
  columnar::Datum value;
  bool untyped_null = false;
  std::string function;
  ExprList arguments;
  std::uint32_t size = 1;  // Nodes from here down, counted as often as they are used.
  SourceSpan span;         // In the text it came from, for messages.
};

ExprPtr MakeColumn(std::uint32_t column, columnar::DataType type, SourceSpan span = {});
ExprPtr MakeLiteral(columnar::DataType type, columnar::Datum value, SourceSpan span = {});
ExprPtr MakeUntypedNull(SourceSpan span = {});
/// Of a known result type; the binder asks the registry for it.
ExprPtr MakeCall(std::string function,
                 ExprList arguments,
                 columnar::DataType type,
                 SourceSpan span = {});
/// CAST unless the types are equal but for nullability.
ExprPtr MakeCast(ExprPtr value, const columnar::DataType& type);

/// Equal texts mean equal values in every row.
std::string DigestOf(const Expr& expression);

/// With `column` replaced by what `replace` gives for it; null keeps the column.
ExprPtr Rewrite(const ExprPtr& expression,
                const std::function<ExprPtr(const Expr& column)>& replace);
/// With every column i turned into mapping[i].
ExprPtr Substitute(const ExprPtr& expression, const ExprList& mapping);
/// With `delta` added to every column.
ExprPtr Shift(const ExprPtr& expression, std::int64_t delta);

void CollectColumns(const Expr& expression, std::set<std::uint32_t>* columns);
std::set<std::uint32_t> ColumnsOf(const Expr& expression);

/// The operands of AND, flat.
ExprList ConjunctsOf(const ExprPtr& condition);
/// Null for none.
ExprPtr AllOf(const ExprList& conditions);
bool IsTrueLiteral(const Expr& expression);

/// Whether it gives the same for the same row whenever it is computed: no RAND, no clock.
bool IsDeterministic(const Expr& expression);
/// Whether it is computed from constants alone.
bool IsConstant(const Expr& expression);

/// kInvalidArgument: a literal that is none of its type.
StatusOr<proto::Expression> ToProto(const Expr& expression);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_EXPRESSION_EXPRESSION_H_
