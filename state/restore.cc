// SPDX-License-Identifier: Apache-2.0
#include "state/restore.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/mutation.h"
#include "state/lazy_restore.h"
#include "state/row_loader.h"
#include "state/run_cursor.h"

namespace thalweg::state {
namespace {

KeyGroupRange Intersect(KeyGroupRange a, KeyGroupRange b) {
  const std::uint32_t begin = std::max(a.begin, b.begin);
  return {begin, std::max(begin, std::min(a.end, b.end))};
}

// An old task, the share of it that falls to us, and its tables.
struct OldTask {
  const proto::TaskSnapshot* snapshot;
  KeyGroupRange share;
  std::vector<TableMatch> matches;
};

StatusOr<std::vector<OldTask>> Overlapping(std::span<const proto::TaskSnapshot* const> old_tasks,
                                           const RestoreTarget& target,
                                           TableSet& tables) {
  std::vector<OldTask> overlapping;
  for (const proto::TaskSnapshot* snapshot : old_tasks) {
    const KeyGroupRange owned{snapshot->first_key_group(), snapshot->end_key_group()};
    OldTask old{snapshot, Intersect(owned, target.range), {}};
    if (old.share.size() == 0) {
      continue;
    }
    for (const proto::TableSchema& schema : snapshot->tables()) {
      ASSIGN_OR_RETURN(TableMatch match, tables.Match(schema));
      old.matches.push_back(std::move(match));
    }
    overlapping.push_back(std::move(old));
  }
  // Key groups in order, so that the same state comes out whatever the order of the tasks was.
  std::sort(overlapping.begin(), overlapping.end(), [](const OldTask& a, const OldTask& b) {
    return a.share.begin < b.share.begin;
  });
  return overlapping;
}

// Our tables take the numbers that they have in the old runs, so that later snapshots can go on
// naming those. False: they cannot.
bool TakeNumbers(const std::vector<OldTask>& old_tasks, TableSet& tables) {
  bool fit = true;
  std::uint32_t next = 1;
  std::vector<const DeclaredTable*> numbered;
  for (const OldTask& old : old_tasks) {
    for (const TableMatch& match : old.matches) {
      next = std::max(next, match.schema->table() + 1);
      if (match.table == nullptr) {
        continue;
      }
      fit = fit && match.identical;
      if (std::find(numbered.begin(), numbered.end(), match.table) == numbered.end()) {
        TableSet::SetNumber(*match.table, match.schema->table());
        numbered.push_back(match.table);
      }
      fit = fit && match.table->number == match.schema->table();
    }
  }
  for (const std::unique_ptr<DeclaredTable>& table : tables.tables()) {
    if (std::find(numbered.begin(), numbered.end(), table.get()) == numbered.end()) {
      TableSet::SetNumber(*table, next++);
    }
  }
  return fit;
}

// A slice that one old task had dropped and another still has would bring the dropped rows back to
// life, were it listed beside the old runs of both.
bool SlicesDiffer(const std::vector<OldTask>& old_tasks) {
  for (const OldTask& old : old_tasks) {
    for (const TableMatch& match : old.matches) {
      if (match.table == nullptr || match.table->sliced == nullptr ||
          !match.schema->has_dropped_through()) {
        continue;
      }
      const auto& own = match.schema->live_slices();
      for (const std::int64_t slice : match.table->sliced->Slices()) {
        if (slice <= match.schema->dropped_through() &&
            std::find(own.begin(), own.end(), slice) == own.end()) {
          return true;
        }
      }
    }
  }
  return false;
}

// Tasks that had dropped different slices may still come to hold rows of a slice that only some of
// them have dropped.
bool DropsDiffer(const std::vector<OldTask>& old_tasks) {
  std::map<const DeclaredTable*, std::optional<std::int64_t>> dropped;
  for (const OldTask& old : old_tasks) {
    for (const TableMatch& match : old.matches) {
      if (match.table == nullptr || match.table->sliced == nullptr) {
        continue;
      }
      const std::optional<std::int64_t> through =
          match.schema->has_dropped_through() ? std::optional(match.schema->dropped_through())
                                              : std::nullopt;
      if (dropped.try_emplace(match.table, through).first->second != through) {
        return true;
      }
    }
  }
  return false;
}

// Do the runs, taken as they are and oldest first, hold what counts? Not when a part of one is
// older than another's part of the same run, as after a rescale.
bool NeedsMerge(const std::vector<OldTask>& old_tasks) {
  if (old_tasks.size() != 1) {
    return true;
  }
  const proto::TaskSnapshot& old = *old_tasks[0].snapshot;
  return std::any_of(old.runs().begin(), old.runs().end(), [&](const proto::RunRef& run) {
    return run.first_key_group() != old.first_key_group() ||
           run.last_key_group() + 1 != old.end_key_group();
  });
}

Status LoadTask(const OldTask& old, const RestoreTarget& target) {
  std::vector<proto::RunRef> runs(old.snapshot->runs().begin(), old.snapshot->runs().end());
  if (Mutated(Mutation::kRunOrderReversed)) {
    std::reverse(runs.begin(), runs.end());
  }
  ASSIGN_OR_RETURN(std::vector<std::unique_ptr<RunCursor>> cursors,
                   OpenRuns(*target.store, runs, old.share));
  const std::unique_ptr<RunCursor> rows = MergeRuns(std::move(cursors));
  RowLoader loader(old.matches, target.range, target.key_group_count);
  for (Status moved = rows->Seek("");; moved = rows->Next()) {
    RETURN_IF_ERROR(moved);
    if (!rows->valid()) {
      return OkStatus();
    }
    RETURN_IF_ERROR(loader.Load(rows->key(), rows->value()));
  }
}

}  // namespace

StatusOr<std::vector<std::unique_ptr<RunCursor>>> OpenRuns(storage::Store& store,
                                                           std::span<const proto::RunRef> runs,
                                                           KeyGroupRange range) {
  std::vector<std::unique_ptr<RunCursor>> cursors;
  for (const proto::RunRef& run : runs) {
    const KeyGroupRange share = Intersect(range, {run.first_key_group(), run.last_key_group() + 1});
    if (share.size() == 0) {
      continue;
    }
    ASSIGN_OR_RETURN(std::unique_ptr<RunCursor> cursor, OpenRun(store, run));
    cursors.push_back(ClipRun(std::move(cursor), share.begin, share.end));
  }
  return cursors;
}

StatusOr<RestoredRuns> RestoreTables(std::span<const proto::TaskSnapshot* const> old_tasks,
                                     const RestoreTarget& target,
                                     TableSet& tables) {
  ASSIGN_OR_RETURN(const std::vector<OldTask> overlapping, Overlapping(old_tasks, target, tables));
  RestoredRuns restored;
  restored.needs_base = !TakeNumbers(overlapping, tables);
  for (const OldTask& old : overlapping) {
    for (const TableMatch& match : old.matches) {
      if (match.table != nullptr && match.table->sliced != nullptr) {
        match.table->sliced->Restore(*match.schema, old.share);
      }
    }
  }
  restored.needs_base = restored.needs_base || SlicesDiffer(overlapping);
  std::uint64_t bytes = 0;
  for (const OldTask& old : overlapping) {
    for (proto::RunRef run : old.snapshot->runs()) {
      const KeyGroupRange share =
          Intersect(old.share, {run.first_key_group(), run.last_key_group() + 1});
      if (share.size() > 0) {
        run.set_first_key_group(share.begin);
        run.set_last_key_group(share.end - 1);
        bytes += run.size();
        restored.runs.push_back(std::move(run));
      }
    }
  }
  if (target.spill != nullptr && bytes > target.eager_max && !restored.needs_base) {
    RETURN_IF_ERROR(RestoreLazily(target,
                                  NeedsMerge(overlapping),
                                  overlapping[0].matches,
                                  tables,
                                  *target.spill,
                                  &restored.runs));
    return restored;
  }
  restored.needs_base = restored.needs_base || DropsDiffer(overlapping);
  for (const OldTask& old : overlapping) {
    RETURN_IF_ERROR(LoadTask(old, target));
  }
  if (restored.needs_base) {
    restored.runs.clear();
  }
  return restored;
}

}  // namespace thalweg::state
