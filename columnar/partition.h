// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_PARTITION_H_
#define THALWEG_COLUMNAR_PARTITION_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace thalweg::columnar {

/// Row indices grouped by target. Kept by the caller and filled again for each batch.
struct PartitionedRows {
  std::vector<std::uint32_t> offsets;  // target_count + 1 of them.
  std::vector<std::uint32_t> rows;     // Ascending within a target.

  std::span<const std::uint32_t> operator[](std::size_t target) const {
    return {rows.data() + offsets[target], offsets[target + 1] - offsets[target]};
  }
};

/// A stable counting sort: `targets` has one entry per row, each below `target_count`.
void PartitionRows(std::span<const std::uint32_t> targets,
                   std::uint32_t target_count,
                   PartitionedRows* out);

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_PARTITION_H_
