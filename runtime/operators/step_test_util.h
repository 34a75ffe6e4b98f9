// SPDX-License-Identifier: Apache-2.0
//
// What tests of this folder share: steps made of few words, an output that collects, and a harness
// that drives a keyed step as a task does.
#ifndef THALWEG_RUNTIME_OPERATORS_STEP_TEST_UTIL_H_
#define THALWEG_RUNTIME_OPERATORS_STEP_TEST_UTIL_H_

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/counters.h"
#include "columnar/hash.h"
#include "columnar/key_codec.h"
#include "columnar/type_proto.h"
#include "runtime/expr/aggregate.h"
#include "runtime/operators/operators.h"
#include "runtime/plan/output_schema.h"
#include "runtime/plan/plan.h"
#include "state/state_test_util.h"
#include "state/task_state.h"
#include "tests/testing/changelog_text.h"
#include "tests/testing/memory_store.h"

namespace thalweg::runtime {

inline constexpr std::uint32_t kTestKeyGroups = 16;

/// Collects batches as long as it has room for them.
class CollectingOutput final : public Output {
 public:
  bool HasRoom() const override { return room > 0; }
  void Emit(columnar::Batch batch) override {
    CHECK_GT(room, 0U);
    CHECK(!batch.empty());
    --room;
    for (std::string& line : testing::TextOf(batch)) {
      lines.push_back(std::move(line));
    }
    folded.Add(batch);
    batches.push_back(std::move(batch));
  }
  void EmitWatermark(EventMillis watermark) override {
    lines.push_back("watermark(" + std::to_string(watermark) + ")");
  }
  void EmitIdle() override { lines.push_back("idle"); }

  /// What came since the last call; sorted when the order means nothing.
  std::vector<std::string> Take() { return std::exchange(lines, {}); }
  std::vector<std::string> TakeSorted() {
    std::vector<std::string> taken = Take();
    std::sort(taken.begin(), taken.end());
    return taken;
  }

  std::size_t room = 1'000'000;
  std::vector<std::string> lines;
  std::vector<columnar::Batch> batches;
  testing::FoldedChangelog folded;
};

/// Fills in the operator id and the output schema.
inline proto::Step Finished(proto::Step step, const std::vector<columnar::SchemaPtr>& inputs) {
  step.set_operator_id("0123456789abcdef0123456789abcdef");
  step.set_name("tested");
  const StatusOr<columnar::SchemaPtr> output = OutputSchemaOf(step, inputs);
  CHECK_OK(output);
  columnar::ToProto(**output, step.mutable_output());
  return step;
}

/// "SUM(v)", "COUNT(*)", "COUNT(DISTINCT v)", with an optional filter column.
struct CallOf {
  std::string function;
  std::string argument;  // Empty: none.
  bool distinct = false;
  std::string filter = {};
};

template <class Step>
void AddCalls(const columnar::Schema& input, const std::vector<CallOf>& calls, Step* step) {
  for (const CallOf& call : calls) {
    proto::AggregateCall& out = *step->add_calls();
    out.set_function(call.function);
    out.set_name("a" + std::to_string(step->calls_size()));
    out.set_distinct(call.distinct);
    out.set_filter(call.filter.empty() ? -1 : static_cast<int>(*input.IndexOf(call.filter)));
    std::vector<columnar::DataType> types;
    if (!call.argument.empty()) {
      const std::size_t column = *input.IndexOf(call.argument);
      out.add_arguments(static_cast<std::uint32_t>(column));
      types.push_back(input.type(column));
    }
    const auto result = AggregateResult(call.function, types);
    CHECK_OK(result);
    columnar::ToProto(*result, out.mutable_type());
  }
}

/// One task with one keyed step.
class KeyedHarness {
 public:
  struct Where {
    std::uint32_t subtask = 0;
    std::uint32_t parallelism = 1;
    int run = 0;  // Different for every harness on one store.
  };

  KeyedHarness(const proto::Step& step,
               std::vector<columnar::SchemaPtr> inputs,
               testing::MemoryStore& store)
      : KeyedHarness(step, std::move(inputs), store, Where()) {}
  KeyedHarness(const proto::Step& step,
               std::vector<columnar::SchemaPtr> inputs,
               testing::MemoryStore& store,
               Where where)
      : inputs_(std::move(inputs)) {
    StepContext context;
    context.inputs = inputs_;
    context.subtask = where.subtask;
    context.parallelism = where.parallelism;
    context.key_group_count = kTestKeyGroups;
    context.key_groups = RangeOf(where.subtask, where.parallelism, kTestKeyGroups);
    context.metrics = &metrics_;
    StatusOr<std::unique_ptr<KeyedStep>> made = MakeKeyedStep(step, context);
    CHECK_OK(made);
    step_ = *std::move(made);
    for (std::uint32_t i = 0; i < inputs_.size(); ++i) {
      key_columns_.push_back(KeyColumnsOf(step, i));
      std::vector<columnar::DataType> types;
      for (const std::uint32_t key : key_columns_.back()) {
        types.push_back(inputs_[i]->type(key));
      }
      encoders_.emplace_back(types);
    }
    state::TaskStateOptions options;
    options.task = MakeTaskId(0, where.subtask);
    options.range = context.key_groups;
    options.key_group_count = kTestKeyGroups;
    options.store = &store;
    options.run_prefix = "run" + std::to_string(where.run) + "/" + std::to_string(where.subtask);
    options.executor = &executor_;
    options.mailbox = &mailbox_;
    range_ = options.range;
    state_ = std::make_unique<state::TaskState>(std::move(options));
    CHECK_OK(step_->Declare(*state_));
  }

