// SPDX-License-Identifier: Apache-2.0
//
// A lane runs tasks on one thread, in turn, and none of them ever blocks it. Who calls RunOnce() is
// a thread (lane_thread.h) or the event loop of a simulation; the code is the same.
//
//   lane.signal().Clear();
//   while (lane.RunOnce(clock.Now(), clock.WallNow())) {}
//   ... park until notified or lane.WakeAt() ...
#ifndef THALWEG_RUNTIME_TASK_LANE_H_
#define THALWEG_RUNTIME_TASK_LANE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/executor.h"
#include "base/function.h"
#include "base/time.h"
#include "runtime/task/task.h"
#include "runtime/task/task_inbox.h"

namespace thalweg::runtime {

/// Owned by the thread that calls RunOnce(), except where a function says otherwise. Outlives every
/// work that its tasks have submitted.
class Lane {
 public:
  /// `notify` is called, on any thread, when the lane should run after it had nothing to do.
  explicit Lane(UniqueFunction<void()> notify);
  /// Destroys the tasks.
  ~Lane();

  /// Any thread. Mails run on the lane before the next slice.
  Mailbox& mailbox() { return *inbox_; }
  /// Any thread. An inbox for a task that will be added to this lane.
  std::shared_ptr<TaskInbox> MakeInbox() const { return std::make_shared<TaskInbox>(signal_); }
  LaneSignal& signal() { return *signal_; }

  /// On the lane. The task runs from the next slice on.
  void Add(std::unique_ptr<Task> task);
  /// On the lane, not from inside a task. Destroys the task without side effects: nothing of it
  /// runs any more when this returns. No task of that inbox: nothing happens.
  void Remove(const TaskInbox& inbox);
  /// The same for all tasks.
  void Clear();

  /// Runs the mails, then one slice of the next task that can run. False: nothing could run until
  /// a wake-up or WakeAt().
  bool RunOnce(MonoTime now, WallTime wall);
  /// When the first of the tasks wants to run although nobody wakes it.
  std::optional<MonoTime> WakeAt() const;

  std::size_t task_count() const { return tasks_.size(); }

 private:
  struct Entry {
    std::unique_ptr<Task> task;
    Progress progress = Progress::kMoved;
  };

  static bool CanRun(Entry& entry, MonoTime now);
  bool RunMails();

  const std::shared_ptr<LaneSignal> signal_;
  const std::shared_ptr<TaskInbox> inbox_;
  std::vector<Entry> tasks_;
  std::size_t next_ = 0;  // Whose turn it is.
  Task* last_ = nullptr;  // Whose slice ends with the next reading of the clock.
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TASK_LANE_H_
