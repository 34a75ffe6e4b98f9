// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/aggregate.h"

#include <algorithm>
#include <string>

#include "columnar/decimal.h"
#include "runtime/expr/type_rules.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::TypeKind;

StatusOr<DataType> CountResult(std::span<const DataType> /*arguments*/) {
  return DataType::BigInt().NotNull();
}

StatusOr<DataType> SumResult(std::span<const DataType> arguments) {
  const DataType& type = arguments[0];
  if (!IsNumeric(type)) {
    return InvalidArgument("it must be a number");
  }
  if (type.kind() == TypeKind::kDecimal) {
    const columnar::DecimalSpec sum = columnar::SumSpec({type.precision(), type.scale()});
    return DataType::Decimal(sum.precision, sum.scale);
  }
  return type.Nullable();
}

StatusOr<DataType> AverageResult(std::span<const DataType> arguments) {
  const DataType& type = arguments[0];
  if (!IsNumeric(type)) {
    return InvalidArgument("it must be a number");
  }
  if (type.kind() == TypeKind::kDecimal) {
    const columnar::DecimalSpec average = columnar::AverageSpec({type.precision(), type.scale()});
    return DataType::Decimal(average.precision, average.scale);
  }
  return type.Nullable();
}

StatusOr<DataType> ExtremeResult(std::span<const DataType> arguments) {
  const columnar::Physical physical = arguments[0].physical();
  if (physical == columnar::Physical::kRow || physical == columnar::Physical::kList) {
    return InvalidArgument("it must be a value with an order");
  }
  return arguments[0].Nullable();
}

constexpr AggregateFunction kAggregates[] = {
    {"AVG",
     "AVG(number)",
     "Mean of the values that are not NULL; of integers without fraction.",
     1,
     1,
     AverageResult,
     BindAverage},
    {"COUNT",
     "COUNT(*) or COUNT(value)",
     "Number of rows, or of values that are not NULL.",
     0,
     1,
     CountResult,
     BindCount},
    {"MAX", "MAX(value)", "Greatest value.", 1, 1, ExtremeResult, BindMaximum},
    {"MIN", "MIN(value)", "Least value.", 1, 1, ExtremeResult, BindMinimum},
    {"STDDEV_POP",
     "STDDEV_POP(number)",
     "Standard deviation of the values, in the type that AVG has.",
     1,
     1,
     AverageResult,
     BindDeviation},
    {"STDDEV_SAMP",
     "STDDEV_SAMP(number)",
     "Standard deviation that the values are a sample of; NULL for fewer than two.",
     1,
     1,
     AverageResult,
     BindSampleDeviation},
    {"SUM",
     "SUM(number)",
     "Sum of the values that are not NULL. Integers wrap around.",
     1,
     1,
     SumResult,
     BindSum},
    {"VARIANCE",
     "VARIANCE(number)",
     "The same as VAR_SAMP.",
     1,
     1,
     AverageResult,
     BindSampleVariance},
    {"VAR_POP",
     "VAR_POP(number)",
     "Variance of the values, in the type that AVG has.",
     1,
     1,
     AverageResult,
     BindVariance},
    {"VAR_SAMP",
     "VAR_SAMP(number)",
     "Variance that the values are a sample of; NULL for fewer than two.",
     1,
     1,
     AverageResult,
     BindSampleVariance},
};

}  // namespace

std::span<const AggregateFunction> AllAggregates() {
  return kAggregates;
}

const AggregateFunction* FindAggregate(std::string_view name) {
  const auto* found = std::find_if(std::begin(kAggregates),
                                   std::end(kAggregates),
                                   [&](const AggregateFunction& f) { return f.name == name; });
  return found == std::end(kAggregates) ? nullptr : found;
}

StatusOr<DataType> AggregateResult(std::string_view name, std::span<const DataType> arguments) {
  const AggregateFunction* function = FindAggregate(name);
  if (function == nullptr) {
    return InvalidArgument("No aggregate function is named '" + std::string(name) + "'");
  }
  std::string given = std::string(function->signature) + " does not take (";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    given += (i == 0 ? "" : ", ") + arguments[i].ToString();
  }
  given += ")";
  if (arguments.size() < function->min_arguments || arguments.size() > function->max_arguments) {
    return InvalidArgument(given + ": wrong number of arguments");
  }
  StatusOr<DataType> result = function->result(arguments);
  return result.ok() ? result : Annotate(result.status(), given);
}

}  // namespace thalweg::runtime
