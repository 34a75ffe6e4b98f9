// SPDX-License-Identifier: Apache-2.0
//
// How long a task stands still at a checkpoint, and how long its results stay away: count and sum
// of 1 M keys under a steady stream of rows, of which 1 % or all change between two checkpoints.
// "pause" is what the task itself measures from the barrier to its next batch. "longest gap" is,
// for each time from one checkpoint to the next, the longest time between two batches of results at
// the sink, with all other work of the lane in it; the p99 of these.
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/clock.h"
#include "bench/changing_keys.h"
#include "bench/job.h"
#include "bench/measures.h"

namespace thalweg::bench {
namespace {

constexpr std::size_t kKeys = 1'000'000;

/// The longest time between two batches, from checkpoint to checkpoint. In microseconds.
class GapSink final : public runtime::Sink {
 public:
  explicit GapSink(std::vector<double>& gaps) : gaps_(gaps) {}

  void Start(CheckpointId /*restored*/,
             std::span<const proto::OperatorStateEntry> /*entries*/,
             runtime::SinkListener& listener) override {
    listener_ = &listener;
    listener.OnReplayed();
  }
  bool HasRoom() const override { return true; }
  Status Write(const columnar::Batch& /*batch*/) override {
    const MonoTime now = SystemClock::Get().Now();
    if (last_.has_value()) {
      longest_ = std::max(longest_, static_cast<double>((now - *last_).count()));
    }
    last_ = now;
    return OkStatus();
  }
  void Snapshot(CheckpointId /*checkpoint*/,
                UniqueFunction<void(StatusOr<runtime::StateEntries>)> done) override {
    gaps_.push_back(std::exchange(longest_, 0));
    done(runtime::StateEntries());
  }
  void Complete(CheckpointId checkpoint) override { listener_->OnCommitted(checkpoint); }
  void Abort(CheckpointId /*checkpoint*/) override {}

 private:
  std::vector<double>& gaps_;
  runtime::SinkListener* listener_ = nullptr;
  std::optional<MonoTime> last_;
  double longest_ = 0;
};

class GapConnector final : public runtime::SinkConnector {
 public:
  explicit GapConnector(std::vector<double>& gaps) : gaps_(gaps) {}
  StatusOr<std::unique_ptr<runtime::Sink>> Open(
      const std::string& /*spec*/,
      columnar::SchemaPtr /*schema*/,
      runtime::ConnectorContext /*context*/) const override {
    return std::make_unique<GapSink>(gaps_);
  }

 private:
  std::vector<double>& gaps_;
};

double P99(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(0.99 * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

/// The greatest p99 among the tasks, in milliseconds.
double LongestPause(const MetricGroup& metrics) {
  double longest = 0;
  for (const MetricSample& sample : metrics.Collect()) {
    if (sample.name.ends_with("checkpoint_pause_micros.p99")) {
      longest = std::max(longest, sample.value / 1000);
    }
  }
  return longest;
}

struct PauseOptions {
  std::string changed;            // For people.
  std::size_t changed_share = 1;  // One in so many keys changes.
  std::size_t checkpoints = 0;
  Milliseconds interval{0};
  double bar_millis = 0;
};

StatusOr<std::vector<Reading>> MeasureOne(const Setting& setting, const PauseOptions& options) {
  const std::size_t changed = setting.Scaled(kKeys / options.changed_share, 100);
  const std::size_t checkpoints = setting.Scaled(options.checkpoints, 3);
  ChangingKeys keys({.key_count = changed * options.changed_share,
                     .changed = changed,
                     .checkpoints = checkpoints,
                     .without_rest = true});
  std::vector<double> gaps;
  MetricGroup metrics;
  JobRig rig(setting);
  rig.AddFeed("keys", keys);
  rig.AddSink("gaps", std::make_unique<GapConnector>(gaps));
  client::PlanBuilder plan("pause");
  plan.Checkpoints(CheckpointEvery(options.interval));
  CountAndSumOfKeys(plan).Sink({.connector = "gaps"});
  ASSIGN_OR_RETURN(const proto::JobGraph graph, plan.Build());
  RETURN_IF_ERROR(rig.Run(graph, {.metrics = &metrics}).status());
  if (keys.early_barriers() * 10 > checkpoints) {
    return FailedPrecondition("Checkpoints came before their share of the keys had changed");
  }
  // The first two are of the time when keys were new.
  gaps.erase(gaps.begin(), gaps.begin() + std::min<std::ptrdiff_t>(2, std::ssize(gaps) - 1));
  const std::string name = "checkpoint of 1M keys, " + options.changed + " changed";
  return std::vector<Reading>{
      {.name = name + ", pause p99",
       .value = LongestPause(metrics),
       .unit = "ms",
       .bar = options.bar_millis,
       .better = Better::kLower},
      {.name = name + ", longest gap p99", .value = P99(gaps) / 1000, .unit = "ms", .bar = {}}};
}

}  // namespace

StatusOr<std::vector<Reading>> MeasurePause(const Setting& setting) {
  ASSIGN_OR_RETURN(std::vector<Reading> readings,
                   MeasureOne(setting,
                              {.changed = "1 %",
                               .changed_share = 100,
                               .checkpoints = 100,
                               .interval = Milliseconds(100),
                               .bar_millis = 3}));
  ASSIGN_OR_RETURN(const std::vector<Reading> all,
                   MeasureOne(setting,
                              {.changed = "100 %",
                               .changed_share = 1,
                               .checkpoints = 30,
                               .interval = Milliseconds(1'000),
                               .bar_millis = 15}));
  readings.insert(readings.end(), all.begin(), all.end());
  return readings;
}

}  // namespace thalweg::bench
