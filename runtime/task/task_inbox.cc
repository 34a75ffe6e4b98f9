// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/task_inbox.h"

#include <utility>

#include "base/check.h"

namespace thalweg::runtime {

void LaneSignal::Wake() {
  if (awake_.exchange(true)) {
    return;
  }
  MutexLock lock(mutex_);
  if (notify_ != nullptr) {
    notify_();
  }
}

void LaneSignal::Close() {
  MutexLock lock(mutex_);
  notify_ = nullptr;
}

void TaskInbox::Post(UniqueFunction<void()> mail) {
  {
    MutexLock lock(mutex_);
    if (!closed_) {
      mails_.push_back(std::exchange(mail, nullptr));
    }
  }
  // A mail to a closed inbox is destroyed here, outside of the lock.
  Wake();
}

void TaskInbox::Wake() {
  woken_.store(true);
  lane_->Wake();
}

std::vector<UniqueFunction<void()>> TaskInbox::TakeMails() {
  MutexLock lock(mutex_);
  return std::exchange(mails_, {});
}

void TaskInbox::Close() {
  std::vector<UniqueFunction<void()>> unrun;
  MutexLock lock(mutex_);
  closed_ = true;
  unrun.swap(mails_);
}

void TaskExecutor::Submit(UniqueFunction<UniqueFunction<void()>()> work, Mailbox& reply) {
  CHECK(&reply == inbox_.get());
  executor_.Submit(
      [inbox = inbox_, work = std::move(work)]() mutable -> UniqueFunction<void()> {
        return [inbox, mail = work()]() mutable { inbox->Post(std::move(mail)); };
      },
      lane_);
}

}  // namespace thalweg::runtime
