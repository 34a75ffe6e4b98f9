// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_JOB_STATE_H_
#define THALWEG_COORDINATOR_JOB_STATE_H_

// The life of a job as users see it.
//
//              all tasks run            all committed
//   kCreated ───────────────▶ kRunning ───────────────▶ kFinished
//      │ │                     │  ▲ │
//      │ │ a task fails        ▼  │ │ intent durable          all committed
//      │ └────────────▶ kRestarting └────────▶ kStopping ─────────────────▶ kStopped
//      │                       │      └──────────▲                             │
//      │                       │                                               │ taken up again
//      │ may not go on         ▼                                               ▼ by a change
//      └───────────────────▶ kFailed ─────────────────────────────────▶ kRestarting
//
//   any of kCreated, kRunning, kRestarting, kStopping ──▶ kCancelling ──▶ kCanceled
//   kCreated ──▶ kStopping; kStopping ──▶ kFailed; kStopping ──▶ kFinished when all input had ended
//
// Deploying, waiting for slots or for a delay are not states of a job but of its deployment
// (job_machine.h): a job that loses a worker while it is stopping stays kStopping throughout.

#include <string_view>
#include <utility>

#include "proto/checkpoint.pb.h"

namespace thalweg::coordinator {

enum class JobState {
  kCreated,
  kRunning,
  kRestarting,
  kStopping,
  kCancelling,
  kFinished,
  kFailed,
  kCanceled,
  kStopped,
};

inline constexpr std::pair<JobState, JobState> kJobMoves[] = {
    {JobState::kCreated, JobState::kRunning},       {JobState::kCreated, JobState::kRestarting},
    {JobState::kCreated, JobState::kStopping},      {JobState::kCreated, JobState::kCancelling},
    {JobState::kCreated, JobState::kFailed},        {JobState::kRunning, JobState::kRestarting},
    {JobState::kRunning, JobState::kStopping},      {JobState::kRunning, JobState::kCancelling},
    {JobState::kRunning, JobState::kFinished},      {JobState::kRunning, JobState::kFailed},
    {JobState::kRestarting, JobState::kRunning},    {JobState::kRestarting, JobState::kStopping},
    {JobState::kRestarting, JobState::kCancelling}, {JobState::kRestarting, JobState::kFailed},
    {JobState::kStopping, JobState::kStopped},      {JobState::kStopping, JobState::kFinished},
    {JobState::kStopping, JobState::kCancelling},   {JobState::kStopping, JobState::kFailed},
    {JobState::kCancelling, JobState::kCanceled},   {JobState::kStopped, JobState::kRestarting},
    {JobState::kFailed, JobState::kRestarting},
};

constexpr bool MayMove(JobState from, JobState to) {
  for (const auto& [move_from, move_to] : kJobMoves) {
    if (move_from == from && move_to == to) {
      return true;
    }
  }
  return false;
}

/// Nothing of the job runs, and its last record is durable.
constexpr bool IsEnd(JobState state) {
  return state == JobState::kFinished || state == JobState::kFailed ||
         state == JobState::kCanceled || state == JobState::kStopped;
}

/// As users know it: "RUNNING".
constexpr std::string_view NameOf(JobState state) {
  switch (state) {
    case JobState::kCreated:
      return "CREATED";
    case JobState::kRunning:
      return "RUNNING";
    case JobState::kRestarting:
      return "RESTARTING";
    case JobState::kStopping:
      return "STOPPING";
    case JobState::kCancelling:
      return "CANCELLING";
    case JobState::kFinished:
      return "FINISHED";
    case JobState::kFailed:
      return "FAILED";
    case JobState::kCanceled:
      return "CANCELED";
    case JobState::kStopped:
      return "STOPPED";
  }
  return "UNKNOWN";
}

/// The state that a durable end stands for. REQUIRES: `end` is specified.
constexpr JobState StateOf(proto::JobEnd end) {
  switch (end) {
    case proto::JOB_FINISHED:
      return JobState::kFinished;
    case proto::JOB_CANCELED:
      return JobState::kCanceled;
    case proto::JOB_STOPPED:
      return JobState::kStopped;
    default:
      return JobState::kFailed;
  }
}

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_JOB_STATE_H_
