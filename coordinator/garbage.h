// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_GARBAGE_H_
#define THALWEG_COORDINATOR_GARBAGE_H_

// Which checkpoint files may be deleted. A wrong yes loses a job, a wrong no costs some disk, so
// there are two narrow rules:
//
//   1. A file that a manifest named which this leader has superseded, and that no retained manifest
//      names. Not before every checkpoint that was under way at that moment has ended: its
//      snapshots may still name the file.
//   2. An orphan: a file that lies in storage, written by a lower generation, named by no retained
//      manifest. Tasks of a lower generation cannot make anything durable any more. To be safe
//      against what is not understood it must be found twice, with a grace time between.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "proto/checkpoint.pb.h"

namespace thalweg::coordinator {

/// All files that the manifest names: runs, and what entries of operator state name.
std::set<std::string> FilesOf(const proto::Manifest& manifest);
std::set<std::string> FilesOf(std::span<const proto::Manifest> manifests);

/// Rule 1. Only files under the job's own prefix: an operator may name files elsewhere, which are
/// its own business.
class SupersededFiles {
 public:
  explicit SupersededFiles(JobId job) : job_(std::move(job)) {}

  /// The manifest is not retained any more; checkpoints up to `last_triggered` have been triggered.
  void OnSuperseded(const proto::Manifest& manifest, CheckpointId last_triggered);

  /// Hands out, once, the files that may be deleted now.
  std::vector<std::string> Take(std::span<const proto::Manifest> retained,
                                std::optional<CheckpointId> oldest_pending);

 private:
  struct Batch {
    std::set<std::string> files;
    CheckpointId last_triggered;
  };

  const JobId job_;
  std::deque<Batch> batches_;
};

/// Rule 2.
class OrphanFinder {
 public:
  OrphanFinder(JobId job, Generation generation, Milliseconds grace)
      : job_(std::move(job)), generation_(generation), grace_(grace) {}

  /// Takes a listing of the job's files, made after the log was read again and showed no higher
  /// generation, and returns the orphans.
  std::vector<std::string> OnListed(std::span<const std::string> keys,
                                    std::span<const proto::Manifest> retained,
                                    MonoTime now);

 private:
  const JobId job_;
  const Generation generation_;
  const Milliseconds grace_;
  std::map<std::string, MonoTime> first_seen_;  // Candidates.
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_GARBAGE_H_
