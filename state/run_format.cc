// SPDX-License-Identifier: Apache-2.0
#include "state/run_format.h"

#include <cstring>

#include "base/coding.h"
#include "columnar/hash.h"

namespace thalweg::state {
namespace {

constexpr std::uint8_t kRowMark = 1;
constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

std::uint64_t FlipSign(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ kSign;
}

void AppendHead(std::uint32_t key_group, const RowsIdentity& rows, std::string* out) {
  ByteWriter writer(*out);
  writer.PutBigEndian16(static_cast<std::uint16_t>(key_group));
  writer.PutBigEndian16(static_cast<std::uint16_t>(rows.table));
  if (rows.sliced) {
    writer.PutBigEndian64(FlipSign(rows.slice));
  }
}

}  // namespace

bool ReadRunKeyHead(std::string_view bytes, RunKey* key) {
  ByteReader reader(bytes);
  std::uint16_t group = 0;
  std::uint16_t table = 0;
  if (!reader.ReadBigEndian16(group) || !reader.ReadBigEndian16(table)) {
    return false;
  }
  key->key_group = group;
  key->table = table;
  return true;
}

bool ReadRunKey(std::string_view bytes, bool sliced, RunKey* key) {
  ByteReader reader(bytes);
  std::uint64_t slice = kSign;
  if (!ReadRunKeyHead(bytes, key) || !reader.Skip(4) ||
      (sliced && !reader.ReadBigEndian64(slice)) || !reader.ReadBytes(key->key)) {
    return false;
  }
  key->slice = static_cast<std::int64_t>(slice ^ kSign);
  key->rest = reader.rest();
  return true;
}

std::string RunKeyPrefix(std::uint32_t key_group) {
  std::string prefix;
  ByteWriter(prefix).PutBigEndian16(static_cast<std::uint16_t>(key_group));
  return prefix;
}

std::string RunKeyPrefix(std::uint32_t key_group, const RowsIdentity& rows) {
  std::string prefix;
  AppendHead(key_group, rows, &prefix);
  return prefix;
}

void AppendRunKey(std::uint32_t key_group,
                  const RowsIdentity& rows,
                  std::string_view key,
                  std::string* out) {
  AppendHead(key_group, rows, out);
  ByteWriter(*out).PutBytes(key);
}

std::string TimerRest(std::int64_t time) {
  std::string rest;
  ByteWriter(rest).PutBigEndian64(FlipSign(time));
  return rest;
}

bool ReadTimerRest(std::string_view rest, std::int64_t* time) {
  ByteReader reader(rest);
  std::uint64_t flipped = 0;
  if (!reader.ReadBigEndian64(flipped) || !reader.empty()) {
    return false;
  }
  *time = static_cast<std::int64_t>(flipped ^ kSign);
  return true;
}

std::uint32_t ImageEncoder::KeyGroupOf(const std::uint8_t* image) const {
  const std::uint32_t hash =
      shape_.is_timer ? LoadFixed<std::uint32_t>(image + shape_.row.value_offset) : HashOf(image);
  return columnar::KeyGroupOfStored(hash, key_group_count_).value();
}

std::string_view ImageEncoder::KeyOf(const std::uint8_t* image) const {
  const std::string_view key = shape_.row.KeyOf(image);
  return shape_.is_timer ? key.substr(sizeof(std::int64_t)) : key;
}

bool ImageEncoder::IsTombstone(const std::uint8_t* image) const {
  const std::uint8_t* const row = shape_.has_entry ? image + shape_.row.value_offset : image;
  return (MetaOf(row) & meta::kDead) != 0;
}

void ImageEncoder::EncodeKey(const std::uint8_t* image, std::string* out) const {
  out->clear();
  AppendRunKey(KeyGroupOf(image), rows_, KeyOf(image), out);
  if (shape_.has_entry) {
    out->append(shape_.entry.KeyOf(image + shape_.row.value_offset));
  } else if (shape_.is_timer) {
    out->append(TimerRest(LoadFixed<std::int64_t>(shape_.row.KeyOf(image).data())));
  }
}

void ImageEncoder::EncodeValue(const std::uint8_t* image, std::string* out) const {
  out->clear();
  if (IsTombstone(image)) {
    return;
  }
  const RowShape& shape = shape_.has_entry ? shape_.entry : shape_.row;
  const std::uint8_t* const row = shape_.has_entry ? image + shape_.row.value_offset : image;
  const std::uint8_t* const value = row + shape.value_offset;
  ByteWriter writer(*out);
  writer.PutU8(kRowMark);
  if (shape.ttl_seconds != 0) {
    writer.PutFixed32(LoadFixed<std::uint32_t>(row + RowShape::kWrittenOffset));
  }
  if (shape_.is_timer) {
    return;
  }
  const std::size_t begin = out->size();
  out->append(reinterpret_cast<const char*>(value), shape_.value_size);
  for (const std::uint32_t offset : shape_.string_offsets) {
    const auto& field = *reinterpret_cast<const StateString*>(value + offset);
    if (!field.is_inline()) {
      auto* const written = reinterpret_cast<StateString*>(out->data() + begin + offset);
      written->set_data(nullptr);
      out->append(field.view());
    }
  }
}

bool ReadRunValue(std::string_view bytes, const RowLayout& layout, bool has_ttl, RunValue* value) {
  value->tombstone = bytes.empty();
  if (value->tombstone) {
    return true;
  }
  ByteReader reader(bytes);
  std::uint8_t mark = 0;
  std::string_view fixed;
  if (!reader.ReadU8(mark) || mark != kRowMark ||
      (has_ttl && !reader.ReadFixed32(value->written_seconds)) ||
      !reader.ReadRaw(layout.size(), fixed)) {
    return false;
  }
  value->value.assign(fixed);
  for (const std::uint32_t offset : layout.string_offsets()) {
    StateString field;
    std::memcpy(&field, value->value.data() + offset, sizeof(field));
    std::string_view text;
    if (!field.is_inline()) {
      if (!reader.ReadRaw(field.length, text)) {
        return false;
      }
      field = StateString::Of(text);
      std::memcpy(value->value.data() + offset, &field, sizeof(field));
    }
  }
  return reader.empty();
}

}  // namespace thalweg::state
