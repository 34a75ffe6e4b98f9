// SPDX-License-Identifier: Apache-2.0
//
// Inner join of two streams of three rows a key on average, both sides kept. The bare loop is a
// symmetric hash join, a row at a time: for each side an absl::flat_hash_map to the newest row of a
// key, rows chained behind it. It takes batches from both sides in turn and writes each joined row
// to a buffer; the job gives them to a blackhole.
#include <array>
#include <memory>

#include <absl/container/flat_hash_map.h>

#include "bench/job.h"
#include "bench/measures.h"
#include "bench/rows.h"

namespace thalweg::bench {
namespace {

constexpr std::size_t kKeys = 1'000'000;
constexpr std::size_t kRowsPerKey = 3;  // On each side.

using Batches = std::vector<columnar::Batch>;

struct KeptRow {
  std::int64_t value;
  std::int64_t time;
  std::int32_t next;  // Older row of the key, or -1.
};

struct Side {
  absl::flat_hash_map<std::int64_t, std::int32_t> newest;
  std::vector<KeptRow> rows;
};

/// Calls emit(key, left row, right row) for each row of the result.
template <class Emit>
void TakeBatch(
    const columnar::Batch& batch, Side& own, const Side& other, bool is_left, Emit& emit) {
  const RowArrays rows = ArraysOf(batch);
  for (std::size_t i = 0; i < rows.keys.size(); ++i) {
    std::int32_t& newest = own.newest.try_emplace(rows.keys[i], -1).first->second;
    const KeptRow row{rows.values[i], rows.times[i], newest};
    newest = static_cast<std::int32_t>(own.rows.size());
    own.rows.push_back(row);
    const auto found = other.newest.find(rows.keys[i]);
    std::int32_t at = found == other.newest.end() ? -1 : found->second;
    while (at >= 0) {
      const KeptRow& match = other.rows[static_cast<std::size_t>(at)];
      is_left ? emit(rows.keys[i], row, match) : emit(rows.keys[i], match, row);
      at = match.next;
    }
  }
}

template <class Emit>
void RunBare(const Batches& left, const Batches& right, Emit&& emit) {
  Side sides[2];
  for (std::size_t b = 0; b < std::max(left.size(), right.size()); ++b) {
    if (b < left.size()) {
      TakeBatch(left[b], sides[0], sides[1], true, emit);
    }
    if (b < right.size()) {
      TakeBatch(right[b], sides[1], sides[0], false, emit);
    }
  }
}

/// Where a row-at-a-time program would hand its rows over, a batch at a time.
class ResultBuffer {
 public:
  void Add(std::int64_t key, const KeptRow& left, const KeptRow& right) {
    rows_[next_++ % rows_.size()] = {key, left.value, left.time, key, right.value, right.time};
  }

 private:
  std::array<std::array<std::int64_t, 6>, columnar::kMaxBatchRows> rows_;
  std::size_t next_ = 0;
};

StatusOr<proto::JobGraph> Plan(const std::string& sink) {
  client::PlanBuilder plan("join");
  plan.Checkpoints(CheckpointEvery(Milliseconds(1'000)));
  const client::Stream right =
      plan.Source({.connector = "feed", .spec = "right", .schema = RowSchema(), .name = "right"});
  plan.Source({.connector = "feed", .spec = "left", .schema = RowSchema(), .name = "left"})
      .Join(right, {{"k", "k"}})
      .Sink({.connector = sink});
  return plan.Build();
}

}  // namespace

StatusOr<std::vector<Reading>> MeasureJoin(const Setting& setting) {
  const std::string name = "inner join, 1M keys, 3 rows a key and side";
  const std::size_t key_count = setting.Scaled(kKeys, 10'000);
  const std::size_t row_count = key_count * kRowsPerKey;
  const auto make = [&](std::uint64_t seed) {
    return MakeRows(
        {.row_count = row_count, .key_count = key_count, .duration_millis = 40'000, .seed = seed});
  };
  const Batches left = make(1);
  const Batches right = make(2);
  const auto run_job = [&](const std::string& sink, Fold& fold) -> StatusOr<Cost> {
    BatchFeed left_feed(left);
    BatchFeed right_feed(right);
    JobRig rig(setting);
    rig.AddFeed("left", left_feed);
    rig.AddFeed("right", right_feed);
    rig.AddSink("fold", MakeFoldSink(6, fold));
    ASSIGN_OR_RETURN(const proto::JobGraph graph, Plan(sink));
    return rig.Run(graph);
  };
  Fold bare_fold;
  RunBare(left, right, [&](std::int64_t key, const KeptRow& l, const KeptRow& r) {
    bare_fold.Add({key, l.value, l.time, key, r.value, r.time});
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
              RunBare(left, right, [&](std::int64_t key, const KeptRow& l, const KeptRow& r) {
                buffer->Add(key, l, r);
              });
            });
          },
          [&] { return run_job("blackhole", job_fold); }));
  return RatioReadings(name, pairs, 1.2, 2 * row_count);
}

}  // namespace thalweg::bench
