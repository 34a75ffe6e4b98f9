// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CLIENT_CLI_COMMANDS_H_
#define THALWEG_CLIENT_CLI_COMMANDS_H_

#include <string>
#include <vector>

#include "client/cli/terminal.h"

namespace thalweg::client {

/// The whole program, but for the process around it: `arguments` without the program's name.
///
///   thalweg run FILE.sql [-p N] [--set KEY=VALUE] [--output table|changelog|jsonl] [--state-dir
///   DIR] thalweg explain FILE.sql [-p N] [--set KEY=VALUE] thalweg sql [the options of run]
///   thalweg version
ExitCode RunCommand(std::vector<std::string> arguments, const Terminal& terminal);

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_CLI_COMMANDS_H_
