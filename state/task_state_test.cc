// SPDX-License-Identifier: Apache-2.0
//
// Tasks with all kinds of table against plain maps: random work, several checkpoints under way,
// aborts, crashes, and restores at another parallelism. And the same again with known mistakes
// switched on, which must be noticed.
#include "state/task_state.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "base/coding.h"
#include "base/random.h"
#include "columnar/datum.h"
#include "columnar/hash.h"
#include "state/memory_budget.h"
#include "state/state_test_util.h"
#include "tests/testing/memory_spill.h"
#include "tests/testing/memory_store.h"
#include "tests/testing/scoped_mutation.h"

namespace thalweg::state {
namespace {

using columnar::DataType;
using columnar::EncodedKeys;

constexpr std::uint32_t kGroups = 16;
constexpr std::int64_t kKeys = 60;
constexpr int kSubKeys = 5;

// What all tasks together should remember.
struct Model {
  std::map<std::int64_t, std::pair<std::int64_t, std::string>> sums;
  std::map<std::string, std::multiset<std::string>> appended;
  std::map<std::string, std::map<std::string, std::int64_t>> ordered;
  std::set<std::pair<std::int64_t, std::int64_t>> timers;  // Time, key.
  std::map<std::int64_t, std::map<std::int64_t, std::int64_t>> windows;
  std::map<std::int64_t, std::set<std::int64_t>> fired;  // Keys a scan of the slice has given.

  friend bool operator==(const Model&, const Model&) = default;
};

std::string NameOf(std::int64_t key) {
  return "a rather long key " + std::to_string(key * 7919);
}

// Which ways of doing things a seed takes.
struct Manner {
  bool tiny = false;   // Files and slow copies even for a few rows.
  bool spill = false;  // Nearly nothing may stay in memory,
  bool lazy = false;   // and restores go through the spill.
};

class Task {
 public:
  Task(storage::DirectoryStore& store,
       SpillFactory& spill,
       std::uint32_t subtask,
       std::uint32_t parallelism,
       int run,
       const Manner& manner)
      : range_(RangeOf(subtask, parallelism, kGroups)) {
    TaskStateOptions options;
    options.task = MakeTaskId(0, subtask);
    options.range = range_;
    options.key_group_count = kGroups;
    options.store = &store;
    options.run_prefix = "run-" + std::to_string(run) + "/" + std::to_string(subtask);
    options.executor = &executor;
    options.mailbox = &mailbox;
    if (manner.tiny) {
      options.inline_run_max = 300;
      options.copy_at_once_rows = 2;
    }
    if (manner.spill) {
      options.budget = &budget_;
      options.spill = &spill;
      options.eager_restore_max = manner.lazy ? 0 : options.eager_restore_max;
    }
    state = std::make_unique<TaskState>(std::move(options));
    sums = &state->AddValueTable(
        SpecOf("sums",
               DataType::BigInt(),
               {{"n", DataType::BigInt().NotNull()}, {"last", DataType::String()}}));
    appended = &state->AddOrderedTable(
        SpecOf("appended", DataType::String(), {{"s", DataType::String()}}));
    TableSpec sub = SpecOf("ordered", DataType::String(), {{"n", DataType::BigInt().NotNull()}});
    sub.sub_keys = {{"s", DataType::String()}};
    ordered = &state->AddOrderedTable(sub);
    timers = &state->AddTimerTable(SpecOf("timers", DataType::BigInt(), {}));
    windows = &state->AddSlicedTable(
        SpecOf("windows", DataType::BigInt(), {{"n", DataType::BigInt().NotNull()}}));
  }

  // As a step would, with the wait for spilled rows in between.
  SlotId Resolve(KeyedRows& table, const EncodedKeys& key) {
    SlotId slot = kNoSlot;
    while (table.Resolve(key, {&slot, 1}) == Residency::kParked) {
      RunOne();
    }
    return slot;
  }
  SlotId Find(KeyedRows& table, const EncodedKeys& key) {
    SlotId slot = kNoSlot;
    while (table.Find(key, {&slot, 1}) == Residency::kParked) {
      RunOne();
    }
    return slot;
  }
  ScanResult Scan(std::int64_t end, std::vector<SlotId>* slots) {
    for (;;) {
      const ScanResult result = windows->Scan(end, 3, slots);
      if (result != ScanResult::kParked) {
        return result;
      }
      RunOne();
    }
  }
  // What wakes a step need not be what it waits for, so it asks again more often than it must.
  void RunOne() {
    CHECK(mailbox.RunOne() || executor.RunOne());
    CHECK_OK(state->status());
  }

