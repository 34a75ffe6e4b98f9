// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_TASK_LANE_THREAD_H_
#define THALWEG_RUNTIME_TASK_LANE_THREAD_H_

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "runtime/task/lane.h"

namespace thalweg::runtime {

struct LaneThreadOptions {
  std::string name = "lane";  // Of the thread, for debuggers and top; 15 characters count.
  std::optional<unsigned> core = std::nullopt;  // Pins the thread to this core.
};

/// A lane with a thread of its own, which parks while there is nothing to do.
class LaneThread {
 public:
  /// `clock` outlives it. A core that the process may not use is ignored.
  LaneThread(const Clock& clock, LaneThreadOptions options);
  /// Stops as Stop() does.
  ~LaneThread();

  /// Any thread.
  Mailbox& mailbox() { return lane_.mailbox(); }
  /// Any thread: MakeInbox(). Everything else of it on the lane, by a mail.
  Lane& lane() { return lane_; }

  /// Ends the thread between two slices and destroys the tasks. May be repeated; not from the lane.
  void Stop();

 private:
  void RunThread();
  void Park();
  void Notify();

  const Clock& clock_;
  const LaneThreadOptions options_;

  Mutex mutex_;
  CondVar changed_;
  bool notified_ GUARDED_BY(mutex_) = false;
  std::atomic<bool> stopping_{false};

  Lane lane_;
  std::thread thread_;  // Last: it uses what is above.
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TASK_LANE_THREAD_H_
