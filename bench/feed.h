// SPDX-License-Identifier: Apache-2.0
//
// The source "feed": rows that the benchmark has in memory, or makes up, as batches. Emitting a
// batch costs a reference to each of its columns, so a job reads the same memory as the bare loop
// beside it and pays for nothing else.
#ifndef THALWEG_BENCH_FEED_H_
#define THALWEG_BENCH_FEED_H_

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "columnar/batch.h"
#include "runtime/connector/source.h"

namespace thalweg::bench {

/// What one reader reads once. Used on the lane.
class Feed {
 public:
  virtual ~Feed() = default;

  /// kMoved: `*batch` is the next. kWait: nothing until the next barrier has passed. kEnd.
  virtual runtime::SourceProgress Next(std::optional<columnar::Batch>* batch) = 0;
  /// A barrier passes between two batches.
  virtual void OnBarrier() {}
};

/// Batches that lie in memory.
class BatchFeed final : public Feed {
 public:
  explicit BatchFeed(std::span<const columnar::Batch> batches) : batches_(batches) {}

  runtime::SourceProgress Next(std::optional<columnar::Batch>* batch) override;

 private:
  const std::span<const columnar::Batch> batches_;
  std::size_t next_ = 0;
};

/// Feeds by name, which is the spec of the source. They outlive the job.
using Feeds = std::map<std::string, Feed*>;

/// A job that restores or opens a feed twice fails: its time would mean nothing.
std::unique_ptr<runtime::SourceConnector> MakeFeedSource(const Feeds& feeds);

}  // namespace thalweg::bench

#endif  // THALWEG_BENCH_FEED_H_
