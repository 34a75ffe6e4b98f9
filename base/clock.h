// SPDX-License-Identifier: Apache-2.0
//
// Time comes in through this interface, so that a whole cluster can run on a simulated clock.
// clock.cc is the only file that asks the system for the time.
#ifndef THALWEG_BASE_CLOCK_H_
#define THALWEG_BASE_CLOCK_H_

#include "base/time.h"

namespace thalweg {

/// Any thread may ask.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual MonoTime Now() const = 0;
  virtual WallTime WallNow() const = 0;
};

/// The host's clocks.
class SystemClock final : public Clock {
 public:
  /// For entry points; everybody else is given a Clock&.
  static const SystemClock& Get();

  MonoTime Now() const override;
  WallTime WallNow() const override;
};

}  // namespace thalweg

#endif  // THALWEG_BASE_CLOCK_H_
