// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/value_order.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>

#include "base/hash.h"
#include "columnar/int128.h"
#include "runtime/expr/visit.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnPtr;
using columnar::Physical;

template <class T>
int CompareNumbers(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) {
      return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
    }
  }
  return static_cast<int>(a > b) - static_cast<int>(a < b);
}

int CompareLists(const Column& a, std::size_t i, const Column& b, std::size_t j) {
  const auto a_offsets = a.Offsets();
  const auto b_offsets = b.Offsets();
  const std::size_t a_size = a_offsets[i + 1] - a_offsets[i];
  const std::size_t b_size = b_offsets[j + 1] - b_offsets[j];
  for (std::size_t k = 0; k < std::min(a_size, b_size); ++k) {
    const int order = CompareValues(*a.child(0), a_offsets[i] + k, *b.child(0), b_offsets[j] + k);
    if (order != 0) {
      return order;
    }
  }
  return CompareNumbers(a_size, b_size);
}

/// Whether two maps have the same entries, in any order.
bool EqualMaps(const Column& a, std::size_t i, const Column& b, std::size_t j) {
  const auto a_offsets = a.Offsets();
  const auto b_offsets = b.Offsets();
  if (a_offsets[i + 1] - a_offsets[i] != b_offsets[j + 1] - b_offsets[j]) {
    return false;
  }
  for (std::size_t k = a_offsets[i]; k < a_offsets[i + 1]; ++k) {
    bool found = false;
    for (std::size_t m = b_offsets[j]; m < b_offsets[j + 1] && !found; ++m) {
      found = EqualValues(*a.child(0), k, *b.child(0), m);
    }
    if (!found) {
      return false;
    }
  }
  return true;
}

constexpr std::uint64_t kMixer = 0x9E37'79B9'7F4A'7C15;

std::uint64_t Mix(std::uint64_t hash) {
  hash *= kMixer;
  return hash ^ (hash >> 32);
}

template <class T>
std::uint64_t HashNumber(T value) {
  if constexpr (std::is_same_v<T, columnar::Int128>) {
    const auto wide = static_cast<columnar::UInt128>(value);
    return Mix(static_cast<std::uint64_t>(wide) ^ Mix(static_cast<std::uint64_t>(wide >> 64)));
  } else if constexpr (std::is_floating_point_v<T>) {
    const double number = std::isnan(value) ? NAN : value == 0 ? 0.0 : static_cast<double>(value);
    return Mix(std::bit_cast<std::uint64_t>(number));
  } else {
    return Mix(static_cast<std::uint64_t>(value));
  }
}

}  // namespace

bool EqualValues(const Column& a, std::size_t a_row, const Column& b, std::size_t b_row) {
  if (a.type().kind() == columnar::TypeKind::kMap && !a.IsNull(a_row) && !b.IsNull(b_row)) {
    return EqualMaps(a, a_row * a.stride(), b, b_row * b.stride());
  }
  return CompareValues(a, a_row, b, b_row) == 0;
}

int CompareValues(const Column& a, std::size_t a_row, const Column& b, std::size_t b_row) {
  if (a.IsNull(a_row) || b.IsNull(b_row)) {
    return static_cast<int>(b.IsNull(b_row)) - static_cast<int>(a.IsNull(a_row));
  }
  const std::size_t i = a_row * a.stride();
  const std::size_t j = b_row * b.stride();
  switch (a.physical()) {
    case Physical::kString: {
      const int order = a.StringAt(a_row).compare(b.StringAt(b_row));
      return CompareNumbers(order, 0);
    }
    case Physical::kList:
      return CompareLists(a, i, b, j);
    case Physical::kRow:
      for (std::size_t field = 0; field < a.children().size(); ++field) {
        const int order = CompareValues(*a.child(field), i, *b.child(field), j);
        if (order != 0) {
          return order;
        }
      }
      return 0;
    default:
      return VisitFixed(a.physical(), [&](auto t) {
        using T = decltype(t);
        return CompareNumbers(a.Values<T>()[i], b.Values<T>()[j]);
      });
  }
}

std::uint64_t HashValue(const Column& column, std::size_t row) {
  if (column.IsNull(row)) {
    return kMixer;
  }
  const std::size_t i = row * column.stride();
  switch (column.physical()) {
    case Physical::kString:
      return Hash64(column.StringAt(row));
    case Physical::kList: {
      const auto offsets = column.Offsets();
      const bool ordered = column.type().kind() != columnar::TypeKind::kMap;
      std::uint64_t hash = offsets[i + 1] - offsets[i];
      for (std::size_t k = offsets[i]; k < offsets[i + 1]; ++k) {
        hash = (ordered ? Mix(hash) : hash) + HashValue(*column.child(0), k);
      }
      return hash;
    }
    case Physical::kRow: {
      std::uint64_t hash = 0;
      for (const ColumnPtr& child : column.children()) {
        hash = Mix(hash) + HashValue(*child, i);
      }
      return hash;
    }
    default:
      return VisitFixed(column.physical(),
                        [&](auto t) { return HashNumber(column.Values<decltype(t)>()[i]); });
  }
}

}  // namespace thalweg::runtime
