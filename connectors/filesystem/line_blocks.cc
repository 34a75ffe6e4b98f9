// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/line_blocks.h"

#include <utility>

#include "base/check.h"

namespace thalweg::connectors {
namespace {

constexpr std::size_t kPadding = 64;

}  // namespace

void LineBlocks::Add(std::string block) {
  DCHECK(NeedsBlock());
  block_ = std::move(block);
  block_begin_ = 0;
  if (bridge_.empty()) {
    ShowBlock();
    return;
  }
  const std::size_t newline = extending_ ? block_.rfind('\n') : block_.find('\n');
  block_begin_ = newline == std::string::npos ? block_.size() : newline + 1;
  bridge_.append(block_, 0, block_begin_);
  if (newline != std::string::npos) {
    extending_ = false;
    ShowBridge(bridge_.size());
  }
}

void LineBlocks::End() {
  DCHECK(NeedsBlock());
  ended_ = true;
  if (!bridge_.empty()) {
    ShowBridge(bridge_.size());
  }
}

void LineBlocks::Consume(std::size_t bytes) {
  DCHECK_LE(bytes, lines_.size());
  lines_.remove_prefix(bytes);
  offset_ += bytes;
  if (!lines_.empty()) {
    return;
  }
  bridge_.clear();
  if (!ended_) {
    ShowBlock();
  }
}

void LineBlocks::Extend() {
  DCHECK(!lines_.empty() && !ended_);
  std::string bridge(lines_);
  bridge.append(block_, block_begin_);
  bridge_ = std::move(bridge);
  block_.clear();
  block_begin_ = 0;
  lines_ = {};
  extending_ = true;
}

void LineBlocks::ShowBridge(std::size_t size) {
  bridge_.append(kPadding, '\0');
  lines_ = std::string_view(bridge_).substr(0, size);
}

/// Shows the lines of the block that have enough bytes behind them; the rest waits for the next.
void LineBlocks::ShowBlock() {
  const std::size_t size = block_.size() - block_begin_;
  std::size_t end = block_begin_;
  if (size > kPadding) {
    const std::size_t newline = block_.rfind('\n', block_.size() - kPadding - 1);
    end = newline == std::string::npos || newline < block_begin_ ? block_begin_ : newline + 1;
  }
  if (end > block_begin_) {
    lines_ = std::string_view(block_).substr(block_begin_, end - block_begin_);
    block_begin_ = end;
    return;
  }
  bridge_.assign(block_, block_begin_);
  block_.clear();
  block_begin_ = 0;
}

}  // namespace thalweg::connectors
