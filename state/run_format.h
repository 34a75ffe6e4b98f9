// SPDX-License-Identifier: Apache-2.0
//
// The rows of a run, version 1. Runs in SST format and inline runs hold the same pairs; so does the
// spill.
//
//   key:    key group u16 | table u16 | [slice end i64, sign flipped] | varint length and key |
//           sub-key (ordered tables) or time i64, sign flipped (timers)      numbers big-endian
//   value:  empty: a tombstone; else
//           0x01 | [last write, seconds u32] | value in RowLayout's form, its long strings without
//           pointers | the bytes of the long strings in the order of their places
//
// An inline run:
//   "TWIR" | version u8 | rows: varint shared key length, varint further key length, further key
//   bytes, varint value length, value | checksum u64 of all before
#ifndef THALWEG_STATE_RUN_FORMAT_H_
#define THALWEG_STATE_RUN_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "state/frozen_part.h"
#include "state/row_layout.h"

namespace thalweg::state {

inline constexpr std::uint32_t kRunFormat = 1;

/// A row's key, taken apart. Views lead into the bytes it was read from.
struct RunKey {
  std::uint32_t key_group = 0;
  std::uint32_t table = 0;
  std::int64_t slice = 0;
  std::string_view key;
  std::string_view rest;  // Sub-key, or the time of a timer.
};

/// Key group and table of a run's key; false when it is too short.
bool ReadRunKeyHead(std::string_view bytes, RunKey* key);
/// All of it; `sliced` says whether the table has slices. False: not a key of such a table.
bool ReadRunKey(std::string_view bytes, bool sliced, RunKey* key);

/// The begin of all keys of a key group, of a table in it, or of a slice in that.
std::string RunKeyPrefix(std::uint32_t key_group);
std::string RunKeyPrefix(std::uint32_t key_group, const RowsIdentity& rows);
/// Appends the key of a value table's row, or what all rows of an ordered table's key begin with.
void AppendRunKey(std::uint32_t key_group,
                  const RowsIdentity& rows,
                  std::string_view key,
                  std::string* out);

/// The time of a timer as the last part of its key.
std::string TimerRest(std::int64_t time);
bool ReadTimerRest(std::string_view rest, std::int64_t* time);

/// Turns images of one part into a run's pairs.
class ImageEncoder {
 public:
  ImageEncoder(const RowsIdentity& rows, const ImageShape& shape, std::uint32_t key_group_count)
      : rows_(rows), shape_(shape), key_group_count_(key_group_count) {}

  std::uint32_t KeyGroupOf(const std::uint8_t* image) const;
  std::string_view KeyOf(const std::uint8_t* image) const;
  bool IsTombstone(const std::uint8_t* image) const;
  /// Replaces the content of `out`.
  void EncodeKey(const std::uint8_t* image, std::string* out) const;
  void EncodeValue(const std::uint8_t* image, std::string* out) const;

 private:
  const RowsIdentity rows_;
  const ImageShape& shape_;
  const std::uint32_t key_group_count_;
};

/// A row's value read back. The value's long strings lead into the bytes it was read from.
struct RunValue {
  bool tombstone = false;
  std::uint32_t written_seconds = 0;
  std::string value;  // In the layout's form.
};

/// False: bytes that EncodeValue() has not written for such a layout.
bool ReadRunValue(std::string_view bytes, const RowLayout& layout, bool has_ttl, RunValue* value);

}  // namespace thalweg::state

#endif  // THALWEG_STATE_RUN_FORMAT_H_
