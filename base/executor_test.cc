// SPDX-License-Identifier: Apache-2.0
#include "base/executor.h"

#include <deque>
#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg {
namespace {

// Runs its mails on the thread that waits for them.
class TestMailbox final : public Mailbox {
 public:
  void Post(UniqueFunction<void()> mail) override {
    {
      MutexLock lock(mutex_);
      mails_.push_back(std::move(mail));
    }
    posted_.NotifyAll();
  }

  void RunNext() {
    UniqueFunction<void()> mail;
    {
      MutexLock lock(mutex_);
      while (mails_.empty()) {
        posted_.Wait(mutex_);
      }
      mail = std::move(mails_.front());
      mails_.pop_front();
    }
    mail();
  }

  bool empty() {
    MutexLock lock(mutex_);
    return mails_.empty();
  }

 private:
  Mutex mutex_;
  CondVar posted_;
  std::deque<UniqueFunction<void()>> mails_ GUARDED_BY(mutex_);
};

TEST(ThreadPoolExecutorTest, RunsTheWorkElsewhereAndTheAnswerAtTheOwner) {
  TestMailbox mailbox;
  ThreadPoolExecutor executor(2);
  std::thread::id worked_on;
  std::thread::id answered_on;
  executor.Submit(
      [&]() -> UniqueFunction<void()> {
        worked_on = std::this_thread::get_id();
        return [&] { answered_on = std::this_thread::get_id(); };
      },
      mailbox);
  mailbox.RunNext();
  EXPECT_EQ(answered_on, std::this_thread::get_id());
  EXPECT_NE(worked_on, std::this_thread::get_id());
}

TEST(ThreadPoolExecutorTest, CarriesWhatCannotBeCopied) {
  TestMailbox mailbox;
  ThreadPoolExecutor executor(1);
  int answer = 0;
  executor.Submit(
      [&, box = std::make_unique<int>(41)]() mutable -> UniqueFunction<void()> {
        return [&answer, box = std::move(box)] { answer = *box + 1; };
      },
      mailbox);
  mailbox.RunNext();
  EXPECT_EQ(answer, 42);
}

TEST(ThreadPoolExecutorTest, WorksRunAtTheSameTime) {
  TestMailbox mailbox;
  ThreadPoolExecutor executor(2);
  Mutex mutex;
  CondVar met;
  int present = 0;
  // Each waits for the other: one thread alone would never come to an end.
  for (int i = 0; i < 2; ++i) {
    executor.Submit(
        [&]() -> UniqueFunction<void()> {
          MutexLock lock(mutex);
          ++present;
          met.NotifyAll();
          while (present < 2) {
            met.Wait(mutex);
          }
          return [] {};
        },
        mailbox);
  }
  mailbox.RunNext();
  mailbox.RunNext();
  EXPECT_EQ(present, 2);
}

TEST(ThreadPoolExecutorTest, TheDestructorFinishesWhatWasSubmitted) {
  TestMailbox mailbox;
  int answers = 0;
  {
    ThreadPoolExecutor executor(1);
    for (int i = 0; i < 100; ++i) {
      executor.Submit([&]() -> UniqueFunction<void()> { return [&] { ++answers; }; }, mailbox);
    }
  }
  while (!mailbox.empty()) {
    mailbox.RunNext();
  }
  EXPECT_EQ(answers, 100);
}

constexpr MonoTime kLongAgo{};

TEST(SystemTimersTest, PostsWhatIsDueAndKeepsTheOrderOfEqualTimes) {
  TestMailbox mailbox;
  SystemTimers timers;
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) {
    timers.At(kLongAgo, mailbox, [&order, i] { order.push_back(i); });
  }
  for (int i = 0; i < 5; ++i) {
    mailbox.RunNext();
  }
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4));
}

TEST(SystemTimersTest, WakesUpForAnEarlierTimer) {
  TestMailbox mailbox;
  SystemTimers timers;
  int late = 0;
  int early = 0;
  timers.At(MonoTime::max(), mailbox, [&] { ++late; });
  timers.At(SystemClock::Get().Now() + Milliseconds(1), mailbox, [&] { ++early; });
  mailbox.RunNext();
  EXPECT_EQ(early, 1);
  EXPECT_EQ(late, 0);
}

TEST(SystemTimersTest, ACancelledMailIsDestroyedAndNeverPosted) {
  TestMailbox mailbox;
  SystemTimers timers;
  auto owned = std::make_shared<int>(1);
  const TimerHandle timer = timers.At(MonoTime::max(), mailbox, [owned] {});
  EXPECT_EQ(owned.use_count(), 2);
  EXPECT_TRUE(timers.Cancel(timer));
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_FALSE(timers.Cancel(timer));
}

TEST(SystemTimersTest, WhatWasPostedCannotBeCancelled) {
  TestMailbox mailbox;
  SystemTimers timers;
  const TimerHandle timer = timers.At(kLongAgo, mailbox, [] {});
  mailbox.RunNext();
  EXPECT_FALSE(timers.Cancel(timer));
}

}  // namespace
}  // namespace thalweg
