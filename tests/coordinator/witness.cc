// SPDX-License-Identifier: Apache-2.0

#include "tests/coordinator/witness.h"

#include <utility>

#include "coordinator/deployment.h"
#include "coordinator/graph.h"
#include "fmt/format.h"
#include "storage/durable_log.h"
#include "storage/layout.h"

namespace thalweg::coordinator {

Witness::Witness(std::shared_ptr<testing::MemoryDisk> disk) : store_(std::move(disk), /*seed=*/1) {}

void Witness::Violation(std::string sentence) {
  violations_.push_back(std::move(sentence));
}

std::vector<proto::LogRecord> Witness::DurableRecords(const std::string& prefix) {
  const storage::DurableLog log(store_, prefix, /*nonce=*/0);
  const StatusOr<storage::LogContents> contents = log.Read(0);
  if (!contents.ok()) {
    Violation(fmt::format("The log '{}' cannot be read: {}", prefix, MessageOf(contents.status())));
    return {};
  }
  std::vector<proto::LogRecord> records;
  std::uint64_t highest = 0;
  for (const storage::Record& slot : contents->records) {
    proto::LogRecord record;
    if (!record.ParseFromString(slot.bytes)) {
      Violation(fmt::format("Slot {} of '{}' holds no record.", slot.slot, prefix));
    } else if (record.generation() >= highest) {
      highest = record.generation();
      records.push_back(std::move(record));
    }
  }
  return records;
}

std::vector<proto::Manifest> Witness::DurableManifests(const std::string& job) {
  std::vector<proto::Manifest> manifests;
  for (const proto::LogRecord& record : DurableRecords(storage::JobLogPrefix(JobId(job)))) {
    if (record.has_manifest()) {
      manifests.push_back(record.manifest());
    } else if (record.has_state() && record.state().has_manifest()) {
      manifests.push_back(record.state().manifest());
    }
  }
  return manifests;
}

void Witness::OnCommand(Generation generation, const std::string& leader) {
  const auto [entry, added] = leaders_.emplace(generation, leader);
  if (entry->second != leader) {
    Violation(fmt::format(
        "Generation {} has two leaders, {} and {}.", generation.value(), entry->second, leader));
  }
}

std::uint64_t Witness::CompletedFor(const Job& job, const Attempt& attempt) {
  std::uint64_t newest = 0;
  for (const auto& [by, checkpoint] : job.completed) {
    newest = by <= attempt ? std::max(newest, checkpoint) : newest;
  }
  return newest;
}

void Witness::OnDeploy(const proto::DeployJob& deploy) {
  ++deploys_;
  Job& job = jobs_[deploy.job_id()];
  const Attempt attempt = FromProto(deploy.attempt());
  Deployed& deployed = job.attempts[attempt];
  deployed.restored = deploy.restored_checkpoint();
  deployed.sinks = SinkTasksOf(deploy.graph());
  for (const std::uint64_t task : deploy.tasks()) {
    if (!deployed.tasks.insert(task).second) {
      Violation(fmt::format("Task {} runs twice in one attempt.", task));
    }
  }
  const std::uint64_t completed = CompletedFor(job, attempt);
  if (deploy.restored_checkpoint() < completed) {
    Violation(fmt::format("Checkpoint {} is restored, but {} was complete.",
                          deploy.restored_checkpoint(),
                          completed));
  }
  const std::vector<proto::LogRecord> records =
      DurableRecords(storage::JobLogPrefix(JobId(deploy.job_id())));
  // What a later leader has truncated tells nothing any more.
  bool generation_durable = records.empty() || !records.front().has_submitted();
  for (const proto::LogRecord& record : records) {
    generation_durable = generation_durable || record.generation() == attempt.generation.value();
  }
  if (!generation_durable) {
    Violation(fmt::format("Generation {} commands job {}, whose log does not know it.",
                          attempt.generation.value(),
                          deploy.job_id()));
  }
}

void Witness::OnComplete(const std::string& worker, const proto::CompleteCheckpoint& complete) {
  ++completes_;
  Job& job = jobs_[complete.job_id()];
  const Attempt attempt = FromProto(complete.attempt());
  const Deployed& deployed = job.attempts[attempt];
  bool durable = false;
  for (const proto::Manifest& manifest : DurableManifests(complete.job_id())) {
    durable = durable || (manifest.checkpoint_id() == complete.checkpoint_id() &&
                          manifest.generation() == attempt.generation.value() &&
                          manifest.attempt() == attempt.n);
  }
  if (!durable) {
    Violation(fmt::format("Checkpoint {} is called complete, but its manifest is not durable.",
                          complete.checkpoint_id()));
  }
  // In order on each connection; to different workers the words may be on their way together.
  std::uint64_t& heard = job.heard[{worker, attempt}];
  if (complete.checkpoint_id() <= heard) {
    Violation(fmt::format("Worker {} heard that checkpoint {} is complete behind {}.",
                          worker,
                          complete.checkpoint_id(),
                          heard));
  }
  heard = complete.checkpoint_id();
  if (deployed.restored > 0 && deployed.replayed != deployed.sinks) {
    Violation(fmt::format("Checkpoint {} is complete before all sinks have settled checkpoint {}.",
                          complete.checkpoint_id(),
                          deployed.restored));
  }
  std::uint64_t& newest = job.completed[attempt];
  newest = std::max(newest, complete.checkpoint_id());
}

void Witness::OnReplayed(const proto::DeployJob& deploy, TaskId task) {
  jobs_[deploy.job_id()].attempts[FromProto(deploy.attempt())].replayed.insert(task);
}

void Witness::OnCommitted(const proto::DeployJob& deploy, TaskId task, std::uint64_t checkpoint) {
  jobs_[deploy.job_id()].committed[checkpoint].insert(task);
}

void Witness::OnFinished(const JobId& id) {
  const std::vector<proto::Manifest> manifests = DurableManifests(id.value());
  if (manifests.empty() || manifests.back().kind() != proto::CHECKPOINT_FINAL) {
    Violation("The job has finished without a final checkpoint.");
    return;
  }
  const proto::Manifest& last = manifests.back();
  const Job& job = jobs_[id.value()];
  bool settled = false;
  for (const auto& [attempt, deployed] : job.attempts) {
    // Committed by the attempt that took it, or settled by one that restored it.
    settled = settled ||
              (deployed.restored == last.checkpoint_id() && deployed.replayed == deployed.sinks) ||
              (job.committed.contains(last.checkpoint_id()) &&
               job.committed.at(last.checkpoint_id()) == deployed.sinks);
  }
  if (!settled) {
    Violation("The job has finished before its sinks have made the last output visible.");
  }
}

void Witness::CheckLog(const JobId& id) {
  std::uint64_t newest = 0;
  for (const proto::Manifest& manifest : DurableManifests(id.value())) {
    if (manifest.checkpoint_id() < newest) {
      Violation(fmt::format("The manifest of checkpoint {} lies behind that of {}.",
                            manifest.checkpoint_id(),
                            newest));
    }
    newest = manifest.checkpoint_id();
    const Attempt taken_by{.generation = Generation(manifest.generation()),
                           .n = manifest.attempt()};
    for (const auto& [attempt, deployed] : jobs_[id.value()].attempts) {
      if (taken_by < attempt && deployed.restored < newest) {
        Violation(
            fmt::format("Attempt {}-{} restored checkpoint {}, but {} of an earlier attempt "
                        "became durable.",
                        attempt.generation.value(),
                        attempt.n,
                        deployed.restored,
                        newest));
      }
    }
    std::size_t tasks = 0;
    for (const proto::VertexShape& shape : manifest.vertices()) {
      tasks += shape.parallelism();
    }
    if (tasks != static_cast<std::size_t>(manifest.tasks_size())) {
      Violation(fmt::format("The manifest of checkpoint {} has {} tasks of {}.",
                            newest,
                            manifest.tasks_size(),
                            tasks));
    }
    const std::string writer = fmt::format("{}-{}", manifest.generation(), manifest.attempt());
    for (const proto::TaskSnapshot& snapshot : manifest.tasks()) {
      for (const proto::OperatorStateEntry& entry : snapshot.entries()) {
        if (entry.value() != writer) {
          Violation(fmt::format("Checkpoint {} of attempt {} holds a snapshot of attempt {}.",
                                newest,
                                writer,
                                entry.value()));
        }
      }
    }
  }
}

}  // namespace thalweg::coordinator
