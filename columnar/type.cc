// SPDX-License-Identifier: Apache-2.0
#include "columnar/type.h"

#include <limits>
#include <utility>

#include "base/check.h"

namespace thalweg::columnar {
namespace {

std::string WithArgument(const char* name, std::int64_t argument) {
  return std::string(name) + '(' + std::to_string(argument) + ')';
}

std::string Quoted(const std::string& name) {
  std::string quoted = "`";
  for (const char c : name) {
    quoted.append(c == '`' ? 2 : 1, c);
  }
  return quoted + '`';
}

std::string BaseName(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kTinyInt:
      return "TINYINT";
    case TypeKind::kSmallInt:
      return "SMALLINT";
    case TypeKind::kInt:
      return "INT";
    case TypeKind::kBigInt:
      return "BIGINT";
    case TypeKind::kFloat:
      return "FLOAT";
    case TypeKind::kDouble:
      return "DOUBLE";
    case TypeKind::kDecimal:
      return "DECIMAL(" + std::to_string(type.precision()) + ", " + std::to_string(type.scale()) +
             ')';
    case TypeKind::kChar:
      return WithArgument("CHAR", type.length());
    case TypeKind::kVarChar:
      return type.length() == DataType::kMaxLength ? "STRING"
                                                   : WithArgument("VARCHAR", type.length());
    case TypeKind::kBinary:
      return WithArgument("BINARY", type.length());
    case TypeKind::kVarBinary:
      return type.length() == DataType::kMaxLength ? "BYTES"
                                                   : WithArgument("VARBINARY", type.length());
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kTime:
      return WithArgument("TIME", type.precision());
    case TypeKind::kTimestamp:
      return WithArgument("TIMESTAMP", type.precision());
    case TypeKind::kTimestampLtz:
      return WithArgument("TIMESTAMP_LTZ", type.precision());
    case TypeKind::kIntervalYearMonth:
      return "INTERVAL YEAR(2) TO MONTH";
    case TypeKind::kIntervalDayTime:
      return "INTERVAL DAY(2) TO SECOND(3)";
    case TypeKind::kArray:
      return "ARRAY<" + type.fields()[0].type.ToString() + '>';
    case TypeKind::kMap:
      return "MAP<" + type.fields()[0].type.ToString() + ", " + type.fields()[1].type.ToString() +
             '>';
    case TypeKind::kRow:
      break;
  }
  std::string text = "ROW<";
  for (const Field& field : type.fields()) {
    text += (&field == type.fields().data() ? "" : ", ") + Quoted(field.name) + ' ' +
            field.type.ToString();
  }
  return text + '>';
}

}  // namespace

std::size_t WidthOf(Physical physical) {
  switch (physical) {
    case Physical::kBool:
    case Physical::kInt8:
      return 1;
    case Physical::kInt16:
      return 2;
    case Physical::kInt32:
    case Physical::kFloat:
    case Physical::kList:
      return 4;
    case Physical::kInt64:
    case Physical::kDouble:
      return 8;
    case Physical::kInt128:
    case Physical::kString:
      return 16;
    case Physical::kRow:
      break;
  }
  return 0;
}

DataType::DataType(TypeKind kind, int precision, int scale, std::uint32_t length)
    : kind_(kind),
      precision_(static_cast<std::uint8_t>(precision)),
      scale_(static_cast<std::uint8_t>(scale)),
      length_(length) {}

DataType DataType::Boolean() {
  return DataType(TypeKind::kBoolean);
}
DataType DataType::TinyInt() {
  return DataType(TypeKind::kTinyInt);
}
DataType DataType::SmallInt() {
  return DataType(TypeKind::kSmallInt);
}
DataType DataType::Int() {
  return DataType(TypeKind::kInt);
}
DataType DataType::BigInt() {
  return DataType(TypeKind::kBigInt);
}
DataType DataType::Float() {
  return DataType(TypeKind::kFloat);
}
DataType DataType::Double() {
  return DataType(TypeKind::kDouble);
}
DataType DataType::Decimal(int precision, int scale) {
  CHECK(precision >= 1 && precision <= kMaxDecimalPrecision);
  CHECK(scale >= 0 && scale <= precision);
  return DataType(TypeKind::kDecimal, precision, scale);
}
DataType DataType::Char(std::uint32_t length) {
  CHECK(length >= 1 && length <= kMaxLength);
  return DataType(TypeKind::kChar, 0, 0, length);
}
DataType DataType::VarChar(std::uint32_t length) {
  CHECK(length >= 1 && length <= kMaxLength);
  return DataType(TypeKind::kVarChar, 0, 0, length);
}
DataType DataType::String() {
  return VarChar(kMaxLength);
}
DataType DataType::Binary(std::uint32_t length) {
  CHECK(length >= 1 && length <= kMaxLength);
  return DataType(TypeKind::kBinary, 0, 0, length);
}
DataType DataType::VarBinary(std::uint32_t length) {
  CHECK(length >= 1 && length <= kMaxLength);
  return DataType(TypeKind::kVarBinary, 0, 0, length);
}
DataType DataType::Bytes() {
  return VarBinary(kMaxLength);
}
DataType DataType::Date() {
  return DataType(TypeKind::kDate);
}
DataType DataType::Time(int precision) {
  CHECK(precision >= 0 && precision <= 9);
  return DataType(TypeKind::kTime, precision);
}
DataType DataType::Timestamp(int precision) {
  CHECK(precision >= 0 && precision <= 9);
  return DataType(TypeKind::kTimestamp, precision);
}
DataType DataType::TimestampLtz(int precision) {
  CHECK(precision >= 0 && precision <= 9);
  return DataType(TypeKind::kTimestampLtz, precision);
}
DataType DataType::IntervalYearMonth() {
  return DataType(TypeKind::kIntervalYearMonth);
}
DataType DataType::IntervalDayTime() {
  return DataType(TypeKind::kIntervalDayTime);
}
DataType DataType::Row(std::vector<Field> fields) {
  DataType type(TypeKind::kRow);
  type.fields_ = std::make_shared<const std::vector<Field>>(std::move(fields));
  return type;
}
DataType DataType::Array(DataType element) {
  DataType type(TypeKind::kArray);
  type.fields_ = std::make_shared<const std::vector<Field>>(
      std::vector<Field>{{"element", std::move(element)}});
  return type;
}
DataType DataType::Map(DataType key, DataType value) {
  DataType type(TypeKind::kMap);
  type.fields_ = std::make_shared<const std::vector<Field>>(
      std::vector<Field>{{"key", std::move(key)}, {"value", std::move(value)}});
  return type;
}

