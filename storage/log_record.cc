// SPDX-License-Identifier: Apache-2.0

#include "storage/log_record.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "storage/durable_log.h"

namespace thalweg::storage {
namespace {

constexpr std::string_view kMagic = "TWLG";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeadBytes = 4 + 1 + 1 + 8 + 8 + 4;
constexpr std::size_t kChecksumBytes = 8;

std::string FixedChecksum(std::string_view bytes) {
  std::string out;
  ByteWriter(out).PutFixed64(Checksum(bytes));
  return out;
}

/// Reads everything between the magic and the checksum, whose presence and length have been
/// checked.
StatusOr<LogRecord> DecodeBody(std::string_view bytes) {
  ByteReader reader(bytes.substr(kMagic.size()));
  std::uint8_t version = 0;
  std::uint8_t kind = 0;
  std::uint32_t length = 0;
  LogRecord record;
  const bool complete = reader.ReadU8(version) && reader.ReadU8(kind) &&
                        reader.ReadFixed64(record.slot) && reader.ReadFixed64(record.nonce) &&
                        reader.ReadFixed32(length);
  CHECK(complete);  // The caller has checked the length.
  if (version != kVersion) {
    return Unimplemented(
        fmt::format("The log record has version {}, this program reads {}. Use a newer program.",
                    version,
                    kVersion));
  }
  const std::string_view payload = bytes.substr(kHeadBytes);
  if (payload.size() != length) {
    return DataLoss(
        fmt::format("The log record announces {} bytes and holds {}.", length, payload.size()));
  }
  record.kind = static_cast<LogRecordKind>(kind);
  const bool known = record.kind == LogRecordKind::kRecord ||
                     (record.kind == LogRecordKind::kTombstone && payload.size() == kChecksumBytes);
  if (!known) {
    return DataLoss(fmt::format("The log record has the unknown kind {}.", kind));
  }
  record.payload = payload;
  return record;
}

}  // namespace

std::string EncodeLogRecord(const LogRecord& record) {
  CHECK_LE(record.payload.size(), kMaxRecordBytes);
  std::string out;
  out.reserve(kHeadBytes + record.payload.size() + kChecksumBytes);
  out.append(kMagic);
  ByteWriter writer(out);
  writer.PutU8(kVersion);
  writer.PutU8(static_cast<std::uint8_t>(record.kind));
  writer.PutFixed64(record.slot);
  writer.PutFixed64(record.nonce);
  writer.PutFixed32(static_cast<std::uint32_t>(record.payload.size()));
  out.append(record.payload);
  out.append(FixedChecksum(out));
  return out;
}

StatusOr<LogRecord> DecodeLogRecord(std::string_view bytes) {
  if (bytes.size() < kHeadBytes + kChecksumBytes) {
    return DataLoss(fmt::format("The log record is cut off: {} bytes, at least {} are needed.",
                                bytes.size(),
                                kHeadBytes + kChecksumBytes));
  }
  if (bytes.substr(0, kMagic.size()) != kMagic) {
    return DataLoss("This is no log record: it does not begin with 'TWLG'.");
  }
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (FixedChecksum(body) != bytes.substr(body.size())) {
    return DataLoss("The log record fails its checksum.");
  }
  return DecodeBody(body);
}

LogRecord TombstoneFor(const LogRecord& record) {
  LogRecord tombstone = record;
  if (record.kind == LogRecordKind::kRecord) {
    tombstone.kind = LogRecordKind::kTombstone;
    tombstone.payload = FixedChecksum(record.payload);
  }
  return tombstone;
}

bool IsOwnRecord(const LogRecord& found, std::uint64_t nonce, std::string_view payload) {
  if (found.nonce != nonce) {
    return false;
  }
  return found.kind == LogRecordKind::kRecord ? found.payload == payload
                                              : found.payload == FixedChecksum(payload);
}

}  // namespace thalweg::storage
