// SPDX-License-Identifier: Apache-2.0
#include "state/task_state.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "base/mutation.h"
#include "state/memory_budget.h"
#include "state/merge_runs.h"
#include "state/restore.h"
#include "state/run_chain.h"
#include "state/snapshot_writer.h"
#include "state/spill_manager.h"
#include "state/table_set.h"

namespace thalweg::state {
namespace {

// Rows copied per Advance() while a large freeze is under way: about half a millisecond.
constexpr std::size_t kCopyRows = 8192;
// Rows looked at per Advance() and set of rows, to find expired ones.
constexpr std::size_t kSweepRows = 256;
// Deleted rows are taken out of the spill when there are this many, or before the next read.
constexpr std::size_t kForgottenRows = 1024;

using Done = UniqueFunction<void(StatusOr<proto::TaskSnapshot>)>;
using Parts = std::vector<std::unique_ptr<FrozenPart>>;

}  // namespace

class TaskState::Impl {
 public:
  explicit Impl(TaskStateOptions options) : options_(std::move(options)) {
    CHECK(options_.store != nullptr && options_.executor != nullptr && options_.mailbox != nullptr);
    CHECK_GT(options_.key_group_count, 0U);
    context_.range = options_.range;
    context_.key_group_count = options_.key_group_count;
    if (options_.spill != nullptr && options_.budget != nullptr) {
      SpillManager::Options spill;
      spill.factory = options_.spill;
      spill.name = fmt::format("task-{}", options_.task.value());
      spill.executor = options_.executor;
      spill.mailbox = options_.mailbox;
      spill.wake = std::move(options_.wake);
      spill_ = std::make_unique<SpillManager>(std::move(spill), context_, tables_);
      context_.spill = spill_.get();
    }
  }
  ~Impl() {
    if (options_.budget != nullptr) {
      options_.budget->Add(-accounted_);
    }
  }

  DeclaredTable& Add(const TableSpec& spec) {
    DeclaredTable& table = tables_.Add(spec);
    return table;
  }
  void Number(DeclaredTable& table) {
    TableSet::SetNumber(table, static_cast<std::uint32_t>(tables_.tables().size()));
  }

  Status Restore(std::span<const proto::TaskSnapshot* const> old_tasks) {
    for (const proto::TaskSnapshot* old : old_tasks) {
      RETURN_IF_ERROR(operator_state_.Restore(*old, options_.range, options_.key_group_count));
    }
    ASSIGN_OR_RETURN(RestoredRuns restored,
                     RestoreTables(old_tasks,
                                   {options_.store,
                                    options_.range,
                                    options_.key_group_count,
                                    spill_.get(),
                                    options_.eager_restore_max,
                                    NextFile(),
                                    options_.inline_run_max},
                                   tables_));
    needs_base_ = restored.needs_base;
    chain_.Restore(std::move(restored.runs));
    return OkStatus();
  }

  void Freeze(CheckpointId checkpoint, Done done) {
    if (context_.copying) {
      CopySome(std::numeric_limits<std::size_t>::max());
    }
    const bool is_base = NeedsBase();
    if (is_base && spill_ != nullptr && spill_->any_spilled()) {
      status_ = Unimplemented(
          "The state must be written anew as a whole, and a part of it is spilled: not supported. "
          "Restart the job from its last checkpoint, with a larger memory budget.");
      options_.mailbox->Post(
          [done = std::move(done), status = status_]() mutable { done(status); });
      return;
    }
    if (is_base) {
      needs_base_ = false;
      tables_.ForgetDroppedSlices();
      base_epoch_ = context_.epoch;
      tables_.ForEachRows([](KeyedRows& rows) { rows.MarkAllDirty(); });
    }
    CHECK_LT(context_.epoch, meta::kEpochMax);
    const std::uint32_t epoch = context_.epoch++;
    chain_.OnFrozen(checkpoint, epoch, is_base);
    std::size_t dirty_count = 0;
    tables_.ForEachRows([&](KeyedRows& rows) {
      dirty_count += rows.dirty_count();
      rows.BeginFreeze();
    });
    context_.copying = true;
    Write& write = copying_.emplace();
    write.checkpoint = checkpoint;
    write.epoch = epoch;
    write.done = std::move(done);
    write.snapshot.set_task(options_.task.value());
    write.snapshot.set_first_key_group(options_.range.begin);
    write.snapshot.set_end_key_group(options_.range.end);
    tables_.Describe(&write.snapshot);
    operator_state_.AppendTo(write.snapshot);
    if (dirty_count <= options_.copy_at_once_rows && !Mutated(Mutation::kFreezeDoesNotCopy)) {
      CopySome(std::numeric_limits<std::size_t>::max());
    }
  }

