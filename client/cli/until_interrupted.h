// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CLIENT_CLI_UNTIL_INTERRUPTED_H_
#define THALWEG_CLIENT_CLI_UNTIL_INTERRUPTED_H_

#include <optional>

#include "base/mutex.h"
#include "base/status.h"
#include "base/time.h"
#include "client/cli/terminal.h"

namespace thalweg::client {

/// What a process that serves waits for: Ctrl-C, SIGTERM, or an end of its own.
class UntilInterrupted {
 public:
  explicit UntilInterrupted(const Terminal& terminal)
      : terminal_(terminal), before_(terminal.interrupts.load()) {}

  /// Ends Wait() with this status; the first one counts. Any thread.
  void End(const Status& status) {
    MutexLock lock(mutex_);
    if (!end_.has_value()) {
      end_ = status;
      changed_.NotifyAll();
    }
  }

  bool interrupted() const { return terminal_.interrupts.load() > before_; }

  /// Blocks for `patience`, or shorter when the process is to end.
  void WaitFor(Milliseconds patience) {
    MutexLock lock(mutex_);
    if (!end_.has_value() && !interrupted()) {
      changed_.WaitFor(mutex_, patience);
    }
  }

  /// Blocks; OK after a signal. A handler can only raise a number, so that is looked at now and
  /// then.
  Status Wait() {
    constexpr Microseconds kLook{50'000};
    MutexLock lock(mutex_);
    while (!end_.has_value() && !interrupted()) {
      changed_.WaitFor(mutex_, kLook);
    }
    return end_.value_or(OkStatus());
  }

 private:
  const Terminal& terminal_;
  const int before_;
  Mutex mutex_;
  CondVar changed_;
  std::optional<Status> end_ GUARDED_BY(mutex_);
};

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_CLI_UNTIL_INTERRUPTED_H_
