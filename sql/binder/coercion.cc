// SPDX-License-Identifier: Apache-2.0
#include "sql/binder/coercion.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "base/config.h"
#include "fmt/format.h"
#include "runtime/expr/aggregate.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/type_rules.h"

namespace thalweg::sql {

using columnar::DataType;
using columnar::TypeKind;
using runtime::FunctionRegistry;

namespace {

bool IsComparison(const std::string& function) {
  static const std::set<std::string, std::less<>> names = {
      "=", "<>", "<", "<=", ">", ">=", "IN", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"};
  return names.contains(function);
}

bool IsAtomic(const DataType& type) {
  return type.kind() != TypeKind::kRow && type.kind() != TypeKind::kArray &&
         type.kind() != TypeKind::kMap;
}

/// Text beside something else is read as that, if all the others agree on it.
void ReadTextAsOthers(ExprList* arguments) {
  std::vector<DataType> others;
  bool text = false;
  for (const ExprPtr& argument : *arguments) {
    if (argument->type.IsCharacter() && !argument->is_untyped_null()) {
      text = true;
    } else if (!argument->is_untyped_null()) {
      others.push_back(argument->type);
    }
  }
  if (!text || others.empty()) {
    return;
  }
  const auto common = runtime::CommonType(others);
  if (!common.has_value() || !IsAtomic(*common) || common->IsBinary()) {
    return;
  }
  for (ExprPtr& argument : *arguments) {
    if (argument->type.IsCharacter() && !argument->is_untyped_null()) {
      argument = MakeCast(argument, common->WithNullable(argument->type.nullable()));
    }
  }
}

std::vector<DataType> TypesOf(const ExprList& arguments) {
  std::vector<DataType> types;
  for (const ExprPtr& argument : arguments) {
    types.push_back(argument->type);
  }
  return types;
}

/// The arguments with every untyped NULL as a NULL of `type`.
ExprList WithNullsAs(const ExprList& arguments, const DataType& type) {
  ExprList typed;
  for (const ExprPtr& argument : arguments) {
    typed.push_back(argument->is_untyped_null()
                        ? MakeLiteral(type.Nullable(), columnar::Datum(), argument->span)
                        : argument);
  }
  return typed;
}

/// Types to try for a NULL: first those that its neighbours have.
std::vector<DataType> CandidatesFor(const std::string& function, const ExprList& arguments) {
  std::vector<DataType> candidates;
  std::vector<DataType> others;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    // The conditions of CASE are no neighbours of its values.
    const bool condition = function == "CASE" && i % 2 == 0 && i + 1 < arguments.size();
    if (!arguments[i]->is_untyped_null() && !condition) {
      others.push_back(arguments[i]->type);
    }
  }
  if (!others.empty()) {
    if (const auto common = runtime::CommonType(others); common.has_value()) {
      candidates.push_back(*common);
    }
    candidates.insert(candidates.end(), others.begin(), others.end());
  }
  for (const DataType& type : {DataType::String(),
                               DataType::Int(),
                               DataType::Boolean(),
                               DataType::Timestamp(3),
                               DataType::Date(),
                               DataType::Double(),
                               DataType::Bytes()}) {
    candidates.push_back(type);
  }
  return candidates;
}

std::string NoSuchFunction(const std::string& function) {
  std::vector<std::string_view> names;
  for (const runtime::ScalarFunction* each : FunctionRegistry::Get().All()) {
    names.push_back(each->name);
  }
  for (const runtime::AggregateFunction& each : runtime::AllAggregates()) {
    names.push_back(each.name);
  }
  const std::string_view near = NearestWord(function, names);
  return fmt::format("There is no function {}{}",
                     function,
                     near.empty() ? "; SHOW FUNCTIONS lists those that there are"
                                  : fmt::format(". Did you mean '{}'?", near));
}

}  // namespace

StatusOr<ExprPtr> MakeTypedCall(const std::string& function,
                                ExprList arguments,
                                SourceSpan span,
                                const std::optional<DataType>& wanted) {
  const FunctionRegistry& registry = FunctionRegistry::Get();
  if (registry.Find(function) == nullptr) {
    return InvalidArgument(NoSuchFunction(function));
  }
  if (IsComparison(function)) {
    ReadTextAsOthers(&arguments);
  }
  const DataType declared = wanted.value_or(DataType::String());
  const bool has_null = std::any_of(arguments.begin(), arguments.end(), [](const ExprPtr& each) {
    return each->is_untyped_null();
  });
  if (!has_null) {
    ASSIGN_OR_RETURN(const runtime::CallTypes types,
                     registry.TypesOf(function, TypesOf(arguments), declared));
    return MakeCall(function, std::move(arguments), types.result, span);
  }
  Status first;
  for (const DataType& candidate : CandidatesFor(function, arguments)) {
    ExprList typed = WithNullsAs(arguments, candidate);
    const auto types = registry.TypesOf(function, TypesOf(typed), declared);
    if (types.ok()) {
      return MakeCall(function, std::move(typed), types->result, span);
    }
    if (first.ok()) {
      first = types.status();
    }
  }
  return first;
}

bool CanAssign(const DataType& from, const DataType& to) {
  if (from.Nullable() == to.Nullable()) {
    return true;
  }
  const TypeKind f = from.kind();
  switch (to.kind()) {
    case TypeKind::kChar:
    case TypeKind::kVarChar:
      return from.IsCharacter();
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
      return from.IsBinary();
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      return from.IsInteger() && f <= to.kind();
    case TypeKind::kFloat:
      return from.IsInteger() || f == TypeKind::kFloat || f == TypeKind::kDecimal;
    case TypeKind::kDouble:
    case TypeKind::kDecimal:
      return runtime::IsNumeric(from);
    case TypeKind::kDate:
      return f == TypeKind::kDate || f == TypeKind::kTimestamp;
    case TypeKind::kTime:
      return f == TypeKind::kTime || f == TypeKind::kTimestamp;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return from.IsTimestamp();
    case TypeKind::kRow:
    case TypeKind::kArray:
    case TypeKind::kMap: {
      // The same parts, but for names and for what may be NULL.
      if (f != to.kind() || from.fields().size() != to.fields().size()) {
        return false;
      }
      for (std::size_t i = 0; i < from.fields().size(); ++i) {
        if (!CanAssign(from.fields()[i].type, to.fields()[i].type)) {
          return false;
        }
      }
      return true;
    }
    default:
      return false;
  }
}

std::optional<DataType> CommonColumnType(const ExprList& values) {
  std::vector<DataType> types;
  bool has_null = false;
  for (const ExprPtr& value : values) {
    if (value->is_untyped_null()) {
      has_null = true;
    } else {
      types.push_back(value->type);
    }
  }
  if (types.empty()) {
    return DataType::String();
  }
  auto common = runtime::CommonType(types);
  if (common.has_value() && has_null) {
    common = common->Nullable();
  }
  return common;
}

}  // namespace thalweg::sql
