// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/raw/raw.h"

#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "columnar/batch_builder.h"
#include "connectors/formats/records/utf8.h"

namespace thalweg::connectors {
namespace {

inline constexpr std::string_view kCharsetKey = "raw.charset";

class RawDecoder final : public RecordDecoder {
 public:
  explicit RawDecoder(columnar::SchemaPtr schema)
      : batch_(std::move(schema)),
        has_column_(batch_.schema()->size() > 0),
        is_text_(has_column_ && batch_.schema()->type(0).IsCharacter()) {}

  Outcome Decode(std::string_view lines, std::size_t row_limit, bool /*last*/) override {
    Outcome outcome;
    while (outcome.consumed < lines.size() && batch_.row_count() < row_limit) {
      const std::size_t begin = outcome.consumed;
      const std::size_t newline = lines.find('\n', begin);
      const bool has_newline = newline != std::string_view::npos;
      std::string_view line = lines.substr(begin, has_newline ? newline - begin : newline);
      outcome.consumed = has_newline ? newline + 1 : lines.size();
      ++outcome.line_count;
      if (line.ends_with('\r')) {
        line.remove_suffix(1);
      }
      if (is_text_ && !IsUtf8(line)) {
        outcome.bad = BadLine{.begin = begin,
                              .size = line.size(),
                              .column = 1,
                              .line = outcome.line_count - 1,
                              .reason = "the line is not UTF-8; declare the column as BYTES"};
        break;
      }
      if (has_column_) {
        batch_.column(0).AppendString(line);
      }
      batch_.CommitRows(1);
    }
    return outcome;
  }

  std::size_t row_count() const override { return batch_.row_count(); }
  columnar::Batch Finish() override { return batch_.Finish(); }

 private:
  columnar::BatchBuilder batch_;
  const bool has_column_;
  const bool is_text_;
};

class RawEncoder final : public RecordEncoder {
 public:
  explicit RawEncoder(columnar::SchemaPtr schema) : schema_(std::move(schema)) {}

  Status Append(const columnar::Batch& batch, std::string* out) override {
    const columnar::Column& column = *batch.column(0);
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      const std::string_view value = column.IsNull(row) ? "" : column.StringAt(row);
      if (value.find('\n') != std::string_view::npos) {
        return InvalidArgument(
            fmt::format("A value of column '{}' has a line break in it, which the format 'raw' "
                        "cannot write. Use 'csv' or 'json'.",
                        schema_->field(0).name));
      }
      out->append(value).push_back('\n');
    }
    return OkStatus();
  }

 private:
  const columnar::SchemaPtr schema_;
};

}  // namespace

Status ParseRawOptions(TableOptions& options) {
  const std::string_view charset = options.Find(kCharsetKey).value_or("UTF-8");
  if (charset != "UTF-8" && charset != "utf-8") {
    return options.Bad(kCharsetKey, charset, "there is only 'UTF-8'");
  }
  return OkStatus();
}

Status CheckRawSchema(const columnar::Schema& schema) {
  if (schema.size() != 1 || (!schema.type(0).IsCharacter() && !schema.type(0).IsBinary())) {
    return Unimplemented(
        fmt::format("The format 'raw' reads and writes one column of STRING or BYTES, not {}.",
                    schema.ToString()));
  }
  return OkStatus();
}

std::unique_ptr<RecordDecoder> MakeRawDecoder(columnar::SchemaPtr schema) {
  return std::make_unique<RawDecoder>(std::move(schema));
}

std::unique_ptr<RecordEncoder> MakeRawEncoder(columnar::SchemaPtr schema) {
  return std::make_unique<RawEncoder>(std::move(schema));
}

}  // namespace thalweg::connectors
