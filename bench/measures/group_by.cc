// SPDX-License-Identifier: Apache-2.0
//
// GROUP BY without windows: count and sum by a BIGINT key, one change for each key and batch (-U
// and +U) to a blackhole. The bare loop keeps one absl::flat_hash_map and tells nobody of changes.
#include <absl/container/flat_hash_map.h>

#include "bench/job.h"
#include "bench/measures.h"
#include "bench/rows.h"

namespace thalweg::bench {
namespace {

constexpr std::size_t kRows = 20'000'000;

struct Group {
  std::int64_t count = 0;
  std::int64_t sum = 0;
};
using Groups = absl::flat_hash_map<std::int64_t, Group>;

Groups RunBare(const std::vector<columnar::Batch>& batches) {
  Groups groups;
  for (const columnar::Batch& batch : batches) {
    const RowArrays rows = ArraysOf(batch);
    for (std::size_t i = 0; i < rows.keys.size(); ++i) {
      Group& group = groups[rows.keys[i]];
      ++group.count;
      group.sum += rows.values[i];
    }
  }
  return groups;
}

StatusOr<proto::JobGraph> Plan(const std::string& sink) {
  client::PlanBuilder plan("group by");
  plan.Checkpoints(CheckpointEvery(Milliseconds(1'000)));
  plan.Source({.connector = "feed", .spec = "rows", .schema = RowSchema()})
      .GroupBy({"k"})
      .Aggregate({client::CountAll("n"), client::Sum("v", "total")})
      .Sink({.connector = sink});
  return plan.Build();
}

StatusOr<std::vector<Reading>> MeasureOne(const Setting& setting,
                                          const std::string& name,
                                          std::uint64_t key_count,
                                          double bar) {
  const std::size_t row_count = setting.Scaled(kRows, 20'000);
  const std::vector<columnar::Batch> batches =
      MakeRows({.row_count = row_count, .key_count = key_count});
  const auto run_job = [&](const std::string& sink, Fold& fold) -> StatusOr<Cost> {
    BatchFeed feed(batches);
    JobRig rig(setting);
    rig.AddFeed("rows", feed);
    rig.AddSink("fold", MakeFoldSink(3, fold));
    ASSIGN_OR_RETURN(const proto::JobGraph graph, Plan(sink));
    return rig.Run(graph);
  };
  Fold bare_fold;
  for (const auto& [key, group] : RunBare(batches)) {
    bare_fold.Add({key, group.count, group.sum});
  }
  Fold job_fold;
  RETURN_IF_ERROR(run_job("fold", job_fold).status());
  RETURN_IF_ERROR(CheckEqual(name, bare_fold, job_fold));

  std::size_t group_count = 0;
  ASSIGN_OR_RETURN(const std::vector<Pair> pairs,
                   RunPairs(
                       setting,
                       [&] {
                         return CostOfPinned(setting.core,
                                             [&] { group_count = RunBare(batches).size(); });
                       },
                       [&] { return run_job("blackhole", job_fold); }));
  if (group_count != static_cast<std::size_t>(bare_fold.rows)) {
    return FailedPrecondition("The bare loop of '" + name + "' does not repeat itself");
  }
  return RatioReadings(name, pairs, bar, row_count);
}

}  // namespace

StatusOr<std::vector<Reading>> MeasureGroupBy(const Setting& setting) {
  ASSIGN_OR_RETURN(
      std::vector<Reading> readings,
      MeasureOne(setting, "updating GROUP BY, 1M keys", setting.Scaled(1'000'000), 1.0));
  ASSIGN_OR_RETURN(const std::vector<Reading> few,
                   MeasureOne(setting, "updating GROUP BY, 1,000 keys", 1'000, 0.5));
  readings.insert(readings.end(), few.begin(), few.end());
  return readings;
}

}  // namespace thalweg::bench
