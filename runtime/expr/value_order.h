// SPDX-License-Identifier: Apache-2.0
//
// Equality, order and hash of single values of any type, nested ones too, for functions that cannot
// work a column at a time: elements of arrays, keys of maps.
#ifndef THALWEG_RUNTIME_EXPR_VALUE_ORDER_H_
#define THALWEG_RUNTIME_EXPR_VALUE_ORDER_H_

#include <cstddef>
#include <cstdint>

#include "columnar/column.h"

namespace thalweg::runtime {

/// Rows of two columns of one type. NULL equals NULL, -0.0 equals 0.0, NaN equals NaN.
bool EqualValues(const columnar::Column& a,
                 std::size_t a_row,
                 const columnar::Column& b,
                 std::size_t b_row);

/// < 0, 0 or > 0. NULL comes before everything, NaN behind all numbers; ROW and ARRAY field by
/// field. A MAP is ordered by its entries, which is an order, but no meaningful one.
int CompareValues(const columnar::Column& a,
                  std::size_t a_row,
                  const columnar::Column& b,
                  std::size_t b_row);

/// Equal values have equal hashes.
std::uint64_t HashValue(const columnar::Column& column, std::size_t row);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_VALUE_ORDER_H_
