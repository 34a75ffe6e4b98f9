// SPDX-License-Identifier: Apache-2.0

#include "coordinator/restart_policy.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"

namespace thalweg::coordinator {

StatusOr<RestartOptions> RestartOptionsFrom(const proto::RestartOptions& options) {
  if (options.initial_delay_millis() < 0 || options.max_delay_millis() < 0 ||
      options.reset_after_millis() < 0 || options.max_attempts() < 0) {
    return InvalidArgument("restart: no delay and no count may be negative.");
  }
  if (options.multiplier() != 0 && !(options.multiplier() >= 1 && options.multiplier() <= 1000)) {
    return InvalidArgument(
        fmt::format("restart.multiplier is {}; it must be from 1 to 1000.", options.multiplier()));
  }
  RestartOptions resolved;
  if (options.initial_delay_millis() > 0) {
    resolved.initial_delay = Milliseconds(options.initial_delay_millis());
  }
  if (options.max_delay_millis() > 0) {
    resolved.max_delay = Milliseconds(options.max_delay_millis());
  }
  if (options.multiplier() != 0) {
    resolved.multiplier = options.multiplier();
  }
  if (options.reset_after_millis() > 0) {
    resolved.reset_after = Milliseconds(options.reset_after_millis());
  }
  resolved.max_attempts = static_cast<std::uint32_t>(options.max_attempts());
  if (resolved.max_delay < resolved.initial_delay) {
    return InvalidArgument(
        fmt::format("restart.max_delay_millis is {}; it must be at least the initial delay, {}.",
                    resolved.max_delay.count(),
                    resolved.initial_delay.count()));
  }
  return resolved;
}

bool MayRestart(StatusCode code) {
  switch (code) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kOutOfRange:
    case StatusCode::kUnimplemented:
    case StatusCode::kDataLoss:
      return false;
    default:
      return true;
  }
}

std::optional<MonoTime> RestartPolicy::OnFailure(MonoTime now) {
  if (!last_failure_ || now - *last_failure_ > options_.reset_after) {
    restarts_ = 0;
    next_delay_millis_ = static_cast<double>(options_.initial_delay.count());
  }
  last_failure_ = now;
  if (options_.max_attempts != 0 && restarts_ >= options_.max_attempts) {
    return std::nullopt;
  }
  ++restarts_;
  const Milliseconds delay(std::llround(next_delay_millis_));
  next_delay_millis_ = std::min(next_delay_millis_ * options_.multiplier,
                                static_cast<double>(options_.max_delay.count()));
  return now + delay;
}

}  // namespace thalweg::coordinator
