// SPDX-License-Identifier: Apache-2.0
#include "state/slice_scan.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "columnar/hash.h"

namespace thalweg::state {

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
  const auto add = [this](SlotId slot) {
    if (!rows_.IsLiveRow(slot)) {
      return;
    }
    // A slot of the partition may have been evicted since and serve a key of another group now.
    const std::uint32_t hash = rows_.stored_hash(slot);
    if (columnar::KeyGroupOfStored(hash, context_.key_group_count).value() == group_ &&
        !IsDone(group_, hash, rows_.key(slot))) {
      sorted_.push_back({hash, slot});
    }
  };
  const std::size_t g = group_ - context_.range.begin;
  for (std::size_t i = begins_[g]; i < begins_[g + 1]; ++i) {
    add(entries_[i]);
  }
  for (const SlotId slot : loaded) {
    add(slot);
  }
  std::sort(sorted_.begin(), sorted_.end(), [this](const Entry& a, const Entry& b) {
    return a.hash != b.hash ? a.hash < b.hash : rows_.key(a.slot) < rows_.key(b.slot);
  });
  // A row may be named by both lists.
  const auto same = [](const Entry& a, const Entry& b) { return a.slot == b.slot; };
  sorted_.erase(std::unique(sorted_.begin(), sorted_.end(), same), sorted_.end());
  group_open_ = true;
  return true;
}

ScanResult SliceScan::Next(std::size_t limit, std::vector<SlotId>* slots) {
  slots->clear();
  while (slots->size() < limit && group_ < context_.range.end) {
    if (!group_open_ && !OpenGroup()) {
      break;
    }
    for (; at_ < sorted_.size() && slots->size() < limit; ++at_) {
      slots->push_back(sorted_[at_].slot);
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
