// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_TESTS_SIM_MUTANTS_H_
#define THALWEG_TESTS_SIM_MUTANTS_H_

#include <cstdint>

namespace thalweg::testing {

/// Switches every mistake of base/mutation.h on in turn and runs seeds from `first` on until an
/// oracle notices, at most `seeds` of them. Prints a table; 0 if every mistake was noticed.
int RunMutants(std::uint64_t first, std::uint64_t seeds);

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_SIM_MUTANTS_H_
