// SPDX-License-Identifier: Apache-2.0
#include "client/cli/job_runner.h"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <future>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "coordinator/job_state.h"

namespace thalweg::client {
namespace {

/// Between two looks for rows, Ctrl-C and the end. Short, since the first row waits for it.
constexpr Milliseconds kPollInterval(5);
constexpr Milliseconds kProgressInterval(200);

/// The line that tells how far a job is; it is written over itself.
class ProgressLine {
 public:
  ProgressLine(const Terminal& terminal, const Clock& clock)
      : terminal_(terminal), clock_(clock), started_(clock.Now()), shown_(started_) {}
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  bool IsDue() const {
    return terminal_.progress && clock_.Now() - shown_ >= Microseconds(kProgressInterval);
  }

  void Show(const coordinator::JobDescription& job, const ResultPrinter* printer) {
    shown_ = clock_.Now();
    const auto tenths = (shown_ - started_).count() / 100'000;
    std::string line = fmt::format("{}: {}.{} s, {} checkpoints",
                                   job.name,
                                   tenths / 10,
                                   tenths % 10,
                                   job.checkpoints.completed);
    if (printer != nullptr) {
      const std::uint64_t rows = printer->row_count();
      line += fmt::format(", {} rows", rows);
      if (tenths > 0) {
        line += fmt::format(" ({} rows/s)", rows * 10 / static_cast<std::uint64_t>(tenths));
      }
    }
    if (job.restarts > 0) {
      line += fmt::format(", restarted {} times: {}", job.restarts, job.reason);
    }
    terminal_.err << "\r\x1b[K" << line.substr(0, line.find('\n')) << std::flush;
    visible_ = true;
  }

  void Clear() {
    if (std::exchange(visible_, false)) {
      terminal_.err << "\r\x1b[K" << std::flush;
    }
  }

 private:
  const Terminal& terminal_;
  const Clock& clock_;
  const MonoTime started_;
  MonoTime shown_;
  bool visible_ = false;
};

ExitCode Tell(const Terminal& terminal, const std::string& title, std::string_view what) {
  terminal.err << title << ": " << what << '\n' << std::flush;
  return ExitCode::kJobFailed;
}

Status PrintRows(connectors::CollectHub& hub, const JobToRun& job, ProgressLine& progress) {
  if (job.printer == nullptr) {
    return OkStatus();
  }
  const std::vector<columnar::Batch> batches = hub.Take(job.collect_name);
  for (const columnar::Batch& batch : batches) {
    progress.Clear();
    RETURN_IF_ERROR(job.printer->Add(batch));
  }
  return OkStatus();
}

}  // namespace

ExitCode RunJob(EmbeddedCluster& cluster,
                connectors::CollectHub& hub,
                const JobToRun& job,
                const Clock& clock,
                const Terminal& terminal,
                bool* finished) {
  *finished = false;
  const auto before = cluster.Describe(job.id);
  const bool ended_before = before.ok() && coordinator::IsEnd(before->state);
  if (ended_before && before->state == coordinator::JobState::kFinished) {
    *finished = true;
    terminal.err << job.title << ": already finished\n" << std::flush;
    return ExitCode::kOk;
  }
  // A job that was stopped, or that failed for a reason which may be gone now, goes on from its
  // newest checkpoint.
  const Status started =
      ended_before ? cluster.Change(job.id, job.graph) : cluster.Submit(job.id, job.graph).status();
  if (!started.ok()) {
    return Tell(terminal, job.title, MessageOf(started));
  }
  auto ended = std::async(std::launch::async, [&] { return cluster.Wait(job.id); });
  ProgressLine progress(terminal, clock);
  const int interrupts = terminal.interrupts.load();
  bool stopping = false;
  Status printed;
  while (ended.wait_for(kPollInterval) != std::future_status::ready) {
    if (printed.ok()) {
      printed = PrintRows(hub, job, progress);
    }
    const int pressed = terminal.interrupts.load() - interrupts;
    if (pressed > 1) {
      terminal.out << std::flush;
      std::_Exit(static_cast<int>(ExitCode::kInterrupted));
    }
    if ((pressed > 0 || !printed.ok()) && !std::exchange(stopping, true)) {
      // When it fails the job has ended meanwhile, which Wait() tells.
      static_cast<void>(cluster.Stop(job.id, /*drain=*/false));
    }
    if (progress.IsDue()) {
      if (const auto description = cluster.Describe(job.id); description.ok()) {
        progress.Show(*description, job.printer);
      }
    }
  }
  progress.Clear();
  const auto outcome = ended.get();
  if (!outcome.ok()) {
    return Tell(terminal, job.title, MessageOf(outcome.status()));
  }
  if (printed.ok()) {
    printed = PrintRows(hub, job, progress);
  }
  if (!printed.ok()) {
    return Tell(terminal, job.title, MessageOf(printed));
  }
  if (outcome->state == coordinator::JobState::kFailed) {
    return Tell(terminal, job.title, "failed: " + outcome->reason);
  }
  if (job.printer != nullptr) {
    job.printer->Finish();
  }
  *finished = outcome->state == coordinator::JobState::kFinished;
  if (!*finished) {
    terminal.err << job.title << ": stopped with a checkpoint\n" << std::flush;
  }
  return ExitCode::kOk;
}

}  // namespace thalweg::client
