// SPDX-License-Identifier: Apache-2.0
//
// Calls: aggregates, ROW_NUMBER, the JSON functions with their clauses, and all the others.
#include <algorithm>
#include <cctype>
#include <utility>

#include "fmt/format.h"
#include "runtime/expr/aggregate.h"
#include "runtime/expr/function_registry.h"
#include "sql/binder/coercion.h"
#include "sql/binder/expression_binder.h"
#include "sql/binder/literals.h"

namespace thalweg::sql {

using columnar::DataType;

namespace {

/// Functions of Flink that compute over the rows of a window, and that this engine has not.
bool IsOverOnly(const std::string& name) {
  static constexpr std::string_view kNames[] = {
      "RANK", "DENSE_RANK", "LEAD", "LAG", "NTILE", "CUME_DIST", "PERCENT_RANK"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

/// "TUMBLE" of "TUMBLE_START".
std::optional<std::pair<std::string, GroupWindowPart>> GroupWindowOf(const std::string& name) {
  for (const char* kind : {"TUMBLE", "HOP", "SESSION"}) {
    const std::string prefix = std::string(kind) + "_";
    if (!name.starts_with(prefix)) {
      continue;
    }
    const std::string part = name.substr(prefix.size());
    if (part == "START") {
      return std::pair(kind, GroupWindowPart::kStart);
    }
    if (part == "END") {
      return std::pair(kind, GroupWindowPart::kEnd);
    }
    if (part == "ROWTIME") {
      return std::pair(kind, GroupWindowPart::kRowtime);
    }
    if (part == "PROCTIME") {
      return std::pair(kind, GroupWindowPart::kProctime);
    }
  }
  return std::nullopt;
}

bool IsJsonFunction(const std::string& name) {
  return name == "JSON_EXISTS" || name == "JSON_VALUE" || name == "JSON_QUERY" ||
         name == "JSON_OBJECT" || name == "JSON_ARRAY";
}

}  // namespace

std::string FunctionName(const ast::QualifiedName& name) {
  std::string upper = name.last().name;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) {
    return static_cast<char>(std::toupper(c));
  });
  return upper;
}

StatusOr<ExprPtr> ExpressionBinder::BindCall(const ast::Call& call, SourceSpan span) {
  if (call.function.parts.size() > 1) {
    return environment_.Unsupported(call.function.span, "A function of a catalog");
  }
  const std::string name = FunctionName(call.function);
  for (const ast::Argument& argument : call.arguments) {
    if (argument.name.has_value()) {
      return environment_.Unsupported(argument.name->span, "A named argument of this function");
    }
  }
  if (call.over.has_value()) {
    return BindOver(name, call, span);
  }
  if (IsOverOnly(name) || name == "ROW_NUMBER") {
    return environment_.Error(span, fmt::format("{} needs OVER (...)", name));
  }
  if (runtime::FindAggregate(name) != nullptr) {
    return BindAggregate(name, call, span);
  }
  if (call.distinct || call.filter != nullptr || !call.order_by.empty() ||
      !call.within_group.empty() || call.nulls != ast::NullTreatment::kDefault) {
    return environment_.Error(
        span,
        fmt::format("{} is no aggregate function, so it takes no DISTINCT, FILTER or ORDER BY",
                    name));
  }
  if (IsJsonFunction(name)) {
    return BindJson(name, call, span);
  }
  if (GroupWindowOf(name).has_value()) {
    return BindGroupWindowPart(name, call, span);
  }
  return BindPlainCall(name, call, span);
}

StatusOr<ExprPtr> ExpressionBinder::BindPlainCall(const std::string& name,
                                                  const ast::Call& call,
                                                  SourceSpan span) {
  ExprList arguments;
  for (const ast::Argument& argument : call.arguments) {
    ASSIGN_OR_RETURN(ExprPtr bound, Bind(argument.value));
    arguments.push_back(std::move(bound));
  }
  return Typed(name, std::move(arguments), span);
}

StatusOr<ExprPtr> ExpressionBinder::BindAggregate(const std::string& name,
                                                  const ast::Call& call,
                                                  SourceSpan span) {
  if (uses_ == nullptr) {
    return environment_.Error(
        span,
        fmt::format("The aggregate function {} cannot stand in {}{}",
                    name,
                    place_,
                    place_ == "WHERE" ? "; conditions on aggregates stand in HAVING" : ""));
  }
  if (inside_aggregate_) {
    return environment_.Error(span, "An aggregate function cannot stand inside another one");
  }
  if (!call.order_by.empty() || !call.within_group.empty() ||
      call.nulls != ast::NullTreatment::kDefault) {
    return environment_.Unsupported(span, "ORDER BY or a treatment of NULLs in an aggregate");
  }
  AggregateUse use;
  use.function = name;
  use.distinct = call.distinct;
  inside_aggregate_ = true;
  const auto bind = [&]() -> Status {
    for (const ast::Argument& argument : call.arguments) {
      if (argument.value->As<ast::Star>() != nullptr) {
        if (name != "COUNT" || call.arguments.size() != 1 || call.distinct) {
          return environment_.Error(argument.value->span, "'*' can only stand in COUNT(*)");
        }
        continue;
      }
      ASSIGN_OR_RETURN(ExprPtr bound, Bind(argument.value));
      if (bound->is_untyped_null()) {
        bound = MakeLiteral(DataType::Int(), columnar::Datum(), bound->span);
      }
      use.arguments.push_back(std::move(bound));
    }
    if (call.filter != nullptr) {
      ASSIGN_OR_RETURN(use.filter, Bind(call.filter));
      if (use.filter->type.kind() != columnar::TypeKind::kBoolean) {
        return environment_.Error(
            call.filter->span,
            "The condition of FILTER must be a BOOLEAN, not " + use.filter->type.ToString());
      }
    }
    return OkStatus();
  };
  const Status status = bind();
  inside_aggregate_ = false;
  RETURN_IF_ERROR(status);
  std::vector<DataType> types;
  for (const ExprPtr& argument : use.arguments) {
    types.push_back(argument->type);
  }
  const StatusOr<DataType> type = runtime::AggregateResult(name, types);
  if (!type.ok()) {
    return environment_.At(span, type.status());
  }
  use.type = *type;
  const std::string digest = use.Digest();
  for (std::size_t i = 0; i < uses_->aggregates.size(); ++i) {
    if (uses_->aggregates[i].Digest() == digest) {
      return MakeColumn(static_cast<std::uint32_t>(kAggregateBase + i), *type, span);
    }
  }
  uses_->aggregates.push_back(std::move(use));
  return MakeColumn(
      static_cast<std::uint32_t>(kAggregateBase + uses_->aggregates.size() - 1), *type, span);
}

StatusOr<ExprPtr> ExpressionBinder::BindOver(const std::string& name,
                                             const ast::Call& call,
                                             SourceSpan span) {
  if (name != "ROW_NUMBER") {
    return environment_.Unsupported(span, name + " OVER a window");
  }
  if (uses_ == nullptr) {
    return environment_.Error(
        span,
        fmt::format("ROW_NUMBER cannot stand in {}; number rows in a sub-query of FROM and ask "
                    "for the number outside",
                    place_));
  }
  const ast::WindowSpec& window = *call.over;
  if (window.base.has_value()) {
    return environment_.Unsupported(window.span, "A named window");
  }
  if (window.frame.has_value()) {
    return environment_.Error(window.frame->span, "ROW_NUMBER takes no frame");
  }
  RowNumberUse use;
  use.span = span;
  ASSIGN_OR_RETURN(use.partition_by, BindAll(window.partition_by));
  for (const ast::OrderItem& item : window.order_by) {
    ASSIGN_OR_RETURN(ExprPtr value, Bind(item.expression));
    const bool descending = item.direction == ast::SortDirection::kDescending;
    // NULL is the least value unless said otherwise.
    const bool nulls_first =
        item.nulls == ast::NullOrder::kDefault ? !descending : item.nulls == ast::NullOrder::kFirst;
    use.order_by.push_back({std::move(value), descending, nulls_first});
  }
  uses_->row_numbers.push_back(std::move(use));
  return MakeColumn(static_cast<std::uint32_t>(kRowNumberBase + uses_->row_numbers.size() - 1),
                    DataType::BigInt().NotNull(),
                    span);
}

StatusOr<std::string> GroupWindowDigest(const Environment& environment,
                                        const Scope& scope,
                                        std::string_view kind,
                                        const ast::Call& call) {
  std::string digest(kind);
  ExpressionBinder binder(environment, scope, "a group window");
  for (const ast::Argument& argument : call.arguments) {
    ASSIGN_OR_RETURN(const ExprPtr bound, binder.Bind(argument.value));
    digest += " " + DigestOf(*bound);
  }
  return digest;
}

StatusOr<ExprPtr> ExpressionBinder::BindGroupWindowPart(const std::string& name,
                                                        const ast::Call& call,
                                                        SourceSpan span) {
  const auto [kind, part] = *GroupWindowOf(name);
  if (uses_ == nullptr) {
    return environment_.Error(span, fmt::format("{} cannot stand in {}", name, place_));
  }
  GroupWindowUse use;
  use.part = part;
  use.span = span;
  ASSIGN_OR_RETURN(use.digest, GroupWindowDigest(environment_, scope_, kind, call));
  uses_->group_windows.push_back(std::move(use));
  const bool time = part == GroupWindowPart::kProctime;
  return MakeColumn(static_cast<std::uint32_t>(kGroupWindowBase + uses_->group_windows.size() - 1),
                    (time ? DataType::TimestampLtz(3) : DataType::Timestamp(3)).NotNull(),
                    span);
}

namespace {

std::string_view FallbackText(ast::JsonFallback fallback) {
  switch (fallback) {
    case ast::JsonFallback::kNull:
      return "NULL";
    case ast::JsonFallback::kError:
      return "ERROR";
    case ast::JsonFallback::kDefault:
      return "DEFAULT";
    case ast::JsonFallback::kTrue:
      return "TRUE";
    case ast::JsonFallback::kFalse:
      return "FALSE";
    case ast::JsonFallback::kUnknown:
      return "UNKNOWN";
    case ast::JsonFallback::kEmptyArray:
      return "EMPTY ARRAY";
    case ast::JsonFallback::kEmptyObject:
      return "EMPTY OBJECT";
  }
  return "";
}

/// Whether a value of JSON_OBJECT or JSON_ARRAY is JSON already.
bool IsJsonText(const ast::Expression& expression) {
  const auto* call = expression.As<ast::Call>();
  if (call == nullptr) {
    return false;
  }
  const std::string name = FunctionName(call->function);
  return name == "JSON_OBJECT" || name == "JSON_ARRAY" || name == "JSON";
}

}  // namespace

StatusOr<ExprPtr> ExpressionBinder::BindJson(const std::string& name,
                                             const ast::Call& call,
                                             SourceSpan span) {
  const ast::JsonClauses clauses = call.json.value_or(ast::JsonClauses());
  ExprList values;
  for (const ast::Argument& argument : call.arguments) {
    ASSIGN_OR_RETURN(ExprPtr bound, Bind(argument.value));
    values.push_back(std::move(bound));
  }
  ExprList arguments;
  if (name == "JSON_OBJECT" || name == "JSON_ARRAY") {
    const bool object = name == "JSON_OBJECT";
    const ast::JsonOnNull usual = object ? ast::JsonOnNull::kNull : ast::JsonOnNull::kAbsent;
    const bool absent = clauses.on_null.value_or(usual) == ast::JsonOnNull::kAbsent;
    std::string formats;
    for (std::size_t i = object ? 1 : 0; i < values.size(); i += object ? 2 : 1) {
      formats += IsJsonText(*call.arguments[i].value) ? 'j' : 'v';
    }
    arguments = {BindText(absent ? "ABSENT" : "NULL", span), BindText(formats, span)};
    arguments.insert(arguments.end(), values.begin(), values.end());
    return Typed(name, std::move(arguments), span, DataType::String().NotNull());
  }
  arguments = std::move(values);
  const auto text = [&](const std::optional<ast::JsonBehavior>& behavior) {
    return BindText(behavior.has_value() ? FallbackText(behavior->fallback) : "NULL", span);
  };
  const DataType returning = clauses.returning.value_or(DataType::String());
  if (name == "JSON_EXISTS") {
    if (clauses.on_error.has_value()) {
      arguments.push_back(text(clauses.on_error));
    }
    return Typed(name, std::move(arguments), span);
  }
  if (name == "JSON_QUERY") {
    if (clauses.wrapper.has_value() || clauses.on_empty.has_value() ||
        clauses.on_error.has_value()) {
      switch (clauses.wrapper.value_or(ast::JsonWrapper::kWithout)) {
        case ast::JsonWrapper::kWithout:
          arguments.push_back(BindText("WITHOUT", span));
          break;
        case ast::JsonWrapper::kConditional:
          arguments.push_back(BindText("CONDITIONAL", span));
          break;
        case ast::JsonWrapper::kUnconditional:
          arguments.push_back(BindText("UNCONDITIONAL", span));
          break;
      }
      arguments.push_back(text(clauses.on_empty));
      arguments.push_back(text(clauses.on_error));
    }
    return Typed(name, std::move(arguments), span, returning);
  }
  // JSON_VALUE(a, p, on empty, default, on error, default).
  if (clauses.on_empty.has_value() || clauses.on_error.has_value()) {
    for (const auto& behavior : {clauses.on_empty, clauses.on_error}) {
      arguments.push_back(text(behavior));
      ExprPtr value = MakeLiteral(returning.Nullable(), columnar::Datum(), span);
      if (behavior.has_value() && behavior->default_value != nullptr) {
        ASSIGN_OR_RETURN(value, Bind(behavior->default_value));
        value = MakeCast(value, returning.WithNullable(value->type.nullable()));
      }
      arguments.push_back(std::move(value));
    }
  }
  return Typed(name, std::move(arguments), span, returning);
}

}  // namespace thalweg::sql
