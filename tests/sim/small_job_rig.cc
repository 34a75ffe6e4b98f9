// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/small_job_rig.h"

#include <set>

#include "base/check.h"
#include "base/checksum.h"
#include "proto/connectors.pb.h"
#include "storage/durable_log.h"
#include "storage/layout.h"

namespace thalweg::testing {
namespace {

const JobId kJob("00000000000000000000000000000001");
constexpr Microseconds kPatience{400'000'000};

proto::JobGraph SmallJob(std::int64_t checkpoint_interval_millis) {
  SimJobOptions options;
  options.parallelism = 1;
  options.row_count = 60;
  options.checkpoint_interval_millis = checkpoint_interval_millis;
  return PlanOf(SimJob::kRetract, options);
}

const FoldedRows& Undisturbed() {
  static const FoldedRows rows = [] {
    SmallJobRig rig;
    rig.Begin();
    CHECK(rig.RunUntilEnded());
    CHECK(rig.cluster().outcome()->state == coordinator::JobState::kFinished);
    return Fold(rig.VisibleFiles());
  }();
  return rows;
}

}  // namespace

SmallJobRig::SmallJobRig(std::int64_t checkpoint_interval_millis)
    : SmallJobRig(std::make_shared<MemoryDisk>(),
                  std::make_shared<MemoryDisk>(),
                  SmallJob(checkpoint_interval_millis)) {}

SmallJobRig::SmallJobRig(std::shared_ptr<MemoryDisk> checkpoints, std::shared_ptr<MemoryDisk> files)
    : SmallJobRig(std::move(checkpoints), std::move(files), SmallJob(kSmallJobIntervalMillis)) {}

SmallJobRig::SmallJobRig(std::shared_ptr<MemoryDisk> checkpoints,
                         std::shared_ptr<MemoryDisk> files,
                         proto::JobGraph graph)
    : graph_(std::move(graph)) {
  SimClusterOptions options;
  options.coordinators = 1;
  options.workers = 1;
  options.lanes = 1;
  options.inline_run_max = 0;
  options.checkpoint_disk = std::move(checkpoints);
  options.file_disk = std::move(files);
  cluster_ = std::make_unique<SimCluster>(loop_, options);
  oracles_ = std::make_unique<SimOracles>(*cluster_, kJob);
}

void SmallJobRig::Begin() {
  cluster_->StartAll();
  cluster_->Submit(kJob, graph_);
}

void SmallJobRig::TakeUp() {
  cluster_->StartAll();
  cluster_->TakeUp(kJob, graph_);
}

bool SmallJobRig::RunUntilEnded() {
  return loop_.RunUntil([&] { return cluster_->outcome().has_value(); }, kPatience);
}

std::string SmallJobRig::RunToEnd() {
  if (!RunUntilEnded()) {
    return "the job has not ended";
  }
  oracles_->CheckAtEnd();
  if (oracles_->violation().has_value()) {
    return oracles_->violation()->oracle + ": " + oracles_->violation()->what;
  }
  if (cluster_->outcome()->state != coordinator::JobState::kFinished) {
    return "the job failed: " + cluster_->outcome()->reason;
  }
  const FoldedRows rows = Fold(VisibleFiles());
  return rows == Undisturbed() ? "" : Difference(Undisturbed(), rows);
}

bool SmallJobRig::RunUntilManifests(std::size_t count) {
  std::size_t slots = 0;
  std::size_t manifests = 0;
  loop_.RunUntil(
      [&] {
        if (const std::size_t now = CountSlots(); now != slots) {
          slots = now;
          manifests = Manifests().size();
        }
        return manifests >= count || cluster_->outcome().has_value();
      },
      kPatience);
  return manifests >= count;
}

std::size_t SmallJobRig::CountSlots() {
  MemoryStore store(cluster_->checkpoint_disk(), 1);
  const StatusOr<std::vector<std::string>> keys =
      store.List(storage::JobLogPrefix(kJob) + "/slot/");
  CHECK_OK(keys.status());
  return keys->size();
}

std::string SmallJobRig::LastSlot() {
  MemoryStore store(cluster_->checkpoint_disk(), 1);
  const StatusOr<std::vector<std::string>> keys =
      store.List(storage::JobLogPrefix(kJob) + "/slot/");
  CHECK_OK(keys.status());
  CHECK(!keys->empty());
  return keys->back();
}

std::vector<proto::Manifest> SmallJobRig::Manifests() {
  MemoryStore store(cluster_->checkpoint_disk(), 1);
  const storage::DurableLog log(store, storage::JobLogPrefix(kJob), 0);
  const StatusOr<storage::LogContents> contents = log.Read(0);
  CHECK_OK(contents.status());
  std::vector<proto::Manifest> manifests;
  for (const storage::Record& record : contents->records) {
    proto::LogRecord parsed;
    CHECK(parsed.ParseFromString(record.bytes));
    if (parsed.has_manifest()) {
      manifests.push_back(parsed.manifest());
    }
  }
  return manifests;
}

std::vector<std::pair<std::string, std::string>> SmallJobRig::VisibleFiles() const {
  return cluster_->VisibleFiles(kOutputFolder);
}

std::vector<std::string> RunFilesOf(const proto::Manifest& manifest) {
  std::set<std::string> files;
  for (const proto::TaskSnapshot& task : manifest.tasks()) {
    for (const proto::RunRef& run : task.runs()) {
      if (!run.file().empty()) {
        files.insert(run.file());
      }
    }
  }
  return {files.begin(), files.end()};
}

std::vector<std::string> PendingFilesOf(const proto::Manifest& manifest) {
  std::vector<std::string> files;
  for (const proto::TaskSnapshot& task : manifest.tasks()) {
    for (const proto::OperatorStateEntry& entry : task.entries()) {
      if (entry.name() == "pending") {
        proto::PendingFile file;
        CHECK(file.ParseFromString(entry.value()));
        files.push_back(file.in_progress());
      }
    }
  }
  return files;
}

std::string DamageOf(const proto::Manifest& manifest, MemoryDisk& disk) {
  const MutexLock lock(disk.mutex);
  for (const proto::TaskSnapshot& task : manifest.tasks()) {
    for (const proto::RunRef& run : task.runs()) {
      const auto found = disk.files.find(run.file());
      if (run.file().empty()) {
        continue;
      }
      if (found == disk.files.end()) {
        return run.file() + " is missing";
      }
      if (Checksum(found->second->bytes) != run.checksum()) {
        return run.file() + " does not fit its checksum";
      }
    }
  }
  return "";
}

}  // namespace thalweg::testing
