// SPDX-License-Identifier: Apache-2.0
#include "sql/binder/query_binder.h"

#include <algorithm>
#include <set>

#include "fmt/format.h"
#include "sql/binder/coercion.h"
#include "sql/binder/expression_binder.h"

namespace thalweg::sql {

using columnar::DataType;

std::vector<std::string> UniqueNames(std::vector<std::string> names) {
  std::set<std::string> taken(names.begin(), names.end());
  std::set<std::string> seen;
  for (std::string& name : names) {
    if (seen.insert(name).second) {
      continue;
    }
    for (int i = 0;; ++i) {
      const std::string other = name + std::to_string(i);
      if (taken.insert(other).second) {
        name = other;
        seen.insert(name);
        break;
      }
    }
  }
  return names;
}

RelPtr Rename(RelPtr rel, std::vector<std::string> names) {
  ExprList columns = ColumnsOf(*rel);
  return MakeProject(std::move(rel), std::move(columns), std::move(names));
}

RelPtr CastColumns(RelPtr rel, const std::vector<DataType>& types) {
  ExprList columns;
  bool changed = false;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const ExprPtr column = ColumnOf(*rel, i);
    columns.push_back(MakeCast(column, types[i].WithNullable(column->type.nullable())));
    changed |= columns.back() != column;
  }
  if (!changed) {
    return rel;
  }
  std::vector<std::string> names = NamesOf(*rel);
  return MakeProject(std::move(rel), std::move(columns), std::move(names));
}

RelPtr MakeDistinct(RelPtr rel) {
  AggregateRel aggregate;
  for (std::uint32_t i = 0; i < rel->columns.size(); ++i) {
    aggregate.keys.push_back(i);
  }
  std::vector<std::string> names = NamesOf(*rel);
  return MakeAggregate(std::move(rel), std::move(aggregate), std::move(names));
}

RelPtr MakeSingleRow() {
  const DataType type = DataType::Int().NotNull();
  return MakeValues({{MakeLiteral(type, columnar::Datum(0))}}, {{.name = "ZERO", .type = type}});
}

StatusOr<RelPtr> QueryBinder::BindCommonTable(const ast::CommonTable& table) {
  ASSIGN_OR_RETURN(RelPtr rel, QueryBinder(environment_).Bind(*table.query));
  if (table.columns.empty()) {
    return rel;
  }
  if (table.columns.size() != rel->columns.size()) {
    return environment_.Error(
        table.name.span,
        fmt::format("'{}' has {} column names, but its query gives {} columns",
                    table.name.name,
                    table.columns.size(),
                    rel->columns.size()));
  }
  std::vector<std::string> names;
  for (const ast::Identifier& column : table.columns) {
    names.push_back(column.name);
  }
  return Rename(std::move(rel), std::move(names));
}

StatusOr<RelPtr> QueryBinder::Bind(const ast::Query& query) {
  if (!query.with.empty()) {
    QueryBinder inner(environment_);
    for (const ast::CommonTable& table : query.with) {
      ASSIGN_OR_RETURN(RelPtr rel, inner.BindCommonTable(table));
      inner.environment_.common_tables[table.name.name] = std::move(rel);
    }
    ast::Query rest = query;
    rest.with.clear();
    return inner.Bind(rest);
  }
  if (const auto* select = query.As<ast::Select>()) {
    ASSIGN_OR_RETURN(Ordered ordered, BindSelect(*select, query.order_by));
    return Limit(query, std::move(ordered));
  }
  ASSIGN_OR_RETURN(RelPtr rel,
                   query.As<ast::Values>() != nullptr
                       ? BindValues(*query.As<ast::Values>(), query.span)
                       : BindBody(query.body));
  ASSIGN_OR_RETURN(Ordered ordered, OrderResult(std::move(rel), query.order_by));
  return Limit(query, std::move(ordered));
}

StatusOr<RelPtr> QueryBinder::BindBody(const ast::Query::Body& body) {
  if (const auto* operation = std::get_if<ast::SetOperation>(&body)) {
    return BindSetOperation(*operation);
  }
  return Bind(*std::get<ast::QueryPtr>(body));
}

