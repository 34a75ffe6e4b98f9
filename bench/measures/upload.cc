// SPDX-License-Identifier: Apache-2.0
//
// What checkpoints write: 60 checkpoints of a job with 1 M keys, count and sum, of which 1 % change
// between two of them. Counted is all that the process writes from the moment when the first
// checkpoint, of all keys, is durable: runs, merged runs, manifests, the log. The yardstick is 8
// bytes of key and 16 of values for each changed row.
#include <optional>

#include "bench/changing_keys.h"
#include "bench/job.h"
#include "bench/measures.h"
#include "bench/process.h"

namespace thalweg::bench {
namespace {

constexpr std::size_t kKeys = 1'000'000;
constexpr std::size_t kChangedShare = 100;  // One in so many.
constexpr std::size_t kCheckpoints = 60;
constexpr std::size_t kRowBytes = 3 * sizeof(std::int64_t);

/// Notes what was written before the first changes came.
class CountedKeys final : public Feed {
 public:
  explicit CountedKeys(ChangingKeys& keys) : keys_(keys) {}

  runtime::SourceProgress Next(std::optional<columnar::Batch>* batch) override {
    return keys_.Next(batch);
  }
  // The second barrier comes only when the first checkpoint is durable.
  void OnBarrier() override {
    if (keys_.barriers() == 1) {
      written_before_ = BytesWritten();
    }
    keys_.OnBarrier();
  }

  std::uint64_t written_before() const { return written_before_; }

 private:
  ChangingKeys& keys_;
  std::uint64_t written_before_ = 0;
};

}  // namespace

StatusOr<std::vector<Reading>> MeasureUpload(const Setting& setting) {
  const std::size_t changed = setting.Scaled(kKeys / kChangedShare, 100);
  ChangingKeys keys(
      {.key_count = changed * kChangedShare, .changed = changed, .checkpoints = kCheckpoints});
  CountedKeys counted(keys);
  JobRig rig(setting);
  rig.AddFeed("keys", counted);
  client::PlanBuilder plan("upload");
  plan.Checkpoints(CheckpointEvery(Milliseconds(setting.scale < 1 ? 20 : 100)));
  CountAndSumOfKeys(plan).Sink({.connector = "blackhole"});
  ASSIGN_OR_RETURN(const proto::JobGraph graph, plan.Build());
  RETURN_IF_ERROR(rig.Run(graph).status());
  const auto written = static_cast<double>(BytesWritten() - counted.written_before());
  const std::string name = "bytes uploaded, 60 checkpoints of 1M keys, 1 % changed";
  return std::vector<Reading>{
      {.name = name,
       .value = written / static_cast<double>(kCheckpoints * changed * kRowBytes),
       .unit = "x",
       .bar = 3,
       .better = Better::kLower},
  };
}

}  // namespace thalweg::bench
