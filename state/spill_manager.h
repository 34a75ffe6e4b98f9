// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_SPILL_MANAGER_H_
#define THALWEG_STATE_SPILL_MANAGER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/executor.h"
#include "base/function.h"
#include "base/status.h"
#include "state/keyed_rows.h"
#include "state/row_loader.h"
#include "state/spill.h"
#include "state/table_set.h"

namespace thalweg::state {

/// Moves cold rows of a task to its spill store and brings back those that are missed.
///
/// All works on the store form one queue, one at a time, so that a read sees every write before it.
/// Used by the task's thread only; the works themselves run on helpers.
class SpillManager final : public SpillGate {
 public:
  struct Options {
    SpillFactory* factory = nullptr;
    std::string name;  // Of the store; unique in the process.
    BlockingExecutor* executor = nullptr;
    Mailbox* mailbox = nullptr;
    UniqueFunction<void()> wake;
  };

  SpillManager(Options options, TableContext& context, TableSet& tables);
  ~SpillManager() override;

  void Read(KeyedRows& rows, std::vector<Miss> misses) override;
  void Forget(const KeyedRows& rows, const std::uint8_t* image) override;
  void ReadGroup(KeyedRows& rows, KeyGroup group) override;
  void ForgetAll(const KeyedRows& rows) override;

  /// Starts to write about `bytes` of clean, cold rows out, unless that is under way already.
  void Evict(std::size_t bytes);
  /// Frees the rows that have been written out and not changed since. Only while no step holds
  /// slots.
  void ReleaseEvicted();
  /// Writes down what Forget() was told, when that has become much.
  void FlushForgotten(std::size_t at_least);

  /// Was anything ever written out?
  bool any_spilled() const { return any_spilled_; }
  /// The store, for a restore that fills it before the first use. Blocks.
  StatusOr<SpillStore*> OpenNow();
  void set_any_spilled() { any_spilled_ = true; }

  /// The first error; the task must fail with it.
  const Status& status() const { return status_; }

 private:
  struct Evicted {
    KeyedRows* rows;
    SlotId slot;
    std::uint32_t meta_word;
  };
  // The store, opened by the first work. Touched by works alone, one at a time.
  struct Shared;
  using Reply = UniqueFunction<void()>;
  using Work = UniqueFunction<StatusOr<Reply>(SpillStore&)>;
  using Rows = std::vector<std::pair<std::string, std::string>>;

  void Enqueue(Work work);
  void StartNext();
  void OnDone(StatusOr<Reply> reply);
  RowLoader LoaderFor();
  /// The run keys of the misses, or what the entries of their keys begin with, sorted. Takes those
  /// out that are being read: a step that is woken by another read asks again, and a second answer
  /// would undo what was written after the first one.
  std::vector<std::string> BeginReading(const KeyedRows& rows, std::vector<Miss>* misses);
  void LoadMisses(KeyedRows& rows, const std::vector<Miss>& misses, const Rows& found);
  void LoadGroup(KeyedRows& rows, const Rows& found);
  void Fail(const Status& status);

  Options options_;
  TableContext& context_;
  TableSet& tables_;
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<SpillManager*> self_;
  std::deque<Work> queue_;
  bool working_ = false;
  bool evicting_ = false;
  bool any_spilled_ = false;
  std::unordered_set<std::string> reading_;  // Run keys asked for and not answered.
  std::vector<std::string> forgotten_;       // Keys to delete.
  std::vector<Evicted> evicted_;             // Written out, not yet released.
  proto::TaskSnapshot schemas_;              // Our own tables, as if they were old ones.
  std::vector<TableMatch> matches_;
  Status status_;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_SPILL_MANAGER_H_
