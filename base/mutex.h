// SPDX-License-Identifier: Apache-2.0
//
// std::mutex with the annotations that clang's -Wthread-safety checks. Steps and tasks take no
// locks; these are for the few places where threads meet: mailboxes, executors, services.
//
//   Mutex mutex_;
//   std::map<TaskId, Slot> tasks_ GUARDED_BY(mutex_);
//   ...
//   MutexLock lock(mutex_);
#ifndef THALWEG_BASE_MUTEX_H_
#define THALWEG_BASE_MUTEX_H_

#include <condition_variable>
#include <mutex>

#include "absl/base/thread_annotations.h"
#include "base/time.h"

#ifndef GUARDED_BY  // Some versions of Abseil still define the short names.
#define GUARDED_BY(mutex) ABSL_GUARDED_BY(mutex)
#define PT_GUARDED_BY(mutex) ABSL_PT_GUARDED_BY(mutex)
#endif
#define REQUIRES_LOCK(...) ABSL_EXCLUSIVE_LOCKS_REQUIRED(__VA_ARGS__)
#define EXCLUDES_LOCK(...) ABSL_LOCKS_EXCLUDED(__VA_ARGS__)

namespace thalweg {

class ABSL_LOCKABLE Mutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_.Unlock(); }

  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// Waits wake up without a reason at times: call them in a loop over the condition.
class CondVar {
 public:
  void Wait(Mutex& mutex) REQUIRES_LOCK(mutex);
  /// False when `patience` is over.
  bool WaitFor(Mutex& mutex, Microseconds patience) REQUIRES_LOCK(mutex);
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace thalweg

#endif  // THALWEG_BASE_MUTEX_H_
