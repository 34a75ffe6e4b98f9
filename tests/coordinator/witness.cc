// SPDX-License-Identifier: Apache-2.0

#include "tests/coordinator/witness.h"

#include <algorithm>
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

Witness::Job& Witness::Read(const std::string& id) {
  Job& job = jobs_[id];
  const storage::DurableLog log(store_, storage::JobLogPrefix(JobId(id)), /*nonce=*/0);
  const StatusOr<storage::LogContents> contents = log.Read(job.next_slot);
  if (!contents.ok()) {
    Violation(
        fmt::format("The log of job {} cannot be read: {}", id, MessageOf(contents.status())));
    return job;
  }
  job.next_slot = contents->next_slot;
  for (const storage::Record& slot : contents->records) {
    proto::LogRecord record;
    if (record.ParseFromString(slot.bytes)) {
      ReadRecord(job, record);
    } else {
      Violation(fmt::format("Slot {} of the log of job {} holds no record.", slot.slot, id));
    }
  }
  return job;
}

void Witness::ReadRecord(Job& job, const proto::LogRecord& record) {
  const Generation generation(record.generation());
  if (!job.generations.empty() && generation < *job.generations.rbegin()) {
    return;  // Of a deposed leader: it must not count.
  }
  job.generations.insert(generation);
  if (!record.has_manifest() && !(record.has_state() && record.state().has_manifest())) {
    return;
  }
  const proto::Manifest& manifest =
      record.has_manifest() ? record.manifest() : record.state().manifest();
  const std::uint64_t newest = job.manifests.empty() ? 0 : job.manifests.back().checkpoint;
  if (manifest.checkpoint_id() < newest ||
      (record.has_manifest() && manifest.checkpoint_id() == newest)) {
    Violation(fmt::format(
        "The manifest of checkpoint {} lies behind that of {}.", manifest.checkpoint_id(), newest));
  }
  CheckManifest(manifest);
  job.manifests.push_back(
      {.checkpoint = manifest.checkpoint_id(),
       .taken_by = {.generation = Generation(manifest.generation()), .n = manifest.attempt()},
       .kind = manifest.kind()});
}

void Witness::CheckManifest(const proto::Manifest& manifest) {
  std::size_t tasks = 0;
  for (const proto::VertexShape& shape : manifest.vertices()) {
    tasks += shape.parallelism();
  }
  if (tasks != static_cast<std::size_t>(manifest.tasks_size())) {
    Violation(fmt::format("The manifest of checkpoint {} has {} tasks of {}.",
                          manifest.checkpoint_id(),
                          manifest.tasks_size(),
                          tasks));
  }
  // Fake workers sign their snapshots; real ones have entries with other names.
  const std::string writer = fmt::format("{}-{}", manifest.generation(), manifest.attempt());
  for (const proto::TaskSnapshot& snapshot : manifest.tasks()) {
    for (const proto::OperatorStateEntry& entry : snapshot.entries()) {
      if (entry.name() == kSignature && entry.value() != writer) {
        Violation(fmt::format("Checkpoint {} of attempt {} holds a snapshot of attempt {}.",
                              manifest.checkpoint_id(),
                              writer,
                              entry.value()));
      }
    }
  }
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
  Job& job = Read(deploy.job_id());
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
  if (!job.generations.contains(attempt.generation)) {
    Violation(fmt::format("Generation {} commands job {}, whose log does not know it.",
                          attempt.generation.value(),
                          deploy.job_id()));
  }
}

void Witness::OnComplete(const std::string& worker, const proto::CompleteCheckpoint& complete) {
  ++completes_;
  Job& job = Read(complete.job_id());
  const Attempt attempt = FromProto(complete.attempt());
  const Deployed& deployed = job.attempts[attempt];
  const bool durable =
      std::any_of(job.manifests.begin(), job.manifests.end(), [&](const Durable& manifest) {
        return manifest.checkpoint == complete.checkpoint_id() && manifest.taken_by == attempt;
      });
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

void Witness::OnReplayed(const proto::SinkReplayed& replayed) {
  jobs_[replayed.job_id()].attempts[FromProto(replayed.attempt())].replayed.insert(
      TaskId(replayed.task()));
}

void Witness::OnCommitted(const proto::CommitAck& committed) {
  jobs_[committed.job_id()].committed[committed.checkpoint_id()].insert(TaskId(committed.task()));
}

void Witness::OnFinished(const JobId& id) {
  const Job& job = Read(id.value());
  if (job.manifests.empty() || job.manifests.back().kind != proto::CHECKPOINT_FINAL) {
    Violation("The job has finished without a final checkpoint.");
    return;
  }
  const std::uint64_t last = job.manifests.back().checkpoint;
  bool settled = false;
  for (const auto& [attempt, deployed] : job.attempts) {
    // Committed by the attempt that took it, or settled by one that restored it.
    settled = settled || (deployed.restored == last && deployed.replayed == deployed.sinks) ||
              (job.committed.contains(last) && job.committed.at(last) == deployed.sinks);
  }
  if (!settled) {
    Violation("The job has finished before its sinks have made the last output visible.");
  }
}

void Witness::CheckLog(const JobId& id) {
  const Job& job = Read(id.value());
  for (const Durable& manifest : job.manifests) {
    for (const auto& [attempt, deployed] : job.attempts) {
      if (manifest.taken_by < attempt && deployed.restored < manifest.checkpoint) {
        Violation(
            fmt::format("Attempt {}-{} restored checkpoint {}, but {} of an earlier attempt "
                        "became durable.",
                        attempt.generation.value(),
                        attempt.n,
                        deployed.restored,
                        manifest.checkpoint));
      }
    }
  }
}

}  // namespace thalweg::coordinator
