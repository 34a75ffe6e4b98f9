// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_KEY_CODEC_H_
#define THALWEG_COLUMNAR_KEY_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/byte_rows.h"
#include "columnar/column.h"
#include "columnar/type.h"

// Canonical key bytes: equal keys have equal bytes whatever the encoding or nullability of their
// columns, so bytes and hash of the two sides of a join agree when the types agree but for
// nullability, integer width, FLOAT against DOUBLE, and length. (DECIMAL: at the declared scale,
// so both sides need one type; TIMESTAMP: one unit.)
//
// Fixed form, when no column is of variable width and there are at most 64: 64-bit words, little
// endian. First one word per column (DECIMAL over 18 digits: two), zero for NULL: integers
// sign-extended, FLOAT widened to DOUBLE, -0.0 as 0.0, every NaN as one NaN. The last word has bit
// i set when column i is NULL. BIGINT: 16 bytes a key.
//
// Variable form: per column a byte 0 for NULL, or 1 and the value: a word as above, or for strings
// a varint length and the bytes; ROW: its fields; ARRAY and MAP: varint count and elements.
namespace thalweg::columnar {

class Batch;

/// The keys of one batch. Kept by the caller and filled again for each batch.
struct EncodedKeys {
  std::size_t count = 0;
  std::vector<std::uint64_t> hashes;  // HashKeyBytes() of each key.
  std::size_t fixed_stride = 0;       // Bytes per key, a multiple of 8; 0: variable form.
  std::vector<std::uint64_t> words;   // Fixed form: count * fixed_stride / 8 words.
  ByteRows rows;                      // Variable form.

  std::string_view operator[](std::size_t row) const {
    return fixed_stride == 0
               ? rows[row]
               : std::string_view(reinterpret_cast<const char*>(words.data()) + row * fixed_stride,
                                  fixed_stride);
  }
};

/// Encodes key columns, a batch at a time. Immutable; may be shared between threads.
class KeyEncoder {
 public:
  explicit KeyEncoder(std::vector<DataType> types);

  /// Bytes of every key, or 0 when keys are of variable size.
  std::size_t fixed_stride() const { return fixed_stride_; }
  const std::vector<DataType>& types() const { return types_; }

  /// Columns `key_columns` of `batch` must be of types() as told above. Previous content of `out`
  /// is replaced; its memory is reused.
  void Encode(const Batch& batch,
              std::span<const std::uint32_t> key_columns,
              EncodedKeys* out) const;

 private:
  std::vector<DataType> types_;
  std::size_t fixed_stride_;
};

/// Makes columns out of encoded keys again.
class KeyDecoder {
 public:
  explicit KeyDecoder(std::vector<DataType> types);

  /// One column per key type. kDataLoss: bytes that no KeyEncoder of these types has written.
  StatusOr<std::vector<ColumnPtr>> Decode(std::span<const std::string_view> keys) const;

 private:
  std::vector<DataType> types_;
  std::size_t fixed_stride_;
};

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_KEY_CODEC_H_
