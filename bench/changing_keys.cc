// SPDX-License-Identifier: Apache-2.0
#include "bench/changing_keys.h"

#include <algorithm>
#include <span>

#include "base/check.h"
#include "bench/rows.h"

namespace thalweg::bench {

using runtime::SourceProgress;

ChangingKeys::ChangingKeys(const ChangingKeysOptions& options) : options_(options) {
  CHECK(options.changed > 0 && options.key_count % options.changed == 0);
  for (std::uint64_t n = 0; n < options.key_count; ++n) {
    keys_.push_back(SpreadKey(n));
  }
  MakeWindow(0, keys_.size());
}

void ChangingKeys::MakeWindow(std::size_t begin, std::size_t count) {
  window_.clear();
  window_begin_ = begin;
  const std::span<const std::int64_t> keys = std::span(keys_).subspan(begin, count);
  for (std::size_t i = 0; i < count; i += columnar::kMaxBatchRows) {
    window_.push_back(MakeBatch(keys.subspan(i, std::min(columnar::kMaxBatchRows, count - i))));
  }
}

SourceProgress ChangingKeys::Next(std::optional<columnar::Batch>* batch) {
  if (barriers_ > options_.checkpoints) {
    return SourceProgress::kEnd;
  }
  if (next_ == window_.size()) {
    went_round_ = true;
    if (!options_.without_rest || barriers_ == 0) {
      return SourceProgress::kWait;
    }
    next_ = 0;
  }
  *batch = window_[next_++];
  return SourceProgress::kMoved;
}

void ChangingKeys::OnBarrier() {
  if (next_ < window_.size() && !went_round_) {
    if (barriers_ == 0) {
      return;  // The first rows of all keys come first.
    }
    ++early_barriers_;
  }
  ++barriers_;
  if (barriers_ == 1) {
    MakeWindow(0, options_.changed);
  } else if (options_.changed < options_.key_count) {
    MakeWindow((window_begin_ + options_.changed) % options_.key_count, options_.changed);
  }
  next_ = 0;
  went_round_ = false;
}

client::Stream CountAndSumOfKeys(client::PlanBuilder& plan) {
  return plan.Source({.connector = "feed", .spec = "keys", .schema = RowSchema()})
      .GroupBy({"k"})
      .Aggregate({client::CountAll("n"), client::Sum("v", "total")});
}

}  // namespace thalweg::bench
