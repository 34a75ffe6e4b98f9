// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_SQL_BINDER_QUERY_BINDER_H_
#define THALWEG_SQL_BINDER_QUERY_BINDER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "sql/algebra/rel.h"
#include "sql/binder/scope.h"
#include "sql/parser/ast.h"

namespace thalweg::sql {

/// A view that needs more views than this to be expanded is refused.
inline constexpr std::size_t kMaxViewDepth = 64;

/// Turns a query into algebra. Errors have a place.
class QueryBinder {
 public:
  explicit QueryBinder(Environment environment) : environment_(std::move(environment)) {}

  /// The names of the result's columns are unique.
  StatusOr<RelPtr> Bind(const ast::Query& query);

  /// A table or view by its name.
  StatusOr<Scope> BindNamedTable(const ast::QualifiedName& name,
                                 const std::vector<ast::Hint>& hints);

 private:
  /// Rows in an order: columns behind `visible` only serve it.
  struct Ordered {
    RelPtr rel;
    std::size_t visible = 0;
    std::vector<OrderKey> order;
  };
  /// STATE_TTL hint: time by alias of a table.
  using StateTtl = std::map<std::string, std::int64_t>;

  StatusOr<RelPtr> BindCommonTable(const ast::CommonTable& table);
  StatusOr<RelPtr> BindBody(const ast::Query::Body& body);
  StatusOr<RelPtr> BindValues(const ast::Values& values, SourceSpan span);
  StatusOr<RelPtr> BindSetOperation(const ast::SetOperation& operation);
  /// ORDER BY over the columns of a finished result.
  StatusOr<Ordered> OrderResult(RelPtr rel, const std::vector<ast::OrderItem>& items);
  StatusOr<RelPtr> Limit(const ast::Query& query, Ordered ordered);

  // select_binder.cc
  friend class SelectBinder;
  StatusOr<Ordered> BindSelect(const ast::Select& select,
                               const std::vector<ast::OrderItem>& order_by);

  // from_binder.cc
  StatusOr<Scope> BindFrom(const ast::TableReference& reference, const StateTtl& ttl);
  StatusOr<Scope> BindUnaliased(const ast::TableReference& reference, const StateTtl& ttl);
  StatusOr<Scope> Renamed(Scope scope, const ast::TableReference& reference);
  StatusOr<Scope> BindJoin(const ast::Join& join, const StateTtl& ttl);
  StatusOr<Scope> JoinUsing(Scope joined,
                            std::size_t left_count,
                            const std::vector<ast::Identifier>& columns,
                            JoinRel join,
                            RelPtr left,
                            RelPtr right);
  StatusOr<RelPtr> ExpandView(const ViewDefinition& view, SourceSpan span);

  // window_table_binder.cc
  StatusOr<Scope> BindTableFunction(const ast::TableFunction& function, SourceSpan span);

  // subquery_binder.cc
  /// WHERE, sub-queries included. The columns stay what they are.
  StatusOr<RelPtr> BindWhere(const Scope& scope, const ast::Expression& condition);
  StatusOr<RelPtr> BindInQuery(const Scope& scope, RelPtr rel, const ast::In& in, SourceSpan span);
  StatusOr<RelPtr> BindExists(const Scope& scope,
                              RelPtr rel,
                              const ast::Query& query,
                              bool negated);

  Environment environment_;
};

/// Names without duplicates: a second "a" becomes "a0".
std::vector<std::string> UniqueNames(std::vector<std::string> names);

/// The same rows under other names.
RelPtr Rename(RelPtr rel, std::vector<std::string> names);
/// With every column cast to the given types.
RelPtr CastColumns(RelPtr rel, const std::vector<columnar::DataType>& types);
/// Without duplicates.
RelPtr MakeDistinct(RelPtr rel);
/// One row whose only column means nothing.
RelPtr MakeSingleRow();

/// Window of an interval that must be a constant number of milliseconds above 0.
StatusOr<std::int64_t> IntervalMillis(const Environment& environment,
                                      const Expr& interval,
                                      SourceSpan span,
                                      bool may_be_zero);
/// Appends the window columns; `time` must be a time attribute.
StatusOr<RelPtr> AddWindows(const Environment& environment,
                            RelPtr rel,
                            std::string_view function,
                            std::uint32_t time,
                            proto::WindowSpec spec,
                            SourceSpan span);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_BINDER_QUERY_BINDER_H_
