// SPDX-License-Identifier: Apache-2.0
//
// Rows of a query as a user sees them.
#ifndef THALWEG_CLIENT_CLI_RESULT_PRINTER_H_
#define THALWEG_CLIENT_CLI_RESULT_PRINTER_H_

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/batch.h"
#include "columnar/type.h"

namespace thalweg::client {

enum class OutputMode : std::uint8_t {
  kTable,      // Bounded: the final rows when all are there. Unbounded: changes as they come.
  kChangelog,  // Every change, as +I[1, a].
  kJsonLines,  // The final rows as JSON objects.
};

/// Takes the batches of one result in order, from one thread.
class ResultPrinter {
 public:
  virtual ~ResultPrinter() = default;
  virtual Status Add(const columnar::Batch& batch) = 0;
  /// After the last batch. `row_count` rows were printed.
  virtual void Finish() = 0;
  /// Rows printed, or to be printed by Finish().
  virtual std::uint64_t row_count() const = 0;
};

/// `out` outlives the printer. kUnimplemented: JSON cannot carry a column.
StatusOr<std::unique_ptr<ResultPrinter>> MakeResultPrinter(OutputMode mode,
                                                           columnar::SchemaPtr schema,
                                                           bool bounded,
                                                           std::ostream& out);

/// Texts in a frame, each column as wide as its widest:
///
///   +-----+--------+
///   | key | name   |
///   +-----+--------+
///   |   1 | apples |
///   +-----+--------+
///
/// Columns of `right` stand to the right. Wide characters are counted as one column each.
void PrintTable(const std::vector<std::string>& columns,
                const std::vector<std::vector<std::string>>& rows,
                const std::vector<bool>& right,
                std::ostream& out);

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_CLI_RESULT_PRINTER_H_
