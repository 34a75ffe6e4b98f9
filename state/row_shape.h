// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_ROW_SHAPE_H_
#define THALWEG_STATE_ROW_SHAPE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/coding.h"
#include "state/row_layout.h"

namespace thalweg::state {

/// How a row of a table is made up:
///
///   hash u32 | meta u32 | [last write, seconds u32, 4 unused] | key | value
///
/// The same form serves the entries of ordered tables, whose "key" is the sub-key.
struct RowShape {
  static constexpr std::uint32_t kMetaOffset = 4;
  static constexpr std::uint32_t kWrittenOffset = 8;

  std::uint32_t key_stride = 0;   // Bytes of every key; 0: a StateString.
  std::uint32_t ttl_seconds = 0;  // 0: no last write, rows live for ever.
  std::uint32_t key_offset = 0;
  std::uint32_t value_offset = 0;
  std::uint32_t stride = 0;

  /// REQUIRES: key_stride and value_size are multiples of 8.
  static RowShape Of(std::size_t key_stride, std::size_t value_size, std::uint32_t ttl_seconds);

  std::string_view KeyOf(const std::uint8_t* row) const {
    return key_stride != 0
               ? std::string_view(reinterpret_cast<const char*>(row) + key_offset, key_stride)
               : reinterpret_cast<const StateString*>(row + key_offset)->view();
  }
};

inline std::uint32_t HashOf(const std::uint8_t* row) {
  return LoadFixed<std::uint32_t>(row);
}
inline std::uint32_t MetaOf(const std::uint8_t* row) {
  return LoadFixed<std::uint32_t>(row + RowShape::kMetaOffset);
}
inline void SetMeta(std::uint8_t* row, std::uint32_t word) {
  StoreFixed(row + RowShape::kMetaOffset, word);
}

/// The `meta` word: the epoch of the last write, and flags. The epoch is the number of the freeze
/// that takes the row, so one comparison tells whether it is in the current dirty list. 0: not
/// written since it came from a run.
namespace meta {
inline constexpr std::uint32_t kFresh = 1;   // In no run and not spilled: may go without tombstone.
inline constexpr std::uint32_t kDead = 2;    // Erased; stands for a tombstone.
inline constexpr std::uint32_t kCopied = 4;  // The freeze of this epoch has its copy.
inline constexpr std::uint32_t kFree = 8;    // The slot is unused.
inline constexpr std::uint32_t kSpilled = 16;  // Clean, and the spill holds it just so.
inline constexpr int kEpochShift = 5;
inline constexpr std::uint32_t kEpochMax = 0xFFFFFFFFU >> kEpochShift;

constexpr std::uint32_t EpochOf(std::uint32_t word) {
  return word >> kEpochShift;
}
constexpr std::uint32_t Make(std::uint32_t epoch, std::uint32_t flags) {
  return (epoch << kEpochShift) | flags;
}
}  // namespace meta

}  // namespace thalweg::state

#endif  // THALWEG_STATE_ROW_SHAPE_H_