  bool Owns(const EncodedKeys& key) const {
    return range_.Contains(columnar::KeyGroupOf(key.hashes[0], kGroups));
  }

  ManualExecutor executor;
  ManualMailbox mailbox;
  std::unique_ptr<TaskState> state;
  ValueTable* sums;
  OrderedTable* appended;
  OrderedTable* ordered;
  TimerTable* timers;
  SlicedTable* windows;

 private:
  const KeyGroupRange range_;
  MemoryBudget budget_{4000};
};

struct Checkpoint {
  Model model;
  std::map<std::uint32_t, proto::TaskSnapshot> snapshots;
  bool failed = false;
  std::size_t wanted = 0;
};

class Cluster {
 public:
  explicit Cluster(std::uint64_t seed)
      : random_(seed),
        manner_{seed % 2 == 0, seed % 3 == 0, seed % 9 == 0},
        spill_(testing::MakeMemorySpill()) {
    Deploy(1, nullptr);
  }

  void Step() {
    const std::uint64_t dice = random_.Uniform(100);
    if (dice < 60) {
      Work();
    } else if (dice < 70) {
      Freeze();
    } else if (dice < 84) {
      RunSome(1 + random_.Uniform(6));
    } else if (dice < 91) {
      Decide();
    } else if (dice < 95) {
      for (auto& task : tasks_) {
        task->state->Advance(WallTime(Milliseconds(1000)), false);
      }
    } else if (dice < 97) {
      Crash();
    }
  }

  // Everything the tasks remember.
  Model Read() {
    Model read;
    for (std::int64_t key = 0; key < kKeys; ++key) {
      ReadKey(key, &read);
    }
    return read;
  }
  // Rows that no key leads to would be missed by Read().
  std::size_t RowCount() const {
    if (manner_.spill) {
      return model_.sums.size();
    }
    std::size_t count = 0;
    for (const auto& task : tasks_) {
      count += task->sums->size();
    }
    return count;
  }
  const Model& model() const { return model_; }
  // False: something differed from the model on the way.
  bool as_expected() const { return as_expected_; }
  int wrong_line() const { return wrong_line_; }

  void Crash() {
    if (newest_ == nullptr) {
      return;
    }
    Deploy(1 + static_cast<std::uint32_t>(random_.Uniform(3)), newest_.get());
  }

 private:
  void Deploy(std::uint32_t parallelism, const Checkpoint* from) {
    tasks_.clear();
    pending_.clear();
    ++run_;
    model_ = from == nullptr ? Model() : from->model;
    std::vector<const proto::TaskSnapshot*> old;
    if (from != nullptr) {
      for (const auto& [subtask, snapshot] : from->snapshots) {
        old.push_back(&snapshot);
      }
    }
    for (std::uint32_t i = 0; i < parallelism; ++i) {
      tasks_.push_back(std::make_unique<Task>(store_, *spill_, i, parallelism, run_, manner_));
      CHECK_OK(tasks_.back()->state->Restore(old));
    }
  }

  Task& Owner(const EncodedKeys& key) {
    for (auto& task : tasks_) {
      if (task->Owns(key)) {
        return *task;
      }
    }
    CHECK(false);
    return *tasks_[0];
  }

  void Expect(bool holds, int line = __builtin_LINE()) {
    if (as_expected_ && !holds) {
      as_expected_ = false;
      wrong_line_ = line;
    }
  }

  void Work() {
    const std::int64_t key = static_cast<std::int64_t>(random_.Uniform(kKeys));
    switch (random_.Uniform(8)) {
      case 0:
      case 1:
        return Add(key);
      case 2:
        return Forget(key);
      case 3:
        return Append(key);
      case 4:
        return Order(key);
      case 5:
        return Timer(key);
      case 6:
        return Window(key);
      default:
        return FireOrDrop();
    }
  }

