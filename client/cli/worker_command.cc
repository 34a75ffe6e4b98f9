// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "client/cli/cluster_commands.h"
#include "client/cli/until_interrupted.h"
#include "client/hosts/worker_host.h"
#include "client/remote/remote_cluster.h"
#include "connectors/connectors.h"
#include "runtime/connector/registry.h"
#include "storage/local_store.h"
#include "transport/grpc/grpc_transport.h"

namespace thalweg::client {
namespace {

namespace fs = std::filesystem;

constexpr Milliseconds kHelloPatience{5'000};
constexpr Milliseconds kRetryDelay{100};  // Between two dials; a refused one fails at once.

/// A directory that one worker has for itself: made, locked, and removed at the end if it was made
/// for this process alone.
class LocalDirectory {
 public:
  /// kAlreadyExists: another worker works there.
  static StatusOr<std::unique_ptr<LocalDirectory>> Take(const std::string& wanted) {
    fs::path path = wanted;
    if (wanted.empty()) {
      std::error_code error;
      std::string name = (fs::temp_directory_path(error) / "thalweg-worker-XXXXXX").string();
      if (error || ::mkdtemp(name.data()) == nullptr) {
        return Unavailable("No directory for local state can be made. Give one with --local-dir.");
      }
      path = name;
    }
    std::error_code error;
    fs::create_directories(path, error);
    const int file = ::open((path / "LOCK").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (error || file < 0) {
      return Unavailable(
          fmt::format("The directory '{}' of --local-dir cannot be used: {}.",
                      path.string(),
                      error ? error.message() : std::generic_category().message(errno)));
    }
    std::unique_ptr<LocalDirectory> directory(new LocalDirectory(path, file, wanted.empty()));
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      directory->own_ = false;
      return AlreadyExists(
          fmt::format("Another worker works in '{}'. Give each worker a --local-dir of its own.",
                      path.string()));
    }
    return directory;
  }

  ~LocalDirectory() {
    ::close(file_);
    if (own_) {
      std::error_code ignored;
      fs::remove_all(path_, ignored);
    }
  }
  LocalDirectory(const LocalDirectory&) = delete;
  LocalDirectory& operator=(const LocalDirectory&) = delete;

  const fs::path& path() const { return path_; }

 private:
  LocalDirectory(fs::path path, int file, bool own)
      : path_(std::move(path)), file_(file), own_(own) {}

  const fs::path path_;
  const int file_;
  bool own_;
};

/// Asks the coordinators in turn where checkpoints lie, until one answers. Empty after a signal.
StatusOr<std::string> AwaitStorage(const WorkerFlags& flags,
                                   transport::GrpcTransport& transport,
                                   UntilInterrupted& until,
                                   const Terminal& terminal) {
  bool told = false;
  for (std::size_t i = 0; !until.interrupted(); i = (i + 1) % flags.coordinators.size()) {
    const auto cluster = RemoteCluster::Connect(transport, {flags.coordinators[i]}, kHelloPatience);
    if (cluster.ok()) {
      return (*cluster)->hello().storage();
    }
    if (cluster.status().code() == StatusCode::kFailedPrecondition) {
      return cluster.status();
    }
    if (!std::exchange(told, true)) {
      terminal.err << MessageOf(cluster.status()) << " Trying again.\n" << std::flush;
    }
    until.WaitFor(kRetryDelay);
  }
  return std::string();
}

Status RunUntilInterrupted(const WorkerFlags& flags, const Terminal& terminal) {
  TextLogSink log(stderr);
  runtime::ConnectorRegistry connectors;
  connectors::RegisterAll(connectors);
  transport::GrpcTransport transport{transport::GrpcOptions()};
  ASSIGN_OR_RETURN(const std::unique_ptr<LocalDirectory> local,
                   LocalDirectory::Take(flags.local_dir));
  const std::string wanted = flags.exchange.empty() ? "127.0.0.1:0" : flags.exchange;
  ASSIGN_OR_RETURN(const transport::Address exchange, transport.Bind({wanted}));
  UntilInterrupted until(terminal);
  ASSIGN_OR_RETURN(const std::string storage, AwaitStorage(flags, transport, until, terminal));
  if (until.interrupted()) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(std::unique_ptr<storage::LocalStore> checkpoints,
                   storage::LocalStore::Open(storage));
  ASSIGN_OR_RETURN(std::unique_ptr<storage::LocalStore> files,
                   storage::LocalStore::OpenFolderOfOthers("/"));
  WorkerHostOptions options;
  options.worker.id = WorkerId(fmt::format("worker-{:016x}", SystemRandom().Next()));
  for (const std::string& coordinator : flags.coordinators) {
    options.worker.coordinators.push_back(WorkerServiceOf({coordinator}));
  }
  options.worker.exchange = exchange;
  options.worker.slots = flags.slots;
  options.lanes = flags.lanes;
  options.state_memory = static_cast<std::size_t>(flags.state_memory_mb) << 20;
  options.scratch = local->path() / "spill";
  WorkerHost host(transport, std::move(checkpoints), std::move(files), connectors, log, options);
  RETURN_IF_ERROR(host.Start());
  terminal.out << fmt::format("{} at {}\n", options.worker.id.value(), exchange.value)
               << std::flush;
  RETURN_IF_ERROR(until.Wait());
  host.Leave();
  return OkStatus();
}

}  // namespace

ExitCode RunWorker(const WorkerFlags& flags, const Terminal& terminal) {
  const Status status = RunUntilInterrupted(flags, terminal);
  if (!status.ok()) {
    terminal.err << MessageOf(status) << '\n' << std::flush;
    return ExitCode::kJobFailed;
  }
  return ExitCode::kOk;
}

}  // namespace thalweg::client
