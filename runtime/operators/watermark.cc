// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/watermark.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/coding.h"
#include "runtime/time/watermark_generator.h"
#include "state/task_state.h"

namespace thalweg::runtime {
namespace {

constexpr char kPositionList[] = "position";
constexpr Milliseconds kDefaultInterval{200};

/// One entry of the list: where one subtask had come to.
struct SavedPosition {
  std::uint32_t subtask = 0;
  std::uint32_t parallelism = 0;
  WatermarkGenerator::Position position;
};

proto::OperatorStateEntry ToEntry(const SavedPosition& saved) {
  proto::OperatorStateEntry entry;
  entry.set_version(1);
  entry.set_redistribution(proto::REDISTRIBUTE_TO_ALL);
  ByteWriter key(*entry.mutable_key());
  key.PutBigEndian32(saved.subtask);
  key.PutBigEndian32(saved.parallelism);
  ByteWriter value(*entry.mutable_value());
  value.PutFixed64(static_cast<std::uint64_t>(saved.position.highest));
  value.PutFixed64(static_cast<std::uint64_t>(saved.position.emitted));
  return entry;
}

StatusOr<SavedPosition> FromEntry(const proto::OperatorStateEntry& entry) {
  SavedPosition saved;
  ByteReader key(entry.key());
  ByteReader value(entry.value());
  std::uint64_t highest = 0;
  std::uint64_t emitted = 0;
  if (entry.version() != 1 || !key.ReadBigEndian32(saved.subtask) ||
      !key.ReadBigEndian32(saved.parallelism) || !value.ReadFixed64(highest) ||
      !value.ReadFixed64(emitted)) {
    return DataLoss("The state of a watermark step has an entry that cannot be read: version " +
                    std::to_string(entry.version()));
  }
  saved.position = {static_cast<EventMillis>(highest), static_cast<EventMillis>(emitted)};
  return saved;
}

class WatermarkAssigner final : public EventTimeStep {
 public:
  WatermarkAssigner(const proto::Step& step, const StepContext& context)
      : operator_id_(step.operator_id()),
        column_(step.watermark().column()),
        interval_(step.watermark().interval_millis() == 0
                      ? kDefaultInterval
                      : Milliseconds(step.watermark().interval_millis())),
        idle_timeout_(step.watermark().idle_timeout_millis()),
        subtask_(context.subtask),
        parallelism_(context.parallelism),
        generator_(
            context.inputs[0]->type(column_),
            {.delay = Milliseconds(step.watermark().delay_millis()), .interval = interval_}) {}

  Status Open(state::TaskState& state, MonoTime now) override {
    last_row_ = now;
    std::vector<SavedPosition> saved;
    for (const auto& entry : state.operator_state().Get(operator_id_, kPositionList)) {
      ASSIGN_OR_RETURN(saved.emplace_back(), FromEntry(entry));
    }
    if (saved.empty()) {
      return OkStatus();
    }
    generator_.Restore(Inherited(saved));
    // Who reads this has forgotten the last watermark.
    if (generator_.position().emitted != kMinWatermark) {
      tell_again_ = true;
    }
    next_timer_ = now;
    return OkStatus();
  }

  StatusOr<StepResult> Process(const columnar::Batch& input,
                               MonoTime now,
                               Output& output) override {
    RETURN_IF_ERROR(generator_.Observe(*input.column(column_), &marks_));
    if (input.empty()) {
      return StepResult::kDone;
    }
    if (std::exchange(tell_again_, false)) {
      marks_.insert(marks_.begin(), {0, before_});
    }
    before_ = generator_.position().emitted;
    last_row_ = now;
    idle_ = false;
    if (generator_.HasNews() && !next_timer_.has_value()) {
      next_timer_ = now + interval_;
    }
    output.Emit(input.marks().empty() && marks_.empty() ? input : input.WithMarks(marks_));
    return StepResult::kDone;
  }

  void OnTime(MonoTime now, Output& output) override {
    if (next_timer_.has_value() && *next_timer_ <= now) {
      next_timer_.reset();
      if (generator_.HasNews()) {
        before_ = generator_.TakeNews();
        output.EmitWatermark(before_);
      } else if (tell_again_) {
        output.EmitWatermark(before_);
      }
      tell_again_ = false;
    }
    if (idle_timeout_.count() > 0 && !idle_ && now >= last_row_ + idle_timeout_) {
      idle_ = true;
      output.EmitIdle();
    }
  }

  std::optional<MonoTime> WakeAt() const override {
    std::optional<MonoTime> due = next_timer_;
    if (idle_timeout_.count() > 0 && !idle_) {
      const MonoTime idle_at = last_row_ + idle_timeout_;
      due = due.has_value() ? std::min(*due, idle_at) : idle_at;
    }
    return due;
  }

  Status BeforeFreeze(state::TaskState& state) override {
    state.operator_state().Set(
        operator_id_, kPositionList, {ToEntry({subtask_, parallelism_, generator_.position()})});
    return OkStatus();
  }

 private:
  /// Its own position; after a rescale, when splits have moved, the least of all.
  WatermarkGenerator::Position Inherited(const std::vector<SavedPosition>& saved) {
    WatermarkGenerator::Position least = saved[0].position;
    for (const SavedPosition& one : saved) {
      if (one.subtask == subtask_ && one.parallelism == parallelism_) {
        least = one.position;
        break;
      }
      least.highest = std::min(least.highest, one.position.highest);
      least.emitted = std::min(least.emitted, one.position.emitted);
    }
    before_ = least.emitted;
    return least;
  }

  const OperatorId operator_id_;
  const std::uint32_t column_;
  const Milliseconds interval_;
  const Milliseconds idle_timeout_;  // 0: never idle.
  const std::uint32_t subtask_;
  const std::uint32_t parallelism_;

  WatermarkGenerator generator_;
  EventMillis before_ = kMinWatermark;  // The last watermark that has left.
  bool tell_again_ = false;
  std::optional<MonoTime> next_timer_;
  MonoTime last_row_;
  bool idle_ = false;
  std::vector<columnar::WatermarkMark> marks_;  // Kept for its memory.
};

}  // namespace

std::unique_ptr<EventTimeStep> MakeWatermarkAssigner(const proto::Step& step,
                                                     const StepContext& context) {
  return std::make_unique<WatermarkAssigner>(step, context);
}

}  // namespace thalweg::runtime
