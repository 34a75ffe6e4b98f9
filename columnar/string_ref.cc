// SPDX-License-Identifier: Apache-2.0
#include "columnar/string_ref.h"

#include <algorithm>

namespace thalweg::columnar {
namespace {

// Heaps of one column double up to this size, so that a kept row pins no more than that.
constexpr std::size_t kHeapCapacityMin = 4096;
constexpr std::size_t kHeapCapacityMax = 1 << 20;
constexpr std::size_t kStringSizeMax = (std::size_t{1} << 31) - 1;

std::string_view ViewOf(const StringRef& ref, const HeapSet* heaps) {
  return ref.is_inline() ? std::string_view(ref.bytes, ref.length) : heaps->View(ref);
}

}  // namespace

std::uint32_t StringHeap::Adopt(BufferPtr heap) {
  return heaps_.Add(std::move(heap));
}

std::uint32_t StringHeap::Adopt(const HeapSetPtr& set) {
  if (set == last_adopted_) {
    return last_adopted_base_;
  }
  last_adopted_ = set;
  last_adopted_base_ = static_cast<std::uint32_t>(heaps_.size());
  for (std::size_t i = 0; i < set->size(); ++i) {
    heaps_.Add(set->heap(i));
  }
  return last_adopted_base_;
}

HeapSetPtr StringHeap::Finish() {
  const std::size_t used = used_;
  Close();
  last_adopted_ = nullptr;
  if (heaps_.size() == 0) {
    return nullptr;
  }
  // The next column is likely to need as much as the last heap of this one.
  next_capacity_ = std::clamp(used + used / 4, kHeapCapacityMin, kHeapCapacityMax);
  auto finished = std::make_shared<const HeapSet>(std::move(heaps_));
  heaps_ = HeapSet();
  return finished;
}

StringRef StringHeap::AddLong(std::string_view text) {
  std::memcpy(Reserve(text.size()), text.data(), text.size());
  return Commit(text.size());
}

void StringHeap::Open(std::size_t size) {
  CHECK_LE(size, kStringSizeMax);
  Close();
  capacity_ = std::max(size, next_capacity_);
  next_capacity_ = std::min(next_capacity_ * 2, kHeapCapacityMax);
  open_ = Buffer::Allocate(capacity_);
  // Known to the set at once, so that views work while the heap is open.
  open_index_ = heaps_.Add(open_);
}

void StringHeap::Close() {
  if (open_ != nullptr) {
    heaps_.bytes_ -= capacity_ - used_;
    open_->Shrink(used_);
    open_ = nullptr;
  }
  used_ = 0;
  capacity_ = 0;
}

int Compare(const StringRef& a,
            const HeapSet* a_heaps,
            const StringRef& b,
            const HeapSet* b_heaps) {
  // Unused inline bytes are zero, so the first 4 bytes decide whenever they differ.
  if (const int order = std::memcmp(a.bytes, b.bytes, 4); order != 0) {
    return order;
  }
  return ViewOf(a, a_heaps).compare(ViewOf(b, b_heaps));
}

}  // namespace thalweg::columnar
