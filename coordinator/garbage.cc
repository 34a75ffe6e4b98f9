// SPDX-License-Identifier: Apache-2.0

#include "coordinator/garbage.h"

#include <utility>

#include "base/mutation.h"
#include "storage/layout.h"

namespace thalweg::coordinator {

std::set<std::string> FilesOf(const proto::Manifest& manifest) {
  std::set<std::string> files;
  for (const proto::TaskSnapshot& task : manifest.tasks()) {
    for (const proto::RunRef& run : task.runs()) {
      if (!run.file().empty()) {
        files.insert(run.file());
      }
    }
    for (const proto::OperatorStateEntry& entry : task.entries()) {
      for (const proto::FileRef& file : entry.files()) {
        files.insert(file.file());
      }
    }
  }
  return files;
}

std::set<std::string> FilesOf(std::span<const proto::Manifest> manifests) {
  std::set<std::string> files;
  for (const proto::Manifest& manifest : manifests) {
    files.merge(FilesOf(manifest));
  }
  return files;
}

void SupersededFiles::OnSuperseded(const proto::Manifest& manifest, CheckpointId last_triggered) {
  batches_.push_back({.files = FilesOf(manifest), .last_triggered = last_triggered});
}

std::vector<std::string> SupersededFiles::Take(std::span<const proto::Manifest> retained,
                                               std::optional<CheckpointId> oldest_pending) {
  std::set<std::string> files;
  while (!batches_.empty() &&
         (!oldest_pending || batches_.front().last_triggered < *oldest_pending)) {
    files.merge(batches_.front().files);
    batches_.pop_front();
  }
  if (files.empty()) {
    return {};
  }
  if (!Mutated(Mutation::kRetainedFileDeleted)) {
    for (const std::string& kept : FilesOf(retained)) {
      files.erase(kept);
    }
  }
  std::erase_if(files,
                [&](const std::string& file) { return !storage::AttemptOfFile(job_, file); });
  return {files.begin(), files.end()};
}

std::vector<std::string> OrphanFinder::OnListed(std::span<const std::string> keys,
                                                std::span<const proto::Manifest> retained,
                                                MonoTime now) {
  const std::set<std::string> named = FilesOf(retained);
  std::map<std::string, MonoTime> candidates;
  std::vector<std::string> orphans;
  for (const std::string& key : keys) {
    const std::optional<Attempt> writer = storage::AttemptOfFile(job_, key);
    if (!writer || writer->generation >= generation_ || named.contains(key)) {
      continue;
    }
    const auto seen = first_seen_.find(key);
    const MonoTime since = seen == first_seen_.end() ? now : seen->second;
    if (now - since >= grace_ && seen != first_seen_.end()) {
      orphans.push_back(key);
    } else {
      candidates.emplace(key, since);
    }
  }
  first_seen_ = std::move(candidates);
  return orphans;
}

}  // namespace thalweg::coordinator
