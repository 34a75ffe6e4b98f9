// SPDX-License-Identifier: Apache-2.0
//
// Any bytes given as a batch from a channel are either refused or read as a batch that can be
// written, taken from and read again. The first byte of the input chooses the schema.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "columnar/batch_wire.h"
#include "tests/testing/random_batch.h"

namespace thalweg::columnar {
namespace {

void CheckBatch(const SchemaPtr& schema, std::string_view bytes) {
  const StatusOr<Batch> batch = DecodeBatch(schema, bytes);
  if (!batch.ok()) {
    CHECK(batch.status().code() == StatusCode::kDataLoss ||
          batch.status().code() == StatusCode::kUnimplemented);
    return;
  }
  std::string again;
  EncodeBatch(*batch, &again);
  const StatusOr<Batch> read = DecodeBatch(schema, again);
  CHECK_OK(read);
  CHECK(Equal(*read, *batch));
  std::vector<std::uint32_t> odd;
  for (std::uint32_t row = 1; row < batch->row_count(); row += 2) {
    odd.push_back(row);
  }
  again.clear();
  EncodeRows(*batch, odd, &again);
  const StatusOr<Batch> taken = DecodeBatch(schema, again);
  CHECK_OK(taken);
  CHECK(Equal(*taken, batch->Take(odd)));
}

}  // namespace
}  // namespace thalweg::columnar

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::vector<thalweg::columnar::DataType> types = thalweg::testing::AllTypes();
  const auto schema = thalweg::testing::SchemaOf(
      {types[data[0] % types.size()], thalweg::columnar::DataType::BigInt()});
  thalweg::columnar::CheckBatch(schema, {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
