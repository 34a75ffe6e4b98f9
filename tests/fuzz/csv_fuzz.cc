// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as CSV: however the text is cut into blocks, the rows and the bad records are the same,
// all bytes are consumed, and what was read is read back from what the encoder makes of it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "columnar/batch.h"
#include "connectors/formats/csv/csv_decoder.h"
#include "connectors/formats/csv/csv_encoder.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::Schema;

constexpr std::size_t kRowLimit = 16;

const columnar::SchemaPtr& FuzzSchema() {
  static const auto schema = Schema::Make({{"a", DataType::BigInt()},
                                           {"b", DataType::String()},
                                           {"c", DataType::Timestamp(3)},
                                           {"d", DataType::Decimal(20, 3)},
                                           {"e", DataType::Double()},
                                           {"f", DataType::Bytes()},
                                           {"g", DataType::String()}});
  return schema;
}

/// With parts, which are not always read back: [NULL] and [] are written alike.
const columnar::SchemaPtr& NestedSchema() {
  static const auto schema =
      Schema::Make({{"a", DataType::Array(DataType::Int())},
                    {"r", DataType::Row({{"x", DataType::Boolean()}, {"y", DataType::Bytes()}})}});
  return schema;
}

struct Decoded {
  std::vector<columnar::Batch> rows;  // One batch per row.
  std::vector<std::pair<std::size_t, std::string>> bad;
  std::uint64_t lines = 0;
};

/// The next text of at most about `piece` bytes: whole lines, or everything.
std::size_t EndOf(std::string_view text, std::size_t piece) {
  if (piece >= text.size()) {
    return text.size();
  }
  const std::size_t newline = text.find('\n', piece);
  return newline == std::string_view::npos ? text.size() : newline + 1;
}

Decoded Decode(std::string_view text,
               const columnar::SchemaPtr& schema,
               const CsvOptions& options,
               std::size_t piece) {
  auto decoder = MakeCsvDecoder(*schema, schema, options);
  CHECK_OK(decoder.status());
  (*decoder)->Begin(/*at_beginning=*/true);
  Decoded decoded;
  std::size_t at = 0;
  std::size_t size = piece;
  while (at < text.size()) {
    const std::size_t end = EndOf(text.substr(at), size);
    const bool last = at + end == text.size();
    // Exactly the padding that is promised, so that a sanitizer sees what reads behind it.
    const auto copy = std::make_unique<char[]>(end + RecordDecoder::kPadding);
    std::memcpy(copy.get(), text.data() + at, end);
    const auto outcome = (*decoder)->Decode({copy.get(), end}, kRowLimit, last);
    CHECK_LE(outcome.consumed, end);
    CHECK(outcome.consumed > 0 || (outcome.incomplete && !last));
    if (outcome.bad) {
      CHECK_LE(outcome.bad->begin + outcome.bad->size, end);
      CHECK_LE(outcome.bad->column, outcome.bad->size + 1);
      CHECK_LE(outcome.bad->line, outcome.line_count);
      decoded.bad.emplace_back(at + outcome.bad->begin, outcome.bad->reason);
    }
    const columnar::Batch batch = (*decoder)->Finish();
    CHECK_LE(batch.row_count(), kRowLimit);
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      decoded.rows.push_back(batch.Slice(row, 1));
    }
    at += outcome.consumed;
    decoded.lines += outcome.line_count;
    size = outcome.consumed == 0 ? 2 * size + 1 : piece;
  }
  return decoded;
}

void CheckEqual(const Decoded& a, const Decoded& b) {
  CHECK(a.bad == b.bad);
  CHECK_EQ(a.lines, b.lines);
  CHECK_EQ(a.rows.size(), b.rows.size());
  for (std::size_t i = 0; i < a.rows.size(); ++i) {
    CHECK(columnar::Equal(a.rows[i], b.rows[i]));
  }
}

void CheckText(std::string_view text, const CsvOptions& options, std::size_t piece) {
  const Decoded nested = Decode(text, NestedSchema(), options, text.size());
  CheckEqual(nested, Decode(text, NestedSchema(), options, piece));

  const Decoded decoded = Decode(text, FuzzSchema(), options, text.size());
  CheckEqual(decoded, Decode(text, FuzzSchema(), options, piece));
  const auto encoder = MakeCsvEncoder(FuzzSchema(), options);
  std::string written;
  CHECK_OK(encoder->BeginFile(&written));
  for (const columnar::Batch& row : decoded.rows) {
    CHECK_OK(encoder->Append(row, &written));
  }
  const Decoded again = Decode(written, FuzzSchema(), options, piece);
  CHECK(again.bad.empty());
  CHECK_EQ(again.rows.size(), decoded.rows.size());
  for (std::size_t i = 0; i < again.rows.size(); ++i) {
    CHECK(columnar::Equal(again.rows[i], decoded.rows[i]));
  }
}

}  // namespace
}  // namespace thalweg::connectors

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t piece = size == 0 ? 1 : data[size - 1] % 16 + 1;
  thalweg::connectors::CsvOptions options = thalweg::connectors::DefaultCsvOptions();
  options.set_null_literal("\\N");  // Else NULL and an empty text are written alike.
  thalweg::connectors::CheckText(text, options, piece);
  options.set_ignore_parse_errors(true);
  options.set_ignore_first_line(true);
  options.set_escape_character("\\");
  options.set_null_literal("n/a");
  options.set_allow_comments(true);
  thalweg::connectors::CheckText(text, options, piece);
  options.set_field_delimiter("|");
  options.set_quote_character("'");
  thalweg::connectors::CheckText(text, options, piece);
  return 0;
}
