// SPDX-License-Identifier: Apache-2.0
#include "columnar/partition.h"

#include "base/check.h"

namespace thalweg::columnar {

void PartitionRows(std::span<const std::uint32_t> targets,
                   std::uint32_t target_count,
                   PartitionedRows* out) {
  // One place more than offsets are needed, so that offsets[t + 1] can serve as the cursor of
  // target t: it starts at the target's begin and ends at its end.
  out->offsets.assign(target_count + 2, 0);
  out->rows.resize(targets.size());
  for (const std::uint32_t target : targets) {
    DCHECK_LT(target, target_count);
    ++out->offsets[target + 2];
  }
  for (std::uint32_t target = 2; target < target_count + 2; ++target) {
    out->offsets[target] += out->offsets[target - 1];
  }
  for (std::size_t row = 0; row < targets.size(); ++row) {
    out->rows[out->offsets[targets[row] + 1]++] = static_cast<std::uint32_t>(row);
  }
  out->offsets.pop_back();
}

}  // namespace thalweg::columnar