  void OnDurable(CheckpointId checkpoint) {
    const std::optional<std::uint32_t> epoch = chain_.OnDurable(checkpoint);
    if (!epoch) {
      return;
    }
    context_.durable_epoch = *epoch;
    tables_.ForEachRows([](KeyedRows& rows) { rows.OnDurable(); });
    StartMerge();
  }

  void OnAborted(CheckpointId checkpoint) {
    const RunChain::Dropped dropped = chain_.OnAborted(checkpoint);
    needs_base_ = needs_base_ || dropped.lost_base;
    for (const std::uint32_t epoch : dropped.epochs) {
      if (context_.copying && copying_->epoch == epoch) {
        context_.copying = false;
        tables_.ForEachRows([](KeyedRows& rows) { rows.CancelCopy(); });
        Answer(*std::exchange(copying_, std::nullopt),
               Aborted("The checkpoint was aborted while its rows were being copied."));
      }
      tables_.ForEachRows([&](KeyedRows& rows) { rows.OnDropped(epoch); });
    }
  }

  bool Advance(WallTime now, bool slots_held) {
    context_.now_seconds = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
    if (context_.copying) {
      CopySome(kCopyRows);
    }
    if (!slots_held) {
      tables_.ForEachRows([](KeyedRows& rows) {
        rows.ReleaseUnheld();
        rows.Sweep(kSweepRows);
      });
      for (const std::unique_ptr<DeclaredTable>& table : tables_.tables()) {
        if (table->sliced != nullptr) {
          table->sliced->ReleaseDropped();
        }
      }
    }
    Account();
    if (spill_ != nullptr) {
      AdvanceSpill(slots_held);
    }
    return context_.copying;
  }

  Status status() const { return status_; }
  const TaskStateOptions& options() const { return options_; }
  OperatorState& operator_state() { return operator_state_; }
  TableContext& context() { return context_; }

 private:
  // A checkpoint between its freeze and its answer.
  struct Write {
    CheckpointId checkpoint;
    std::uint32_t epoch = 0;
    Done done;
    proto::TaskSnapshot snapshot;  // Without runs.
    Parts parts;
  };

  bool NeedsBase() const {
    return needs_base_ || std::ranges::any_of(tables_.tables(), [](const auto& table) {
             return table->sliced != nullptr && table->sliced->needs_base();
           });
  }

  // Copies frozen rows; when all are copied the write can begin.
  void CopySome(std::size_t limit) {
    std::size_t left = limit;
    bool any_left = false;
    tables_.ForEachRows([&](KeyedRows& rows) {
      while (left > 0 && rows.has_frozen_left()) {
        left -= std::min(left, rows.CopyFrozen(left));
      }
      any_left = any_left || rows.has_frozen_left();
    });
    if (any_left) {
      return;
    }
    context_.copying = false;
    Write write = *std::exchange(copying_, std::nullopt);
    tables_.ForEachRows([&](KeyedRows& rows) {
      if (std::unique_ptr<FrozenPart> part = rows.TakeFrozen(); part != nullptr) {
        write.parts.push_back(std::move(part));
      }
    });
    writes_.push_back(std::move(write));
    StartWrite();
  }

  std::string NextFile() { return fmt::format("{}/{}.sst", options_.run_prefix, ++last_file_); }
  RunTarget NextRun() {
    return {options_.store,
            NextFile(),
            options_.inline_run_max,
            options_.range,
            options_.key_group_count};
  }

