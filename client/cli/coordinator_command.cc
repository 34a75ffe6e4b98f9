// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/mutex.h"
#include "client/cli/cluster_commands.h"
#include "client/cli/script_compiler.h"
#include "client/cli/until_interrupted.h"
#include "client/cli/version.h"
#include "client/hosts/coordinator_host.h"
#include "client/remote/remote_cluster.h"
#include "connectors/connectors.h"
#include "runtime/connector/registry.h"
#include "storage/local_store.h"
#include "transport/grpc/grpc_transport.h"

namespace thalweg::client {
namespace {

constexpr Milliseconds kHeartbeatInterval{500};
constexpr Milliseconds kHeartbeatPatience{3'000};

Status RunUntilInterrupted(const CoordinatorFlags& flags, const Terminal& terminal) {
  TextLogSink log(stderr);
  runtime::ConnectorRegistry connectors;
  connectors::RegisterAll(connectors);
  std::error_code error;
  const std::filesystem::path storage = std::filesystem::absolute(flags.storage, error);
  ASSIGN_OR_RETURN(std::unique_ptr<storage::LocalStore> store, storage::LocalStore::Open(storage));
  transport::GrpcTransport transport{transport::GrpcOptions()};
  ASSIGN_OR_RETURN(const transport::Address bound, transport.Bind({flags.rpc}));
  UntilInterrupted until(terminal);
  CoordinatorHostOptions options;
  options.coordinator.address = WorkerServiceOf(bound);
  options.coordinator.name = bound.value;
  options.coordinator.heartbeat_interval = kHeartbeatInterval;
  options.coordinator.heartbeat_patience = kHeartbeatPatience;
  options.clients = ClientAddress(bound);
  options.program_version = kVersion;
  options.storage = storage.string();
  options.compiler = [&connectors](const proto::SubmitJob& submission) {
    return CompileScript(submission, connectors);
  };
  options.on_over = [&until](const Status& status) { until.End(status); };
  CoordinatorHost host(transport, std::move(store), log, std::move(options));
  RETURN_IF_ERROR(host.Start());
  terminal.out << fmt::format("coordinator at {}\n", bound.value) << std::flush;
  return until.Wait();
}

}  // namespace

ExitCode RunCoordinator(const CoordinatorFlags& flags, const Terminal& terminal) {
  const Status status = RunUntilInterrupted(flags, terminal);
  if (!status.ok()) {
    terminal.err << MessageOf(status) << '\n' << std::flush;
    return ExitCode::kJobFailed;
  }
  return ExitCode::kOk;
}

}  // namespace thalweg::client
