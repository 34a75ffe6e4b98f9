// SPDX-License-Identifier: Apache-2.0
#include "state/keyed_rows.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace thalweg::state {
namespace {

// A block's index lines and rows fit into L1 together; prefetching whole batches overflows L2.
constexpr std::size_t kBlock = 64;
// Smaller tables lie in the caches: prefetching only costs.
constexpr std::size_t kPrefetchFrom = 8192;

// Keys of a fixed number of words; kWords == 0: that number is only known at run time.
template <int kWords>
struct FixedKeys {
  const std::uint64_t* words;
  std::size_t word_count;

  std::size_t size() const { return kWords == 0 ? word_count : kWords; }
  bool Equal(const std::uint8_t* stored, std::size_t row) const {
    const std::uint64_t* const key = words + row * size();
    if constexpr (kWords == 0) {
      return std::memcmp(stored, key, word_count * 8) == 0;
    } else {
      std::uint64_t difference = 0;
      for (int i = 0; i < kWords; ++i) {
        difference |= LoadFixed<std::uint64_t>(stored + i * 8) ^ key[i];
      }
      return difference == 0;
    }
  }
  std::string_view Get(std::size_t row) const {
    return {reinterpret_cast<const char*>(words + row * size()), size() * 8};
  }
};

struct VariableKeys {
  const columnar::ByteRows& rows;

  bool Equal(const std::uint8_t* stored, std::size_t row) const {
    return reinterpret_cast<const StateString*>(stored)->view() == rows[row];
  }
  std::string_view Get(std::size_t row) const { return rows[row]; }
};

// Rows of a batch that are to be resolved.
struct ListedRows {
  const std::uint32_t* list;

  std::size_t row(std::size_t i) const { return list[i]; }
  // How far row() may be asked for.
  static std::size_t Reach(std::size_t count, std::size_t /*batch_rows*/) { return count; }
};
struct RowRange {
  std::size_t first;

  std::size_t row(std::size_t i) const { return first + i; }
  std::size_t Reach(std::size_t /*count*/, std::size_t batch_rows) const {
    return batch_rows - first;
  }
};

}  // namespace

KeyedRows::KeyedRows(TableContext& context, ImageShape shape)
    : context_(context),
      shape_(std::move(shape)),
      pages_(shape_.row.stride),
      slabs_(std::make_shared<StringSlabs>()) {}

KeyedRows::~KeyedRows() = default;

template <bool kInsert, class Keys, class Rows>
void KeyedRows::ResolveWith(const Keys& keys,
                            std::span<const std::uint64_t> hashes,
                            std::span<SlotId> slots,
                            const Rows& rows) {
  // Locals, as each write to `slots` would make the compiler read members again.
  const std::size_t key_offset = shape_.row.key_offset;
  const bool has_ttl = shape_.row.ttl_seconds != 0;
  RowPages::View pages = pages_.view();
  SlotIndex::Probe probe = index_.probe();
  const auto is_found = [&](SlotId slot, std::size_t row) {
    if (slot == kNoSlot) {
      return false;
    }
    const std::uint8_t* const found = pages.row(slot);
    return keys.Equal(found + key_offset, row) && (MetaOf(found) & meta::kDead) == 0 &&
           !(has_ttl && IsExpired(found));
  };
  const auto look_further = [&](std::uint32_t hash, std::size_t row) {
    const SlotId slot = ResolveSlowly<kInsert>(hash, keys.Get(row), probe.IsCertainlyAbsent(hash));
    pages = pages_.view();
    probe = index_.probe();
    return slot;
  };
  const std::size_t count = slots.size();
  SlotId* const out = slots.data();
  std::size_t at = 0;
  for (; at < count && index_.size() < kPrefetchFrom; at += std::min(kBlock, count - at)) {
    const std::size_t end = std::min(count, at + kBlock);
    for (std::size_t i = at; i < end; ++i) {
      const std::size_t row = rows.row(i);
      const std::uint32_t hash = columnar::StoredHash(hashes[row]);
      const SlotId slot = probe.Guess(hash);
      out[i] = is_found(slot, row) ? slot : look_further(hash, row);
    }
  }
  if (at == count) {
    return;
  }
  // The lines of the index are fetched one block ahead, which hides behind the work on the block
  // before; a step goes on with the rows behind these.
  const std::size_t reach = rows.Reach(count, hashes.size());
  for (std::size_t i = at; i < std::min(count, at + kBlock); ++i) {
    probe.Prefetch(columnar::StoredHash(hashes[rows.row(i)]));
  }
  std::uint32_t stored[kBlock];
  for (; at < count; at += std::min(kBlock, count - at)) {
    const std::size_t size = std::min(kBlock, count - at);
    for (std::size_t i = 0; i < size; ++i) {
      stored[i] = columnar::StoredHash(hashes[rows.row(at + i)]);
      const SlotId slot = probe.Guess(stored[i]);
      out[at + i] = slot;
      if (slot != kNoSlot) {
        __builtin_prefetch(pages.row(slot));
      }
    }
    const std::size_t next = at + size;
    const std::size_t next_end = std::min(reach, next + kBlock);
    for (std::size_t i = next; i < next_end; ++i) {
      probe.Prefetch(columnar::StoredHash(hashes[rows.row(i)]));
    }
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t row = rows.row(at + i);
      if (!is_found(out[at + i], row)) [[unlikely]] {
        out[at + i] = look_further(stored[i], row);
      }
    }
  }
}

