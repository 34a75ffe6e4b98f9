// SPDX-License-Identifier: Apache-2.0
#include "base/mail_thread.h"

#include <utility>

#include <pthread.h>

#include "base/check.h"

namespace thalweg {

MailThread::MailThread(std::string name)
    : name_(std::move(name)), thread_([this] { RunThread(); }) {}

MailThread::~MailThread() {
  Stop();
}

void MailThread::Post(UniqueFunction<void()> mail) {
  const MutexLock lock(mutex_);
  if (stopping_) {
    return;
  }
  mails_.push_back(std::move(mail));
  changed_.NotifyOne();
}

void MailThread::Stop() {
  CHECK(thread_.get_id() != std::this_thread::get_id());
  std::deque<UniqueFunction<void()>> dropped;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    dropped.swap(mails_);
    changed_.NotifyOne();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

void MailThread::RunThread() {
  pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
  std::deque<UniqueFunction<void()>> batch;
  while (true) {
    {
      const MutexLock lock(mutex_);
      while (mails_.empty() && !stopping_) {
        changed_.Wait(mutex_);
      }
      if (stopping_) {
        return;
      }
      batch.push_back(std::move(mails_.front()));
      mails_.pop_front();
    }
    batch.front()();
    batch.pop_front();
  }
}

}  // namespace thalweg
