// SPDX-License-Identifier: Apache-2.0

#include "coordinator/log_writer.h"

#include <algorithm>
#include <utility>

#include "base/mutation.h"
#include "fmt/format.h"

namespace thalweg::coordinator {
namespace {

/// Will the same call ever succeed?
bool MayPass(const Status& status) {
  switch (status.code()) {
    case StatusCode::kDataLoss:
    case StatusCode::kInvalidArgument:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kUnimplemented:
      return false;
    default:
      return true;
  }
}

/// kFailedPrecondition when one of the records was written by a higher generation than `own`.
Status CheckStillLeading(const LogWriter::Records& records, Generation own) {
  for (const proto::LogRecord& record : records) {
    if (Generation(record.generation()) > own && !Mutated(Mutation::kLostSlotIgnored)) {
      return FailedPrecondition(fmt::format(
          "Generation {} leads; this is generation {}.", record.generation(), own.value()));
    }
  }
  return OkStatus();
}

/// Blocks. Does a record from `slot` on show that another leads?
Status CheckBehind(const storage::DurableLog& log,
                   std::uint64_t slot,
                   const std::string& prefix,
                   Generation own) {
  ASSIGN_OR_RETURN(const storage::LogContents contents, log.Read(slot));
  ASSIGN_OR_RETURN(const LogWriter::Records records, ParseRecords(contents, prefix));
  return CheckStillLeading(records, own);
}

}  // namespace

StatusOr<LogWriter::Records> ParseRecords(const storage::LogContents& contents,
                                          const std::string& prefix) {
  LogWriter::Records records;
  for (const storage::Record& record : contents.records) {
    if (!records.emplace_back().ParseFromString(record.bytes)) {
      return DataLoss(
          fmt::format("Slot {} of the log '{}' does not hold a record that this "
                      "program understands.",
                      record.slot,
                      prefix));
    }
  }
  return records;
}

LogWriter::LogWriter(const Environment& environment,
                     std::string prefix,
                     std::uint64_t nonce,
                     ForeignRecordObserver& observer)
    : environment_(environment),
      prefix_(std::move(prefix)),
      log_(std::make_shared<storage::DurableLog>(environment.store, prefix_, nonce)),
      observer_(observer) {}

void LogWriter::Pause(const Status& why, UniqueFunction<void()> again) {
  environment_.log.Warn(
      "Storage failed, trying again",
      {{"log", prefix_}, {"pause_millis", pause_.count()}, {"error", MessageOf(why)}});
  environment_.timers.At(
      environment_.clock.Now() + pause_, environment_.mailbox, lifeline_.Guard(std::move(again)));
  pause_ = std::min(2 * pause_, kStoragePauseMax);
}

void LogWriter::ReadAll(UniqueFunction<void(StatusOr<Records>)> done) {
  auto on_read = lifeline_.Guard(
      [this, done = std::move(done)](StatusOr<storage::LogContents> contents) mutable {
        if (!contents.ok() && MayPass(contents.status())) {
          Pause(contents.status(),
                [this, done = std::move(done)]() mutable { ReadAll(std::move(done)); });
          return;
        }
        pause_ = kStoragePauseMin;
        if (!contents.ok()) {
          done(contents.status());
          return;
        }
        next_slot_ = contents->next_slot;
        done(ParseRecords(*contents, prefix_));
      });
  environment_.executor.Submit(
      [log = log_, on_read = std::move(on_read)]() mutable -> UniqueFunction<void()> {
        return [contents = log->Read(0), on_read = std::move(on_read)]() mutable {
          on_read(std::move(contents));
        };
      },
      environment_.mailbox);
}

void LogWriter::Append(Generation generation,
                       proto::LogRecord record,
                       UniqueFunction<void(const Status&)> done) {
  record.set_generation(generation.value());
  waiting_.push_back(
      {.generation = generation, .bytes = record.SerializeAsString(), .done = std::move(done)});
  if (waiting_.size() == 1) {
    TryFirst();
  }
}

void LogWriter::TryFirst() {
  auto on_tried = lifeline_.Guard(
      [this](StatusOr<storage::AppendOutcome> outcome) { OnTried(std::move(outcome)); });
  environment_.executor.Submit(
      [log = log_,
       slot = next_slot_,
       bytes = waiting_.front().bytes,
       on_tried = std::move(on_tried)]() mutable -> UniqueFunction<void()> {
        return [outcome = log->Append(slot, bytes), on_tried = std::move(on_tried)]() mutable {
          on_tried(std::move(outcome));
        };
      },
      environment_.mailbox);
}

void LogWriter::OnTried(StatusOr<storage::AppendOutcome> outcome) {
  if (!outcome.ok()) {
    if (MayPass(outcome.status())) {
      Pause(outcome.status(), [this] { TryFirst(); });
    } else {
      FinishFirst(outcome.status());
    }
    return;
  }
  pause_ = kStoragePauseMin;
  if (*outcome == storage::AppendOutcome::kAppended) {
    ++next_slot_;
    FinishFirst(OkStatus());
  } else {
    ReadLostSlot();
  }
}

void LogWriter::ReadLostSlot() {
  auto on_read = lifeline_.Guard(
      [this](StatusOr<storage::LogContents> contents) { OnLostSlotRead(std::move(contents)); });
  environment_.executor.Submit(
      [log = log_,
       slot = next_slot_,
       on_read = std::move(on_read)]() mutable -> UniqueFunction<void()> {
        return [contents = log->Read(slot), on_read = std::move(on_read)]() mutable {
          on_read(std::move(contents));
        };
      },
      environment_.mailbox);
}

void LogWriter::OnLostSlotRead(StatusOr<storage::LogContents> contents) {
  if (!contents.ok() && MayPass(contents.status())) {
    Pause(contents.status(), [this] { ReadLostSlot(); });
    return;
  }
  StatusOr<Records> records =
      contents.ok() ? ParseRecords(*contents, prefix_) : StatusOr<Records>(contents.status());
  Status status =
      records.ok() ? CheckStillLeading(*records, waiting_.front().generation) : records.status();
  for (std::size_t i = 0; status.ok() && i < records->size(); ++i) {
    status = observer_.OnForeign((*records)[i]);
  }
  if (!status.ok()) {
    FinishFirst(status);
    return;
  }
  next_slot_ = contents->next_slot;
  TryFirst();
}

void LogWriter::FinishFirst(const Status& status) {
  UniqueFunction<void(const Status&)> done = std::move(waiting_.front().done);
  waiting_.pop_front();
  if (status.ok() && !waiting_.empty()) {
    TryFirst();
  }
  // Last: it may destroy this object. After an error nothing further is tried.
  done(status);
}

void LogWriter::ReadAgain(Generation generation, UniqueFunction<void(const Status&)> done) {
  auto on_read =
      lifeline_.Guard([done = std::move(done)](const Status& status) mutable { done(status); });
  environment_.executor.Submit(
      [log = log_,
       slot = next_slot_,
       prefix = prefix_,
       generation,
       on_read = std::move(on_read)]() mutable -> UniqueFunction<void()> {
        return [status = CheckBehind(*log, slot, prefix, generation),
                on_read = std::move(on_read)]() mutable { on_read(status); };
      },
      environment_.mailbox);
}

void LogWriter::ReadAgainAndList(Generation generation,
                                 std::string keys_prefix,
                                 UniqueFunction<void(StatusOr<std::vector<std::string>>)> done) {
  using Keys = StatusOr<std::vector<std::string>>;
  auto list = [log = log_,
               store = &environment_.store,
               slot = next_slot_,
               prefix = prefix_,
               keys_prefix = std::move(keys_prefix),
               generation]() -> Keys {
    RETURN_IF_ERROR(CheckBehind(*log, slot, prefix, generation));
    return store->List(keys_prefix);
  };
  auto on_listed =
      lifeline_.Guard([done = std::move(done)](Keys keys) mutable { done(std::move(keys)); });
  environment_.executor.Submit(
      [list = std::move(list),
       on_listed = std::move(on_listed)]() mutable -> UniqueFunction<void()> {
        return [keys = list(), on_listed = std::move(on_listed)]() mutable {
          on_listed(std::move(keys));
        };
      },
      environment_.mailbox);
}

void LogWriter::TruncateBeforeLast() {
  auto on_truncated = lifeline_.Guard([this](const Status& status) {
    if (!status.ok()) {
      environment_.log.Warn("The log was not truncated",
                            {{"log", prefix_}, {"error", MessageOf(status)}});
    }
  });
  environment_.executor.Submit(
      [log = log_,
       slot = next_slot_ - 1,
       on_truncated = std::move(on_truncated)]() mutable -> UniqueFunction<void()> {
        return [status = log->Truncate(slot), on_truncated = std::move(on_truncated)]() mutable {
          on_truncated(status);
        };
      },
      environment_.mailbox);
}

}  // namespace thalweg::coordinator
