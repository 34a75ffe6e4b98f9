// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/type_rules.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/check.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::TypeKind;

bool IsApproximate(const DataType& type) {
  return type.kind() == TypeKind::kFloat || type.kind() == TypeKind::kDouble;
}

DataType CommonDecimal(const DataType& a, const DataType& b) {
  const columnar::DecimalSpec x = DecimalSpecOf(a);
  const columnar::DecimalSpec y = DecimalSpecOf(b);
  const int scale = std::max(x.scale, y.scale);
  const int whole = std::max(x.precision - x.scale, y.precision - y.scale);
  return DataType::Decimal(std::min(whole + scale, DataType::kMaxDecimalPrecision), scale);
}

DataType CommonNumeric(const DataType& a, const DataType& b) {
  if (IsApproximate(a) || IsApproximate(b)) {
    const bool both = IsApproximate(a) && IsApproximate(b);
    const DataType& approximate = IsApproximate(a) ? a : b;
    const DataType& other = IsApproximate(a) ? b : a;
    if (both || other.kind() == TypeKind::kDecimal) {
      const bool floats = a.kind() == TypeKind::kFloat && b.kind() == TypeKind::kFloat;
      return floats ? DataType::Float() : DataType::Double();
    }
    return approximate;
  }
  if (a.kind() == TypeKind::kDecimal || b.kind() == TypeKind::kDecimal) {
    return CommonDecimal(a, b);
  }
  return a.kind() > b.kind() ? a : b;
}

/// Field by field; names are the first one's.
std::optional<DataType> CommonNested(const DataType& a, const DataType& b) {
  if (a.fields().size() != b.fields().size()) {
    return std::nullopt;
  }
  std::vector<columnar::Field> fields;
  for (std::size_t i = 0; i < a.fields().size(); ++i) {
    const std::array<DataType, 2> both = {a.fields()[i].type, b.fields()[i].type};
    std::optional<DataType> common = CommonType(both);
    if (!common.has_value()) {
      return std::nullopt;
    }
    fields.push_back({a.fields()[i].name, *std::move(common)});
  }
  switch (a.kind()) {
    case TypeKind::kArray:
      return DataType::Array(fields[0].type);
    case TypeKind::kMap:
      return DataType::Map(fields[0].type, fields[1].type);
    default:
      return DataType::Row(std::move(fields));
  }
}

std::optional<DataType> Common(const DataType& a, const DataType& b) {
  if (SameType(a, b)) {
    return a;
  }
  if (IsNumeric(a) && IsNumeric(b)) {
    return CommonNumeric(a, b);
  }
  if (a.kind() == b.kind() && a.kind() >= TypeKind::kRow) {
    return CommonNested(a, b);
  }
  if (a.IsCharacter() && b.IsCharacter()) {
    return DataType::VarChar(std::max(a.length(), b.length()));
  }
  if (a.IsBinary() && b.IsBinary()) {
    return DataType::VarBinary(std::max(a.length(), b.length()));
  }
  if (a.kind() == b.kind() && (a.IsTimestamp() || a.kind() == TypeKind::kTime)) {
    return a.precision() > b.precision() ? a : b;
  }
  if (a.kind() == TypeKind::kDate && b.kind() == TypeKind::kTimestamp) {
    return b;
  }
  if (b.kind() == TypeKind::kDate && a.kind() == TypeKind::kTimestamp) {
    return a;
  }
  return std::nullopt;
}

}  // namespace

bool IsNumeric(const DataType& type) {
  return type.IsInteger() || IsApproximate(type) || type.kind() == TypeKind::kDecimal;
}

bool SameType(const DataType& a, const DataType& b) {
  return a.Nullable() == b.Nullable();
}

bool AnyNullable(std::span<const DataType> types) {
  return std::any_of(types.begin(), types.end(), [](const DataType& t) { return t.nullable(); });
}

columnar::DecimalSpec DecimalSpecOf(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kTinyInt:
      return {3, 0};
    case TypeKind::kSmallInt:
      return {5, 0};
    case TypeKind::kInt:
      return {10, 0};
    case TypeKind::kBigInt:
      return {19, 0};
    default:
      CHECK(type.kind() == TypeKind::kDecimal);
      return {type.precision(), type.scale()};
  }
}

std::optional<DataType> CommonType(std::span<const DataType> types) {
  std::optional<DataType> common;
  for (const DataType& type : types) {
    common = common.has_value() ? Common(*common, type) : type;
    if (!common.has_value()) {
      return std::nullopt;
    }
  }
  if (common.has_value()) {
    common = common->WithNullable(AnyNullable(types));
  }
  return common;
}

}  // namespace thalweg::runtime
