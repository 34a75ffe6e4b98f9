// SPDX-License-Identifier: Apache-2.0
#include "base/mutex.h"

#include <thread>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(MutexTest, CountsOfTwoThreadsAddUp) {
  Mutex mutex;
  int count = 0;
  const auto add = [&] {
    for (int i = 0; i < 10'000; ++i) {
      MutexLock lock(mutex);
      ++count;
    }
  };
  std::thread other(add);
  add();
  other.join();
  EXPECT_EQ(count, 20'000);
}

TEST(CondVarTest, HandsOverBetweenTwoThreads) {
  Mutex mutex;
  CondVar changed;
  int turn = 0;
  const auto play = [&](int mine) {
    for (int round = 0; round < 100; ++round) {
      MutexLock lock(mutex);
      while (turn % 2 != mine) {
        changed.Wait(mutex);
      }
      ++turn;
      changed.NotifyAll();
    }
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  EXPECT_EQ(turn, 200);
}

TEST(CondVarTest, GivesUpWhenPatienceIsOverAndHoldsTheLockAgain) {
  Mutex mutex;
  CondVar changed;
  MutexLock lock(mutex);
  while (changed.WaitFor(mutex, Microseconds(1))) {
    // Woken without a reason: wait again.
  }
  // Locked here: another thread cannot have it before this scope ends.
  bool got_it = false;
  std::thread other([&] {
    MutexLock second(mutex);
    got_it = true;
  });
  EXPECT_FALSE(got_it);
  mutex.Unlock();
  other.join();
  mutex.Lock();
  EXPECT_TRUE(got_it);
}

}  // namespace
}  // namespace thalweg
