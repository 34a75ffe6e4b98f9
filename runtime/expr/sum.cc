// SPDX-License-Identifier: Apache-2.0
//
// SUM and AVG. The sum of an append-only SUM is a nullable field, NULL until a value came; with
// retractions the values are counted, and a sum of none is NULL. A SUM that sees all rows needs
// neither. AVG always counts.
#include <cstdint>
#include <type_traits>

#include "columnar/column_builder.h"
#include "columnar/decimal.h"
#include "columnar/int128.h"
#include "runtime/expr/aggregate.h"
#include "runtime/expr/visit.h"
#include "state/row_buffer.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnBuilder;
using columnar::ColumnPtr;
using columnar::DataType;
using columnar::Int128;
using columnar::TypeKind;

/// a + b, or a - b; integers of up to 64 bits wrap. False: not even 128 bits hold it.
template <class S>
bool Combine(S a, S b, bool subtract, S* out) {
  if constexpr (std::is_floating_point_v<S>) {
    *out = subtract ? a - b : a + b;
    return true;
  } else if constexpr (sizeof(S) == 16) {
    return !(subtract ? __builtin_sub_overflow(a, b, out) : __builtin_add_overflow(a, b, out));
  } else {
    *out = subtract ? Wrap(a, b, std::minus<>()) : Wrap(a, b, std::plus<>());
    return true;
  }
}

Status Overflow() {
  return OutOfRange("SUM or AVG: the sum of the DECIMAL values has more than 38 digits");
}

/// How a sum of no values is told from 0.
enum class NoValues {
  kNever,    // There is always one.
  kNull,     // The sum's field is NULL.
  kCounted,  // Field 1 counts the values.
};

/// Keeps field 0: the sum, of C++ type S, over arguments of type A.
template <class A, class S>
class Summing : public Aggregate {
 public:
  Summing(const DataType& sum, NoValues no_values)
      : Aggregate(Fields(sum, no_values)), no_values_(no_values) {}

  Status Accumulate(const Column* argument, const GroupedRows& rows) const override {
    return Add<false>(*argument, rows);
  }
  Status Retract(const Column* argument, const GroupedRows& rows) const override {
    return Add<true>(*argument, rows);
  }
  Status Merge(std::span<std::uint8_t* const> into,
               std::span<const std::uint8_t* const> from,
               state::StringSlabs& /*strings*/) const override {
    for (std::size_t i = 0; i < into.size(); ++i) {
      S sum;
      if (!Combine(SumOf(into[i]), SumOf(from[i]), false, &sum)) {
        return Overflow();
      }
      StoreFixed(into[i] + place(0).offset, sum);
      if (no_values_ == NoValues::kCounted) {
        StoreFixed(into[i] + place(1).offset, CountOf(into[i]) + CountOf(from[i]));
      } else if (no_values_ == NoValues::kNull && state::IsValid(from[i], place(0))) {
        state::SetValid(into[i], place(0), true);
      }
    }
    return OkStatus();
  }

 protected:
  S SumOf(const std::uint8_t* row) const { return LoadFixed<S>(row + place(0).offset); }
  std::int64_t CountOf(const std::uint8_t* row) const {
    return LoadFixed<std::int64_t>(row + place(1).offset);
  }
  bool counted() const { return no_values_ == NoValues::kCounted; }
  /// Has the row seen no value?
  bool IsEmpty(const std::uint8_t* row) const {
    return counted() ? CountOf(row) == 0 : !state::IsValid(row, place(0));
  }

 private:
  static std::vector<columnar::Field> Fields(const DataType& sum, NoValues no_values) {
    switch (no_values) {
      case NoValues::kNever:
        return {{"sum", sum.NotNull()}};
      case NoValues::kNull:
        return {{"sum", sum.Nullable()}};
      default:
        return {{"sum", sum.NotNull()}, {"count", DataType::BigInt().NotNull()}};
    }
  }

  template <bool subtract>
  Status Add(const Column& argument, const GroupedRows& rows) const {
    const A* const values = argument.Values<A>().data();
    const std::size_t stride = argument.stride();
    const std::uint32_t* const list = rows.rows.data();
    const A* const first = values + rows.first * stride;
    bool fits = true;
    if (!rows.rows.empty()) {
      fits =
          AddEach<subtract>(rows.values, [=](std::size_t i) { return values[list[i] * stride]; });
    } else if (stride == 1) {
      fits = AddEach<subtract>(rows.values, [=](std::size_t i) { return first[i]; });
    } else {
      fits = AddEach<subtract>(rows.values, [=](std::size_t /*i*/) { return values[0]; });
    }
    if (no_values_ == NoValues::kNull) {
      const state::FieldPlace sum = place(0);
      for (std::uint8_t* row : rows.values) {
        row[sum.valid_byte] = static_cast<std::uint8_t>(row[sum.valid_byte] | sum.valid_mask);
      }
    } else if (no_values_ == NoValues::kCounted) {
      const std::size_t offset = place(1).offset;
      for (std::uint8_t* row : rows.values) {
        StoreFixed(row + offset, LoadFixed<std::int64_t>(row + offset) + (subtract ? -1 : 1));
      }
    }
    return fits ? OkStatus() : Overflow();
  }

