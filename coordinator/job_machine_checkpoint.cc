// SPDX-License-Identifier: Apache-2.0
//
// Checkpoints of the current attempt, and their files.

#include <utility>

#include "base/check.h"
#include "base/mutation.h"
#include "coordinator/graph.h"
#include "coordinator/job_machine.h"
#include "coordinator/manifest_builder.h"

namespace thalweg::coordinator {

void JobMachine::Carry(std::vector<CheckpointStep> steps, MonoTime now) {
  for (CheckpointStep& step : steps) {
    if (auto* persist = std::get_if<PersistStep>(&step)) {
      Persist(std::move(*persist), now);
      continue;
    }
    proto::CoordinatorMessage message;
    if (const auto* trigger = std::get_if<TriggerStep>(&step)) {
      proto::TriggerCheckpoint& body = *message.mutable_trigger();
      body.set_job_id(job_.value());
      *body.mutable_attempt() = ToProto(attempt_);
      body.set_checkpoint_id(trigger->id.value());
      body.set_kind(trigger->kind);
    } else if (auto* abort = std::get_if<AbortStep>(&step)) {
      proto::AbortCheckpoint& body = *message.mutable_abort();
      body.set_job_id(job_.value());
      *body.mutable_attempt() = ToProto(attempt_);
      body.set_checkpoint_id(abort->id.value());
      body.set_reason(std::move(abort->reason));
    }
    SendToAll(message);
  }
}

void JobMachine::Persist(PersistStep step, MonoTime now) {
  const ManifestHead head{.id = step.id,
                          .attempt = attempt_,
                          .kind = step.kind,
                          .lineage = log_.submitted()->lineage()};
  StatusOr<proto::Manifest> manifest = BuildManifest(head, graph(), std::move(step.snapshots));
  if (!manifest.ok()) {
    FailAttempt(manifest.status().code(), std::string(MessageOf(manifest.status())), now);
    return;
  }
  proto::LogRecord record;
  *record.mutable_manifest() = *std::move(manifest);
  Append(std::move(record));
  if (Mutated(Mutation::kCompleteBeforeManifest)) {
    Complete(step.id, now);
  }
}

void JobMachine::OnManifestAppended(const proto::Manifest& manifest, MonoTime now) {
  const CheckpointId id(manifest.checkpoint_id());
  tracker_.OnDurable(id, now);
  policy_.OnCheckpoint();
  CollectGarbage();
  if (listings_left_ == 2) {
    list_at_ = now;
  }
  if (log_.manifests_since_state() >= options_.truncate_after && appends_.empty() && !ending_) {
    proto::LogRecord record;
    *record.mutable_state() = log_.ToState();
    Append(std::move(record));
  }
  // An attempt that has failed meanwhile hears nothing: the next one settles it.
  if (phase_ != Phase::kDeployed || ending_ || manifest.attempt() != attempt_.n) {
    return;
  }
  if (gate_.is_open()) {
    Complete(id, now);
  } else {
    gate_.Hold(id);
  }
}

void JobMachine::Complete(CheckpointId id, MonoTime now) {
  proto::CoordinatorMessage message;
  proto::CompleteCheckpoint& body = *message.mutable_complete();
  body.set_job_id(job_.value());
  *body.mutable_attempt() = ToProto(attempt_);
  body.set_checkpoint_id(id.value());
  SendToAll(message);
  if (log_.settling()) {
    committing_ = SinkTasksOf(graph());
    if (committing_->empty() || Mutated(Mutation::kFinishedBeforeCommit)) {
      Settled(now);
    }
  }
}

void JobMachine::OnReplayed(TaskId task, MonoTime now) {
  if (!gate_.OnReplayed(task)) {
    return;
  }
  if (const auto held = gate_.TakeHeld()) {
    Complete(*held, now);
  } else if (log_.settling() && deployment_->all_run() && !committing_) {
    Settled(now);
  }
}

void JobMachine::OnCommitted(TaskId task, CheckpointId id, MonoTime now) {
  if (committing_ && id.value() >= log_.newest()->checkpoint_id() && committing_->erase(task) > 0 &&
      committing_->empty()) {
    Settled(now);
  }
}

void JobMachine::Settled(MonoTime now) {
  const bool final = log_.newest()->kind() == proto::CHECKPOINT_FINAL;
  End(final ? proto::JOB_FINISHED : proto::JOB_STOPPED, "", now);
}

void JobMachine::CollectGarbage() {
  for (const proto::Manifest& manifest : log_.TakeSuperseded()) {
    superseded_.OnSuperseded(manifest, tracker_.last_triggered());
  }
  std::vector<std::string> files = superseded_.Take(log_.manifests(), tracker_.OldestPending());
  if (!files.empty()) {
    out_.push_back(DeleteFilesDecision{.keys = std::move(files)});
  }
}

void JobMachine::ListOrphans(MonoTime now) {
  if (list_at_ && *list_at_ <= now && appends_.empty()) {
    list_at_ = std::nullopt;
    --listings_left_;
    out_.push_back(ListFilesDecision{});
  }
}

Decisions JobMachine::OnListed(const std::vector<std::string>& keys, MonoTime now) {
  std::vector<std::string> orphans = orphans_.OnListed(keys, log_.manifests(), now);
  if (!orphans.empty()) {
    out_.push_back(DeleteFilesDecision{.keys = std::move(orphans)});
  }
  if (listings_left_ > 0) {
    list_at_ = now + options_.orphan_grace;
  }
  return Take();
}

}  // namespace thalweg::coordinator
