// SPDX-License-Identifier: Apache-2.0
//
// State much larger than memory: count, sum and the greatest text by key, 1 GB of keys and values,
// under a budget of 128 MB. Every key comes once, then each tenth once more. The results are
// folded, old values that updates take back among them, and compared with what must come out.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "bench/job.h"
#include "bench/measures.h"
#include "bench/process.h"
#include "bench/rows.h"
#include "columnar/batch_builder.h"

namespace thalweg::bench {
namespace {

constexpr std::size_t kStateBytes = 1'000'000'000;
constexpr std::size_t kBudget = 128'000'000;
constexpr double kResidentAbove = 150;  // MB above the budget.
constexpr std::size_t kTextBytes = 176;
constexpr std::size_t kRowBytes = 3 * sizeof(std::int64_t) + kTextBytes;
constexpr std::uint64_t kSecondShare = 10;  // Each such key comes twice.

struct Row {
  std::int64_t key;
  std::int64_t value;
  std::array<char, kTextBytes> text;

  std::string_view view() const { return {text.data(), text.size()}; }
};

/// What key number `n` brings in round 0 or 1.
Row MakeRow(std::uint64_t n, std::uint64_t round) {
  Row row;
  row.key = SpreadKey(n);
  row.value = static_cast<std::int64_t>((n + round) % 1000);
  std::uint64_t state = n * 2 + round;
  for (std::size_t i = 0; i < kTextBytes; i += 8) {
    state = Fold::Mix(state, 1);
    for (std::size_t byte = 0; byte < 8; ++byte) {
      row.text[i + byte] = static_cast<char>('a' + ((state >> (8 * byte)) & 15));
    }
  }
  return row;
}

columnar::SchemaPtr Schema() {
  return columnar::Schema::Make({{"k", columnar::DataType::BigInt().NotNull()},
                                 {"v", columnar::DataType::BigInt().NotNull()},
                                 {"s", columnar::DataType::String().NotNull()}});
}

class LargeFeed final : public Feed {
 public:
  explicit LargeFeed(std::uint64_t key_count) : key_count_(key_count) {}

  runtime::SourceProgress Next(std::optional<columnar::Batch>* batch) override {
    if (round_ == 2) {
      return runtime::SourceProgress::kEnd;
    }
    columnar::BatchBuilder builder(schema_, columnar::kMaxBatchRows);
    std::size_t rows = 0;
    for (; rows < columnar::kMaxBatchRows && next_ < key_count_; ++rows) {
      const Row row = MakeRow(next_, round_);
      builder.column(0).Append(row.key);
      builder.column(1).Append(row.value);
      builder.column(2).AppendString(row.view());
      next_ += round_ == 0 ? 1 : kSecondShare;
    }
    builder.CommitRows(rows);
    *batch = builder.Finish();
    if (next_ >= key_count_) {
      next_ = 0;
      ++round_;
    }
    return runtime::SourceProgress::kMoved;
  }

 private:
  const std::uint64_t key_count_;
  const columnar::SchemaPtr schema_ = Schema();
  std::uint64_t next_ = 0;
  std::uint64_t round_ = 0;
};

Fold Expected(std::uint64_t key_count) {
  Fold fold;
  for (std::uint64_t n = 0; n < key_count; ++n) {
    const Row first = MakeRow(n, 0);
    if (n % kSecondShare != 0) {
      fold.Add({first.key, 1, first.value, Fold::NumberOf(first.view())});
      continue;
    }
    const Row second = MakeRow(n, 1);
    fold.Add({first.key,
              2,
              first.value + second.value,
              Fold::NumberOf(std::max(first.view(), second.view()))});
  }
  return fold;
}

}  // namespace

StatusOr<std::vector<Reading>> MeasureSpill(const Setting& setting) {
  const std::size_t key_count = setting.Scaled(kStateBytes, 2'000'000) / kRowBytes;
  const std::size_t budget = setting.Scaled(kBudget, 256'000);
  LargeFeed feed(key_count);
  Fold fold;
  JobRig rig(setting);
  rig.AddFeed("rows", feed);
  rig.AddSink("fold", MakeFoldSink(4, fold));
  client::PlanBuilder plan("spill");
  plan.Checkpoints(CheckpointEvery(Milliseconds(1'000)));
  plan.Source({.connector = "feed", .spec = "rows", .schema = Schema()})
      .GroupBy({"k"})
      .Aggregate({client::CountAll("n"), client::Sum("v", "total"), client::Max("s", "greatest")})
      .Sink({.connector = "fold"});
  ASSIGN_OR_RETURN(const proto::JobGraph graph, plan.Build());
  ASSIGN_OR_RETURN(const Cost cost, rig.Run(graph, {.state_memory = budget}));
  const auto resident = static_cast<double>(PeakResidentBytes()) * 1e-6;
  const std::string name = "1 GB of state, budget 128 MB";
  RETURN_IF_ERROR(CheckEqual(name, Expected(key_count), fold));
  const auto row_count = static_cast<double>(key_count + key_count / kSecondShare);
  return std::vector<Reading>{
      {.name = name + ", resident at most",
       .value = resident,
       .unit = "MB",
       .bar = static_cast<double>(budget) * 1e-6 + kResidentAbove,
       .better = Better::kLower},
      {.name = name + ", rate",
       .value = row_count / cost.wall_seconds * 1e-6,
       .unit = "M rows/s",
       .bar = {}},
  };
}

}  // namespace thalweg::bench
