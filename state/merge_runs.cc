// SPDX-License-Identifier: Apache-2.0
#include "state/merge_runs.h"

#include <memory>
#include <utility>
#include <vector>

#include "state/restore.h"
#include "state/run_builder.h"
#include "state/run_cursor.h"
#include "state/run_format.h"

namespace thalweg::state {
namespace {

StatusOr<bool> IsKept(const RunCursor& row, const MergeFilter& filter) {
  if (row.value().empty() && !filter.keep_tombstones) {
    return false;
  }
  RunKey key;
  if (!ReadRunKeyHead(row.key(), &key)) {
    return DataLoss("A row of a state run has a key that is too short.");
  }
  const auto table = filter.tables.find(key.table);
  if (table == filter.tables.end()) {
    return false;
  }
  if (!table->second) {
    return true;
  }
  if (!ReadRunKey(row.key(), /*sliced=*/true, &key)) {
    return DataLoss("A row of a state run has a key without a slice in a table of slices.");
  }
  return table->second->contains(key.slice);
}

}  // namespace

StatusOr<std::optional<proto::RunRef>> MergeIntoOne(std::span<const proto::RunRef> runs,
                                                    const MergeFilter& filter,
                                                    const RunTarget& target) {
  ASSIGN_OR_RETURN(std::vector<std::unique_ptr<RunCursor>> cursors,
                   OpenRuns(*target.store, runs, target.range));
  const std::unique_ptr<RunCursor> rows = MergeRuns(std::move(cursors));
  RunBuilder builder(*target.store, target.file, target.inline_max);
  bool any = false;
  for (Status moved = rows->Seek("");; moved = rows->Next()) {
    RETURN_IF_ERROR(moved);
    if (!rows->valid()) {
      break;
    }
    ASSIGN_OR_RETURN(const bool kept, IsKept(*rows, filter));
    if (kept) {
      RETURN_IF_ERROR(builder.Add(rows->key(), rows->value()));
      any = true;
    }
  }
  if (!any) {
    return std::optional<proto::RunRef>();
  }
  ASSIGN_OR_RETURN(proto::RunRef merged, builder.Finish(target.range));
  return std::optional(std::move(merged));
}

}  // namespace thalweg::state
