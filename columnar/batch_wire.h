// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_BATCH_WIRE_H_
#define THALWEG_COLUMNAR_BATCH_WIRE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "columnar/batch.h"

// Batches as bytes for channels, spill files and operator state. The schema is not inside: both
// ends know it. Only bytes of strings that rows refer to are written. A version byte leads.
namespace thalweg::columnar {

inline constexpr std::uint8_t kBatchWireVersion = 1;

/// Appends `batch` to `out`: columns, change kinds and marks.
void EncodeBatch(const Batch& batch, std::string* out);

/// Appends the rows `selection` (ascending when the batch has marks), as Take() would give them but
/// with one copy instead of two.
void EncodeRows(const Batch& batch, std::span<const std::uint32_t> selection, std::string* out);

/// Reads what one of the above appended: all of `bytes`. kDataLoss: cut, damaged or of another
/// schema; kUnimplemented: a newer version. Any bytes are safe to give.
StatusOr<Batch> DecodeBatch(SchemaPtr schema, std::string_view bytes);

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_BATCH_WIRE_H_
