// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_TESTS_TESTING_SCOPED_MUTATION_H_
#define THALWEG_TESTS_TESTING_SCOPED_MUTATION_H_

#include <cstdint>

#include "base/mutation.h"

namespace thalweg::testing {

/// Switches one mistake on for its lifetime, in the whole process.
class ScopedMutation {
 public:
  explicit ScopedMutation(Mutation mutation)
      : bit_(std::uint64_t{1} << static_cast<unsigned>(mutation)) {
    internal::active_mutations.fetch_or(bit_, std::memory_order_relaxed);
  }
  ~ScopedMutation() { internal::active_mutations.fetch_and(~bit_, std::memory_order_relaxed); }
  ScopedMutation(const ScopedMutation&) = delete;
  ScopedMutation& operator=(const ScopedMutation&) = delete;

 private:
  const std::uint64_t bit_;
};

/// Switches all mistakes off for its lifetime: for what others are compared with.
class ScopedNoMutations {
 public:
  ScopedNoMutations()
      : active_(internal::active_mutations.exchange(0, std::memory_order_relaxed)) {}
  ~ScopedNoMutations() { internal::active_mutations.store(active_, std::memory_order_relaxed); }
  ScopedNoMutations(const ScopedNoMutations&) = delete;
  ScopedNoMutations& operator=(const ScopedNoMutations&) = delete;

 private:
  const std::uint64_t active_;
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_SCOPED_MUTATION_H_
