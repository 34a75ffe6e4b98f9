// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_STORAGE_DURABLE_LOG_H_
#define THALWEG_STORAGE_DURABLE_LOG_H_

// A log that many processes may try to append to and that still has one history.
//
// Slot numbers are strictly consecutive from 0, and each slot is one key of a Store, written by
// put-if-absent. So of all who try a slot exactly one wins; the others read what won, apply it and
// try the next. A leader that was replaced without noticing collides at its next append: its
// successor's record has taken the slot.
//
//   DurableLog log(store, "jobs/7/log", nonce);
//   ASSIGN_OR_RETURN(LogContents contents, log.Read(0));
//   ASSIGN_OR_RETURN(AppendOutcome outcome, log.Append(contents.next_slot, record));
//   if (outcome == AppendOutcome::kLost) { /* Read(contents.next_slot), apply, decide anew */ }
//
// Layout under the prefix:
//   slot/<20 digits>   one framed record or tombstone each (storage/log_record.h)
//   floor/<20 digits>  no slot below this number may be used any more; the highest one counts
//   head/<20 digits>   this slot has been appended; the highest one counts
//
//   slots:   [0 ...... floor)   [floor ...... first live)   [first live ...... end)
//             deleted            tombstones                  records
//
// Why tombstones and a floor: put-if-absent on a deleted key would succeed, so a writer that slept
// through a truncation would believe that it won. A tombstone keeps the key taken. The floor keeps
// the number of tombstones bounded: it is made durable before any key below it is deleted, and an
// append that created its key looks at the floor afterwards.
//
// Why a head: a log whose last slot was deleted looks like one that never had it, and its reader
// would go back behind what is visible. An append is not over before its head is durable, so a
// log that ends before a head is damaged. A late head of an old writer is a low one.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace thalweg::storage {

class Store;

/// Largest payload of one record. A manifest of 10,000 tasks with 100 runs each fits.
inline constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20;

/// Tombstones kept below the first live slot, at least; at most twice as many. Within this distance
/// a writer with an unknown outcome still gets an exact answer.
inline constexpr std::uint64_t kTombstonesKept = 64;

/// Tries of one append before its error is returned; each try also settles the tries before it.
inline constexpr int kAppendTries = 3;

struct Record {
  std::uint64_t slot = 0;
  std::uint64_t nonce = 0;  // Of the writer.
  std::string bytes;
};

struct LogContents {
  std::vector<Record> records;  // Consecutive slots; truncated ones are left out.
  std::uint64_t next_slot = 0;  // The slot behind the last one; what Append() expects.
};

enum class AppendOutcome {
  kAppended,  // The record is durable in the expected slot.
  kLost,  // Another record has the slot. Read(slot), apply it, then decide whether to try the next.
};

/// One writer's view of a log. Holds no cached state, so it may be used from any thread; calls
/// block.
class DurableLog {
 public:
  /// `prefix` is a key in `store` that belongs to this log alone; `store` outlives the log. `nonce`
  /// is drawn at random by each process that writes: it tells a lost reply from a lost race.
  DurableLog(Store& store, std::string prefix, std::uint64_t nonce);

  /// Returns the records of `from_slot` and all later slots.
  ///
  /// kDataLoss names the slot and its key: a record fails its checksum, or a slot is missing and a
  /// later one is present or has been appended. Such a log must not be continued. Other errors are
  /// the store's; repeat.
  StatusOr<LogContents> Read(std::uint64_t from_slot) const;

  /// Appends `bytes` in `expected_slot`, which must be the `next_slot` of a Read() or the slot
  /// behind an own append.
  ///
  /// A lost reply of the store is settled by trying again and comparing the nonce and the bytes of
  /// who has the slot. When the store fails kAppendTries times its error is returned and the
  /// outcome is unknown: repeat with the same slot and the same bytes before anything else.
  /// Appending the same bytes twice in one slot is kAppended twice.
  ///
  /// kFailedPrecondition: the slot was truncated long ago; this writer was replaced and must step
  /// down. kDataLoss: the slot holds bytes that fail their checksum. kInvalidArgument: more than
  /// kMaxRecordBytes.
  StatusOr<AppendOutcome> Append(std::uint64_t expected_slot, std::string_view bytes) const;

  /// Gives up all records below `before_slot`, which must exist: at least one record stays.
  /// Idempotent; after an error or a crash a repeat goes on where the last one stopped. Old and new
  /// leader may truncate at once.
  Status Truncate(std::uint64_t before_slot) const;

 private:
  StatusOr<AppendOutcome> TryAppend(std::uint64_t slot, std::string_view bytes) const;

  Store& store_;
  const std::string prefix_;
  const std::uint64_t nonce_;
};

}  // namespace thalweg::storage

#endif  // THALWEG_STORAGE_DURABLE_LOG_H_
