// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_STORAGE_LAYOUT_H_
#define THALWEG_STORAGE_LAYOUT_H_

// Which keys of the store belong to whom.
//
//   cluster/log/...                             the cluster's log
//   jobs/<job id>/log/...                       the job's log
//   jobs/<job id>/files/<generation>-<n>/...    what attempt (generation, n) wrote for checkpoints
//
// The attempt stands in the key so that two attempts never write the same file, and so that a later
// leader can tell files that nobody can name any more from those being written.

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace thalweg::storage {

inline std::string ClusterLogPrefix() {
  return "cluster/log";
}

inline std::string JobPrefix(const JobId& job) {
  return "jobs/" + job.value() + "/";
}

inline std::string JobLogPrefix(const JobId& job) {
  return JobPrefix(job) + "log";
}

/// Begins the key of every checkpoint file of the job. Ends with '/'.
inline std::string JobFilesPrefix(const JobId& job) {
  return JobPrefix(job) + "files/";
}

/// Begins the key of every checkpoint file that tasks of this attempt write. Ends with '/'.
inline std::string AttemptFilesPrefix(const JobId& job, const Attempt& attempt) {
  return JobFilesPrefix(job) + std::to_string(attempt.generation.value()) + "-" +
         std::to_string(attempt.n) + "/";
}

/// The attempt that wrote the checkpoint file `key` of `job`; absent when the key is none of those.
inline std::optional<Attempt> AttemptOfFile(const JobId& job, std::string_view key) {
  const std::string prefix = JobFilesPrefix(job);
  if (!key.starts_with(prefix)) {
    return std::nullopt;
  }
  key.remove_prefix(prefix.size());
  std::uint64_t generation = 0;
  std::uint32_t n = 0;
  const char* const end = key.data() + key.size();
  const auto first = std::from_chars(key.data(), end, generation);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') {
    return std::nullopt;
  }
  const auto second = std::from_chars(first.ptr + 1, end, n);
  if (second.ec != std::errc() || second.ptr == end || *second.ptr != '/') {
    return std::nullopt;
  }
  return Attempt{Generation(generation), n};
}

}  // namespace thalweg::storage

#endif  // THALWEG_STORAGE_LAYOUT_H_
