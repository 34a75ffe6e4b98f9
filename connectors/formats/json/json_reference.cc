// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/json/json_reference.h"

#include <cmath>
#include <set>
#include <string>

#include <simdjson.h>

#include "columnar/text.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::Datum;
using columnar::TypeKind;
using simdjson::dom::element;
using simdjson::dom::element_type;

std::optional<Datum> Decode(const DataType& type, element value);

std::optional<Datum> DecodeText(const DataType& type, std::string_view text) {
  const StatusOr<Datum> parsed = columnar::ParseDatum(type, text);
  return parsed.ok() ? std::optional<Datum>(*parsed) : std::nullopt;
}

std::optional<Datum> DecodeInteger(const DataType& type, element value) {
  std::int64_t number = 0;
  if (value.type() == element_type::INT64) {
    number = std::int64_t(value);
  } else if (value.type() == element_type::DOUBLE) {
    const double real = double(value);
    if (std::abs(real) >= 0x1p63) {
      return std::nullopt;
    }
    number = static_cast<std::int64_t>(real);
  } else if (value.type() == element_type::STRING) {
    return DecodeText(type, std::string_view(value));
  } else {
    return std::nullopt;
  }
  return DecodeText(type, std::to_string(number));
}

std::optional<Datum> DecodeReal(const DataType& type, element value) {
  double number = 0;
  switch (value.type()) {
    case element_type::INT64:
      number = static_cast<double>(std::int64_t(value));
      break;
    case element_type::UINT64:
      number = static_cast<double>(std::uint64_t(value));
      break;
    case element_type::DOUBLE:
      number = double(value);
      break;
    default:
      return std::nullopt;
  }
  if (type.kind() == TypeKind::kFloat) {
    number = static_cast<double>(static_cast<float>(number));
  }
  return std::optional<Datum>(std::in_place, number);
}

std::optional<Datum> DecodeObject(const std::vector<columnar::Field>& fields,
                                  simdjson::dom::object object) {
  Datum::List values;
  for (const columnar::Field& field : fields) {
    std::optional<element> found;
    for (const auto& [key, value] : object) {
      if (key == field.name) {
        found = value;
      }
    }
    // Only the last of equal keys counts, but all of them must fit.
    for (const auto& [key, value] : object) {
      if (key == field.name && !Decode(field.type, value)) {
        return std::nullopt;
      }
    }
    const auto value = found
                           ? Decode(field.type, *found)
                           : (field.type.nullable() ? std::optional<Datum>(Datum()) : std::nullopt);
    if (!value) {
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return Datum(std::move(values));
}

std::optional<Datum> DecodeList(const DataType& type, element value) {
  Datum::List values;
  if (type.kind() == TypeKind::kArray) {
    simdjson::dom::array items;
    if (value.get_array().get(items) != simdjson::SUCCESS) {
      return std::nullopt;
    }
    for (const element item : items) {
      const auto decoded = Decode(type.fields()[0].type, item);
      if (!decoded) {
        return std::nullopt;
      }
      values.push_back(*decoded);
    }
    return Datum(std::move(values));
  }
  simdjson::dom::object entries;
  if (value.get_object().get(entries) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  std::set<std::string_view> keys;
  for (const auto& [key, item] : entries) {
    const auto decoded = Decode(type.fields()[1].type, item);
    if (!decoded || !keys.insert(key).second) {
      return std::nullopt;
    }
    values.push_back(Datum(Datum::List{Datum(key), *decoded}));
  }
  return Datum(std::move(values));
}

std::optional<Datum> Decode(const DataType& type, element value) {
  if (value.is_null()) {
    return type.nullable() ? std::optional<Datum>(Datum()) : std::nullopt;
  }
  switch (type.kind()) {
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      return DecodeInteger(type, value);
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      return DecodeReal(type, value);
    case TypeKind::kBoolean:
      if (value.type() != element_type::BOOL) {
        return std::nullopt;
      }
      return Datum(bool(value));
    case TypeKind::kRow: {
      simdjson::dom::object fields;
      return value.get_object().get(fields) == simdjson::SUCCESS
                 ? DecodeObject(type.fields(), fields)
                 : std::nullopt;
    }
    case TypeKind::kArray:
    case TypeKind::kMap:
      return DecodeList(type, value);
    default:
      break;
  }
  if (value.type() != element_type::STRING) {
    return std::nullopt;
  }
  const std::string_view text = std::string_view(value);
  if (type.IsCharacter()) {
    return Datum(text);
  }
  if (type.IsTimestamp() && (text.size() < 11 || text[10] != ' ' || text.back() == ' ')) {
    return std::nullopt;
  }
  return DecodeText(type, text);
}

}  // namespace

std::optional<Datum> ReferenceDecode(const columnar::Schema& schema, std::string_view line) {
  simdjson::dom::parser parser;
  element root;
  simdjson::dom::object object;
  if (parser.parse(line.data(), line.size()).get(root) != simdjson::SUCCESS ||
      root.get_object().get(object) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return DecodeObject(schema.fields(), object);
}

}  // namespace thalweg::connectors
