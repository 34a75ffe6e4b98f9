// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_RESTART_POLICY_H_
#define THALWEG_COORDINATOR_RESTART_POLICY_H_

// Whether a job that failed is started again, and when: at once for a lone accident, more and more
// patiently for a job that keeps failing, not at all when a restart cannot help.

#include <cstdint>
#include <optional>

#include "base/status.h"
#include "base/time.h"
#include "proto/plan.pb.h"

namespace thalweg::coordinator {

/// Deaths of a worker with the same job's task on a lane, without a checkpoint between them, after
/// which the job is taken to be what kills workers.
inline constexpr std::uint32_t kDeathsMax = 3;

struct RestartOptions {
  Milliseconds initial_delay{50};
  Milliseconds max_delay{60'000};
  double multiplier = 1.5;
  Milliseconds reset_after{
      3'600'000};                  // Without a failure for so long the delay is the initial one.
  std::uint32_t max_attempts = 0;  // Restarts without a reset between them; 0: without end.
};

/// Fills in the defaults. kInvalidArgument names the field, its value and its bound.
StatusOr<RestartOptions> RestartOptionsFrom(const proto::RestartOptions& options);

/// May a restart mend what failed with this code? Not where the job or its stored state is wrong.
bool MayRestart(StatusCode code);

class RestartPolicy {
 public:
  explicit RestartPolicy(const RestartOptions& options) : options_(options) {}

  /// When to start again; absent: the attempts are used up.
  std::optional<MonoTime> OnFailure(MonoTime now);

  /// A worker died with a task of the job on a lane. True: once too often.
  bool OnDeath() { return ++deaths_ >= kDeathsMax; }

  /// A checkpoint became durable: the job gets somewhere between deaths.
  void OnCheckpoint() { deaths_ = 0; }

  /// Restarts since the last reset.
  std::uint32_t restarts() const { return restarts_; }

 private:
  RestartOptions options_;
  std::uint32_t restarts_ = 0;
  std::uint32_t deaths_ = 0;
  double next_delay_millis_ = 0;
  std::optional<MonoTime> last_failure_;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_RESTART_POLICY_H_
