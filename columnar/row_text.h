// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_ROW_TEXT_H_
#define THALWEG_COLUMNAR_ROW_TEXT_H_

#include <cstddef>
#include <string>

#include "columnar/batch.h"

// Rows as the connector "print" shows them, which is how Java prints the objects that values become
// there. For people; nothing reads it back.
namespace thalweg::columnar {

/// NULL as `null`; BOOLEAN `true`; TIMESTAMP `2001-01-01T00:00` or `2001-01-01T00:00:05.120`
/// (seconds only where there are some, fractions in threes), TIMESTAMP_LTZ in UTC with seconds and
/// `Z`; TIME `10:00`; DECIMAL plain with full scale; binary as its bytes, `[104, -1]`; intervals
/// `P1Y2M` and `PT26H3M`; `+I[1, a]` for ROW, `[1, 2]` for ARRAY, `{k=v}` for MAP.
void AppendJavaText(const Column& column, std::size_t row, std::string* out);

/// A whole row with its change kind: `+I[1, a]`.
void AppendRowText(const Batch& batch, std::size_t row, std::string* out);

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_ROW_TEXT_H_
