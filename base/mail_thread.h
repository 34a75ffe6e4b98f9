// SPDX-License-Identifier: Apache-2.0
//
// A thread that owns a part of the program and runs its mails. What it owns needs no lock.
#ifndef THALWEG_BASE_MAIL_THREAD_H_
#define THALWEG_BASE_MAIL_THREAD_H_

#include <deque>
#include <string>
#include <thread>

#include "base/executor.h"
#include "base/function.h"
#include "base/mutex.h"

namespace thalweg {

/// Runs mails in the order of their posting, on one thread, until it is stopped.
class MailThread final : public Mailbox {
 public:
  /// `name` is the thread's, for debuggers; 15 characters count.
  explicit MailThread(std::string name);

  /// Stops as Stop() does.
  ~MailThread() override;

  void Post(UniqueFunction<void()> mail) override;

  /// Finishes the mail that is running, destroys those that wait on the caller's thread, and joins.
  /// From then on Post() destroys what it is given. May be repeated, but not from a mail of this
  /// thread.
  void Stop();

 private:
  void RunThread();

  const std::string name_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<UniqueFunction<void()>> mails_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // Last: it uses what is above.
};

}  // namespace thalweg

#endif  // THALWEG_BASE_MAIL_THREAD_H_
