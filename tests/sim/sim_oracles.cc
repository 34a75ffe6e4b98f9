// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_oracles.h"

#include <vector>

#include "base/hash.h"
#include "proto/checkpoint.pb.h"
#include "storage/durable_log.h"
#include "storage/layout.h"
#include "tests/sim/sim_state.h"

namespace thalweg::testing {

SimOracles::SimOracles(SimCluster& cluster, JobId job, std::optional<SimJob> kind)
    : cluster_(cluster), job_(std::move(job)), witness_(cluster.checkpoint_disk()), kind_(kind) {
  cluster_.AddFrameHook([this](const FrameEvent& frame) {
    OnFrame(frame);
    ShowWitness(frame);
  });
}

void SimOracles::CheckAtEnd() {
  ReadLog();
  CheckLogLines();
  witness_.CheckLog(job_);
  if (cluster_.outcome().has_value() &&
      cluster_.outcome()->state == coordinator::JobState::kFinished) {
    witness_.OnFinished(job_);
  }
  HearWitness();
}

void SimOracles::ShowWitness(const FrameEvent& frame) {
  if (frame.from.name().starts_with("coordinator")) {
    proto::CoordinatorMessage message;
    if (!message.ParseFromString(frame.frame.head)) {
      return;
    }
    if (message.has_deploy()) {
      witness_.OnCommand(Generation(message.generation()), frame.from.name());
      witness_.OnDeploy(message.deploy());
    } else if (message.has_complete()) {
      witness_.OnComplete(frame.to.name(), message.complete());
    }
  } else if (frame.to.name().starts_with("coordinator")) {
    proto::WorkerMessage message;
    if (!message.ParseFromString(frame.frame.head)) {
      return;
    }
    if (message.has_replayed()) {
      witness_.OnReplayed(message.replayed());
    } else if (message.has_commit_ack()) {
      witness_.OnCommitted(message.commit_ack());
    }
  }
  HearWitness();
}

void SimOracles::HearWitness() {
  if (!witness_.violations().empty()) {
    Report("promise", witness_.violations().front());
  }
}

void SimOracles::OnFrame(const FrameEvent& frame) {
  if (violation_.has_value()) {
    return;
  }
  if (frame.to.name().starts_with("coordinator")) {
    proto::WorkerMessage message;
    if (!message.ParseFromString(frame.frame.head)) {
      return;
    }
    if (message.has_task_status()) {
      OnSpeaks(frame.from,
               message.task_status().attempt(),
               message.task_status().state() == proto::TASK_RUNNING);
    } else if (message.has_ack()) {
      OnAck(message.ack());
      OnSpeaks(frame.from, message.ack().attempt(), false);
    } else if (message.has_replayed()) {
      OnSpeaks(frame.from, message.replayed().attempt(), false);
    } else if (message.has_commit_ack()) {
      OnSpeaks(frame.from, message.commit_ack().attempt(), false);
    }
    return;
  }
  if (!frame.from.name().starts_with("coordinator")) {
    return;
  }
  proto::CoordinatorMessage message;
  if (!message.ParseFromString(frame.frame.head)) {
    Report("wire", "a coordinator sent bytes that are no message");
    return;
  }
  if (message.has_deploy()) {
    OnDeploy(message.deploy());
  } else if (message.has_complete()) {
    OnComplete(message.complete());
  }
}

void SimOracles::OnDeploy(const proto::DeployJob& deploy) {
  const std::pair<std::uint64_t, std::uint32_t> attempt(deploy.attempt().generation(),
                                                        deploy.attempt().n());
  const auto [found, is_new] = attempts_.try_emplace(attempt);
  AttemptFacts& facts = found->second;
  if (is_new) {
    facts.completed_before = newest_completed_;
    if (kind_.has_value() && HasComparableState(*kind_) && deploy.restored_checkpoint() > 0 &&
        attempts_.rbegin()->first == attempt) {
      CheckState(deploy.restored_checkpoint());
    }
  }
  const std::string name =
      "attempt (" + std::to_string(attempt.first) + ", " + std::to_string(attempt.second) + ")";
  // A zombie may deploy an old state, but only under a generation that has been superseded: it is
  // fenced.
  const bool is_newest = attempts_.rbegin()->first == attempt;
  if (is_newest && deploy.restored_checkpoint() < facts.completed_before) {
    Report("regress",
           name + " restores checkpoint " + std::to_string(deploy.restored_checkpoint()) +
               " although " + std::to_string(facts.completed_before) + " was completed");
  }
  for (const proto::TaskPlacement& placement : deploy.placements()) {
    const auto [owner, first] = facts.owners.try_emplace(placement.task(), placement.worker_id());
    if (!first && owner->second != placement.worker_id()) {
      Report("owner",
             name + " gives task " + std::to_string(placement.task()) + " to " + owner->second +
                 " and to " + placement.worker_id());
    }
  }
}

void SimOracles::OnAck(const proto::CheckpointAck& ack) {
  const auto attempt = attempts_.find({ack.attempt().generation(), ack.attempt().n()});
  if (attempt != attempts_.end()) {
    attempt->second.acked[{ack.checkpoint_id(), ack.snapshot().task()}] =
        Hash64(ack.snapshot().SerializeAsString());
  }
}

void SimOracles::OnSpeaks(const SimNode& worker, const proto::AttemptId& attempt, bool runs) {
  const AttemptKey key(attempt.generation(), attempt.n());
  AttemptKey& newest = running_[{worker.name(), worker.incarnation()}];
  if (key < newest) {
    Report("fenced",
           worker.name() + " speaks for attempt (" + std::to_string(key.first) + ", " +
               std::to_string(key.second) + ") although it runs (" + std::to_string(newest.first) +
               ", " + std::to_string(newest.second) + ")");
  }
  if (runs) {
    newest = std::max(newest, key);
  }
}

void SimOracles::CheckState(std::uint64_t checkpoint) {
  ReadLog();
  const auto manifest = manifests_.find(checkpoint);
  if (manifest == manifests_.end() || !compared_.insert(checkpoint).second) {
    return;
  }
  MemoryStore store(cluster_.checkpoint_disk(), 1);
  const proto::JobGraph graph = PlanOf(*kind_, {});
  const StatusOr<StateContent> actual = StateContent::Of(manifest->second, graph, store);
  if (!actual.ok()) {
    Report("state", std::string(MessageOf(actual.status())));
    return;
  }
  const SourcePositions positions = PositionsOf(manifest->second, graph);
  const std::string difference = StateContent::Difference(ContentAt(*kind_, positions), *actual);
  if (!difference.empty()) {
    Report("state", "of checkpoint " + std::to_string(checkpoint) + ": " + difference);
  }
}

void SimOracles::OnComplete(const proto::CompleteCheckpoint& complete) {
  ReadLog();
  if (!durable_.contains(complete.checkpoint_id())) {
    Report("durable",
           "complete(" + std::to_string(complete.checkpoint_id()) +
               ") is sent, but its manifest is not in the log");
  }
  newest_completed_ = std::max(newest_completed_, complete.checkpoint_id());
}

void SimOracles::ReadLog() {
  const std::string prefix = storage::JobLogPrefix(job_) + "/slot/";
  std::vector<std::pair<std::string, std::string>> fresh;
  {
    const std::shared_ptr<MemoryDisk>& disk = cluster_.checkpoint_disk();
    const MutexLock lock(disk->mutex);
    for (auto it = disk->files.lower_bound(prefix);
         it != disk->files.end() && it->first.starts_with(prefix);
         ++it) {
      if (read_slots_.insert(it->first).second) {
        fresh.emplace_back(it->first, it->second->bytes);
      }
    }
  }
  if (fresh.empty()) {
    return;
  }
  // The log's own reader knows the frames of its records.
  MemoryStore store(cluster_.checkpoint_disk(), 1);
  storage::DurableLog log(store, storage::JobLogPrefix(job_), 0);
  const StatusOr<storage::LogContents> contents = log.Read(0);
  if (!contents.ok()) {
    Report("log", std::string(MessageOf(contents.status())));
    return;
  }
  newest_manifest_ = 0;
  for (const storage::Record& record : contents->records) {
    proto::LogRecord parsed;
    if (!parsed.ParseFromString(record.bytes)) {
      Report("log", "slot " + std::to_string(record.slot) + " holds no record");
    } else if (parsed.has_manifest()) {
      CheckManifest(parsed.manifest());
    }
  }
}

void SimOracles::CheckManifest(const proto::Manifest& manifest) {
  if (manifest.checkpoint_id() <= newest_manifest_) {
    Report("regress",
           "checkpoint " + std::to_string(manifest.checkpoint_id()) + " follows " +
               std::to_string(newest_manifest_) + " in the log");
  }
  newest_manifest_ = manifest.checkpoint_id();
  if (!durable_.insert(manifest.checkpoint_id()).second) {
    return;  // Checked when it was new.
  }
  manifests_[manifest.checkpoint_id()] = manifest;
  CheckAcks(manifest);
  std::map<std::uint32_t, std::vector<int>> owners;  // By vertex: tasks per key group.
  for (const proto::TaskSnapshot& task : manifest.tasks()) {
    std::vector<int>& counts = owners[VertexIndexOf(TaskId(task.task()))];
    counts.resize(manifest.key_group_count());
    for (std::uint32_t group = task.first_key_group(); group < task.end_key_group(); ++group) {
      ++counts[group];
    }
  }
  for (const auto& [vertex, counts] : owners) {
    for (const int count : counts) {
      if (count != 1) {
        Report("owner",
               "a key group of vertex " + std::to_string(vertex) + " has " + std::to_string(count) +
                   " owners in checkpoint " + std::to_string(manifest.checkpoint_id()));
        return;
      }
    }
  }
}

void SimOracles::CheckAcks(const proto::Manifest& manifest) {
  const auto attempt = attempts_.find({manifest.generation(), manifest.attempt()});
  if (attempt == attempts_.end()) {
    return;  // Of a cluster before this one, on the same disk.
  }
  const AttemptFacts& facts = attempt->second;
  for (const proto::TaskSnapshot& task : manifest.tasks()) {
    const auto acked = facts.acked.find({manifest.checkpoint_id(), task.task()});
    if (acked == facts.acked.end() || acked->second != Hash64(task.SerializeAsString())) {
      Report("acks",
             "the manifest of checkpoint " + std::to_string(manifest.checkpoint_id()) +
                 " has a snapshot of task " + std::to_string(task.task()) +
                 " that its attempt has not acknowledged");
      return;
    }
  }
}

void SimOracles::CheckLogLines() {
  for (const std::string& line : cluster_.log().lines()) {
    for (const char* phrase : {"without a credit", "more credits than it was given"}) {
      if (line.find(phrase) != std::string::npos) {
        Report("credit", line);
      }
    }
  }
}

void SimOracles::Report(std::string oracle, std::string what) {
  if (!violation_.has_value()) {
    violation_ = Violation{.oracle = std::move(oracle), .what = std::move(what)};
  }
}

}  // namespace thalweg::testing
