// SPDX-License-Identifier: Apache-2.0
//
// JSON lines into column batches.
//
// Lines of one producer mostly look alike: the same keys in the same order. A template holds the
// bytes between the values of such a line and is compared, not parsed; the values are parsed in
// place. A line that does not fit is read by a general walker, which takes any order of keys,
// blanks and escapes, and checks every byte of the line, read fields or not. When too many lines do
// not fit, a new template is learned from the last good line.
//
//   JsonDecoder decoder(schema, options);
//   while (!lines.empty()) {
//     const JsonDecoder::Outcome outcome = decoder.Decode(lines, kMaxBatchRows);
//     lines.remove_prefix(outcome.consumed);
//     ...
//   }
//   Batch batch = decoder.Finish();
//
// The schema names the wanted fields; others are skipped (but must be JSON).
#ifndef THALWEG_CONNECTORS_FORMATS_JSON_JSON_DECODER_H_
#define THALWEG_CONNECTORS_FORMATS_JSON_JSON_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "columnar/batch.h"
#include "columnar/type.h"
#include "connectors/formats/json/json_options.h"
#include "connectors/formats/records/records.h"

namespace thalweg::connectors {

/// Decodes for one task; not thread-safe.
class JsonDecoder {
 public:
  /// The text given to Decode() must be followed by so many readable bytes, of any content.
  static constexpr std::size_t kPadding = 64;

  /// REQUIRES: CheckJsonSchema(schema).
  JsonDecoder(columnar::SchemaPtr schema, const JsonOptions& options);
  ~JsonDecoder();

  struct Outcome {
    std::size_t consumed = 0;      // Bytes: whole lines, the bad one included.
    std::uint64_t line_count = 0;  // Lines consumed, empty ones and the bad one included.
    std::optional<BadLine> bad;    // Decoding stopped behind this line, which gave no row.
  };

  /// Decodes whole lines from the front of `lines` (the last may lack its newline) until the batch
  /// has `row_limit` rows, the text ends or a line is bad. Never fails otherwise: the caller
  /// decides what becomes of a bad line, and may go on behind it. Empty lines give no row.
  Outcome Decode(std::string_view lines, std::size_t row_limit);

  /// Rows decoded since the last Finish().
  std::size_t row_count() const;
  columnar::Batch Finish();

  /// Lines that gave no row under 'ignore-parse-errors', fields that were set to NULL by it, and
  /// lines that did not fit the template; since the construction.
  struct Stats {
    std::uint64_t skipped_lines = 0;
    std::uint64_t nulled_fields = 0;
    std::uint64_t general_lines = 0;
  };
  const Stats& stats() const;

  /// Reads all further lines with the general walker; for tests and benchmarks.
  void DisableTemplate();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FORMATS_JSON_JSON_DECODER_H_
