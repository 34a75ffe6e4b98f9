// SPDX-License-Identifier: Apache-2.0
//
// Variance and standard deviation. A group keeps count, mean and the sum of squared distances from
// the mean, which can be added to, taken from and merged without losing digits as sums of squares
// do.
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "base/coding.h"
#include "columnar/column_builder.h"
#include "columnar/decimal.h"
#include "runtime/expr/aggregate.h"
#include "runtime/expr/visit.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnBuilder;
using columnar::ColumnPtr;
using columnar::DataType;
using columnar::TypeKind;

struct Moments {
  std::int64_t count = 0;
  double mean = 0;
  double squares = 0;  // Sum of squared distances from the mean.

  void Add(double value) {
    ++count;
    const double distance = value - mean;
    mean += distance / static_cast<double>(count);
    squares += distance * (value - mean);
  }
  void Remove(double value) {
    if (--count == 0) {
      *this = Moments();
      return;
    }
    const double distance = value - mean;
    mean -= distance / static_cast<double>(count);
    squares = std::fmax(0.0, squares - distance * (value - mean));
  }
  void Merge(const Moments& other) {
    if (other.count == 0) {
      return;
    }
    const auto both = static_cast<double>(count + other.count);
    const double distance = other.mean - mean;
    squares += other.squares + distance * distance * static_cast<double>(count) *
                                   static_cast<double>(other.count) / both;
    mean += distance * static_cast<double>(other.count) / both;
    count += other.count;
  }
};

enum class Measure { kVariance, kDeviation };
enum class Population { kWhole, kSample };

std::vector<columnar::Field> MomentFields() {
  return {{"count", DataType::BigInt().NotNull()},
          {"mean", DataType::Double().NotNull()},
          {"squares", DataType::Double().NotNull()}};
}

void AppendNumber(double value, ColumnBuilder* builder) {
  const DataType& type = builder->type();
  if (type.kind() != TypeKind::kDecimal) {
    VisitNumber(type.physical(), [&](auto t) { builder->Append(static_cast<decltype(t)>(value)); });
    return;
  }
  const auto decimal = columnar::DecimalFromDouble(value, {type.precision(), type.scale()});
  if (!decimal.has_value()) {
    builder->AppendNull();
  } else if (type.physical() == columnar::Physical::kInt64) {
    builder->Append(static_cast<std::int64_t>(*decimal));
  } else {
    builder->Append(*decimal);
  }
}

/// A: how the values lie.
template <class A>
class SpreadAggregate final : public Aggregate {
 public:
  SpreadAggregate(const AggregateShape& shape, Measure measure, Population population)
      : Aggregate(MomentFields()),
        scale_(shape.arguments[0].scale()),
        result_(shape.result),
        measure_(measure),
        population_(population) {}

  Status Accumulate(const Column* argument, const GroupedRows& rows) const override {
    return ForEach(*argument, rows, [](Moments& moments, double value) { moments.Add(value); });
  }
  Status Retract(const Column* argument, const GroupedRows& rows) const override {
    return ForEach(*argument, rows, [](Moments& moments, double value) { moments.Remove(value); });
  }
  Status Merge(std::span<std::uint8_t* const> into,
               std::span<const std::uint8_t* const> from,
               state::StringSlabs& /*strings*/) const override {
    for (std::size_t i = 0; i < into.size(); ++i) {
      Moments moments = Load(into[i]);
      moments.Merge(Load(from[i]));
      Store(moments, into[i]);
    }
    return OkStatus();
  }

  StatusOr<ColumnPtr> Emit(std::span<const std::uint8_t* const> rows) const override {
    ColumnBuilder builder(result_, rows.size());
    for (const std::uint8_t* row : rows) {
      const Moments moments = Load(row);
      const std::int64_t divisor = moments.count - (population_ == Population::kSample ? 1 : 0);
      if (divisor <= 0) {
        builder.AppendNull();
        continue;
      }
      const double variance = moments.squares / static_cast<double>(divisor);
      AppendNumber(measure_ == Measure::kVariance ? variance : std::sqrt(variance), &builder);
    }
    return builder.Finish();
  }

 private:
  template <class F>
  Status ForEach(const Column& argument, const GroupedRows& rows, F f) const {
    const A* values = argument.Values<A>().data();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const A value = values[rows.row(i) * argument.stride()];
      Moments moments = Load(rows.values[i]);
      f(moments, AsDouble(value));
      Store(moments, rows.values[i]);
    }
    return OkStatus();
  }
  double AsDouble(A value) const {
    if constexpr (std::is_floating_point_v<A>) {
      return static_cast<double>(value);
    } else {
      return columnar::DecimalToDouble({value, scale_});
    }
  }
  Moments Load(const std::uint8_t* row) const {
    return {LoadFixed<std::int64_t>(row + place(0).offset),
            LoadFixed<double>(row + place(1).offset),
            LoadFixed<double>(row + place(2).offset)};
  }
  void Store(const Moments& moments, std::uint8_t* row) const {
    StoreFixed(row + place(0).offset, moments.count);
    StoreFixed(row + place(1).offset, moments.mean);
    StoreFixed(row + place(2).offset, moments.squares);
  }

  const int scale_;
  const DataType result_;
  const Measure measure_;
  const Population population_;
};

std::unique_ptr<Aggregate> Bind(const AggregateShape& shape,
                                Measure measure,
                                Population population) {
  const auto bind = [&](auto a) -> std::unique_ptr<Aggregate> {
    return std::make_unique<SpreadAggregate<decltype(a)>>(shape, measure, population);
  };
  const DataType& argument = shape.arguments[0];
  return argument.kind() == TypeKind::kDecimal ? VisitDecimal(argument.physical(), bind)
                                               : VisitNumber(argument.physical(), bind);
}

}  // namespace

std::unique_ptr<Aggregate> BindVariance(const AggregateShape& shape) {
  return Bind(shape, Measure::kVariance, Population::kWhole);
}
std::unique_ptr<Aggregate> BindSampleVariance(const AggregateShape& shape) {
  return Bind(shape, Measure::kVariance, Population::kSample);
}
std::unique_ptr<Aggregate> BindDeviation(const AggregateShape& shape) {
  return Bind(shape, Measure::kDeviation, Population::kWhole);
}
std::unique_ptr<Aggregate> BindSampleDeviation(const AggregateShape& shape) {
  return Bind(shape, Measure::kDeviation, Population::kSample);
}

}  // namespace thalweg::runtime