  // One write at a time: a snapshot names the runs of the checkpoints before it.
  void StartWrite() {
    if (writing_ || writes_.empty()) {
      return;
    }
    writing_ = true;
    std::weak_ptr<Impl*> self = self_;
    if (writes_.front().parts.empty()) {
      options_.mailbox->Post([self] {
        if (const auto impl = self.lock()) {
          (*impl)->OnWritten({}, std::optional<proto::RunRef>());
        }
      });
      return;
    }
    options_.executor->Submit(
        [self,
         target = NextRun(),
         parts = std::move(writes_.front().parts)]() mutable -> UniqueFunction<void()> {
          StatusOr<proto::RunRef> run = WriteSnapshotRun(parts, target);
          StatusOr<std::optional<proto::RunRef>> written =
              run.ok() ? StatusOr<std::optional<proto::RunRef>>(std::optional(*std::move(run)))
                       : StatusOr<std::optional<proto::RunRef>>(run.status());
          return [self, parts = std::move(parts), written = std::move(written)]() mutable {
            if (const auto impl = self.lock()) {
              (*impl)->OnWritten(std::move(parts), std::move(written));
            }
          };
        },
        *options_.mailbox);
  }

  void OnWritten(Parts parts, StatusOr<std::optional<proto::RunRef>> written) {
    for (const std::unique_ptr<FrozenPart>& part : parts) {
      part->slabs().Unpin();
    }
    Write write = std::move(writes_.front());
    writes_.pop_front();
    writing_ = false;
    if (written.ok()) {
      chain_.OnWritten(write.epoch, *std::move(written));
      StatusOr<std::vector<proto::RunRef>> runs = chain_.RunsOf(write.epoch);
      if (runs.ok()) {
        for (proto::RunRef& run : *runs) {
          *write.snapshot.add_runs() = std::move(run);
        }
        write.done(std::move(write.snapshot));
      } else {
        write.done(runs.status());
      }
    } else {
      chain_.OnWriteFailed(write.epoch);
      write.done(written.status());
    }
    StartWrite();
  }

  // By a mail, as all answers.
  void Answer(Write write, Status status) {
    options_.mailbox->Post([done = std::move(write.done), status]() mutable { done(status); });
  }

  void StartMerge() {
    if (merging_) {
      return;
    }
    std::optional<RunChain::Merge> merge = chain_.PickMerge();
    if (!merge) {
      return;
    }
    merging_ = true;
    std::weak_ptr<Impl*> self = self_;
    MergeFilter filter = FilterFor(merge->from_oldest);
    options_.executor->Submit(
        [self, merge = *std::move(merge), filter = std::move(filter), target = NextRun()]() mutable
            -> UniqueFunction<void()> {
          StatusOr<std::optional<proto::RunRef>> merged = MergeIntoOne(merge.runs, filter, target);
          return [self, merge = std::move(merge), merged = std::move(merged)]() mutable {
            if (const auto impl = self.lock()) {
              (*impl)->OnMerged(merge, std::move(merged));
            }
          };
        },
        *options_.mailbox);
  }

  void OnMerged(const RunChain::Merge& merge, StatusOr<std::optional<proto::RunRef>> merged) {
    merging_ = false;
    if (merged.ok()) {
      chain_.OnMerged(merge, *std::move(merged));
      return;
    }
    // Anything that may pass is tried again after the next checkpoint. A damaged run is not: but
    // all of it is in memory still, so the next snapshot can do without it.
    if (merged.status().code() == StatusCode::kDataLoss) {
      needs_base_ = true;
    }
  }

  void AdvanceSpill(bool slots_held) {
    if (!slots_held) {
      spill_->ReleaseEvicted();
      // While a base is due or under way, all must stay in memory.
      const bool base_due = NeedsBase() || base_epoch_ > context_.durable_epoch;
      const std::size_t excess = options_.budget->excess();
      if (excess > 0 && !base_due) {
        spill_->Evict(excess + excess / 8);
      }
    }
    spill_->FlushForgotten(kForgottenRows);
    if (status_.ok()) {
      status_ = spill_->status();
    }
  }

