// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_MEMORY_BUDGET_H_
#define THALWEG_STATE_MEMORY_BUDGET_H_

#include <atomic>
#include <cstddef>

namespace thalweg::state {

/// One number of bytes that several users share, such as the state cache of a worker's tasks.
/// Accounting only: nobody is refused; who finds the budget exceeded gives something back. Any
/// thread.
class MemoryBudget {
 public:
  /// Also counts into `parent`, which outlives this; null: none.
  explicit MemoryBudget(std::size_t limit, MemoryBudget* parent = nullptr)
      : limit_(limit), parent_(parent) {}

  /// Tells of bytes taken (positive) or given back (negative).
  void Add(std::ptrdiff_t bytes) {
    used_.fetch_add(bytes, std::memory_order_relaxed);
    if (parent_ != nullptr) {
      parent_->Add(bytes);
    }
  }

  std::size_t limit() const { return limit_; }
  std::ptrdiff_t used() const { return used_.load(std::memory_order_relaxed); }
  /// How far this budget or one above it is exceeded; 0 when none is.
  std::size_t excess() const;

 private:
  const std::size_t limit_;
  MemoryBudget* const parent_;
  std::atomic<std::ptrdiff_t> used_{0};
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_MEMORY_BUDGET_H_
