// SPDX-License-Identifier: Apache-2.0
//
// Which columns an expression can name.
#ifndef THALWEG_SQL_BINDER_SCOPE_H_
#define THALWEG_SQL_BINDER_SCOPE_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/status.h"
#include "sql/algebra/rel.h"
#include "sql/catalog/catalog.h"
#include "sql/expression/expression.h"
#include "sql/parser/ast.h"

namespace thalweg::sql {

/// What binding needs to know besides the text. Copied and changed where names begin elsewhere: in
/// views and below WITH.
struct Environment {
  const Catalog* catalog = nullptr;
  SourcePtr source;  // That all spans are in.
  std::string current_catalog;
  std::string current_database;
  std::string time_zone;                        // Of the session; empty: UTC.
  std::map<std::string, RelPtr> common_tables;  // WITH.
  std::vector<ObjectPath> open_views;           // That are being expanded.
  /// Things worth telling that are no mistakes; outlives all copies.
  std::vector<std::string>* notes = nullptr;

  Status Error(SourceSpan span, std::string_view message) const {
    return ErrorAt(*source, span, message);
  }
  Status Unsupported(SourceSpan span, std::string_view what) const {
    return UnsupportedAt(*source, span, what);
  }
  /// A status without a place gets one.
  Status At(SourceSpan span, const Status& status) const;
};

/// A name that can be written, and what it stands for.
struct ScopeColumn {
  std::optional<std::size_t> table = {};  // Index into Scope::tables; none: merged by USING.
  std::string name;
  ExprPtr expression;            // Over the scope's relation.
  bool needs_qualifier = false;  // Its plain name means a merged column.
};

struct ScopeTable {
  std::string alias;
  std::optional<ObjectPath> path = {};  // Of a table named without an alias.
};

/// The columns of FROM.
struct Scope {
  RelPtr rel;  // Null in a SELECT without FROM.
  std::vector<ScopeTable> tables;
  std::vector<ScopeColumn> columns;  // In the order of `*`.

  /// All columns of a relation under one alias.
  static Scope Of(RelPtr rel, std::string alias, std::optional<ObjectPath> path = std::nullopt);
};

/// A column, perhaps with fields of it. Errors have a place and a suggestion.
StatusOr<ExprPtr> ResolveColumn(const Environment& environment,
                                const Scope& scope,
                                const ast::QualifiedName& name);

/// The columns that `*` or `qualifier.*` stands for, with their names.
struct NamedExpr {
  ExprPtr expression;
  std::string name;
};
StatusOr<std::vector<NamedExpr>> ExpandStar(const Environment& environment,
                                            const Scope& scope,
                                            const ast::Star& star,
                                            SourceSpan span);

/// The field of a ROW; NULL when the row is.
StatusOr<ExprPtr> AccessField(const Environment& environment,
                              ExprPtr row,
                              const ast::Identifier& field);

/// ". Did you mean 'x'?", or nothing.
std::string Suggestion(std::string_view word, const std::vector<std::string>& names);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_BINDER_SCOPE_H_
