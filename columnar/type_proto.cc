// SPDX-License-Identifier: Apache-2.0
#include "columnar/type_proto.h"

#include <string>
#include <utility>
#include <vector>

#include "proto/plan.pb.h"

namespace thalweg::columnar {
namespace {

constexpr int kNestingMax = 32;

// The numbers of the wire are the kinds' places in the enumeration plus one; 0 is "unspecified".
static_assert(static_cast<int>(TypeKind::kBoolean) + 1 == proto::TYPE_BOOLEAN);
static_assert(static_cast<int>(TypeKind::kDecimal) + 1 == proto::TYPE_DECIMAL);
static_assert(static_cast<int>(TypeKind::kVarBinary) + 1 == proto::TYPE_VARBINARY);
static_assert(static_cast<int>(TypeKind::kTimestampLtz) + 1 == proto::TYPE_TIMESTAMP_LTZ);
static_assert(static_cast<int>(TypeKind::kMap) + 1 == proto::TYPE_MAP);

Status OutOfBounds(const char* what, std::uint32_t value) {
  return InvalidArgument(std::string("A data type has a ") + what + " of " + std::to_string(value));
}

StatusOr<std::vector<Field>> FieldsFromProto(
    const google::protobuf::RepeatedPtrField<proto::Field>& fields, int depth);

StatusOr<DataType> DecimalFromProto(const proto::DataType& type) {
  if (type.precision() < 1 || type.precision() > DataType::kMaxDecimalPrecision) {
    return OutOfBounds("precision", type.precision());
  }
  if (type.scale() > type.precision()) {
    return OutOfBounds("scale", type.scale());
  }
  return DataType::Decimal(static_cast<int>(type.precision()), static_cast<int>(type.scale()));
}

StatusOr<DataType> SizedFromProto(const proto::DataType& type) {
  const std::uint32_t length = type.length();
  if (length < 1 || length > DataType::kMaxLength) {
    return OutOfBounds("length", length);
  }
  switch (type.kind()) {
    case proto::TYPE_CHAR:
      return DataType::Char(length);
    case proto::TYPE_VARCHAR:
      return DataType::VarChar(length);
    case proto::TYPE_BINARY:
      return DataType::Binary(length);
    default:
      return DataType::VarBinary(length);
  }
}

StatusOr<DataType> TemporalFromProto(const proto::DataType& type) {
  if (type.precision() > 9) {
    return OutOfBounds("precision", type.precision());
  }
  const int precision = static_cast<int>(type.precision());
  switch (type.kind()) {
    case proto::TYPE_TIME:
      return DataType::Time(precision);
    case proto::TYPE_TIMESTAMP:
      return DataType::Timestamp(precision);
    default:
      return DataType::TimestampLtz(precision);
  }
}

StatusOr<DataType> NestedFromProto(const proto::DataType& type, int depth) {
  if (depth >= kNestingMax) {
    return InvalidArgument("Data types nest more than " + std::to_string(kNestingMax) + " deep");
  }
  ASSIGN_OR_RETURN(std::vector<Field> fields, FieldsFromProto(type.fields(), depth + 1));
  if (type.kind() == proto::TYPE_ROW) {
    return DataType::Row(std::move(fields));
  }
  const std::size_t expected = type.kind() == proto::TYPE_ARRAY ? 1 : 2;
  if (fields.size() != expected) {
    return InvalidArgument("An ARRAY has one field and a MAP two, not " +
                           std::to_string(fields.size()));
  }
  return expected == 1 ? DataType::Array(fields[0].type)
                       : DataType::Map(fields[0].type, fields[1].type);
}

StatusOr<DataType> NullableFromProto(const proto::DataType& type, int depth) {
  switch (type.kind()) {
    case proto::TYPE_BOOLEAN:
      return DataType::Boolean();
    case proto::TYPE_TINYINT:
      return DataType::TinyInt();
    case proto::TYPE_SMALLINT:
      return DataType::SmallInt();
    case proto::TYPE_INT:
      return DataType::Int();
    case proto::TYPE_BIGINT:
      return DataType::BigInt();
    case proto::TYPE_FLOAT:
      return DataType::Float();
    case proto::TYPE_DOUBLE:
      return DataType::Double();
    case proto::TYPE_DECIMAL:
      return DecimalFromProto(type);
    case proto::TYPE_CHAR:
    case proto::TYPE_VARCHAR:
    case proto::TYPE_BINARY:
    case proto::TYPE_VARBINARY:
      return SizedFromProto(type);
    case proto::TYPE_DATE:
      return DataType::Date();
    case proto::TYPE_TIME:
    case proto::TYPE_TIMESTAMP:
    case proto::TYPE_TIMESTAMP_LTZ:
      return TemporalFromProto(type);
    case proto::TYPE_INTERVAL_YEAR_MONTH:
      return DataType::IntervalYearMonth();
    case proto::TYPE_INTERVAL_DAY_TIME:
      return DataType::IntervalDayTime();
    case proto::TYPE_ROW:
    case proto::TYPE_ARRAY:
    case proto::TYPE_MAP:
      return NestedFromProto(type, depth);
    default:
      return InvalidArgument("A data type has the unknown kind " + std::to_string(type.kind()));
  }
}

StatusOr<DataType> FromProto(const proto::DataType& type, int depth) {
  ASSIGN_OR_RETURN(const DataType nullable, NullableFromProto(type, depth));
  return nullable.WithNullable(type.nullable());
}

StatusOr<std::vector<Field>> FieldsFromProto(
    const google::protobuf::RepeatedPtrField<proto::Field>& fields, int depth) {
  std::vector<Field> converted;
  for (const proto::Field& field : fields) {
    ASSIGN_OR_RETURN(DataType type, FromProto(field.type(), depth));
    converted.push_back({field.name(), std::move(type)});
  }
  return converted;
}

}  // namespace

void ToProto(const DataType& type, proto::DataType* out) {
  out->set_kind(static_cast<proto::TypeKind>(static_cast<int>(type.kind()) + 1));
  out->set_nullable(type.nullable());
  out->set_precision(static_cast<std::uint32_t>(type.precision()));
  out->set_scale(static_cast<std::uint32_t>(type.scale()));
  out->set_length(type.length());
  for (const Field& field : type.fields()) {
    proto::Field* added = out->add_fields();
    added->set_name(field.name);
    ToProto(field.type, added->mutable_type());
  }
}

StatusOr<DataType> TypeFromProto(const proto::DataType& type) {
  return FromProto(type, 0);
}

void ToProto(const Schema& schema, proto::Schema* out) {
  for (const Field& field : schema.fields()) {
    proto::Field* added = out->add_fields();
    added->set_name(field.name);
    ToProto(field.type, added->mutable_type());
  }
}

StatusOr<SchemaPtr> SchemaFromProto(const proto::Schema& schema) {
  ASSIGN_OR_RETURN(std::vector<Field> fields, FieldsFromProto(schema.fields(), 0));
  return Schema::Make(std::move(fields));
}

}  // namespace thalweg::columnar