DataType DataType::WithNullable(bool nullable) const {
  DataType type = *this;
  type.nullable_ = nullable;
  return type;
}

const std::vector<Field>& DataType::fields() const {
  static const std::vector<Field> kNone;
  return fields_ == nullptr ? kNone : *fields_;
}

Physical DataType::physical() const {
  switch (kind_) {
    case TypeKind::kBoolean:
      return Physical::kBool;
    case TypeKind::kTinyInt:
      return Physical::kInt8;
    case TypeKind::kSmallInt:
      return Physical::kInt16;
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kTime:
    case TypeKind::kIntervalYearMonth:
      return Physical::kInt32;
    case TypeKind::kBigInt:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
    case TypeKind::kIntervalDayTime:
      return Physical::kInt64;
    case TypeKind::kFloat:
      return Physical::kFloat;
    case TypeKind::kDouble:
      return Physical::kDouble;
    case TypeKind::kDecimal:
      return precision_ <= kMaxShortDecimalPrecision ? Physical::kInt64 : Physical::kInt128;
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
      return Physical::kString;
    case TypeKind::kArray:
    case TypeKind::kMap:
      return Physical::kList;
    case TypeKind::kRow:
      break;
  }
  return Physical::kRow;
}

std::vector<DataType> DataType::ChildTypes() const {
  if (kind_ == TypeKind::kMap) {
    return {Row(fields()).NotNull()};
  }
  std::vector<DataType> types;
  for (const Field& field : fields()) {
    types.push_back(field.type);
  }
  return types;
}

std::string DataType::ToString() const {
  return BaseName(*this) + (nullable_ ? "" : " NOT NULL");
}

bool operator==(const DataType& a, const DataType& b) {
  return a.kind_ == b.kind_ && a.nullable_ == b.nullable_ && a.precision_ == b.precision_ &&
         a.scale_ == b.scale_ && a.length_ == b.length_ &&
         (a.fields_ == b.fields_ || a.fields() == b.fields());
}

std::optional<std::size_t> Schema::IndexOf(std::string_view name) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].name == name) {
      return i;
    }
  }
  return std::nullopt;
}

std::vector<DataType> Schema::Types() const {
  std::vector<DataType> types;
  types.reserve(fields_.size());
  for (const Field& field : fields_) {
    types.push_back(field.type);
  }
  return types;
}

std::string Schema::ToString() const {
  std::string text = "(";
  for (const Field& field : fields_) {
    text += (&field == fields_.data() ? "" : ", ") + field.name + ' ' + field.type.ToString();
  }
  return text + ')';
}

std::int64_t TimestampUnitsPerSecond(const DataType& timestamp) {
  DCHECK(timestamp.IsTimestamp());
  return timestamp.precision() <= 6 ? 1'000'000 : 1'000'000'000;
}

EventMillis ToEventMillis(const DataType& timestamp, std::int64_t value) {
  const std::int64_t units_per_milli = TimestampUnitsPerSecond(timestamp) / 1000;
  return value / units_per_milli - (value % units_per_milli < 0 ? 1 : 0);
}

std::int64_t FromEventMillis(const DataType& timestamp, EventMillis millis) {
  const std::int64_t units_per_milli = TimestampUnitsPerSecond(timestamp) / 1000;
  std::int64_t value;
  if (__builtin_mul_overflow(millis, units_per_milli, &value)) {
    return millis < 0 ? std::numeric_limits<std::int64_t>::min()
                      : std::numeric_limits<std::int64_t>::max();
  }
  return value;
}

}  // namespace thalweg::columnar