template <bool kInsert>
Residency KeyedRows::Dispatch(const columnar::EncodedKeys& keys,
                              std::span<SlotId> slots,
                              RowSelection selection) {
  CHECK_EQ(slots.size(), selection.count(keys.count));
  CHECK_EQ(keys.fixed_stride, std::size_t{shape_.row.key_stride});
  index_.Migrate(slots.size());
  const std::span<const std::uint64_t> hashes(keys.hashes.data(), keys.count);
  const std::uint64_t* const words = keys.words.data();
  const std::size_t word_count = keys.fixed_stride / 8;
  const auto resolve = [&](const auto& rows) {
    switch (word_count) {
      case 0:
        return ResolveWith<kInsert>(VariableKeys{keys.rows}, hashes, slots, rows);
      case 1:
        return ResolveWith<kInsert>(FixedKeys<1>{words, word_count}, hashes, slots, rows);
      case 2:
        return ResolveWith<kInsert>(FixedKeys<2>{words, word_count}, hashes, slots, rows);
      case 3:
        return ResolveWith<kInsert>(FixedKeys<3>{words, word_count}, hashes, slots, rows);
      default:
        return ResolveWith<kInsert>(FixedKeys<0>{words, word_count}, hashes, slots, rows);
    }
  };
  if (selection.list() != nullptr) {
    resolve(ListedRows{selection.list()});
  } else {
    resolve(RowRange{selection.first()});
  }
  if (!misses_.empty()) {
    context_.spill->Read(*this, std::exchange(misses_, {}));
    return Residency::kParked;
  }
  return Residency::kReady;
}

Residency KeyedRows::Resolve(const columnar::EncodedKeys& keys,
                             std::span<SlotId> slots,
                             RowSelection selection) {
  return Dispatch<true>(keys, slots, selection);
}

Residency KeyedRows::Find(const columnar::EncodedKeys& keys,
                          std::span<SlotId> slots,
                          RowSelection selection) {
  return Dispatch<false>(keys, slots, selection);
}

template <bool kInsert>
SlotId KeyedRows::ResolveSlowly(std::uint32_t hash, std::string_view key, bool is_absent) {
  const SlotId slot = is_absent ? kNoSlot : FindKey(hash, key);
  if (slot == kNoSlot) {
    if (!may_spill_.empty() &&
        MaySpill(columnar::KeyGroupOfStored(hash, context_.key_group_count))) {
      misses_.push_back({hash, std::string(key)});
      return kNoSlot;
    }
    return kInsert ? Insert(hash, key, meta::Make(context_.epoch, meta::kFresh)) : kNoSlot;
  }
  const std::uint8_t* const found = row(slot);
  const bool dead = (MetaOf(found) & meta::kDead) != 0;
  if (dead || IsExpired(found)) {
    if (!kInsert) {
      return kNoSlot;
    }
    Revive(slot);
  }
  return slot;
}

void KeyedRows::Revive(SlotId slot) {
  TouchRow(slot);
  std::uint8_t* const found = row(slot);
  ClearValue(found);
  if ((MetaOf(found) & meta::kDead) != 0) {
    SetMeta(found, MetaOf(found) & ~meta::kDead);
    ++live_count_;
  }
}

