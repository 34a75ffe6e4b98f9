// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_SQL_PHYSICAL_JOB_SETTINGS_H_
#define THALWEG_SQL_PHYSICAL_JOB_SETTINGS_H_

#include <cstdint>
#include <string>

#include "base/status.h"
#include "proto/plan.pb.h"
#include "sql/config/settings.h"

namespace thalweg::sql {

enum class AggregatePhases { kAuto, kOne, kTwo };

/// What the session's configuration says about a job.
struct JobSettings {
  std::string name;
  std::uint32_t parallelism = 1;
  std::uint32_t key_group_count = 0;  // 0: the default.
  bool batch = false;
  std::int64_t state_ttl_millis = 0;     // 0: kept for ever.
  std::int64_t idle_timeout_millis = 0;  // 0: never idle.
  std::int64_t watermark_interval_millis = 200;
  bool row_wise = false;  // One change per row instead of one per key and batch.
  AggregatePhases phases = AggregatePhases::kAuto;
  bool drops_nulls =
      false;              // Rows with NULL in a NOT NULL column of a sink; else they fail the job.
  bool reuse = true;      // Equal parts of a plan run once.
  std::string time_zone;  // Empty: UTC.
  proto::CheckpointOptions checkpoints;
  proto::RestartOptions restart;
};

/// kUnimplemented: a value that Flink has and this engine has not.
StatusOr<JobSettings> ReadSettings(const SessionSettings& session);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PHYSICAL_JOB_SETTINGS_H_
