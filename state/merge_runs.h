// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_MERGE_RUNS_H_
#define THALWEG_STATE_MERGE_RUNS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "base/status.h"
#include "proto/checkpoint.pb.h"
#include "state/snapshot_writer.h"

namespace thalweg::state {

/// Which rows a merge keeps.
struct MergeFilter {
  bool keep_tombstones = true;
  /// Declared tables by number; rows of others go. For sliced tables, the slices whose rows are
  /// kept.
  std::map<std::uint32_t, std::optional<std::set<std::int64_t>>> tables;
};

/// Writes one run in place of several, oldest first; of equal keys the newest stays. Nothing when
/// no row is left. Blocks; runs on a helper thread.
StatusOr<std::optional<proto::RunRef>> MergeIntoOne(std::span<const proto::RunRef> runs,
                                                    const MergeFilter& filter,
                                                    const RunTarget& target);

}  // namespace thalweg::state

#endif  // THALWEG_STATE_MERGE_RUNS_H_
