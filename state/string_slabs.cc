// SPDX-License-Identifier: Apache-2.0
#include "state/string_slabs.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"

namespace thalweg::state {
namespace {

constexpr std::size_t kSmallest = 16;
constexpr std::size_t kLargest = std::size_t{1} << 20;  // Above: a piece of memory of its own.
constexpr std::size_t kLargestSlab = std::size_t{1} << 20;

// Four classes per doubling: at most a fifth of a piece is slack.
std::size_t ClassIndex(std::size_t size) {
  if (size <= kSmallest) {
    return 0;
  }
  const std::size_t units = (size - 1) / kSmallest;  // At least 1.
  const int log = static_cast<int>(std::bit_width(units)) - 1;
  const std::size_t quarter = log < 2 ? (units << (2 - log)) & 3 : (units >> (log - 2)) & 3;
  return static_cast<std::size_t>(log) * 4 + quarter + 1;
}

std::size_t ClassBytes(std::size_t index) {
  if (index == 0) {
    return kSmallest;
  }
  const std::size_t log = (index - 1) / 4;
  const std::size_t quarter = (index - 1) % 4;
  // The class holds units in [(4 + quarter) << log / 4, the next quarter).
  const std::size_t units = ((5 + quarter) << log) / 4 + (((5 + quarter) << log) % 4 != 0);
  return std::max(units, std::size_t{2}) * kSmallest;
}

}  // namespace

std::size_t StringSlabs::SizeClassOf(std::size_t size) {
  return size > kLargest ? size : ClassBytes(ClassIndex(size));
}

std::uint8_t* StringSlabs::Allocate(std::size_t size) {
  if (size > kLargest) {
    auto piece = std::make_unique_for_overwrite<std::uint8_t[]>(size);
    std::uint8_t* const data = piece.get();
    large_.emplace(data, std::move(piece));
    bytes_ += size;
    used_bytes_ += size;
    return data;
  }
  const std::size_t index = ClassIndex(size);
  DCHECK_LT(index, kClassCount);
  const std::size_t bytes = ClassBytes(index);
  DCHECK_GE(bytes, size);
  used_bytes_ += bytes;
  if (FreePiece* const piece = free_[index]; piece != nullptr) {
    free_[index] = piece->next;
    return reinterpret_cast<std::uint8_t*>(piece);
  }
  return Carve(bytes);
}

std::uint8_t* StringSlabs::Carve(std::size_t size) {
  if (size > open_left_) {
    const std::size_t slab_bytes = std::max(size, next_slab_bytes_);
    next_slab_bytes_ = std::min(next_slab_bytes_ * 2, kLargestSlab);
    slabs_.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(slab_bytes));
    bytes_ += slab_bytes;
    open_ = slabs_.back().get();
    open_left_ = slab_bytes;
  }
  std::uint8_t* const piece = open_;
  open_ += size;
  open_left_ -= size;
  return piece;
}

void StringSlabs::Free(std::uint8_t* piece, std::size_t size) {
  if (pin_count_ > 0) {
    waiting_.push_back({piece, size});
    return;
  }
  Reuse(piece, size);
}

void StringSlabs::Reuse(std::uint8_t* piece, std::size_t size) {
  if (size > kLargest) {
    used_bytes_ -= size;
    bytes_ -= size;
    CHECK_EQ(large_.erase(piece), std::size_t{1});
    return;
  }
  const std::size_t index = ClassIndex(size);
  used_bytes_ -= ClassBytes(index);
  auto* const free = reinterpret_cast<FreePiece*>(piece);
  free->next = free_[index];
  free_[index] = free;
}

StateString StringSlabs::Store(std::string_view text) {
  StateString string = StateString::Of(text);
  if (!string.is_inline()) {
    std::uint8_t* const piece = Allocate(text.size());
    std::memcpy(piece, text.data(), text.size());
    string.set_data(reinterpret_cast<const char*>(piece));
  }
  return string;
}

void StringSlabs::Unpin() {
  CHECK_GT(pin_count_, 0);
  if (--pin_count_ == 0) {
    for (const Waiting& waiting : std::exchange(waiting_, {})) {
      Reuse(waiting.piece, waiting.size);
    }
  }
}

}  // namespace thalweg::state
