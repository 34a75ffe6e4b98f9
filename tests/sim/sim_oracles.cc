// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_oracles.h"

#include <vector>

#include "proto/checkpoint.pb.h"
#include "storage/durable_log.h"
#include "storage/layout.h"

namespace thalweg::testing {

SimOracles::SimOracles(SimCluster& cluster, JobId job)
    : cluster_(cluster), job_(std::move(job)), witness_(cluster.checkpoint_disk()) {
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
    if (message.ParseFromString(frame.frame.head) && message.has_replayed()) {
      OnReplayed(message.replayed());
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

void SimOracles::OnReplayed(const proto::SinkReplayed& replayed) {
  const auto found = attempts_.find({replayed.attempt().generation(), replayed.attempt().n()});
  if (found != attempts_.end()) {
    found->second.unsettled.erase(replayed.task());
  }
}

void SimOracles::OnComplete(const proto::CompleteCheckpoint& complete) {
  const auto attempt = attempts_.find({complete.attempt().generation(), complete.attempt().n()});
  if (attempt != attempts_.end() && !attempt->second.unsettled.empty()) {
    Report("gate",
           "complete(" + std::to_string(complete.checkpoint_id()) + ") is sent although task " +
               std::to_string(*attempt->second.unsettled.begin()) +
               " has not settled what the restored checkpoint left pending");
  }
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
