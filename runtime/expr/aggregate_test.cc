// SPDX-License-Identifier: Apache-2.0
//
// Aggregate functions on bare rows: partial results merged must be what one run over all rows
// gives.
#include "runtime/expr/aggregate.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "columnar/column_builder.h"
#include "columnar/datum.h"
#include "columnar/text.h"
#include "tests/testing/random_batch.h"

namespace thalweg::runtime {
namespace {

using columnar::ColumnPtr;
using columnar::DataType;
using columnar::Datum;

constexpr std::size_t kGroups = 4;

/// Some groups' rows of one function.
class Groups {
 public:
  explicit Groups(Aggregate& aggregate) : aggregate_(aggregate), layout_(aggregate.fields()) {
    for (std::vector<std::uint64_t>& row : rows_) {
      row.assign(layout_.size() / 8, 0);
      values_.push_back(reinterpret_cast<std::uint8_t*>(row.data()));
    }
  }

  void Add(const ColumnPtr& column, std::size_t group, std::size_t row, bool retract = false) {
    if (column->IsNull(row)) {
      return;
    }
    aggregate_.Place(layout_, 0);
    std::uint8_t* const value = values_[group];
    const auto index = static_cast<std::uint32_t>(row);
    const GroupedRows rows{{&value, 1}, {&index, 1}, &strings_};
    ASSERT_TRUE((retract ? aggregate_.Retract(column.get(), rows)
                         : aggregate_.Accumulate(column.get(), rows))
                    .ok());
  }
  void Merge(const Groups& from) {
    aggregate_.Place(layout_, 0);
    const std::vector<const std::uint8_t*> others(from.values_.begin(), from.values_.end());
    ASSERT_TRUE(aggregate_.Merge(values_, others, strings_).ok());
  }
  std::vector<std::string> Emit() {
    aggregate_.Place(layout_, 0);
    const std::vector<const std::uint8_t*> rows(values_.begin(), values_.end());
    const auto column = aggregate_.Emit(rows);
    EXPECT_TRUE(column.ok());
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < kGroups; ++i) {
      texts.push_back(columnar::TextAt(**column, i));
    }
    return texts;
  }

