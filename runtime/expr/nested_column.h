// SPDX-License-Identifier: Apache-2.0
//
// Whole columns of lists and rows put together out of others.
#ifndef THALWEG_RUNTIME_EXPR_NESTED_COLUMN_H_
#define THALWEG_RUNTIME_EXPR_NESTED_COLUMN_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "columnar/column.h"

namespace thalweg::runtime {

/// The same values, but NULL where the bitmap `valid` has a 0.
columnar::ColumnPtr WithNulls(const columnar::ColumnPtr& column, const std::uint8_t* valid);

/// No element: NULL.
inline constexpr std::uint32_t kNoRow = 0xFFFFFFFF;

/// Rows `indices` of the column, NULL for kNoRow. `type` is the column's but for nullability.
columnar::ColumnPtr GatherOrNull(const columnar::ColumnPtr& column,
                                 std::span<const std::uint32_t> indices,
                                 const columnar::DataType& type);

/// Lists of an ARRAY or MAP type: list i is elements[offsets[i], offsets[i + 1]), NULL where
/// `valid` has a 0 (null: nowhere). The elements of a MAP are rows of key and value.
columnar::ColumnPtr MakeLists(const columnar::DataType& type,
                              std::span<const std::uint32_t> offsets,
                              columnar::ColumnPtr elements,
                              columnar::BufferPtr valid);

/// Entries of a MAP type out of keys and values.
columnar::ColumnPtr MakeEntries(const columnar::DataType& map_type,
                                const columnar::ColumnPtr& keys,
                                const columnar::ColumnPtr& values);

/// A bitmap of ones.
columnar::MutableBufferPtr AllOnes(std::size_t count);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_NESTED_COLUMN_H_
