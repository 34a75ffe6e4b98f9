// SPDX-License-Identifier: Apache-2.0
#include "state/timer_table.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/check.h"
#include "columnar/hash.h"
#include "state/shape_of.h"

namespace thalweg::state {
namespace {

constexpr std::size_t kTimeBytes = sizeof(std::int64_t);

// A timer's row is found by time and key. The bytes of the time need no order here.
std::string RowKey(std::int64_t time, std::string_view key) {
  std::string row_key(kTimeBytes, '\0');
  StoreFixed(row_key.data(), time);
  row_key.append(key);
  return row_key;
}

// The index needs another hash than the key's: one key may have many timers.
std::uint32_t RowHash(std::uint32_t key_hash, std::int64_t time) {
  const std::uint64_t mixed =
      (static_cast<std::uint64_t>(time) ^ (std::uint64_t{key_hash} << 32)) * 0x9E3779B97F4A7C15U;
  return static_cast<std::uint32_t>((mixed ^ (mixed >> 29)) >> 16) ^ key_hash;
}

}  // namespace

TimerTable::TimerTable(TableContext& context, const TableSpec& spec)
    : KeyedRows(context, ShapeOfTimers(spec)),
      key_stride_(shape_.row.key_stride == 0 ? 0 : shape_.row.key_stride - kTimeBytes) {}

TimerTable::~TimerTable() = default;

std::string_view TimerTable::KeyOf(SlotId slot) const {
  return key(slot).substr(kTimeBytes);
}

void TimerTable::Set(std::uint32_t key_hash, std::string_view key, std::int64_t time, bool clean) {
  const std::string row_key = RowKey(time, key);
  const std::uint32_t hash = RowHash(key_hash, time);
  SlotId slot = FindKey(hash, row_key);
  if (slot == kNoSlot) {
    slot =
        Insert(hash, row_key, clean ? meta::Make(0, 0) : meta::Make(context_.epoch, meta::kFresh));
  } else if (IsLive(slot)) {
    return;
  } else {
    Revive(slot);
  }
  StoreFixed(value_of(row(slot)), std::uint64_t{key_hash});
  Bucket& bucket = buckets_[time];
  bucket.slots.push_back(slot);
  bucket.is_sorted = false;
  ++bucket.live_count;
}

void TimerTable::Register(const columnar::EncodedKeys& keys, std::span<const std::int64_t> times) {
  CHECK_EQ(times.size(), keys.count);
  index_.Migrate(times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (times[i] != kNoTimer) {
      Set(columnar::StoredHash(keys.hashes[i]), keys[i], times[i], /*clean=*/false);
    }
  }
}

void TimerTable::Delete(const columnar::EncodedKeys& keys, std::span<const std::int64_t> times) {
  CHECK_EQ(times.size(), keys.count);
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (times[i] == kNoTimer) {
      continue;
    }
    const std::uint32_t hash = RowHash(columnar::StoredHash(keys.hashes[i]), times[i]);
    const SlotId slot = FindKey(hash, RowKey(times[i], keys[i]));
    if (slot != kNoSlot && IsLive(slot)) {
      Remove(slot, times[i]);
    }
  }
}

void TimerTable::Remove(SlotId slot, std::int64_t time) {
  // The bucket keeps the slot; PopDue() sees that the row is gone.
  const auto bucket = buckets_.find(time);
  CHECK(bucket != buckets_.end());
  if (--bucket->second.live_count == 0) {
    buckets_.erase(bucket);
  }
  EraseRow(slot);
}

std::optional<std::int64_t> TimerTable::Next() const {
  return buckets_.empty() ? std::nullopt : std::optional(buckets_.begin()->first);
}

void TimerTable::Sort(std::int64_t time, Bucket& bucket) {
  // A slot whose timer was taken back may serve another timer now, even one of this time: then it
  // stands here twice.
  std::erase_if(bucket.slots, [&](SlotId slot) {
    return !IsLive(slot) || LoadFixed<std::int64_t>(key(slot).data()) != time;
  });
  // Descending, so that what is popped comes off the end.
  std::sort(bucket.slots.begin(), bucket.slots.end(), [this](SlotId a, SlotId b) {
    return KeyOf(a) > KeyOf(b);
  });
  bucket.slots.erase(std::unique(bucket.slots.begin(), bucket.slots.end()), bucket.slots.end());
  CHECK_EQ(bucket.slots.size(), bucket.live_count);
  bucket.is_sorted = true;
}

bool TimerTable::PopDue(std::int64_t now, std::size_t limit, DueTimers* due) {
  CHECK_GT(limit, std::size_t{0});
  due->times.clear();
  due->keys = {};
  due->keys.fixed_stride = key_stride_;
  while (!buckets_.empty() && buckets_.begin()->first <= now && due->times.size() < limit) {
    const auto first = buckets_.begin();
    Bucket& bucket = first->second;
    if (!bucket.is_sorted || bucket.slots.size() != bucket.live_count) {
      Sort(first->first, bucket);
    }
    while (!bucket.slots.empty() && due->times.size() < limit) {
      const SlotId slot = bucket.slots.back();
      bucket.slots.pop_back();
      --bucket.live_count;
      AppendDue(first->first, slot, due);
      EraseRow(slot);
    }
    if (bucket.slots.empty()) {
      buckets_.erase(first);
    }
  }
  return !buckets_.empty() && buckets_.begin()->first <= now;
}

void TimerTable::AppendDue(std::int64_t time, SlotId slot, DueTimers* due) const {
  const std::string_view key = KeyOf(slot);
  due->times.push_back(time);
  due->keys.hashes.push_back(columnar::HashKeyBytes(key));
  ++due->keys.count;
  if (key_stride_ != 0) {
    const std::size_t end = due->keys.words.size();
    due->keys.words.resize(end + key_stride_ / 8);
    std::memcpy(due->keys.words.data() + end, key.data(), key.size());
  } else {
    due->keys.rows.bytes.append(key);
    due->keys.rows.offsets.push_back(static_cast<std::uint32_t>(due->keys.rows.bytes.size()));
  }
}

}  // namespace thalweg::state
