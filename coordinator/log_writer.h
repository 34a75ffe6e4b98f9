// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_LOG_WRITER_H_
#define THALWEG_COORDINATOR_LOG_WRITER_H_

// A leader's way to one durable log: reads it to its end, then appends one record after the other,
// whatever storage does meanwhile.
//
// While storage does not answer, an append is tried again with the same slot and the same bytes for
// as long as it takes: whether a record is durable must be known before anything else may happen.
// Who loses a slot reads what is there, shows it to the observer and, if that one does not object,
// tries the next slot.
//
//   kAppended ──▶ done(OK)
//   kLost ──▶ read ──▶ observer ──▶ next slot          or done(kFailedPrecondition): a higher
//   unavailable ──▶ pause ──▶ same slot, same bytes       generation has taken over

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/function.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "coordinator/environment.h"
#include "proto/checkpoint.pb.h"
#include "storage/durable_log.h"

namespace thalweg::coordinator {

/// Pause after the first failure of storage; doubled with each further one up to the maximum.
inline constexpr Milliseconds kStoragePauseMin{20};
inline constexpr Milliseconds kStoragePauseMax{5'000};

/// Who wants to know of records that others have appended.
class ForeignRecordObserver {
 public:
  virtual ~ForeignRecordObserver() = default;

  /// A record took the slot that ours was meant for; its generation is not above ours. An error
  /// ends the append with that status.
  virtual Status OnForeign(const proto::LogRecord& record) = 0;
};

/// On the mailbox's thread. Destroying it drops what waits; an append under way may still happen.
class LogWriter {
 public:
  using Records = std::vector<proto::LogRecord>;

  /// `environment` and `observer` outlive the writer. `nonce` is this process's.
  LogWriter(const Environment& environment,
            std::string prefix,
            std::uint64_t nonce,
            ForeignRecordObserver& observer);

  /// Reads the log from its beginning; must have succeeded before the first append. Tries again
  /// while storage is away. kDataLoss: the log is damaged; the message names the slot.
  void ReadAll(UniqueFunction<void(StatusOr<Records>)> done);

  /// Appends with this generation. Appends happen in the order of the calls. OK: the record is
  /// durable. kFailedPrecondition: another leader with a higher generation has appended, and
  /// nothing further may be done here. kDataLoss, kInvalidArgument: the log is damaged, or the
  /// record is too large for it.
  void Append(Generation generation,
              proto::LogRecord record,
              UniqueFunction<void(const Status&)> done);

  /// Reads what was appended behind our last record. kFailedPrecondition as of Append(); other
  /// errors are storage's and say nothing about who leads.
  void ReadAgain(Generation generation, UniqueFunction<void(const Status&)> done);

  /// The same, then lists the keys with this prefix. Errors
  /// are storage's; kFailedPrecondition as of Append().
  void ReadAgainAndList(Generation generation,
                        std::string keys_prefix,
                        UniqueFunction<void(StatusOr<std::vector<std::string>>)> done);

  /// Gives up all records before the one appended last. Errors are logged: a later one makes up.
  void TruncateBeforeLast();

 private:
  struct Waiting {
    Generation generation;
    std::string bytes;
    UniqueFunction<void(const Status&)> done;
  };

  void TryFirst();
  void OnTried(StatusOr<storage::AppendOutcome> outcome);
  void ReadLostSlot();
  void OnLostSlotRead(StatusOr<storage::LogContents> contents);
  void FinishFirst(const Status& status);
  /// Runs `again` after a pause.
  void Pause(const Status& why, UniqueFunction<void()> again);

  const Environment& environment_;
  const std::string prefix_;
  const std::shared_ptr<const storage::DurableLog> log_;
  ForeignRecordObserver& observer_;
  std::uint64_t next_slot_ = 0;
  Milliseconds pause_ = kStoragePauseMin;
  std::deque<Waiting> waiting_;  // The first one is under way.
  Lifeline lifeline_;
};

/// Parses the records of a log. kDataLoss names the slot.
StatusOr<LogWriter::Records> ParseRecords(const storage::LogContents& contents,
                                          const std::string& prefix);

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_LOG_WRITER_H_
