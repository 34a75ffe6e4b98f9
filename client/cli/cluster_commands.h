// SPDX-License-Identifier: Apache-2.0
//
// The commands of a cluster of processes: those that are one (coordinator, worker) and those that
// ask one (submit, list, describe, cancel, stop).
#ifndef THALWEG_CLIENT_CLI_CLUSTER_COMMANDS_H_
#define THALWEG_CLIENT_CLI_CLUSTER_COMMANDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/terminal.h"

namespace thalweg::client {

inline constexpr char kDefaultCoordinator[] = "127.0.0.1:6123";

struct CoordinatorFlags {
  std::string storage;                    // Of logs, checkpoints and jobs; workers must see it too.
  std::string rpc = kDefaultCoordinator;  // Port 0 takes a free one.
};
/// Runs until Ctrl-C or SIGTERM, or until another coordinator leads on the storage. Prints
/// "coordinator at HOST:PORT" once it leads.
ExitCode RunCoordinator(const CoordinatorFlags& flags, const Terminal& terminal);

struct WorkerFlags {
  std::vector<std::string> coordinators = {kDefaultCoordinator};  // Tried in turn.
  std::uint32_t slots = 1;
  std::uint32_t lanes = 0;  // 0: one per core.
  std::string local_dir;    // Empty: a directory that goes with the process.
  std::string exchange;     // Where other workers dial; empty: loopback, a free port.
  std::uint64_t state_memory_mb = 1'024;
};
/// Runs until Ctrl-C or SIGTERM; waits for its coordinator as long as that takes. Prints
/// "worker ID at HOST:PORT" once it may be given tasks.
ExitCode RunWorker(const WorkerFlags& flags, const Terminal& terminal);

struct ClientFlags {
  std::string coordinator = kDefaultCoordinator;
  std::string file;                                           // submit
  std::string name;                                           // submit
  std::vector<std::pair<std::string, std::string>> settings;  // submit
  bool wait = false;                                          // submit
  std::string job;                                            // describe, cancel, stop: id or name
  bool drain = false;                                         // stop
};
/// Prints the job's id; with `wait` blocks until it has ended, and kJobFailed is a job that did not
/// finish. Ctrl-C while waiting leaves the job running.
ExitCode SubmitFile(const ClientFlags& flags, const std::string& text, const Terminal& terminal);
ExitCode ListAll(const ClientFlags& flags, const Terminal& terminal);
ExitCode DescribeOne(const ClientFlags& flags, const Terminal& terminal);
ExitCode CancelOne(const ClientFlags& flags, const Terminal& terminal);
/// Blocks until the job's last checkpoint is durable and its output visible.
ExitCode StopOne(const ClientFlags& flags, const Terminal& terminal);

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_CLI_CLUSTER_COMMANDS_H_
