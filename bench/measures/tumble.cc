// SPDX-License-Identifier: Apache-2.0
//
// Tumbling windows: count and sum by a BIGINT key, 20 M rows in four windows, a checkpoint every
// second. The bare loop goes over the same arrays with one absl::flat_hash_map for each window, and
// gives each window's rows to a buffer, as the job gives them to a sink; it takes no checkpoints.
#include <array>
#include <memory>

#include <absl/container/flat_hash_map.h>

#include "bench/job.h"
#include "bench/measures.h"
#include "bench/rows.h"

namespace thalweg::bench {
namespace {

constexpr std::size_t kRows = 20'000'000;
constexpr std::int64_t kWindowMillis = 10'000;
constexpr std::int64_t kWindows = 4;

struct Group {
  std::int64_t count = 0;
  std::int64_t sum = 0;
};

/// Calls emit(key, count, sum, window end in microseconds) for each row of the result.
template <class Emit>
void RunBare(const std::vector<columnar::Batch>& batches, Emit&& emit) {
  using Groups = absl::flat_hash_map<std::int64_t, Group>;
  auto groups = std::make_unique<Groups>();
  std::int64_t end = kWindowMillis * 1000;
  const auto fire = [&] {
    for (const auto& [key, group] : *groups) {
      emit(key, group.count, group.sum, end);
    }
    groups = std::make_unique<Groups>();
    end += kWindowMillis * 1000;
  };
  for (const columnar::Batch& batch : batches) {
    const RowArrays rows = ArraysOf(batch);
    for (std::size_t i = 0; i < rows.keys.size(); ++i) {
      while (rows.times[i] >= end) {
        fire();
      }
      Group& group = (*groups)[rows.keys[i]];
      ++group.count;
      group.sum += rows.values[i];
    }
  }
  fire();
}

/// Where a row-at-a-time program would hand its rows over, a batch at a time.
class ResultBuffer {
 public:
  void Add(std::int64_t key, std::int64_t count, std::int64_t sum, std::int64_t end) {
    rows_[next_++ % rows_.size()] = {key, count, sum, end};
  }

 private:
  std::array<std::array<std::int64_t, 4>, columnar::kMaxBatchRows> rows_;
  std::size_t next_ = 0;
};

StatusOr<proto::JobGraph> Plan(const std::string& sink) {
  client::PlanBuilder plan("tumble");
  plan.Checkpoints(CheckpointEvery(Milliseconds(1'000)));
  plan.Source({.connector = "feed", .spec = "rows", .schema = RowSchema()})
      // A watermark says that no row of its own millisecond follows either, and some do.
      .Watermark("ts", Milliseconds(1))
      .TumbleWindow("ts", Milliseconds(kWindowMillis))
      .GroupBy({"k"})
      .Aggregate({client::CountAll("n"), client::Sum("v", "total")})
      .Project({{"k", client::Col("k")},
                {"n", client::Col("n")},
                {"total", client::Col("total")},
                {"window_end", client::Col("window_end")}})
      .Sink({.connector = sink});
  return plan.Build();
}

StatusOr<std::vector<Reading>> MeasureOne(const Setting& setting,
                                          const std::string& name,
                                          std::uint64_t key_count,
                                          double bar) {
  const std::size_t row_count = setting.Scaled(kRows, 20'000);
  const std::vector<columnar::Batch> batches =
      MakeRows({.row_count = row_count,
                .key_count = key_count,
                .duration_millis = kWindowMillis * kWindows});
  const auto run_job = [&](const std::string& sink, Fold& fold) -> StatusOr<Cost> {
    BatchFeed feed(batches);
    JobRig rig(setting);
    rig.AddFeed("rows", feed);
    rig.AddSink("fold", MakeFoldSink(4, fold));
    ASSIGN_OR_RETURN(const proto::JobGraph graph, Plan(sink));
    return rig.Run(graph);
  };
  Fold bare_fold;
  RunBare(batches, [&](std::int64_t key, std::int64_t count, std::int64_t sum, std::int64_t end) {
    bare_fold.Add({key, count, sum, end});
  });
  Fold job_fold;
  RETURN_IF_ERROR(run_job("fold", job_fold).status());
  RETURN_IF_ERROR(CheckEqual(name, bare_fold, job_fold));

  const auto buffer = std::make_unique<ResultBuffer>();
  ASSIGN_OR_RETURN(
      const std::vector<Pair> pairs,
      RunPairs(
          setting,
          [&] {
            return CostOfPinned(setting.core, [&] {
              RunBare(
                  batches,
                  [&](std::int64_t key, std::int64_t count, std::int64_t sum, std::int64_t end) {
                    buffer->Add(key, count, sum, end);
                  });
            });
          },
          [&] { return run_job("blackhole", job_fold); }));
  return RatioReadings(name, pairs, bar, row_count);
}

}  // namespace

StatusOr<std::vector<Reading>> MeasureTumble(const Setting& setting) {
  ASSIGN_OR_RETURN(
      std::vector<Reading> readings,
      MeasureOne(setting, "tumbling count and sum, 1M keys", setting.Scaled(1'000'000), 1.3));
  ASSIGN_OR_RETURN(const std::vector<Reading> few,
                   MeasureOne(setting, "tumbling count and sum, 1,000 keys", 1'000, 0.6));
  readings.insert(readings.end(), few.begin(), few.end());
  return readings;
}

}  // namespace thalweg::bench
