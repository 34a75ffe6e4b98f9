// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "client/cli/cluster_commands.h"
#include "client/cli/result_printer.h"
#include "client/remote/remote_cluster.h"
#include "transport/grpc/grpc_transport.h"

namespace thalweg::client {
namespace {

constexpr Milliseconds kConnectPatience{10'000};
constexpr Milliseconds kLook{50};

ExitCode Tell(const Terminal& terminal, const Status& status, ExitCode code) {
  terminal.err << MessageOf(status) << '\n' << std::flush;
  return code;
}

/// Connects and calls `use`, whose error is told.
ExitCode WithCluster(const ClientFlags& flags,
                     const Terminal& terminal,
                     const std::function<StatusOr<ExitCode>(RemoteCluster&)>& use) {
  transport::GrpcTransport transport{transport::GrpcOptions()};
  const auto cluster = RemoteCluster::Connect(transport, {flags.coordinator}, kConnectPatience);
  if (!cluster.ok()) {
    return Tell(terminal, cluster.status(), ExitCode::kNoCoordinator);
  }
  const StatusOr<ExitCode> code = use(**cluster);
  if (code.ok()) {
    return *code;
  }
  return Tell(terminal,
              code.status(),
              code.status().code() == StatusCode::kUnavailable ? ExitCode::kNoCoordinator
                                                               : ExitCode::kStatementFailed);
}

/// The id of the job that `flags.job` names.
StatusOr<JobId> Find(RemoteCluster& cluster, const ClientFlags& flags) {
  ASSIGN_OR_RETURN(const proto::JobInfo job, cluster.Describe(flags.job));
  return JobId(job.job_id());
}

/// Blocks until the job has ended, or until Ctrl-C. `title` is what messages call it.
StatusOr<ExitCode> Await(RemoteCluster& cluster,
                         const JobId& job,
                         const std::string& wanted_state,
                         const Terminal& terminal) {
  auto ended = std::async(std::launch::async, [&] { return cluster.Wait(job); });
  const int before = terminal.interrupts.load();
  while (ended.wait_for(kLook) != std::future_status::ready) {
    if (terminal.interrupts.load() > before) {
      terminal.err << fmt::format("job {} goes on\n", job.value()) << std::flush;
      std::_Exit(static_cast<int>(ExitCode::kInterrupted));
    }
  }
  ASSIGN_OR_RETURN(const proto::JobInfo outcome, ended.get());
  terminal.err << fmt::format("job {} {}{}\n",
                              job.value(),
                              outcome.state(),
                              outcome.reason().empty() ? "" : ": " + outcome.reason())
               << std::flush;
  return outcome.state() == wanted_state || outcome.state() == "FINISHED" ? ExitCode::kOk
                                                                          : ExitCode::kJobFailed;
}

void PrintRow(const std::string& name, const std::string& value, const Terminal& terminal) {
  if (!value.empty()) {
    terminal.out << fmt::format("{:<14} {}\n", name, value);
  }
}

/// What keeps the job from getting on, as far as the coordinator knows.
std::string HeldBackBy(const proto::JobInfo& job) {
  if (job.missing_slots() > 0) {
    return fmt::format("{} of {} slots are missing: add workers, or use a lower parallelism",
                       job.missing_slots(),
                       job.slots_needed());
  }
  if (job.state() == "RESTARTING") {
    return "it is being restarted: " + job.reason();
  }
  return "";
}

}  // namespace

ExitCode SubmitFile(const ClientFlags& flags, const std::string& text, const Terminal& terminal) {
  return WithCluster(flags, terminal, [&](RemoteCluster& cluster) -> StatusOr<ExitCode> {
    std::error_code error;
    proto::SubmitJob submission;
    submission.set_name(flags.name);
    submission.set_sql(text);
    submission.set_file(flags.file);
    submission.set_folder(std::filesystem::current_path(error).string());
    for (const auto& [key, value] : flags.settings) {
      (*submission.mutable_settings())[key] = value;
    }
    ASSIGN_OR_RETURN(const JobId job, cluster.Submit(submission));
    terminal.out << job.value() << '\n' << std::flush;
    return flags.wait ? Await(cluster, job, "FINISHED", terminal) : ExitCode::kOk;
  });
}

ExitCode ListAll(const ClientFlags& flags, const Terminal& terminal) {
  return WithCluster(flags, terminal, [&](RemoteCluster& cluster) -> StatusOr<ExitCode> {
    ASSIGN_OR_RETURN(const std::vector<proto::JobInfo> jobs, cluster.List());
    ASSIGN_OR_RETURN(const std::vector<proto::WorkerInfo> workers, cluster.ListWorkers());
    std::vector<std::vector<std::string>> rows;
    for (const proto::JobInfo& job : jobs) {
      rows.push_back({job.job_id(),
                      job.name(),
                      job.state(),
                      std::to_string(job.newest_checkpoint()),
                      std::to_string(job.restarts())});
    }
    PrintTable({"job", "name", "state", "checkpoint", "restarts"},
               rows,
               {false, false, false, true, true},
               terminal.out);
    rows.clear();
    for (const proto::WorkerInfo& worker : workers) {
      rows.push_back({worker.worker_id(),
                      worker.exchange_address(),
                      std::to_string(worker.slots()),
                      std::to_string(worker.free_slots())});
    }
    PrintTable(
        {"worker", "address", "slots", "free"}, rows, {false, false, true, true}, terminal.out);
    terminal.out << std::flush;
    return ExitCode::kOk;
  });
}

ExitCode DescribeOne(const ClientFlags& flags, const Terminal& terminal) {
  return WithCluster(flags, terminal, [&](RemoteCluster& cluster) -> StatusOr<ExitCode> {
    ASSIGN_OR_RETURN(const proto::JobInfo job, cluster.Describe(flags.job));
    PrintRow("job", job.job_id(), terminal);
    PrintRow("name", job.name(), terminal);
    PrintRow("state", job.state(), terminal);
    PrintRow("reason", job.reason(), terminal);
    PrintRow("held back by", HeldBackBy(job), terminal);
    PrintRow("attempt", fmt::format("{}.{}", job.generation(), job.attempt()), terminal);
    PrintRow("restarts", std::to_string(job.restarts()), terminal);
    PrintRow("checkpoints",
             fmt::format("{} completed, {} aborted, newest {}",
                         job.checkpoints_completed(),
                         job.checkpoints_aborted(),
                         job.newest_checkpoint()),
             terminal);
    for (const proto::CheckpointInfo& checkpoint : job.checkpoints()) {
      PrintRow(fmt::format("  {}", checkpoint.id()),
               checkpoint.completed()
                   ? fmt::format("{:.1f} ms, {} bytes",
                                 static_cast<double>(checkpoint.duration_micros()) / 1000,
                                 checkpoint.bytes())
                   : "aborted: " + checkpoint.failure(),
               terminal);
    }
    terminal.out << std::flush;
    return ExitCode::kOk;
  });
}

ExitCode CancelOne(const ClientFlags& flags, const Terminal& terminal) {
  return WithCluster(flags, terminal, [&](RemoteCluster& cluster) -> StatusOr<ExitCode> {
    ASSIGN_OR_RETURN(const JobId job, Find(cluster, flags));
    RETURN_IF_ERROR(cluster.Cancel(job));
    return Await(cluster, job, "CANCELED", terminal);
  });
}

ExitCode StopOne(const ClientFlags& flags, const Terminal& terminal) {
  return WithCluster(flags, terminal, [&](RemoteCluster& cluster) -> StatusOr<ExitCode> {
    ASSIGN_OR_RETURN(const JobId job, Find(cluster, flags));
    RETURN_IF_ERROR(cluster.Stop(job, flags.drain));
    return Await(cluster, job, "STOPPED", terminal);
  });
}

}  // namespace thalweg::client
