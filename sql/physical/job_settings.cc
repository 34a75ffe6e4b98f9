// SPDX-License-Identifier: Apache-2.0
#include "sql/physical/job_settings.h"

#include <algorithm>
#include <limits>

namespace thalweg::sql {
namespace {

std::int32_t Attempts(std::int64_t attempts) {
  return static_cast<std::int32_t>(
      std::min<std::int64_t>(attempts, std::numeric_limits<std::int32_t>::max()));
}

proto::CheckpointOptions Checkpoints(const SessionSettings& session) {
  proto::CheckpointOptions options;
  options.set_interval_millis(session.Get(setting::kCheckpointInterval).count());
  options.set_timeout_millis(session.Get(setting::kCheckpointTimeout).count());
  options.set_min_pause_millis(session.Get(setting::kCheckpointMinPause).count());
  options.set_in_flight_max(
      static_cast<std::uint32_t>(session.Get(setting::kMaxConcurrentCheckpoints)));
  return options;
}

StatusOr<proto::RestartOptions> Restart(const SessionSettings& session) {
  proto::RestartOptions options;
  const std::string kind = session.Get(setting::kRestartStrategy);
  if (kind == "none") {
    return Unimplemented(
        "'restart-strategy.type' = 'none' is not supported: a job restarts at least once; use "
        "'fixed-delay' with few attempts");
  }
  if (kind == "fixed-delay") {
    const std::int64_t delay = session.Get(setting::kFixedDelay).count();
    options.set_initial_delay_millis(std::max<std::int64_t>(delay, 1));
    options.set_max_delay_millis(std::max<std::int64_t>(delay, 1));
    options.set_multiplier(1.0);
    options.set_max_attempts(
        std::max<std::int32_t>(1, Attempts(session.Get(setting::kFixedDelayAttempts))));
    return options;
  }
  options.set_initial_delay_millis(session.Get(setting::kExponentialInitial).count());
  options.set_max_delay_millis(session.Get(setting::kExponentialMax).count());
  options.set_multiplier(session.Get(setting::kExponentialMultiplier));
  options.set_reset_after_millis(session.Get(setting::kExponentialReset).count());
  options.set_max_attempts(Attempts(session.Get(setting::kExponentialAttempts)));
  return options;
}

}  // namespace

StatusOr<JobSettings> ReadSettings(const SessionSettings& session) {
  JobSettings settings;
  settings.name = session.Get(setting::kPipelineName);
  settings.parallelism = static_cast<std::uint32_t>(session.Get(setting::kParallelism));
  settings.key_group_count = static_cast<std::uint32_t>(session.Get(setting::kMaxParallelism));
  const std::string mode = session.Get(setting::kRuntimeMode);
  if (mode == "automatic") {
    return Unimplemented(
        "'execution.runtime-mode' = 'automatic' is not supported; it is 'streaming' or 'batch'");
  }
  settings.batch = mode == "batch";
  settings.state_ttl_millis = session.Get(setting::kStateTtl).count();
  settings.idle_timeout_millis = session.Get(setting::kIdleTimeout).count();
  settings.watermark_interval_millis = session.Get(setting::kAutoWatermarkInterval).count();
  settings.row_wise = session.IsSet(setting::kMiniBatch.key) && !session.Get(setting::kMiniBatch);
  const std::string phases = session.Get(setting::kAggregatePhases);
  settings.phases = phases == "ONE_PHASE"   ? AggregatePhases::kOne
                    : phases == "TWO_PHASE" ? AggregatePhases::kTwo
                                            : AggregatePhases::kAuto;
  settings.drops_nulls = session.Get(setting::kNotNullEnforcer) == "DROP";
  settings.reuse = session.Get(setting::kReuseSubPlans);
  settings.time_zone = session.Get(setting::kLocalTimeZone);
  if (settings.time_zone == "UTC" || settings.time_zone == "default") {
    settings.time_zone.clear();
  }
  settings.checkpoints = Checkpoints(session);
  ASSIGN_OR_RETURN(settings.restart, Restart(session));
  return settings;
}

}  // namespace thalweg::sql
