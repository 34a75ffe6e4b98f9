// SPDX-License-Identifier: Apache-2.0
//
// One run of a SQL test on a simulated cluster.
#ifndef THALWEG_TESTS_SQL_TEST_RUN_H_
#define THALWEG_TESTS_SQL_TEST_RUN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/sql/test_file.h"

namespace thalweg::testing {

/// What is done to the jobs of a run.
struct RunMode {
  std::uint32_t parallelism = 1;
  /// All processes die when so many checkpoints are durable; 0: never.
  std::size_t kill_after = 0;
  /// The job goes on at another parallelism after its first checkpoint; 0: it does not.
  std::uint32_t rescale_to = 0;

  std::string ToString() const;
};

struct RunResult {
  std::vector<std::string> problems;  // What differs from what the file expects; empty: nothing.
  std::size_t most_checkpoints = 0;   // Of any job of the run.
};

/// `exact`: change logs are compared change by change.
RunResult RunTest(const TestFile& file, const RunMode& mode, bool exact);

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_SQL_TEST_RUN_H_
