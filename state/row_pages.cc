// SPDX-License-Identifier: Apache-2.0
#include "state/row_pages.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <sys/mman.h>

#include "base/check.h"

namespace thalweg::state {
namespace {

constexpr std::size_t kPageBytes = std::size_t{2} << 20;
constexpr SlotId kFirstRoom = 16;

}  // namespace

RowPages::RowPages(std::size_t stride) : stride_(stride) {
  CHECK_EQ(stride % 8, std::size_t{0});
  CHECK_LE(stride, kPageBytes / kFirstRoom);
  shift_ = static_cast<int>(std::bit_width(kPageBytes / stride)) - 1;
  mask_ = (SlotId{1} << shift_) - 1;
}

SlotId RowPages::Add() {
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
  const SlotId rows = room_ == 0 ? std::min(kFirstRoom, page_rows) : std::min(room_ * 2, page_rows);
  const std::size_t bytes = (page_rows * stride_ + kPageBytes - 1) / kPageBytes * kPageBytes;
  if (room_ >= page_rows || rows == page_rows) {
    void* const memory = std::aligned_alloc(kPageBytes, bytes);
    CHECK(memory != nullptr);
    madvise(memory, bytes, MADV_HUGEPAGE);
    Page page(static_cast<std::uint8_t*>(memory));
    if (room_ < page_rows) {
      if (room_ > 0) {
        std::memcpy(page.get(), pages_[0].get(), room_ * stride_);
        pages_.clear();
      }
      room_ = 0;
    }
    pages_.push_back(std::move(page));
    room_ += page_rows;
    return;
  }
  void* const memory = std::aligned_alloc(64, (rows * stride_ + 63) / 64 * 64);
  CHECK(memory != nullptr);
  Page page(static_cast<std::uint8_t*>(memory));
  if (room_ > 0) {
    std::memcpy(page.get(), pages_[0].get(), room_ * stride_);
    pages_.clear();
  }
  pages_.push_back(std::move(page));
  room_ = rows;
}

}  // namespace thalweg::state