StatusOr<RelPtr> QueryBinder::BindValues(const ast::Values& values, SourceSpan span) {
  const Scope none;
  ExpressionBinder binder(environment_, none, "VALUES");
  std::vector<ExprList> rows;
  for (const std::vector<ast::ExpressionPtr>& row : values.rows) {
    ExprList bound;
    for (const ast::ExpressionPtr& value : row) {
      ASSIGN_OR_RETURN(ExprPtr each, binder.Bind(value));
      bound.push_back(std::move(each));
    }
    if (!rows.empty() && rows[0].size() != bound.size()) {
      return environment_.Error(
          row.empty() ? span : row[0]->span,
          fmt::format("This row of VALUES has {} columns, and the first has {}",
                      bound.size(),
                      rows[0].size()));
    }
    rows.push_back(std::move(bound));
  }
  std::vector<RelColumn> columns;
  bool constant = true;
  for (std::size_t i = 0; i < rows[0].size(); ++i) {
    ExprList column;
    for (const ExprList& row : rows) {
      column.push_back(row[i]);
    }
    const auto type = CommonColumnType(column);
    if (!type.has_value()) {
      return environment_.Error(
          column.back()->span,
          fmt::format("Column {} of VALUES has values of types that have nothing in common",
                      i + 1));
    }
    bool nullable = type->nullable();
    for (ExprList& row : rows) {
      row[i] = MakeCast(row[i], type->WithNullable(row[i]->type.nullable()));
      constant = constant && IsConstant(*row[i]);
      nullable |= row[i]->type.nullable();
    }
    columns.push_back({.name = fmt::format("EXPR${}", i), .type = type->WithNullable(nullable)});
  }
  if (constant) {
    return MakeValues(std::move(rows), std::move(columns));
  }
  // What is not the same whenever it is computed is computed when the job runs.
  std::vector<RelPtr> parts;
  std::vector<std::string> names;
  for (const RelColumn& column : columns) {
    names.push_back(column.name);
  }
  for (ExprList& row : rows) {
    parts.push_back(MakeProject(MakeSingleRow(), std::move(row), names));
  }
  return parts.size() == 1 ? parts[0] : MakeUnion(std::move(parts));
}

StatusOr<RelPtr> QueryBinder::BindSetOperation(const ast::SetOperation& operation) {
  ASSIGN_OR_RETURN(RelPtr left, Bind(*operation.left));
  ASSIGN_OR_RETURN(RelPtr right, Bind(*operation.right));
  if (left->columns.size() != right->columns.size()) {
    return environment_.Error(
        operation.op_span,
        fmt::format(
            "The two sides have {} and {} columns", left->columns.size(), right->columns.size()));
  }
  std::vector<DataType> types;
  for (std::size_t i = 0; i < left->columns.size(); ++i) {
    const auto type = CommonColumnType({ColumnOf(*left, i), ColumnOf(*right, i)});
    if (!type.has_value()) {
      return environment_.Error(
          operation.op_span,
          fmt::format("Column {} is {} on the left and {} on the right, which have no common type",
                      i + 1,
                      left->columns[i].type.ToString(),
                      right->columns[i].type.ToString()));
    }
    types.push_back(*type);
  }
  left = CastColumns(std::move(left), types);
  right = CastColumns(std::move(right), types);
  if (operation.op == ast::SetOperator::kUnion) {
    RelPtr both = MakeUnion({std::move(left), std::move(right)});
    return operation.all ? both : MakeDistinct(std::move(both));
  }
  if (operation.all) {
    return environment_.Unsupported(
        operation.op_span,
        operation.op == ast::SetOperator::kExcept ? "EXCEPT ALL" : "INTERSECT ALL");
  }
  // The rows of the left side, each once, that are (or are not) on the right.
  ExprList conditions;
  for (std::size_t i = 0; i < types.size(); ++i) {
    ASSIGN_OR_RETURN(ExprPtr same,
                     MakeTypedCall("IS NOT DISTINCT FROM",
                                   {ColumnOf(*left, i),
                                    MakeColumn(static_cast<std::uint32_t>(types.size() + i),
                                               right->columns[i].type)},
                                   operation.op_span));
    conditions.push_back(std::move(same));
  }
  JoinRel join;
  join.kind = operation.op == ast::SetOperator::kExcept ? proto::JOIN_ANTI : proto::JOIN_SEMI;
  join.condition = AllOf(conditions);
  return MakeDistinct(MakeJoin(std::move(left), std::move(right), std::move(join)));
}

