// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_FROZEN_PART_H_
#define THALWEG_STATE_FROZEN_PART_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "state/row_shape.h"
#include "state/string_slabs.h"

namespace thalweg::state {

/// Which table, and which slice of it, rows belong to.
struct RowsIdentity {
  std::uint32_t table = 0;  // Number in the runs of this task.
  bool sliced = false;
  std::int64_t slice = 0;  // Its end.
};

/// How the images of a frozen part are to be read.
struct ImageShape {
  RowShape row;                  // The key's row, at the image's begin.
  bool has_entry = false;        // An ordered table: an entry stands in place of the row's value,
  RowShape entry;                // of this shape; its "key" is the sub-key.
  bool is_timer = false;         // The key begins with the time; the value is the key's hash.
  std::uint32_t value_size = 0;  // Of the row, or of the entry.
  std::vector<std::uint32_t> string_offsets;  // In the value.

  std::uint32_t stride() const { return has_entry ? row.value_offset + entry.stride : row.stride; }
};

/// Copies of the rows of one table (or slice) as they were at a freeze. Filled by the task's
/// thread, then read by the helper that writes the run. Long strings lie in the table's slabs,
/// which stay pinned meanwhile; who takes the part unpins them on the task's thread.
class FrozenPart {
 public:
  FrozenPart(const RowsIdentity& identity, ImageShape shape, std::shared_ptr<StringSlabs> slabs)
      : identity_(identity),
        shape_(std::move(shape)),
        stride_(shape_.stride()),
        slabs_(std::move(slabs)) {
    slabs_->Pin();
  }

  /// Room for one more image.
  std::uint8_t* Add() {
    if (left_ == 0) {
      AddChunk();
    }
    --left_;
    ++count_;
    return std::exchange(next_, next_ + stride_);
  }
  /// Calls visit(image) for each.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    std::size_t left = count_;
    for (const Chunk& chunk : chunks_) {
      for (std::size_t i = 0; i < chunk.capacity && left > 0; ++i, --left) {
        visit(chunk.bytes.get() + i * stride_);
      }
    }
  }

  const RowsIdentity& identity() const { return identity_; }
  const ImageShape& shape() const { return shape_; }
  std::size_t count() const { return count_; }
  StringSlabs& slabs() { return *slabs_; }

 private:
  struct Chunk {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t capacity;
  };
  static constexpr std::size_t kChunkBytes = std::size_t{1} << 20;

  void AddChunk() {
    const std::size_t most = std::max<std::size_t>(kChunkBytes / stride_, 1);
    left_ = chunks_.empty() ? std::min<std::size_t>(16, most) : std::min(count_ * 2, most);
    chunks_.push_back({std::make_unique_for_overwrite<std::uint8_t[]>(left_ * stride_), left_});
    next_ = chunks_.back().bytes.get();
  }

  const RowsIdentity identity_;
  const ImageShape shape_;
  const std::size_t stride_;
  std::shared_ptr<StringSlabs> slabs_;
  std::vector<Chunk> chunks_;
  std::uint8_t* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t count_ = 0;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_FROZEN_PART_H_
