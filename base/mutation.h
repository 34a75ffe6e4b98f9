// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_BASE_MUTATION_H_
#define THALWEG_BASE_MUTATION_H_

// Mistakes that tests can switch on, to see that some oracle notices them.
//
//   if (message.attempt < newest_ && !Mutated(Mutation::kFencingOff)) return;  // Fenced.
//
// The one read costs a relaxed load; use it at cold places only (a checkpoint, a message of the
// control protocol, a freeze). Nothing but tests/testing/scoped_mutation.h switches one on.

#include <atomic>
#include <cstdint>

namespace thalweg {

/// One line per mistake: who makes it, and what is wrong then.
enum class Mutation : std::uint8_t {
  // coordinator/
  kManifestBeforeAcks,       // The manifest is appended when one ack is still missing.
  kCompleteBeforeManifest,   // complete(N) is sent before manifest N is durable.
  kRestoreGateOff,           // The first complete() after a restore does not wait for the sinks.
  kStaleAttemptAccepted,     // Acks and statuses of an older attempt count for the current one.
  kRestoreSecondNewest,      // A restart restores the checkpoint before the newest durable one.
  kLostSlotIgnored,          // Who loses a slot of the log to a new leader goes on regardless.
  kFinishedBeforeCommit,     // A job is finished before its sinks have committed the last output.
  kCommandBeforeGeneration,  // A leader commands a job whose log lacks its generation.
  kRestoreWhileAppending,    // A restart chooses its checkpoint while a manifest is in flight.
  kRetainedFileDeleted,      // Files that the newest manifest names are deleted.
  kEntriesNotRedistributed,  // After a rescale an operator's entries go to every subtask.

  // worker/
  kFencingOff,  // A worker obeys commands of a lower generation or attempt.

  // runtime/
  kAlignmentOff,            // A task snapshots at its first barrier, not its last.
  kCreditLeaked,            // A credit is not given back when a batch is dropped.
  kWatermarkBeforeResults,  // A window's watermark leaves before its results.
  kCommitBeforeComplete,    // A sink makes output visible at the barrier.
  kReaderPositionAhead,     // A reader's position includes a row that was not emitted yet.

  // state/
  kAbortedDirtyDropped,  // Rows changed for an aborted checkpoint are not in the next one.
  kTombstoneDropped,     // A deleted key is not written to the snapshot run.
  kFreezeDoesNotCopy,    // A row written after the freeze changes the frozen snapshot.
  kRunOrderReversed,     // At restore an older run wins over a newer one.
};

namespace internal {
inline constinit std::atomic<std::uint64_t> active_mutations{0};
}  // namespace internal

/// Is this mistake switched on? False outside of tests.
inline bool Mutated(Mutation mutation) {
  const auto bit = std::uint64_t{1} << static_cast<unsigned>(mutation);
  return (internal::active_mutations.load(std::memory_order_relaxed) & bit) != 0;
}

}  // namespace thalweg

#endif  // THALWEG_BASE_MUTATION_H_
