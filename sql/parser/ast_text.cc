// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "sql/parser/ast.h"

namespace thalweg::sql::ast {

std::string_view TextOf(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kMillennium:
      return "MILLENNIUM";
    case TimeUnit::kCentury:
      return "CENTURY";
    case TimeUnit::kDecade:
      return "DECADE";
    case TimeUnit::kYear:
      return "YEAR";
    case TimeUnit::kQuarter:
      return "QUARTER";
    case TimeUnit::kMonth:
      return "MONTH";
    case TimeUnit::kWeek:
      return "WEEK";
    case TimeUnit::kDay:
      return "DAY";
    case TimeUnit::kHour:
      return "HOUR";
    case TimeUnit::kMinute:
      return "MINUTE";
    case TimeUnit::kSecond:
      return "SECOND";
    case TimeUnit::kMillisecond:
      return "MILLISECOND";
    case TimeUnit::kMicrosecond:
      return "MICROSECOND";
    case TimeUnit::kNanosecond:
      return "NANOSECOND";
  }
  return "";
}

std::string_view TextOf(Operator op) {
  switch (op) {
    case Operator::kAdd:
    case Operator::kPlus:
      return "+";
    case Operator::kSubtract:
    case Operator::kNegate:
      return "-";
    case Operator::kMultiply:
      return "*";
    case Operator::kDivide:
      return "/";
    case Operator::kModulo:
      return "%";
    case Operator::kConcat:
      return "||";
    case Operator::kEqual:
      return "=";
    case Operator::kNotEqual:
      return "<>";
    case Operator::kLess:
      return "<";
    case Operator::kLessOrEqual:
      return "<=";
    case Operator::kGreater:
      return ">";
    case Operator::kGreaterOrEqual:
      return ">=";
    case Operator::kAnd:
      return "AND";
    case Operator::kOr:
      return "OR";
    case Operator::kNot:
      return "NOT";
    case Operator::kIsNull:
      return "IS NULL";
    case Operator::kIsNotNull:
      return "IS NOT NULL";
    case Operator::kIsTrue:
      return "IS TRUE";
    case Operator::kIsNotTrue:
      return "IS NOT TRUE";
    case Operator::kIsFalse:
      return "IS FALSE";
    case Operator::kIsNotFalse:
      return "IS NOT FALSE";
    case Operator::kIsUnknown:
      return "IS UNKNOWN";
    case Operator::kIsNotUnknown:
      return "IS NOT UNKNOWN";
    case Operator::kIsJson:
      return "IS JSON";
    case Operator::kIsNotJson:
      return "IS NOT JSON";
    case Operator::kIsJsonObject:
      return "IS JSON OBJECT";
    case Operator::kIsNotJsonObject:
      return "IS NOT JSON OBJECT";
    case Operator::kIsJsonArray:
      return "IS JSON ARRAY";
    case Operator::kIsNotJsonArray:
      return "IS NOT JSON ARRAY";
    case Operator::kIsJsonScalar:
      return "IS JSON SCALAR";
    case Operator::kIsNotJsonScalar:
      return "IS NOT JSON SCALAR";
    case Operator::kIsDistinctFrom:
      return "IS DISTINCT FROM";
    case Operator::kIsNotDistinctFrom:
      return "IS NOT DISTINCT FROM";
    case Operator::kOverlaps:
      return "OVERLAPS";
  }
  return "";
}

std::string_view TextOf(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kCatalog:
      return "CATALOG";
    case ObjectKind::kDatabase:
      return "DATABASE";
    case ObjectKind::kTable:
      return "TABLE";
    case ObjectKind::kView:
      return "VIEW";
    case ObjectKind::kFunction:
      return "FUNCTION";
  }
  return "";
}

}  // namespace thalweg::sql::ast
