// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/json/value_kind.h"

#include "base/check.h"

namespace thalweg::connectors::json {

using columnar::TypeKind;

ValueKind KindOf(const columnar::DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return ValueKind::kBoolean;
    case TypeKind::kTinyInt:
      return ValueKind::kInt8;
    case TypeKind::kSmallInt:
      return ValueKind::kInt16;
    case TypeKind::kInt:
    case TypeKind::kIntervalYearMonth:
      return ValueKind::kInt32;
    case TypeKind::kBigInt:
    case TypeKind::kIntervalDayTime:
      return ValueKind::kInt64;
    case TypeKind::kFloat:
      return ValueKind::kFloat;
    case TypeKind::kDouble:
      return ValueKind::kDouble;
    case TypeKind::kDecimal:
      return type.precision() <= columnar::DataType::kMaxShortDecimalPrecision
                 ? ValueKind::kDecimal64
                 : ValueKind::kDecimal128;
    case TypeKind::kChar:
    case TypeKind::kVarChar:
      return ValueKind::kString;
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
      return ValueKind::kBytes;
    case TypeKind::kDate:
      return ValueKind::kDate;
    case TypeKind::kTime:
      return ValueKind::kTime;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return ValueKind::kTimestamp;
    case TypeKind::kRow:
      return ValueKind::kRow;
    case TypeKind::kArray:
      return ValueKind::kArray;
    case TypeKind::kMap:
      return ValueKind::kMap;
  }
  CHECK(false);
}

}  // namespace thalweg::connectors::json
