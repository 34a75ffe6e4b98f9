// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_LOG_REPLAY_H_
#define THALWEG_COORDINATOR_LOG_REPLAY_H_

// What the records of a log add up to. A new leader folds them to know where it starts from; a
// leader in office folds its own records with the same code once they are durable, so that both
// agree by construction.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "proto/checkpoint.pb.h"

namespace thalweg::coordinator {

/// Newest manifests whose files are kept: the one that a restart uses, and the one before it, whose
/// files somebody may still be reading.
inline constexpr std::size_t kManifestsRetained = 2;

enum class Folded {
  kApplied,
  kFenced,  // Written by a lower generation after a higher one had its record: must not count.
};

/// The cluster's log: who leads, and which jobs there are.
class ClusterLogState {
 public:
  /// kDataLoss: the record is none of this log.
  StatusOr<Folded> Apply(const proto::LogRecord& record);

  Generation generation() const { return generation_; }
  const std::vector<JobId>& jobs() const { return jobs_; }

 private:
  Generation generation_;    // The highest seen.
  std::vector<JobId> jobs_;  // In the order of submission, each once.
};

/// A job's log.
class JobLogState {
 public:
  /// kDataLoss: the record contradicts the ones before it.
  StatusOr<Folded> Apply(const proto::LogRecord& record);

  Generation generation() const { return generation_; }  // The highest seen.

  /// Absent: the log has no submission, so the job was never accepted.
  const std::optional<proto::JobSubmitted>& submitted() const { return submitted_; }

  /// Oldest first, at most kManifestsRetained.
  const std::vector<proto::Manifest>& manifests() const { return manifests_; }

  /// What a restart restores; null: the job starts from nothing.
  const proto::Manifest* newest() const {
    return manifests_.empty() ? nullptr : &manifests_.back();
  }

  const std::optional<proto::JobIntent>& intent() const { return intent_; }
  const std::optional<proto::JobEnded>& ended() const { return ended_; }

  /// The newest manifest is the job's last one: once its output is visible the job has ended.
  bool settling() const { return settling_; }

  /// Manifests since the last record that stands for all before it.
  std::size_t manifests_since_state() const { return manifests_since_state_; }

  /// Manifests that are not retained any more, each handed out once.
  std::vector<proto::Manifest> TakeSuperseded();

  /// One record that stands for all of these. REQUIRES: submitted().
  proto::JobState ToState() const;

 private:
  Status ApplyManifest(const proto::Manifest& manifest);
  void ApplySubmitted(const proto::JobSubmitted& submitted);
  void ApplyState(const proto::JobState& state);
  void Retain(const proto::Manifest& manifest);

  Generation generation_;
  std::optional<proto::JobSubmitted> submitted_;
  std::vector<proto::Manifest> manifests_;
  std::vector<proto::Manifest> superseded_;
  std::optional<proto::JobIntent> intent_;
  std::optional<proto::JobEnded> ended_;
  bool settling_ = false;
  std::size_t manifests_since_state_ = 0;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_LOG_REPLAY_H_
