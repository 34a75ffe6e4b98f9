// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_STRING_SLABS_H_
#define THALWEG_STATE_STRING_SLABS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "state/row_layout.h"

namespace thalweg::state {

/// The memory behind one table's long strings, keys and runs of ordered rows. Pieces never move.
/// Freed pieces go to a list of their size class and are used again.
///
/// A frozen row refers to its strings here while a helper thread encodes it, so pieces freed while
/// slabs are pinned stay as they are until the last Unpin(). Everything but reading pieces is for
/// the owner's thread.
class StringSlabs {
 public:
  StringSlabs() = default;
  StringSlabs(const StringSlabs&) = delete;
  StringSlabs& operator=(const StringSlabs&) = delete;

  /// 8-byte aligned, undefined content. `size` > 0; the piece may be larger: SizeClassOf(size).
  std::uint8_t* Allocate(std::size_t size);
  /// `size` as it was given to Allocate().
  void Free(std::uint8_t* piece, std::size_t size);
  /// Bytes of the piece that Allocate(size) gives.
  static std::size_t SizeClassOf(std::size_t size);

  /// Copies long text into the slabs.
  StateString Store(std::string_view text);
  /// Replaces a field of a row: frees what it held, then stores `text`.
  void Assign(StateString& field, std::string_view text) {
    const StateString stored = Store(text);
    Release(field);
    field = stored;
  }
  /// Frees what the field holds and makes it empty.
  void Release(StateString& field) {
    if (!field.is_inline()) {
      Free(reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.data())), field.length);
    }
    field = StateString();
  }

  void Pin() { ++pin_count_; }
  void Unpin();

  /// All memory held, free pieces included.
  std::size_t bytes() const { return bytes_; }
  /// Memory in pieces that are in use or wait for an Unpin().
  std::size_t used_bytes() const { return used_bytes_; }

 private:
  struct FreePiece {
    FreePiece* next;
  };
  struct Waiting {
    std::uint8_t* piece;
    std::size_t size;
  };
  static constexpr std::size_t kClassCount = 72;

  void Reuse(std::uint8_t* piece, std::size_t size);
  std::uint8_t* Carve(std::size_t size);

  std::vector<std::unique_ptr<std::uint8_t[]>> slabs_;
  std::map<const std::uint8_t*, std::unique_ptr<std::uint8_t[]>> large_;  // Beyond all classes.
  std::uint8_t* open_ = nullptr;  // The rest of the newest slab.
  std::size_t open_left_ = 0;
  std::size_t next_slab_bytes_ = 1024;
  FreePiece* free_[kClassCount] = {};
  std::vector<Waiting> waiting_;
  int pin_count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t used_bytes_ = 0;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_STRING_SLABS_H_
