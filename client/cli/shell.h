// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CLIENT_CLI_SHELL_H_
#define THALWEG_CLIENT_CLI_SHELL_H_

#include <string>
#include <string_view>

#include "client/cli/script_runner.h"
#include "client/cli/terminal.h"

namespace thalweg::client {

/// Whether a text that was typed line by line is ready to run: it ends with `;` outside of quotes
/// and comments, and a statement set with its END.
bool IsComplete(std::string_view text);

/// `thalweg sql`: statements from the keyboard, with history and completion of keywords and names,
/// until QUIT or the end of input. `history` is a file; empty: none.
ExitCode RunShell(ScriptRunner& runner, const Terminal& terminal, const std::string& history);

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_CLI_SHELL_H_
