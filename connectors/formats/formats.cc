// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/formats.h"

#include <string>
#include <utility>

#include "connectors/formats/csv/csv_decoder.h"
#include "connectors/formats/csv/csv_encoder.h"
#include "connectors/formats/csv/csv_options.h"
#include "connectors/formats/json/json_decoder.h"
#include "connectors/formats/json/json_options.h"
#include "connectors/formats/json/json_writer.h"
#include "connectors/formats/raw/raw.h"

namespace thalweg::connectors {
namespace {

using proto::FormatSpec;

class JsonRecordDecoder final : public RecordDecoder {
 public:
  JsonRecordDecoder(columnar::SchemaPtr schema, const JsonOptions& options)
      : decoder_(std::move(schema), options) {
    static_assert(JsonDecoder::kPadding == RecordDecoder::kPadding);
  }

  Outcome Decode(std::string_view lines, std::size_t row_limit, bool /*last*/) override {
    JsonDecoder::Outcome outcome = decoder_.Decode(lines, row_limit);
    return {.consumed = outcome.consumed,
            .line_count = outcome.line_count,
            .bad = std::move(outcome.bad)};
  }
  std::size_t row_count() const override { return decoder_.row_count(); }
  columnar::Batch Finish() override { return decoder_.Finish(); }
  DecodeStats stats() const override {
    return {decoder_.stats().skipped_lines, decoder_.stats().nulled_fields};
  }

 private:
  JsonDecoder decoder_;
};

class JsonRecordEncoder final : public RecordEncoder {
 public:
  JsonRecordEncoder(columnar::SchemaPtr schema,
                    const JsonOptions& options,
                    std::string_view change_kind_field)
      : writer_(std::move(schema), options, change_kind_field) {}

  Status Append(const columnar::Batch& batch, std::string* out) override {
    return writer_.Append(batch, out);
  }

 private:
  JsonWriter writer_;
};

}  // namespace

StatusOr<FormatSpec> ParseFormat(TableOptions& options) {
  FormatSpec format;
  ASSIGN_OR_RETURN(const std::string name, options.Require("format", "json"));
  if (name == "json") {
    options.Know(JsonOptionKeys());
    ASSIGN_OR_RETURN(*format.mutable_json(), ParseJsonOptions(options.values()));
  } else if (name == "csv") {
    ASSIGN_OR_RETURN(*format.mutable_csv(), ParseCsvOptions(options));
  } else if (name == "raw") {
    RETURN_IF_ERROR(ParseRawOptions(options));
    format.mutable_raw();
  } else {
    return options.Bad("format", name, "there are 'json', 'csv' and 'raw'");
  }
  return format;
}

Status CheckFormatSchema(const FormatSpec& format, const columnar::Schema& schema) {
  switch (format.kind_case()) {
    case FormatSpec::kCsv:
      return CheckCsvSchema(schema);
    case FormatSpec::kRaw:
      return CheckRawSchema(schema);
    default:
      return CheckJsonSchema(schema);
  }
}

StatusOr<std::unique_ptr<RecordDecoder>> MakeDecoder(const FormatSpec& format,
                                                     const columnar::Schema& records,
                                                     columnar::SchemaPtr wanted) {
  switch (format.kind_case()) {
    case FormatSpec::kCsv:
      return MakeCsvDecoder(records, std::move(wanted), format.csv());
    case FormatSpec::kRaw:
      return MakeRawDecoder(std::move(wanted));
    default:
      return std::make_unique<JsonRecordDecoder>(std::move(wanted), format.json());
  }
}

StatusOr<std::unique_ptr<RecordEncoder>> MakeEncoder(const FormatSpec& format,
                                                     columnar::SchemaPtr schema,
                                                     std::string_view change_kind_field) {
  switch (format.kind_case()) {
    case FormatSpec::kCsv:
      return MakeCsvEncoder(std::move(schema), format.csv(), change_kind_field);
    case FormatSpec::kRaw:
      if (!change_kind_field.empty()) {
        return Unimplemented("The format 'raw' has no place for the kind of a change.");
      }
      return MakeRawEncoder(std::move(schema));
    default:
      return std::make_unique<JsonRecordEncoder>(
          std::move(schema), format.json(), change_kind_field);
  }
}

bool HasLongRecords(const FormatSpec& format) {
  return format.has_csv();
}

bool FindsByName(const FormatSpec& format) {
  return format.kind_case() == FormatSpec::kJson || format.kind_case() == FormatSpec::KIND_NOT_SET;
}

std::string_view FileSuffix(const FormatSpec& format) {
  switch (format.kind_case()) {
    case FormatSpec::kCsv:
      return ".csv";
    case FormatSpec::kRaw:
      return ".txt";
    default:
      return ".jsonl";
  }
}

}  // namespace thalweg::connectors
