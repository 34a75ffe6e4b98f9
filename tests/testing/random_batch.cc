// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/random_batch.h"

#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include "columnar/column_builder.h"
#include "columnar/decimal.h"

namespace thalweg::testing {
namespace {

using columnar::Batch;
using columnar::ChangeKind;
using columnar::Column;
using columnar::ColumnBuilder;
using columnar::ColumnPtr;
using columnar::DataType;
using columnar::Datum;
using columnar::Field;
using columnar::Int128;
using columnar::SchemaPtr;
using columnar::TypeKind;
using columnar::WatermarkMark;

template <class T>
T OneOf(std::initializer_list<T> values, Random& random) {
  return *std::next(values.begin(), static_cast<std::ptrdiff_t>(random.Uniform(values.size())));
}

template <class T>
std::int64_t RandomInteger(Random& random) {
  if (random.Chance(4)) {
    return OneOf<std::int64_t>(
        {std::numeric_limits<T>::min(), -1, 0, 1, std::numeric_limits<T>::max()}, random);
  }
  return static_cast<T>(random.Next());
}

double RandomDouble(Random& random) {
  if (random.Chance(3)) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return OneOf<double>(
        {0.0, -0.0, 1.5, -kInfinity, kInfinity, std::numeric_limits<double>::quiet_NaN()}, random);
  }
  return random.UniformDouble() * 1e6 - 5e5;
}

Int128 RandomDecimal(int precision, Random& random) {
  const Int128 limit = columnar::PowerOfTen(precision);
  if (random.Chance(4)) {
    return OneOf<Int128>({1 - limit, -1, 0, 1, limit - 1}, random);
  }
  const auto bits =
      static_cast<Int128>((static_cast<columnar::UInt128>(random.Next()) << 64) | random.Next());
  return bits % limit;
}

std::string RandomText(Random& random) {
  const std::size_t size =
      random.Chance(3) ? OneOf<std::size_t>({0, 4, 12, 13, 300}, random) : random.Uniform(40);
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += random.Chance(16) ? '\0' : static_cast<char>('a' + random.Uniform(26));
  }
  return text;
}

Datum::List RandomList(const DataType& type, Random& random) {
  Datum::List list;
  const DataType element = type.ChildTypes()[0];
  for (std::uint64_t i = random.Uniform(4); i > 0; --i) {
    list.push_back(RandomDatum(element, random));
  }
  return list;
}

Datum RandomValue(const DataType& type, Random& random) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return random.Chance(2);
    case TypeKind::kTinyInt:
      return RandomInteger<std::int8_t>(random);
    case TypeKind::kSmallInt:
      return RandomInteger<std::int16_t>(random);
    case TypeKind::kDate:
      return static_cast<std::int64_t>(random.Uniform(40'000)) - 10'000;
    case TypeKind::kTime:
      return random.Uniform(86'400'000);
    case TypeKind::kInt:
    case TypeKind::kIntervalYearMonth:
      return RandomInteger<std::int32_t>(random);
    case TypeKind::kFloat:
      return static_cast<double>(static_cast<float>(RandomDouble(random)));
    case TypeKind::kDouble:
      return RandomDouble(random);
    case TypeKind::kDecimal: {
      const Int128 value = RandomDecimal(type.precision(), random);
      return type.precision() > DataType::kMaxShortDecimalPrecision
                 ? Datum(value)
                 : Datum(static_cast<std::int64_t>(value));
    }
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
      return RandomText(random);
    case TypeKind::kArray:
    case TypeKind::kMap:
      return RandomList(type, random);
    case TypeKind::kRow: {
      Datum::List fields;
      for (const Field& field : type.fields()) {
        fields.push_back(RandomDatum(field.type, random));
      }
      return fields;
    }
    default:
      return RandomInteger<std::int64_t>(random);
  }
}

}  // namespace

std::vector<DataType> AllTypes() {
  return {
      DataType::Boolean(),
      DataType::TinyInt(),
      DataType::SmallInt().NotNull(),
      DataType::Int(),
      DataType::BigInt(),
      DataType::BigInt().NotNull(),
      DataType::Float(),
      DataType::Double(),
      DataType::Decimal(10, 2),
      DataType::Decimal(38, 18),
      DataType::Char(5),
      DataType::String(),
      DataType::String().NotNull(),
      DataType::Binary(8),
      DataType::Bytes(),
      DataType::Date(),
      DataType::Time(3),
      DataType::Timestamp(3),
      DataType::Timestamp(9),
      DataType::TimestampLtz(6),
      DataType::IntervalYearMonth(),
      DataType::IntervalDayTime(),
      DataType::Row({{"a", DataType::BigInt()}, {"b", DataType::String()}}),
      DataType::Row({}),
      DataType::Array(DataType::Decimal(38, 0)),
      DataType::Array(DataType::Row({{"x", DataType::Boolean()}})),
      DataType::Map(DataType::String().NotNull(), DataType::Array(DataType::Int())),
  };
}

SchemaPtr SchemaOf(const std::vector<DataType>& types) {
  std::vector<Field> fields;
  for (const DataType& type : types) {
    fields.push_back({"c" + std::to_string(fields.size()), type});
  }
  return columnar::Schema::Make(std::move(fields));
}

Datum RandomDatum(const DataType& type, Random& random) {
  return type.nullable() && random.Chance(5) ? Datum() : RandomValue(type, random);
}

ColumnPtr RandomColumn(const DataType& type, std::size_t rows, Random& random) {
  if (random.Chance(6)) {
    return Column::Constant(type, rows, RandomDatum(type, random));
  }
  const std::size_t before = random.Chance(3) ? random.Uniform(20) : 0;
  ColumnBuilder builder(type);
  for (std::size_t row = 0; row < before + rows; ++row) {
    builder.AppendDatum(RandomDatum(type, random));
  }
  return columnar::Slice(builder.Finish(), before, rows);
}

Batch RandomBatch(const SchemaPtr& schema, std::size_t rows, Random& random) {
  std::vector<ColumnPtr> columns;
  for (const Field& field : schema->fields()) {
    columns.push_back(RandomColumn(field.type, rows, random));
  }
  Batch batch(schema, std::move(columns), rows);
  if (random.Chance(2)) {
    std::vector<ChangeKind> kinds;
    for (std::size_t row = 0; row < rows; ++row) {
      kinds.push_back(static_cast<ChangeKind>(random.Uniform(4)));
    }
    batch = batch.WithChangeKinds(kinds);
  }
  std::vector<WatermarkMark> marks;
  EventMillis watermark = static_cast<EventMillis>(random.Uniform(1'000'000)) - 500'000;
  for (std::uint32_t row = 0; row <= rows && random.Chance(2);
       row += static_cast<std::uint32_t>(1 + random.Uniform(rows + 1))) {
    watermark += static_cast<EventMillis>(1 + random.Uniform(10'000));
    marks.push_back({row, watermark});
  }
  return batch.WithMarks(std::move(marks));
}

}  // namespace thalweg::testing
