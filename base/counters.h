// SPDX-License-Identifier: Apache-2.0
//
// Numbers that one thread writes while others read: a plain load and store each, no locked
// instruction. A reader sees a value that was true a moment ago. The owner of a MetricGroup names
// them and hands them out.
#ifndef THALWEG_BASE_COUNTERS_H_
#define THALWEG_BASE_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace thalweg {

/// Only grows. One writer.
class Counter {
 public:
  void Add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// The last value that was set. One writer.
class Gauge {
 public:
  void Set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Counts values in buckets whose width is at most an eighth of their lower bound. One writer.
class Histogram {
 public:
  void Record(std::uint64_t value);

  std::uint64_t count() const { return count_.value(); }
  std::uint64_t sum() const { return sum_.value(); }

  /// The least upper bound of a bucket under which the share `q` (0 to 1) of the values lies; 0
  /// without values.
  std::uint64_t Quantile(double q) const;

 private:
  // Values below 8 have their own bucket; above, eight buckets for each power of two.
  static constexpr std::size_t kBucketCount = 8 + 61 * 8;

  Counter count_;
  Counter sum_;
  std::array<Counter, kBucketCount> buckets_;
};

/// A value that was read from a metric.
struct MetricSample {
  std::string name;
  double value = 0;
};

/// Named metrics, and groups of them. Names are joined by dots: "job.task.rows_in". Any thread may
/// add and collect; what Add*() returns lives as long as the group.
class MetricGroup {
 public:
  explicit MetricGroup(std::string_view name = "") : name_(name) {}

  /// The metric or group of that name, made at the first call.
  Counter& AddCounter(std::string_view name);
  Gauge& AddGauge(std::string_view name);
  Histogram& AddHistogram(std::string_view name);
  MetricGroup& AddGroup(std::string_view name);

  /// All values, sorted by name. A histogram gives .count, .sum, .p50, .p99 and .p999.
  std::vector<MetricSample> Collect() const;

 private:
  template <class T>
  using Named = std::map<std::string, std::unique_ptr<T>, std::less<>>;

  void CollectInto(std::vector<MetricSample>& samples) const;
  std::string FullName(std::string_view name) const;

  const std::string name_;  // Full, empty at the top.

  mutable Mutex mutex_;
  Named<Counter> counters_ GUARDED_BY(mutex_);
  Named<Gauge> gauges_ GUARDED_BY(mutex_);
  Named<Histogram> histograms_ GUARDED_BY(mutex_);
  Named<MetricGroup> groups_ GUARDED_BY(mutex_);
};

}  // namespace thalweg

#endif  // THALWEG_BASE_COUNTERS_H_
