// SPDX-License-Identifier: Apache-2.0
#include "state/memory_budget.h"

#include <algorithm>

namespace thalweg::state {

std::size_t MemoryBudget::excess() const {
  const std::ptrdiff_t own = used() - static_cast<std::ptrdiff_t>(limit_);
  const std::size_t above = parent_ == nullptr ? 0 : parent_->excess();
  return std::max(above, static_cast<std::size_t>(std::max<std::ptrdiff_t>(own, 0)));
}

}  // namespace thalweg::state
