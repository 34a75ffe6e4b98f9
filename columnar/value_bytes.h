// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_VALUE_BYTES_H_
#define THALWEG_COLUMNAR_VALUE_BYTES_H_

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

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

/// The same with the leading byte that tells NULL.
std::size_t SizeOfNullable(Form form, const Column& column, std::size_t at);
char* WriteNullable(Form form, const Column& column, std::size_t at, char* to);

/// Appends what Write() or WriteNullable() wrote. False: other bytes; `out` is then of no use.
bool Read(Form form, ByteReader& reader, ColumnBuilder* out);
bool ReadNullable(Form form, ByteReader& reader, ColumnBuilder* out);

/// Filling of ByteRows. StartSizes() gives one number per row to which every column adds its size;
/// StartBytes() turns them into cursors: where the next bytes of each row go. When all bytes are
/// written each cursor has reached the end of its row, and `rows` is complete.
std::uint32_t* StartSizes(std::size_t row_count, std::uint32_t size, ByteRows* rows);
std::uint32_t* StartBytes(ByteRows* rows);

}  // namespace thalweg::columnar::value_bytes

#endif  // THALWEG_COLUMNAR_VALUE_BYTES_H_
