// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CONNECTORS_FORMATS_JSON_VALUE_KIND_H_
#define THALWEG_CONNECTORS_FORMATS_JSON_VALUE_KIND_H_

#include <cstdint>

#include "columnar/type.h"

namespace thalweg::connectors::json {

/// How a value of a type is read and written.
enum class ValueKind : std::uint8_t {
  kBoolean,
  kInt8,
  kInt16,
  kInt32,  // INT and INTERVAL YEAR TO MONTH.
  kInt64,  // BIGINT and INTERVAL DAY TO SECOND.
  kFloat,
  kDouble,
  kDecimal64,
  kDecimal128,
  kString,
  kBytes,
  kDate,
  kTime,
  kTimestamp,
  kRow,
  kArray,
  kMap,
};

ValueKind KindOf(const columnar::DataType& type);

}  // namespace thalweg::connectors::json

#endif  // THALWEG_CONNECTORS_FORMATS_JSON_VALUE_KIND_H_
