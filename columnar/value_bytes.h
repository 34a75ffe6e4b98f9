// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_VALUE_BYTES_H_
#define THALWEG_COLUMNAR_VALUE_BYTES_H_

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/coding.h"
#include "columnar/byte_rows.h"
#include "columnar/column.h"
#include "columnar/column_builder.h"

// What the key codec and the row codec share: single values of any type as bytes, and the filling
// of ByteRows a column at a time. Not for use outside of this folder.
namespace thalweg::columnar::value_bytes {

enum class Form {
  kPlain,      // Natural width, every bit kept.
  kCanonical,  // 8-byte words (DECIMAL over 18 digits: two), one zero and one NaN.
};

/// One NaN, one zero.
inline double Canonical(double value) {
  if (std::isnan(value)) {
    return std::bit_cast<double>(std::uint64_t{0x7FF8000000000000});
  }
  return value == 0 ? 0.0 : value;
}

inline std::size_t VarintSize(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

inline char* WriteVarint(std::uint64_t value, char* to) {
  for (; value >= 0x80; value >>= 7) {
    *to++ = static_cast<char>(value | 0x80);
  }
  *to++ = static_cast<char>(value);
  return to;
}

/// Size and bytes of the value stored at `at` (a stored index, not a row), which is not null:
/// strings: varint length and bytes; lists: varint count and elements; rows: fields. Elements and
/// fields are a byte 0 for NULL, or 1 and the value.
std::size_t SizeOf(Form form, const Column& column, std::size_t at);
char* Write(Form form, const Column& column, std::size_t at, char* to);

/// Appends what Write() wrote. ReadNullable() reads the byte that tells NULL first. False: other
/// bytes; `out` is then of no use.
bool Read(Form form, ByteReader& reader, ColumnBuilder* out);
bool ReadNullable(Form form, ByteReader& reader, ColumnBuilder* out);

/// Whether NULL is told by a leading byte, or takes no bytes as something else tells it.
enum class Nulls { kTagged, kAbsent };

/// Rows [begin, begin + cursors.size()) on their way to bytes: where the next ones of each row go.
struct Target {
  char* bytes;
  std::span<std::uint32_t> cursors;  // Offsets into `bytes`.
  std::size_t begin = 0;
};

/// Adds the size of each row's value to `sizes`, one per row from the first on.
void AddSizes(Form form, Nulls nulls, const Column& column, std::span<std::uint32_t> sizes);
/// Writes the values of rows at their cursors and moves these behind them.
void WriteColumn(Form form, Nulls nulls, const Column& column, const Target& to);

/// Copies exactly `size` bytes, at most 12, by loads and stores that may overlap.
inline void CopyShort(char* to, const char* from, std::size_t size) {
  if (size >= 8) {
    StoreFixed(to, LoadFixed<std::uint64_t>(from));
    StoreFixed(to + size - 4, LoadFixed<std::uint32_t>(from + size - 4));
  } else if (size >= 4) {
    StoreFixed(to, LoadFixed<std::uint32_t>(from));
    StoreFixed(to + size - 4, LoadFixed<std::uint32_t>(from + size - 4));
  } else if (size > 0) {
    to[0] = from[0];
    to[size / 2] = from[size / 2];
    to[size - 1] = from[size - 1];
  }
}

/// A varint length and the bytes of one string.
inline char* WriteString(const Column& column, const StringRef& ref, char* to) {
  to = WriteVarint(ref.length, to);
  if (ref.is_inline()) {
    CopyShort(to, ref.bytes, ref.length);
  } else {
    std::memcpy(to, column.View(ref).data(), ref.length);
  }
  return to + ref.length;
}

/// ReadBytes() with the common case, a length of one byte, in line.
inline bool ReadString(ByteReader& reader, std::string_view* text) {
  const std::string_view rest = reader.rest();
  if (!rest.empty() && static_cast<std::uint8_t>(rest[0]) < 0x80) {
    const auto size = static_cast<std::size_t>(static_cast<std::uint8_t>(rest[0]));
    *text = rest.substr(1, size);
    return reader.Skip(1 + size);
  }
  return reader.ReadBytes(*text) && text->size() <= DataType::kMaxLength;
}

/// Filling of ByteRows. StartSizes() gives one number per row to which every column adds its size;
/// StartBytes() turns them into cursors: where the next bytes of each row go. When all bytes are
/// written each cursor has reached the end of its row, and `rows` is complete.
std::span<std::uint32_t> StartSizes(std::size_t row_count, std::uint32_t size, ByteRows* rows);
std::span<std::uint32_t> StartBytes(ByteRows* rows);

}  // namespace thalweg::columnar::value_bytes

#endif  // THALWEG_COLUMNAR_VALUE_BYTES_H_
