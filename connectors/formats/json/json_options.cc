// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/json/json_options.h"

#include <string>

#include <fmt/format.h>

namespace thalweg::connectors {
namespace {

inline constexpr Option<bool> kFailOnMissing{.key = "json.fail-on-missing-field",
                                             .default_value = false,
                                             .description = "Refuse a line without the field."};
inline constexpr Option<bool> kIgnoreErrors{.key = "json.ignore-parse-errors",
                                            .default_value = false,
                                            .description = "NULL for a field that does not fit."};
inline constexpr Option<std::string_view> kStandard{.key = "json.timestamp-format.standard",
                                                    .default_value = "SQL",
                                                    .description = "SQL or ISO-8601."};
inline constexpr Option<std::string_view> kNullKeyMode{.key = "json.map-null-key.mode",
                                                       .default_value = "FAIL",
                                                       .description = "FAIL, DROP or LITERAL."};
inline constexpr Option<std::string_view> kNullKeyLiteral{
    .key = "json.map-null-key.literal", .default_value = "null", .description = "Key for NULL."};
inline constexpr Option<bool> kIgnoreNulls{.key = "json.encode.ignore-null-fields",
                                           .default_value = false,
                                           .description = "Write no NULL fields."};

// A decimal is never in scientific notation here.
inline constexpr Option<bool> kPlainDecimals{.key = "json.encode.decimal-as-plain-number",
                                             .default_value = false,
                                             .description = "Has no effect: they always are."};

Status BadValue(std::string_view key, std::string_view value, std::string_view allowed) {
  return InvalidArgument(fmt::format("Option '{}' is '{}'; it may be {}.", key, value, allowed));
}

Status CheckType(const std::string& name, const columnar::DataType& type) {
  if (type.kind() == columnar::TypeKind::kMap && !type.fields()[0].type.IsCharacter()) {
    return Unimplemented(
        fmt::format("Column '{}' is {}: JSON has no keys but strings. Use a MAP with STRING keys.",
                    name,
                    type.ToString()));
  }
  for (const columnar::Field& field : type.fields()) {
    RETURN_IF_ERROR(CheckType(name, field.type));
  }
  return OkStatus();
}

}  // namespace

const std::vector<std::string_view>& JsonOptionKeys() {
  static const std::vector<std::string_view> keys = {kFailOnMissing.key,
                                                     kIgnoreErrors.key,
                                                     kStandard.key,
                                                     kNullKeyMode.key,
                                                     kNullKeyLiteral.key,
                                                     kIgnoreNulls.key,
                                                     kPlainDecimals.key};
  return keys;
}

StatusOr<JsonOptions> ParseJsonOptions(const Configuration& options) {
  JsonOptions json;
  ASSIGN_OR_RETURN(const bool fail_on_missing, options.Get(kFailOnMissing));
  ASSIGN_OR_RETURN(const bool ignore_errors, options.Get(kIgnoreErrors));
  ASSIGN_OR_RETURN(const std::string standard, options.Get(kStandard));
  ASSIGN_OR_RETURN(const std::string null_key_mode, options.Get(kNullKeyMode));
  ASSIGN_OR_RETURN(const std::string null_key_literal, options.Get(kNullKeyLiteral));
  ASSIGN_OR_RETURN(const bool ignore_nulls, options.Get(kIgnoreNulls));
  RETURN_IF_ERROR(options.Get(kPlainDecimals).status());
  if (fail_on_missing && ignore_errors) {
    return InvalidArgument(fmt::format(
        "Options '{}' and '{}' cannot both be true: one refuses what the other forgives.",
        kFailOnMissing.key,
        kIgnoreErrors.key));
  }
  if (standard != "SQL" && standard != "ISO-8601") {
    return BadValue(kStandard.key, standard, "SQL or ISO-8601");
  }
  if (null_key_mode != "FAIL" && null_key_mode != "DROP" && null_key_mode != "LITERAL") {
    return BadValue(kNullKeyMode.key, null_key_mode, "FAIL, DROP or LITERAL");
  }
  json.set_fail_on_missing_field(fail_on_missing);
  json.set_ignore_parse_errors(ignore_errors);
  json.set_timestamp_standard(standard == "SQL" ? proto::TIMESTAMP_SQL : proto::TIMESTAMP_ISO_8601);
  json.set_map_null_key_mode(null_key_mode == "FAIL"   ? proto::MAP_NULL_KEY_FAIL
                             : null_key_mode == "DROP" ? proto::MAP_NULL_KEY_DROP
                                                       : proto::MAP_NULL_KEY_LITERAL);
  json.set_map_null_key_literal(null_key_literal);
  json.set_ignore_null_fields(ignore_nulls);
  return json;
}

Status CheckJsonSchema(const columnar::Schema& schema) {
  for (const columnar::Field& field : schema.fields()) {
    RETURN_IF_ERROR(CheckType(field.name, field.type));
  }
  return OkStatus();
}

}  // namespace thalweg::connectors
