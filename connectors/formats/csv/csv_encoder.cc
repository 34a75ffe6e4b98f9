// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/csv/csv_encoder.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "columnar/text.h"
#include "columnar/time_text.h"

namespace thalweg::connectors {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::TypeKind;

/// Text of one value; remembers what a timestamp formatter remembers.
class ValueText {
 public:
  explicit ValueText(const DataType& type) : type_(type) {
    if (type.IsTimestamp()) {
      timestamps_.emplace(type,
                          columnar::TimestampStyle{.zulu = type.kind() == TypeKind::kTimestampLtz});
    }
    for (const columnar::Field& field : type.fields()) {
      parts_.emplace_back(field.type);
    }
  }

  const std::vector<ValueText>& parts() const { return parts_; }

  /// The value is not NULL, and no ROW or ARRAY.
  void Append(const Column& column, std::size_t row, std::string* out) {
    const std::size_t stored = row * column.stride();
    if (timestamps_.has_value()) {
      timestamps_->Append(column.Values<std::int64_t>()[stored], out);
    } else if (type_.kind() == TypeKind::kBoolean) {
      out->append(column.Values<std::uint8_t>()[stored] != 0 ? "true" : "false");
    } else if (type_.IsBinary()) {
      const std::string_view bytes = column.StringAt(row);
      std::string base64;
      absl::Base64Escape({bytes.data(), bytes.size()}, &base64);
      out->append(base64);
    } else {
      columnar::AppendText(column, row, out);
    }
  }

  /// The parts of an ARRAY or a ROW between delimiters; false: one holds a delimiter.
  bool AppendParts(const Column& column, std::size_t row, char delimiter, std::string* out) {
    const std::size_t stored = row * column.stride();
    bool first = true;
    const auto append = [&](ValueText& part, const Column& values, std::size_t at) {
      if (!std::exchange(first, false)) {
        out->push_back(delimiter);
      }
      const std::size_t begin = out->size();
      if (!values.IsNull(at)) {
        part.Append(values, at, out);
      }
      return out->find(delimiter, begin) == std::string::npos;
    };
    if (type_.kind() == TypeKind::kRow) {
      for (std::size_t i = 0; i < parts_.size(); ++i) {
        if (!append(parts_[i], *column.child(i), stored)) {
          return false;
        }
      }
      return true;
    }
    for (std::size_t i = column.Offsets()[stored]; i < column.Offsets()[stored + 1]; ++i) {
      if (!append(parts_[0], *column.child(0), i)) {
        return false;
      }
    }
    return true;
  }

 private:
  DataType type_;
  std::optional<columnar::TimestampFormatter> timestamps_;
  std::vector<ValueText> parts_;
};

class CsvEncoder final : public RecordEncoder {
 public:
  CsvEncoder(columnar::SchemaPtr schema,
             const CsvOptions& options,
             std::string_view change_kind_field)
      : schema_(std::move(schema)),
        options_(options),
        change_kind_field_(change_kind_field),
        delimiter_(options.field_delimiter()[0]) {
    special_ =
        options.field_delimiter() + options.quote_character() + options.escape_character() + "\r\n";
    for (const columnar::Field& field : schema_->fields()) {
      values_.emplace_back(field.type);
    }
  }

  Status BeginFile(std::string* out) override {
    if (!options_.ignore_first_line()) {
      return OkStatus();
    }
    bool first = true;
    if (!change_kind_field_.empty()) {
      RETURN_IF_ERROR(AppendField(change_kind_field_, "", std::exchange(first, false), out));
    }
    for (const columnar::Field& field : schema_->fields()) {
      RETURN_IF_ERROR(AppendField(field.name, field.name, std::exchange(first, false), out));
    }
    out->push_back('\n');
    return OkStatus();
  }

  Status Append(const columnar::Batch& batch, std::string* out) override {
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      const std::size_t begin = out->size();
      const Status status = AppendRow(batch, row, out);
      if (!status.ok()) {
        out->resize(begin);
        return status;
      }
    }
    return OkStatus();
  }

