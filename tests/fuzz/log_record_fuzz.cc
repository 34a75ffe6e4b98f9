// SPDX-License-Identifier: Apache-2.0
//
// Any bytes in a slot of the durable log are either refused or read back to exactly these bytes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "storage/log_record.h"

namespace thalweg::storage {
namespace {

void CheckRecord(std::string_view bytes) {
  const StatusOr<LogRecord> record = DecodeLogRecord(bytes);
  if (!record.ok()) {
    CHECK(record.status().code() == StatusCode::kDataLoss ||
          record.status().code() == StatusCode::kUnimplemented);
    return;
  }
  CHECK(EncodeLogRecord(*record) == bytes);
  const LogRecord tombstone = TombstoneFor(*record);
  const StatusOr<LogRecord> decoded = DecodeLogRecord(EncodeLogRecord(tombstone));
  CHECK_OK(decoded);
  CHECK(decoded->kind == LogRecordKind::kTombstone);
  CHECK(record->kind == LogRecordKind::kTombstone ||
        IsOwnRecord(*decoded, record->nonce, record->payload));
}

}  // namespace
}  // namespace thalweg::storage

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  thalweg::storage::CheckRecord(bytes);
  // The same with a right checksum, which mutations would hardly ever hit.
  thalweg::ByteWriter(bytes).PutFixed64(thalweg::Checksum(bytes));
  thalweg::storage::CheckRecord(bytes);
  return 0;
}
