// SPDX-License-Identifier: Apache-2.0
//
// Steps over batches of one BIGINT column that do as little as their role allows.
#ifndef THALWEG_TESTS_TESTING_FAKE_STEPS_H_
#define THALWEG_TESTS_TESTING_FAKE_STEPS_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "columnar/key_codec.h"
#include "runtime/operators/step.h"
#include "runtime/task/step_driver.h"
#include "tests/testing/channel_items.h"

namespace thalweg::testing {

/// Keeps the even numbers.
class KeepEven final : public runtime::MapStep {
 public:
  StatusOr<runtime::StepResult> Process(const columnar::Batch& input,
                                        runtime::Output& output) override {
    std::vector<std::uint32_t> kept;
    const std::vector<std::int64_t> numbers = NumbersOf(input);
    for (std::uint32_t row = 0; row < numbers.size(); ++row) {
      if (numbers[row] % 2 == 0) {
        kept.push_back(row);
      }
    }
    if (!kept.empty()) {
      output.Emit(input.Take(kept));
    }
    return runtime::StepResult::kDone;
  }
};

/// Each batch as many times as its first number says, one at a time.
class Repeat final : public runtime::MapStep {
 public:
  StatusOr<runtime::StepResult> Process(const columnar::Batch& input,
                                        runtime::Output& output) override {
    input_ = input;
    left_ = NumbersOf(input)[0];
    return Continue(output);
  }
  StatusOr<runtime::StepResult> Continue(runtime::Output& output) override {
    if (left_ == 0) {
      return runtime::StepResult::kDone;
    }
    output.Emit(Numbers(NumbersOf(input_)));
    return --left_ == 0 ? runtime::StepResult::kDone : runtime::StepResult::kMore;
  }

 private:
  columnar::Batch input_;
  std::int64_t left_ = 0;
};

/// A step over event time without keys: collects numbers, and when the watermark has reached them
/// emits them one batch each while it says kFiring. A number that is below a mark before it is late
/// and is dropped.
class FireOneByOne final : public runtime::KeyedStep {
 public:
  Status Declare(state::TaskState&) override { return OkStatus(); }
  StatusOr<runtime::StepResult> Open(state::TaskState&) override {
    return runtime::StepResult::kDone;
  }
  StatusOr<runtime::StepResult> Process(const runtime::KeyedInput& input,
                                        runtime::Output&) override {
    const std::vector<std::int64_t> numbers = NumbersOf(input.batch);
    std::size_t mark = 0;
    const auto marks = input.batch.marks();
    for (std::size_t row = 0; row < numbers.size(); ++row) {
      for (; mark < marks.size() && marks[mark].row <= row; ++mark) {
        watermark_ = std::max(watermark_, marks[mark].watermark);
      }
      if (numbers[row] > watermark_) {
        waiting_.push_back(numbers[row]);
      }
    }
    return firing_.empty() ? runtime::StepResult::kDone : runtime::StepResult::kFiring;
  }
  StatusOr<runtime::StepResult> Continue(runtime::Output& output) override {
    output.Emit(Numbers({firing_.front()}));
    firing_.erase(firing_.begin());
    return firing_.empty() ? runtime::StepResult::kDone : runtime::StepResult::kFiring;
  }
  StatusOr<runtime::StepResult> OnWatermark(EventMillis watermark, runtime::Output&) override {
    watermark_ = std::max(watermark_, watermark);
    const auto due = std::stable_partition(
        waiting_.begin(), waiting_.end(), [&](std::int64_t n) { return n > watermark_; });
    firing_.assign(due, waiting_.end());
    waiting_.erase(due, waiting_.end());
    return firing_.empty() ? runtime::StepResult::kDone : runtime::StepResult::kFiring;
  }

 private:
  EventMillis watermark_ = kMinWatermark;
  std::vector<std::int64_t> waiting_;
  std::vector<std::int64_t> firing_;
};

/// Each number is its own event time; idle 1 ms after the last batch.
class NumberTime final : public runtime::EventTimeStep {
 public:
  Status Open(state::TaskState&, MonoTime) override { return OkStatus(); }
  StatusOr<runtime::StepResult> Process(const columnar::Batch& input,
                                        MonoTime now,
                                        runtime::Output& output) override {
    const std::vector<std::int64_t> numbers = NumbersOf(input);
    output.Emit(input.WithMarks({{static_cast<std::uint32_t>(numbers.size()), numbers.back()}}));
    idle_at_ = now + Milliseconds(1);
    return runtime::StepResult::kDone;
  }
  void OnTime(MonoTime, runtime::Output& output) override {
    idle_at_.reset();
    output.EmitIdle();
  }
  std::optional<MonoTime> WakeAt() const override { return idle_at_; }
  Status BeforeFreeze(state::TaskState&) override { return OkStatus(); }

 private:
  std::optional<MonoTime> idle_at_;
};

/// Parks every batch, and gives it out unchanged when it is continued `times` times.
class Park final : public runtime::KeyedStep {
 public:
  explicit Park(int times = 1) : times_(times) {}

  Status Declare(state::TaskState&) override { return OkStatus(); }
  StatusOr<runtime::StepResult> Open(state::TaskState&) override {
    return runtime::StepResult::kDone;
  }
  StatusOr<runtime::StepResult> Process(const runtime::KeyedInput& input,
                                        runtime::Output&) override {
    parked_ = &input.batch;  // The driver keeps the batch until the step is done with it.
    left_ = times_;
    return runtime::StepResult::kParked;
  }
  StatusOr<runtime::StepResult> Continue(runtime::Output& output) override {
    if (--left_ > 0) {
      return runtime::StepResult::kParked;
    }
    output.Emit(Numbers(NumbersOf(*parked_)));
    return runtime::StepResult::kDone;
  }

 private:
  const int times_;
  const columnar::Batch* parked_ = nullptr;
  int left_ = 0;
};

/// Both inputs' numbers, those of the right one negative; fails at a zero.
class NegateRight final : public runtime::KeyedStep {
 public:
  Status Declare(state::TaskState&) override { return OkStatus(); }
  StatusOr<runtime::StepResult> Open(state::TaskState&) override {
    return runtime::StepResult::kDone;
  }
  StatusOr<runtime::StepResult> Process(const runtime::KeyedInput& input,
                                        runtime::Output& output) override {
    std::vector<std::int64_t> numbers = NumbersOf(input.batch);
    for (std::int64_t& number : numbers) {
      if (number == 0) {
        return InvalidArgument("A zero came");
      }
      number = input.input == 1 ? -number : number;
    }
    output.Emit(Numbers(numbers));
    return runtime::StepResult::kDone;
  }
  StatusOr<runtime::StepResult> Continue(runtime::Output&) override {
    return runtime::StepResult::kDone;
  }
};

/// `step` keyed by the number, on `input_count` inputs.
inline runtime::KeyedPart KeyedByNumber(std::unique_ptr<runtime::KeyedStep> step,
                                        std::size_t input_count = 1) {
  runtime::KeyedPart part{.step = std::move(step), .key_columns = {}, .encoders = {}};
  for (std::size_t input = 0; input < input_count; ++input) {
    part.key_columns.push_back({0});
    part.encoders.emplace_back(std::vector{columnar::DataType::BigInt().NotNull()});
  }
  return part;
}

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_FAKE_STEPS_H_
