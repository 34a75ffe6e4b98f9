// SPDX-License-Identifier: Apache-2.0
#include "base/coding.h"

namespace thalweg {

bool ByteReader::ReadVarint(std::uint64_t& value) {
  std::uint64_t result = 0;
  std::size_t position = position_;
  for (unsigned shift = 0; shift < 64 && position < bytes_.size(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(bytes_[position++]);
    const std::uint64_t bits = byte & 0x7F;
    if (shift == 63 && bits > 1) {
      return false;
    }
    result |= bits << shift;
    if (byte < 0x80) {
      value = result;
      position_ = position;
      return true;
    }
  }
  return false;
}

bool ByteReader::ReadZigZag(std::int64_t& value) {
  std::uint64_t encoded = 0;
  if (!ReadVarint(encoded)) {
    return false;
  }
  value = UnZigZag(encoded);
  return true;
}

bool ByteReader::ReadBytes(std::string_view& bytes) {
  const std::size_t start = position_;
  std::uint64_t size = 0;
  if (!ReadVarint(size) || !ReadRaw(size, bytes)) {
    position_ = start;
    return false;
  }
  return true;
}

bool ByteReader::ReadRaw(std::size_t size, std::string_view& bytes) {
  if (remaining() < size) {
    return false;
  }
  bytes = bytes_.substr(position_, size);
  position_ += size;
  return true;
}

bool ByteReader::Skip(std::size_t size) {
  std::string_view skipped;
  return ReadRaw(size, skipped);
}

}  // namespace thalweg
