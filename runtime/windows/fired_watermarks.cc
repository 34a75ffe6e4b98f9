// SPDX-License-Identifier: Apache-2.0
#include "runtime/windows/fired_watermarks.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/coding.h"

namespace thalweg::runtime {

FiredWatermarks::FiredWatermarks(KeyGroupRange range)
    : range_(range), groups_(range.size(), kMinWatermark) {
  CHECK_GT(range.size(), 0U);
}

void FiredWatermarks::Raise(EventMillis watermark) {
  if (watermark <= least_) {
    return;
  }
  if (watermark >= greatest_) {
    std::fill(groups_.begin(), groups_.end(), watermark);
    least_ = greatest_ = watermark;
    return;
  }
  for (EventMillis& group : groups_) {
    group = std::max(group, watermark);
  }
  FindBounds();
}

void FiredWatermarks::FindBounds() {
  const auto [least, greatest] = std::minmax_element(groups_.begin(), groups_.end());
  least_ = *least;
  greatest_ = *greatest;
}

std::vector<proto::OperatorStateEntry> FiredWatermarks::ToEntries() const {
  std::vector<proto::OperatorStateEntry> entries;
  for (std::size_t begin = 0; begin < groups_.size();) {
    std::size_t end = begin + 1;
    while (end < groups_.size() && groups_[end] == groups_[begin]) {
      ++end;
    }
    proto::OperatorStateEntry& entry = entries.emplace_back();
    entry.set_version(1);
    entry.set_redistribution(proto::REDISTRIBUTE_TO_ALL);
    ByteWriter key(*entry.mutable_key());
    key.PutBigEndian32(range_.begin + static_cast<std::uint32_t>(begin));
    key.PutBigEndian32(range_.begin + static_cast<std::uint32_t>(end));
    ByteWriter(*entry.mutable_value()).PutFixed64(static_cast<std::uint64_t>(groups_[begin]));
    begin = end;
  }
  return entries;
}

Status FiredWatermarks::Restore(std::span<const proto::OperatorStateEntry> entries) {
  for (const proto::OperatorStateEntry& entry : entries) {
    ByteReader key(entry.key());
    ByteReader value(entry.value());
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint64_t watermark = 0;
    if (entry.version() != 1 || !key.ReadBigEndian32(begin) || !key.ReadBigEndian32(end) ||
        !value.ReadFixed64(watermark)) {
      return DataLoss("The state of a window step has an entry that cannot be read: version " +
                      std::to_string(entry.version()));
    }
    for (std::uint32_t group = std::max(begin, range_.begin); group < std::min(end, range_.end);
         ++group) {
      EventMillis& fired = groups_[group - range_.begin];
      fired = std::max(fired, static_cast<EventMillis>(watermark));
    }
  }
  FindBounds();
  return OkStatus();
}

}  // namespace thalweg::runtime
