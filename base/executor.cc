// SPDX-License-Identifier: Apache-2.0
#include "base/executor.h"

#include <algorithm>

#include "base/check.h"

namespace thalweg {

ThreadPoolExecutor::ThreadPoolExecutor(int thread_count) {
  CHECK_GT(thread_count, 0);
  for (int i = 0; i < thread_count; ++i) {
    threads_.emplace_back([this] { RunThread(); });
  }
}

ThreadPoolExecutor::~ThreadPoolExecutor() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void ThreadPoolExecutor::Submit(UniqueFunction<UniqueFunction<void()>()> work, Mailbox& reply) {
  {
    MutexLock lock(mutex_);
    CHECK(!stopping_);
    jobs_.push_back({std::move(work), &reply});
  }
  changed_.NotifyOne();
}

void ThreadPoolExecutor::RunThread() {
  for (;;) {
    Job job;
    {
      MutexLock lock(mutex_);
      while (jobs_.empty() && !stopping_) {
        changed_.Wait(mutex_);
      }
      if (jobs_.empty()) {
        return;
      }
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job.reply->Post(job.work());
  }
}

SystemTimers::SystemTimers() : thread_([this] { RunThread(); }) {}

SystemTimers::~SystemTimers() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

TimerHandle SystemTimers::At(MonoTime due, Mailbox& mailbox, UniqueFunction<void()> mail) {
  TimerHandle handle;
  {
    MutexLock lock(mutex_);
    handle = TimerHandle(++last_handle_);
    waiting_.emplace(std::pair(due, handle), Timer{&mailbox, std::move(mail)});
    due_.emplace(handle, due);
  }
  changed_.NotifyAll();
  return handle;
}

bool SystemTimers::Cancel(TimerHandle timer) {
  UniqueFunction<void()> cancelled;  // Destroyed after the lock is released: it may own anything.
  MutexLock lock(mutex_);
  const auto due = due_.find(timer);
  if (due == due_.end()) {
    return false;
  }
  const auto waiting = waiting_.find({due->second, timer});
  cancelled = std::move(waiting->second.mail);
  waiting_.erase(waiting);
  due_.erase(due);
  return true;
}

void SystemTimers::RunThread() {
  const Clock& clock = SystemClock::Get();
  MutexLock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty()) {
      changed_.Wait(mutex_);
      continue;
    }
    const auto first = waiting_.begin();
    const MonoTime now = clock.Now();
    if (first->first.first > now) {
      // At most an hour at once: time_points near the end of their range must not overflow in the
      // system's wait.
      changed_.WaitFor(mutex_,
                       std::min<Microseconds>(first->first.first - now, std::chrono::hours(1)));
      continue;
    }
    // Posted under the lock, so that Cancel() never returns true for a mail that is on its way.
    first->second.mailbox->Post(std::move(first->second.mail));
    due_.erase(first->first.second);
    waiting_.erase(first);
  }
}

}  // namespace thalweg
