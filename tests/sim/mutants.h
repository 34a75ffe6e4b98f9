// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_TESTS_SIM_MUTANTS_H_
#define THALWEG_TESTS_SIM_MUTANTS_H_

#include <cstdint>
#include <string>

namespace thalweg::testing {

/// Switches every mistake of base/mutation.h on in turn and runs seeds from `first` on until an
/// oracle notices, at most `seeds` of them. Prints a table; 0 if every mistake was noticed. `only`
/// names the one to try; empty: all.
int RunMutants(std::uint64_t first, std::uint64_t seeds, const std::string& only);

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_SIM_MUTANTS_H_
