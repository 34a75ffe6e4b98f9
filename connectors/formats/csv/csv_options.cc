// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/csv/csv_options.h"

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::TypeKind;

inline constexpr std::string_view kDelimiterKey = "csv.field-delimiter";
inline constexpr std::string_view kQuoteKey = "csv.quote-character";
inline constexpr std::string_view kElementKey = "csv.array-element-delimiter";
inline constexpr std::string_view kEscapeKey = "csv.escape-character";
inline constexpr std::string_view kNullKey = "csv.null-literal";
inline constexpr Option<bool> kNoQuotes{.key = "csv.disable-quote-character",
                                        .default_value = false,
                                        .description = "There are no quotes."};
inline constexpr Option<bool> kComments{.key = "csv.allow-comments",
                                        .default_value = false,
                                        .description = "Skip lines that begin with '#'."};
inline constexpr Option<bool> kIgnoreErrors{.key = "csv.ignore-parse-errors",
                                            .default_value = false,
                                            .description = "NULL for a field that does not fit."};
inline constexpr Option<bool> kIgnoreFirst{.key = "csv.ignore-first-line",
                                           .default_value = false,
                                           .description = "The first record has the names."};
// Written for the sake of BigDecimals in Java; a decimal is never in scientific notation here.
inline constexpr Option<bool> kScientific{.key = "csv.write-bigdecimal-in-scientific-notation",
                                          .default_value = true,
                                          .description = "Has no effect."};

/// One ASCII character, or '\t' in two.
StatusOr<std::string> ParseCharacter(TableOptions& options,
                                     std::string_view key,
                                     std::string_view default_value) {
  const std::string_view text = options.Find(key).value_or(default_value);
  if (text == "\\t") {
    return std::string("\t");
  }
  const bool is_usable = text.size() == 1 && static_cast<unsigned char>(text[0]) < 0x80 &&
                         text[0] != '\n' && text[0] != '\r' && text[0] != '\0';
  if (!is_usable && !(text.empty() && default_value.empty())) {
    return options.Bad(key, text, "it must be one ASCII character, and no line break");
  }
  return std::string(text);
}

Status CheckType(const std::string& name, const DataType& type, bool nested) {
  const bool is_list = type.kind() == TypeKind::kArray || type.kind() == TypeKind::kRow;
  if (type.kind() == TypeKind::kMap || (nested && is_list)) {
    return Unimplemented(
        fmt::format("Column '{}' is {}{}: CSV has no place for it. Use the format 'json'.",
                    name,
                    nested ? "nested, and part of it " : "",
                    type.ToString()));
  }
  for (const columnar::Field& field : type.fields()) {
    RETURN_IF_ERROR(CheckType(name, field.type, /*nested=*/true));
  }
  return OkStatus();
}

}  // namespace

CsvOptions DefaultCsvOptions() {
  CsvOptions csv;
  csv.set_field_delimiter(",");
  csv.set_quote_character("\"");
  csv.set_array_element_delimiter(";");
  return csv;
}

StatusOr<CsvOptions> ParseCsvOptions(TableOptions& options) {
  CsvOptions csv = DefaultCsvOptions();
  ASSIGN_OR_RETURN(*csv.mutable_field_delimiter(), ParseCharacter(options, kDelimiterKey, ","));
  ASSIGN_OR_RETURN(*csv.mutable_quote_character(), ParseCharacter(options, kQuoteKey, "\""));
  ASSIGN_OR_RETURN(*csv.mutable_array_element_delimiter(),
                   ParseCharacter(options, kElementKey, ";"));
  ASSIGN_OR_RETURN(*csv.mutable_escape_character(), ParseCharacter(options, kEscapeKey, ""));
  ASSIGN_OR_RETURN(const bool no_quotes, options.Get(kNoQuotes));
  if (no_quotes) {
    if (options.values().Find(kQuoteKey)) {
      return InvalidArgument(fmt::format(
          "Options '{}' and '{}' exclude each other: a character is given and taken away.",
          kQuoteKey,
          kNoQuotes.key));
    }
    csv.clear_quote_character();
  }
  if (csv.field_delimiter() == csv.quote_character() ||
      csv.field_delimiter() == csv.escape_character()) {
    return options.Bad(
        kDelimiterKey, csv.field_delimiter(), "quote and escape characters must be others");
  }
  ASSIGN_OR_RETURN(const bool comments, options.Get(kComments));
  ASSIGN_OR_RETURN(const bool ignore_errors, options.Get(kIgnoreErrors));
  ASSIGN_OR_RETURN(const bool ignore_first, options.Get(kIgnoreFirst));
  RETURN_IF_ERROR(options.Get(kScientific).status());
  csv.set_allow_comments(comments);
  csv.set_ignore_parse_errors(ignore_errors);
  csv.set_ignore_first_line(ignore_first);
  if (const auto null = options.Find(kNullKey)) {
    csv.set_null_literal(std::string(*null));
  }
  return csv;
}

Status CheckCsvSchema(const columnar::Schema& schema) {
  for (const columnar::Field& field : schema.fields()) {
    RETURN_IF_ERROR(CheckType(field.name, field.type, /*nested=*/false));
  }
  return OkStatus();
}

}  // namespace thalweg::connectors
