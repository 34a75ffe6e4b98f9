// SPDX-License-Identifier: Apache-2.0
//
// The program `thalweg`.
#include <atomic>
#include <iostream>
#include <string>
#include <vector>

#include <signal.h>
#include <unistd.h>

#include "client/cli/commands.h"

namespace {

std::atomic<int> interrupts{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler raises it");

void OnInterrupt(int /*signal*/) {
  interrupts.fetch_add(1);
}

}  // namespace

int main(int argc, char** argv) {
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);  // A closed pipe is an error of a write.
  const thalweg::client::Terminal terminal = {.out = std::cout,
                                              .err = std::cerr,
                                              .progress = isatty(STDERR_FILENO) == 1,
                                              .interrupts = interrupts};
  std::ios::sync_with_stdio(false);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return static_cast<int>(thalweg::client::RunCommand(arguments, terminal));
}