  void Add(std::int64_t key) {
    const EncodedKeys keys = EncodeKeys(std::vector<std::int64_t>{key});
    ValueTable& table = *Owner(keys).sums;
    const SlotId slot = Owner(keys).Resolve(table, keys);
    table.Touch({&slot, 1});
    auto& [n, last] = model_.sums[key];
    ++n;
    last = "value " + std::string(n % 30, '.');
    StoreField(table.value(slot), table.layout().place(0), n);
    SetValid(table.value(slot), table.layout().place(1), true);
    table.strings().Assign(StringField(table.value(slot), table.layout().place(1)), last);
  }

  void Forget(std::int64_t key) {
    const EncodedKeys keys = EncodeKeys(std::vector<std::int64_t>{key});
    ValueTable& table = *Owner(keys).sums;
    const SlotId slot = Owner(keys).Find(table, keys);
    Expect((slot != kNoSlot) == model_.sums.contains(key));
    if (slot != kNoSlot) {
      table.Erase({&slot, 1});
      model_.sums.erase(key);
    }
  }

  void Append(std::int64_t key) {
    const EncodedKeys keys = EncodeKeys(std::vector<std::string>{NameOf(key)});
    OrderedTable& table = *Owner(keys).appended;
    const SlotId slot = Owner(keys).Resolve(table, keys);
    // Rows come and go in heaps now and then, so that runs of blocks are made and emptied.
    const bool erase = random_.Chance(3);
    const std::size_t times = random_.Chance(20) ? 100 : 1;
    for (std::size_t i = 0; i < times; ++i) {
      const std::string text(random_.Uniform(3) * 10, static_cast<char>('a' + random_.Uniform(3)));
      RowBuffer rows;
      rows.Reset(table.layout(), 1);
      const auto column = columnar::Column::Constant(DataType::String(), 1, columnar::Datum(text));
      rows.SetColumn(0, column);
      auto& texts = model_.appended[NameOf(key)];
      if (!erase) {
        table.Append({&slot, 1}, rows);
        texts.insert(text);
        continue;
      }
      std::uint8_t found = 0;
      table.EraseEqual({&slot, 1}, rows, {&found, 1});
      Expect((found == 1) == texts.contains(text));
      if (texts.contains(text)) {
        texts.erase(texts.find(text));
      }
    }
    if (model_.appended[NameOf(key)].empty()) {
      model_.appended.erase(NameOf(key));
    }
  }

  void Order(std::int64_t key) {
    const EncodedKeys keys = EncodeKeys(std::vector<std::string>{NameOf(key)});
    OrderedTable& table = *Owner(keys).ordered;
    const SlotId slot = Owner(keys).Resolve(table, keys);
    const std::string sub = "a long sub-key " + std::to_string(random_.Uniform(kSubKeys));
    auto& rows = model_.ordered[NameOf(key)];
    if (random_.Chance(3)) {
      Expect(table.Erase(slot, sub) == (rows.erase(sub) == 1));
    } else {
      std::uint8_t* const value = table.Edit(slot, sub);
      Expect(LoadField<std::int64_t>(value, table.layout().place(0)) == rows[sub]);
      StoreField(value, table.layout().place(0), ++rows[sub]);
    }
    if (rows.empty()) {
      model_.ordered.erase(NameOf(key));
    }
  }

  void Timer(std::int64_t key) {
    const EncodedKeys keys = EncodeKeys(std::vector<std::int64_t>{key});
    TimerTable& table = *Owner(keys).timers;
    const std::int64_t times[] = {static_cast<std::int64_t>(random_.Uniform(20)) - 5};
    switch (random_.Uniform(4)) {
      case 0:
        table.Delete(keys, times);
        model_.timers.erase({times[0], key});
        return;
      case 1: {
        DueTimers due;
        table.PopDue(times[0], 1, &due);
        if (!due.times.empty()) {
          const auto popped = static_cast<std::int64_t>(due.keys.words[0]);
          Expect(model_.timers.erase({due.times[0], popped}) == 1);
        }
        return;
      }
      default:
        table.Register(keys, times);
        model_.timers.insert({times[0], key});
    }
  }