StatusOr<QueryBinder::Ordered> QueryBinder::OrderResult(RelPtr rel,
                                                        const std::vector<ast::OrderItem>& items) {
  Ordered ordered;
  ordered.visible = rel->columns.size();
  if (items.empty()) {
    ordered.rel = std::move(rel);
    return ordered;
  }
  const Scope scope = Scope::Of(rel, "");
  ExprList columns = ColumnsOf(*rel);
  std::vector<std::string> names = NamesOf(*rel);
  ExpressionBinder binder(environment_, scope, "ORDER BY");
  for (const ast::OrderItem& item : items) {
    OrderKey key;
    key.descending = item.direction == ast::SortDirection::kDescending;
    key.nulls_first = item.nulls == ast::NullOrder::kDefault ? !key.descending
                                                             : item.nulls == ast::NullOrder::kFirst;
    ASSIGN_OR_RETURN(ExprPtr value, binder.Bind(item.expression));
    if (value->is_literal() && value->type.IsInteger() && !value->value.is_null()) {
      const std::int64_t ordinal = value->value.integer();
      if (ordinal < 1 || ordinal > static_cast<std::int64_t>(ordered.visible)) {
        return environment_.Error(
            item.span,
            fmt::format("ORDER BY {}: there are columns 1 to {}", ordinal, ordered.visible));
      }
      key.column = static_cast<std::uint32_t>(ordinal - 1);
    } else if (value->is_column()) {
      key.column = value->column;
    } else {
      key.column = static_cast<std::uint32_t>(columns.size());
      columns.push_back(std::move(value));
      names.push_back(fmt::format("$order{}", columns.size()));
    }
    ordered.order.push_back(key);
  }
  ordered.rel = columns.size() == ordered.visible
                    ? std::move(rel)
                    : MakeProject(std::move(rel), std::move(columns), std::move(names));
  return ordered;
}

StatusOr<RelPtr> QueryBinder::Limit(const ast::Query& query, Ordered ordered) {
  SortRel sort;
  sort.order = std::move(ordered.order);
  sort.span = query.span;
  sort.source = environment_.source;
  const Scope none;
  const auto count = [&](const ast::ExpressionPtr& expression,
                         const char* what) -> StatusOr<std::uint64_t> {
    ExpressionBinder binder(environment_, none, what);
    ASSIGN_OR_RETURN(const ExprPtr value, binder.Bind(expression));
    if (!value->is_literal() || !value->type.IsInteger() || value->value.integer() < 0) {
      return environment_.Error(
          expression->span, fmt::format("{} takes a constant number that is not negative", what));
    }
    return static_cast<std::uint64_t>(value->value.integer());
  };
  if (query.offset != nullptr) {
    ASSIGN_OR_RETURN(sort.offset, count(query.offset, "OFFSET"));
  }
  if (query.limit != nullptr) {
    ASSIGN_OR_RETURN(sort.limit, count(query.limit, "LIMIT"));
    if (*sort.limit == 0) {
      // No rows at all.
      ordered.rel = MakeFilter(std::move(ordered.rel),
                               MakeLiteral(DataType::Boolean().NotNull(), columnar::Datum(false)));
      sort.limit.reset();
    }
  }
  if (sort.order.empty() && sort.offset == 0 && !sort.limit.has_value()) {
    return std::move(ordered.rel);
  }
  RelPtr rel = MakeSort(std::move(ordered.rel), std::move(sort));
  if (rel->columns.size() == ordered.visible) {
    return rel;
  }
  ExprList columns = ColumnsOf(*rel);
  std::vector<std::string> names = NamesOf(*rel);
  columns.resize(ordered.visible);
  names.resize(ordered.visible);
  return MakeProject(std::move(rel), std::move(columns), std::move(names));
}

}  // namespace thalweg::sql
