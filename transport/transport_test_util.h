// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_TRANSPORT_TRANSPORT_TEST_UTIL_H_
#define THALWEG_TRANSPORT_TRANSPORT_TEST_UTIL_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "base/executor.h"
#include "base/mutex.h"
#include "transport/transport.h"

namespace thalweg::transport {

/// A mailbox that the test empties by hand, or that a thread of its own empties until Stop().
class TestMailbox final : public Mailbox {
 public:
  void Post(UniqueFunction<void()> mail) override {
    MutexLock lock(mutex_);
    mails_.push_back(std::move(mail));
    changed_.NotifyOne();
  }

  void RunAll() {
    while (RunOne()) {
    }
  }

  bool RunOne() {
    UniqueFunction<void()> mail = Take(/*wait=*/false);
    if (mail == nullptr) {
      return false;
    }
    mail();
    return true;
  }

  /// Runs mails as they come, until `done` holds after one of them.
  void RunUntil(const std::function<bool()>& done) {
    while (!done()) {
      Take(/*wait=*/true)();
    }
  }

  std::size_t size() {
    MutexLock lock(mutex_);
    return mails_.size();
  }

 private:
  UniqueFunction<void()> Take(bool wait) {
    MutexLock lock(mutex_);
    while (wait && mails_.empty()) {
      changed_.Wait(mutex_);
    }
    if (mails_.empty()) {
      return nullptr;
    }
    UniqueFunction<void()> mail = std::move(mails_.front());
    mails_.pop_front();
    return mail;
  }

  Mutex mutex_;
  CondVar changed_;
  std::deque<UniqueFunction<void()>> mails_ GUARDED_BY(mutex_);
};

/// Keeps what it hears.
struct Recorder final : ConnectionHandler {
  void OnFrame(Frame frame) override {
    EXPECT_THAT(closed, ::testing::IsEmpty()) << "A frame came behind the end.";
    heads.push_back(frame.head);
    last_body = frame.body;
    if (on_frame != nullptr) {
      on_frame();
    }
  }
  void OnClosed(const Status& status) override { closed.push_back(status.code()); }

  std::vector<std::string> heads;
  std::shared_ptr<const std::string> last_body;
  std::vector<StatusCode> closed;
  std::function<void()> on_frame;
  std::unique_ptr<Connection> connection;  // Last: goes first.
};

}  // namespace thalweg::transport

#endif  // THALWEG_TRANSPORT_TRANSPORT_TEST_UTIL_H_