  // Slices that are live now, or were at a freeze that is not answered yet.
  MergeFilter FilterFor(bool from_oldest) {
    MergeFilter filter;
    filter.keep_tombstones = !from_oldest;
    const auto add = [&](const proto::TaskSnapshot& snapshot) {
      for (const proto::TableSchema& schema : snapshot.tables()) {
        auto& slices = filter.tables[schema.table()];
        if (schema.sliced()) {
          if (!slices) {
            slices.emplace();
          }
          slices->insert(schema.live_slices().begin(), schema.live_slices().end());
        }
      }
    };
    proto::TaskSnapshot now;
    tables_.Describe(&now);
    add(now);
    if (copying_) {
      add(copying_->snapshot);
    }
    for (const Write& write : writes_) {
      add(write.snapshot);
    }
    return filter;
  }

  void Account() {
    if (options_.budget == nullptr) {
      return;
    }
    std::ptrdiff_t bytes = 0;
    tables_.ForEachRows(
        [&](KeyedRows& rows) { bytes += static_cast<std::ptrdiff_t>(rows.live_bytes()); });
    options_.budget->Add(bytes - accounted_);
    accounted_ = bytes;
  }

  TaskStateOptions options_;
  TableContext context_;
  TableSet tables_;
  OperatorState operator_state_;
  RunChain chain_;
  std::unique_ptr<SpillManager> spill_;  // Null: nothing leaves memory.
  Status status_;
  bool needs_base_ = false;
  std::uint32_t base_epoch_ = 0;  // Of the newest base that was written.
  std::optional<Write> copying_;  // Frozen, not all copied. Set while context_.copying.
  std::deque<Write> writes_;      // Copied; the first one may be being written.
  bool writing_ = false;
  bool merging_ = false;
  std::uint64_t last_file_ = 0;
  std::ptrdiff_t accounted_ = 0;
  // Mails that come after this object is gone find that out here.
  std::shared_ptr<Impl*> self_ = std::make_shared<Impl*>(this);
};

TaskState::TaskState(TaskStateOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
TaskState::~TaskState() = default;

ValueTable& TaskState::AddValueTable(const TableSpec& spec) {
  DeclaredTable& table = impl_->Add(spec);
  table.values = std::make_unique<ValueTable>(impl_->context(), spec);
  impl_->Number(table);
  return *table.values;
}

SlicedTable& TaskState::AddSlicedTable(const TableSpec& spec) {
  DeclaredTable& table = impl_->Add(spec);
  table.sliced = std::make_unique<SlicedTable>(impl_->context(), spec);
  impl_->Number(table);
  return *table.sliced;
}

OrderedTable& TaskState::AddOrderedTable(const TableSpec& spec) {
  DeclaredTable& table = impl_->Add(spec);
  table.ordered = std::make_unique<OrderedTable>(impl_->context(), spec);
  impl_->Number(table);
  return *table.ordered;
}

TimerTable& TaskState::AddTimerTable(const TableSpec& spec) {
  DeclaredTable& table = impl_->Add(spec);
  table.timers = std::make_unique<TimerTable>(impl_->context(), spec);
  impl_->Number(table);
  return *table.timers;
}

OperatorState& TaskState::operator_state() {
  return impl_->operator_state();
}
const TaskStateOptions& TaskState::options() const {
  return impl_->options();
}

Status TaskState::Restore(std::span<const proto::TaskSnapshot* const> old_tasks) {
  return impl_->Restore(old_tasks);
}
void TaskState::Freeze(CheckpointId checkpoint,
                       UniqueFunction<void(StatusOr<proto::TaskSnapshot>)> done) {
  impl_->Freeze(checkpoint, std::move(done));
}
void TaskState::OnDurable(CheckpointId checkpoint) {
  impl_->OnDurable(checkpoint);
}
void TaskState::OnAborted(CheckpointId checkpoint) {
  impl_->OnAborted(checkpoint);
}
bool TaskState::Advance(WallTime now, bool slots_held) {
  return impl_->Advance(now, slots_held);
}
Status TaskState::status() const {
  return impl_->status();
}

}  // namespace thalweg::state
