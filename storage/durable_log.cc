// SPDX-License-Identifier: Apache-2.0

#include "storage/durable_log.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "storage/log_record.h"
#include "storage/store.h"

namespace thalweg::storage {
namespace {

constexpr std::size_t kNumberDigits =
    20;                        // Of the largest 64-bit number: so text order is slot order.
constexpr int kReadTries = 8;  // Restarts of a read because of truncations meanwhile.

/// The layout of one log in its store. Everything else is written in slots and floors.
class Layout {
 public:
  Layout(Store& store, const std::string& prefix) : store_(store), prefix_(prefix) {}

  std::string SlotKey(std::uint64_t slot) const {
    return fmt::format("{}/slot/{:0{}}", prefix_, slot, kNumberDigits);
  }
  std::string FloorKey(std::uint64_t floor) const {
    return fmt::format("{}/floor/{:0{}}", prefix_, floor, kNumberDigits);
  }
  std::string HeadKey(std::uint64_t slot) const {
    return fmt::format("{}/head/{:0{}}", prefix_, slot, kNumberDigits);
  }
  StatusOr<std::vector<std::uint64_t>> Slots() const { return Numbers("/slot/"); }
  StatusOr<std::vector<std::uint64_t>> Heads() const { return Numbers("/head/"); }
  StatusOr<std::vector<std::uint64_t>> Floors() const { return Numbers("/floor/"); }

  /// The lowest slot that may be used.
  StatusOr<std::uint64_t> Floor() const {
    ASSIGN_OR_RETURN(const std::vector<std::uint64_t> floors, Floors());
    return floors.empty() ? 0 : floors.back();
  }

  /// The record in a slot; absent when the slot has none.
  StatusOr<std::optional<LogRecord>> ReadSlot(std::uint64_t slot) const {
    StatusOr<std::string> bytes = store_.Get(SlotKey(slot));
    if (bytes.status().code() == StatusCode::kNotFound) {
      return std::optional<LogRecord>();
    }
    RETURN_IF_ERROR(bytes.status());
    StatusOr<LogRecord> record = DecodeLogRecord(*bytes);
    if (!record.ok()) {
      return Annotate(record.status(), Damaged(slot));
    }
    if (record->slot != slot) {
      return DataLoss(fmt::format(
          "{}: it was written for slot {}. Do not copy log files.", Damaged(slot), record->slot));
    }
    return std::optional<LogRecord>(*std::move(record));
  }

  Status GoneSlot(std::uint64_t slot) const {
    return FailedPrecondition(
        fmt::format("Slot {} of the durable log '{}' was truncated: another leader has gone on "
                    "meanwhile. Step down.",
                    slot,
                    prefix_));
  }

  Status MissingSlot(std::uint64_t slot) const {
    return DataLoss(fmt::format("{}: it is missing and a later slot is present", Damaged(slot)));
  }

  Status LostEnd(std::uint64_t slot, std::uint64_t head) const {
    return DataLoss(fmt::format(
        "{}: it is missing, and slots up to {} have been appended", Damaged(slot), head));
  }

 private:
  std::string Damaged(std::uint64_t slot) const {
    return fmt::format(
        "Slot {} of the durable log is damaged (key '{}'); restore this file from a backup",
        slot,
        SlotKey(slot));
  }

  StatusOr<std::vector<std::uint64_t>> Numbers(std::string_view folder) const {
    const std::string prefix = prefix_ + std::string(folder);
    ASSIGN_OR_RETURN(const std::vector<std::string> keys, store_.List(prefix));
    std::vector<std::uint64_t> numbers;
    numbers.reserve(keys.size());
    for (const std::string& key : keys) {
      std::uint64_t number = 0;
      const char* end = key.data() + key.size();
      const auto parsed = std::from_chars(key.data() + prefix.size(), end, number);
      if (key.size() != prefix.size() + kNumberDigits || parsed.ec != std::errc() ||
          parsed.ptr != end) {
        return DataLoss(fmt::format(
            "The file '{}' does not belong into a durable log. Move it elsewhere.", key));
      }
      numbers.push_back(number);
    }
    return numbers;
  }

