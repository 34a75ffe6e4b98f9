// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_TYPE_H_
#define THALWEG_COLUMNAR_TYPE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace thalweg::columnar {

/// The logical types of the SQL dialect.
enum class TypeKind : std::uint8_t {
  kBoolean,
  kTinyInt,
  kSmallInt,
  kInt,
  kBigInt,
  kFloat,
  kDouble,
  kDecimal,
  kChar,
  kVarChar,
  kBinary,
  kVarBinary,
  kDate,               // Days since 1970-01-01.
  kTime,               // Milliseconds since midnight.
  kTimestamp,          // Since 1970-01-01 00:00:00: microseconds when p <= 6, else nanoseconds.
  kTimestampLtz,       // The same, in UTC.
  kIntervalYearMonth,  // Months.
  kIntervalDayTime,    // Milliseconds.
  kRow,
  kArray,
  kMap,
};

/// How one value lies in a column's value buffer.
enum class Physical : std::uint8_t {
  kBool,    // std::uint8_t, 0 or 1.
  kInt8,    // TINYINT.
  kInt16,   // SMALLINT.
  kInt32,   // INT, DATE, TIME, INTERVAL YEAR TO MONTH.
  kInt64,   // BIGINT, DECIMAL(p <= 18) unscaled, TIMESTAMP, INTERVAL DAY TO SECOND.
  kInt128,  // DECIMAL(p > 18) unscaled.
  kFloat,
  kDouble,
  kString,  // StringRef views over the column's heaps: character and binary types.
  kRow,     // No buffer; one child column per field, of the same length.
  kList,  // std::uint32_t offsets (length + 1) into the only child. MAP: a list of ROW(key, value).
};

/// Bytes of one value in the value buffer; 0 for kRow, 4 (an offset) for kList.
std::size_t WidthOf(Physical physical);

struct Field;

/// An immutable SQL type. Cheap to copy. Nullable unless NotNull() was asked for.
///
/// The factories CHECK their arguments; types that come from outside are made by
/// `columnar/type_proto.h`, which answers with a Status.
class DataType {
 public:
  static constexpr std::uint32_t kMaxLength = std::numeric_limits<std::int32_t>::max();
  static constexpr int kMaxDecimalPrecision = 38;
  static constexpr int kMaxShortDecimalPrecision = 18;  // Up to here a DECIMAL is an int64.

  static DataType Boolean();
  static DataType TinyInt();
  static DataType SmallInt();
  static DataType Int();
  static DataType BigInt();
  static DataType Float();
  static DataType Double();
  static DataType Decimal(int precision, int scale);
  static DataType Char(std::uint32_t length);
  static DataType VarChar(std::uint32_t length);
  static DataType String();  // VARCHAR(2147483647), spelled STRING.
  static DataType Binary(std::uint32_t length);
  static DataType VarBinary(std::uint32_t length);
  static DataType Bytes();  // VARBINARY(2147483647), spelled BYTES.
  static DataType Date();
  static DataType Time(int precision = 0);
  static DataType Timestamp(int precision = 6);
  static DataType TimestampLtz(int precision = 6);
  static DataType IntervalYearMonth();
  static DataType IntervalDayTime();
  static DataType Row(std::vector<Field> fields);
  static DataType Array(DataType element);
  static DataType Map(DataType key, DataType value);

  DataType NotNull() const { return WithNullable(false); }
  DataType Nullable() const { return WithNullable(true); }
  DataType WithNullable(bool nullable) const;

  TypeKind kind() const { return kind_; }
  bool nullable() const { return nullable_; }
  /// Digits of a DECIMAL, fractional digits of a TIME or TIMESTAMP; else 0.
  int precision() const { return precision_; }
  int scale() const { return scale_; }
  /// Of CHAR, VARCHAR, BINARY, VARBINARY; kMaxLength for STRING and BYTES; else 0.
  std::uint32_t length() const { return length_; }
  /// ROW: its fields. ARRAY: one, "element". MAP: two, "key" and "value". Else empty.
  const std::vector<Field>& fields() const;
  Physical physical() const;

  /// Types of the child columns: ROW: the fields', ARRAY: the element, MAP: one ROW(key, value).
  std::vector<DataType> ChildTypes() const;

  bool IsInteger() const { return kind_ >= TypeKind::kTinyInt && kind_ <= TypeKind::kBigInt; }
  bool IsCharacter() const { return kind_ == TypeKind::kChar || kind_ == TypeKind::kVarChar; }
  bool IsBinary() const { return kind_ == TypeKind::kBinary || kind_ == TypeKind::kVarBinary; }
  bool IsTimestamp() const {
    return kind_ == TypeKind::kTimestamp || kind_ == TypeKind::kTimestampLtz;
  }

  /// Flink's spelling, such as `DECIMAL(10, 2) NOT NULL`.
  std::string ToString() const;

  friend bool operator==(const DataType& a, const DataType& b);

 private:
  explicit DataType(TypeKind kind, int precision = 0, int scale = 0, std::uint32_t length = 0);

  TypeKind kind_;
  bool nullable_ = true;
  std::uint8_t precision_;
  std::uint8_t scale_;
  std::uint32_t length_;
  std::shared_ptr<const std::vector<Field>> fields_;
};

struct Field {
  std::string name;
  DataType type;

  friend bool operator==(const Field&, const Field&) = default;
};

class Schema;
using SchemaPtr = std::shared_ptr<const Schema>;

/// The named, typed columns of a batch. Immutable; shared between batches and threads.
class Schema {
 public:
  explicit Schema(std::vector<Field> fields) : fields_(std::move(fields)) {}
  static SchemaPtr Make(std::vector<Field> fields) {
    return std::make_shared<const Schema>(std::move(fields));
  }

  std::size_t size() const { return fields_.size(); }
  const Field& field(std::size_t i) const { return fields_[i]; }
  const DataType& type(std::size_t i) const { return fields_[i].type; }
  const std::vector<Field>& fields() const { return fields_; }
  /// The first field of that name (case-sensitive), if any.
  std::optional<std::size_t> IndexOf(std::string_view name) const;
  std::vector<DataType> Types() const;
  std::string ToString() const;  // `(a BIGINT, b STRING NOT NULL)`.

  friend bool operator==(const Schema&, const Schema&) = default;

 private:
  std::vector<Field> fields_;
};

/// Value units of a TIMESTAMP or TIMESTAMP_LTZ in one second: 1,000,000 or 1,000,000,000.
std::int64_t TimestampUnitsPerSecond(const DataType& timestamp);

/// Event time of a TIMESTAMP or TIMESTAMP_LTZ value, rounded down to milliseconds.
EventMillis ToEventMillis(const DataType& timestamp, std::int64_t value);

/// The value of `millis` in the units of `timestamp`; saturates where nanoseconds cannot hold it.
std::int64_t FromEventMillis(const DataType& timestamp, EventMillis millis);

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_TYPE_H_
