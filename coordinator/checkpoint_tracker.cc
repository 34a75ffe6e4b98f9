// SPDX-License-Identifier: Apache-2.0

#include "coordinator/checkpoint_tracker.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/mutation.h"
#include "fmt/format.h"

namespace thalweg::coordinator {
namespace {

constexpr std::uint32_t kInFlightLimit = 8;

/// Pause before a last checkpoint that was aborted is tried again.
constexpr Milliseconds kRetryPause{100};

std::uint64_t BytesOf(const proto::TaskSnapshot& snapshot) {
  std::uint64_t bytes = 0;
  for (const proto::RunRef& run : snapshot.runs()) {
    bytes += run.size();
  }
  for (const proto::OperatorStateEntry& entry : snapshot.entries()) {
    bytes += entry.value().size();
    for (const proto::FileRef& file : entry.files()) {
      bytes += file.size();
    }
  }
  return bytes;
}

Status CheckNotNegative(std::string_view field, std::int64_t value) {
  return value >= 0 ? OkStatus()
                    : InvalidArgument(fmt::format(
                          "checkpoints.{} is {}; it must not be negative.", field, value));
}

}  // namespace

StatusOr<CheckpointOptions> CheckpointOptionsFrom(const proto::CheckpointOptions& options) {
  RETURN_IF_ERROR(CheckNotNegative("timeout_millis", options.timeout_millis()));
  RETURN_IF_ERROR(CheckNotNegative("min_pause_millis", options.min_pause_millis()));
  if (options.in_flight_max() > kInFlightLimit) {
    return InvalidArgument(fmt::format("checkpoints.in_flight_max is {}; it must be at most {}.",
                                       options.in_flight_max(),
                                       kInFlightLimit));
  }
  CheckpointOptions resolved;
  if (options.interval_millis() < 0) {
    resolved.interval = std::nullopt;
  } else if (options.interval_millis() > 0) {
    resolved.interval = Milliseconds(options.interval_millis());
  }
  if (options.timeout_millis() > 0) {
    resolved.timeout = Milliseconds(options.timeout_millis());
  }
  resolved.in_flight_max = std::max(options.in_flight_max(), 1u);
  resolved.min_pause = Milliseconds(options.min_pause_millis());
  return resolved;
}

void CheckpointTracker::Start(std::set<TaskId> tasks, CheckpointId newest_durable, MonoTime now) {
  CHECK(!running_);
  running_ = true;
  tasks_ = std::move(tasks);
  base_ = now;
  last_ended_ = std::nullopt;
  last_triggered_ = std::max(last_triggered_, newest_durable);
}

void CheckpointTracker::Halt(MonoTime now) {
  running_ = false;
  last_wanted_ = std::nullopt;
  std::vector<CheckpointId> lost;
  for (const auto& [id, pending] : pending_) {
    if (!pending.persisting) {
      lost.push_back(id);
    }
  }
  for (const CheckpointId id : lost) {
    Abort(id, "The attempt ended.", now);
  }
}

void CheckpointTracker::RequestLast(proto::CheckpointKind kind) {
  CHECK_NE(kind, proto::CHECKPOINT_PERIODIC);
  if (!last_wanted_) {
    last_wanted_ = kind;
  }
}

std::optional<MonoTime> CheckpointTracker::NextTrigger() const {
  if (!running_) {
    return std::nullopt;
  }
  if (last_wanted_) {
    // Neither the interval nor the limit in flight holds it back: it overtakes what is pending.
    const bool under_way = std::any_of(pending_.begin(), pending_.end(), [](const auto& entry) {
      return entry.second.kind != proto::CHECKPOINT_PERIODIC;
    });
    const bool failed_before = !stats_.history.empty() && !stats_.history.back().completed &&
                               stats_.history.back().kind != proto::CHECKPOINT_PERIODIC;
    if (under_way) {
      return std::nullopt;
    }
    return failed_before && last_ended_ ? *last_ended_ + kRetryPause : base_;
  }
  if (!options_.interval || pending_.size() >= options_.in_flight_max) {
    return std::nullopt;
  }
  const MonoTime due = base_ + *options_.interval;
  return last_ended_ ? std::max(due, *last_ended_ + options_.min_pause) : due;
}

std::vector<CheckpointStep> CheckpointTracker::OnTick(MonoTime now) {
  std::vector<CheckpointStep> steps;
  std::vector<CheckpointId> expired;
  for (const auto& [id, pending] : pending_) {
    if (!pending.persisting && now >= pending.started + options_.timeout) {
      expired.push_back(id);
    }
  }
  for (const CheckpointId id : expired) {
    steps.push_back(
        Abort(id, fmt::format("Not all tasks answered in {} ms.", options_.timeout.count()), now));
  }
  if (const auto due = NextTrigger(); due && *due <= now) {
    steps.push_back(Trigger(now));
  }
  return steps;
}

TriggerStep CheckpointTracker::Trigger(MonoTime now) {
  last_triggered_ = CheckpointId(last_triggered_.value() + 1);
  base_ = now;
  const auto kind = last_wanted_.value_or(proto::CHECKPOINT_PERIODIC);
  pending_.try_emplace(
      last_triggered_,
      Pending{.kind = kind, .started = now, .waiting_for = tasks_, .snapshots = {}});
  return {.id = last_triggered_, .kind = kind};
}

AbortStep CheckpointTracker::Abort(CheckpointId id, std::string reason, MonoTime now) {
  const auto node = pending_.extract(id);
  CHECK(!node.empty());
  last_ended_ = now;
  stats_.Add({.id = id,
              .kind = node.mapped().kind,
              .completed = false,
              .failure = reason,
              .duration = now - node.mapped().started,
              .bytes = node.mapped().bytes});
  return {.id = id, .reason = std::move(reason)};
}

PersistStep CheckpointTracker::Persist(CheckpointId id) {
  Pending& pending = pending_.at(id);
  pending.persisting = true;
  return {.id = id, .kind = pending.kind, .snapshots = std::move(pending.snapshots)};
}

std::vector<CheckpointStep> CheckpointTracker::OnAck(CheckpointId id,
                                                     const proto::TaskSnapshot& snapshot,
                                                     MonoTime now) {
  const auto found = pending_.find(id);
  if (found == pending_.end() || found->second.persisting ||
      found->second.waiting_for.erase(TaskId(snapshot.task())) == 0) {
    return {};
  }
  Pending& pending = found->second;
  pending.bytes += BytesOf(snapshot);
  pending.snapshots[TaskId(snapshot.task())] = snapshot;
  const std::size_t enough = Mutated(Mutation::kManifestBeforeAcks) && tasks_.size() > 1 ? 1 : 0;
  if (pending.waiting_for.size() > enough) {
    return {};
  }
  // Manifests are appended in the order of their ids, so an older one cannot come any more.
  std::vector<CheckpointStep> steps;
  std::vector<CheckpointId> overtaken;
  for (auto older = pending_.begin(); older->first < id; ++older) {
    if (!older->second.persisting) {
      overtaken.push_back(older->first);
    }
  }
  for (const CheckpointId older : overtaken) {
    steps.push_back(Abort(older, fmt::format("Checkpoint {} overtook it.", id.value()), now));
  }
  steps.push_back(Persist(id));
  return steps;
}

std::vector<CheckpointStep> CheckpointTracker::OnDeclined(CheckpointId id,
                                                          const std::string& reason,
                                                          MonoTime now) {
  const auto found = pending_.find(id);
  if (found == pending_.end() || found->second.persisting) {
    return {};
  }
  return {Abort(id, reason, now)};
}

void CheckpointTracker::OnDurable(CheckpointId id, MonoTime now) {
  const auto node = pending_.extract(id);
  if (node.empty()) {
    return;
  }
  last_ended_ = now;
  stats_.Add({.id = id,
              .kind = node.mapped().kind,
              .completed = true,
              .failure = {},
              .duration = now - node.mapped().started,
              .bytes = node.mapped().bytes});
  if (node.mapped().kind != proto::CHECKPOINT_PERIODIC) {
    running_ = false;
  }
}

std::optional<MonoTime> CheckpointTracker::WakeAt() const {
  std::optional<MonoTime> wake = NextTrigger();
  for (const auto& [id, pending] : pending_) {
    if (!pending.persisting) {
      const MonoTime expiry = pending.started + options_.timeout;
      wake = wake ? std::min(*wake, expiry) : expiry;
    }
  }
  return wake;
}

std::optional<CheckpointId> CheckpointTracker::OldestPending() const {
  return pending_.empty() ? std::nullopt : std::optional(pending_.begin()->first);
}

}  // namespace thalweg::coordinator
