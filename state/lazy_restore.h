// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_LAZY_RESTORE_H_
#define THALWEG_STATE_LAZY_RESTORE_H_

#include <vector>

#include "base/status.h"
#include "proto/checkpoint.pb.h"
#include "state/restore.h"
#include "state/spill_manager.h"
#include "state/table_set.h"

namespace thalweg::state {

/// Puts the runs into the spill instead of into memory, so that a large state is there at once and
/// its rows come when they are missed. Run files are linked; runs of which only a part counts are
/// first merged into one. Timers are loaded: they are always in memory.
///
/// `runs` are what counts, oldest first; they become the merged run if there was a merge. Every
/// table's rows are as ours. Blocks.
Status RestoreLazily(const RestoreTarget& target,
                     bool needs_merge,
                     const std::vector<TableMatch>& matches,
                     TableSet& tables,
                     SpillManager& spill,
                     std::vector<proto::RunRef>* runs);

}  // namespace thalweg::state

#endif  // THALWEG_STATE_LAZY_RESTORE_H_