  Store& store_;
  const std::string& prefix_;
};

/// What one walk over the log has found, or that a truncation passed by and the walk must start
/// again.
template <class T>
using Walk = StatusOr<std::optional<T>>;

/// The outcome of a walk that met a missing slot below `end`: a reason to start again, or damage.
template <class T>
Walk<T> OnMissing(const Layout& layout, std::uint64_t slot) {
  ASSIGN_OR_RETURN(const std::uint64_t floor, layout.Floor());
  if (slot < floor) {
    return std::optional<T>();
  }
  return layout.MissingSlot(slot);
}

/// The first slot of [begin, end) that holds no tombstone, or `end`. Tombstones are written from
/// low to high, so they are a beginning of the range.
Walk<std::uint64_t> FirstLive(const Layout& layout, std::uint64_t begin, std::uint64_t end) {
  while (begin < end) {
    const std::uint64_t middle = begin + (end - begin) / 2;
    ASSIGN_OR_RETURN(const std::optional<LogRecord> record, layout.ReadSlot(middle));
    if (!record.has_value()) {
      return OnMissing<std::uint64_t>(layout, middle);
    }
    if (record->kind == LogRecordKind::kTombstone) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return std::optional<std::uint64_t>(begin);
}

/// The slots that are in use as [floor, end), all of them present when looked at.
struct Extent {
  std::uint64_t floor = 0;
  std::uint64_t end = 0;
  bool has_leftovers = false;  // Slots below the floor, of a truncation that did not end.
};

Walk<Extent> FindExtent(const Layout& layout) {
  ASSIGN_OR_RETURN(const std::vector<std::uint64_t> slots, layout.Slots());
  // Read after the slots: whatever a truncation had deleted by then lies below this floor.
  ASSIGN_OR_RETURN(const std::uint64_t floor, layout.Floor());
  Extent extent{.floor = floor, .end = floor};
  for (const std::uint64_t slot : slots) {
    if (slot < floor) {
      extent.has_leftovers = true;  // Or it was written by who slept through a truncation.
      continue;
    }
    // A listing is no instant: it may show a late slot and not an early one. A read of the slot
    // decides.
    for (; extent.end < slot; ++extent.end) {
      ASSIGN_OR_RETURN(const std::optional<LogRecord> record, layout.ReadSlot(extent.end));
      if (!record.has_value()) {
        return OnMissing<Extent>(layout, extent.end);
      }
    }
    extent.end = slot + 1;
  }
  if (floor > 0 && extent.end == floor) {
    return OnMissing<Extent>(layout, floor);  // A truncation leaves at least one record.
  }
  return std::optional<Extent>(extent);
}

/// Reads all records of [begin, ...) until a slot is free.
Walk<LogContents> ReadFrom(const Layout& layout, std::uint64_t begin, std::uint64_t known_end) {
  LogContents contents;
  for (std::uint64_t slot = begin;; ++slot) {
    ASSIGN_OR_RETURN(std::optional<LogRecord> record, layout.ReadSlot(slot));
    if (!record.has_value()) {
      if (slot < known_end) {
        return OnMissing<LogContents>(layout, slot);
      }
      contents.next_slot = slot;
      return std::optional<LogContents>(std::move(contents));
    }
    if (record->kind == LogRecordKind::kRecord) {
      contents.records.push_back({slot, record->nonce, std::move(record->payload)});
    }
  }
}

Walk<LogContents> TryRead(const Layout& layout, std::uint64_t from_slot) {
  // Before the slots: whatever a head names was durable by then.
  ASSIGN_OR_RETURN(const std::vector<std::uint64_t> heads, layout.Heads());
  ASSIGN_OR_RETURN(const std::optional<Extent> extent, FindExtent(layout));
  if (!extent.has_value()) {
    return std::optional<LogContents>();
  }
  const std::uint64_t begin = std::max(from_slot, extent->floor);
  if (begin > extent->end) {
    return layout.MissingSlot(extent->end);  // The caller has seen later ones.
  }
  ASSIGN_OR_RETURN(const std::optional<std::uint64_t> first_live,
                   FirstLive(layout, begin, extent->end));
  if (!first_live.has_value()) {
    return std::optional<LogContents>();
  }
  ASSIGN_OR_RETURN(std::optional<LogContents> contents, ReadFrom(layout, *first_live, extent->end));
  if (contents.has_value() && !heads.empty() && heads.back() >= contents->next_slot) {
    return layout.LostEnd(contents->next_slot, heads.back());
  }
  return contents;
}

/// Deletes all heads but the highest one.
Status DeleteOldHeads(Store& store, const Layout& layout) {
  ASSIGN_OR_RETURN(const std::vector<std::uint64_t> heads, layout.Heads());
  for (const std::uint64_t head : heads) {
    if (head < heads.back()) {
      RETURN_IF_ERROR(store.Delete(layout.HeadKey(head)));
    }
  }
  return OkStatus();
}

/// Replaces the records of [begin, end) by tombstones, from low to high.
Status WriteTombstones(Store& store, const Layout& layout, std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t slot = begin; slot < end; ++slot) {
    ASSIGN_OR_RETURN(const std::optional<LogRecord> record, layout.ReadSlot(slot));
    if (!record.has_value()) {
      // Another truncation went by, which is no reason to go on here; or damage.
      ASSIGN_OR_RETURN(const std::uint64_t floor, layout.Floor());
      return slot < floor ? OkStatus() : layout.MissingSlot(slot);
    }
    if (record->kind == LogRecordKind::kRecord) {
      RETURN_IF_ERROR(store.Put(layout.SlotKey(slot), EncodeLogRecord(TombstoneFor(*record))));
    }
  }
  return OkStatus();
}

/// Raises the floor durably, then deletes what lies below the highest one.
Status RaiseFloor(Store& store, const Layout& layout, std::uint64_t new_floor) {
  if (new_floor > 0) {
    RETURN_IF_ERROR(store.PutIfAbsent(layout.FloorKey(new_floor), "").status());
  }
  ASSIGN_OR_RETURN(const std::vector<std::uint64_t> floors, layout.Floors());
  ASSIGN_OR_RETURN(const std::vector<std::uint64_t> slots, layout.Slots());
  for (const std::uint64_t slot : slots) {
    if (!floors.empty() && slot < floors.back()) {
      RETURN_IF_ERROR(store.Delete(layout.SlotKey(slot)));
    }
  }
  for (const std::uint64_t floor : floors) {
    if (floor < floors.back()) {
      RETURN_IF_ERROR(store.Delete(layout.FloorKey(floor)));
    }
  }
  return DeleteOldHeads(store, layout);
}

/// May the same append succeed when it is tried again at once?
bool IsWorthRepeating(const Status& error) {
  switch (error.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kPermissionDenied:
    case StatusCode::kUnimplemented:
      return false;
    default:
      return true;
  }
}

}  // namespace

DurableLog::DurableLog(Store& store, std::string prefix, std::uint64_t nonce)
    : store_(store), prefix_(std::move(prefix)), nonce_(nonce) {}

StatusOr<LogContents> DurableLog::Read(std::uint64_t from_slot) const {
  const Layout layout(store_, prefix_);
  for (int tries = 0; tries < kReadTries; ++tries) {
    ASSIGN_OR_RETURN(std::optional<LogContents> contents, TryRead(layout, from_slot));
    if (contents.has_value()) {
      return *std::move(contents);
    }
  }
  return Unavailable(fmt::format(
      "The durable log '{}' is truncated faster than it can be read; try again.", prefix_));
}

StatusOr<AppendOutcome> DurableLog::Append(std::uint64_t expected_slot,
                                           std::string_view bytes) const {
  if (bytes.size() > kMaxRecordBytes) {
    return InvalidArgument(fmt::format(
        "A log record of {} bytes is too large, the limit is {}.", bytes.size(), kMaxRecordBytes));
  }
  Status error;
  for (int tries = 0; tries < kAppendTries; ++tries) {
    StatusOr<AppendOutcome> outcome = TryAppend(expected_slot, bytes);
    if (outcome.ok() || !IsWorthRepeating(outcome.status())) {
      return outcome;
    }
    error = outcome.status();
  }
  return Annotate(error,
                  fmt::format("The outcome of the append to slot {} of the durable log '{}' is "
                              "unknown; repeat it with the same slot and bytes",
                              expected_slot,
                              prefix_));
}

Status DurableLog::Truncate(std::uint64_t before_slot) const {
  const Layout layout(store_, prefix_);
  for (int tries = 0; tries < kReadTries; ++tries) {
    ASSIGN_OR_RETURN(const std::optional<Extent> extent, FindExtent(layout));
    if (!extent.has_value()) {
      continue;
    }
    if (before_slot >= extent->end && before_slot > 0) {
      return FailedPrecondition(
          fmt::format("The durable log '{}' ends before slot {}: truncating there would leave no "
                      "record.",
                      prefix_,
                      before_slot));
    }
    if (before_slot > extent->floor) {
      ASSIGN_OR_RETURN(const std::optional<std::uint64_t> first_live,
                       FirstLive(layout, extent->floor, before_slot));
      if (!first_live.has_value()) {
        continue;
      }
      RETURN_IF_ERROR(WriteTombstones(store_, layout, *first_live, before_slot));
    }
    // In steps, so that most truncations neither write a floor nor delete.
    const bool is_due = before_slot >= extent->floor + 2 * kTombstonesKept;
    const std::uint64_t floor = is_due ? before_slot - kTombstonesKept : extent->floor;
    return is_due || extent->has_leftovers ? RaiseFloor(store_, layout, floor) : OkStatus();
  }
  return Unavailable(fmt::format(
      "The durable log '{}' is truncated by others at the same time; try again.", prefix_));
}

StatusOr<AppendOutcome> DurableLog::TryAppend(std::uint64_t slot, std::string_view bytes) const {
  const Layout layout(store_, prefix_);
  const LogRecord record{LogRecordKind::kRecord, slot, nonce_, std::string(bytes)};
  ASSIGN_OR_RETURN(const PutOutcome put,
                   store_.PutIfAbsent(layout.SlotKey(slot), EncodeLogRecord(record)));
  if (put == PutOutcome::kExists) {
    ASSIGN_OR_RETURN(const std::optional<LogRecord> found, layout.ReadSlot(slot));
    if (found.has_value() && !IsOwnRecord(*found, nonce_, bytes)) {
      return AppendOutcome::kLost;
    }
  }
  // The slot is ours; or it was deleted since, and then it lies below the floor. A key that was
  // created below the floor had been truncated: that is no append, since nobody will ever read it.
  ASSIGN_OR_RETURN(const std::uint64_t floor, layout.Floor());
  if (slot < floor) {
    return layout.GoneSlot(slot);
  }
  // From here on a log that ends before this slot is damaged and not just shorter.
  RETURN_IF_ERROR(store_.PutIfAbsent(layout.HeadKey(slot), "").status());
  if (slot > 0) {
    store_.Delete(layout.HeadKey(slot - 1)).IgnoreError();  // A truncation deletes what is left.
  }
  return AppendOutcome::kAppended;
}

}  // namespace thalweg::storage
