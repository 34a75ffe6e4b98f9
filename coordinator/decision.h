// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_DECISION_H_
#define THALWEG_COORDINATOR_DECISION_H_

// What a job machine wants done. The service around it does it and brings the outcome back.

#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "coordinator/job_state.h"
#include "proto/checkpoint.pb.h"
#include "proto/control.pb.h"

namespace thalweg::coordinator {

/// To a worker, if it is still attached. The sender fills in the generation.
struct SendDecision {
  WorkerId worker;
  proto::CoordinatorMessage message;
};

/// To the job's log; the next one comes only after OnAppended(). The writer fills in the
/// generation.
struct AppendDecision {
  proto::LogRecord record;
};

/// Drops the records before the one appended last.
struct TruncateDecision {};

/// The worker does not answer: end its connection and treat it as lost.
struct DropWorkerDecision {
  WorkerId worker;
  std::string reason;
};

/// Nobody needs these files any more. Failing to delete one is harmless.
struct DeleteFilesDecision {
  std::vector<std::string> keys;
};

/// The same for all files of the job.
struct DeleteAllFilesDecision {};

/// Read the job's log again; if no higher generation is in it, list the job's files: OnListed().
struct ListFilesDecision {};

/// The job has come to this state. For an end: its record is durable.
struct StateDecision {
  JobState state = JobState::kCreated;
  std::string reason;
};

using Decision = std::variant<SendDecision,
                              AppendDecision,
                              TruncateDecision,
                              DropWorkerDecision,
                              DeleteFilesDecision,
                              DeleteAllFilesDecision,
                              ListFilesDecision,
                              StateDecision>;
using Decisions = std::vector<Decision>;

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_DECISION_H_
