// SPDX-License-Identifier: Apache-2.0
#include "sql/binder/expression_binder.h"

#include <utility>

#include "fmt/format.h"
#include "sql/binder/coercion.h"
#include "sql/binder/literals.h"

namespace thalweg::sql {

using ast::Operator;
using columnar::DataType;
using columnar::TypeKind;

std::string AggregateUse::Digest() const {
  std::string digest = function + (distinct ? "(DISTINCT " : "(");
  for (const ExprPtr& argument : arguments) {
    digest += DigestOf(*argument) + ",";
  }
  digest += ")";
  return filter == nullptr ? digest : digest + " FILTER " + DigestOf(*filter);
}

StatusOr<ExprList> ExpressionBinder::BindAll(const ast::ExpressionPtr* begin, std::size_t count) {
  ExprList bound;
  for (std::size_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(ExprPtr each, Bind(*begin[i]));
    bound.push_back(std::move(each));
  }
  return bound;
}

StatusOr<ExprPtr> ExpressionBinder::Typed(const std::string& function,
                                          ExprList arguments,
                                          SourceSpan span,
                                          const std::optional<DataType>& wanted) {
  StatusOr<ExprPtr> call = MakeTypedCall(function, std::move(arguments), span, wanted);
  return call.ok() ? call : environment_.At(span, call.status());
}

StatusOr<ExprPtr> ExpressionBinder::Negated(StatusOr<ExprPtr> condition,
                                            bool negated,
                                            SourceSpan span) {
  if (!condition.ok() || !negated) {
    return condition;
  }
  return Typed("NOT", {*std::move(condition)}, span);
}

StatusOr<ExprPtr> ExpressionBinder::BindCondition(const ast::Expression& expression) {
  ASSIGN_OR_RETURN(ExprPtr condition, Bind(expression));
  if (condition->is_untyped_null()) {
    return MakeLiteral(DataType::Boolean(), columnar::Datum(), expression.span);
  }
  if (condition->type.kind() != TypeKind::kBoolean) {
    return environment_.Error(
        expression.span,
        fmt::format(
            "The condition of {} must be a BOOLEAN, not {}", place_, condition->type.ToString()));
  }
  return condition;
}

StatusOr<ExprPtr> ExpressionBinder::Bind(const ast::Expression& expression) {
  const SourceSpan span = expression.span;
  const auto placed = [&](StatusOr<ExprPtr> value) -> StatusOr<ExprPtr> {
    return value.ok() ? value : environment_.At(span, value.status());
  };
  if (expression.As<ast::NullLiteral>() != nullptr) {
    return MakeUntypedNull(span);
  }
  if (const auto* boolean = expression.As<ast::BooleanLiteral>()) {
    return MakeLiteral(DataType::Boolean().NotNull(), columnar::Datum(boolean->value), span);
  }
  if (const auto* number = expression.As<ast::NumberLiteral>()) {
    return placed(BindNumber(number->text, span));
  }
  if (const auto* text = expression.As<ast::StringLiteral>()) {
    return BindText(text->value, span);
  }
  if (const auto* bytes = expression.As<ast::BinaryLiteral>()) {
    return BindBytes(bytes->bytes, span);
  }
  if (const auto* date = expression.As<ast::DateLiteral>()) {
    return placed(BindDate(date->text, span));
  }
  if (const auto* time = expression.As<ast::TimeLiteral>()) {
    return placed(BindTime(time->text, span));
  }
  if (const auto* timestamp = expression.As<ast::TimestampLiteral>()) {
    return placed(BindTimestamp(timestamp->text, span));
  }
  if (const auto* interval = expression.As<ast::IntervalLiteral>()) {
    return placed(BindInterval(*interval, span));
  }
  if (const auto* column = expression.As<ast::ColumnName>()) {
    return ResolveColumn(environment_, scope_, column->name);
  }
  if (const auto* call = expression.As<ast::Call>()) {
    return BindCall(*call, span);
  }
  if (const auto* operation = expression.As<ast::Operation>()) {
    return BindOperation(*operation, span);
  }
  if (const auto* between = expression.As<ast::Between>()) {
    return BindBetween(*between, span);
  }
  if (const auto* in = expression.As<ast::In>()) {
    return BindIn(*in, span);
  }
  if (const auto* like = expression.As<ast::Like>()) {
    return BindLike(*like, span);
  }
  if (const auto* branches = expression.As<ast::Case>()) {
    return BindCase(*branches, span);
  }
  if (const auto* cast = expression.As<ast::Cast>()) {
    return BindCast(*cast, span);
  }
  if (const auto* element = expression.As<ast::ElementAt>()) {
    ASSIGN_OR_RETURN(ExprPtr collection, Bind(element->collection));
    ASSIGN_OR_RETURN(ExprPtr index, Bind(element->index));
    return Typed("ITEM", {std::move(collection), std::move(index)}, span);
  }
  if (const auto* access = expression.As<ast::FieldAccess>()) {
    ASSIGN_OR_RETURN(ExprPtr row, Bind(access->row));
    return AccessField(environment_, std::move(row), access->field);
  }
  if (const auto* row = expression.As<ast::RowConstructor>()) {
    ASSIGN_OR_RETURN(ExprList fields, BindAll(row->fields));
    std::vector<columnar::Field> types;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      types.push_back({fmt::format("EXPR${}", i), fields[i]->type});
    }
    return Typed("ROW", std::move(fields), span, DataType::Row(std::move(types)).NotNull());
  }
  if (const auto* array = expression.As<ast::ArrayConstructor>()) {
    ASSIGN_OR_RETURN(ExprList elements, BindAll(array->elements));
    return Typed("ARRAY", std::move(elements), span);
  }
  if (const auto* map = expression.As<ast::MapConstructor>()) {
    ASSIGN_OR_RETURN(ExprList entries, BindAll(map->entries));
    return Typed("MAP", std::move(entries), span);
  }
  if (const auto* symbol = expression.As<ast::Symbol>()) {
    return BindText(symbol->text, span);
  }
  if (expression.As<ast::Star>() != nullptr) {
    return environment_.Error(span, "'*' can only stand in a SELECT list and in COUNT(*)");
  }
  if (expression.As<ast::ScalarQuery>() != nullptr) {
    return environment_.Unsupported(span, "A sub-query as a value");
  }
  if (expression.As<ast::Exists>() != nullptr) {
    return environment_.Unsupported(
        span, "EXISTS anywhere but as a condition of WHERE that is joined to others by AND");
  }
  return environment_.Error(span,
                            "A table cannot stand here; it is an argument of TUMBLE, HOP "
                            "and CUMULATE in FROM TABLE(...)");
}

