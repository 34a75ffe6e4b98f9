// SPDX-License-Identifier: Apache-2.0
//
// Blocks of a file into whole lines, mostly in place: only the line that two blocks share is
// copied.
#ifndef THALWEG_CONNECTORS_FILESYSTEM_LINE_BLOCKS_H_
#define THALWEG_CONNECTORS_FILESYSTEM_LINE_BLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg::connectors {

/// Not thread-safe.
class LineBlocks {
 public:
  /// `offset` is where in the file the first block begins.
  explicit LineBlocks(std::uint64_t offset) : offset_(offset) {}

  /// Whether lines() is exhausted, so that the next block or the end must come.
  bool NeedsBlock() const { return lines_.empty() && !ended_; }
  /// The bytes behind those of the last block. REQUIRES: NeedsBlock().
  void Add(std::string block);
  /// No block follows: what is left is the last line. REQUIRES: NeedsBlock().
  void End();
  bool ended() const { return ended_; }

  /// Whole lines, followed by at least 64 readable bytes; only the last of the file may lack its
  /// newline. Empty: see NeedsBlock().
  std::string_view lines() const { return lines_; }
  /// Where in the file lines() begins.
  std::uint64_t offset() const { return offset_; }
  /// Bytes kept of a line whose end has not come.
  std::size_t open_line_bytes() const { return lines_.empty() ? bridge_.size() : 0; }
  /// Drops whole lines from the front of lines().
  void Consume(std::size_t bytes);
  /// All of lines() is the beginning of a record: shows it again together with the next block.
  /// REQUIRES: !ended().
  void Extend();

 private:
  void ShowBridge(std::size_t size);
  void ShowBlock();

  std::uint64_t offset_;
  std::string_view lines_;  // Into bridge_ or block_.
  std::string bridge_;      // The end of one block and the beginning of the next.
  std::string block_;
  std::size_t block_begin_ = 0;  // Of the lines in block_ that have not been shown.
  bool extending_ = false;       // bridge_ has whole lines, and wants all lines of the next block.
  bool ended_ = false;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_LINE_BLOCKS_H_
