// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <variant>

#include "base/mutation.h"
#include "columnar/batch_builder.h"
#include "runtime/plan/plan.h"
#include "runtime/task/head.h"

namespace thalweg::runtime {
namespace {

// Splits listed with one Poll() at most: few enough that a directory of millions does not hold up
// the lane.
constexpr std::size_t kSplitsPerPoll = 1024;

// Says when a source that has nothing now is asked again: when it was woken, or at its own time.
class Patience {
 public:
  explicit Patience(WakeFlag woken) : woken_(std::move(woken)) {}

  bool IsOver(std::optional<MonoTime> wake_at, MonoTime now) {
    if (waiting_ && (std::exchange(*woken_, false) || (wake_at.has_value() && *wake_at <= now))) {
      waiting_ = false;
    }
    return !waiting_;
  }
  // After a call of the source. What it was woken for until now, that call has seen.
  void Note(SourceProgress progress) { waiting_ = progress != SourceProgress::kMoved; }
  void Reset() { waiting_ = false; }
  bool waiting() const { return waiting_; }

 private:
  const WakeFlag woken_;
  bool waiting_ = false;
};

// After the barrier of a stop nothing is read, so that what comes behind it need not be thought of;
// if that checkpoint is lost, reading goes on.
class StopBrake {
 public:
  void OnPassed(const Barrier& barrier) {
    stopped_at_.reset();
    if (barrier.kind == proto::CHECKPOINT_STOP) {
      stopped_at_ = barrier.checkpoint;
    }
  }
  void OnAborted(CheckpointId checkpoint) {
    if (stopped_at_ == checkpoint) {
      stopped_at_.reset();
    }
  }
  bool stopped() const { return stopped_at_.has_value(); }

 private:
  std::optional<CheckpointId> stopped_at_;
};

class EnumeratorHead final : public Head {
 public:
  EnumeratorHead(std::unique_ptr<Enumerator> enumerator, WakeFlag woken)
      : enumerator_(std::move(enumerator)), patience_(std::move(woken)) {}

  StatusOr<bool> Pull(GateMode mode, SliceTime now, Slot& out) override {
    if (!triggered_.empty()) {
      barrier_ = triggered_.front();
      triggered_.pop_front();
      if (barrier_->kind == proto::CHECKPOINT_DRAIN) {
        End(out);
      }
      return true;
    }
    if (mode == GateMode::kToBarrier || ended_ || brake_.stopped() ||
        !patience_.IsOver(enumerator_->WakeAt(), now.mono)) {
      return false;
    }
    splits_.clear();
    ASSIGN_OR_RETURN(const SourceProgress progress,
                     enumerator_->Poll(now.mono, kSplitsPerPoll, &splits_));
    patience_.Note(progress);
    if (!splits_.empty()) {
      out.Emit(ToBatch());
    }
    if (progress == SourceProgress::kEnd) {
      End(out);
    }
    return progress != SourceProgress::kWait || !splits_.empty();
  }

  bool HasQueuedBarrier() const override { return !triggered_.empty(); }
  void Trigger(const Barrier& barrier) override {
    if (barrier.checkpoint > newest_) {
      newest_ = barrier.checkpoint;
      triggered_.push_back(barrier);
    }
  }
  void PassBarrier() override {
    brake_.OnPassed(*barrier_);
    Head::PassBarrier();
  }
  void Abort(CheckpointId checkpoint) override {
    Head::Abort(checkpoint);
    brake_.OnAborted(checkpoint);
    std::erase_if(triggered_, [&](const Barrier& b) { return b.checkpoint == checkpoint; });
    newest_ = std::max(newest_, checkpoint);  // A trigger that comes after its abort is void.
  }

  StateEntries Snapshot() override { return enumerator_->Snapshot(); }
  Status Restore(std::span<const proto::OperatorStateEntry> entries) override {
    return enumerator_->Restore(entries);
  }
  std::optional<MonoTime> WakeAt() const override {
    return ended_ || brake_.stopped() || !patience_.waiting() ? std::nullopt
                                                              : enumerator_->WakeAt();
  }

 private:
  columnar::Batch ToBatch() const {
    columnar::BatchBuilder builder(SplitSchema(), splits_.size());
    for (const Split& split : splits_) {
      builder.column(kSplitSpecColumn).AppendString(split.spec);
      builder.column(kSplitIdColumn).AppendString(split.id);
    }
    builder.CommitRows(splits_.size());
    return builder.Finish();
  }