 private:
  Aggregate& aggregate_;
  const state::RowLayout layout_;
  std::vector<std::uint64_t> rows_[kGroups];
  std::vector<std::uint8_t*> values_;
  state::StringSlabs strings_;
};

std::unique_ptr<Aggregate> Bind(const std::string& function, const DataType& type, bool retracts) {
  const auto result = AggregateResult(function, std::vector<DataType>{type});
  if (!result.ok()) {
    return nullptr;
  }
  return FindAggregate(function)->bind(
      {.arguments = {type}, .result = *result, .retracts = retracts});
}

class AggregateTest : public ::testing::TestWithParam<const char*> {};

TEST_P(AggregateTest, MergedPartsAreTheWhole) {
  for (const DataType& type : ::thalweg::testing::AllTypes()) {
    const std::unique_ptr<Aggregate> aggregate = Bind(GetParam(), type, false);
    // Sums of floating point depend on their order.
    const bool real =
        type.kind() == columnar::TypeKind::kFloat || type.kind() == columnar::TypeKind::kDouble;
    const std::string name = GetParam();
    const bool wide = type.kind() == columnar::TypeKind::kDecimal && type.precision() > 30;
    if (aggregate == nullptr || ((real || wide) && (name == "SUM" || name == "AVG"))) {
      continue;
    }
    SeededRandom random(7);
    const ColumnPtr column = ::thalweg::testing::RandomColumn(type, 40, random);
    Groups whole(*aggregate);
    Groups left(*aggregate);
    Groups right(*aggregate);
    for (std::size_t row = 0; row < 40; ++row) {
      const std::size_t group = random.Uniform(kGroups);
      whole.Add(column, group, row);
      (random.Uniform(2) == 0 ? left : right).Add(column, group, row);
    }
    left.Merge(right);
    EXPECT_EQ(left.Emit(), whole.Emit()) << type.ToString();
  }
}

TEST_P(AggregateTest, WhatIsTakenBackLeavesNoTrace) {
  const std::unique_ptr<Aggregate> aggregate = Bind(GetParam(), DataType::BigInt(), true);
  if (GetParam()[0] == 'M') {
    EXPECT_EQ(aggregate, nullptr) << "MIN and MAX need counted values to retract";
    return;
  }
  const ColumnPtr column =
      columnar::ColumnOf(DataType::BigInt(), {Datum(5), Datum(-7), Datum(100)});
  Groups kept(*aggregate);
  kept.Add(column, 0, 0);
  Groups changed(*aggregate);
  for (const std::size_t row : {0, 1, 2}) {
    changed.Add(column, 0, row);
  }
  changed.Add(column, 0, 1, /*retract=*/true);
  changed.Add(column, 0, 2, /*retract=*/true);
  EXPECT_EQ(changed.Emit(), kept.Emit());
  changed.Add(column, 0, 0, /*retract=*/true);
  EXPECT_EQ(changed.Emit(), Groups(*aggregate).Emit());
}

/// Two, four, four, four, five, five, seven, nine: mean 5, variance 4.
ColumnPtr KnownValues(const DataType& type) {
  std::vector<Datum> values;
  for (const int value : {2, 4, 4, 4, 5, 5, 7, 9}) {
    if (type.kind() == columnar::TypeKind::kDouble) {
      values.emplace_back(static_cast<double>(value));
    } else {
      values.emplace_back(value * 100);  // Two digits behind the point.
    }
  }
  return columnar::ColumnOf(type, values);
}

TEST(SpreadTest, OfKnownValues) {
  const std::pair<const char*, const char*> expected[] = {{"VAR_POP", "4.0"},
                                                          {"STDDEV_POP", "2.0"},
                                                          {"VAR_SAMP", "4.571428571428571"},
                                                          {"VARIANCE", "4.571428571428571"},
                                                          {"STDDEV_SAMP", "2.138089935299395"}};
  for (const auto& [function, result] : expected) {
    const auto aggregate = Bind(function, DataType::Double(), true);
    const ColumnPtr column = KnownValues(DataType::Double());
    Groups left(*aggregate);
    Groups right(*aggregate);
    for (std::size_t row = 0; row < column->length(); ++row) {
      (row % 2 == 0 ? left : right).Add(column, 0, row);
    }
    left.Merge(right);
    EXPECT_EQ(left.Emit()[0], result) << function;
  }
}

TEST(SpreadTest, HasTheTypeOfAnAverage) {
  const DataType type = DataType::Decimal(10, 2);
  const auto aggregate = Bind("VAR_SAMP", type, true);
  const ColumnPtr column = KnownValues(type);
  Groups groups(*aggregate);
  for (std::size_t row = 0; row < column->length(); ++row) {
    groups.Add(column, 0, row);
  }
  groups.Add(column, 1, 0);
  EXPECT_EQ(groups.Emit()[0], "4.571429");
  EXPECT_EQ(groups.Emit()[1], "NULL") << "One value is no sample";
}

TEST(SpreadTest, WhatIsTakenBackLeavesNoTrace) {
  const auto aggregate = Bind("STDDEV_POP", DataType::Double(), true);
  const ColumnPtr column = KnownValues(DataType::Double());
  Groups groups(*aggregate);
  for (const std::size_t row : {0, 1, 7}) {
    groups.Add(column, 0, row);
  }
  groups.Add(column, 0, 7, /*retract=*/true);
  EXPECT_EQ(groups.Emit()[0], "1.0");
  groups.Add(column, 0, 1, /*retract=*/true);
  EXPECT_EQ(groups.Emit()[0], "0.0");
  groups.Add(column, 0, 0, /*retract=*/true);
  EXPECT_EQ(groups.Emit()[0], "NULL");
}

INSTANTIATE_TEST_SUITE_P(Functions,
                         AggregateTest,
                         ::testing::Values("COUNT", "SUM", "AVG", "MIN", "MAX"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace thalweg::runtime