StatusOr<ExprPtr> ExpressionBinder::BindOperation(const ast::Operation& operation,
                                                  SourceSpan span) {
  ASSIGN_OR_RETURN(ExprList operands, BindAll(operation.operands));
  switch (operation.op) {
    case Operator::kPlus:
      return operands[0];
    case Operator::kNegate:
      return Typed("NEGATE", std::move(operands), span);
    case Operator::kIsJson:
    case Operator::kIsNotJson:
      return Negated(
          Typed("IS JSON", std::move(operands), span), operation.op == Operator::kIsNotJson, span);
    case Operator::kIsJsonObject:
    case Operator::kIsNotJsonObject:
      operands.push_back(BindText("OBJECT", span));
      return Negated(Typed("IS JSON", std::move(operands), span),
                     operation.op == Operator::kIsNotJsonObject,
                     span);
    case Operator::kIsJsonArray:
    case Operator::kIsNotJsonArray:
      operands.push_back(BindText("ARRAY", span));
      return Negated(Typed("IS JSON", std::move(operands), span),
                     operation.op == Operator::kIsNotJsonArray,
                     span);
    case Operator::kIsJsonScalar:
    case Operator::kIsNotJsonScalar:
      operands.push_back(BindText("SCALAR", span));
      return Negated(Typed("IS JSON", std::move(operands), span),
                     operation.op == Operator::kIsNotJsonScalar,
                     span);
    case Operator::kOverlaps: {
      ExprList flat;
      for (const ast::ExpressionPtr& operand : operation.operands) {
        const auto* row = operand->As<ast::RowConstructor>();
        if (row == nullptr || row->fields.size() != 2) {
          return environment_.Error(operand->span, "OVERLAPS compares two pairs, (a, b)");
        }
        ASSIGN_OR_RETURN(ExprList pair, BindAll(row->fields));
        flat.insert(flat.end(), pair.begin(), pair.end());
      }
      return Typed("OVERLAPS", std::move(flat), span);
    }
    case Operator::kIsNull:
    case Operator::kIsNotNull:
      if (operands[0]->is_untyped_null()) {
        return MakeLiteral(DataType::Boolean().NotNull(),
                           columnar::Datum(operation.op == Operator::kIsNull),
                           span);
      }
      return Typed(std::string(ast::TextOf(operation.op)), std::move(operands), span);
    case Operator::kAnd:
    case Operator::kOr:
    case Operator::kNot:
      for (ExprPtr& operand : operands) {
        if (operand->is_untyped_null()) {
          operand = MakeLiteral(DataType::Boolean(), columnar::Datum(), operand->span);
        } else if (operand->type.kind() != TypeKind::kBoolean) {
          return environment_.Error(
              operand->span,
              fmt::format(
                  "{} takes BOOLEAN, not {}", ast::TextOf(operation.op), operand->type.ToString()));
        }
      }
      return Typed(std::string(ast::TextOf(operation.op)), std::move(operands), span);
    default:
      return Typed(std::string(ast::TextOf(operation.op)), std::move(operands), span);
  }
}

