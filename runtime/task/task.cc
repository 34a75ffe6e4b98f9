// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/task.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/mutation.h"
#include "state/task_state.h"

namespace thalweg::runtime {
namespace {

// Moves in one slice: some hundred microseconds to a few milliseconds of work, so that the other
// tasks of the lane and its mails wait no longer than that.
constexpr int kMovesPerSlice = 64;

SnapshotPart ToPart(StateEntries entries, const OperatorId& op) {
  SnapshotPart part;
  for (proto::OperatorStateEntry& entry : entries) {
    entry.set_operator_id(op.value());
    part.mutable_entries()->Add(std::move(entry));
  }
  return part;
}

}  // namespace

TaskMetrics::TaskMetrics(MetricGroup& group)
    : busy(group.AddCounter("busy_micros")),
      idle(group.AddCounter("idle_micros")),
      blocked(group.AddCounter("blocked_micros")),
      pause(group.AddHistogram("checkpoint_pause_micros")) {}

Task::Task(TaskParts parts) : parts_(std::move(parts)) {
  CHECK(parts_.listener != nullptr && parts_.clock != nullptr);
}

Task::~Task() {
  // First of all: from here on no mail runs, so nothing reaches the parts while they go.
  parts_.inbox->Close();
}

Progress Task::Run(MonoTime now, WallTime wall) {
  CHECK(phase_ != Phase::kFailed);
  now_ = {.mono = now, .wall = wall};
  slice_start_ = now;
  if (parts_.metrics != nullptr && rest_start_.has_value()) {
    const auto rested = static_cast<std::uint64_t>((now - *rest_start_).count());
    (parts_.chain->blocked() ? parts_.metrics->blocked : parts_.metrics->idle).Add(rested);
  }
  rest_start_.reset();
  if (phase_ == Phase::kNew) {
    Start();
  }
  RunMails();
  if (phase_ == Phase::kRestoring) {
    return Progress::kIdle;
  }
  Progress progress = Progress::kDone;
  if (phase_ == Phase::kRunning) {
    const StatusOr<Progress> slice = RunSlice();
    if (!slice.ok()) {
      Fail(slice.status());
    } else if (phase_ == Phase::kRunning) {
      progress = *slice;
    }
  }
  wake_at_ = phase_ == Phase::kRunning ? parts_.chain->WakeAt(now_) : std::nullopt;
  rest_start_ = progress == Progress::kIdle ? std::optional(now) : std::nullopt;
  return progress;
}

void Task::EndSlice(MonoTime now) {
  if (parts_.metrics != nullptr) {
    parts_.metrics->busy.Add(static_cast<std::uint64_t>((now - slice_start_).count()));
  }
  if (rest_start_.has_value()) {
    rest_start_ = now;
  }
}

void Task::RunMails() {
  for (UniqueFunction<void()>& mail : parts_.inbox->TakeMails()) {
    if (phase_ == Phase::kFailed) {
      return;
    }
    mail();
  }
}

void Task::Fail(const Status& status) {
  if (phase_ != Phase::kFailed) {
    phase_ = Phase::kFailed;
    parts_.inbox->Close();
    parts_.listener->OnFailed(status);
  }
}

void Task::Start() {
  phase_ = Phase::kRestoring;
  if (parts_.restored == CheckpointId(0)) {
    if (const Status opened = Open(); !opened.ok()) {
      Fail(opened);
    }
    return;
  }
  // The state goes to a helper thread and comes back with the reply; so does the executor that it
  // knows, which must not go before it.
  parts_.executor->Submit(
      [this,
       executor = parts_.executor,
       state = std::move(parts_.state),
       restores = std::move(parts_.restores)]() mutable -> UniqueFunction<void()> {
        std::vector<const proto::TaskSnapshot*> old_tasks;
        for (const proto::TaskSnapshot& snapshot : restores) {
          old_tasks.push_back(&snapshot);
        }
        Status status = state->Restore(old_tasks);
        return [this, executor, state = std::move(state), status = std::move(status)]() mutable {
          parts_.state = std::move(state);
          if (status.ok()) {
            status = Open();
          }
          if (!status.ok()) {
            Fail(status);
          }
        };
      },
      *parts_.inbox);
}

Status Task::Open() {
  phase_ = Phase::kRunning;
  const StateEntries sink_entries = TakeEntries(parts_.sink_operator);
  const StateEntries head_entries = TakeEntries(parts_.head_operator);
  if (Sink* sink = parts_.chain->sink(); sink != nullptr) {
    sink->Start(parts_.restored, sink_entries, *this);
  }
  if (parts_.restored != CheckpointId(0)) {
    RETURN_IF_ERROR(parts_.chain->head().Restore(head_entries));
  }
  RETURN_IF_ERROR(parts_.chain->Open(*parts_.state, now_));
  if (phase_ == Phase::kRunning) {  // Else the sink has failed at its start.
    parts_.listener->OnRunning();
  }
  return OkStatus();
}

// The entries of a connector are given to it and then are its own to snapshot.
StateEntries Task::TakeEntries(const OperatorId& op) {
  if (op.value().empty()) {
    return {};
  }
  state::OperatorState& lists = parts_.state->operator_state();
  StateEntries entries = lists.All(op);
  for (const proto::OperatorStateEntry& entry : entries) {
    lists.Set(op, entry.name(), {});
  }
  return entries;
}

StatusOr<Progress> Task::RunSlice() {
  if (std::exchange(*parts_.spill_read, false)) {
    parts_.chain->Unpark();
  }
  bool idle = false;
  for (int moves = 0; !idle && moves < kMovesPerSlice && phase_ == Phase::kRunning; ++moves) {
    ASSIGN_OR_RETURN(const ChainMove move, parts_.chain->Move(now_));
    idle = move == ChainMove::kIdle;
    if (move == ChainMove::kBarrier) {
      RETURN_IF_ERROR(TakeSnapshot());
    }
  }
  if (phase_ != Phase::kRunning) {
    return Progress::kDone;  // The sink has failed inside a call.
  }
  ReportLost();
  if (parts_.chain->ended() && !std::exchange(end_reported_, true)) {
    parts_.listener->OnEnded();
  }
  const bool state_works = parts_.state->Advance(now_.wall, parts_.chain->HoldsSlots());
  RETURN_IF_ERROR(parts_.state->status());
  return idle && !state_works ? Progress::kIdle : Progress::kMoved;
}

void Task::ReportLost() {
  for (const CheckpointId checkpoint : parts_.chain->head().TakeLost()) {
    parts_.listener->OnDeclined(
        checkpoint, Aborted("A newer barrier came before the last barrier of this checkpoint"));
  }
}

Status Task::TakeSnapshot() {
  const MonoTime start = parts_.clock->Now();
  Chain& chain = *parts_.chain;
  const CheckpointId checkpoint = chain.head().barrier()->checkpoint;
  Sink* const sink = chain.sink();
  RETURN_IF_ERROR(chain.BeforeFreeze(*parts_.state));
  SnapshotPart first = ToPart(chain.head().Snapshot(), parts_.head_operator);
  first.set_ended(chain.ended());
  assembly_.Begin(checkpoint,
                  std::move(first),
                  sink == nullptr ? 1 : 2,
                  {.alignment = chain.head().alignment_time()});
  undecided_.insert(checkpoint);
  newest_taken_ = checkpoint;
  parts_.state->Freeze(checkpoint, [this, checkpoint](StatusOr<proto::TaskSnapshot> snapshot) {
    OnSnapshotPart(checkpoint, std::move(snapshot));
  });
  chain.PassBarrier();
  if (sink != nullptr) {
    sink->Snapshot(checkpoint, [this, checkpoint](StatusOr<StateEntries> entries) {
      if (!entries.ok()) {
        OnSnapshotPart(checkpoint, entries.status());
        return;
      }
      OnSnapshotPart(checkpoint, ToPart(*std::move(entries), parts_.sink_operator));
      if (Mutated(Mutation::kCommitBeforeComplete)) {
        parts_.chain->sink()->Complete(checkpoint);
      }
    });
  }
  const MonoTime end = parts_.clock->Now();
  assembly_.EndPause(checkpoint, end - start, end);
  if (parts_.metrics != nullptr) {
    parts_.metrics->pause.Record(static_cast<std::uint64_t>((end - start).count()));
  }
  return OkStatus();
}

void Task::OnSnapshotPart(CheckpointId checkpoint, StatusOr<SnapshotPart> part) {
  if (phase_ == Phase::kFailed) {
    return;
  }
  if (!part.ok()) {
    if (assembly_.Drop(checkpoint)) {
      parts_.listener->OnDeclined(checkpoint, part.status());
    }
    return;
  }
  auto finished = assembly_.Add(checkpoint, *std::move(part), parts_.clock->Now());
  if (finished.has_value()) {
    parts_.listener->OnAck(checkpoint, std::move(finished->snapshot), finished->timings);
  }
}

void Task::TriggerCheckpoint(CheckpointId checkpoint, proto::CheckpointKind kind) {
  parts_.chain->head().Trigger({.checkpoint = checkpoint, .kind = kind});
}

void Task::CompleteCheckpoint(CheckpointId checkpoint) {
  if (phase_ != Phase::kRunning || checkpoint > std::max(newest_taken_, parts_.restored)) {
    return;
  }
  if (undecided_.contains(checkpoint)) {
    undecided_.erase(undecided_.begin(), undecided_.upper_bound(checkpoint));
    parts_.state->OnDurable(checkpoint);
  }
  if (Sink* sink = parts_.chain->sink(); sink != nullptr) {
    sink->Complete(checkpoint);
  }
}

void Task::AbortCheckpoint(CheckpointId checkpoint) {
  if (phase_ == Phase::kFailed) {
    return;
  }
  parts_.chain->head().Abort(checkpoint);
  assembly_.Drop(checkpoint);
  if (undecided_.erase(checkpoint) > 0) {
    parts_.state->OnAborted(checkpoint);
    if (Sink* sink = parts_.chain->sink(); sink != nullptr) {
      sink->Abort(checkpoint);
    }
  }
}

void Task::OnCommitted(CheckpointId checkpoint) {
  if (phase_ == Phase::kRunning) {
    parts_.listener->OnCommitted(checkpoint);
  }
}

void Task::OnReplayed() {
  if (phase_ == Phase::kRunning) {
    parts_.listener->OnReplayed();
  }
}

void Task::OnFailed(Status status) {
  Fail(status);
}

}  // namespace thalweg::runtime
