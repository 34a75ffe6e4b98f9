// SPDX-License-Identifier: Apache-2.0
//
// Numbers and byte strings in memory and back. "Fixed" is little-endian, "BigEndian" sorts as its
// value does, a varint takes 1 to 10 bytes. A reader is safe against any input: it never reads past
// the end.
#ifndef THALWEG_BASE_CODING_H_
#define THALWEG_BASE_CODING_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace thalweg {

static_assert(std::endian::native == std::endian::little);

/// The value at `from`, which needs no alignment.
template <class T>
T LoadFixed(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}
template <class T>
void StoreFixed(void* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

constexpr std::uint8_t ReverseBytes(std::uint8_t value) {
  return value;
}
constexpr std::uint16_t ReverseBytes(std::uint16_t value) {
  return __builtin_bswap16(value);
}
constexpr std::uint32_t ReverseBytes(std::uint32_t value) {
  return __builtin_bswap32(value);
}
constexpr std::uint64_t ReverseBytes(std::uint64_t value) {
  return __builtin_bswap64(value);
}

/// Small negative numbers become small positive ones.
constexpr std::uint64_t ZigZag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t UnZigZag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

/// Appends to a string that it borrows.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& sink) : sink_(sink) {}

  void PutU8(std::uint8_t value) { sink_.push_back(static_cast<char>(value)); }
  void PutFixed16(std::uint16_t value) { PutNumber(value); }
  void PutFixed32(std::uint32_t value) { PutNumber(value); }
  void PutFixed64(std::uint64_t value) { PutNumber(value); }
  void PutBigEndian16(std::uint16_t value) { PutNumber(ReverseBytes(value)); }
  void PutBigEndian32(std::uint32_t value) { PutNumber(ReverseBytes(value)); }
  void PutBigEndian64(std::uint64_t value) { PutNumber(ReverseBytes(value)); }
  void PutVarint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
      PutU8(static_cast<std::uint8_t>(value | 0x80));
    }
    PutU8(static_cast<std::uint8_t>(value));
  }
  void PutZigZag(std::int64_t value) { PutVarint(ZigZag(value)); }
  /// The length as a varint, then the bytes.
  void PutBytes(std::string_view bytes) {
    PutVarint(bytes.size());
    sink_.append(bytes);
  }
  void PutRaw(std::string_view bytes) { sink_.append(bytes); }

  std::string& sink() { return sink_; }

 private:
  template <class T>
  void PutNumber(T value) {
    char bytes[sizeof(T)];
    StoreFixed(bytes, value);
    sink_.append(bytes, sizeof(T));
  }

  std::string& sink_;
};

/// Takes values from the front of bytes that it borrows. Each Read*() returns false, and takes
/// nothing, when the bytes that are left do not hold such a value.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  bool ReadU8(std::uint8_t& value) { return ReadNumber(value); }
  bool ReadFixed16(std::uint16_t& value) { return ReadNumber(value); }
  bool ReadFixed32(std::uint32_t& value) { return ReadNumber(value); }
  bool ReadFixed64(std::uint64_t& value) { return ReadNumber(value); }
  bool ReadBigEndian16(std::uint16_t& value) { return ReadReversed(value); }
  bool ReadBigEndian32(std::uint32_t& value) { return ReadReversed(value); }
  bool ReadBigEndian64(std::uint64_t& value) { return ReadReversed(value); }
  /// False also for a varint that does not fit 64 bits.
  bool ReadVarint(std::uint64_t& value);
  bool ReadZigZag(std::int64_t& value);
  /// A length and that many bytes; the view lives as long as the reader's bytes.
  bool ReadBytes(std::string_view& bytes);
  bool ReadRaw(std::size_t size, std::string_view& bytes);
  bool Skip(std::size_t size);

  std::string_view rest() const { return bytes_.substr(position_); }
  std::size_t remaining() const { return bytes_.size() - position_; }
  std::size_t position() const { return position_; }
  bool empty() const { return position_ == bytes_.size(); }

 private:
  template <class T>
  bool ReadNumber(T& value) {
    if (remaining() < sizeof(T)) {
      return false;
    }
    value = LoadFixed<T>(bytes_.data() + position_);
    position_ += sizeof(T);
    return true;
  }
  template <class T>
  bool ReadReversed(T& value) {
    if (!ReadNumber(value)) {
      return false;
    }
    value = ReverseBytes(value);
    return true;
  }

  std::string_view bytes_;
  std::size_t position_ = 0;
};

}  // namespace thalweg

#endif  // THALWEG_BASE_CODING_H_