StatusOr<ExprPtr> ExpressionBinder::BindBetween(const ast::Between& between, SourceSpan span) {
  ASSIGN_OR_RETURN(const ExprPtr operand, Bind(between.operand));
  ASSIGN_OR_RETURN(const ExprPtr low, Bind(between.low));
  ASSIGN_OR_RETURN(const ExprPtr high, Bind(between.high));
  const auto within = [&](const ExprPtr& a, const ExprPtr& b) -> StatusOr<ExprPtr> {
    ASSIGN_OR_RETURN(ExprPtr above, Typed(">=", {operand, a}, span));
    ASSIGN_OR_RETURN(ExprPtr below, Typed("<=", {operand, b}, span));
    return Typed("AND", {std::move(above), std::move(below)}, span);
  };
  StatusOr<ExprPtr> inside = within(low, high);
  if (inside.ok() && between.symmetric) {
    ASSIGN_OR_RETURN(ExprPtr swapped, within(high, low));
    inside = Typed("OR", {*std::move(inside), std::move(swapped)}, span);
  }
  return Negated(std::move(inside), between.negated, span);
}

StatusOr<ExprPtr> ExpressionBinder::BindIn(const ast::In& in, SourceSpan span) {
  if (in.query != nullptr) {
    return environment_.Unsupported(
        span, "IN (query) anywhere but as a condition of WHERE that is joined to others by AND");
  }
  ExprList arguments;
  ASSIGN_OR_RETURN(ExprPtr operand, Bind(in.operand));
  arguments.push_back(std::move(operand));
  ASSIGN_OR_RETURN(const ExprList list, BindAll(in.list));
  arguments.insert(arguments.end(), list.begin(), list.end());
  return Negated(Typed("IN", std::move(arguments), span), in.negated, span);
}

StatusOr<ExprPtr> ExpressionBinder::BindLike(const ast::Like& like, SourceSpan span) {
  ExprList arguments;
  for (const ast::ExpressionPtr& part : {like.operand, like.pattern, like.escape}) {
    if (part != nullptr) {
      ASSIGN_OR_RETURN(ExprPtr bound, Bind(part));
      arguments.push_back(std::move(bound));
    }
  }
  const std::string name = like.kind == ast::PatternKind::kLike ? "LIKE" : "SIMILAR TO";
  return Negated(Typed(name, std::move(arguments), span), like.negated, span);
}

StatusOr<ExprPtr> ExpressionBinder::BindCase(const ast::Case& expression, SourceSpan span) {
  ExprPtr operand;
  if (expression.operand != nullptr) {
    ASSIGN_OR_RETURN(operand, Bind(expression.operand));
  }
  ExprList arguments;
  for (const ast::CaseBranch& branch : expression.branches) {
    ExprPtr condition;
    if (operand == nullptr) {
      ASSIGN_OR_RETURN(condition, Bind(branch.when));
      if (condition->is_untyped_null()) {
        condition = MakeLiteral(DataType::Boolean(), columnar::Datum(), branch.when->span);
      }
    } else {
      ASSIGN_OR_RETURN(ExprPtr value, Bind(branch.when));
      ASSIGN_OR_RETURN(condition, Typed("=", {operand, std::move(value)}, branch.when->span));
    }
    ASSIGN_OR_RETURN(ExprPtr then, Bind(branch.then));
    arguments.push_back(std::move(condition));
    arguments.push_back(std::move(then));
  }
  ExprPtr otherwise = MakeUntypedNull(span);
  if (expression.otherwise != nullptr) {
    ASSIGN_OR_RETURN(otherwise, Bind(expression.otherwise));
  }
  arguments.push_back(std::move(otherwise));
  return Typed("CASE", std::move(arguments), span);
}

StatusOr<ExprPtr> ExpressionBinder::BindCast(const ast::Cast& cast, SourceSpan span) {
  ASSIGN_OR_RETURN(ExprPtr operand, Bind(cast.operand));
  if (operand->is_untyped_null()) {
    return MakeLiteral(cast.type.Nullable(), columnar::Datum(), span);
  }
  return Typed(cast.safe ? "TRY_CAST" : "CAST", {std::move(operand)}, span, cast.type);
}

}  // namespace thalweg::sql
