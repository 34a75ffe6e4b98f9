// SPDX-License-Identifier: Apache-2.0

#include "storage/log_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::storage {
namespace {

using ::testing::HasSubstr;

LogRecord Sample() {
  return {LogRecordKind::kRecord, 7, 0x1234'5678'9abc'def0, "some payload"};
}

TEST(LogRecordTest, IsReadBackAsItWasWritten) {
  const StatusOr<LogRecord> record = DecodeLogRecord(EncodeLogRecord(Sample()));
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->kind, LogRecordKind::kRecord);
  EXPECT_EQ(record->slot, 7);
  EXPECT_EQ(record->nonce, 0x1234'5678'9abc'def0);
  EXPECT_EQ(record->payload, "some payload");
}

TEST(LogRecordTest, MayBeEmpty) {
  const StatusOr<LogRecord> record = DecodeLogRecord(EncodeLogRecord({}));
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->payload, "");
}

// The bytes are on disks of running clusters: this test fails when a change would make them
// unreadable.
TEST(LogRecordTest, HasAFixedForm) {
  const std::string bytes = EncodeLogRecord({LogRecordKind::kRecord, 1, 2, "ab"});
  const std::string_view head("TWLG\x01\x01\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x02\0\0\0ab", 28);
  EXPECT_EQ(bytes.substr(0, 28), head);
  EXPECT_EQ(bytes.size(), 36);
}

TEST(LogRecordTest, NoticesEveryFlippedBit) {
  const std::string bytes = EncodeLogRecord(Sample());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(DecodeLogRecord(damaged).status().code(), StatusCode::kDataLoss) << "bit " << bit;
  }
}

TEST(LogRecordTest, NoticesEveryCutAndAnyTail) {
  const std::string bytes = EncodeLogRecord(Sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeLogRecord(bytes.substr(0, size)).status().code(), StatusCode::kDataLoss)
        << "size " << size;
  }
  EXPECT_EQ(DecodeLogRecord(bytes + "x").status().code(), StatusCode::kDataLoss);
}

TEST(LogRecordTest, ATombstoneTellsWhoseRecordItWas) {
  const LogRecord tombstone = TombstoneFor(Sample());
  EXPECT_EQ(tombstone.kind, LogRecordKind::kTombstone);
  EXPECT_TRUE(IsOwnRecord(tombstone, Sample().nonce, "some payload"));
  EXPECT_FALSE(IsOwnRecord(tombstone, Sample().nonce, "other payload"));
  EXPECT_FALSE(IsOwnRecord(tombstone, Sample().nonce + 1, "some payload"));
  const StatusOr<LogRecord> decoded = DecodeLogRecord(EncodeLogRecord(TombstoneFor(tombstone)));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(IsOwnRecord(*decoded, Sample().nonce, "some payload"));
}

}  // namespace
}  // namespace thalweg::storage
