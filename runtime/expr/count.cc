// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "runtime/expr/aggregate.h"
#include "state/row_buffer.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnPtr;
using columnar::DataType;

class CountAggregate final : public Aggregate {
 public:
  CountAggregate() : Aggregate({{"count", DataType::BigInt().NotNull()}}) {}

  Status Accumulate(const Column* /*argument*/, const GroupedRows& rows) const override {
    return Add(rows, 1);
  }
  Status Retract(const Column* /*argument*/, const GroupedRows& rows) const override {
    return Add(rows, -1);
  }
  Status Merge(std::span<std::uint8_t* const> into,
               std::span<const std::uint8_t* const> from,
               state::StringSlabs& /*strings*/) const override {
    const std::size_t offset = place(0).offset;
    for (std::size_t i = 0; i < into.size(); ++i) {
      StoreFixed(
          into[i] + offset,
          LoadFixed<std::int64_t>(into[i] + offset) + LoadFixed<std::int64_t>(from[i] + offset));
    }
    return OkStatus();
  }
  StatusOr<ColumnPtr> Emit(std::span<const std::uint8_t* const> rows) const override {
    return state::GatherField(layout(), field(0), rows);
  }

 private:
  Status Add(const GroupedRows& rows, std::int64_t step) const {
    const std::size_t offset = place(0).offset;
    for (std::uint8_t* value : rows.values) {
      StoreFixed(value + offset, LoadFixed<std::int64_t>(value + offset) + step);
    }
    return OkStatus();
  }
};

}  // namespace

std::unique_ptr<Aggregate> BindCount(const AggregateShape& /*shape*/) {
  return std::make_unique<CountAggregate>();
}

}  // namespace thalweg::runtime
