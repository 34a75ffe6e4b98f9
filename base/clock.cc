// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

namespace thalweg {

const SystemClock& SystemClock::Get() {
  static const SystemClock clock;
  return clock;
}

MonoTime SystemClock::Now() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return MonoTime(std::chrono::duration_cast<Microseconds>(now));
}

WallTime SystemClock::WallNow() const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return WallTime(std::chrono::duration_cast<Milliseconds>(now));
}

}  // namespace thalweg