  void Window(std::int64_t key) {
    const EncodedKeys keys = EncodeKeys(std::vector<std::int64_t>{key});
    const std::int64_t end = first_window_ + static_cast<std::int64_t>(random_.Uniform(3));
    SlicedTable& table = *Owner(keys).windows;
    if (table.IsScanning(end) || model_.fired.contains(end)) {
      return;
    }
    ValueTable& slice = table.Slice(end);
    const SlotId slot = Owner(keys).Resolve(slice, keys);
    slice.Touch({&slot, 1});
    StoreField(slice.value(slot), slice.layout().place(0), ++model_.windows[end][key]);
  }

  void FireOrDrop() {
    if (model_.windows.empty()) {
      return;
    }
    const std::int64_t end = model_.windows.begin()->first;
    if (!random_.Chance(3)) {
      Fire(*tasks_[random_.Uniform(tasks_.size())], end);
      return;
    }
    if (random_.Chance(2)) {
      for (auto& task : tasks_) {
        while (Fire(*task, end)) {
        }
      }
      std::set<std::int64_t> keys;
      for (const auto& [key, n] : model_.windows[end]) {
        keys.insert(key);
      }
      Expect(model_.fired[end] == keys);
    }
    // Now and then a window that is not the oldest, or one that was dropped, comes up again.
    first_window_ = end + (!manner_.spill && random_.Chance(4) ? 0 : 1);
    for (auto& task : tasks_) {
      task->windows->Drop(end);
    }
    model_.windows.erase(end);
    model_.fired.erase(end);
  }

  // Gives some rows of the window; false when there are no more.
  bool Fire(Task& task, std::int64_t end) {
    std::vector<SlotId> slots;
    const ScanResult result = task.Scan(end, &slots);
    for (const SlotId slot : slots) {
      ValueTable& slice = *task.windows->FindSlice(end);
      const auto key = LoadFixed<std::int64_t>(slice.key(slot).data());
      // Never twice, whatever was restored at whatever parallelism in between.
      Expect(model_.fired[end].insert(key).second);
      Expect(LoadField<std::int64_t>(slice.value(slot), slice.layout().place(0)) ==
             model_.windows[end][key]);
    }
    if (task.windows->FindSlice(end) != nullptr) {
      model_.fired[end];
    }
    return result == ScanResult::kRows;
  }

  void Freeze() {
    if (pending_.size() >= 3) {
      return;
    }
    const std::uint64_t id = ++last_checkpoint_;
    Checkpoint& checkpoint = pending_[id];
    checkpoint.model = model_;
    checkpoint.wanted = tasks_.size();
    for (std::uint32_t i = 0; i < tasks_.size(); ++i) {
      tasks_[i]->state->Freeze(CheckpointId(id), [this, id, i](auto snapshot) {
        const auto found = pending_.find(id);
        if (found == pending_.end()) {
          return;
        }
        if (snapshot.ok()) {
          // Through bytes, as it would travel.
          CHECK(found->second.snapshots[i].ParseFromString(snapshot->SerializeAsString()));
        } else {
          found->second.failed = true;
        }
      });
    }
  }

  void RunSome(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      for (auto& task : tasks_) {
        if (!task->mailbox.RunOne() && !task->executor.RunOne()) {
          task->state->Advance(WallTime(Milliseconds(1000)), random_.Chance(2));
        }
      }
    }
  }

  void Decide() {
    if (pending_.empty()) {
      return;
    }
    auto chosen = pending_.begin();
    std::advance(chosen, random_.Uniform(pending_.size()));
    DecideOne(chosen->first, !random_.Chance(3));
  }

  void DecideOne(std::uint64_t id, bool wanted) {
    Checkpoint& checkpoint = pending_.at(id);
    const bool complete = checkpoint.snapshots.size() == checkpoint.wanted && !checkpoint.failed;
    if (wanted && complete) {
      newest_ = std::make_unique<Checkpoint>(std::move(checkpoint));
      pending_.erase(pending_.begin(), pending_.upper_bound(id));
      for (auto& task : tasks_) {
        task->state->OnDurable(CheckpointId(id));
      }
      return;
    }
    pending_.erase(id);
    for (auto& task : tasks_) {
      task->state->OnAborted(CheckpointId(id));
    }
  }

