// SPDX-License-Identifier: Apache-2.0
#include "base/counters.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace thalweg {
namespace {

// The bucket of a value: below 8 the value itself; above, the upper four bits of the value and how
// far they are shifted.
std::size_t BucketOf(std::uint64_t value) {
  if (value < 8) {
    return value;
  }
  const auto shift = static_cast<std::size_t>(std::bit_width(value)) - 4;
  return 8 + shift * 8 + ((value >> shift) - 8);
}

// The highest value of a bucket.
std::uint64_t UpperBound(std::size_t bucket) {
  if (bucket < 8) {
    return bucket;
  }
  const std::size_t shift = (bucket - 8) / 8;
  const std::uint64_t top = 8 + (bucket - 8) % 8;
  return ((top + 1) << shift) - 1;
}

template <class T, class Map, class... Args>
T& FindOrAdd(Map& map, std::string_view name, const Args&... args) {
  auto found = map.find(name);
  if (found == map.end()) {
    found = map.emplace(std::string(name), std::make_unique<T>(args...)).first;
  }
  return *found->second;
}

}  // namespace

void Histogram::Record(std::uint64_t value) {
  count_.Add();
  sum_.Add(value);
  buckets_[BucketOf(value)].Add();
}

std::uint64_t Histogram::Quantile(double q) const {
  const std::uint64_t total = count();
  const auto wanted = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(total)));
  std::uint64_t seen = 0;
  std::uint64_t bound = 0;
  for (std::size_t bucket = 0; bucket < kBucketCount && seen < std::max<std::uint64_t>(wanted, 1);
       ++bucket) {
    if (const std::uint64_t here = buckets_[bucket].value(); here > 0) {
      seen += here;
      bound = UpperBound(bucket);
    }
  }
  return bound;
}

Counter& MetricGroup::AddCounter(std::string_view name) {
  MutexLock lock(mutex_);
  return FindOrAdd<Counter>(counters_, name);
}

Gauge& MetricGroup::AddGauge(std::string_view name) {
  MutexLock lock(mutex_);
  return FindOrAdd<Gauge>(gauges_, name);
}

Histogram& MetricGroup::AddHistogram(std::string_view name) {
  MutexLock lock(mutex_);
  return FindOrAdd<Histogram>(histograms_, name);
}

MetricGroup& MetricGroup::AddGroup(std::string_view name) {
  MutexLock lock(mutex_);
  return FindOrAdd<MetricGroup>(groups_, name, FullName(name));
}

std::vector<MetricSample> MetricGroup::Collect() const {
  std::vector<MetricSample> samples;
  CollectInto(samples);
  std::sort(samples.begin(), samples.end(), [](const MetricSample& a, const MetricSample& b) {
    return a.name < b.name;
  });
  return samples;
}

void MetricGroup::CollectInto(std::vector<MetricSample>& samples) const {
  MutexLock lock(mutex_);
  for (const auto& [name, counter] : counters_) {
    samples.push_back({FullName(name), static_cast<double>(counter->value())});
  }
  for (const auto& [name, gauge] : gauges_) {
    samples.push_back({FullName(name), static_cast<double>(gauge->value())});
  }
  for (const auto& [name, histogram] : histograms_) {
    const std::string full = FullName(name);
    samples.push_back({full + ".count", static_cast<double>(histogram->count())});
    samples.push_back({full + ".sum", static_cast<double>(histogram->sum())});
    samples.push_back({full + ".p50", static_cast<double>(histogram->Quantile(0.5))});
    samples.push_back({full + ".p99", static_cast<double>(histogram->Quantile(0.99))});
    samples.push_back({full + ".p999", static_cast<double>(histogram->Quantile(0.999))});
  }
  for (const auto& [name, group] : groups_) {
    group->CollectInto(samples);
  }
}

std::string MetricGroup::FullName(std::string_view name) const {
  return name_.empty() ? std::string(name) : name_ + "." + std::string(name);
}

}  // namespace thalweg
