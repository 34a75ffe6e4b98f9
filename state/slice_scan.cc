// SPDX-License-Identifier: Apache-2.0
#include "state/slice_scan.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

#include "columnar/hash.h"

namespace thalweg::state {
namespace {

constexpr std::uint32_t HashOfEntry(std::uint64_t entry) {
  return static_cast<std::uint32_t>(entry >> 32);
}
constexpr SlotId SlotOfEntry(std::uint64_t entry) {
  return static_cast<SlotId>(entry);
}

// Moves `from` to `to`, ordered by the byte that begins at bit `shift` of the hash's distance from
// `least`; equal ones keep their order.
void SortByByte(std::span<const std::uint64_t> from,
                std::uint32_t least,
                int shift,
                std::uint64_t* to) {
  const auto byte_of = [least, shift](std::uint64_t entry) {
    return ((HashOfEntry(entry) - least) >> shift) & 0xFFU;
  };
  std::uint32_t places[256] = {};
  for (const std::uint64_t entry : from) {
    ++places[byte_of(entry)];
  }
  std::uint32_t place = 0;
  for (std::uint32_t& begin : places) {
    place += std::exchange(begin, place);
  }
  for (const std::uint64_t entry : from) {
    to[places[byte_of(entry)]++] = entry;
  }
}

// Hashes of a key group lie in one range of numbers and are spread evenly: the two upper bytes of
// their distances from the least one put nearly all entries in their places.
void SortByHash(std::vector<std::uint64_t>& entries, std::vector<std::uint64_t>& buffer) {
  constexpr std::size_t kRadixFrom = 256;
  if (entries.size() < kRadixFrom) {
    std::sort(entries.begin(), entries.end());
    return;
  }
  const auto [least, greatest] = std::minmax_element(entries.begin(), entries.end());
  const std::uint32_t least_hash = HashOfEntry(*least);
  const int bits = std::bit_width(HashOfEntry(*greatest) - least_hash);
  const int shift = std::max(0, bits - 16);
  buffer.resize(entries.size());
  SortByByte(entries, least_hash, shift, buffer.data());
  SortByByte(buffer, least_hash, shift + 8, entries.data());
  std::size_t moves_left = entries.size() * 8;
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const std::uint64_t entry = entries[i];
    std::size_t to = i;
    for (; to > 0 && entries[to - 1] > entry && moves_left > 0; --to, --moves_left) {
      entries[to] = entries[to - 1];
    }
    entries[to] = entry;
    if (moves_left == 0) {  // Hashes that are not spread at all.
      std::sort(entries.begin(), entries.end());
      return;
    }
  }
}

}  // namespace

SliceScan::SliceScan(KeyedRows& rows, TableContext& context, std::vector<proto::SliceDone> done)
    : rows_(rows), context_(context), done_(std::move(done)), group_(context.range.begin) {
  Partition();
}

void SliceScan::Partition() {
  const std::size_t group_count = context_.range.size();
  const auto group_of = [this](std::uint32_t hash) {
    return columnar::KeyGroupOfStored(hash, context_.key_group_count).value() -
           context_.range.begin;
  };
  begins_.assign(group_count + 2, 0);
  // begins_[g + 2] counts group g, so that after the sums begins_[g + 1] is where it begins, and
  // after the fill where it ends.
  rows_.ForEachSlot([&](std::uint32_t hash, SlotId) { ++begins_[group_of(hash) + 2]; });
  for (std::size_t g = 1; g < begins_.size(); ++g) {
    begins_[g] += begins_[g - 1];
  }
  entries_.resize(begins_.back());
  rows_.ForEachSlot(
      [&](std::uint32_t hash, SlotId slot) { entries_[begins_[group_of(hash) + 1]++] = slot; });
}

bool SliceScan::IsDone(std::uint32_t group, std::uint32_t hash, std::string_view key) const {
  for (const proto::SliceDone& done : done_) {
    if (group < done.first_key_group() || group >= done.end_key_group()) {
      continue;
    }
    if (done.all() || hash < done.hash() || (hash == done.hash() && key <= done.key())) {
      return true;
    }
  }
  return false;
}

