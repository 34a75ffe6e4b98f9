// SPDX-License-Identifier: Apache-2.0
//
// How work reaches a thread. A task never blocks: what would block goes to a BlockingExecutor, and
// what comes from outside (its answer, a message, a timer) enters by the owner's mailbox.
#ifndef THALWEG_BASE_EXECUTOR_H_
#define THALWEG_BASE_EXECUTOR_H_

#include <cstdint>
#include <deque>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/function.h"
#include "base/id.h"
#include "base/mutex.h"
#include "base/time.h"

namespace thalweg {

/// Where others leave work for one owner, which runs one mail at a time.
class Mailbox {
 public:
  virtual ~Mailbox() = default;

  /// Any thread. Never blocks and never runs `mail` itself. The mails of one poster run in the
  /// order of posting; a mail posted after the owner has closed its box is destroyed without being
  /// run.
  virtual void Post(UniqueFunction<void()> mail) = 0;
};

/// Runs what blocks: files, compression, a wait for the network.
class BlockingExecutor {
 public:
  virtual ~BlockingExecutor() = default;

  /// Any thread. Runs `work` elsewhere and posts what it returned to `reply`, which must outlive
  /// the work. Works may run in any order and at once. The queue has no bound of its own: each
  /// submitter limits its works in flight.
  virtual void Submit(UniqueFunction<UniqueFunction<void()>()> work, Mailbox& reply) = 0;
};

/// A fixed number of threads with one queue. The destructor finishes all that was submitted.
class ThreadPoolExecutor final : public BlockingExecutor {
 public:
  /// REQUIRES: thread_count > 0.
  explicit ThreadPoolExecutor(int thread_count);
  ~ThreadPoolExecutor() override;

  void Submit(UniqueFunction<UniqueFunction<void()>()> work, Mailbox& reply) override;

 private:
  struct Job {
    UniqueFunction<UniqueFunction<void()>()> work;
    Mailbox* reply;
  };

  void RunThread();

  Mutex mutex_;
  CondVar changed_;
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;

  std::vector<std::thread> threads_;  // Constant after construction.
};

using TimerHandle = Id<struct TimerHandleTag>;

/// Posts mails at their time.
class Timers {
 public:
  virtual ~Timers() = default;

  /// Any thread. Posts `mail` to `mailbox` when the clock has reached `due`, at once if it has
  /// passed. Mails of equal `due` are posted in the order of the calls. `mailbox` must live until
  /// then or until Cancel().
  virtual TimerHandle At(MonoTime due, Mailbox& mailbox, UniqueFunction<void()> mail) = 0;

  /// Any thread. True: the mail will never be posted. False: it was posted already.
  virtual bool Cancel(TimerHandle timer) = 0;
};

/// Timers on the host's clock, with one thread. The destructor drops what is not due.
class SystemTimers final : public Timers {
 public:
  SystemTimers();
  ~SystemTimers() override;

  TimerHandle At(MonoTime due, Mailbox& mailbox, UniqueFunction<void()> mail) override;
  bool Cancel(TimerHandle timer) override;

 private:
  struct Timer {
    Mailbox* mailbox;
    UniqueFunction<void()> mail;
  };

  void RunThread();

  Mutex mutex_;
  CondVar changed_;
  std::uint64_t last_handle_ GUARDED_BY(mutex_) = 0;
  std::map<std::pair<MonoTime, TimerHandle>, Timer> waiting_ GUARDED_BY(mutex_);
  std::map<TimerHandle, MonoTime> due_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;

  std::thread thread_;  // Constant after construction.
};

}  // namespace thalweg

#endif  // THALWEG_BASE_EXECUTOR_H_
