// SPDX-License-Identifier: Apache-2.0
#include "state/row_pages.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include <sys/mman.h>

#include "base/check.h"

namespace thalweg::state {
namespace {

constexpr std::size_t kPageBytes = std::size_t{2} << 20;
constexpr SlotId kFirstRoom = 16;

}  // namespace

RowPages::RowPages(std::size_t stride) : stride_(stride) {
  CHECK_EQ(stride % 8, std::size_t{0});
  CHECK_LE(stride, kPageBytes / kFirstRoom / 2);
  shift_ = static_cast<int>(std::bit_width(kPageBytes / stride)) - 1;
  mask_ = (SlotId{1} << shift_) - 1;
}

SlotId RowPages::AddSlowly() {
  if (!free_.empty()) {
    const SlotId slot = free_.back();
    free_.pop_back();
    return slot;
  }
  if (end_ == room_) {
    AddRoom();
  }
  CHECK_NE(end_, kNoSlot);
  return end_++;
}

void RowPages::AddRoom() {
  const SlotId page_rows = mask_ + 1;
  const bool is_first = room_ < page_rows;
  const SlotId rows =
      is_first && room_ * 2 < page_rows ? std::max(kFirstRoom, room_ * 2) : page_rows;
  const bool is_full = rows == page_rows;
  const std::size_t unit = is_full ? kPageBytes : 64;
  const std::size_t bytes = (rows * stride_ + unit - 1) / unit * unit;
  Page page(static_cast<std::uint8_t*>(std::aligned_alloc(unit, bytes)));
  CHECK(page != nullptr);
  if (is_full) {
    madvise(page.get(), bytes, MADV_HUGEPAGE);
  }
  if (is_first && room_ > 0) {
    std::memcpy(page.get(), starts_[0], room_ * stride_);
    pages_.clear();
    starts_.clear();
  }
  starts_.push_back(page.get());
  pages_.push_back(std::move(page));
  room_ = is_first ? rows : room_ + rows;
}

}  // namespace thalweg::state
