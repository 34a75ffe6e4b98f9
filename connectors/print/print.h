// SPDX-License-Identifier: Apache-2.0
//
// The connector "print": each row as a line of text for people, `+I[1, a]`.
//
//   'print-identifier'  [none]   stands before each line
//   'standard-error'    [false]  the lines go there and not to the standard output
//
// Where several tasks print, the number of the task stands before the line: `3> +I[1, a]`, or
// `name:3> +I[1, a]`. A row is printed when it comes, so a restart may print it again.
#ifndef THALWEG_CONNECTORS_PRINT_PRINT_H_
#define THALWEG_CONNECTORS_PRINT_PRINT_H_

#include <memory>
#include <string_view>

#include "base/status.h"
#include "runtime/connector/sink.h"

namespace thalweg::connectors {

/// Where printed lines go. Called by helper threads of many sinks at once.
class PrintOutput {
 public:
  virtual ~PrintOutput() = default;
  /// Takes whole lines. May block.
  virtual Status Write(std::string_view lines, bool to_standard_error) = 0;
};

/// The standard output and the standard error of this process.
PrintOutput& StandardOutput();

/// `output` outlives the connector and its sinks.
std::unique_ptr<runtime::SinkConnector> MakePrintSink(PrintOutput& output);

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_PRINT_PRINT_H_
