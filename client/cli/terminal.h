// SPDX-License-Identifier: Apache-2.0
//
// What a command shares with the person in front of it.
#ifndef THALWEG_CLIENT_CLI_TERMINAL_H_
#define THALWEG_CLIENT_CLI_TERMINAL_H_

#include <atomic>
#include <ostream>
#include <string_view>

namespace thalweg::client {

/// How a command ends. Documented in docs/operations.md.
enum class ExitCode : int {
  kOk = 0,
  kStatementFailed = 1,  // The SQL is wrong, or cannot be planned.
  kUsage = 2,            // The command line is wrong.
  kJobFailed = 3,
  kNoFile = 4,         // The script cannot be read.
  kNoCoordinator = 5,  // No coordinator can be reached, or it went away.
  kInterrupted = 130,  // Ended at once by a second Ctrl-C.
};

/// Streams outlive the commands. `interrupts` counts Ctrl-C; a signal handler raises it.
struct Terminal {
  std::ostream& out;      // Results.
  std::ostream& err;      // Everything else.
  bool progress = false;  // `err` is a terminal that shows a line of progress.
  std::atomic<int>& interrupts;
};

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_CLI_TERMINAL_H_
