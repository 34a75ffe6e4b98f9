// SPDX-License-Identifier: Apache-2.0
//
// MIN and MAX of append-only input: the best value so far is a nullable field. NaN is greater than
// every other number.
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "runtime/expr/aggregate.h"
#include "runtime/expr/visit.h"
#include "state/row_buffer.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnPtr;
using columnar::DataType;
using columnar::Physical;
using state::StateString;

template <bool maximum, class T>
bool IsBetter(T candidate, T best) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(candidate) || std::isnan(best)) {
      return maximum ? !std::isnan(best) : !std::isnan(candidate);
    }
  }
  return maximum ? candidate > best : candidate < best;
}

class Extreme : public Aggregate {
 public:
  explicit Extreme(const DataType& type) : Aggregate({{"best", type.Nullable()}}) {}

  Status Retract(const Column* /*argument*/, const GroupedRows& /*rows*/) const override {
    return Unimplemented("MIN and MAX cannot retract without counted values");
  }
  StatusOr<ColumnPtr> Emit(std::span<const std::uint8_t* const> rows) const override {
    return state::GatherField(layout(), field(0), rows);
  }
};

template <bool maximum, class T>
class FixedExtreme final : public Extreme {
 public:
  using Extreme::Extreme;

  Status Accumulate(const Column* argument, const GroupedRows& rows) const override {
    const T* values = argument->Values<T>().data();
    const std::size_t stride = argument->stride();
    const state::FieldPlace best = place(0);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Offer(rows.values[i], values[rows.row(i) * stride], best);
    }
    return OkStatus();
  }

  Status Merge(std::span<std::uint8_t* const> into,
               std::span<const std::uint8_t* const> from,
               state::StringSlabs& /*strings*/) const override {
    for (std::size_t i = 0; i < into.size(); ++i) {
      if (state::IsValid(from[i], place(0))) {
        Offer(into[i], state::LoadField<T>(from[i], place(0)), place(0));
      }
    }
    return OkStatus();
  }

 private:
  static void Offer(std::uint8_t* row, T value, const state::FieldPlace& best) {
    if (!state::IsValid(row, best) || IsBetter<maximum>(value, state::LoadField<T>(row, best))) {
      state::StoreField(row, best, value);
      state::SetValid(row, best, true);
    }
  }
};

template <bool maximum>
class StringExtreme final : public Extreme {
 public:
  using Extreme::Extreme;

  Status Accumulate(const Column* argument, const GroupedRows& rows) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Offer(rows.values[i], argument->StringAt(rows.row(i)), *rows.strings);
    }
    return OkStatus();
  }

  Status Merge(std::span<std::uint8_t* const> into,
               std::span<const std::uint8_t* const> from,
               state::StringSlabs& strings) const override {
    for (std::size_t i = 0; i < into.size(); ++i) {
      if (state::IsValid(from[i], place(0))) {
        Offer(into[i], state::StringField(from[i], place(0)).view(), strings);
      }
    }
    return OkStatus();
  }

 private:
  void Offer(std::uint8_t* row, std::string_view text, state::StringSlabs& strings) const {
    StateString& best = state::StringField(row, place(0));
    if (!state::IsValid(row, place(0)) || IsBetter<maximum>(text, best.view())) {
      strings.Assign(best, text);
      state::SetValid(row, place(0), true);
    }
  }
};

template <bool maximum>
std::unique_ptr<Aggregate> Bind(const AggregateShape& shape) {
  if (shape.retracts) {
    return nullptr;
  }
  const DataType& type = shape.arguments[0];
  if (type.physical() == Physical::kString) {
    return std::make_unique<StringExtreme<maximum>>(type);
  }
  return VisitFixed(type.physical(), [&](auto t) -> std::unique_ptr<Aggregate> {
    return std::make_unique<FixedExtreme<maximum, decltype(t)>>(type);
  });
}

}  // namespace

std::unique_ptr<Aggregate> BindMinimum(const AggregateShape& shape) {
  return Bind<false>(shape);
}
std::unique_ptr<Aggregate> BindMaximum(const AggregateShape& shape) {
  return Bind<true>(shape);
}

}  // namespace thalweg::runtime
