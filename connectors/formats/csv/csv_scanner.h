// SPDX-License-Identifier: Apache-2.0
//
// Takes one record of CSV apart (RFC 4180): fields between delimiters, up to a line break that is
// not in quotes. A field is quoted when its first character is the quote; two quotes in it are one.
#ifndef THALWEG_CONNECTORS_FORMATS_CSV_CSV_SCANNER_H_
#define THALWEG_CONNECTORS_FORMATS_CSV_CSV_SCANNER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "proto/connectors.pb.h"

namespace thalweg::connectors {

struct CsvField {
  std::string_view text;  // Without quotes and escapes.
  const char* begin = nullptr;
  bool quoted = false;
};

/// Not thread-safe.
class CsvScanner {
 public:
  enum class Result { kRecord, kIncomplete, kBad };

  explicit CsvScanner(const proto::CsvSpec& spec);

  /// Reads the record at `p`, which must not be an empty line. At least 16 bytes behind `end` are
  /// readable. kIncomplete: a quote is open at `end`, and this is not the `last` text of the file.
  Result Scan(const char* p, const char* end, bool last);

  // Of the last call; the texts are valid until the next one or until the input goes.

  /// kRecord.
  const std::vector<CsvField>& fields() const { return fields_; }
  /// Behind the record and its line break. kBad: behind the line in which the trouble was seen, or,
  /// when a quote is not closed, behind the line in which it was opened.
  const char* next() const { return next_; }
  /// Where the record ends, without its line break.
  const char* record_end() const { return record_end_; }
  /// Whether a field is quoted, so that the record may have many lines.
  bool has_quotes() const { return has_quotes_; }
  /// kBad.
  const char* problem_at() const { return problem_at_; }
  const char* reason() const { return reason_; }

 private:
  const char* FindPlainEnd(const char* p, const char* end) const;
  const char* FindQuotedEnd(const char* p, const char* end) const;
  /// The field at `p`; returns the place behind it: a delimiter, a line break or the end. nullptr:
  /// it is not complete.
  const char* ScanPlain(const char* p, const char* end);
  const char* ScanQuoted(const char* p, const char* end);
  /// Writes the character behind an escape, `*p`, to scratch_.
  void Unescape(char c);
  Result Bad(const char* at, const char* reason);

  const char delimiter_;
  const char quote_;   // The delimiter when there is none: it never begins a field.
  const char escape_;  // The same.
  std::vector<CsvField> fields_;
  std::vector<std::size_t> unescaped_;  // Fields whose text lies in scratch_, in their order.
  std::vector<std::size_t> scratch_ends_;
  std::string scratch_;
  const char* next_ = nullptr;
  const char* record_end_ = nullptr;
  const char* problem_at_ = nullptr;
  const char* reason_ = nullptr;
  bool has_quotes_ = false;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FORMATS_CSV_CSV_SCANNER_H_
