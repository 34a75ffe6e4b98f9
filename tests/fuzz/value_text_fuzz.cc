// SPDX-License-Identifier: Apache-2.0
//
// Any text given as a value is either refused with a clear status or read as a value whose own text
// reads as the same value. The first byte of the input chooses the type.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "columnar/column_builder.h"
#include "columnar/text.h"
#include "tests/testing/random_batch.h"

namespace thalweg::columnar {
namespace {

void CheckText(const DataType& type, std::string_view text) {
  const StatusOr<Datum> value = ParseDatum(type, text);
  if (!value.ok()) {
    CHECK(value.status().code() == StatusCode::kInvalidArgument ||
          value.status().code() == StatusCode::kOutOfRange ||
          value.status().code() == StatusCode::kUnimplemented);
    return;
  }
  const StatusOr<Datum> again = ParseDatum(type, TextAt(*ColumnOf(type, {*value}), 0));
  CHECK_OK(again);
  CHECK(*again == *value);
}

}  // namespace
}  // namespace thalweg::columnar

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::vector<thalweg::columnar::DataType> types = thalweg::testing::AllTypes();
  thalweg::columnar::CheckText(types[data[0] % types.size()],
                               {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
