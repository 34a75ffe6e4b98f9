// SPDX-License-Identifier: Apache-2.0
//
// Any bytes given as a stored row, key or sub-key are either refused or read as values that come
// back from what is written for them. The first byte of the input chooses codec and type.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "columnar/batch.h"
#include "columnar/key_codec.h"
#include "columnar/ordered_codec.h"
#include "columnar/row_codec.h"
#include "tests/testing/random_batch.h"

namespace thalweg::columnar {
namespace {

using Columns = std::vector<ColumnPtr>;

const std::vector<std::uint32_t> kBoth = {0, 1};

/// Whether `bytes` were read; whatever is wrong with them must be told as lost data.
bool IsRead(const StatusOr<Columns>& columns) {
  CHECK(columns.ok() || columns.status().code() == StatusCode::kDataLoss);
  return columns.ok();
}

void CheckEqual(const StatusOr<Columns>& again, const Columns& columns) {
  CHECK_OK(again);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    CHECK(Equal(*(*again)[i], *columns[i]));
  }
}

void CheckRow(const SchemaPtr& schema, std::string_view bytes) {
  const RowCodec codec(schema->Types());
  if (const auto columns = codec.Decode(std::vector{bytes}); IsRead(columns)) {
    ByteRows rows;
    codec.Encode(*columns, 1, &rows);
    CheckEqual(codec.Decode(std::vector{rows[0]}), *columns);
  }
}

void CheckKey(const SchemaPtr& schema, std::string_view bytes) {
  const KeyDecoder decoder(schema->Types());
  if (const auto columns = decoder.Decode(std::vector{bytes}); IsRead(columns)) {
    EncodedKeys keys;
    KeyEncoder(schema->Types()).Encode(Batch(schema, *columns), kBoth, &keys);
    CheckEqual(decoder.Decode(std::vector{keys[0]}), *columns);
  }
}

void CheckSubKey(const SchemaPtr& schema, bool descending, std::string_view bytes) {
  const auto codec =
      OrderedCodec::Make({{schema->type(0), descending, true}, {schema->type(1), false, false}});
  if (!codec.ok()) {
    return;  // A type without an order.
  }
  if (const auto columns = codec->Decode(std::vector{bytes}); IsRead(columns)) {
    ByteRows rows;
    codec->Encode(Batch(schema, *columns), kBoth, &rows);
    CheckEqual(codec->Decode(std::vector{rows[0]}), *columns);
  }
}

}  // namespace
}  // namespace thalweg::columnar

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg::columnar;  // NOLINT(google-build-using-namespace)
  if (size == 0) {
    return 0;
  }
  const std::vector<DataType> types = thalweg::testing::AllTypes();
  const SchemaPtr schema =
      thalweg::testing::SchemaOf({types[data[0] / 4 % types.size()], DataType::String()});
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      CheckRow(schema, bytes);
      break;
    case 1:
      CheckKey(schema, bytes);
      break;
    default:
      CheckSubKey(schema, data[0] % 4 == 2, bytes);
  }
  return 0;
}
