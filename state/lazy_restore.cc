// SPDX-License-Identifier: Apache-2.0
#include "state/lazy_restore.h"

#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "state/merge_runs.h"
#include "state/row_loader.h"
#include "state/run_cursor.h"
#include "state/run_format.h"

namespace thalweg::state {
namespace {

constexpr std::size_t kWriteRows = 1024;

Status WriteRows(RunCursor& rows, SpillStore& store) {
  std::vector<SpillWrite> writes;
  for (Status moved = rows.Seek("");; moved = rows.Next()) {
    RETURN_IF_ERROR(moved);
    if (rows.valid()) {
      SpillWrite& write = writes.emplace_back();
      write.key = rows.key();
      if (!rows.value().empty()) {
        write.value = rows.value();
      }
    }
    if (writes.size() == kWriteRows || !rows.valid()) {
      RETURN_IF_ERROR(store.Write(writes));
      writes.clear();
    }
    if (!rows.valid()) {
      return OkStatus();
    }
  }
}

Status TakeIn(const proto::RunRef& run, const RestoreTarget& target, SpillStore& store) {
  // Opening checks the run; the spill would only say that some file is wrong.
  ASSIGN_OR_RETURN(const std::unique_ptr<RunCursor> rows, OpenRun(*target.store, run));
  const std::optional<std::filesystem::path> path =
      run.file().empty() ? std::nullopt : target.store->LocalPath(run.file());
  if (path) {
    const Status ingested = store.Ingest(*path);
    if (ingested.code() != StatusCode::kUnimplemented) {
      return ingested;
    }
  }
  return WriteRows(*rows, store);
}

MergeFilter FilterOf(TableSet& tables) {
  MergeFilter filter;
  filter.keep_tombstones = false;
  for (const std::unique_ptr<DeclaredTable>& table : tables.tables()) {
    auto& slices = filter.tables[table->number];
    if (table->sliced != nullptr) {
      const std::vector<std::int64_t> live = table->sliced->Slices();
      slices.emplace(live.begin(), live.end());
    }
  }
  return filter;
}

Status LoadTimers(const RestoreTarget& target,
                  const std::vector<TableMatch>& matches,
                  std::span<const proto::RunRef> runs) {
  ASSIGN_OR_RETURN(std::vector<std::unique_ptr<RunCursor>> cursors,
                   OpenRuns(*target.store, runs, target.range));
  const std::unique_ptr<RunCursor> rows = MergeRuns(std::move(cursors));
  RowLoader loader(matches, target.range, target.key_group_count);
  for (const TableMatch& match : matches) {
    if (match.table == nullptr || match.table->timers == nullptr) {
      continue;
    }
    for (std::uint32_t group = target.range.begin; group < target.range.end; ++group) {
      const std::string prefix = RunKeyPrefix(group, match.table->timers->identity());
      RETURN_IF_ERROR(rows->Seek(prefix));
      while (rows->valid() && rows->key().starts_with(prefix)) {
        RETURN_IF_ERROR(loader.Load(rows->key(), rows->value()));
        RETURN_IF_ERROR(rows->Next());
      }
    }
  }
  return OkStatus();
}

}  // namespace

Status RestoreLazily(const RestoreTarget& target,
                     bool needs_merge,
                     const std::vector<TableMatch>& matches,
                     TableSet& tables,
                     SpillManager& spill,
                     std::vector<proto::RunRef>* runs) {
  if (needs_merge) {
    const RunTarget merged_target{target.store,
                                  target.merged_file,
                                  target.inline_run_max,
                                  target.range,
                                  target.key_group_count};
    ASSIGN_OR_RETURN(std::optional<proto::RunRef> merged,
                     MergeIntoOne(*runs, FilterOf(tables), merged_target));
    tables.ForgetDroppedSlices();  // The filter has left their rows out.
    runs->clear();
    if (merged) {
      runs->push_back(*std::move(merged));
    }
  }
  ASSIGN_OR_RETURN(SpillStore* const store, spill.OpenNow());
  for (const proto::RunRef& run : *runs) {
    RETURN_IF_ERROR(TakeIn(run, target, *store));
  }
  spill.set_any_spilled();
  tables.ForEachRows([&](KeyedRows& rows) {
    for (std::uint32_t g = target.range.begin; !rows.shape().is_timer && g < target.range.end;
         ++g) {
      rows.SetMaySpill(KeyGroup(g));
    }
  });
  return LoadTimers(target, matches, *runs);
}

}  // namespace thalweg::state
