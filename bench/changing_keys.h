// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_BENCH_CHANGING_KEYS_H_
#define THALWEG_BENCH_CHANGING_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/feed.h"
#include "client/plan_builder.h"

namespace thalweg::bench {

struct ChangingKeysOptions {
  std::size_t key_count = 0;
  std::size_t changed = 0;      // Keys that change between two barriers; divides key_count.
  std::size_t checkpoints = 0;  // After the one that follows the first rows of all keys.
  bool without_rest = false;    // Repeats the changing keys until the barrier, rather than wait.
};

/// Rows of RowSchema() for jobs whose checkpoints are measured: first one row of every key, then,
/// between any two barriers, rows of `changed` keys, each time of others until all had their turn.
class ChangingKeys final : public Feed {
 public:
  explicit ChangingKeys(const ChangingKeysOptions& options);

  runtime::SourceProgress Next(std::optional<columnar::Batch>* batch) override;
  void OnBarrier() override;

  /// Barriers that have passed, the first among them.
  std::size_t barriers() const { return barriers_; }
  /// Those that came before all changing keys had changed.
  std::size_t early_barriers() const { return early_barriers_; }

 private:
  void MakeWindow(std::size_t begin, std::size_t count);

  const ChangingKeysOptions options_;
  std::vector<std::int64_t> keys_;
  std::vector<columnar::Batch> window_;  // What is emitted until the next barrier.
  std::size_t window_begin_ = 0;
  std::size_t next_ = 0;     // In the window.
  bool went_round_ = false;  // All of the window was emitted.
  std::size_t barriers_ = 0;
  std::size_t early_barriers_ = 0;
};

/// Count and sum by key of the feed "keys": 1 row of state for each key.
client::Stream CountAndSumOfKeys(client::PlanBuilder& plan);

}  // namespace thalweg::bench

#endif  // THALWEG_BENCH_CHANGING_KEYS_H_
