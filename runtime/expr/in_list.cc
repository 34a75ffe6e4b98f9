// SPDX-License-Identifier: Apache-2.0
//
// IN with a list. Short lists of constants are compared one after the other, each in a loop over
// the whole column; longer ones are a hash set.
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "base/hash.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/type_rules.h"
#include "runtime/expr/value_order.h"
#include "runtime/expr/visit.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnPtr;
using columnar::DataType;
using columnar::Physical;
using columnar::StringRef;

constexpr std::size_t kShortList = 8;

StatusOr<CallTypes> InTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  const auto common = CommonType(arguments);
  if (!common.has_value()) {
    return InvalidArgument("the values have no common type");
  }
  CallTypes types{{}, DataType::Boolean().WithNullable(common->nullable())};
  for (const DataType& argument : arguments) {
    types.arguments.push_back(common->WithNullable(argument.nullable()));
  }
  return types;
}

/// NULL where nothing matched and the value or one of the list is NULL.
void SetUnknowns(KernelFrame& frame, bool list_has_null) {
  const Column& value = frame.argument(0);
  if (!list_has_null && !value.MayHaveNulls()) {
    return;
  }
  auto* out = frame.Out<std::uint8_t>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    if (value.IsNull(row) || (list_has_null && out[row] == 0)) {
      out[row] = 0;
      frame.SetNull(row);
    }
  }
}

struct ItemHash {
  template <class T>
  std::size_t operator()(T value) const {
    if constexpr (sizeof(T) == 16) {
      return absl::HashOf(static_cast<std::uint64_t>(value),
                          static_cast<std::int64_t>(value >> 64));
    } else {
      return absl::HashOf(value);
    }
  }
};

template <class T>
struct FixedItems {
  std::vector<T> few;
  absl::flat_hash_set<T, ItemHash> many;
};

template <class T>
Kernel BindFixed(const std::vector<ColumnPtr>& items, bool has_null) {
  auto set = std::make_shared<FixedItems<T>>();
  for (const ColumnPtr& item : items) {
    const T value = item->Values<T>()[0];
    if (value == value) {  // NaN equals nothing.
      if (items.size() <= kShortList) {
        set->few.push_back(value);
      } else {
        set->many.insert(value);
      }
    }
  }
  return [set, has_null](KernelFrame& frame) {
    const T* values = frame.argument(0).Values<T>().data();
    auto* out = frame.Out<std::uint8_t>();
    const std::size_t count = frame.row_count();
    if (!set->many.empty()) {
      for (std::size_t row = 0; row < count; ++row) {
        out[row] = set->many.contains(values[row]);
      }
    } else {
      std::fill_n(out, count, std::uint8_t{0});
      for (const T item : set->few) {
        for (std::size_t row = 0; row < count; ++row) {
          out[row] = static_cast<std::uint8_t>(out[row] | (values[row] == item));
        }
      }
    }
    SetUnknowns(frame, has_null);
    return OkStatus();
  };
}

Kernel BindStrings(const std::vector<ColumnPtr>& items, bool has_null) {
  if (items.size() <= kShortList) {
    return [items, has_null](KernelFrame& frame) {
      const Column& value = frame.argument(0);
      const StringRef* values = value.Values<StringRef>().data();
      auto* out = frame.Out<std::uint8_t>();
      std::fill_n(out, frame.row_count(), std::uint8_t{0});
      for (const ColumnPtr& item : items) {
        const StringRef& wanted = item->Values<StringRef>()[0];
        for (std::size_t row = 0; row < frame.row_count(); ++row) {
          out[row] = static_cast<std::uint8_t>(
              out[row] |
              columnar::Equal(values[row], value.heaps().get(), wanted, item->heaps().get()));
        }
      }
      SetUnknowns(frame, has_null);
      return OkStatus();
    };
  }
  using Set = absl::flat_hash_set<std::string, StringHash, std::equal_to<>>;
  auto set = std::make_shared<Set>();
  for (const ColumnPtr& item : items) {
    set->emplace(item->StringAt(0));
  }
  return [set, has_null](KernelFrame& frame) {
    auto* out = frame.Out<std::uint8_t>();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      out[row] = set->contains(frame.argument(0).StringAt(row));
    }
    SetUnknowns(frame, has_null);
    return OkStatus();
  };
}

bool IsNaN(const Column& column, std::size_t row) {
  const std::size_t at = row * column.stride();
  switch (column.physical()) {
    case Physical::kFloat:
      return std::isnan(column.Values<float>()[at]);
    case Physical::kDouble:
      return std::isnan(column.Values<double>()[at]);
    default:
      return false;
  }
}

/// Lists that are not constant, and nested values.
Status RunGeneral(KernelFrame& frame) {
  const Column& value = frame.argument(0);
  auto* out = frame.Out<std::uint8_t>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    bool found = false;
    bool unknown = value.IsNull(row);
    for (std::size_t i = 1; i < frame.argument_count() && !found && !value.IsNull(row); ++i) {
      const bool item_null = frame.argument(i).IsNull(row);
      unknown |= item_null;
      found = !item_null && !IsNaN(value, row) && EqualValues(value, row, frame.argument(i), row);
    }
    out[row] = found;
    if (!found && unknown) {
      frame.SetNull(row);
    }
  }
  return OkStatus();
}

StatusOr<Kernel> BindIn(const BindInput& input) {
  std::vector<ColumnPtr> items;
  bool has_null = false;
  for (std::size_t i = 1; i < input.constants.size(); ++i) {
    const ColumnPtr& item = input.constants[i];
    if (item == nullptr) {
      return Kernel(RunGeneral);
    }
    if (item->IsNull(0)) {
      has_null = true;
    } else {
      items.push_back(item);
    }
  }
  const Physical physical = input.types.arguments[0].physical();
  if (physical == Physical::kString) {
    return BindStrings(items, has_null);
  }
  if (physical == Physical::kRow || physical == Physical::kList) {
    return Kernel(RunGeneral);
  }
  return VisitFixed(physical, [&](auto t) { return BindFixed<decltype(t)>(items, has_null); });
}

}  // namespace

std::span<const ScalarFunction> InFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"IN",
       "value IN (value, ...)",
       "Whether the value is one of the list; NULL when it is not, but something is NULL.",
       2,
       kAnyNumber,
       NullRule::kOwn,
       Evaluation::kStrict,
       InTypes,
       BindIn},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
