// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_STORAGE_LOG_RECORD_H_
#define THALWEG_STORAGE_LOG_RECORD_H_

// The bytes of one slot of a DurableLog. Little-endian:
//
//   magic "TWLG" | version u8 | kind u8 | slot u64 | nonce u64 | payload length u32 | payload |
//   checksum u64
//
// The checksum covers everything before it. The slot is inside, so that a file copied to another
// name is noticed. A tombstone's payload is the checksum (u64) of the payload that it replaced.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace thalweg::storage {

enum class LogRecordKind : std::uint8_t {
  kRecord = 1,     // A live record.
  kTombstone = 2,  // A truncated one: keeps the slot taken and tells who had it.
};

struct LogRecord {
  LogRecordKind kind = LogRecordKind::kRecord;
  std::uint64_t slot = 0;
  std::uint64_t nonce = 0;
  std::string payload;
};

/// Frames a record. REQUIRES: the payload is at most kMaxRecordBytes long.
std::string EncodeLogRecord(const LogRecord& record);

/// Checks the frame and unpacks it. kDataLoss says what is wrong; kUnimplemented: written by a
/// newer version. Never reads behind `bytes`, whatever they hold.
StatusOr<LogRecord> DecodeLogRecord(std::string_view bytes);

/// The tombstone for a live record or for a tombstone (itself).
LogRecord TombstoneFor(const LogRecord& record);

/// Was the slot that `found` holds written by `nonce` with these payload bytes?
bool IsOwnRecord(const LogRecord& found, std::uint64_t nonce, std::string_view payload);

}  // namespace thalweg::storage

#endif  // THALWEG_STORAGE_LOG_RECORD_H_