SlotId KeyedRows::FindKey(std::uint32_t hash, std::string_view key) const {
  return index_.Find(hash, [&](SlotId slot) { return shape_.row.KeyOf(row(slot)) == key; });
}

SlotId KeyedRows::Insert(std::uint32_t hash, std::string_view key, std::uint32_t meta_word) {
  const SlotId slot = pages_.Add();
  std::uint8_t* const added = row(slot);
  std::memset(added, 0, shape_.row.stride);
  StoreFixed(added, hash);
  SetMeta(added, meta_word);
  if (shape_.row.ttl_seconds != 0) {
    StoreFixed(added + RowShape::kWrittenOffset, context_.now_seconds);
  }
  if (shape_.row.key_stride != 0) {
    DCHECK_EQ(key.size(), std::size_t{shape_.row.key_stride});
    std::memcpy(added + shape_.row.key_offset, key.data(), key.size());
  } else {
    *reinterpret_cast<StateString*>(added + shape_.row.key_offset) = slabs_->Store(key);
  }
  index_.Insert(hash, slot);
  if ((meta_word & meta::kDead) == 0) {
    ++live_count_;
  }
  if (meta::EpochOf(meta_word) == context_.epoch) {
    MarkDirty(slot);
  }
  OnInserted(slot);
  return slot;
}

void KeyedRows::Release(SlotId slot) {
  std::uint8_t* const gone = row(slot);
  index_.Erase(HashOf(gone), slot);
  ClearValue(gone);
  if (shape_.row.key_stride == 0) {
    slabs_->Release(*reinterpret_cast<StateString*>(gone + shape_.row.key_offset));
  }
  if ((MetaOf(gone) & meta::kDead) == 0) {
    --live_count_;
  }
  SetMeta(gone, meta::kFree);
  pages_.Free(slot);
}

void KeyedRows::EraseRow(SlotId slot) {
  if (!IsLive(slot)) {
    return;
  }
  TouchRow(slot);
  std::uint8_t* const erased = row(slot);
  if ((MetaOf(erased) & meta::kFresh) != 0) {
    Release(slot);
    return;
  }
  ClearValue(erased);
  SetMeta(erased, MetaOf(erased) | meta::kDead);
  --live_count_;
  NoteDead(slot);
}

void KeyedRows::ClearValue(std::uint8_t* cleared) {
  std::uint8_t* const value = value_of(cleared);
  for (const std::uint32_t offset : shape_.string_offsets) {
    slabs_->Release(*reinterpret_cast<StateString*>(value + offset));
  }
  std::memset(value, 0, shape_.row.stride - shape_.row.value_offset);
}

SlotId KeyedRows::Load(std::uint32_t hash, std::string_view key, std::uint32_t written_seconds) {
  SlotId slot = FindKey(hash, key);
  if (slot == kNoSlot) {
    slot = Insert(hash, key, meta::Make(0, 0));
    if (shape_.row.ttl_seconds != 0) {
      StoreFixed(row(slot) + RowShape::kWrittenOffset, written_seconds);
    }
  }
  return slot;
}

void KeyedRows::LoadAbsent(std::uint32_t hash, std::string_view key) {
  if (FindKey(hash, key) == kNoSlot) {
    absent_.push_back(Insert(hash, key, meta::Make(0, meta::kDead | meta::kFresh)));
  }
}

bool KeyedRows::TakeGroup(std::vector<SlotId>* slots) {
  if (!group_read_) {
    return false;
  }
  *slots = std::move(*group_read_);
  group_read_.reset();
  return true;
}

void KeyedRows::ReleaseUnheld() {
  for (const SlotId slot : std::exchange(absent_, {})) {
    // Revived since: it has an epoch now.
    if (MetaOf(row(slot)) == meta::Make(0, meta::kDead | meta::kFresh)) {
      Release(slot);
    }
  }
}

void KeyedRows::SweepRow(SlotId slot) {
  if (IsExpired(row(slot))) {
    EraseRow(slot);
  }
}

void KeyedRows::Sweep(std::size_t limit) {
  if (shape_.row.ttl_seconds == 0 && shape_.entry.ttl_seconds == 0) {
    return;
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(limit, pages_.end()); ++i) {
    if (sweep_at_ >= pages_.end()) {
      sweep_at_ = 0;
    }
    if (IsLive(sweep_at_)) {
      SweepRow(sweep_at_);
    }
    ++sweep_at_;
  }
}

}  // namespace thalweg::state
