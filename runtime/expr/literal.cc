// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/literal.h"

#include <cstdint>
#include <string>

#include "columnar/decimal.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::Datum;
using columnar::Int128;
using columnar::Physical;
using columnar::TypeKind;

Status Misfit(const DataType& type) {
  return InvalidArgument("The constant is no value of type " + type.ToString());
}

bool FitsWidth(Physical physical, std::int64_t value) {
  const std::size_t bits = columnar::WidthOf(physical) * 8;
  return bits == 64 ||
         (value >= -(std::int64_t{1} << (bits - 1)) && value < (std::int64_t{1} << (bits - 1)));
}

StatusOr<Datum> DecimalDatum(const DataType& type, const std::string& text) {
  const auto value = columnar::ParseDecimal(text, {type.precision(), type.scale()});
  if (!value.ok()) {
    return value.status();
  }
  return type.physical() == Physical::kInt128 ? Datum(*value)
                                              : Datum(static_cast<std::int64_t>(*value));
}

StatusOr<Datum> NullDatum(const DataType& type) {
  if (!type.nullable()) {
    return InvalidArgument("The constant is NULL, its type " + type.ToString());
  }
  return Datum::Null();
}

}  // namespace

StatusOr<Datum> DatumOf(const DataType& type, const proto::Literal& literal) {
  if (literal.value_case() == proto::Literal::VALUE_NOT_SET) {
    return NullDatum(type);
  }
  switch (type.physical()) {
    case Physical::kBool:
      return literal.has_boolean() ? StatusOr<Datum>(Datum(literal.boolean())) : Misfit(type);
    case Physical::kFloat:
    case Physical::kDouble:
      return literal.has_real() ? StatusOr<Datum>(Datum(literal.real())) : Misfit(type);
    case Physical::kString:
      if (type.IsCharacter()) {
        return literal.has_text() ? StatusOr<Datum>(Datum(literal.text())) : Misfit(type);
      }
      return literal.has_binary() ? StatusOr<Datum>(Datum(literal.binary())) : Misfit(type);
    case Physical::kRow:
    case Physical::kList:
      return Unimplemented("Constants of type " + type.ToString() + " are not supported");
    default:
      break;
  }
  if (type.kind() == TypeKind::kDecimal) {
    return literal.has_decimal() ? DecimalDatum(type, literal.decimal()) : Misfit(type);
  }
  if (!literal.has_integer() || !FitsWidth(type.physical(), literal.integer())) {
    return Misfit(type);
  }
  return Datum(static_cast<std::int64_t>(literal.integer()));
}

StatusOr<proto::Literal> LiteralOf(const DataType& type, const Datum& value) {
  proto::Literal literal;
  if (value.is_null()) {
    RETURN_IF_ERROR(NullDatum(type).status());
    return literal;
  }
  switch (type.physical()) {
    case Physical::kBool:
      literal.set_boolean(value.boolean());
      return literal;
    case Physical::kFloat:
    case Physical::kDouble:
      literal.set_real(value.real());
      return literal;
    case Physical::kString:
      type.IsCharacter() ? literal.set_text(value.text()) : literal.set_binary(value.text());
      return literal;
    case Physical::kRow:
    case Physical::kList:
      return Unimplemented("Constants of type " + type.ToString() + " are not supported");
    default:
      break;
  }
  if (type.kind() == TypeKind::kDecimal) {
    const bool wide = type.physical() == Physical::kInt128;
    const Int128 unscaled = wide ? value.int128() : Int128{value.integer()};
    columnar::AppendDecimal(unscaled, type.scale(), literal.mutable_decimal());
    return literal;
  }
  if (!FitsWidth(type.physical(), value.integer())) {
    return Misfit(type);
  }
  literal.set_integer(value.integer());
  return literal;
}

}  // namespace thalweg::runtime
