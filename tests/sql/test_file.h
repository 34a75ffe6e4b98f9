// SPDX-License-Identifier: Apache-2.0
//
// A SQL test as text; docs/testing.md tells the format.
#ifndef THALWEG_TESTS_SQL_TEST_FILE_H_
#define THALWEG_TESTS_SQL_TEST_FILE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace thalweg::testing {

/// JSON lines that the source emits as one batch.
using InputBatch = std::string;
/// Splits of batches by the name of the input.
using TestInputs = std::map<std::string, std::vector<std::vector<InputBatch>>>;

struct Expectation {
  enum class Kind : std::uint8_t {
    kRows,       // The final rows of a query, or the lines of an answer.
    kChangelog,  // All changes of a query, in order, at parallelism 1; elsewhere their final rows.
    kTable,      // The final rows that INSERTs have put into a table.
    kError,      // A part of the message that the block ends with.
  };
  Kind kind = Kind::kRows;
  std::string table;
  std::vector<std::string> lines;
  std::size_t line = 0;  // Where it stands in the file.
};

/// Statements and what comes of them.
struct TestBlock {
  std::string sql;
  std::size_t line = 0;
  std::vector<Expectation> expectations;
};

struct TestFile {
  std::shared_ptr<const TestInputs> inputs;
  std::vector<TestBlock> blocks;
};

/// kInvalidArgument names the line.
StatusOr<TestFile> ParseTestFile(const std::string& text);

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_SQL_TEST_FILE_H_