  void ReadKey(std::int64_t key, Model* read) {
    const EncodedKeys number = EncodeKeys(std::vector<std::int64_t>{key});
    const EncodedKeys name = EncodeKeys(std::vector<std::string>{NameOf(key)});
    Task& by_number = Owner(number);
    SlotId slot = by_number.Find(*by_number.sums, number);
    if (slot != kNoSlot) {
      const std::uint8_t* const value = by_number.sums->value(slot);
      read->sums[key] = {LoadField<std::int64_t>(value, by_number.sums->layout().place(0)),
                         std::string(StringField(value, by_number.sums->layout().place(1)).view())};
    }
    for (const std::int64_t end : by_number.windows->Slices()) {
      ValueTable& slice = *by_number.windows->FindSlice(end);
      slot = by_number.Find(slice, number);
      if (slot != kNoSlot) {
        read->windows[end][key] =
            LoadField<std::int64_t>(slice.value(slot), slice.layout().place(0));
      }
    }
    ReadOrdered(name, key, read);
  }

  void ReadOrdered(const EncodedKeys& name, std::int64_t key, Model* read) {
    Task& task = Owner(name);
    for (OrderedTable* table : {task.appended, task.ordered}) {
      const SlotId slot = task.Find(*table, name);
      OrderedRows rows;
      ScanPosition position;
      while (!table->Scan({&slot, 1}, 7, &position, &rows)) {
      }
      Expect(rows.values.size() == table->Count(slot));
      Expect(std::is_sorted(rows.sub_keys.begin(), rows.sub_keys.end()));
      for (std::size_t i = 0; i < rows.values.size(); ++i) {
        if (table == task.appended) {
          read->appended[NameOf(key)].insert(
              std::string(StringField(rows.values[i], table->layout().place(0)).view()));
        } else {
          read->ordered[NameOf(key)][std::string(rows.sub_keys[i])] =
              LoadField<std::int64_t>(rows.values[i], table->layout().place(0));
        }
      }
    }
  }

  testing::MemoryStore store_;
  SeededRandom random_;
  const Manner manner_;
  std::unique_ptr<SpillFactory> spill_;
  int run_ = 0;
  Model model_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::map<std::uint64_t, Checkpoint> pending_;
  std::unique_ptr<Checkpoint> newest_;
  std::uint64_t last_checkpoint_ = 0;
  std::int64_t first_window_ = 100;
  bool as_expected_ = true;
  int wrong_line_ = 0;
};

// What a scan has given, and timers, cannot be read without changing them.
Model Comparable(Model model) {
  model.fired.clear();
  model.timers.clear();
  return model;
}

// The first thing that is wrong, if any.
std::optional<std::string> FirstDifference(std::uint64_t seed, int steps) {
  Cluster cluster(seed);
  for (int i = 0; i < steps; ++i) {
    cluster.Step();
    if (!cluster.as_expected()) {
      return "line " + std::to_string(cluster.wrong_line()) + " in step " + std::to_string(i);
    }
    if (i % 16 == 0 && (cluster.Read() != Comparable(cluster.model()) ||
                        cluster.RowCount() != cluster.model().sums.size())) {
      return "step " + std::to_string(i);
    }
  }
  return std::nullopt;
}

TEST(TaskStateTest, RemembersWhatTheModelRemembersThroughAbortsCrashesAndRescaling) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    EXPECT_EQ(FirstDifference(seed, 600), std::nullopt) << "seed " << seed;
  }
}

class TaskStateMutationTest : public ::testing::TestWithParam<Mutation> {};

TEST_P(TaskStateMutationTest, IsNoticed) {
  const testing::ScopedMutation mutation(GetParam());
  bool noticed = false;
  for (std::uint64_t seed = 1; seed <= 40 && !noticed; ++seed) {
    noticed = FirstDifference(seed, 600).has_value();
  }
  EXPECT_TRUE(noticed);
}

INSTANTIATE_TEST_SUITE_P(OfState,
                         TaskStateMutationTest,
                         ::testing::Values(Mutation::kAbortedDirtyDropped,
                                           Mutation::kTombstoneDropped,
                                           Mutation::kFreezeDoesNotCopy,
                                           Mutation::kRunOrderReversed));

}  // namespace
}  // namespace thalweg::state