  /// False: not all sums fit. All that the loop reads lies in locals, as writes to rows would make
  /// the compiler read members again.
  template <bool subtract, class ValueAt>
  bool AddEach(std::span<std::uint8_t* const> rows, ValueAt value_at) const {
    const std::size_t offset = place(0).offset;
    bool fits = true;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::uint8_t* const field = rows[i] + offset;
      S sum;
      fits &= Combine(LoadFixed<S>(field), static_cast<S>(value_at(i)), subtract, &sum);
      StoreFixed(field, sum);
    }
    return fits;
  }

  const NoValues no_values_;
};

template <class A, class S>
class SumAggregate final : public Summing<A, S> {
 public:
  SumAggregate(const DataType& result, NoValues no_values)
      : Summing<A, S>(result, no_values), result_(result) {}

  StatusOr<ColumnPtr> Emit(std::span<const std::uint8_t* const> rows) const override {
    if (!this->counted() && result_.kind() != TypeKind::kDecimal) {
      ASSIGN_OR_RETURN(const ColumnPtr sums,
                       state::GatherField(this->layout(), this->field(0), rows));
      return columnar::WithType(sums, result_);
    }
    ColumnBuilder builder(result_, rows.size());
    builder.Reserve(rows.size());
    const auto out = builder.template MutableValues<S>();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const S sum = this->SumOf(rows[i]);
      if (this->IsEmpty(rows[i]) || !Fits(sum)) {
        out[i] = 0;
        builder.SetNull(i);
      } else {
        out[i] = sum;
      }
    }
    builder.SetLength(rows.size());
    return builder.Finish();
  }

 private:
  bool Fits(S sum) const {
    if constexpr (sizeof(S) == 16) {
      return columnar::FitsPrecision(sum, result_.precision());
    }
    return true;
  }

  const DataType result_;
};

/// The mean of numbers that are no DECIMAL: R is the result's type.
template <class A, class S, class R>
class AverageAggregate final : public Summing<A, S> {
 public:
  AverageAggregate(const DataType& sum, const DataType& result)
      : Summing<A, S>(sum, NoValues::kCounted), result_(result) {}

  StatusOr<ColumnPtr> Emit(std::span<const std::uint8_t* const> rows) const override {
    ColumnBuilder builder(result_, rows.size());
    builder.Reserve(rows.size());
    const auto out = builder.template MutableValues<R>();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::int64_t count = this->CountOf(rows[i]);
      if (count == 0) {
        builder.SetNull(i);
      } else {
        out[i] = static_cast<R>(this->SumOf(rows[i]) / static_cast<S>(count));
      }
    }
    builder.SetLength(rows.size());
    return builder.Finish();
  }

 private:
  const DataType result_;
};

template <class A>
class DecimalAverage final : public Summing<A, Int128> {
 public:
  DecimalAverage(const DataType& sum, const DataType& result)
      : Summing<A, Int128>(sum, NoValues::kCounted), sum_scale_(sum.scale()), result_(result) {}

  StatusOr<ColumnPtr> Emit(std::span<const std::uint8_t* const> rows) const override {
    const columnar::DecimalSpec spec{result_.precision(), result_.scale()};
    ColumnBuilder builder(result_, rows.size());
    for (const std::uint8_t* row : rows) {
      const auto average =
          columnar::DecimalDivide({this->SumOf(row), sum_scale_}, {this->CountOf(row), 0}, spec);
      if (!average.has_value()) {
        builder.AppendNull();
      } else if (result_.physical() == columnar::Physical::kInt64) {
        builder.Append(static_cast<std::int64_t>(*average));
      } else {
        builder.Append(*average);
      }
    }
    return builder.Finish();
  }

 private:
  const int sum_scale_;
  const DataType result_;
};

}  // namespace

std::unique_ptr<Aggregate> BindSum(const AggregateShape& shape) {
  const DataType& argument = shape.arguments[0];
  const NoValues no_values = shape.sees_all_rows ? NoValues::kNever
                             : shape.retracts    ? NoValues::kCounted
                                                 : NoValues::kNull;
  if (argument.kind() == TypeKind::kDecimal) {
    return VisitDecimal(argument.physical(), [&](auto a) -> std::unique_ptr<Aggregate> {
      return std::make_unique<SumAggregate<decltype(a), Int128>>(shape.result, no_values);
    });
  }
  return VisitNumber(argument.physical(), [&](auto a) -> std::unique_ptr<Aggregate> {
    return std::make_unique<SumAggregate<decltype(a), decltype(a)>>(shape.result, no_values);
  });
}

std::unique_ptr<Aggregate> BindAverage(const AggregateShape& shape) {
  const DataType& argument = shape.arguments[0];
  if (argument.kind() == TypeKind::kDecimal) {
    const auto spec = columnar::SumSpec({argument.precision(), argument.scale()});
    const DataType sum = DataType::Decimal(spec.precision, spec.scale);
    return VisitDecimal(argument.physical(), [&](auto a) -> std::unique_ptr<Aggregate> {
      return std::make_unique<DecimalAverage<decltype(a)>>(sum, shape.result);
    });
  }
  return VisitNumber(argument.physical(), [&](auto a) -> std::unique_ptr<Aggregate> {
    using A = decltype(a);
    using S = std::conditional_t<std::is_floating_point_v<A>, double, std::int64_t>;
    const DataType sum = std::is_floating_point_v<A> ? DataType::Double() : DataType::BigInt();
    return std::make_unique<AverageAggregate<A, S, A>>(sum, shape.result);
  });
}

}  // namespace thalweg::runtime