bool SliceScan::OpenGroup() {
  std::vector<SlotId> loaded;
  if (rows_.MaySpill(KeyGroup(group_))) {
    if (!group_asked_) {
      group_asked_ = true;
      context_.spill->ReadGroup(rows_, KeyGroup(group_));
      return false;
    }
    if (!rows_.TakeGroup(&loaded)) {
      return false;
    }
  }
  group_asked_ = false;
  sorted_.clear();
  at_ = 0;
  const std::size_t g = group_ - context_.range.begin;
  AddToGroup(std::span(entries_).subspan(begins_[g], begins_[g + 1] - begins_[g]));
  AddToGroup(loaded);
  SortGroup();
  // A row may be named by both lists.
  sorted_.erase(std::unique(sorted_.begin(), sorted_.end()), sorted_.end());
  group_open_ = true;
  return true;
}

void SliceScan::AddToGroup(std::span<const SlotId> slots) {
  constexpr std::size_t kAhead = 16;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (i + kAhead < slots.size()) {
      rows_.Prefetch(slots[i + kAhead]);
    }
    const SlotId slot = slots[i];
    if (!rows_.IsLiveRow(slot)) {
      continue;
    }
    // A slot of the partition may have been evicted since and serve a key of another group now.
    const std::uint32_t hash = rows_.stored_hash(slot);
    if (columnar::KeyGroupOfStored(hash, context_.key_group_count).value() == group_ &&
        (done_.empty() || !IsDone(group_, hash, rows_.key(slot)))) {
      sorted_.push_back(Entry{hash} << 32 | slot);
    }
  }
}

void SliceScan::SortGroup() {
  SortByHash(sorted_, buffer_);
  // Among equal hashes the keys decide.
  for (std::size_t begin = 0; begin < sorted_.size();) {
    std::size_t end = begin + 1;
    while (end < sorted_.size() && HashOfEntry(sorted_[end]) == HashOfEntry(sorted_[begin])) {
      ++end;
    }
    if (end - begin > 1) {
      std::sort(sorted_.begin() + static_cast<std::ptrdiff_t>(begin),
                sorted_.begin() + static_cast<std::ptrdiff_t>(end),
                [this](Entry a, Entry b) {
                  return rows_.key(SlotOfEntry(a)) < rows_.key(SlotOfEntry(b));
                });
    }
    begin = end;
  }
}

ScanResult SliceScan::Next(std::size_t limit, std::vector<SlotId>* slots) {
  slots->clear();
  while (slots->size() < limit && group_ < context_.range.end) {
    if (!group_open_ && !OpenGroup()) {
      break;
    }
    for (; at_ < sorted_.size() && slots->size() < limit; ++at_) {
      slots->push_back(SlotOfEntry(sorted_[at_]));
    }
    if (at_ == sorted_.size()) {
      ++group_;
      group_open_ = false;
    }
  }
  if (slots->empty()) {
    return group_ < context_.range.end ? ScanResult::kParked : ScanResult::kEnd;
  }
  any_given_ = true;
  last_hash_ = rows_.stored_hash(slots->back());
  last_key_.assign(rows_.key(slots->back()));
  return ScanResult::kRows;
}

std::vector<proto::SliceDone> SliceScan::Done() const {
  std::vector<proto::SliceDone> all;
  const bool ended = group_ >= context_.range.end;
  if (any_given_ || ended) {
    proto::SliceDone& own = all.emplace_back();
    own.set_first_key_group(context_.range.begin);
    own.set_end_key_group(context_.range.end);
    own.set_hash(last_hash_);
    own.set_key(last_key_);
    own.set_all(ended);
  }
  for (const proto::SliceDone& done : done_) {
    if (done.end_key_group() > group_) {
      all.push_back(done);
    }
  }
  return all;
}

}  // namespace thalweg::state
