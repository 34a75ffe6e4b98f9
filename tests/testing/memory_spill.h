// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_TESTS_TESTING_MEMORY_SPILL_H_
#define THALWEG_TESTS_TESTING_MEMORY_SPILL_H_

#include <memory>

#include "state/spill.h"

namespace thalweg::testing {

/// A spill in memory, for simulated workers. It cannot take in run files: kUnimplemented; so states
/// above it restore into memory.
std::unique_ptr<state::SpillFactory> MakeMemorySpill();

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_MEMORY_SPILL_H_
