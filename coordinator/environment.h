// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_ENVIRONMENT_H_
#define THALWEG_COORDINATOR_ENVIRONMENT_H_

#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/random.h"
#include "storage/store.h"
#include "transport/transport.h"

namespace thalweg::coordinator {

/// What a coordinator uses of the world. All of it outlives the coordinator.
struct Environment {
  const Clock& clock;
  Random& random;  // For names that must be unique in the world; used on the mailbox's thread.
  const Log& log;
  Mailbox& mailbox;  // Everything of the coordinator runs as its mails.
  Timers& timers;
  BlockingExecutor& executor;
  transport::Transport& transport;
  storage::Store& store;
};

/// Lets mails that are under way come to nothing when their receiver is gone. Made and destroyed on
/// the mailbox's thread, as are the calls of what it wraps.
class Lifeline {
 public:
  /// A callable that calls `function` while this object lives, and does nothing afterwards.
  template <class Function>
  auto Guard(Function function) const {
    return [alive = std::weak_ptr<int>(alive_),
            function = std::move(function)](auto&&... arguments) mutable {
      if (!alive.expired()) {
        function(std::forward<decltype(arguments)>(arguments)...);
      }
    };
  }

 private:
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_ENVIRONMENT_H_
