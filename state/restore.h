// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_RESTORE_H_
#define THALWEG_STATE_RESTORE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "proto/checkpoint.pb.h"
#include "state/run_cursor.h"
#include "state/table_set.h"
#include "storage/store.h"

namespace thalweg::state {

class SpillManager;

/// What a restore has to go by.
struct RestoreTarget {
  storage::DirectoryStore* store = nullptr;
  KeyGroupRange range;
  std::uint32_t key_group_count = 0;
  // For states that are restored through the spill.
  SpillManager* spill = nullptr;  // Null: into memory whatever the size.
  std::uint64_t eager_max = 0;    // Up to this many bytes of runs go into memory.
  std::string merged_file;        // The store's key for a merged run.
  std::size_t inline_run_max = 0;
};

/// How the task goes on after a restore.
struct RestoredRuns {
  std::vector<proto::RunRef> runs;  // What later snapshots begin with.
  bool needs_base = false;          // The old runs do not fit: the next snapshot holds everything.
};

/// The part of an old task's runs that falls into `range`, each as a cursor, oldest first.
StatusOr<std::vector<std::unique_ptr<RunCursor>>> OpenRuns(storage::Store& store,
                                                           std::span<const proto::RunRef> runs,
                                                           KeyGroupRange range);

/// Gives the tables their numbers and fills them with what the old tasks held in the range. The one
/// reader for restore, rescale and savepoint. Blocks. Errors are those of TaskState::Restore().
StatusOr<RestoredRuns> RestoreTables(std::span<const proto::TaskSnapshot* const> old_tasks,
                                     const RestoreTarget& target,
                                     TableSet& tables);

}  // namespace thalweg::state

#endif  // THALWEG_STATE_RESTORE_H_
