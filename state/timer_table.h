// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_TIMER_TABLE_H_
#define THALWEG_STATE_TIMER_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "columnar/key_codec.h"
#include "state/keyed_rows.h"
#include "state/table_spec.h"

namespace thalweg::state {

/// In a list of times: this row has no timer.
inline constexpr std::int64_t kNoTimer = std::numeric_limits<std::int64_t>::min();

/// Timers that came due, by time, then by key bytes. `keys` can be given to any table's Resolve().
struct DueTimers {
  std::vector<std::int64_t> times;
  columnar::EncodedKeys keys;
};

/// A set of (time, key). Times are event time or processing time in milliseconds, as the step likes
/// it; use one table for each. Timers always stay in memory. Used by the task's thread only.
class TimerTable final : public KeyedRows {
 public:
  TimerTable(TableContext& context, const TableSpec& spec);
  ~TimerTable() override;

  /// Sets a timer for key i at times[i], unless that is kNoTimer. A timer that is set already stays
  /// one timer.
  void Register(const columnar::EncodedKeys& keys, std::span<const std::int64_t> times);
  /// Takes timers back; those that are not set, and kNoTimer, are ignored.
  void Delete(const columnar::EncodedKeys& keys, std::span<const std::int64_t> times);

  /// The earliest timer's time.
  std::optional<std::int64_t> Next() const;
  /// Removes timers with time <= `now`, earliest first, at most `limit` (at least one), and puts
  /// them into `due`, whose content is replaced. True: more are due.
  bool PopDue(std::int64_t now, std::size_t limit, DueTimers* due);

  // ---- For the TaskState.

  /// Bytes of every key, or 0.
  std::size_t key_stride() const { return key_stride_; }

  /// A timer that came from a run.
  void LoadTimer(std::uint32_t key_hash, std::string_view key, std::int64_t time) {
    Set(key_hash, key, time, /*clean=*/true);
  }

 protected:
  /// The value is the key's hash: the tombstone of a timer needs it still.
  void ClearValue(std::uint8_t* /*row*/) override {}

 private:
  struct Bucket {
    std::vector<SlotId> slots;
    std::size_t live_count = 0;
    bool is_sorted = true;  // As long as nothing was taken back.
  };

  std::string_view KeyOf(SlotId slot) const;
  void Sort(std::int64_t time, Bucket& bucket);
  void Set(std::uint32_t key_hash, std::string_view key, std::int64_t time, bool clean);
  void Remove(SlotId slot, std::int64_t time);
  void AppendDue(std::int64_t time, SlotId slot, DueTimers* due) const;

  const std::size_t key_stride_;  // Of the keys that steps give; rows have the time before them.
  std::map<std::int64_t, Bucket> buckets_;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_TIMER_TABLE_H_
