// SPDX-License-Identifier: Apache-2.0
//
// WHERE. Sub-queries in it become joins that ask only whether there is a match.
#include <utility>

#include "fmt/format.h"
#include "sql/binder/coercion.h"
#include "sql/binder/expression_binder.h"
#include "sql/binder/query_binder.h"

namespace thalweg::sql {
namespace {

/// Operands of AND as written.
void Split(const ast::Expression& condition, std::vector<const ast::Expression*>* parts) {
  const auto* operation = condition.As<ast::Operation>();
  if (operation != nullptr && operation->op == ast::Operator::kAnd) {
    for (const ast::ExpressionPtr& operand : operation->operands) {
      Split(*operand, parts);
    }
    return;
  }
  parts->push_back(&condition);
}

/// The sub-query of [NOT] EXISTS, if the condition is that.
const ast::Query* ExistsQuery(const ast::Expression& condition, bool* negated) {
  if (const auto* exists = condition.As<ast::Exists>()) {
    return exists->query.get();
  }
  const auto* operation = condition.As<ast::Operation>();
  if (operation != nullptr && operation->op == ast::Operator::kNot) {
    const ast::Query* query = ExistsQuery(*operation->operands[0], negated);
    *negated = !*negated;
    return query;
  }
  return nullptr;
}

}  // namespace

StatusOr<RelPtr> QueryBinder::BindWhere(const Scope& scope, const ast::Expression& condition) {
  std::vector<const ast::Expression*> parts;
  Split(condition, &parts);
  RelPtr rel = scope.rel;
  ExprList conditions;
  ExpressionBinder binder(environment_, scope, "WHERE");
  for (const ast::Expression* part : parts) {
    const auto* in = part->As<ast::In>();
    bool negated = false;
    if (in != nullptr && in->query != nullptr) {
      ASSIGN_OR_RETURN(rel, BindInQuery(scope, std::move(rel), *in, part->span));
    } else if (const ast::Query* query = ExistsQuery(*part, &negated); query != nullptr) {
      ASSIGN_OR_RETURN(rel, BindExists(scope, std::move(rel), *query, negated));
    } else {
      ASSIGN_OR_RETURN(ExprPtr bound, binder.BindCondition(*part));
      conditions.push_back(std::move(bound));
    }
  }
  return MakeFilter(std::move(rel), AllOf(conditions));
}

StatusOr<RelPtr> QueryBinder::BindInQuery(const Scope& scope,
                                          RelPtr rel,
                                          const ast::In& in,
                                          SourceSpan span) {
  ExpressionBinder binder(environment_, scope, "WHERE");
  ExprList operands;
  if (const auto* row = in.operand->As<ast::RowConstructor>()) {
    for (const ast::ExpressionPtr& field : row->fields) {
      ASSIGN_OR_RETURN(ExprPtr value, binder.Bind(field));
      operands.push_back(std::move(value));
    }
  } else {
    ASSIGN_OR_RETURN(ExprPtr value, binder.Bind(in.operand));
    operands.push_back(std::move(value));
  }
  ASSIGN_OR_RETURN(RelPtr found, Bind(*in.query));
  if (found->columns.size() != operands.size()) {
    return environment_.Error(in.query->span,
                              fmt::format("The sub-query of IN gives {} columns; {} are compared",
                                          found->columns.size(),
                                          operands.size()));
  }
  JoinRel join;
  join.kind = in.negated ? proto::JOIN_ANTI : proto::JOIN_SEMI;
  ExprList conditions;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (in.negated && (operands[i]->type.nullable() || found->columns[i].type.nullable())) {
      return environment_.Unsupported(
          span, "NOT IN (query) of values that may be NULL (write NOT EXISTS instead)");
    }
    const ExprPtr other =
        MakeColumn(static_cast<std::uint32_t>(rel->columns.size() + i), found->columns[i].type);
    StatusOr<ExprPtr> equal = MakeTypedCall("=", {operands[i], other}, span);
    if (!equal.ok()) {
      return environment_.At(span, equal.status());
    }
    conditions.push_back(*std::move(equal));
  }
  join.condition = AllOf(conditions);
  return MakeJoin(std::move(rel), std::move(found), std::move(join));
}

StatusOr<RelPtr> QueryBinder::BindExists(const Scope& scope,
                                         RelPtr rel,
                                         const ast::Query& query,
                                         bool negated) {
  const auto* select = query.As<ast::Select>();
  if (select == nullptr || select->from == nullptr || !select->group_by.empty() ||
      select->having != nullptr || query.limit != nullptr || query.offset != nullptr ||
      !query.with.empty()) {
    return environment_.Unsupported(query.span,
                                    "EXISTS over anything but SELECT ... FROM ... [WHERE ...]");
  }
  ASSIGN_OR_RETURN(Scope inner, BindFrom(*select->from, {}));
  // Conditions that name columns of the outer query are the join's.
  Scope both = inner;
  const auto width = static_cast<std::int64_t>(rel->columns.size());
  for (ScopeColumn& column : both.columns) {
    column.expression = Shift(column.expression, width);
  }
  for (ScopeColumn column : scope.columns) {
    bool hidden = false;
    for (const ScopeColumn& each : inner.columns) {
      hidden |= each.name == column.name;
    }
    column.needs_qualifier |= hidden;
    if (column.table.has_value()) {
      *column.table += inner.tables.size();
    }
    both.columns.push_back(std::move(column));
  }
  both.tables.insert(both.tables.end(), scope.tables.begin(), scope.tables.end());
  std::vector<const ast::Expression*> parts;
  if (select->where != nullptr) {
    Split(*select->where, &parts);
  }
  ExprList own;
  ExprList joined;
  for (const ast::Expression* part : parts) {
    ExpressionBinder alone(environment_, inner, "WHERE");
    if (StatusOr<ExprPtr> condition = alone.BindCondition(*part); condition.ok()) {
      own.push_back(*std::move(condition));
      continue;
    }
    ExpressionBinder outer(environment_, both, "WHERE");
    ASSIGN_OR_RETURN(ExprPtr condition, outer.BindCondition(*part));
    joined.push_back(std::move(condition));
  }
  JoinRel join;
  join.kind = negated ? proto::JOIN_ANTI : proto::JOIN_SEMI;
  join.condition = AllOf(joined);
  return MakeJoin(std::move(rel), MakeFilter(inner.rel, AllOf(own)), std::move(join));
}

}  // namespace thalweg::sql