 private:
  Status AppendRow(const columnar::Batch& batch, std::size_t row, std::string* out) {
    bool first = true;
    if (!change_kind_field_.empty()) {
      out->append(columnar::ToString(batch.change_kind(row)));
      first = false;
    }
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const bool is_first = std::exchange(first, false);
      const Column& column = *batch.column(i);
      const columnar::Field& field = schema_->field(i);
      if (column.IsNull(row)) {
        out->append(is_first ? "" : options_.field_delimiter()).append(options_.null_literal());
        continue;
      }
      if (field.type.IsCharacter()) {
        RETURN_IF_ERROR(AppendField(column.StringAt(row), field.name, is_first, out));
        continue;
      }
      text_.clear();
      if (values_[i].parts().empty()) {
        values_[i].Append(column, row, &text_);
      } else if (!values_[i].AppendParts(
                     column, row, options_.array_element_delimiter()[0], &text_)) {
        return InvalidArgument(
            fmt::format("A part of column '{}' has the delimiter '{}' in it. Set "
                        "'csv.array-element-delimiter' to a character that does not occur.",
                        field.name,
                        options_.array_element_delimiter()));
      }
      RETURN_IF_ERROR(AppendField(text_, field.name, is_first, out));
    }
    out->push_back('\n');
    return OkStatus();
  }

  Status AppendField(std::string_view text, std::string_view column, bool first, std::string* out) {
    if (!first) {
      out->push_back(delimiter_);
    }
    const bool is_special = text.find_first_of(special_) != std::string_view::npos ||
                            (first && options_.allow_comments() && text.starts_with('#'));
    const bool is_null_text = options_.has_null_literal() && text == options_.null_literal();
    if (!is_special && !text.empty() && !is_null_text) {
      out->append(text);
      return OkStatus();
    }
    if (!options_.quote_character().empty()) {
      AppendQuoted(text, out);
      return OkStatus();
    }
    if (text.empty() && !is_null_text) {
      return OkStatus();  // Nothing can tell it from NULL.
    }
    if (options_.escape_character().empty() || is_null_text) {
      return InvalidArgument(
          fmt::format("A value of column '{}' would be read as something else, and there are no "
                      "quotes. Leave 'csv.disable-quote-character' out, or set "
                      "'csv.escape-character' for delimiters and line breaks in texts.",
                      column));
    }
    AppendEscaped(text, out);
    return OkStatus();
  }

  void AppendQuoted(std::string_view text, std::string* out) {
    const char quote = options_.quote_character()[0];
    const char escape =
        options_.escape_character().empty() ? quote : options_.escape_character()[0];
    out->push_back(quote);
    for (const char c : text) {
      if (c == quote) {
        out->push_back(quote);
      } else if (c == escape) {
        out->push_back(escape);
      }
      out->push_back(c);
    }
    out->push_back(quote);
  }

  void AppendEscaped(std::string_view text, std::string* out) {
    const char escape = options_.escape_character()[0];
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (special_.find(c) != std::string::npos || (i == 0 && c == '#')) {
        out->push_back(escape);
      }
      out->push_back(c == '\n' ? 'n' : c == '\r' ? 'r' : c);
    }
  }

  const columnar::SchemaPtr schema_;
  const CsvOptions options_;
  const std::string change_kind_field_;
  const char delimiter_;
  std::string special_;  // Characters that cannot stand for themselves.
  std::vector<ValueText> values_;
  std::string text_;
};

}  // namespace

std::unique_ptr<RecordEncoder> MakeCsvEncoder(columnar::SchemaPtr schema,
                                              const CsvOptions& options,
                                              std::string_view change_kind_field) {
  return std::make_unique<CsvEncoder>(std::move(schema), options, change_kind_field);
}

}  // namespace thalweg::connectors
