// SPDX-License-Identifier: Apache-2.0
//
// FROM: tables, views, WITH, sub-queries and joins.
#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "sql/binder/coercion.h"
#include "sql/binder/expression_binder.h"
#include "sql/binder/query_binder.h"

namespace thalweg::sql {

using columnar::DataType;

StatusOr<Scope> QueryBinder::BindFrom(const ast::TableReference& reference, const StateTtl& ttl) {
  ASSIGN_OR_RETURN(Scope scope, BindUnaliased(reference, ttl));
  return Renamed(std::move(scope), reference);
}

StatusOr<Scope> QueryBinder::BindUnaliased(const ast::TableReference& reference,
                                           const StateTtl& ttl) {
  if (const auto* named = reference.As<ast::NamedTable>()) {
    if (named->system_time != nullptr) {
      return environment_.Unsupported(reference.span, "FOR SYSTEM_TIME AS OF");
    }
    return BindNamedTable(named->name, named->hints);
  }
  if (const auto* derived = reference.As<ast::DerivedTable>()) {
    if (derived->lateral) {
      return environment_.Unsupported(reference.span, "LATERAL");
    }
    ASSIGN_OR_RETURN(RelPtr rel, Bind(*derived->query));
    return Scope::Of(std::move(rel), "");
  }
  if (const auto* function = reference.As<ast::TableFunction>()) {
    if (function->lateral) {
      return environment_.Unsupported(reference.span, "LATERAL");
    }
    return BindTableFunction(*function, reference.span);
  }
  if (const auto* join = reference.As<ast::Join>()) {
    return BindJoin(*join, ttl);
  }
  if (reference.As<ast::Unnest>() != nullptr) {
    return environment_.Unsupported(reference.span, "UNNEST");
  }
  return environment_.Unsupported(reference.span, "MATCH_RECOGNIZE");
}

StatusOr<Scope> QueryBinder::Renamed(Scope scope, const ast::TableReference& reference) {
  if (!reference.alias.has_value()) {
    return scope;
  }
  if (!reference.columns.empty()) {
    if (reference.columns.size() != scope.columns.size()) {
      return environment_.Error(reference.span,
                                fmt::format("'{}' has {} column names, but there are {} columns",
                                            reference.alias->name,
                                            reference.columns.size(),
                                            scope.columns.size()));
    }
    for (std::size_t i = 0; i < scope.columns.size(); ++i) {
      scope.columns[i].name = reference.columns[i].name;
    }
  }
  // One alias over all: of a join in parentheses, too.
  scope.tables = {{.alias = reference.alias->name, .path = std::nullopt}};
  for (ScopeColumn& column : scope.columns) {
    column.table = 0;
    column.needs_qualifier = false;
  }
  return scope;
}

StatusOr<RelPtr> QueryBinder::ExpandView(const ViewDefinition& view, SourceSpan span) {
  for (const ObjectPath& open : environment_.open_views) {
    if (open == view.path) {
      return environment_.Error(span,
                                fmt::format("View '{}' is defined by itself", view.path.object));
    }
  }
  if (environment_.open_views.size() >= kMaxViewDepth) {
    return environment_.Error(span,
                              fmt::format("Views are nested more than {} deep", kMaxViewDepth));
  }
  Environment inner = environment_;
  inner.open_views.push_back(view.path);
  inner.source = view.source;
  inner.current_catalog = view.catalog;
  inner.current_database = view.database;
  inner.common_tables.clear();
  ASSIGN_OR_RETURN(RelPtr rel, QueryBinder(std::move(inner)).Bind(*view.query));
  if (rel->columns.size() != view.columns.size()) {
    return environment_.Error(
        span,
        fmt::format("View '{}' had {} columns when it was created and has {} now; create it anew",
                    view.path.object,
                    view.columns.size(),
                    rel->columns.size()));
  }
  std::vector<std::string> names;
  for (const columnar::Field& field : view.columns) {
    names.push_back(field.name);
  }
  return Rename(std::move(rel), std::move(names));
}

StatusOr<Scope> QueryBinder::BindNamedTable(const ast::QualifiedName& name,
                                            const std::vector<ast::Hint>& hints) {
  const std::string& alias = name.last().name;
  if (name.parts.size() == 1) {
    if (const auto found = environment_.common_tables.find(alias);
        found != environment_.common_tables.end()) {
      return Scope::Of(found->second, alias);
    }
  }
  const StatusOr<ObjectPath> path =
      Catalog::Resolve(name, environment_.current_catalog, environment_.current_database);
  if (!path.ok()) {
    return environment_.At(name.span, path.status());
  }
  const CatalogObject object = environment_.catalog->Find(*path);
  if (!object.exists()) {
    return environment_.At(name.span, environment_.catalog->NoSuchObject(*path));
  }
  Configuration options = object.table != nullptr ? object.table->options : Configuration();
  for (const ast::Hint& hint : hints) {
    std::string kind = hint.name.name;
    std::transform(kind.begin(), kind.end(), kind.begin(), [](unsigned char c) {
      return static_cast<char>(std::toupper(c));
    });
    if (kind != "OPTIONS") {
      environment_.notes->push_back(
          fmt::format("The hint {} has no meaning here and is left alone", hint.name.name));
      continue;
    }
    if (object.table == nullptr) {
      return environment_.Error(hint.span, "A view has no options; give them to its tables");
    }
    for (const ast::HintOption& option : hint.options) {
      if (!option.value.has_value()) {
        return environment_.Error(option.span, "OPTIONS takes 'key' = 'value'");
      }
      options.Set(option.key, *option.value);
    }
  }
  if (object.table != nullptr) {
    return Scope::Of(MakeScan(object.table, std::move(options)), alias, *path);
  }
  ASSIGN_OR_RETURN(RelPtr rel, ExpandView(*object.view, name.span));
  return Scope::Of(std::move(rel), alias, *path);
}

namespace {

proto::JoinKind KindOf(ast::JoinKind kind) {
  switch (kind) {
    case ast::JoinKind::kLeft:
      return proto::JOIN_LEFT;
    case ast::JoinKind::kRight:
      return proto::JOIN_RIGHT;
    case ast::JoinKind::kFull:
      return proto::JOIN_FULL;
    default:
      return proto::JOIN_INNER;
  }
}

/// Left, then right: both scopes over the joined row.
Scope Combine(const Scope& left, const Scope& right) {
  Scope both = left;
  const std::size_t tables = left.tables.size();
  const auto width = static_cast<std::int64_t>(left.rel->columns.size());
  both.tables.insert(both.tables.end(), right.tables.begin(), right.tables.end());
  for (ScopeColumn column : right.columns) {
    if (column.table.has_value()) {
      *column.table += tables;
    }
    column.expression = Shift(column.expression, width);
    both.columns.push_back(std::move(column));
  }
  return both;
}

/// The columns' types after a join that may pad a side with NULLs.
void TakeTypes(const Rel& rel, Scope* scope) {
  for (ScopeColumn& column : scope->columns) {
    column.expression = Rewrite(
        column.expression, [&](const Expr& old) { return ColumnOf(rel, old.column, old.span); });
  }
}

std::int64_t TtlOf(const Scope& side, const std::map<std::string, std::int64_t>& ttl) {
  if (side.tables.size() == 1) {
    if (const auto found = ttl.find(side.tables[0].alias); found != ttl.end()) {
      return found->second;
    }
  }
  return -1;
}

}  // namespace

StatusOr<Scope> QueryBinder::BindJoin(const ast::Join& join, const StateTtl& ttl) {
  ASSIGN_OR_RETURN(const Scope left, BindFrom(*join.left, ttl));
  ASSIGN_OR_RETURN(const Scope right, BindFrom(*join.right, ttl));
  JoinRel rel;
  rel.kind = KindOf(join.kind);
  rel.left_ttl_millis = TtlOf(left, ttl);
  rel.right_ttl_millis = TtlOf(right, ttl);
  for (const ScopeTable& a : left.tables) {
    for (const ScopeTable& b : right.tables) {
      if (!a.alias.empty() && a.alias == b.alias) {
        return environment_.Error(
            join.right->span,
            fmt::format("Two tables are called '{}' here; give one an alias", a.alias));
      }
    }
  }
  Scope both = Combine(left, right);
  if (join.natural || !join.using_columns.empty()) {
    std::vector<ast::Identifier> columns = join.using_columns;
    if (join.natural) {
      for (const ScopeColumn& a : left.columns) {
        for (const ScopeColumn& b : right.columns) {
          if (a.name == b.name && !a.needs_qualifier && !b.needs_qualifier) {
            columns.push_back({.name = a.name, .span = join.join_span});
          }
        }
      }
    }
    return JoinUsing(
        std::move(both), left.columns.size(), columns, std::move(rel), left.rel, right.rel);
  }
  if (join.on != nullptr) {
    ExpressionBinder binder(environment_, both, "JOIN");
    ASSIGN_OR_RETURN(rel.condition, binder.BindCondition(*join.on));
  } else if (join.kind != ast::JoinKind::kCross && join.kind != ast::JoinKind::kComma) {
    return environment_.Error(join.join_span, "A join needs ON or USING");
  }
  both.rel = MakeJoin(left.rel, right.rel, std::move(rel));
  TakeTypes(*both.rel, &both);
  return both;
}

StatusOr<Scope> QueryBinder::JoinUsing(Scope joined,
                                       std::size_t left_count,
                                       const std::vector<ast::Identifier>& columns,
                                       JoinRel join,
                                       RelPtr left,
                                       RelPtr right) {
  ExprList conditions;
  std::vector<std::pair<std::size_t, std::size_t>> pairs;  // Of joined.columns.
  for (const ast::Identifier& column : columns) {
    const auto find = [&](std::size_t begin, std::size_t end) -> StatusOr<std::size_t> {
      std::optional<std::size_t> found;
      for (std::size_t i = begin; i < end; ++i) {
        if (joined.columns[i].name == column.name && !joined.columns[i].needs_qualifier) {
          if (found.has_value()) {
            return environment_.Error(column.span,
                                      fmt::format("Column '{}' is ambiguous on the {} of the join",
                                                  column.name,
                                                  begin == 0 ? "left" : "right"));
          }
          found = i;
        }
      }
      if (!found.has_value()) {
        return environment_.Error(column.span,
                                  fmt::format("There is no column '{}' on the {} of the join",
                                              column.name,
                                              begin == 0 ? "left" : "right"));
      }
      return *found;
    };
    ASSIGN_OR_RETURN(const std::size_t a, find(0, left_count));
    ASSIGN_OR_RETURN(const std::size_t b, find(left_count, joined.columns.size()));
    const StatusOr<ExprPtr> equal = MakeTypedCall(
        "=", {joined.columns[a].expression, joined.columns[b].expression}, column.span);
    if (!equal.ok()) {
      return environment_.At(column.span, equal.status());
    }
    conditions.push_back(*equal);
    pairs.emplace_back(a, b);
  }
  join.condition = AllOf(conditions);
  const proto::JoinKind kind = join.kind;
  joined.rel = MakeJoin(std::move(left), std::move(right), std::move(join));
  TakeTypes(*joined.rel, &joined);
  // The merged columns come first; their parts are still there under the tables' names.
  std::vector<ScopeColumn> merged;
  for (const auto& [a, b] : pairs) {
    ExprPtr value = joined.columns[kind == proto::JOIN_RIGHT ? b : a].expression;
    if (kind == proto::JOIN_FULL) {
      ASSIGN_OR_RETURN(value,
                       MakeTypedCall("COALESCE",
                                     {joined.columns[a].expression, joined.columns[b].expression},
                                     value->span));
    }
    merged.push_back(
        {.table = std::nullopt, .name = joined.columns[a].name, .expression = std::move(value)});
    joined.columns[a].needs_qualifier = true;
    joined.columns[b].needs_qualifier = true;
  }
  joined.columns.insert(joined.columns.begin(), merged.begin(), merged.end());
  return joined;
}

}  // namespace thalweg::sql
