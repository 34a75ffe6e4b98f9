// SPDX-License-Identifier: Apache-2.0
//
// How the world reaches a task: by mails, and by waking it.
#ifndef THALWEG_RUNTIME_TASK_TASK_INBOX_H_
#define THALWEG_RUNTIME_TASK_TASK_INBOX_H_

#include <atomic>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "runtime/channel/waker.h"

namespace thalweg::runtime {

/// Tells whoever runs a lane that it has something to do. Shared by the lane and its tasks'
/// inboxes, so that it outlives them.
class LaneSignal {
 public:
  /// `notify` is called, on any thread, when the lane was parked and should run.
  explicit LaneSignal(UniqueFunction<void()> notify) : notify_(std::move(notify)) {}

  /// Any thread.
  void Wake();
  /// By the lane, before it looks for work: a Wake() after this one notifies again.
  void Clear() { awake_.store(false); }
  bool awake() const { return awake_.load(); }
  /// By the lane when it goes: nobody is notified any more.
  void Close();

 private:
  std::atomic<bool> awake_{false};
  Mutex mutex_;
  UniqueFunction<void()> notify_ GUARDED_BY(mutex_);
};

/// Mails and wake-ups of one task. Mails run on the task's lane, one at a time, while the task
/// lives; those posted later are destroyed unrun.
class TaskInbox final : public Mailbox, public Waker {
 public:
  explicit TaskInbox(std::shared_ptr<LaneSignal> lane) : lane_(std::move(lane)) {}

  void Post(UniqueFunction<void()> mail) override;
  void Wake() override;

  /// On the lane. True once after any number of Wake() or Post().
  bool TakeWake() { return woken_.exchange(false); }
  /// On the lane: all mails so far, in order.
  std::vector<UniqueFunction<void()>> TakeMails();
  /// On the lane, when the task goes.
  void Close();

 private:
  const std::shared_ptr<LaneSignal> lane_;
  std::atomic<bool> woken_{true};  // A new task runs once.
  Mutex mutex_;
  std::vector<UniqueFunction<void()>> mails_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

/// The executor as the parts of one task see it: replies reach the task only while it lives, and
/// may come after its inbox has gone. Replies go through the lane's mailbox, which outlives every
/// work.
class TaskExecutor final : public BlockingExecutor {
 public:
  TaskExecutor(BlockingExecutor& executor, Mailbox& lane, std::shared_ptr<TaskInbox> inbox)
      : executor_(executor), lane_(lane), inbox_(std::move(inbox)) {}

  /// REQUIRES: `reply` is the task's inbox.
  void Submit(UniqueFunction<UniqueFunction<void()>()> work, Mailbox& reply) override;

 private:
  BlockingExecutor& executor_;
  Mailbox& lane_;
  const std::shared_ptr<TaskInbox> inbox_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TASK_TASK_INBOX_H_