  void End(Slot& out) {
    if (!std::exchange(ended_, true)) {
      out.EmitEnd();
    }
  }

  const std::unique_ptr<Enumerator> enumerator_;
  Patience patience_;
  StopBrake brake_;
  std::vector<Split> splits_;  // Kept for its memory.
  std::deque<Barrier> triggered_;
  CheckpointId newest_{0};
  bool ended_ = false;
};

class ReaderHead final : public Head {
 public:
  ReaderHead(Gate splits, std::unique_ptr<Reader> reader, WakeFlag woken, const Output* side)
      : splits_(std::move(splits)),
        reader_(std::move(reader)),
        patience_(std::move(woken)),
        side_(side) {}

  StatusOr<bool> Pull(GateMode mode, SliceTime now, Slot& out) override {
    if (ahead_.front() == SlotItem::kBatch) {
      out.Emit(std::get<columnar::Batch>(ahead_.Take().item));
      return true;
    }
    if (std::optional<GateItem> item = splits_.Read(mode, now.mono)) {
      RETURN_IF_ERROR(Handle(item->item, out));
      return true;
    }
    if (mode == GateMode::kToBarrier || ended_ || brake_.stopped() ||
        (side_ != nullptr && !side_->HasRoom()) || !patience_.IsOver(reader_->WakeAt(), now.mono)) {
      return false;
    }
    ASSIGN_OR_RETURN(const SourceProgress progress, reader_->Read(now.mono, out));
    patience_.Note(progress);
    if (progress == SourceProgress::kEnd && no_more_splits_) {
      End(out);
    }
    return true;
  }

  bool HasQueuedBarrier() const override { return splits_.HasQueuedBarrier(); }
  void PassBarrier() override {
    brake_.OnPassed(*barrier_);
    Head::PassBarrier();
  }
  void Abort(CheckpointId checkpoint) override {
    Head::Abort(checkpoint);
    brake_.OnAborted(checkpoint);
    splits_.Abort(checkpoint);
  }
  std::vector<CheckpointId> TakeLost() override { return splits_.TakeLost(); }
  Microseconds alignment_time() const override { return splits_.alignment_time(); }

  StateEntries Snapshot() override {
    if (Mutated(Mutation::kReaderPositionAhead) && !ended_ && !brake_.stopped()) {
      reader_->Read(MonoTime(), ahead_).IgnoreError();
    }
    return reader_->Snapshot();
  }
  Status Restore(std::span<const proto::OperatorStateEntry> entries) override {
    return reader_->Restore(entries);
  }
  std::optional<MonoTime> WakeAt() const override {
    return ended_ || brake_.stopped() || !patience_.waiting() ? std::nullopt : reader_->WakeAt();
  }

 private:
  Status Handle(const Item& item, Slot& out) {
    if (const auto* batch = std::get_if<columnar::Batch>(&item)) {
      patience_.Reset();
      for (std::size_t row = 0; row < batch->row_count(); ++row) {
        RETURN_IF_ERROR(reader_->AddSplit(
            {.id = std::string(batch->column(kSplitIdColumn)->StringAt(row)),
             .spec = std::string(batch->column(kSplitSpecColumn)->StringAt(row))}));
      }
    } else if (const auto* barrier = std::get_if<Barrier>(&item)) {
      barrier_ = *barrier;
      if (barrier->kind == proto::CHECKPOINT_DRAIN) {
        End(out);
      }
    } else if (std::holds_alternative<runtime::End>(item)) {
      no_more_splits_ = true;
      patience_.Reset();  // Its kEnd may mean the end now.
    }
    return OkStatus();
  }

  void End(Slot& out) {
    if (!std::exchange(ended_, true)) {
      out.EmitEnd();
    }
  }

  Gate splits_;
  const std::unique_ptr<Reader> reader_;
  Patience patience_;
  StopBrake brake_;
  const Output* const side_;  // Null: there is none.
  Slot ahead_;                // Always empty, but for a mistake that tests switch on.
  bool no_more_splits_ = false;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Head> MakeEnumeratorHead(std::unique_ptr<Enumerator> enumerator, WakeFlag woken) {
  return std::make_unique<EnumeratorHead>(std::move(enumerator), std::move(woken));
}

std::unique_ptr<Head> MakeReaderHead(Gate splits,
                                     std::unique_ptr<Reader> reader,
                                     WakeFlag woken,
                                     const Output* side) {
  return std::make_unique<ReaderHead>(std::move(splits), std::move(reader), std::move(woken), side);
}

}  // namespace thalweg::runtime
