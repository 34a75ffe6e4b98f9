// SPDX-License-Identifier: Apache-2.0
#include "sql/expression/expression.h"

#include <algorithm>

#include "columnar/type_proto.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/literal.h"

namespace thalweg::sql {

using columnar::DataType;

namespace {

bool SameButForNull(const DataType& a, const DataType& b) {
  return a.Nullable() == b.Nullable();
}

}  // namespace

ExprPtr MakeColumn(std::uint32_t column, DataType type, SourceSpan span) {
  auto expression = std::make_shared<Expr>(Expr::Kind::kColumn, std::move(type));
  expression->column = column;
  expression->span = span;
  return expression;
}

ExprPtr MakeLiteral(DataType type, columnar::Datum value, SourceSpan span) {
  auto expression = std::make_shared<Expr>(Expr::Kind::kLiteral, std::move(type));
  expression->value = std::move(value);
  expression->span = span;
  return expression;
}

ExprPtr MakeUntypedNull(SourceSpan span) {
  auto expression = std::make_shared<Expr>(Expr::Kind::kLiteral, DataType::String());
  expression->untyped_null = true;
  expression->span = span;
  return expression;
}

ExprPtr MakeCall(std::string function, ExprList arguments, DataType type, SourceSpan span) {
  auto expression = std::make_shared<Expr>(Expr::Kind::kCall, std::move(type));
  expression->function = std::move(function);
  for (const ExprPtr& argument : arguments) {
    expression->size += argument->size;
  }
  expression->arguments = std::move(arguments);
  expression->span = span;
  return expression;
}

ExprPtr MakeCast(ExprPtr value, const DataType& type) {
  if (value->is_untyped_null()) {
    return MakeLiteral(type.Nullable(), columnar::Datum(), value->span);
  }
  if (SameButForNull(value->type, type)) {
    return value;
  }
  // A decimal may come out as NULL where digits do not fit.
  const std::vector<DataType> from = {value->type};
  const auto types = runtime::FunctionRegistry::Get().TypesOf("CAST", from, type);
  DataType result = types.ok() ? types->result : type.WithNullable(value->type.nullable());
  const SourceSpan span = value->span;
  return MakeCall("CAST", {std::move(value)}, std::move(result), span);
}

std::string DigestOf(const Expr& expression) {
  switch (expression.kind) {
    case Expr::Kind::kColumn:
      return "$" + std::to_string(expression.column);
    case Expr::Kind::kLiteral:
      return expression.value.ToString() + ":" + expression.type.Nullable().ToString();
    case Expr::Kind::kCall:
      break;
  }
  std::string digest = expression.function + "(";
  for (const ExprPtr& argument : expression.arguments) {
    digest += DigestOf(*argument) + ",";
  }
  // The type is part of it only where it does not follow from the arguments, as that of CAST.
  return digest + "):" + expression.type.Nullable().ToString();
}

ExprPtr Rewrite(const ExprPtr& expression,
                const std::function<ExprPtr(const Expr& column)>& replace) {
  if (expression->is_column()) {
    ExprPtr replaced = replace(*expression);
    return replaced == nullptr ? expression : replaced;
  }
  if (expression->is_literal()) {
    return expression;
  }
  ExprList arguments;
  bool changed = false;
  for (const ExprPtr& argument : expression->arguments) {
    arguments.push_back(Rewrite(argument, replace));
    changed |= arguments.back() != argument;
  }
  if (!changed) {
    return expression;
  }
  return MakeCall(expression->function, std::move(arguments), expression->type, expression->span);
}

ExprPtr Substitute(const ExprPtr& expression, const ExprList& mapping) {
  return Rewrite(expression, [&](const Expr& column) { return mapping[column.column]; });
}

ExprPtr Shift(const ExprPtr& expression, std::int64_t delta) {
  if (delta == 0) {
    return expression;
  }
  return Rewrite(expression, [&](const Expr& column) {
    return MakeColumn(static_cast<std::uint32_t>(column.column + delta), column.type, column.span);
  });
}

void CollectColumns(const Expr& expression, std::set<std::uint32_t>* columns) {
  if (expression.is_column()) {
    columns->insert(expression.column);
  }
  for (const ExprPtr& argument : expression.arguments) {
    CollectColumns(*argument, columns);
  }
}

std::set<std::uint32_t> ColumnsOf(const Expr& expression) {
  std::set<std::uint32_t> columns;
  CollectColumns(expression, &columns);
  return columns;
}

ExprList ConjunctsOf(const ExprPtr& condition) {
  if (condition == nullptr) {
    return {};
  }
  if (!condition->is_call("AND")) {
    return {condition};
  }
  ExprList all;
  for (const ExprPtr& argument : condition->arguments) {
    ExprList some = ConjunctsOf(argument);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

bool IsTrueLiteral(const Expr& expression) {
  return expression.is_literal() && !expression.value.is_null() &&
         expression.type.kind() == columnar::TypeKind::kBoolean && expression.value.boolean();
}

ExprPtr AllOf(const ExprList& conditions) {
  ExprList kept;
  std::set<std::string> seen;
  bool nullable = false;
  for (const ExprPtr& condition : conditions) {
    if (!IsTrueLiteral(*condition) && seen.insert(DigestOf(*condition)).second) {
      kept.push_back(condition);
      nullable |= condition->type.nullable();
    }
  }
  if (kept.empty()) {
    return nullptr;
  }
  if (kept.size() == 1) {
    return kept[0];
  }
  return MakeCall("AND", std::move(kept), DataType::Boolean().WithNullable(nullable));
}

bool IsDeterministic(const Expr& expression) {
  if (expression.kind == Expr::Kind::kCall) {
    const runtime::ScalarFunction* function =
        runtime::FunctionRegistry::Get().Find(expression.function);
    if (function != nullptr && function->stability >= runtime::Stability::kBatch) {
      return false;
    }
  }
  return std::all_of(expression.arguments.begin(),
                     expression.arguments.end(),
                     [](const ExprPtr& argument) { return IsDeterministic(*argument); });
}

bool IsConstant(const Expr& expression) {
  return !expression.is_column() && IsDeterministic(expression) &&
         std::all_of(expression.arguments.begin(),
                     expression.arguments.end(),
                     [](const ExprPtr& argument) { return IsConstant(*argument); });
}

StatusOr<proto::Expression> ToProto(const Expr& expression) {
  proto::Expression out;
  columnar::ToProto(expression.type, out.mutable_type());
  switch (expression.kind) {
    case Expr::Kind::kColumn:
      out.set_column(expression.column);
      break;
    case Expr::Kind::kLiteral: {
      ASSIGN_OR_RETURN(*out.mutable_literal(),
                       runtime::LiteralOf(expression.type, expression.value));
      break;
    }
    case Expr::Kind::kCall:
      out.mutable_call()->set_function(expression.function);
      for (const ExprPtr& argument : expression.arguments) {
        ASSIGN_OR_RETURN(*out.mutable_call()->add_arguments(), ToProto(*argument));
      }
      break;
  }
  return out;
}

}  // namespace thalweg::sql
