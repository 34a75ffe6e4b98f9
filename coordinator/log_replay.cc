// SPDX-License-Identifier: Apache-2.0

#include "coordinator/log_replay.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "fmt/format.h"

namespace thalweg::coordinator {
namespace {

/// Slots are consecutive and each has one record, so a deposed writer cannot append behind its
/// successor. Checked all the same: such a record must never count.
bool IsFenced(Generation& highest, const proto::LogRecord& record) {
  const Generation writer(record.generation());
  if (writer < highest) {
    return true;
  }
  highest = writer;
  return false;
}

}  // namespace

StatusOr<Folded> ClusterLogState::Apply(const proto::LogRecord& record) {
  if (IsFenced(generation_, record)) {
    return Folded::kFenced;
  }
  switch (record.record_case()) {
    case proto::LogRecord::kNewGeneration:
      break;
    case proto::LogRecord::kJobAdded: {
      const JobId job(record.job_added());
      if (std::find(jobs_.begin(), jobs_.end(), job) == jobs_.end()) {
        jobs_.push_back(job);
      }
      break;
    }
    default:
      return DataLoss("The cluster's log has a record that belongs into a job's log.");
  }
  return Folded::kApplied;
}

StatusOr<Folded> JobLogState::Apply(const proto::LogRecord& record) {
  if (IsFenced(generation_, record)) {
    return Folded::kFenced;
  }
  switch (record.record_case()) {
    case proto::LogRecord::kNewGeneration:
      break;
    case proto::LogRecord::kSubmitted:
      ApplySubmitted(record.submitted());
      break;
    case proto::LogRecord::kState:
      ApplyState(record.state());
      break;
    case proto::LogRecord::kManifest:
      RETURN_IF_ERROR(ApplyManifest(record.manifest()));
      break;
    case proto::LogRecord::kIntent:
      // A cancel overrides a stop, never the other way round.
      if (!intent_ || intent_->wanted() != proto::JOB_CANCELED) {
        intent_ = record.intent();
      }
      break;
    case proto::LogRecord::kEnded:
      ended_ = record.ended();
      break;
    default:
      return DataLoss("The job's log has a record that does not belong there.");
  }
  return Folded::kApplied;
}

void JobLogState::ApplySubmitted(const proto::JobSubmitted& submitted) {
  submitted_ = submitted;
  // A job that had ended is taken up again.
  if (ended_) {
    ended_ = std::nullopt;
    intent_ = std::nullopt;
    settling_ = false;
  }
}

void JobLogState::ApplyState(const proto::JobState& state) {
  submitted_ = state.submitted();
  intent_ = state.has_intent() ? std::optional(state.intent()) : std::nullopt;
  settling_ = state.settling();
  manifests_since_state_ = 0;
  if (state.has_manifest() &&
      (newest() == nullptr || newest()->checkpoint_id() < state.manifest().checkpoint_id())) {
    Retain(state.manifest());
  }
}

Status JobLogState::ApplyManifest(const proto::Manifest& manifest) {
  if (newest() != nullptr && manifest.checkpoint_id() <= newest()->checkpoint_id()) {
    return DataLoss(
        fmt::format("The job's log has the manifest of checkpoint {} behind that of {}.",
                    manifest.checkpoint_id(),
                    newest()->checkpoint_id()));
  }
  ++manifests_since_state_;
  settling_ = manifest.kind() != proto::CHECKPOINT_PERIODIC;
  Retain(manifest);
  return OkStatus();
}

void JobLogState::Retain(const proto::Manifest& manifest) {
  manifests_.push_back(manifest);
  while (manifests_.size() > kManifestsRetained) {
    superseded_.push_back(std::move(manifests_.front()));
    manifests_.erase(manifests_.begin());
  }
}

std::vector<proto::Manifest> JobLogState::TakeSuperseded() {
  return std::exchange(superseded_, {});
}

proto::JobState JobLogState::ToState() const {
  CHECK(submitted_.has_value());
  proto::JobState state;
  *state.mutable_submitted() = *submitted_;
  if (const proto::Manifest* manifest = newest()) {
    *state.mutable_manifest() = *manifest;
  }
  if (intent_) {
    *state.mutable_intent() = *intent_;
  }
  state.set_settling(settling_);
  return state;
}

}  // namespace thalweg::coordinator
