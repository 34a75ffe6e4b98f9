// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_STRING_REF_H_
#define THALWEG_COLUMNAR_STRING_REF_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/coding.h"
#include "columnar/buffer.h"

namespace thalweg::columnar {

/// One string of a column, 16 bytes: up to 12 bytes inline (unused ones zero, so that equal short
/// strings are equal as memory), else the first 4 bytes, a heap's index and an offset in that heap.
struct alignas(8) StringRef {
  static constexpr std::uint32_t kInlineMax = 12;

  std::uint32_t length = 0;
  char bytes[kInlineMax] = {};

  static StringRef Inline(std::string_view text) {
    DCHECK_LE(text.size(), kInlineMax);
    // Loads that overlap within the text, put together in registers: a third of a memcpy's time.
    const std::size_t size = text.size();
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    if (size >= 8) {
      low = LoadFixed<std::uint64_t>(text.data());
      high = std::uint64_t{LoadFixed<std::uint32_t>(text.data() + size - 4)} >> (8 * (12 - size));
    } else if (size >= 4) {
      low = LoadFixed<std::uint32_t>(text.data()) |
            std::uint64_t{LoadFixed<std::uint32_t>(text.data() + size - 4)} << (8 * (size - 4));
    } else if (size > 0) {
      for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
        low |= std::uint64_t{static_cast<std::uint8_t>(text[at])} << (8 * at);
      }
    }
    return OfWords(static_cast<std::uint32_t>(size), low, static_cast<std::uint32_t>(high));
  }
  /// The same for text behind which kInlineMax bytes may be read, as in any Buffer; faster.
  static StringRef InlinePadded(const char* text, std::uint32_t length) {
    DCHECK_LE(length, kInlineMax);
    auto low = LoadFixed<std::uint64_t>(text);
    auto high = LoadFixed<std::uint32_t>(text + 8);
    low &= length >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * length)) - 1;
    high &= length >= kInlineMax ? ~std::uint32_t{0}
                                 : (std::uint32_t{1} << (length <= 8 ? 0 : 8 * (length - 8))) - 1;
    return OfWords(length, low, high);
  }
  /// `text` lies at `offset` of heap number `heap`; more than kInlineMax bytes.
  static StringRef Long(std::string_view text, std::uint32_t heap, std::uint32_t offset) {
    DCHECK_GT(text.size(), kInlineMax);
    StringRef ref;
    ref.length = static_cast<std::uint32_t>(text.size());
    std::memcpy(ref.bytes, text.data(), 4);
    std::memcpy(ref.bytes + 4, &heap, 4);
    std::memcpy(ref.bytes + 8, &offset, 4);
    return ref;
  }

  bool is_inline() const { return length <= kInlineMax; }
  std::uint32_t heap() const { return Word(4); }
  std::uint32_t offset() const { return Word(8); }
  void set_heap(std::uint32_t heap) { std::memcpy(bytes + 4, &heap, 4); }

 private:
  static StringRef OfWords(std::uint32_t length, std::uint64_t low, std::uint32_t high) {
    StringRef ref;
    ref.length = length;
    StoreFixed(ref.bytes, low);
    StoreFixed(ref.bytes + 8, high);
    return ref;
  }
  std::uint32_t Word(std::size_t at) const { return LoadFixed<std::uint32_t>(bytes + at); }
};
static_assert(sizeof(StringRef) == 16);

/// The heaps that the long strings of one column point into. Immutable once shared.
class HeapSet {
 public:
  std::size_t size() const { return heaps_.size(); }
  const BufferPtr& heap(std::size_t i) const { return heaps_[i]; }
  /// Sum of the heaps' sizes.
  std::size_t bytes() const { return bytes_; }

  std::uint32_t Add(BufferPtr heap) {
    bytes_ += heap->size();
    bases_.push_back(reinterpret_cast<const char*>(heap->data()));
    heaps_.push_back(std::move(heap));
    return static_cast<std::uint32_t>(heaps_.size() - 1);
  }

  /// The bytes of `ref`. A short string's bytes lie in `ref` itself, which must outlive the view.
  std::string_view View(const StringRef& ref) const {
    return {ref.is_inline() ? ref.bytes : bases_[ref.heap()] + ref.offset(), ref.length};
  }

 private:
  friend class StringHeap;

  std::vector<BufferPtr> heaps_;
  std::vector<const char*> bases_;
  std::size_t bytes_ = 0;
};
using HeapSetPtr = std::shared_ptr<const HeapSet>;

/// Writes long strings into heaps of its own, append-only. Not thread-safe.
class StringHeap {
 public:
  /// Copies `text`: inline, or into the open heap. At most 2^31 - 1 bytes.
  StringRef Add(std::string_view text) {
    return text.size() <= StringRef::kInlineMax ? StringRef::Inline(text) : AddLong(text);
  }

  /// Room for `size` bytes at one place, for writers that produce bytes in place. What is not
  /// given to Commit() is free again at the next Reserve().
  char* Reserve(std::size_t size) {
    if (open_ == nullptr || size > capacity_ - used_) {
      Open(size);
    }
    return reinterpret_cast<char*>(open_->mutable_data()) + used_;
  }
  /// The first `size` bytes of the last Reserve() become one string.
  StringRef Commit(std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(open_->data()) + used_, size);
    if (size <= StringRef::kInlineMax) {
      return StringRef::Inline(text);
    }
    const StringRef ref = StringRef::Long(text, open_index_, static_cast<std::uint32_t>(used_));
    used_ += size;
    return ref;
  }

  /// Shares an immutable heap; its index is for StringRef::Long.
  std::uint32_t Adopt(BufferPtr heap);
  /// Shares all heaps of `set`; returns the index of its first one here. Asking again for the set
  /// that was adopted last costs nothing.
  std::uint32_t Adopt(const HeapSetPtr& set);

  const HeapSet& heaps() const { return heaps_; }
  /// Closes the open heap and gives all heaps away; nullptr when there are none.
  HeapSetPtr Finish();

 private:
  StringRef AddLong(std::string_view text);
  void Open(std::size_t size);
  void Close();

  HeapSet heaps_;
  MutableBufferPtr open_;
  std::uint32_t open_index_ = 0;
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
  std::size_t next_capacity_ = 4096;
  HeapSetPtr last_adopted_;
  std::uint32_t last_adopted_base_ = 0;
};

/// Equality of strings that may lie in different heap sets (nullptr: only short strings).
inline bool Equal(const StringRef& a,
                  const HeapSet* a_heaps,
                  const StringRef& b,
                  const HeapSet* b_heaps) {
  std::uint64_t a_head;
  std::uint64_t b_head;
  std::memcpy(&a_head, &a, 8);  // Length and first 4 bytes.
  std::memcpy(&b_head, &b, 8);
  if (a_head != b_head) {
    return false;
  }
  if (a.is_inline()) {
    return std::memcmp(a.bytes + 4, b.bytes + 4, 8) == 0;
  }
  return std::memcmp(a_heaps->View(a).data() + 4, b_heaps->View(b).data() + 4, a.length - 4) == 0;
}

/// Order by unsigned bytes, which for UTF-8 is the order of code points: < 0, 0 or > 0.
int Compare(const StringRef& a, const HeapSet* a_heaps, const StringRef& b, const HeapSet* b_heaps);

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_STRING_REF_H_
