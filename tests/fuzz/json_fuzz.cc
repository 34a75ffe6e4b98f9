// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as JSON lines: both walkers find the same rows and the same bad lines, consume all
// bytes, and what they have read is read back from what the writer makes of it.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "columnar/batch.h"
#include "connectors/formats/json/json_decoder.h"
#include "connectors/formats/json/json_writer.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::Schema;

const columnar::SchemaPtr& FuzzSchema() {
  static const auto schema = Schema::Make(
      {{"a", DataType::BigInt()},
       {"b", DataType::String()},
       {"c", DataType::Timestamp(3)},
       {"d", DataType::Decimal(20, 3)},
       {"e", DataType::Double()},
       {"f", DataType::Bytes()},
       {"r",
        DataType::Row({{"x", DataType::TinyInt()}, {"y", DataType::Array(DataType::String())}})},
       {"m", DataType::Map(DataType::String(), DataType::Array(DataType::Date()))}});
  return schema;
}

struct Decoded {
  std::vector<columnar::Batch> batches;
  std::vector<std::size_t> bad_begins;
};

Decoded Decode(std::string_view text, const JsonOptions& options, bool use_template) {
  // Exactly the padding that is promised, so that a sanitizer sees what reads behind it.
  const auto copy = std::make_unique<char[]>(text.size() + JsonDecoder::kPadding);
  std::memcpy(copy.get(), text.data(), text.size());
  JsonDecoder decoder(FuzzSchema(), options);
  if (!use_template) {
    decoder.DisableTemplate();
  }
  Decoded decoded;
  for (std::size_t at = 0; at < text.size();) {
    const auto outcome = decoder.Decode({copy.get() + at, text.size() - at}, 64);
    CHECK_GT(outcome.consumed, 0U);
    if (outcome.bad) {
      decoded.bad_begins.push_back(at + outcome.bad->begin);
      CHECK_LE(outcome.bad->begin + outcome.bad->size, text.size() - at);
      CHECK_LE(outcome.bad->column, outcome.bad->size + 1);
    }
    at += outcome.consumed;
    if (decoder.row_count() == 64) {
      decoded.batches.push_back(decoder.Finish());
    }
  }
  decoded.batches.push_back(decoder.Finish());
  return decoded;
}

void CheckEqual(const Decoded& a, const Decoded& b) {
  CHECK(a.bad_begins == b.bad_begins);
  CHECK_EQ(a.batches.size(), b.batches.size());
  for (std::size_t i = 0; i < a.batches.size(); ++i) {
    CHECK(columnar::Equal(a.batches[i], b.batches[i]));
  }
}

void CheckLines(std::string_view text, const JsonOptions& options) {
  const Decoded decoded = Decode(text, options, /*use_template=*/true);
  CheckEqual(decoded, Decode(text, options, /*use_template=*/false));
  std::string written;
  JsonWriter writer(FuzzSchema(), options);
  for (const columnar::Batch& batch : decoded.batches) {
    CHECK_OK(writer.Append(batch, &written));
  }
  Decoded again = Decode(written, options, /*use_template=*/true);
  CHECK(again.bad_begins.empty());
  CheckEqual({decoded.batches, {}}, again);
}

}  // namespace
}  // namespace thalweg::connectors

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  thalweg::connectors::JsonOptions options;
  thalweg::connectors::CheckLines(text, options);
  options.set_ignore_parse_errors(true);
  options.set_timestamp_standard(thalweg::proto::TIMESTAMP_ISO_8601);
  thalweg::connectors::CheckLines(text, options);
  return 0;
}
