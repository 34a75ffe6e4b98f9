// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_ROW_PAGES_H_
#define THALWEG_STATE_ROW_PAGES_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "state/slot.h"

namespace thalweg::state {

/// Rows of one size by slot, in pages of about 2 MiB. The first page starts small and moves while
/// it grows, so pointers to rows hold only until the next Add().
class RowPages {
 public:
  /// `stride` is a multiple of 8, at most 64 KiB.
  explicit RowPages(std::size_t stride);

  /// Where rows lie, for loops. Held by value in a local variable its members stay in registers;
  /// members of a table would be read again after each write to a row. Valid until the next Add().
  class View {
   public:
    std::uint8_t* row(SlotId slot) const {
      return starts_[slot >> shift_] + (slot & mask_) * stride_ + offset_;
    }

   private:
    friend class RowPages;

    std::uint8_t* const* starts_;
    int shift_;
    std::size_t mask_;
    std::size_t stride_;
    std::size_t offset_;
  };
  /// Rows, or what lies `offset` bytes behind their begins.
  View view(std::size_t offset = 0) const {
    View view;
    view.starts_ = starts_.data();
    view.shift_ = shift_;
    view.mask_ = mask_;
    view.stride_ = stride_;
    view.offset_ = offset;
    return view;
  }

  std::uint8_t* row(SlotId slot) const {
    return starts_[slot >> shift_] + (slot & mask_) * stride_;
  }

  /// A slot with undefined content: a freed one, else a new one.
  SlotId Add() {
    if (free_.empty() && end_ != room_) [[likely]] {
      return end_++;
    }
    return AddSlowly();
  }
  void Free(SlotId slot) { free_.push_back(slot); }

  std::size_t stride() const { return stride_; }
  /// Slots handed out so far, freed ones included.
  SlotId end() const { return end_; }
  std::size_t live_count() const { return end_ - free_.size(); }
  /// Memory of the rows that are in use.
  std::size_t live_bytes() const { return live_count() * stride_; }

 private:
  struct FreePage {
    void operator()(std::uint8_t* page) const { std::free(page); }
  };
  using Page = std::unique_ptr<std::uint8_t[], FreePage>;

  SlotId AddSlowly();
  void AddRoom();

  std::size_t stride_;
  int shift_;
  SlotId mask_;
  std::vector<Page> pages_;
  std::vector<std::uint8_t*> starts_;  // Of the pages.
  SlotId end_ = 0;
  SlotId room_ = 0;
  std::vector<SlotId> free_;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_ROW_PAGES_H_
