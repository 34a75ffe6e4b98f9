// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_JOB_DESCRIPTION_H_
#define THALWEG_COORDINATOR_JOB_DESCRIPTION_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "coordinator/checkpoint_stats.h"
#include "coordinator/job_state.h"
#include "proto/plan.pb.h"

namespace thalweg::coordinator {

struct SubmitRequest {
  std::optional<JobId> job;  // Absent: a new one is drawn.
  proto::JobGraph graph;
  // Refuses a new job whose name is that of one that has not ended.
  bool unique_name = false;
};

/// How a job ended.
struct JobOutcome {
  JobState state = JobState::kFinished;  // IsEnd(state).
  std::string reason;                    // Empty when it finished.
};

struct JobDescription {
  JobId job;
  std::string name;
  JobState state = JobState::kCreated;
  std::string reason;  // Of the last failure or the end.
  Attempt attempt;     // n == 0: not deployed yet by this leader.
  std::optional<CheckpointId> newest_checkpoint;
  std::uint32_t slots_needed = 0;
  std::uint32_t missing_slots = 0;  // It waits for so many more.
  std::uint32_t restarts = 0;       // Since they were last reset.
  CheckpointStats checkpoints;
};

struct WorkerDescription {
  WorkerId worker;
  std::string exchange_address;
  std::uint32_t slots = 0;
  std::uint32_t free_slots = 0;
  Milliseconds since_heard{0};
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_JOB_DESCRIPTION_H_
