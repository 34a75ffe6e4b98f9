// SPDX-License-Identifier: Apache-2.0
//
// What the benchmarks of this folder share: random keys in batches, and a step without a task
// around it.
#ifndef THALWEG_RUNTIME_OPERATORS_BENCH_TEST_UTIL_H_
#define THALWEG_RUNTIME_OPERATORS_BENCH_TEST_UTIL_H_

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "columnar/batch.h"
#include "columnar/column_builder.h"
#include "runtime/operators/step_test_util.h"

namespace thalweg::runtime {

/// The same rows twice: as arrays for a bare loop and as batches for a step.
struct BenchRows {
  std::vector<std::int64_t> keys;
  std::vector<std::int64_t> values;
  std::vector<std::int64_t> times;  // Milliseconds, rising.
  std::vector<columnar::Batch> batches;
};

inline columnar::SchemaPtr BenchSchema() {
  return columnar::Schema::Make({{"k", columnar::DataType::BigInt().NotNull()},
                                 {"v", columnar::DataType::BigInt().NotNull()},
                                 {"ts", columnar::DataType::Timestamp(3).NotNull()}});
}

inline columnar::ColumnPtr BenchColumn(const columnar::DataType& type,
                                       const std::int64_t* values,
                                       std::size_t count,
                                       std::int64_t factor) {
  columnar::ColumnBuilder builder(type, count);
  builder.Reserve(count);
  const auto out = builder.MutableValues<std::int64_t>();
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = values[i] * factor;
  }
  builder.SetLength(count);
  return builder.Finish();
}

/// `row_count` rows with random keys below `key_count`, spread evenly over `duration` ms.
inline BenchRows MakeBenchRows(std::size_t row_count,
                               std::uint64_t key_count,
                               std::int64_t duration,
                               std::uint64_t seed = 1) {
  SeededRandom random(seed);
  BenchRows rows;
  rows.keys.reserve(row_count);
  rows.values.reserve(row_count);
  rows.times.reserve(row_count);
  for (std::size_t i = 0; i < row_count; ++i) {
    // Multiplied, so that neighbours in value are not neighbours in a hash map of identities.
    const std::uint64_t key = random.Uniform(key_count) * 0x9E3779B97F4A7C15U;
    rows.keys.push_back(static_cast<std::int64_t>(key));
    rows.values.push_back(static_cast<std::int64_t>(random.Uniform(1000)));
    rows.times.push_back(static_cast<std::int64_t>(i) * duration /
                         static_cast<std::int64_t>(row_count));
  }
  const columnar::SchemaPtr schema = BenchSchema();
  for (std::size_t begin = 0; begin < row_count; begin += columnar::kMaxBatchRows) {
    const std::size_t count = std::min(columnar::kMaxBatchRows, row_count - begin);
    rows.batches.emplace_back(
        schema,
        std::vector<columnar::ColumnPtr>{
            BenchColumn(schema->type(0), rows.keys.data() + begin, count, 1),
            BenchColumn(schema->type(1), rows.values.data() + begin, count, 1),
            BenchColumn(schema->type(2), rows.times.data() + begin, count, 1000)});
  }
  return rows;
}

/// Swallows results.
class CountingOutput final : public Output {
 public:
  bool HasRoom() const override { return true; }
  void Emit(columnar::Batch batch) override { rows += batch.row_count(); }
  void EmitWatermark(EventMillis /*watermark*/) override {}

  std::size_t rows = 0;
};

/// A keyed step with its state, and the encoding of keys that its driver would do.
class BenchStep {
 public:
  BenchStep(const proto::Step& step, std::vector<columnar::SchemaPtr> inputs) {
    StepContext context;
    context.inputs = inputs;
    StatusOr<std::unique_ptr<KeyedStep>> made = MakeKeyedStep(step, context);
    CHECK_OK(made);
    step_ = *std::move(made);
    for (std::uint32_t i = 0; i < inputs.size(); ++i) {
      key_columns_.push_back(KeyColumnsOf(step, i));
      std::vector<columnar::DataType> types;
      for (const std::uint32_t key : key_columns_.back()) {
        types.push_back(inputs[i]->type(key));
      }
      encoders_.emplace_back(types);
    }
    state::TaskStateOptions options;
    options.range = context.key_groups;
    options.key_group_count = context.key_group_count;
    options.store = &store_;
    options.executor = &executor_;
    options.mailbox = &mailbox_;
    state_ = std::make_unique<state::TaskState>(std::move(options));
    CHECK_OK(step_->Declare(*state_));
    CHECK_OK(step_->Open(*state_));
  }

  void Feed(const columnar::Batch& batch, std::uint32_t input = 0) {
    encoders_[input].Encode(batch, key_columns_[input], &keys_);
    StatusOr<StepResult> result =
        step_->Process({.batch = batch, .keys = keys_, .input = input}, output);
    while (result.ok() && *result == StepResult::kMore) {
      result = step_->Continue(output);
    }
    CHECK_OK(result);
    state_->Advance(WallTime(), false);
  }
  void Watermark(EventMillis watermark) {
    const StatusOr<StepResult> result = step_->OnWatermark(watermark, output);
    CHECK_OK(result);
    CHECK(*result == StepResult::kDone);
  }

  CountingOutput output;

 private:
  testing::MemoryStore store_;
  state::ManualExecutor executor_;
  state::ManualMailbox mailbox_;
  std::unique_ptr<KeyedStep> step_;
  std::unique_ptr<state::TaskState> state_;
  std::vector<std::vector<std::uint32_t>> key_columns_;
  std::vector<columnar::KeyEncoder> encoders_;
  columnar::EncodedKeys keys_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_BENCH_TEST_UTIL_H_
