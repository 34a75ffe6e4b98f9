// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <chrono>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(SystemClockTest, NeverGoesBack) {
  const Clock& clock = SystemClock::Get();
  MonoTime last = clock.Now();
  for (int i = 0; i < 10'000; ++i) {
    const MonoTime now = clock.Now();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SystemClockTest, WallTimeCountsMillisecondsSince1970) {
  const auto year = std::chrono::duration_cast<std::chrono::years>(
      SystemClock::Get().WallNow().time_since_epoch());
  EXPECT_GE(year.count(), 50);
  EXPECT_LT(year.count(), 500);
}

}  // namespace
}  // namespace thalweg
