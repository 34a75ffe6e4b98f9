// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_BYTE_ROWS_H_
#define THALWEG_COLUMNAR_BYTE_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::columnar {

/// Byte strings behind each other, one per row. Row i is bytes[offsets[i], offsets[i + 1]).
/// Meant to be kept and filled again, so that memory is reused.
struct ByteRows {
  std::vector<std::uint32_t> offsets = {0};
  std::string bytes;  // May be longer than offsets.back(); the rest means nothing.

  std::size_t size() const { return offsets.size() - 1; }
  std::string_view operator[](std::size_t row) const {
    return {bytes.data() + offsets[row], offsets[row + 1] - offsets[row]};
  }
};

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_BYTE_ROWS_H_
