// SPDX-License-Identifier: Apache-2.0
//
// What a format does: text into column batches, record by record, and batches into text.
#ifndef THALWEG_CONNECTORS_FORMATS_RECORDS_RECORDS_H_
#define THALWEG_CONNECTORS_FORMATS_RECORDS_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "columnar/batch.h"

namespace thalweg::connectors {

/// A record that is no row of the schema.
struct BadLine {
  std::size_t begin = 0;   // Of the record, from the start of the text given to Decode().
  std::size_t size = 0;    // Without its last newline.
  std::size_t column = 0;  // Byte in the record where the trouble was seen, from 1.
  std::uint64_t line = 0;  // Lines before it in the text given to Decode().
  std::string reason;      // With the name of the field, where there is one.
};

/// Of a bad record this many bytes are shown in a message.
inline constexpr std::size_t kShownRecordBytesMax = 200;

/// "column 17: field 'price': a number was expected: {"auction":1,...}", the record cut off behind
/// kShownRecordBytesMax.
std::string Describe(const BadLine& bad, std::string_view record);

/// Since the construction of a decoder.
struct DecodeStats {
  std::uint64_t skipped_lines = 0;  // Records that gave no row under 'ignore-parse-errors'.
  std::uint64_t nulled_fields = 0;  // Fields that were set to NULL by it.
};

/// Decodes for one task; not thread-safe.
class RecordDecoder {
 public:
  /// The text given to Decode() must be followed by so many readable bytes, of any content.
  static constexpr std::size_t kPadding = 64;

  struct Outcome {
    std::size_t consumed = 0;      // Bytes: whole records, the bad one included.
    std::uint64_t line_count = 0;  // Lines consumed, those without a row included.
    std::optional<BadLine> bad;    // Decoding stopped behind this record, which gave no row.
    bool incomplete = false;       // What is left begins a record that goes on behind the text.
  };

  virtual ~RecordDecoder() = default;

  /// The next text is of another file: its beginning, or something behind that.
  virtual void Begin(bool /*at_beginning*/) {}

  /// Decodes whole records from the front of `lines` until the batch has `row_limit` rows, the text
  /// ends or a record is bad. `lines` ends behind a newline, or is `last`: nothing follows it in
  /// the file. Never fails otherwise: the caller decides what becomes of a bad record, and may go
  /// on behind it. Empty lines give no row.
  virtual Outcome Decode(std::string_view lines, std::size_t row_limit, bool last) = 0;

  /// Rows decoded since the last Finish().
  virtual std::size_t row_count() const = 0;
  virtual columnar::Batch Finish() = 0;
  virtual DecodeStats stats() const { return {}; }
};

/// Encodes for one task; not thread-safe.
class RecordEncoder {
 public:
  virtual ~RecordEncoder() = default;

  /// Appends what stands at the beginning of a file.
  virtual Status BeginFile(std::string* /*out*/) { return OkStatus(); }

  /// Appends a record per row. kInvalidArgument: a row cannot be written; `out` then ends with the
  /// row before.
  virtual Status Append(const columnar::Batch& batch, std::string* out) = 0;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FORMATS_RECORDS_RECORDS_H_