  /// Before anything else; no snapshots at a first start.
  StepResult Open(const std::vector<proto::TaskSnapshot>& old_tasks = {}) {
    std::vector<const proto::TaskSnapshot*> pointers;
    for (const proto::TaskSnapshot& old_task : old_tasks) {
      pointers.push_back(&old_task);
    }
    CHECK_OK(state_->Restore(pointers));
    const StatusOr<StepResult> result = step_->Open(*state_);
    CHECK_OK(result);
    return last_ = *result;
  }

  /// The rows of `text` that fall to this task.
  StepResult Feed(std::string_view text, std::uint32_t input = 0) {
    return Feed(testing::BatchOf(inputs_[input], text), input);
  }
  StepResult Feed(columnar::Batch batch, std::uint32_t input = 0) {
    batch_ = Own(std::move(batch), input);
    encoders_[input].Encode(batch_, key_columns_[input], &keys_);
    const bool was_firing = last_ == StepResult::kFiring;
    status_ = step_->Process({.batch = batch_, .keys = keys_, .input = input, .now = now}, output);
    Settle();
    if (was_firing && last_ == StepResult::kDone) {
      last_ = StepResult::kFiring;
    }
    return last_;
  }
  StepResult Watermark(EventMillis watermark) {
    status_ = step_->OnWatermark(watermark, output);
    return Settle();
  }
  /// The clock has come to `time`.
  StepResult Time(WallTime time) {
    now = time;
    status_ = step_->OnTime(now, output);
    return Settle();
  }
  std::optional<WallTime> WakeAt() const { return step_->WakeAt(); }
  StepResult Continue() {
    status_ = step_->Continue(output);
    return Settle();
  }
  /// The error of the last call, when it had one.
  Status error() const { return status_.status(); }

  proto::TaskSnapshot Snapshot() {
    CHECK_OK(step_->BeforeFreeze(*state_));
    proto::TaskSnapshot snapshot;
    bool done = false;
    const CheckpointId checkpoint(++checkpoint_);
    state_->Freeze(checkpoint, [&](StatusOr<proto::TaskSnapshot> taken) {
      CHECK_OK(taken);
      snapshot = *std::move(taken);
      done = true;
    });
    while (!done) {
      const bool more = state_->Advance(WallTime(), false);
      state::RunAll(executor_, mailbox_);
      CHECK(done || more);
    }
    state_->OnDurable(checkpoint);
    return snapshot;
  }

  std::uint64_t late_rows() { return metrics_.AddCounter("late_rows_dropped").value(); }

  CollectingOutput output;
  WallTime now;

 private:
  columnar::Batch Own(columnar::Batch batch, std::uint32_t input) const {
    std::vector<std::uint64_t> hashes(batch.row_count());
    columnar::HashKeys(batch, key_columns_[input], hashes);
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 0; row < hashes.size(); ++row) {
      if (range_.Contains(columnar::KeyGroupOf(hashes[row], kTestKeyGroups))) {
        rows.push_back(row);
      }
    }
    return rows.size() == hashes.size() ? batch : batch.Take(rows);
  }
  StepResult Settle() {
    if (status_.ok()) {
      last_ = *status_;
    }
    return last_;
  }

  std::vector<columnar::SchemaPtr> inputs_;
  MetricGroup metrics_;
  std::unique_ptr<KeyedStep> step_;
  std::vector<std::vector<std::uint32_t>> key_columns_;
  std::vector<columnar::KeyEncoder> encoders_;
  KeyGroupRange range_;
  state::ManualExecutor executor_;
  state::ManualMailbox mailbox_;
  std::unique_ptr<state::TaskState> state_;
  columnar::Batch batch_;
  columnar::EncodedKeys keys_;
  StatusOr<StepResult> status_ = StepResult::kDone;
  StepResult last_ = StepResult::kDone;
  std::uint64_t checkpoint_ = 0;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_STEP_TEST_UTIL_H_
